"""Digits read aloud by espeak-ng, the engine and voice that `espeakng-loader` ships."""

import ctypes
import threading
from functools import cache
from typing import Literal

import espeakng_loader
import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

WORDS = {"en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), "zh": tuple("零一二三四五六七八九")}
VOICES = {"en": "en-us", "zh": "cmn"}
SPEED, PITCH, PITCH_RANGE = 130, 50, 50  # words a minute; 0..100
PAUSE_SECONDS = 0.25
LOUDEST = 0.6

_RETRIEVAL, _POSITION_CHARACTER, _UTF8, _SSML = 1, 1, 1, 0x10
_RATE, _VOLUME, _PITCH, _RANGE, _WORD_GAP = 1, 2, 3, 4, 7
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

# espeak-ng is one engine per process, with global state.
_lock = threading.Lock()
_heard: list[bytes] = []


def _collect(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int | None) -> int:
    if samples and count > 0:
        _heard.append(ctypes.string_at(samples, 2 * count))
    return 0


_callback = _CALLBACK(_collect)  # kept: the library calls it long after this line


@cache
def _engine() -> tuple[ctypes.CDLL, int]:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(_RETRIEVAL, 0, espeakng_loader.get_data_path().encode(), 0)
    if rate <= 0:
        raise RuntimeError("The speech engine of espeakng-loader does not start.")
    library.espeak_SetSynthCallback(_callback)
    return library, rate


def speak(text: str, voice: str, *, words_per_minute: int, pitch: int, pitch_range: int) -> tuple[NDArray[np.float32], int]:
    """Synthesise; returns mono samples in -1..1 and their rate in Hz. Pitch and range are 0..100."""
    with _lock:
        library, rate = _engine()
        _heard.clear()
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}.")
        for parameter, value in ((_RATE, words_per_minute), (_VOLUME, 90), (_PITCH, pitch), (_RANGE, pitch_range)):
            library.espeak_SetParameter(parameter, value, 0)
        data = text.encode() + b"\0"
        library.espeak_Synth(data, len(data), 0, _POSITION_CHARACTER, 0, _UTF8 | _SSML, None, None)
        library.espeak_Synchronize()
        samples = np.frombuffer(b"".join(_heard), dtype="<i2").astype(np.float32) / np.float32(32768)
        _heard.clear()
    return samples, rate


def read_code(code: str, language: Literal["zh", "en"], rate: int) -> NDArray[np.float32]:
    """The digits of `code`, one by one with a pause after each; mono samples in -1..1 at `rate` Hz."""
    pause = np.zeros(round(rate * PAUSE_SECONDS), np.float32)
    words = [part for digit in code for part in (_word(digit, language, rate), pause)]
    reading = np.concatenate(words[:-1])
    return np.asarray(LOUDEST * reading / np.abs(reading).max(), np.float32)


def _word(digit: str, language: Literal["zh", "en"], rate: int) -> NDArray[np.float32]:
    samples, own_rate = speak(WORDS[language][int(digit)], VOICES[language], words_per_minute=SPEED, pitch=PITCH, pitch_range=PITCH_RANGE)
    audible = np.flatnonzero(np.abs(samples) > 0.005)
    samples = samples[max(0, audible[0] - own_rate // 100) : audible[-1] + own_rate // 50]
    return np.asarray(resample_poly(samples, rate, own_rate), np.float32)
