"""A clip's sound as it is decoded, placed by its time stamps: gaps become silence, channels one, and the rate 16 kHz."""

import itertools
import math

import av
import numpy as np
from numpy.typing import NDArray

from adapters.biometrics.containers import UnusableClip
from adapters.biometrics.sound import SAMPLE_RATE, Sound

# A file may claim any rate: turning one sample a second into 16,000 fills memory.
MIN_RATE, MAX_RATE, MAX_CHANNELS = 8_000, 192_000, 8
GAP_SECONDS = 0.04  # two packets of a phone; shorter ones are the encoder's rounding


class SoundTrack:
    """Collects decoded pieces; `samples` gives them as one."""

    def __init__(self, max_seconds: float) -> None:
        self._max_seconds = max_seconds
        self._pieces: list[tuple[int, NDArray[np.float32]]] = []  # rate, mono samples
        self.first = 0.0
        self.seconds = 0.0

    def add(self, frame: av.AudioFrame) -> None:
        """Raises: UnusableClip for a rate that no microphone has, or more than `max_seconds` in all."""
        if not MIN_RATE <= frame.sample_rate <= MAX_RATE or not 1 <= frame.layout.nb_channels <= MAX_CHANNELS:
            raise UnusableClip("codec")
        if frame.samples == 0:
            return
        stamp = frame.time
        if not self._pieces and stamp is not None and math.isfinite(stamp):
            self.first = float(stamp)
        if stamp is not None and math.isfinite(stamp):
            self._fill_gap(float(stamp) - self.first - self.seconds, frame.sample_rate)
        self._append(frame.sample_rate, _mono(frame))

    def samples(self) -> Sound | None:
        """At 16 kHz from `first` on; None when nothing was added."""
        if not self._pieces:
            return None
        runs = itertools.groupby(self._pieces, key=lambda piece: piece[0])
        return np.concatenate([_resampled(_sane(np.concatenate([samples for _, samples in run])), rate) for rate, run in runs])

    def _fill_gap(self, seconds: float, rate: int) -> None:
        if seconds <= GAP_SECONDS:
            return
        if self.seconds + seconds > self._max_seconds:
            raise UnusableClip("too_long")
        self._append(rate, np.zeros(round(seconds * rate), np.float32))

    def _append(self, rate: int, samples: NDArray[np.float32]) -> None:
        self._pieces.append((rate, samples))
        self.seconds += len(samples) / rate
        if self.seconds > self._max_seconds:
            raise UnusableClip("too_long")


def _mono(frame: av.AudioFrame) -> NDArray[np.float32]:
    values = frame.to_ndarray()
    by_channel = values if frame.format.is_planar else values.reshape(-1, frame.layout.nb_channels).T
    mono = by_channel[0] if len(by_channel) == 1 else by_channel.mean(axis=0)
    return np.asarray(mono / np.float32(32768) if values.dtype == np.int16 else mono, np.float32)


def _sane(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Within -1..1: damaged packets decode to anything."""
    return np.clip(np.nan_to_num(samples), -1, 1)


def _resampled(samples: NDArray[np.float32], rate: int) -> Sound:
    if rate == SAMPLE_RATE:
        return samples
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
    frame.sample_rate = rate
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    pieces = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([piece.to_ndarray().reshape(-1) for piece in pieces] or [np.zeros(0, np.float32)]).astype(np.float32)
