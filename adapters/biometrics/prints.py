"""What a clip is known by when it comes again: the course of its sound and of its picture, and how alike two courses are.

The sound's course is its loudness in eight bands, 25 times a second; the picture's is light and movement in a grid of 4 x 4 cells, ten
times a second. Neither holds a face, a voice or a word that could be had back from it.
"""

import hashlib
import itertools
import struct
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from adapters.biometrics.clip import Clip
from adapters.biometrics.sound import SAMPLE_RATE, Sound
from domain.identity import Prints

Course = NDArray[np.float32]  # shape (channels, moments)

SOUND_RATE, BANDS, LOWEST_HZ, HIGHEST_HZ = 25, 8, 150.0, 5000.0
WINDOW = 1280  # samples: two steps, so that a shift by half a step still sees the same sound
SOUND_RANGE_DB, MIN_SOUND_SPREAD_DB, QUIET_DB = 24.0, 2.0, -52.0
PICTURE_RATE, GRID, FINE = 10, 4, 8  # FINE: pixels of a cell's side while movement is measured
MIN_PICTURE_SPREAD = 0.004  # of a cell's light, relative to the picture's; less is a camera's noise
SOUND_STEP, PICTURE_STEP = SOUND_RANGE_DB / 127, 1 / 24
MIN_OVERLAP_SECONDS, MIN_OVERLAP_SHARE, MIN_EVENTFUL_SHARE = 2.0, 0.5, 0.3
_FORMAT = 1  # the first byte; prints of another format never match


def make_prints(clip: Clip, data: bytes) -> Prints:
    """Of a clip and the file it was opened from. Silence and a picture in which nothing moves have an empty course."""
    return Prints(hashlib.sha256(data).hexdigest(), sound_print(clip.sound), picture_print(clip))


def sound_print(sound: Sound | None) -> bytes:
    """One byte a band and moment: decibels under the loudest moment, in steps."""
    if sound is None or len(sound) < SAMPLE_RATE:
        return b""
    step = SAMPLE_RATE // SOUND_RATE
    windows = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::step]
    power = np.abs(np.fft.rfft(windows * np.hanning(WINDOW).astype(np.float32), axis=1)) ** 2 / WINDOW
    bands = power.astype(np.float32) @ _band_weights()
    levels = 10 * np.log10(bands.T + 1e-10)
    loudest = float(np.percentile(levels, 99.5))
    levels = np.clip(levels - loudest, -SOUND_RANGE_DB, 0)
    if loudest < QUIET_DB or float(levels.std(axis=1).mean()) < MIN_SOUND_SPREAD_DB:
        return b""
    return _packed(levels, SOUND_STEP)


@lru_cache(maxsize=1)
def _band_weights() -> NDArray[np.float32]:
    """(frequencies, BANDS): which band a frequency belongs to; edges are evenly spaced in pitch."""
    frequencies = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)
    edges = np.geomspace(LOWEST_HZ, HIGHEST_HZ, BANDS + 1)
    bands = [(low <= frequencies) & (frequencies < high) for low, high in itertools.pairwise(edges)]
    return np.stack(bands, 1).astype(np.float32)


def picture_print(clip: Clip) -> bytes:
    """One byte a channel and moment: each cell's light relative to the whole picture's, then its movement; each group in its own steps."""
    side = GRID * FINE
    small = np.stack([cv2.resize(cv2.cvtColor(f, cv2.COLOR_RGB2GRAY), (side, side), interpolation=cv2.INTER_AREA) for f in clip.frames])
    light = small.astype(np.float32) + 1
    light /= light.mean(axis=(1, 2), keepdims=True)
    cells = _by_cell(light)
    times = np.asarray(clip.times)
    if times[-1] - times[0] < 1:
        return b""
    light_course = _sampled(cells, times)
    if float(light_course.std(axis=1).max()) < MIN_PICTURE_SPREAD:
        return b""
    speed = np.abs(np.diff(light, axis=0)) / np.diff(times)[:, None, None]
    movement = _sampled(_by_cell(speed.astype(np.float32)), (times[1:] + times[:-1]) / 2)
    movement = np.pad(movement, ((0, 0), (0, light_course.shape[1])), mode="edge")[:, : light_course.shape[1]]
    return _packed(np.concatenate([_in_spreads(light_course), _in_spreads(movement)]), PICTURE_STEP)


def _sampled(cells: Course, times: NDArray[np.float64]) -> Course:
    """At `PICTURE_RATE`, each moment the mean of the tenths around it: a course must look the same wherever its sampling begins."""
    moments = np.arange(times[0], times[-1], 1 / (4 * PICTURE_RATE))
    window = np.hanning(11)[1:-1]
    fine = np.stack([np.interp(moments, times, cell) for cell in cells])
    smooth = np.stack([np.convolve(np.pad(course, 4, mode="edge"), window / window.sum(), "valid") for course in fine])
    return np.asarray(smooth[:, ::4], np.float32)


