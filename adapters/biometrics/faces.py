"""Finding faces in frames, choosing the clearest, and comparing them with the portrait on file."""

import io
import itertools
import os
import statistics
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import dlib
import numpy as np
from PIL import Image, ImageOps

from adapters.biometrics.clip import Clip, Picture
from adapters.biometrics.packaged_models import prepare_face_weights

Embedding = list[float]

DETECTION_SIDE = 640  # pixels of the longer side at which faces are sought
MIN_FACE_SHARE = 0.16  # of the frame's shorter side
BYSTANDER_SHARE = 0.35  # of the applicant's face: a smaller one far behind is no second person
MAX_TURN = 0.45  # nose off the middle of the eyes, in half eye distances
FRAMES_SEARCHED = 12
FRAMES_COMPARED = 3
MAX_PORTRAIT_PIXELS = 40_000_000
PORTRAIT_SIDE = 960

CHIP_SIZE, CHIP_PADDING = 150, 0.25
# dlib's network is trained for euclidean distance; the others are used with the cosine that DeepFace's thresholds are for.
METRICS = {"Dlib": "euclidean"}


@dataclass(frozen=True)
class Face:
    """One face in one frame, with its landmarks; the width is in pixels of the frame as held."""

    width: float
    turn: float
    sharpness: float
    chip: Picture  # aligned, CHIP_SIZE square

    @property
    def clarity(self) -> float:
        return self.sharpness * max(0.05, 1 - self.turn)


@dataclass(frozen=True)
class FacesSeen:
    """`most_people` is the highest number of comparable faces that at least two frames agree on."""

    clearest: list[Face]
    most_people: int
    too_small: bool


