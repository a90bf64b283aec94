"""Whether the lips move as the sound does: of all ways to shift the sound against the picture, none may fit better than none.

The score proves that this mouth spoke when the voice was heard. It does not prove what was said: the code does.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from adapters.biometrics.mesh import FaceTrack, MeshSeen, Picture
from adapters.biometrics.policy import LipsPolicy, Policy
from adapters.biometrics.reasons import LIPS_HIDDEN, LIPS_STILL, NO_SOUND, OTHER_LIPS
from adapters.biometrics.sound import SAMPLE_RATE, Sound
from domain.identity import CheckResult
from domain.text import Bilingual

Course = NDArray[np.float64]

HOP_SECONDS = 0.02
WINDOW_SECONDS, SMOOTHING_SECONDS = 0.025, 0.08
DYNAMIC_DECIBELS = 40.0  # under the loudest, all is silence
EMPHASIS = 0.9  # against hum and rumble

# Points of the mesh.
FOREHEAD, CHIN = 10, 152
RIGHT_SIDE, LEFT_SIDE, RIGHT_EYE, LEFT_EYE = 234, 454, 33, 263
UPPER_LIP, LOWER_LIP, INNER_CORNERS, OUTER_CORNERS = 13, 14, (78, 308), (61, 291)
INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
MOUTH_WIDTH, MOUTH_HEIGHT = 40, 28  # pixels of the levelled picture of the mouth
MOUTH_SHARE = 0.42  # its width, in heights of the face

# Chosen on 31 clips of 14 and more people, 12 of them made.
MOTION_WEIGHT = 2.0  # of the mouth's motion, against that of its gap
RIVAL_WEIGHT = 4.0
LEAST_OVERLAP = 0.6  # of the frames, for a shift of sound against picture without wrapping round


@dataclass(frozen=True)
class LipCourse:
    """Of each frame in which the mouth is seen from the front: `times` in seconds, `opening` (height over width of the gap), `gap` (square
    root of its area, in heights of the face), `motion` (mean change of the mouth's picture since the frame before)."""

    times: Course
    opening: Course
    gap: Course
    motion: Course


@dataclass(frozen=True)
class LipFit:
    """`score`: how far the fit in time stands above all others; about 0 for another mouth's sound. `late_seconds`: of the sound."""

    score: float
    late_seconds: float


def check_lips(track: FaceTrack, sound: Sound | None, policy: Policy) -> CheckResult:
    """`sound` on the same clock as the track's times."""
    limits = policy.lips
    if sound is None or len(sound) < SAMPLE_RATE or not np.any(sound):
        return CheckResult(name="lips", passed=False, threshold=limits.least_score, reason=NO_SOUND)
    course = lip_course(track, limits.front_degrees)
    if len(course.times) < limits.least_frames:
        return CheckResult(name="lips", passed=False, threshold=limits.least_score, reason=LIPS_HIDDEN, note=_SEEN_TOO_LITTLE)
    return judge_lips(
        float(course.opening.std()), fit_lips(course, loudness_course(sound), limits.sync_seconds, limits.rival_seconds), limits
    )


def judge_lips(opening_spread: float, fit: LipFit, policy: LipsPolicy) -> CheckResult:
    score = round(fit.score, 2)
    if opening_spread < policy.least_opening:
        return CheckResult(name="lips", passed=False, score=score, threshold=policy.least_score, reason=LIPS_STILL, note=_STILL)
    passed = score >= policy.least_score
    late = round(1000 * fit.late_seconds)
    note = Bilingual(
        zh=f"口型与声音最吻合时相差 {late} 毫秒，明显程度 {score}。",
        en=f"Lips and sound fit best {late} ms apart; by {score} above chance.",
    )
    reason = None if passed else OTHER_LIPS
    return CheckResult(name="lips", passed=passed, score=score, threshold=policy.least_score, reason=reason, note=note)


def lip_course(track: FaceTrack, front_degrees: float) -> LipCourse:
    """What the mouth does, but for frames in which the head is turned by more than `front_degrees` from where it mostly is."""
    rows: list[tuple[float, float, float, float, float]] = []
    last: NDArray[np.float32] | None = None
    for frame, time, seen in zip(track.frames, track.times, track.seen, strict=True):
        mouth = _mouth(frame, seen) if seen else None
        if seen is not None and mouth is not None and last is not None:
            rows.append((time, _yaw(seen), _opening(seen), _gap(seen), float(np.abs(mouth - last).mean())))
        last = mouth
    table = np.array(rows, float).reshape(-1, 5)
    if len(table):
        table = table[np.abs(table[:, 1] - np.median(table[:, 1])) <= front_degrees]
    return LipCourse(table[:, 0], table[:, 2], table[:, 3], table[:, 4])


def _yaw(seen: MeshSeen) -> float:
    across = seen.points[LEFT_SIDE] - seen.points[RIGHT_SIDE]
    return float(np.degrees(np.arctan2(across[2], np.hypot(across[0], across[1]))))


def _opening(seen: MeshSeen) -> float:
    width = _distance(seen, *INNER_CORNERS)
    return _distance(seen, UPPER_LIP, LOWER_LIP) / width if width else 0.0


def _gap(seen: MeshSeen) -> float:
    area = float(cv2.contourArea(np.ascontiguousarray(seen.points[list(INNER_LIPS), :2])))
    return float(np.sqrt(area)) / max(_distance(seen, FOREHEAD, CHIN), 1e-6)


def _distance(seen: MeshSeen, one: int, other: int) -> float:
    return float(np.hypot(*(seen.points[one, :2] - seen.points[other, :2])))


def _mouth(frame: Picture, seen: MeshSeen) -> NDArray[np.float32] | None:
    """The mouth's brightness, levelled by the eyes and freed of light and contrast, (MOUTH_HEIGHT, MOUTH_WIDTH)."""
    height = _distance(seen, FOREHEAD, CHIN)
    if height < 8:
        return None
    points = seen.points[:, :2]
    across = points[LEFT_EYE] - points[RIGHT_EYE]
    angle = np.arctan2(across[1], across[0])
    scale = MOUTH_WIDTH / (MOUTH_SHARE * height)
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = points[list(OUTER_CORNERS)].mean(axis=0)
    into = np.column_stack([turn, (MOUTH_WIDTH / 2, MOUTH_HEIGHT / 2) - turn @ middle])
    grey = cv2.cvtColor(cv2.warpAffine(frame, into, (MOUTH_WIDTH, MOUTH_HEIGHT), flags=cv2.INTER_LINEAR), cv2.COLOR_RGB2GRAY)
    soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1)
    return np.asarray((soft - soft.mean()) / (soft.std() + 5), np.float32)


