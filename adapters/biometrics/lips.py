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
WINDOW_SECONDS, SMOOTHING_SECONDS = 0.032, 0.12
STEADIED_SECONDS = 0.05  # standard deviation of the bell that evens out the motion from frame to frame
SPECTRUM = 512  # samples
VOICE_BANDS = ((300, 900), (900, 2000), (2000, 4000))  # Hz: what an open mouth lets out; rooms and cars hum below
DYNAMIC_DECIBELS = 40.0  # under the loudest of a band, all is silence
LEAST_VARIATION = 1.0  # decibels, standard deviation: less is a tone or hiss, and nobody's speech

# Points of the mesh.
FOREHEAD, CHIN, NOSE_BASE = 10, 152, 1
RIGHT_SIDE, LEFT_SIDE, RIGHT_EYE, LEFT_EYE = 234, 454, 33, 263
UPPER_LIP, LOWER_LIP, INNER_CORNERS, OUTER_CORNERS = 13, 14, (78, 308), (61, 291)
INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
# Brow, eyes, nose and upper cheeks: what speaking does not move.
STILL_POINTS = (10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 33, 133, 263, 362, 127, 356, 234, 454, 93, 323, 116, 345, 50, 280, 21, 251,
                54, 284, 103, 332, 67, 297, 109, 338, 70, 300, 63, 293, 105, 334, 66, 296, 107, 336)  # fmt: skip
MOUTH_WIDTH, MOUTH_HEIGHT = 40, 32  # pixels of the levelled picture of the mouth
MOUTH_SHARE = 0.42  # its width, in heights of the face
LOWER_FROM = 16  # its rows from here on are the lower lip and the chin: the upper lip hardly moves

# Chosen on 21 clips of real people and their pieces; docs/identity.md has the figures, which other weights near these hardly change.
GAP_WEIGHT, JAW_WEIGHT, MOTION_WEIGHT = 0.2, 0.2, 0.6
FRAMES_AS_ONE = 2.0  # neighbouring frames tell the same: so many count as one
HIGHEST_FIT = 0.97
LEAST_SPREAD = 1e-5  # decibels times heights of the face: less is rounding
LEAST_OVERLAP = 0.6  # of the frames, for a shift of sound against picture without wrapping round


@dataclass(frozen=True)
class LipCourse:
    """What the mouth does in each frame, seen as if the head never turned: `times` in seconds, `opening` (height over width of the gap),
    `gap` (square root of its area) and `jaw` (nose to chin), both in heights of the face, `motion` (mean change of the lower lip's picture
    since the frame before, evened out). `weight` 0..1: how much the frame counts; less the further the head is turned away."""

    times: Course
    opening: Course
    gap: Course
    jaw: Course
    motion: Course
    weight: Course


@dataclass(frozen=True)
class LipFit:
    """`score`: logarithm of how much likelier sound and mouth belong together as they are than at another shift; about 0 or less for
    another mouth's sound. `late_seconds`: of the sound, where it fits best."""

    score: float
    late_seconds: float


def check_lips(track: FaceTrack, sound: Sound | None, policy: Policy) -> CheckResult:
    """`sound` on the same clock as the track's times."""
    limits = policy.lips
    if sound is None or len(sound) < SAMPLE_RATE or not np.any(sound):
        return CheckResult(name="lips", passed=False, threshold=limits.least_score, reason=NO_SOUND)
    course = lip_course(track, limits.front_degrees)
    if course.weight.sum() < limits.least_frames:
        return CheckResult(name="lips", passed=False, threshold=limits.least_score, reason=LIPS_HIDDEN, note=_SEEN_TOO_LITTLE)
    return judge_lips(opening_spread(course), fit_lips(course, voice_course(sound), limits.sync_seconds, limits.rival_seconds), limits)


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
    """A frame in which the head is turned by `front_degrees` from where it mostly is counts half."""
    places = [place for place, seen in enumerate(track.seen) if seen is not None]
    known = [seen for seen in track.seen if seen is not None]
    if not known:
        return LipCourse(*(np.zeros(0) for _ in range(6)))
    yaws = np.array([_yaw(seen) for seen in known])
    upright = _upright(known[int(np.abs(yaws).argmin())])
    points = np.stack([seen.points[:, :2] for seen in known]).astype(float)
    laid = _onto(points, upright)
    mouths = _freed_of_light(np.stack([_mouth(track.frames[place], into, upright) for place, into in zip(places, laid, strict=True)]))
    follows = np.flatnonzero(np.diff(places) == 1) + 1  # motion takes two frames
    times = np.array([track.times[places[n]] for n in follows], float)
    opening, gap, jaw = _shapes(points[follows] @ laid[follows, :, :2].transpose(0, 2, 1) + laid[follows, None, :, 2])
    motion = _steadied(np.abs(mouths[follows] - mouths[follows - 1]).mean(axis=(1, 2)), times)
    away = yaws[follows] - np.median(yaws)
    return LipCourse(times, opening, gap, jaw, motion, 1 / (1 + (away / front_degrees) ** 2))


