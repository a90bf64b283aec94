"""Whether a face can be judged at all: near enough, whole, in good light, sharp, and seen throughout."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from adapters.biometrics import reasons
from adapters.biometrics.clip import Clip, Picture
from adapters.biometrics.levelled import levelled
from adapters.biometrics.mesh import FaceTrack, MeshSeen
from adapters.biometrics.movement import head_pose
from adapters.biometrics.policy import Policy, QualityPolicy
from domain.identity import CheckResult
from domain.text import Bilingual

FRAMES_JUDGED = 12
SIDE, ROOM = 96, 0.1  # of the levelled face that is judged
BURNT = 250  # luminance, of 255, at which skin has no drawing left
STRAIGHT = 20.0  # degrees of yaw from which on the nose alone shades a cheek

# Where eyes and cheeks lie in the levelled face, as shares of its side: rows, columns. See levelled.PLACES.
_EYES = ((0.20, 0.32), (0.15, 0.85))
_CHEEKS = ((0.45, 0.62), (0.15, 0.85))


@dataclass(frozen=True)
class FaceLook:
    """One face in one frame. Light 0..255; `shadow`: the lighter half's light over the darker half's, 1 is even; `width`: of the frame's
    shorter side; `cut_off`: share of the face outside the picture; `burnt`: share of it that is all white; `eye_light`: over the cheeks';
    `sharpness`: fine differences over coarse ones, free of brightness and contrast."""

    width: float
    cut_off: float
    light: float
    burnt: float
    shadow: float
    sharpness: float
    eye_light: float


@dataclass(frozen=True)
class Sight:
    """How long the face was seen. `seen`: share of the frames; `longest_lost`: seconds on end without it."""

    seen: float
    longest_lost: float


def check_quality(clip: Clip, track: FaceTrack, policy: Policy) -> CheckResult:
    """Some frames spread over the clip, the most frontal ones of their surroundings."""
    looks = [look_at(clip.frames[n], seen) for n, seen in _chosen(track)]
    return judge_quality(sight_of(track, clip.seconds), looks, policy.quality)


def sight_of(track: FaceTrack, seconds: float) -> Sight:
    """`seconds`: the clip's length."""
    shown = [time for time, seen in zip(track.times, track.seen, strict=True) if seen]
    if not shown or not track.seen:
        return Sight(0.0, seconds)
    edges = [track.times[0], *shown, track.times[-1]]
    return Sight(len(shown) / len(track.seen), max(float(gap) for gap in np.diff(edges)))


def _chosen(track: FaceTrack) -> list[tuple[int, MeshSeen]]:
    shown = [(number, seen) for number, seen in enumerate(track.seen) if seen]
    if not shown:
        return []
    parts = np.array_split(np.arange(len(shown)), min(FRAMES_JUDGED, len(shown)))
    return [min((shown[n] for n in part), key=lambda entry: abs(head_pose(entry[1].points)[0])) for part in parts]


def look_at(picture: Picture, seen: MeshSeen) -> FaceLook:
    """Measure one face."""
    height, width = picture.shape[:2]
    x, y = seen.points[:, 0], seen.points[:, 1]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    grey = np.asarray(cv2.cvtColor(levelled(picture, seen.points, SIDE, ROOM), cv2.COLOR_RGB2GRAY), np.uint8)
    halves = sorted(float(half.mean()) for half in (grey[:, : SIDE // 2], grey[:, SIDE // 2 :]))
    straight = abs(head_pose(seen.points)[0]) < STRAIGHT
    return FaceLook(
        width=seen.box.width / min(height, width), cut_off=1 - float(inside.mean()), light=float(grey.mean()),
        burnt=float((grey >= BURNT).mean()), shadow=(halves[1] + 1) / (halves[0] + 1) if straight else 1.0, sharpness=_sharpness(grey),
        eye_light=(_part(grey, _EYES) + 1) / (_part(grey, _CHEEKS) + 1),
    )  # fmt: skip


def _part(grey: NDArray[np.uint8], where: tuple[tuple[float, float], tuple[float, float]]) -> float:
    (top, bottom), (left, right) = where
    return float(np.median(grey[round(top * SIDE) : round(bottom * SIDE), round(left * SIDE) : round(right * SIDE)]))


def _sharpness(grey: NDArray[np.uint8]) -> float:
    """Percent: how much of the face's contrast lies in differences between neighbouring pixels."""
    fine = float(cv2.Laplacian(grey, cv2.CV_32F).std())
    return 10 * fine / max(float(grey.std()), 8.0)


def judge_quality(sight: Sight, looks: Sequence[FaceLook], policy: QualityPolicy) -> CheckResult:
    """The first thing wrong, in the order in which mending it helps the rest. The middling frame decides, so that one bad one does not."""
    if not looks:
        return _failed(reasons.NO_FACE, 0.0, policy.least_seen, "没有看到人脸", "no face was seen")
    usual = FaceLook(**{name: statistics.median(getattr(look, name) for look in looks) for name in FaceLook.__dataclass_fields__})
    if usual.width < policy.least_width:
        return _failed(reasons.SMALL_FACE, usual.width, policy.least_width, "人脸太小", "the face is too small")
    if usual.cut_off > policy.largest_cut_off:
        return _failed(reasons.CUT_OFF_FACE, usual.cut_off, policy.largest_cut_off, "人脸超出画面", "the face reaches out of the picture")
    if sight.seen < policy.least_seen:
        return _failed(reasons.LOST_FACE, sight.seen, policy.least_seen, "看到人脸的时间不足", "the face is seen too seldom")
    if sight.longest_lost > policy.longest_lost_seconds:
        return _failed(
            reasons.LOST_FACE, sight.longest_lost, policy.longest_lost_seconds, "人脸离开画面过久（秒）", "seconds on end without the face"
        )
    if usual.light < policy.least_light:
        return _failed(reasons.DARK_FACE, usual.light, policy.least_light, "脸部太暗", "the face is too dark")
    if usual.burnt > policy.largest_burnt:
        return _failed(reasons.BURNT_FACE, usual.burnt, policy.largest_burnt, "脸部过曝", "the face is over-exposed")
    if usual.shadow > policy.largest_shadow:
        return _failed(reasons.SHADOWED_FACE, usual.shadow, policy.largest_shadow, "脸部一侧在阴影中", "one side of the face is in shadow")
    if usual.sharpness < policy.least_sharpness:
        return _failed(reasons.BLURRED_FACE, usual.sharpness, policy.least_sharpness, "画面模糊", "the picture is blurred")
    if usual.eye_light < policy.least_eye_light:
        return _failed(reasons.COVERED_EYES, usual.eye_light, policy.least_eye_light, "眼部被遮挡", "the eyes are covered")
    note = Bilingual(zh="人脸大小、光线和清晰度均合适。", en="The face is large, light and sharp enough.")
    return CheckResult(name="quality", passed=True, score=sight.seen, threshold=policy.least_seen, note=note)


def _failed(reason: Bilingual, score: float, threshold: float, zh: str, en: str) -> CheckResult:
    note = Bilingual(
        zh=f"{zh}：{score:.2f}，界限 {threshold:.2f}。", en=f"Of the face's quality, {en}: {score:.2f}, the bound is {threshold:.2f}."
    )
    return CheckResult(name="quality", passed=False, score=score, threshold=threshold, reason=reason, note=note)
