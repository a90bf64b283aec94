// What is asked for while the recording runs: the digits first, then one act after the other, each for its time.
const SETTLE_MS = 400; // the recording runs before anything is asked
const DIGIT_MS = 1000;
const ACT_MS = { move: 2200, carry: 4000 }; // of the head; of the phone around a head that stays still
const LAST_MS = 300;
const TONE_MS = 160;

/** The steps of a challenge in their order: `{ kind, ms }`, with `code`, or `nth` and `to` for where head or phone goes. */
export function stepsOf({ code, acts }) {
  const digits = code ? [{ kind: "digits", code, ms: code.length * DIGIT_MS }] : [];
  const each = acts.map((act, before) => ({ ...act, nth: before + 1, ms: ACT_MS[act.kind] }));
  return [{ kind: "settle", ms: SETTLE_MS }, ...digits, ...each, { kind: "settle", ms: LAST_MS }];
}

export const lengthOf = (steps) => steps.reduce((sum, step) => sum + step.ms, 0);

/** Show one step after the other; `onward` hears the share that is over, many times a second. */
export async function runThrough(steps, show, onward) {
  const began = performance.now();
  const all = lengthOf(steps);
  const ticking = setInterval(() => onward(Math.min(1, (performance.now() - began) / all)), 100);
  try {
    let until = 0;
    for (const step of steps) {
      show(step);
      until += step.ms;
      await pause(began + until - performance.now());
    }
  } finally {
    clearInterval(ticking);
    onward(1);
  }
}

export const pause = (ms) => new Promise((done) => setTimeout(done, Math.max(0, ms)));

// --- for who does not see the screen ---------------------------------------------------------------------------------

export const canSpeak = (language) => Boolean(voiceOf(language));

function voiceOf(language) {
  const wanted = language === "zh" ? /^(zh|cmn)/i : /^en/i;
  return window.speechSynthesis?.getVoices().find((voice) => wanted.test(voice.lang));
}

/** Voices come some time after the page, or never. */
export async function voicesLoaded() {
  if (!window.speechSynthesis) return;
  for (let tries = 0; tries < 10 && speechSynthesis.getVoices().length === 0; tries += 1) await pause(100);
}

/** Says the sentences; resolves when they were said, or could not be. */
export function speak(language, sentences) {
  return new Promise((done) => {
    const said = new SpeechSynthesisUtterance(sentences.join(" "));
    said.voice = voiceOf(language);
    said.lang = language === "zh" ? "zh-CN" : "en-GB";
    said.rate = 0.85;
    said.addEventListener("end", () => done(true));
    said.addEventListener("error", () => done(false));
    speechSynthesis.cancel();
    speechSynthesis.speak(said);
  });
}

/** A short tone: the next step begins. */
export function tone() {
  try {
    const sound = new AudioContext();
    const source = sound.createOscillator();
    const volume = sound.createGain();
    volume.gain.value = 0.08;
    source.frequency.value = 880;
    source.connect(volume).connect(sound.destination);
    source.start();
    source.stop(sound.currentTime + TONE_MS / 1000);
    source.addEventListener("ended", () => sound.close());
  } catch {
    // Without a tone the time still runs as it was said.
  }
}
