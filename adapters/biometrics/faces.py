"""The clearest moments of a clip, and whether they show one person: the one on the portrait on file."""

import io
import itertools
import os
import statistics
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageOps

from adapters.biometrics import reasons
from adapters.biometrics.clip import Clip, Picture
from adapters.biometrics.levelled import levelled
from adapters.biometrics.mesh import FaceMesh, FaceTrack, MeshSeen, Points
from adapters.biometrics.movement import head_pose
from adapters.biometrics.packaged_models import prepare_face_weights
from adapters.biometrics.policy import Policy
from domain.identity import CheckResult
from domain.text import Bilingual

Embedding = list[float]

FACES_COMPARED, MOMENTS_DECIDING = 3, 2
CHIP_SIDE, CHIP_ROOM = 150, 0.2
LOOKED_AT = 6  # most frontal frames of a part of the clip whose pixels are looked at too
STRAIGHT, TURNED_AWAY = 5.0, 40.0  # degrees from straight ahead that cost nothing, and all
JPEG_SIDE, JPEG_QUALITY = 480, 85  # pixels of the longer side
SURROUNDINGS = 0.5  # of the face's box, on each side
MAX_PORTRAIT_PIXELS = 40_000_000
PORTRAIT_SIDE = 960
# dlib's network is trained for euclidean distance; the others are used with the cosine that DeepFace's thresholds are for.
METRICS = {"Dlib": "euclidean"}

# Points of the mesh: corners and lids of each eye.
_EYES = ((33, 133, 159, 145), (263, 362, 386, 374))


@dataclass(frozen=True)
class Face:
    """The followed face at one moment. `chip`: levelled, `CHIP_SIDE` square. `jpeg`: with its surroundings, for a clerk."""

    seconds: float
    picture: Picture
    seen: MeshSeen
    chip: Picture
    jpeg: bytes


def clearest(clip: Clip, track: FaceTrack) -> list[Face]:
    """The clearest moment of the beginning, of the middle and of the end: frontal, eyes open, sharp. Fewer where fewer show a face."""
    shown = [number for number, seen in enumerate(track.seen) if seen is not None]
    if not shown:
        return []
    usual = statistics.median(_openness(_mesh(track, n).points) for n in shown)
    parts = np.array_split(np.array(shown), min(FACES_COMPARED, len(shown)))
    return [_face(clip, track, _clearest_of(clip, track, part.tolist(), usual)) for part in parts]


def _clearest_of(clip: Clip, track: FaceTrack, numbers: list[int], usual_openness: float) -> int:
    bearing = {n: _bearing(_mesh(track, n).points, usual_openness) for n in numbers}
    likely = sorted(numbers, key=lambda n: bearing[n], reverse=True)[:LOOKED_AT]
    return max(likely, key=lambda n: bearing[n] * _sharpness(levelled(clip.frames[n], _mesh(track, n).points, CHIP_SIDE, CHIP_ROOM)))


def _mesh(track: FaceTrack, number: int) -> MeshSeen:
    seen = track.seen[number]
    assert seen is not None
    return seen


def _face(clip: Clip, track: FaceTrack, number: int) -> Face:
    picture, seen = clip.frames[number], _mesh(track, number)
    return Face(clip.times[number], picture, seen, _chip(picture, seen), _jpeg(picture, seen))


def _bearing(points: Points, usual_openness: float) -> float:
    """0..1: straight ahead with the eyes as open as they are most of the time."""
    yaw, pitch = head_pose(points)
    away = max(0.0, max(abs(yaw), abs(pitch)) - STRAIGHT) / TURNED_AWAY
    return max(0.05, 1 - away) * min(1.0, max(0.05, _openness(points) / max(usual_openness, 1e-6)))


def _openness(points: Points) -> float:
    """Height of the eyes over their width."""
    flat = points[:, :2]
    return statistics.mean(
        float(np.linalg.norm(flat[upper] - flat[lower]) / max(float(np.linalg.norm(flat[outer] - flat[inner])), 1e-6))
        for outer, inner, upper, lower in _EYES
    )


