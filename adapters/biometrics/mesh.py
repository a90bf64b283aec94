"""Finding faces, and following one through a clip with a mesh of 468 points: MediaPipe's networks, run by TensorFlow."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from adapters.biometrics.graph_models import GraphModel, Tensor

Picture = NDArray[np.uint8]  # RGB, shape (height, width, 3)
Points = NDArray[np.float32]

FINDER_SIDE, MESH_SIDE = 256, 192  # pixels that the networks see
FINDER_CONFIDENCE, MESH_CONFIDENCE = 0.5, 0.5
SAME_FACE_OVERLAP = 0.3  # intersection over union
BYSTANDER_SHARE = 0.35  # of the applicant's face: a smaller one far behind is no second person
COUNTS = 6  # how often in a clip people are counted
ROOM = 1.5  # side of the mesh's crop, in sides of the face's box

# Points of the mesh; left and right are the person's own.
RIGHT_EYE, LEFT_EYE = 33, 263  # outer corners


@dataclass(frozen=True)
class Box:
    """Upright, in pixels of the picture; may reach over its rim."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def overlap(self, other: "Box") -> float:
        """Intersection over union, 0..1."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        if wide <= 0 or high <= 0:
            return 0.0
        return wide * high / (self.width * self.height + other.width * other.height - wide * high)


@dataclass(frozen=True)
class FoundFace:
    """`box` reaches from the brows to the chin. `eyes`: the person's right and left one, (x, y)."""

    box: Box
    confidence: float
    eyes: tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class MeshSeen:
    """`points`: float32 (468, 3), x and y in pixels of the picture, z in pixels too, smaller towards the camera, 0 near the head's middle.

    `box` holds all points. `confidence` 0..1: that there is a face. Numbering: MediaPipe's canonical face model.
    """

    points: Points
    box: Box
    confidence: float


@dataclass(frozen=True)
class FaceTrack:
    """One face through a clip. `frames` and `times` (seconds) as given; `seen` has one entry a frame, None where there was no face.

    `people`: how many faces of comparable size there were, in each frame where they were counted.
    """

    frames: Sequence[Picture]
    times: Sequence[float]
    seen: Sequence[MeshSeen | None]
    people: Sequence[int]


@dataclass(frozen=True)
class _Crop:
    """A square that a face fills, turned so that the eyes are level."""

    x: float  # its middle
    y: float
    side: float
    angle: float  # radians