def _steadied(course: Course, times: Course) -> Course:
    near = np.exp(-(((times[:, None] - times) / STEADIED_SECONDS) ** 2) / 2)
    return np.asarray(near @ course / near.sum(axis=1), float)


def opening_spread(course: LipCourse) -> float:
    """Weighted standard deviation of the gap's height over its width."""
    mean = np.average(course.opening, weights=course.weight)
    return float(np.sqrt(np.average((course.opening - mean) ** 2, weights=course.weight)))


def _yaw(seen: MeshSeen) -> float:
    across = seen.points[LEFT_SIDE] - seen.points[RIGHT_SIDE]
    return float(np.degrees(np.arctan2(across[2], np.hypot(across[0], across[1]))))


def _upright(seen: MeshSeen) -> Course:
    """The mesh, (468, 2), with the eyes level and the face's height for a unit."""
    points = seen.points[:, :2].astype(float)
    across = points[LEFT_EYE] - points[RIGHT_EYE]
    angle = np.arctan2(across[1], across[0])
    level = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.asarray(points @ level.T / max(float(np.hypot(*(points[CHIN] - points[FOREHEAD]))), 1.0), float)


def _onto(points: Course, upright: Course) -> Course:
    """The affine maps (n, 2, 3) that lay each frame's face, (n, 468, 2), over the upright one, by the points that do not speak.

    They undo turns as well: on the front of a face a turn is a narrowing.
    """
    chosen = list(STILL_POINTS)
    terms = np.concatenate([points[:, chosen], np.ones((len(points), len(chosen), 1))], axis=2)
    across = terms.transpose(0, 2, 1)
    return np.asarray(np.linalg.solve(across @ terms, across @ upright[chosen]).transpose(0, 2, 1), float)


def _shapes(points: Course) -> tuple[Course, Course, Course]:
    """Opening, gap and jaw of upright faces (n, 468, 2)."""
    width = np.linalg.norm(points[:, INNER_CORNERS[1]] - points[:, INNER_CORNERS[0]], axis=1)
    opening = np.linalg.norm(points[:, LOWER_LIP] - points[:, UPPER_LIP], axis=1) / np.maximum(width, 1e-6)
    x, y = points[:, list(INNER_LIPS)].transpose(2, 0, 1)
    area = np.abs((x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1)) / 2
    return opening, np.sqrt(area), points[:, CHIN, 1] - points[:, NOSE_BASE, 1]


def _mouth(frame: Picture, into: Course, upright: Course) -> NDArray[np.float32]:
    """The mouth's brightness, laid over the upright face, (MOUTH_HEIGHT, MOUTH_WIDTH)."""
    scale = MOUTH_WIDTH / MOUTH_SHARE
    placed = scale * into
    placed[:, 2] += (MOUTH_WIDTH / 2, MOUTH_HEIGHT / 2) - scale * (upright[OUTER_CORNERS[0]] + upright[OUTER_CORNERS[1]]) / 2
    grey = cv2.cvtColor(cv2.warpAffine(frame, placed, (MOUTH_WIDTH, MOUTH_HEIGHT), flags=cv2.INTER_LINEAR), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1), np.float32)


def _freed_of_light(mouths: NDArray[np.float32]) -> NDArray[np.float32]:
    """The lower rows of each, over the contrast of the whole."""
    spread = mouths.std(axis=(1, 2), keepdims=True) + np.float32(5)
    return np.asarray((mouths[:, LOWER_FROM:] - mouths.mean(axis=(1, 2), keepdims=True)) / spread, np.float32)