def _sharpness(chip: Picture) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY), cv2.CV_32F).std())


def _chip(picture: Picture, seen: MeshSeen) -> Picture:
    return levelled(picture, seen.points, CHIP_SIDE, CHIP_ROOM)


def _jpeg(picture: Picture, seen: MeshSeen) -> bytes:
    height, width = picture.shape[:2]
    across, down = SURROUNDINGS * seen.box.width, SURROUNDINGS * seen.box.height
    left, top = max(0, round(seen.box.left - across)), max(0, round(seen.box.top - down))
    right, bottom = min(width, round(seen.box.right + across)), min(height, round(seen.box.bottom + down))
    image = Image.fromarray(picture[top : max(bottom, top + 1), left : max(right, left + 1)])
    image.thumbnail((JPEG_SIDE, JPEG_SIDE))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


class FaceComparer:
    """DeepFace, for who it is. Keeps no face and no embedding. Not thread-safe: dlib's networks are not, and they hold the GIL."""

    def __init__(self, deepface_home: Path, model: str, policy: Policy, mesh: FaceMesh) -> None:
        """`model`: a name of DeepFace's for which the policy has a threshold. `mesh` finds the face on the portrait.

        Raises:
            ModelFilesMissing: the package with dlib's weights is absent.
            ValueError: the policy does not know the model.
        """
        if model not in policy.face or model not in policy.one_person:
            raise ValueError(f"policy.yaml has no threshold for {model}")
        prepare_face_weights(deepface_home)
        os.environ["DEEPFACE_HOME"] = str(deepface_home)
        os.environ.setdefault("DEEPFACE_LOG_LEVEL", "40")
        # dlib's network runs in dlib; DeepFace's others, and its spoofing pair, are ten times faster this way than in TensorFlow.
        os.environ.setdefault("DEEPFACE_BACKEND_ENGINE", "onnx")
        # Imported here: it reads the variables above while it is imported.
        from deepface import DeepFace

        self._deepface: Any = DeepFace
        self._mesh, self.model, self._metric = mesh, model, METRICS.get(model, "cosine")
        self._largest_distance, self._largest_change = policy.face[model], policy.one_person[model]

    def warm_up(self) -> None:
        """Load the network by describing an empty chip."""
        self.embed(np.zeros((CHIP_SIDE, CHIP_SIDE, 3), np.uint8))

    def embed_portrait(self, portrait: bytes) -> Embedding | None:
        """Of the largest face in a picture file; None when it is unreadable or shows no face."""
        picture = _open_portrait(portrait)
        if picture is None:
            return None
        for view in _views(picture):
            if seen := self._mesh.look(view):
                return self.embed(_chip(view, seen))
        return None

    def embed(self, chip: Picture) -> Embedding:
        """The model's description of a levelled face."""
        bgr = np.ascontiguousarray(chip[:, :, ::-1])
        answer = self._deepface.represent(bgr, model_name=self.model, detector_backend="skip", align=False)
        return list(answer[0]["embedding"])

    def distance(self, one: Embedding, other: Embedding) -> float:
        """Between two faces, in the metric that the threshold is for; smaller is more alike."""
        answer = self._deepface.verify(one, other, model_name=self.model, detector_backend="skip", align=False,
                                       distance_metric=self._metric, threshold=self._largest_distance, silent=True)  # fmt: skip
        return float(answer["distance"])

    def compare(self, faces: Sequence[Face], portrait: Embedding | None, people: Sequence[int]) -> tuple[CheckResult, CheckResult]:
        """The checks `face` and `one_person`. `faces`: the clearest ones. `people`: see FaceTrack."""
        shown = [self.embed(face.chip) for face in faces]
        changes = [self.distance(one, other) for one, other in itertools.combinations(shown, 2)]
        distances = None if portrait is None else [self.distance(face, portrait) for face in shown]
        return judge_face(distances, self._largest_distance), judge_one_person(people, changes, self._largest_change)


