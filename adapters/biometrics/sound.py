"""Sound as the checks use it: 16 kHz, mono, float32 in -1..1."""

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000

Sound = NDArray[np.float32]


def as_pcm16(sound: Sound) -> bytes:
    """Little-endian 16-bit samples."""
    return (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()


def loudness(sound: Sound) -> float:
    """Root mean square of the loudest tenth of 20 ms windows, 0..1; 0 for no sound."""
    window = SAMPLE_RATE // 50
    whole = sound[: len(sound) // window * window].reshape(-1, window)
    if not len(whole):
        return 0.0
    levels = np.sort(np.sqrt(np.mean(whole**2, axis=1)))
    return float(levels[-max(1, len(levels) // 10) :].mean())
