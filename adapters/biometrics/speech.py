"""Hearing a code: SpeechRecognition's faster-whisper route with a model that stays loaded."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import speech_recognition
from faster_whisper import WhisperModel
from speech_recognition.recognizers.whisper_local.base import WhisperCompatibleRecognizer
from speech_recognition.recognizers.whisper_local.faster_whisper import TranscribableAdapter

from adapters.biometrics.packaged_models import prepare_whisper_base
from adapters.biometrics.sound import SAMPLE_RATE, Sound, as_pcm16
from adapters.biometrics.spoken_code import chinese_numerals
from domain.text import Language

PACKAGED = "packaged"

# Without these whisper can repeat itself for minutes on a short or empty recording.
BOUNDED = {"temperature": 0.0, "max_new_tokens": 16, "condition_on_previous_text": False, "without_timestamps": True}


class LoadedWhisperRecognizer(speech_recognition.Recognizer):  # type: ignore[misc]
    """A Recognizer whose `recognize_faster_whisper` keeps one model; the library's own loads it anew at each call."""

    def __init__(self, model: WhisperModel) -> None:
        super().__init__()
        self._route = WhisperCompatibleRecognizer(TranscribableAdapter(model))

    def recognize_faster_whisper(self, audio_data: speech_recognition.AudioData, **transcribe_options: Any) -> str:
        """The transcript of 16-bit mono sound; options are faster-whisper's own."""
        return str(self._route.recognize(audio_data, show_dict=False, **transcribe_options))


class CodeListener:
    """Transcribes a code read aloud."""

    def __init__(self, deepface_home: Path, speech_model: str, threads: int) -> None:
        """`speech_model`: `packaged`, or a size or folder that faster-whisper knows."""
        source = str(prepare_whisper_base(deepface_home)) if speech_model == PACKAGED else speech_model
        model = WhisperModel(source, device="cpu", compute_type="float32", cpu_threads=threads, num_workers=1)
        self.name = "whisper-base" if speech_model == PACKAGED else Path(speech_model).name
        self._recognizer = LoadedWhisperRecognizer(model)

    def transcribe(self, sound: Sound, code: str, language: Language) -> str:
        """What was said, as the engine writes it. `sound` is 16 kHz mono in -1..1; `code` only keeps the prompt away from it."""
        audio = speech_recognition.AudioData(as_pcm16(sound), SAMPLE_RATE, 2)
        prompt = prompt_avoiding(code, language)
        return self._recognizer.recognize_faster_whisper(audio, language=language, initial_prompt=prompt, **BOUNDED)

    def warm_up(self) -> float:
        """Run once on a quiet hum; returns the seconds it took."""
        began = time.perf_counter()
        hum = 0.01 * np.sin(np.arange(SAMPLE_RATE) / 20).astype(np.float32)
        self.transcribe(hum, "0000", "zh")
        return time.perf_counter() - began


def prompt_avoiding(code: str, language: Language) -> str | None:
    """A prompt that shows the form of a Mandarin code, with an example that shares no digit with `code` at any place.

    An engine that hears nothing may echo its prompt; the echo must never count as the code. English is heard better without.
    """
    if language == "en":
        return None
    examples = ("".join(str((int(digit) + shift) % 10) for digit in "3582") for shift in range(10))
    example = next(e for e in examples if all(a != b for a, b in zip(e, code, strict=False)))
    return f"验证码：{chinese_numerals(example)}。"