class FaceComparer:
    """dlib's detector and landmarks, and DeepFace for who it is. Not thread-safe: dlib's networks are not."""

    def __init__(self, deepface_home: Path, model: str, threshold: float) -> None:
        prepare_face_weights(deepface_home)
        os.environ["DEEPFACE_HOME"] = str(deepface_home)
        os.environ.setdefault("DEEPFACE_LOG_LEVEL", "40")
        if model == "Dlib":
            # The network runs in dlib itself; this keeps DeepFace from importing TensorFlow, 3 s and 500 MB, for nothing.
            os.environ.setdefault("DEEPFACE_BACKEND_ENGINE", "onnx")
        # Imported here: it reads the variables above while it is imported.
        from deepface import DeepFace

        self._deepface: Any = DeepFace
        self._model, self._threshold, self._metric = model, threshold, METRICS.get(model, "cosine")
        weights = deepface_home / ".deepface" / "weights"
        self._detector = dlib.get_frontal_face_detector()
        self._landmarks = dlib.shape_predictor(str(weights / "shape_predictor_5_face_landmarks.dat"))

    def warm_up(self) -> None:
        """Load the network by describing an empty chip."""
        self.embed(np.zeros((CHIP_SIZE, CHIP_SIZE, 3), np.uint8))

    def look(self, clip: Clip) -> FacesSeen:
        """Search frames spread over the clip."""
        counts: list[int] = []
        found: list[Face] = []
        too_small = False
        for number in np.linspace(0, len(clip.frames) - 1, min(FRAMES_SEARCHED, len(clip.frames))).round().astype(int):
            frame = clip.frames[number]
            boxes = self._boxes(frame)
            counts.append(len(boxes))
            if not boxes:
                continue
            if boxes[0].width() < MIN_FACE_SHARE * min(frame.shape[:2]):
                too_small = True
                continue
            face = self._describe(frame, boxes[0])
            if face.turn <= MAX_TURN:
                found.append(face)
        most = sorted(counts, reverse=True)[:2][-1] if counts else 0  # one frame alone may be a false alarm
        return FacesSeen(_clearest(found), most, too_small and not found)

    def embed_portrait(self, portrait: bytes) -> Embedding | None:
        """Of the largest face in a JPEG; None when the picture is unreadable or shows no face."""
        picture = _open_portrait(portrait)
        if picture is None:
            return None
        for view in (picture, _with_margin(picture)):
            if boxes := self._boxes(view):
                return self.embed(self._describe(view, boxes[0]).chip)
        return None

    def embed(self, chip: Picture) -> Embedding:
        """The model's description of an aligned face."""
        answer = self._deepface.represent(chip[:, :, ::-1], model_name=self._model, detector_backend="skip", align=False)
        return list(answer[0]["embedding"])

    def distance(self, one: Embedding, other: Embedding) -> float:
        """Between two faces, in the metric that the threshold is for; smaller is more alike."""
        answer = self._deepface.verify(one, other, model_name=self._model, detector_backend="skip", align=False,
                                       distance_metric=self._metric, threshold=self._threshold, silent=True)  # fmt: skip
        return float(answer["distance"])

    def median_distance(self, faces: list[Embedding], portrait: Embedding) -> float:
        return statistics.median(self.distance(face, portrait) for face in faces)

    def widest_distance(self, faces: list[Embedding]) -> float:
        """Between any two frames of one clip; 0 for a single one."""
        return max((self.distance(a, b) for a, b in itertools.combinations(faces, 2)), default=0.0)

    def _boxes(self, picture: Picture) -> list[Any]:
        """dlib rectangles in the picture's own pixels: largest first, bystanders left out."""
        scale = min(1.0, DETECTION_SIDE / max(picture.shape[:2]))
        small = picture if scale == 1 else cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        boxes, _, _ = self._detector.run(np.ascontiguousarray(small, np.uint8), 0, 0.0)
        boxes = sorted(boxes, key=lambda box: box.width(), reverse=True)
        compared = [box for box in boxes if box.width() >= BYSTANDER_SHARE * boxes[0].width()]
        return [dlib.rectangle(*(round(side / scale) for side in (b.left(), b.top(), b.right(), b.bottom()))) for b in compared]

    def _describe(self, picture: Picture, box: Any) -> Face:
        shape = self._landmarks(picture, box)
        chip = np.asarray(dlib.get_face_chip(picture, shape, size=CHIP_SIZE, padding=CHIP_PADDING), np.uint8)
        grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)
        sharpness = float(cv2.Laplacian(grey, cv2.CV_64F).var())
        return Face(float(box.width()), _turn(shape), sharpness, chip)


def _turn(shape: Any) -> float:
    """How far the nose is off the middle between the eyes, in half eye distances, along the line of the eyes. 0: frontal."""
    points = np.array([(p.x, p.y) for p in shape.parts()], float)
    one, other, nose = points[0:2].mean(0), points[2:4].mean(0), points[4]
    axis = one - other
    length = float(np.hypot(*axis)) or 1.0
    return abs(float((nose - (one + other) / 2) @ axis) / length) / (length / 2)


def _clearest(faces: list[Face]) -> list[Face]:
    """The clearest of the beginning, of the middle and of the end: somebody who takes another's place is seen."""
    parts = np.array_split(np.arange(len(faces)), min(FRAMES_COMPARED, len(faces))) if faces else []
    return [max((faces[n] for n in part), key=lambda face: face.clarity) for part in parts]


def _open_portrait(portrait: bytes) -> Picture | None:
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(portrait)) as image:
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            if image.width * image.height > MAX_PORTRAIT_PIXELS:
                return None
            upright = ImageOps.exif_transpose(image).convert("RGB")
            upright.thumbnail((PORTRAIT_SIDE, PORTRAIT_SIDE))
            return np.asarray(upright, np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


def _with_margin(picture: Picture) -> Picture:
    # Registry portraits may be cropped so tight, or be so small, that the detector finds no face without room around it.
    height, width = picture.shape[:2]
    scale = max(1.0, 320 / max(height, width))
    larger = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    margin = max(larger.shape[:2]) // 3
    return np.asarray(cv2.copyMakeBorder(larger, margin, margin, margin, margin, cv2.BORDER_REPLICATE), np.uint8)
