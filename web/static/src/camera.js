// The camera page: ask for the camera, record some seconds of the face reading the code, hand the clip in with progress.
// Without this script the page's plain form takes a video from the phone's own camera app.
const root = document.getElementById("camera");
if (root) begin();

function begin() {
  const say = (key) => root.dataset[key] ?? "";
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const video = part("video");
  const line = part("say");
  const problem = part("problem");
  const start = part("start");
  const progress = part("progress");
  const RECORD_MS = Number(root.dataset.seconds) * 1000;
  const TYPES = ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4"];
  let stream = null;

  function show(state) {
    root.dataset.state = state;
    start.hidden = !["idle", "ready", "failed"].includes(state);
    start.textContent = state === "idle" ? say("open") : say("record");
    part("stage").hidden = state === "idle";
    progress.hidden = state !== "sending";
  }

  function fail(key, text) {
    problem.hidden = false;
    problem.querySelector("p").textContent = text ?? say(key);
    line.textContent = "";
    show(stream ? "failed" : "idle");
    problem.focus();
  }

  const REFUSALS = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", OverconstrainedError: "none", NotReadableError: "busy", AbortError: "busy" };

  async function open() {
    problem.hidden = true;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true },
        video: { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } },
      });
    } catch (refused) {
      return fail(REFUSALS[refused.name] ?? "busy");
    }
    video.srcObject = stream;
    await video.play();
    line.textContent = say("aim");
    show("ready");
    start.focus();
  }

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  async function record() {
    problem.hidden = true;
    show("counting");
    for (const left of [3, 2, 1]) {
      line.textContent = say("soon").replace("{n}", left);
      await pause(800);
    }
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: 1_500_000, audioBitsPerSecond: 96_000 });
    const pieces = [];
    recorder.addEventListener("dataavailable", (event) => event.data.size && pieces.push(event.data));
    const stopped = new Promise((done) => recorder.addEventListener("stop", done, { once: true }));
    recorder.start();
    show("recording");
    for (let left = Math.ceil(RECORD_MS / 1000); left > 0; left -= 1) {
      line.textContent = say("reading").replace("{n}", left);
      await pause(RECORD_MS / Math.ceil(RECORD_MS / 1000));
    }
    recorder.stop();
    await stopped;
    const type = (recorder.mimeType || mimeType).split(";")[0];
    send(new File(pieces, type === "video/mp4" ? "clip.mp4" : "clip.webm", { type }));
  }

  function send(clip) {
    show("sending");
    line.textContent = say("sending");
    const body = new FormData();
    body.append("csrf", root.dataset.csrf);
    body.append("clip", clip);
    const request = new XMLHttpRequest();
    request.open("POST", root.dataset.to);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && (progress.value = event.loaded / event.total));
    request.addEventListener("load", () => {
      if (request.status < 300 && request.response?.go) {
        stop();
        window.location.assign(request.response.go);
      } else fail("unsent", request.response?.text ?? request.response?.detail);
    });
    request.addEventListener("error", () => fail("unsent"));
    request.send(body);
  }

  function stop() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
  }

  function runClock() {
    const clock = document.getElementById("clock");
    const again = document.getElementById("again");
    if (!clock) return;
    const end = Date.now() + Number(clock.dataset.seconds) * 1000;
    const tick = () => {
      const left = Math.max(0, Math.round((end - Date.now()) / 1000));
      clock.textContent = left ? clock.dataset.left.replace("{m}", Math.floor(left / 60)).replace("{s}", String(left % 60).padStart(2, "0")) : clock.dataset.over;
      if (left === 0) {
        again?.classList.add("ot-ask");
        if (["idle", "ready", "failed"].includes(root.dataset.state)) start.disabled = true;
      } else setTimeout(tick, 1000);
    };
    tick();
  }

  if (navigator.mediaDevices?.getUserMedia && window.MediaRecorder) {
    root.hidden = false;
    document.getElementById("plain")?.removeAttribute("open");
    show("idle");
    start.addEventListener("click", () => (stream ? record() : open()));
    window.addEventListener("pagehide", stop);
  } else {
    document.getElementById("unsupported").hidden = false;
  }
  runClock();
}