def judge_face(distances: Sequence[float] | None, largest: float) -> CheckResult:
    """`distances` of a clip's moments from the portrait; None where the portrait cannot be compared. The mean of the nearest two decides.

    One bad moment of three is forgiven so. And a mean of distances, not the distance of a mean embedding: one threshold then holds for
    one moment and for three, alike or different.
    """
    if distances is None:
        note = Bilingual(zh="登记照片中找不到可比对的人脸。", en="No face was found on the portrait on file.")
        return CheckResult(name="face", passed=False, threshold=largest, reason=reasons.NO_PORTRAIT, note=note)
    if not distances:
        note = Bilingual(zh="视频中没有可比对的人脸。", en="The clip shows no face to compare.")
        return CheckResult(name="face", passed=False, threshold=largest, reason=reasons.NO_FACE, note=note)
    distance = statistics.mean(sorted(distances)[:MOMENTS_DECIDING])
    each = ", ".join(f"{d:.2f}" for d in distances)
    note = Bilingual(
        zh=f"{len(distances)} 个画面与登记照片的距离为 {each}，最近两个平均 {distance:.2f}，上限 {largest:.2f}。",
        en=f"{len(distances)} moments are {each} from the portrait, the nearest two {distance:.2f}; at most {largest:.2f} is one person.",
    )
    passed = distance <= largest
    return CheckResult(
        name="face", passed=passed, score=distance, threshold=largest, reason=None if passed else reasons.OTHER_FACE, note=note
    )


def judge_one_person(people: Sequence[int], changes: Sequence[float], largest: float) -> CheckResult:
    """`people` counted in single frames; `changes`: distances between the clip's own moments."""
    most = sorted(people, reverse=True)[:2][-1] if people else 0  # one frame alone may be a false alarm
    if most > 1:
        note = Bilingual(zh=f"画面中出现 {most} 张大小相近的人脸。", en=f"{most} faces of comparable size were seen.")
        return CheckResult(name="one_person", passed=False, score=most, threshold=1, reason=reasons.SEVERAL_FACES, note=note)
    widest = max(changes, default=0.0)
    if widest > largest:
        note = Bilingual(
            zh=f"视频开头、中间和结尾的人脸相差 {widest:.2f}，上限 {largest:.2f}，可能换了人。",
            en=f"Beginning, middle and end are up to {widest:.2f} apart, at most {largest:.2f} is one person.",
        )
        return CheckResult(name="one_person", passed=False, score=widest, threshold=largest, reason=reasons.CHANGING_FACE, note=note)
    if most == 0:
        note = Bilingual(zh="视频中没有看到人脸。", en="No face was seen.")
        return CheckResult(name="one_person", passed=False, score=widest, threshold=largest, reason=reasons.NO_FACE, note=note)
    note = Bilingual(zh=f"始终只有一个人，各画面相差不超过 {widest:.2f}。", en=f"One person throughout, at most {widest:.2f} apart.")
    return CheckResult(name="one_person", passed=True, score=widest, threshold=largest, note=note)


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


def _views(picture: Picture) -> Iterator[Picture]:
    """The picture as it is; with room around it; and, as it may come from a scanner, on its sides and head."""
    yield picture
    roomy = _with_margin(picture)
    yield roomy
    for quarters in (1, 3, 2):
        yield np.ascontiguousarray(np.rot90(roomy, quarters))


def _with_margin(picture: Picture) -> Picture:
    # Registry portraits may be cropped so tight, or be so small, that no face is found without room around it.
    height, width = picture.shape[:2]
    scale = max(1.0, 320 / max(height, width))
    larger = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    margin = max(larger.shape[:2]) // 3
    return np.asarray(cv2.copyMakeBorder(larger, margin, margin, margin, margin, cv2.BORDER_REPLICATE), np.uint8)