def _by_cell(pictures: Course) -> Course:
    """(GRID * GRID, moments): the mean of each cell."""
    cells = pictures.reshape(len(pictures), GRID, FINE, GRID, FINE).mean(axis=(2, 4))
    return np.asarray(cells.reshape(len(pictures), GRID * GRID).T, np.float32)


def _in_spreads(course: Course) -> Course:
    """About each channel's mean, in units of the liveliest channel's standard deviation: a still corner stays small."""
    about = course - course.mean(axis=1, keepdims=True)
    return np.asarray(about / max(float(about.std(axis=1).max()), 1e-6), np.float32)


def sound_likeness(one: bytes, other: bytes) -> float:
    """Of two sound prints, 0..1. Silence is like nothing, not even silence."""
    courses = unpacked(one), unpacked(other)
    if courses[0] is None or courses[1] is None:
        return 0.0
    # Rises and falls, not levels: two people who read four digits at one pace are loud and quiet alike, but never so in every step.
    return max(likeness(np.diff(a), np.diff(b), SOUND_RATE) for a, b in _at_half_steps(courses[0], courses[1]))


def picture_likeness(one: bytes, other: bytes) -> float:
    """Of two picture prints, 0..1, also where one is mirrored. A still is like nothing."""
    courses = unpacked(one), unpacked(other)
    if courses[0] is None or courses[1] is None:
        return 0.0
    pairs = [pair for seen in (courses[1], _mirrored(courses[1])) for pair in _at_half_steps(courses[0], seen)]
    return max(likeness(np.diff(a), np.diff(b), PICTURE_RATE) for a, b in pairs)


def _at_half_steps(one: Course, other: Course) -> list[tuple[Course, Course]]:
    """As they are, and `other` half a step later, both smoothed alike: a clip cut anywhere falls between the moments of the first print."""
    return [(one, other), (_between(one), _between(_between(other)))]


def _between(course: Course) -> Course:
    return np.asarray((course[:, 1:] + course[:, :-1]) / 2, np.float32)


def _mirrored(course: Course) -> Course:
    return np.ascontiguousarray(course.reshape(-1, GRID, GRID, course.shape[1])[:, :, ::-1].reshape(course.shape))


def likeness(one: Course, other: Course, rate: int) -> float:
    """The highest correlation of two courses over all shifts that leave enough of them to compare: 1 the same, 0 unrelated.

    Each channel counts about its mean over the stretch compared, so that loudness and brightness do not matter.
    """
    short = min(one.shape[1], other.shape[1])
    least = max(round(MIN_OVERLAP_SECONDS * rate), round(MIN_OVERLAP_SHARE * short))
    if short < least:
        return 0.0
    size = 1 << (one.shape[1] + other.shape[1]).bit_length()
    lags = np.arange(least - other.shape[1], one.shape[1] - least + 1)  # other[0] lies on one[lag]
    begin, end = np.maximum(lags, 0), np.minimum(lags + other.shape[1], one.shape[1])
    count = (end - begin).astype(np.float64)
    sums, squares = zip(*(_running(course) for course in (one, other)), strict=True)
    crossed = np.fft.irfft((np.fft.rfft(one, size) * np.fft.rfft(other, size).conj()).sum(axis=0), size)[lags % size]
    mean_one, mean_other = sums[0][:, end] - sums[0][:, begin], sums[1][:, end - lags] - sums[1][:, begin - lags]
    about = crossed - (mean_one * mean_other).sum(axis=0) / count
    spread_one = squares[0][end] - squares[0][begin] - (mean_one**2).sum(axis=0) / count
    spread_other = squares[1][end - lags] - squares[1][begin - lags] - (mean_other**2).sum(axis=0) / count
    # A stretch in which little happens resembles every other such stretch.
    eventful = (spread_one > _least_spread(one) * count) & (spread_other > _least_spread(other) * count)
    if not eventful.any():
        return 0.0
    return float((about[eventful] / np.sqrt(spread_one[eventful] * spread_other[eventful])).max())


def _least_spread(course: Course) -> float:
    return max(MIN_EVENTFUL_SHARE * float(course.var(axis=1).sum()), 1e-6)


def _running(course: Course) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums of each channel, and of all squares, up to each moment."""
    sums = np.pad(np.cumsum(course, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    return sums, np.pad(np.cumsum((course.astype(np.float64) ** 2).sum(axis=0)), (1, 0))


def _packed(course: Course, step: float) -> bytes:
    levels = np.clip(np.round(course / step), -127, 127).astype(np.int8)
    return struct.pack(">BB", _FORMAT, len(course)) + levels.tobytes()


def unpacked(course: bytes) -> Course | None:
    """Up to a scale; None for an empty course, or one of another format."""
    if len(course) < 3 or course[0] != _FORMAT or not course[1]:
        return None
    levels = np.frombuffer(course, np.int8, offset=2)
    return levels[: len(levels) // course[1] * course[1]].reshape(course[1], -1).astype(np.float32)
