// A worker that tells how many faces a picture shows and how large they are, so that the camera page can say "a little closer".
// It runs the face finder of the npm package @vladmandic/human from our own static files. What it sees leaves it as boxes only.
importScripts("human/human.js");

const finder = new Human.Human({
  modelBasePath: new URL("human/", self.location.href).href,
  backend: "webgl", // or the processor, where there is no graphics card to draw with
  cacheModels: false,
  cacheSensitivity: 0,
  skipAllowed: false,
  warmup: "none",
  filter: { enabled: false },
  gesture: { enabled: false },
  body: { enabled: false },
  hand: { enabled: false },
  object: { enabled: false },
  segmentation: { enabled: false },
  face: {
    enabled: true,
    detector: { modelPath: "blazeface.json", rotation: false, maxDetected: 3, minConfidence: 0.5, return: false },
    mesh: { enabled: false },
    attention: { enabled: false },
    iris: { enabled: false },
    description: { enabled: false },
    emotion: { enabled: false },
    antispoof: { enabled: false },
    liveness: { enabled: false },
  },
});

/** Boxes as shares of the picture: left, top, width, height. */
async function look(picture) {
  const { face, error } = await finder.detect(picture);
  if (error) throw new Error(error);
  return face.map(({ boxRaw }) => boxRaw);
}

self.addEventListener("message", async ({ data }) => {
  try {
    self.postMessage({ faces: await look(data) });
  } catch (broken) {
    self.postMessage({ broken: String(broken) });
  }
});