def voice_course(sound: Sound) -> Course:
    """How loud a voice is, in decibels every `HOP_SECONDS` from the sound's beginning: the mean of bands, each floored in silence."""
    window = round(WINDOW_SECONDS * SAMPLE_RATE)
    padded = np.pad(sound, (window // 2, window)).astype(np.float32)
    pieces = np.lib.stride_tricks.sliding_window_view(padded, window)[: len(sound) : round(HOP_SECONDS * SAMPLE_RATE)]
    power = np.abs(np.fft.rfft(pieces * np.hanning(window).astype(np.float32), SPECTRUM)) ** 2
    pitches = np.fft.rfftfreq(SPECTRUM, 1 / SAMPLE_RATE)
    bands = [power[:, (pitches >= low) & (pitches < high)].sum(axis=1) for low, high in VOICE_BANDS]
    return np.asarray(np.mean([_smoothed(_floored(10 * np.log10(band + 1e-7))) for band in bands], axis=0), float)


def _floored(decibels: Course) -> Course:
    return np.asarray(np.maximum(decibels, np.percentile(decibels, 98) - DYNAMIC_DECIBELS), float)


def _smoothed(course: Course) -> Course:
    width = 2 * round(SMOOTHING_SECONDS / 2 / HOP_SECONDS) + 1
    bell = np.hanning(width + 2)[1:-1]
    return np.asarray(np.convolve(np.pad(course, width // 2, mode="edge"), bell / bell.sum(), "valid"), float)


def fit_lips(course: LipCourse, voice: Course, sync_seconds: float, rival_seconds: float) -> LipFit:
    """Correlates the mouth with the voice at every shift: where the two overlap, and also all around, the sound's end before its beginning.

    A correlation r over n independent frames makes it (1 - r²)^(-n/2) times likelier that the mouth made this sound. The score compares
    that within `sync_seconds` of no shift with that beyond `rival_seconds`, each averaged: sound brought forward or delayed has its own
    best fit among the rivals, and the longer the clip, the surer either way.
    """
    count = len(voice)
    if voice.std() < LEAST_VARIATION:
        return LipFit(0.0, 0.0)
    shifts = np.arange(count) - count // 2
    places = np.round(course.times / HOP_SECONDS).astype(int)[None, :] + shifts[:, None]
    heard, within = voice[places % count], (places >= 0) & (places < count)
    share = (within * course.weight).sum(axis=1) / course.weight.sum()
    overlapping, around = _fits(heard, course, within * course.weight), _fits(heard, course, np.broadcast_to(course.weight, heard.shape))
    seconds = np.abs(shifts) * HOP_SECONDS
    enough = share >= LEAST_OVERLAP
    near, far = (seconds <= sync_seconds + 1e-9) & enough, seconds >= rival_seconds - 1e-9
    if not near.any() or not far.any():
        return LipFit(0.0, 0.0)
    best = int(np.flatnonzero(near)[overlapping[near].argmax()])
    own, rivals = overlapping[near], np.concatenate([around[far], overlapping[far & enough]])
    frames = float(course.weight.sum()) / FRAMES_AS_ONE
    return LipFit(_likelihood(own, frames) - _likelihood(rivals, frames), float(shifts[best] * HOP_SECONDS))


def _fits(heard: Course, course: LipCourse, weight: Course) -> Course:
    return (
        GAP_WEIGHT * _correlations(heard, course.gap, weight)
        + JAW_WEIGHT * _correlations(heard, course.jaw, weight)
        + MOTION_WEIGHT * _correlations(heard, course.motion, weight)
    )


def _likelihood(fits: Course, frames: float) -> float:
    """Logarithm of the mean likelihood; a mouth that closes when the voice is loud tells nothing."""
    logs = -frames / 2 * np.log(1 - np.clip(fits, 0, HIGHEST_FIT) ** 2)
    return float(np.logaddexp.reduce(logs) - np.log(len(logs)))


def _correlations(rows: Course, course: Course, weight: Course) -> Course:
    """Of each row with the course, weighted likewise; 0 where either does not vary."""
    course, rows = course - course.mean(), rows - rows.mean()
    size = np.maximum(weight.sum(axis=1), 1e-9)
    row_means, course_means = (rows * weight).sum(axis=1) / size, weight @ course / size
    both = (rows * weight) @ course / size - row_means * course_means
    row_spread = (rows**2 * weight).sum(axis=1) / size - row_means**2
    spread = np.sqrt(np.maximum(row_spread, 0) * np.maximum(weight @ course**2 / size - course_means**2, 0))
    return np.asarray(np.divide(both, spread, out=np.zeros(len(rows)), where=spread > LEAST_SPREAD), float)


_STILL = Bilingual(zh="画面中的嘴几乎没有张合。", en="The mouth in the picture hardly opens.")
_SEEN_TOO_LITTLE = Bilingual(zh="正面可见嘴部的画面太少。", en="Too few pictures show the mouth from the front.")
