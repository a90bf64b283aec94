// Handing a clip in: in small parts that go on where they stopped, after a lost connection and after a reload of this tab.
const PART = 256 * 1024;
const PAUSES_MS = [0, 500, 1500, 3000, 5000, 8000];
const KEPT = "onetrip-clip"; // in this tab's own storage, until the clip has arrived or its code is over

/**
 * Send `clip` (`{ blob, seconds, until, url }`) to the upload address. `tell(share, waiting)` hears how far it is.
 *
 * Resolves when every part has arrived; rejects with an Error whose message is the office's own, or empty.
 */
export function handIn(clip, { to, csrf, challenge, keep }, tell) {
  return new Promise((done, broken) => {
    const upload = new window.tus.Upload(clip.blob, {
      endpoint: to,
      uploadUrl: clip.url ?? null,
      chunkSize: PART,
      retryDelays: PAUSES_MS,
      storeFingerprintForResuming: false,
      removeFingerprintOnSuccess: true,
      headers: { "X-CSRF-Token": csrf },
      metadata: { filetype: clip.blob.type, challenge, seconds: clip.seconds.toFixed(2) },
      onProgress: (sent, all) => tell(sent / all, false),
      onUploadUrlAvailable: () => keep && noteAddress(upload.url),
      onSuccess: () => {
        forget();
        done();
      },
      onShouldRetry: (error, tries) => {
        if (tries > 0) tell(null, true);
        return navigator.onLine && !isRefusal(error.originalResponse);
      },
      onError: (error) => {
        if (isRefusal(error.originalResponse)) {
          forget();
          return broken(new Error(textOf(error.originalResponse.getBody())));
        }
        if (Date.now() > clip.until) return broken(new Error(""));
        tell(null, true);
        whenOnline().then(() => upload.start());
      },
    });
    upload.start();
  });
}

/** An answer that another try would get again; a part at the wrong place, or one that is being stored, is tried anew. */
const isRefusal = (answer) => Boolean(answer) && answer.getStatus() >= 400 && answer.getStatus() < 500 && ![409, 423].includes(answer.getStatus());

function textOf(body) {
  try {
    const said = JSON.parse(body);
    return said.text ?? said.detail ?? "";
  } catch {
    return "";
  }
}

/** Where the browser knows of no interruption, the next try is in two seconds. */
const whenOnline = () =>
  new Promise((done) => {
    if (navigator.onLine) setTimeout(done, 2000);
    else window.addEventListener("online", done, { once: true });
  });

// --- over a reload ---------------------------------------------------------------------------------------------------

/** Keep the clip in this tab until it has arrived: what does not fit is not kept, and a reload then means recording again. */
export async function keepForReload(clip, challenge) {
  try {
    const picture = await asText(clip.blob);
    sessionStorage.setItem(KEPT, JSON.stringify({ challenge, picture, type: clip.blob.type, seconds: clip.seconds, until: clip.until }));
  } catch {
    forget();
  }
}

/** The clip that this tab has not handed in yet, for this very challenge. */
export async function keptFor(challenge) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    if (!kept || kept.challenge !== challenge || Date.now() > kept.until) {
      forget();
      return null;
    }
    const bytes = Uint8Array.from(atob(kept.picture), (letter) => letter.charCodeAt(0));
    return { blob: new Blob([bytes], { type: kept.type }), seconds: kept.seconds, until: kept.until, url: kept.url };
  } catch {
    return null;
  }
}

function noteAddress(url) {
  try {
    const kept = sessionStorage.getItem(KEPT);
    if (kept && url) sessionStorage.setItem(KEPT, JSON.stringify({ ...JSON.parse(kept), url }));
  } catch {
    forget();
  }
}

function forget() {
  try {
    sessionStorage.removeItem(KEPT);
  } catch {
    // No storage: nothing was kept.
  }
}

const asText = (blob) =>
  new Promise((done, broken) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(reader.result.slice(reader.result.indexOf(",") + 1)));
    reader.addEventListener("error", () => broken(reader.error));
    reader.readAsDataURL(blob);
  });