def loudness_course(sound: Sound) -> Course:
    """Decibels every `HOP_SECONDS`, from the sound's beginning; silence at the floor of the dynamic range."""
    emphasised = sound.astype(np.float64)
    emphasised[1:] -= EMPHASIS * sound[:-1]
    total = np.concatenate([[0.0], np.cumsum(emphasised**2)])
    middles = np.arange(0, len(sound), round(HOP_SECONDS * SAMPLE_RATE))
    half = round(WINDOW_SECONDS / 2 * SAMPLE_RATE)
    first, last = np.clip(middles - half, 0, len(sound)), np.clip(middles + half, 0, len(sound))
    decibels = 10 * np.log10((total[last] - total[first]) / np.maximum(last - first, 1) + 1e-10)
    floored = np.maximum(decibels, np.percentile(decibels, 98) - DYNAMIC_DECIBELS)
    width = 2 * round(SMOOTHING_SECONDS / 2 / HOP_SECONDS) + 1
    bell = np.hanning(width + 2)[1:-1]
    return np.asarray(np.convolve(np.pad(floored, width // 2, mode="edge"), bell / bell.sum(), "valid"), float)


def fit_lips(course: LipCourse, loudness: Course, sync_seconds: float, rival_seconds: float) -> LipFit:
    """Correlates the mouth with the sound at every shift: where the two overlap, and also all around, the sound's end before its beginning.

    The score is the best fit within `sync_seconds` of no shift, in standard deviations above the fits beyond `rival_seconds`, and in
    addition by how much it beats the best of those. Sound brought forward or delayed has its own best fit among the rivals.
    """
    count = len(loudness)
    shifts = np.arange(count) - count // 2
    places = np.round(course.times / HOP_SECONDS).astype(int)[None, :] + shifts[:, None]
    heard, within = loudness[places % count], (places >= 0) & (places < count)
    overlapping = _fits(heard, course, within.astype(float))
    around = _fits(heard, course, np.ones(heard.shape))
    seconds = np.abs(shifts) * HOP_SECONDS
    near, far, enough = seconds <= sync_seconds, seconds >= rival_seconds, within.mean(axis=1) >= LEAST_OVERLAP
    rivals = np.concatenate([around[far], overlapping[far & enough]])
    if not (near & enough).any() or not len(rivals) or rivals.std() < 1e-9:
        return LipFit(0.0, 0.0)
    best = int(np.flatnonzero(near & enough)[overlapping[near & enough].argmax()])
    above = (overlapping[best] - rivals.mean()) / rivals.std()
    return LipFit(float(above + RIVAL_WEIGHT * (overlapping[best] - rivals.max())), float(shifts[best] * HOP_SECONDS))


def _fits(heard: Course, course: LipCourse, counted: Course) -> Course:
    return _correlations(heard, course.gap, counted) + MOTION_WEIGHT * _correlations(heard, course.motion, counted)


def _correlations(rows: Course, course: Course, counted: Course) -> Course:
    """Of each row with the course, over what is counted (1, else 0); 0 where either does not vary."""
    size = np.maximum(counted.sum(axis=1, keepdims=True), 1)
    rows_apart = (rows - (rows * counted).sum(axis=1, keepdims=True) / size) * counted
    course_apart = (course - (course * counted).sum(axis=1, keepdims=True) / size) * counted
    spread = np.sqrt((rows_apart**2).sum(axis=1) * (course_apart**2).sum(axis=1))
    return np.asarray(np.divide((rows_apart * course_apart).sum(axis=1), spread, out=np.zeros(len(rows)), where=spread > 1e-9), float)


_STILL = Bilingual(zh="画面中的嘴几乎没有张合。", en="The mouth in the picture hardly opens.")
_SEEN_TOO_LITTLE = Bilingual(zh="正面可见嘴部的画面太少。", en="Too few pictures show the mouth from the front.")