class FaceMesh:
    """The finder (blazeface) and the mesh (facemesh) of the npm package @vladmandic/human. May be used from several threads."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds facemesh.json and blazeface.json with their weights. Imports TensorFlow: seconds.

        Raises:
            ModelFilesMissing: a model is absent or damaged.
        """
        self._mesh = GraphModel(folder / "facemesh.json", ["Identity_2", "Identity_1"])
        self._finder = GraphModel(folder / "blazeface.json", ["Identity", "Identity_1", "Identity_2", "Identity_3"])

    def warm_up(self) -> None:
        """Run each network once: the first run is slow."""
        self._mesh(np.zeros((1, MESH_SIDE, MESH_SIDE, 3), np.float32))
        self._finder(np.zeros((1, FINDER_SIDE, FINDER_SIDE, 3), np.float32))

    def find(self, picture: Picture) -> list[FoundFace]:
        """All faces, largest first. Finds upright ones from about an eighth of the picture's longer side on."""
        height, width = picture.shape[:2]
        scale = FINDER_SIDE / max(height, width)
        square = np.full((FINDER_SIDE, FINDER_SIDE, 3), 127.5, np.float32)
        small = cv2.resize(picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
        square[: small.shape[0], : small.shape[1]] = small
        near, far, near_boxes, far_boxes = self._finder(square[None] / np.float32(127.5) - 1)
        scores = np.concatenate([near[0, :, 0], far[0, :, 0]])
        return _faces(scores, np.concatenate([near_boxes[0], far_boxes[0]]), scale)

    def look(self, picture: Picture) -> MeshSeen | None:
        """The largest face of one picture."""
        return next((seen for found in self.find(picture) if (seen := self._mesh_at(picture, _crop_of_found(found)))), None)

    def follow(self, frames: Sequence[Picture], times: Sequence[float]) -> FaceTrack:
        """The largest face of the first frame that shows one, followed; sought anew where it is lost."""
        counting = {round(place) for place in np.linspace(0, len(frames) - 1, COUNTS)} if frames else set()
        seen: list[MeshSeen | None] = []
        people: list[int] = []
        last: MeshSeen | None = None
        for number, frame in enumerate(frames):
            here = self._mesh_at(frame, _crop_of_mesh(last.points)) if last else None
            if here is None or number in counting:
                found = self.find(frame)
                if here is None or not any(here.box.overlap(face.box) >= SAME_FACE_OVERLAP for face in found[:1]):
                    here = self._first_of(frame, found) or here
                if number in counting:
                    people.append(self._count(frame, here, found))
            seen.append(here)
            last = here
        return FaceTrack(frames, times, seen, people)

    def _first_of(self, frame: Picture, found: list[FoundFace]) -> MeshSeen | None:
        return next((seen for face in found if (seen := self._mesh_at(frame, _crop_of_found(face)))), None)

    def _count(self, frame: Picture, followed: MeshSeen | None, found: list[FoundFace]) -> int:
        """Faces of comparable size; those besides the followed one must convince the mesh too."""
        if followed is None:
            return 0
        largest = max([followed.box.width, *(face.box.width for face in found)])
        others = [f for f in found if f.box.overlap(followed.box) < SAME_FACE_OVERLAP and f.box.width >= BYSTANDER_SHARE * largest]
        return 1 + sum(self._mesh_at(frame, _crop_of_found(face)) is not None for face in others)

    def _mesh_at(self, picture: Picture, crop: _Crop) -> MeshSeen | None:
        if crop.side < 8:
            return None
        into = _into_crop(crop)
        cut = cv2.warpAffine(picture, into, (MESH_SIDE, MESH_SIDE), flags=cv2.INTER_LINEAR)
        raw, flag = self._mesh(np.multiply(cut[None], np.float32(1 / 255), dtype=np.float32))
        confidence = float(flag[0, 0])
        if not confidence >= MESH_CONFIDENCE:
            return None
        points = raw.reshape(468, 3)
        back = cv2.invertAffineTransform(into)
        flat = points[:, :2] @ back[:, :2].T + back[:, 2]
        placed = np.column_stack([flat, points[:, 2] * (crop.side / MESH_SIDE)]).astype(np.float32)
        (left, top), (right, bottom) = flat.min(0), flat.max(0)
        return MeshSeen(placed, Box(float(left), float(top), float(right), float(bottom)), confidence)


def _anchors() -> Tensor:
    """Middles of blazeface's anchors in its input's pixels, (896, 2): two in each cell of 16 pixels, six in each of 32."""
    grids = []
    for stride, each in ((16, 2), (32, 6)):
        middles = (np.arange(FINDER_SIDE // stride) + 0.5) * stride
        cells = np.stack(np.meshgrid(middles, middles), -1).reshape(-1, 2)
        grids.append(np.repeat(cells, each, axis=0))
    return np.concatenate(grids).astype(np.float32)


_ANCHORS = _anchors()


def _faces(scores: Tensor, raw: Tensor, scale: float) -> list[FoundFace]:
    """`scores`: logits (896,). `raw`: (896, 16), middle, size and six points (right eye, left eye, …) relative to the anchors."""
    likely = np.flatnonzero(scores > math.log(FINDER_CONFIDENCE / (1 - FINDER_CONFIDENCE)))
    chosen: list[FoundFace] = []
    for n in likely[np.argsort(-scores[likely])]:
        points = (raw[n].reshape(8, 2) + _ANCHORS[n]) / scale
        (x, y), (wide, high) = points[0], raw[n, 2:4] / scale
        box = Box(float(x - wide / 2), float(y - high / 2), float(x + wide / 2), float(y + high / 2))
        if box.width > 0 and box.height > 0 and all(box.overlap(other.box) < SAME_FACE_OVERLAP for other in chosen):
            right, left = points[2:4].tolist()
            chosen.append(FoundFace(box, float(1 / (1 + np.exp(-scores[n]))), ((right[0], right[1]), (left[0], left[1]))))
    return sorted(chosen, key=lambda face: face.box.width, reverse=True)


def _crop_of_found(face: FoundFace) -> _Crop:
    (rx, ry), (lx, ly) = face.eyes
    box = face.box
    return _Crop((box.left + box.right) / 2, (box.top + box.bottom) / 2, ROOM * max(box.width, box.height), math.atan2(ly - ry, lx - rx))


def _crop_of_mesh(points: Points) -> _Crop:
    across = points[LEFT_EYE, :2] - points[RIGHT_EYE, :2]
    angle = math.atan2(float(across[1]), float(across[0]))
    level = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    levelled = points[:, :2] @ level.T
    low, high = levelled.min(0), levelled.max(0)
    x, y = (low + high) / 2 @ level
    return _Crop(float(x), float(y), ROOM * float((high - low).max()), angle)


def _into_crop(crop: _Crop) -> NDArray[np.float64]:
    """The affine map (2, 3) from the picture into the crop."""
    scale = MESH_SIDE / crop.side
    turn = scale * np.array([[math.cos(crop.angle), math.sin(crop.angle)], [-math.sin(crop.angle), math.cos(crop.angle)]])
    return np.column_stack([turn, MESH_SIDE / 2 - turn @ [crop.x, crop.y]])
