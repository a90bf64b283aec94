"""Sound as the checks use it: 16 kHz, mono, float32 in -1..1."""

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000

Sound = NDArray[np.float32]

_WINDOW = SAMPLE_RATE // 50  # 20 ms
_UNDER_PEAK, _OVER_FLOOR = 10 ** (-22 / 20), 10 ** (4 / 20)  # of a window's level: what is speech, against the loudest and the room
_SHORTEST_SPEECH, _JOINED_GAP = 4, 8  # windows: a click is shorter; the closing of a t or k inside a word is not a pause


def as_pcm16(sound: Sound) -> bytes:
    """Little-endian 16-bit samples."""
    return (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()


def loudness(sound: Sound) -> float:
    """Root mean square of the loudest tenth of 20 ms windows, 0..1; 0 for no sound."""
    levels = np.sort(_levels(sound))
    if not len(levels):
        return 0.0
    return float(levels[-max(1, len(levels) // 10) :].mean())


def spoken_parts(sound: Sound) -> list[tuple[int, int]]:
    """Where somebody speaks, as samples from and to, in order: louder than the room by 4 dB and within 22 dB of the loudest.

    Pauses under 160 ms are inside a part; parts under 80 ms are left out. Digits read fast run into one part.
    """
    levels = _levels(sound)
    if not len(levels):
        return []
    loudest, room = np.percentile(levels, 97), np.percentile(levels, 10)
    if loudest < room * _OVER_FLOOR:
        return []
    speaks = np.flatnonzero(levels > max(loudest * _UNDER_PEAK, room * _OVER_FLOOR))
    parts = np.split(speaks, np.flatnonzero(np.diff(speaks) > _JOINED_GAP) + 1)
    return [(int(part[0]) * _WINDOW, (int(part[-1]) + 1) * _WINDOW) for part in parts if len(part) >= _SHORTEST_SPEECH]


def shorten_pauses(sound: Sound, longest_seconds: float) -> Sound:
    """The sound with no pause longer than `longest_seconds`; half of that before the first word and after the last.

    Of a long pause its middle goes, so that onsets and ends stay. Sound in which nobody is found to speak is returned whole.
    """
    parts = spoken_parts(sound)
    if not parts:
        return sound
    margin = round(longest_seconds / 2 * SAMPLE_RATE)
    kept: list[list[int]] = []
    for start, end in parts:
        begin = max(0, start - margin)
        if kept and begin <= kept[-1][1]:
            kept[-1][1] = end + margin
        else:
            kept.append([begin, end + margin])
    return np.concatenate([sound[begin:end] for begin, end in kept])


def last_parts(sound: Sound, count: int) -> Sound | None:
    """What was said last, from the start of the last `count` spoken parts on; None where there are no more than these."""
    parts = spoken_parts(sound)
    if len(parts) <= count:
        return None
    return sound[(parts[-count - 1][1] + parts[-count][0]) // 2 :]


def _levels(sound: Sound) -> NDArray[np.float64]:
    """Root mean square of each 20 ms window."""
    whole = sound[: len(sound) // _WINDOW * _WINDOW].reshape(-1, _WINDOW).astype(np.float64)
    return np.sqrt(np.mean(whole**2, axis=1)) if len(whole) else np.empty(0)
