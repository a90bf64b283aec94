// While the person aims: too dark or too bright, too far or too near, no face or several. Hints help; they never decide anything.
const LOOK_EVERY_MS = 250;
const WIDTH = 192; // of the part of the picture that the page shows, 3 to 4
const HEIGHT = 256;
const OVAL = { x: 0.5, y: 0.465, across: 0.32, down: 0.315 }; // as the page draws it, in shares of that part
const DARK = 55; // mean luminance within the oval, of 255
const BRIGHT = 205;
const GLARE = { over: 247, share: 0.22 };
const FAR = 0.25; // height of the face, in shares of the part
const NEAR = 0.78;
const OFF_MIDDLE = 0.2;
const FINDER_STARTS_MS = 4000; // so long nothing is called good that the finder has not seen

/** Calls `tell` with the name of a hint, `good` where there is none, until the returned function is called. */
export function watch(video, finderAddress, tell) {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const paper = canvas.getContext("2d", { willReadFrequently: true });
  const finder = openFinder(finderAddress);
  const began = performance.now();
  const timer = setInterval(() => {
    if (video.readyState < 2) return;
    drawShownPart(paper, video);
    const pixels = paper.getImageData(0, 0, WIDTH, HEIGHT);
    finder.look(pixels);
    const unseen = finder.faces() === undefined && performance.now() - began < FINDER_STARTS_MS;
    tell(ofLight(pixels.data) ?? (unseen ? "aim" : ofFaces(finder.faces())) ?? "good");
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    finder.close();
  };
}

/** The picture is wider than the stage, or taller: the stage shows its middle. */
function drawShownPart(paper, video) {
  const { videoWidth: width, videoHeight: height } = video;
  const shown = Math.min(width, (height * WIDTH) / HEIGHT);
  const tall = (shown * HEIGHT) / WIDTH;
  paper.drawImage(video, (width - shown) / 2, (height - tall) / 2, shown, tall, 0, 0, WIDTH, HEIGHT);
}

function ofLight(pixels) {
  let sum = 0;
  let glaring = 0;
  let seen = 0;
  for (let y = 0; y < HEIGHT; y += 2) {
    for (let x = 0; x < WIDTH; x += 2) {
      const across = (x / WIDTH - OVAL.x) / OVAL.across;
      const down = (y / HEIGHT - OVAL.y) / OVAL.down;
      if (across * across + down * down > 1) continue;
      const at = (y * WIDTH + x) * 4;
      const luminance = 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
      sum += luminance;
      glaring += luminance > GLARE.over ? 1 : 0;
      seen += 1;
    }
  }
  if (sum / seen < DARK) return "dark";
  return sum / seen > BRIGHT || glaring / seen > GLARE.share ? "bright" : null;
}

/** `faces` undefined: the finder has not answered yet; null: it cannot run here. Then light alone is told. */
function ofFaces(faces) {
  if (!faces) return null;
  if (faces.length === 0) return "no_face";
  if (faces.length > 1) return "two_faces";
  const [left, top, width, height] = faces[0];
  if (height < FAR) return "far";
  if (height > NEAR) return "near";
  const off = Math.hypot(left + width / 2 - OVAL.x, (top + height / 2 - OVAL.y) * (HEIGHT / WIDTH));
  return off > OFF_MIDDLE ? "off_middle" : null;
}

/** One picture at a time is looked at; whatever goes wrong ends the looking and nothing else. */
function openFinder(address) {
  let worker = null;
  let waiting = false;
  let faces;
  const close = () => {
    worker?.terminate();
    worker = null;
    faces = null;
  };
  try {
    worker = new Worker(address);
    worker.addEventListener("error", close);
    worker.addEventListener("message", ({ data }) => {
      waiting = false;
      if (data.broken) close();
      else faces = data.faces;
    });
  } catch {
    close();
  }
  return {
    look(pixels) {
      if (!worker || waiting) return;
      waiting = true;
      worker.postMessage(pixels);
    },
    faces: () => faces,
    close,
  };
}
