// The camera page: aim with hints, record while the page asks for digits and a movement, hand the clip in.
// What is asked is fetched when the recording begins, and shown only then. Without this script a page of its own takes a video from
// the phone's camera app.
const version = new URL(import.meta.url).search;
const [{ watch }, steps, handing] = await Promise.all(["aim", "steps", "handing"].map((part) => import(`./camera-${part}.js${version}`)));

const TYPES = ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4;codecs=avc1.42E01E,mp4a.40.2", "video/mp4"];
const ANYWAY_MS = 10_000; // hints hold nobody up for longer
const STEADY = 3; // looks in a row without a hint
const REFUSALS = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", OverconstrainedError: "none", NotReadableError: "busy", AbortError: "busy" };

const root = document.getElementById("camera");
if (root) begin();

function begin() {
  const data = root.dataset;
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const words = JSON.parse(data.words);
  const [video, hint, problem, button, bar, digits, arrow] = ["video", "say", "problem", "start", "bar", "digits", "arrow"].map(part);
  const silent = data.way === "movements"; // nothing is said, so nothing is heard
  const aloud = data.aloud === "yes";
  let stream = null;
  let stopLooking = null;
  let mayRecord = false;

  const fill = (text, values) => Object.entries(values).reduce((filled, [name, value]) => filled.replace(`{${name}}`, value), text);

  function show(state) {
    data.state = state;
    button.hidden = !["idle", "aiming", "failed"].includes(state);
    button.textContent = words[{ idle: "open", failed: "again" }[state] ?? "record"];
    part("stage").hidden = !["aiming", "recording"].includes(state);
    bar.hidden = !["recording", "sending"].includes(state);
    digits.hidden = arrow.hidden = true;
    for (const elsewhere of document.querySelectorAll("[data-while-idle]")) elsewhere.hidden = !["idle", "aiming", "failed"].includes(state);
  }

  function say(text, live = "polite") {
    if (hint.getAttribute("aria-live") !== live) hint.setAttribute("aria-live", live);
    if (hint.textContent !== text) hint.textContent = text;
  }

  function fail(key, text) {
    close();
    problem.hidden = false;
    problem.querySelector("p").textContent = text || words[key];
    say("");
    show(key === "unsent" ? "failed" : "idle");
    problem.focus();
  }

  // --- aiming --------------------------------------------------------------------------------------------------------

  async function open() {
    problem.hidden = true;
    if (aloud) {
      await steps.voicesLoaded();
      if (!steps.canSpeak(data.language)) return fail("no_voice");
    }
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: silent ? false : { echoCancellation: true, noiseSuppression: true },
        video: { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } },
      });
      for (const track of stream.getTracks()) track.addEventListener("ended", () => fail("busy"));
      video.srcObject = stream;
      await video.play();
    } catch (refused) {
      return fail(REFUSALS[refused.name] ?? "busy");
    }
    aim();
  }

  function aim() {
    show("aiming");
    root.scrollIntoView({ block: "start" });
    allow(false, "record");
    say(words.aim);
    const began = performance.now();
    let steady = 0;
    stopLooking = watch(video, data.finder + version, (name) => {
      say(words[name]);
      data.hint = name;
      steady = name === "good" ? steady + 1 : 0;
      if (steady >= STEADY) allow(true, "record");
      else if (performance.now() - began > ANYWAY_MS) allow(true, "anyway");
      else if (!mayRecord || steady === 0) allow(false, "record");
    });
    button.focus();
  }

  /** A button that keeps the focus while it cannot be pressed yet. */
  function allow(may, label) {
    mayRecord = may;
    button.setAttribute("aria-disabled", String(!may));
    if (button.textContent !== words[label]) button.textContent = words[label];
  }

  // --- recording -----------------------------------------------------------------------------------------------------

  async function record() {
    stopLooking?.();
    stopLooking = null;
    show("recording");
    say(words.starting, "off");
    let challenge;
    try {
      challenge = await ask();
    } catch (refused) {
      return fail("unsent", refused.message);
    }
    if (challenge.challenge !== data.challenge) return window.location.reload(); // another tab asked for something new, perhaps in another way
    const course = steps.stepsOf(challenge);
    if (aloud) await steps.speak(challenge.language, explained(challenge));
    let clip;
    try {
      clip = await recorded(course, challenge);
    } catch {
      return fail("busy");
    }
    close();
    if (data.keep === "yes") await handing.keepForReload(clip, data.challenge);
    await send(clip);
  }

  /** What this recording shall show; the office notes when it told. */
  async function ask() {
    const answer = await fetch(`${data.here}/show`, { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams({ csrf: data.csrf }) }).catch(() => null);
    const said = await answer?.json().catch(() => null);
    if (!answer?.ok) throw new Error(said?.text ?? "");
    return said;
  }

  const explained = ({ code, acts }) => [
    ...(code ? [words.aloud_digits, [...code].join(", ") + "."] : []),
    ...(acts.length ? [code ? words.aloud_then : words.aloud_moves, acts.map(inWords).join(" ") + "."] : []),
    ...(acts.some(({ kind }) => kind === "carry") ? [words.carry_help] : []),
  ];

  const inWords = ({ kind, to }) => words[`${kind}_${to}`];

  async function recorded(course, challenge) {
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: 1_500_000, audioBitsPerSecond: 96_000 });
    const pieces = [];
    recorder.addEventListener("dataavailable", (event) => event.data.size && pieces.push(event.data));
    const stopped = new Promise((done) => recorder.addEventListener("stop", done, { once: true }));
    const broken = new Promise((_, refuse) => recorder.addEventListener("error", refuse, { once: true }));
    const started = new Promise((done) => recorder.addEventListener("start", done, { once: true }));
    recorder.start();
    await Promise.race([started, broken]);
    const began = performance.now();
    await Promise.race([steps.runThrough(course, (step) => draw(step, challenge), (share) => (bar.value = share)), broken]);
    const seconds = (performance.now() - began) / 1000;
    recorder.stop();
    await stopped;
    const type = (recorder.mimeType || mimeType).split(";")[0];
    return { blob: new Blob(pieces, { type }), seconds, until: Date.now() + Number(data.left) * 1000 };
  }

  function draw(step, { language, acts }) {
    digits.hidden = step.kind !== "digits";
    arrow.hidden = !("to" in step);
    delete arrow.dataset.new;
    if (aloud && step.kind !== "settle") steps.tone();
    if (step.kind === "settle") return say(words.look, "off");
    if (step.kind === "digits") {
      digits.textContent = step.code;
      return say(words[`read_${language}`], "off");
    }
    arrow.dataset.kind = step.kind;
    arrow.dataset.to = step.to;
    requestAnimationFrame(() => (arrow.dataset.new = ""));
    const count = acts.length > 1 ? fill(words.nth, { n: step.nth, all: acts.length }) : "";
    say(count + inWords(step), "off");
  }

  // --- handing in ----------------------------------------------------------------------------------------------------

  async function send(clip) {
    show("sending");
    bar.value = 0;
    say(fill(words.sending, { percent: 0 }));
    let told = 0;
    const tell = (share, waiting) => {
      if (waiting) return say(words.waiting, "assertive");
      bar.value = share;
      const percent = Math.floor(share * 100);
      if (percent - told >= 10 || percent === 100) {
        told = percent;
        say(fill(words.sending, { percent }));
      } else if (hint.textContent === words.waiting) say(words.going_on);
    };
    try {
      await handing.handIn(clip, { to: data.uploads, csrf: data.csrf, challenge: data.challenge, keep: data.keep === "yes" }, tell);
    } catch (refused) {
      return fail("unsent", refused.message);
    }
    window.location.assign(`${data.here}/result`);
  }

  function close() {
    stopLooking?.();
    stopLooking = null;
    const open = stream;
    stream = null;
    for (const track of open?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  }

  /** The page's digits are good for some minutes; then it asks for new ones. */
  function runClock() {
    const clock = document.getElementById("clock");
    const end = Date.now() + Number(data.left) * 1000;
    const tick = () => {
      const left = Math.max(0, Math.round((end - Date.now()) / 1000));
      data.left = left;
      if (left > 0) {
        clock.textContent = fill(words.clock, { m: Math.floor(left / 60), s: String(left % 60).padStart(2, "0") });
        return setTimeout(tick, 1000);
      }
      clock.textContent = words.clock_over;
      if (!["idle", "aiming", "failed"].includes(data.state)) return setTimeout(tick, 1000);
      close();
      show("over");
      document.getElementById("again").hidden = false;
    };
    tick();
  }

  async function start() {
    if (!(navigator.mediaDevices?.getUserMedia && window.MediaRecorder && window.tus)) {
      document.getElementById("unsupported").hidden = false;
      return;
    }
    root.hidden = false;
    show("idle");
    button.addEventListener("click", () => {
      if (!stream) open();
      else if (mayRecord) record();
    });
    window.addEventListener("pagehide", close);
    runClock();
    const kept = data.keep === "yes" ? await handing.keptFor(data.challenge) : null;
    if (kept) await send(kept);
  }
  start();
}
