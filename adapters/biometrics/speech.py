"""Hearing a code: SpeechRecognition's faster-whisper route with a model that stays loaded, and the odds of each digit at its place."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import speech_recognition
from faster_whisper import WhisperModel
from numpy.typing import NDArray
from scipy.signal import resample_poly
from speech_recognition.recognizers.whisper_local.base import WhisperCompatibleRecognizer
from speech_recognition.recognizers.whisper_local.faster_whisper import TranscribableAdapter

from adapters.biometrics import reasons
from adapters.biometrics.code_scoring import Hearing, Odds, Weighed, check_code, pooled
from adapters.biometrics.packaged_models import prepare_whisper_base
from adapters.biometrics.policy import CodePolicy
from adapters.biometrics.sound import SAMPLE_RATE, Sound, as_pcm16, last_parts, loudness, shorten_pauses
from adapters.biometrics.spoken_code import chinese_numerals, heard_digits, wrong_digits
from domain.identity import CheckResult
from domain.text import Bilingual, Language

PACKAGED = "packaged"

# Less than half of float32's time; on 24 Mandarin readings no code more was lost (within the policy: float32 23, int8 24).
COMPUTE_TYPE = "int8"

# Without these whisper can repeat itself for minutes on a short or empty recording.
BOUNDED = {"beam_size": 1, "temperature": 0.0, "condition_on_previous_text": False, "without_timestamps": True}
TOKENS_A_DIGIT = 3  # with a comma, or after a word

LONGEST_PAUSE_SECONDS = 0.5
SILENCE_SECONDS = 3
# Where the transcript is not enough the sound is weighed at its own pace, a tenth slower and a tenth faster: what an engine mishears in
# one is often clear in another. On 144 Mandarin codes in noise of 10 dB, at one rate of neighbours passing, 94 % became 97 %.
OTHER_PACES = ((11, 10), (10, 11))
SILENCE_AFTER_SECONDS = 2.0  # an engine cut off at the last digit often leaves it out


class LoadedWhisperRecognizer(speech_recognition.Recognizer):  # type: ignore[misc]
    """A Recognizer whose `recognize_faster_whisper` keeps one model; the library's own loads it anew at each call."""

    def __init__(self, model: WhisperModel) -> None:
        super().__init__()
        self._route = WhisperCompatibleRecognizer(TranscribableAdapter(model))

    def recognize_faster_whisper(self, audio_data: speech_recognition.AudioData, **transcribe_options: Any) -> str:
        """The transcript of 16-bit mono sound; options are faster-whisper's own."""
        return str(self._route.recognize(audio_data, show_dict=False, **transcribe_options))


class CodeListener:
    """Says whether a code was read aloud. One sound at a time; a second caller waits."""

    def __init__(self, deepface_home: Path, speech_model: str, threads: int) -> None:
        """`speech_model`: `packaged`, or a size or folder that faster-whisper knows."""
        source = str(prepare_whisper_base(deepface_home)) if speech_model == PACKAGED else speech_model
        self._model = _SpokenWindowModel(source, device="cpu", compute_type=COMPUTE_TYPE, cpu_threads=threads, num_workers=1)
        self.name = "whisper-base" if speech_model == PACKAGED else Path(speech_model).name
        self._recognizer = LoadedWhisperRecognizer(self._model)
        self._silence = self._model.encode(self._model.feature_extractor(np.zeros(SILENCE_SECONDS * SAMPLE_RATE, np.float32), padding=0))
        self._in_use = threading.Lock()

    def check(self, sound: Sound | None, code: str, language: Language, policy: CodePolicy) -> CheckResult:
        """The check `code`. `sound`: 16 kHz mono in -1..1, None where the clip has none; `code`: one digit or more.

        Where the transcript alone is enough (`policy.wrong_digits`) the digits are not weighed one by one.
        """
        if sound is None or loudness(sound) < policy.quiet:
            return CheckResult(name="code", passed=False, threshold=policy.least_shortfall, reason=reasons.NO_SOUND, note=_SILENT)
        spoken = shorten_pauses(sound, LONGEST_PAUSE_SECONDS)
        with self._in_use:
            answer = check_code(self._hear(spoken, code, language, policy), code, policy)
            if answer.passed:
                return answer
            # People stumble and begin again: as many words as the code has digits, the last ones, are heard once more.
            begun_again = last_parts(spoken, len(code))
            if begun_again is None:
                return answer
            again = check_code(self._hear(begun_again, code, language, policy), code, policy)
            return again if again.passed else answer

    def warm_up(self) -> float:
        """Run once on a quiet hum; returns the seconds it took."""
        began = time.perf_counter()
        hum = 0.01 * np.sin(np.arange(SAMPLE_RATE) / 20).astype(np.float32)
        with self._in_use:
            self._transcribe(hum, "0000", "zh")
            self._odds(self._model.encoded, "0000", "zh")
        return time.perf_counter() - began

    def _hear(self, sound: Sound, code: str, language: Language, policy: CodePolicy) -> Hearing:
        wrong = wrong_digits(code, heard_digits(self._transcribe(sound, code, language), len(code)))
        if wrong <= policy.wrong_digits:
            return Hearing(wrong)
        encoded = [self._model.encoded]
        encoded += [self._encode(np.asarray(resample_poly(sound, up, down), np.float32)) for up, down in OTHER_PACES]
        weighed = pooled([self._odds(one, code, language) for one in encoded])
        return Hearing(wrong, Weighed(weighed, self._odds(self._silence, code, language)))

    def _encode(self, sound: Sound) -> Any:
        return self._model.encode(self._model.feature_extractor(_with_silence_after(sound), padding=0))

    def _transcribe(self, sound: Sound, code: str, language: Language) -> str:
        """What was said, as the engine writes it; `code` only keeps the prompt away from it."""
        return self._recognizer.recognize_faster_whisper(
            speech_recognition.AudioData(as_pcm16(_with_silence_after(sound)), SAMPLE_RATE, 2),
            language=language, initial_prompt=prompt_avoiding(code, language), max_new_tokens=TOKENS_A_DIGIT * len(code), **BOUNDED,
        )  # fmt: skip

    def _odds(self, encoded: Any, code: str, language: Language) -> Odds:
        """In one pass of the decoder over the code; `encoded` is a sound as `_SpokenWindowModel.encode` returns it."""
        writing = _WRITINGS[language]
        start = [self._id(f"<|{name}|>") for name in ("startoftranscript", language, "transcribe", "notimestamps")]
        forced: list[int] = []
        places = []
        for digit in code:
            forced += self._ids(writing.between) if forced else []
            places.append(len(forced))
            forced += self._ids(writing.digits[int(digit)][0])
        answer = self._model.model.generate(
            encoded, [start + forced], beam_size=1, return_logits_vocab=True, suppress_blank=False, suppress_tokens=None,
            # CTranslate2 goes on for half of it at most, and no further than it reaches beyond the prompt.
            max_length=max(2 * len(forced), len(start) + len(forced)),
        )[0]  # fmt: skip
        likely = np.stack([np.asarray(answer.logits[0][place], np.float64) for place in places])
        # The first token of a numeral tells it from the others.
        spellings = [[self._ids(spelling)[0] for spelling in digit] for digit in writing.digits]
        odds = np.stack([np.logaddexp.reduce(likely[:, tokens], axis=1) for tokens in spellings], axis=1)
        return np.asarray(odds - np.logaddexp.reduce(odds, axis=1, keepdims=True), np.float64)

    def _ids(self, text: str) -> list[int]:
        return list(self._model.hf_tokenizer.encode(text, add_special_tokens=False).ids) if text else []

    def _id(self, token: str) -> int:
        return int(self._model.hf_tokenizer.token_to_id(token))


def _with_silence_after(sound: Sound) -> Sound:
    return np.concatenate([sound, np.zeros(round(SILENCE_AFTER_SECONDS * SAMPLE_RATE), np.float32)])


class _SpokenWindowModel(WhisperModel):  # type: ignore[misc]
    """Encodes as much as was said, where faster-whisper would encode 30 s; keeps `encoded` for a second question."""

    encoded: Any  # ctranslate2.StorageView

    def encode(self, features: NDArray[np.float32]) -> Any:
        """`features`: (mel bands, frames), filled up with zeros at the end."""
        filled = int(np.flatnonzero(features.any(axis=0))[-1]) + 1
        self.encoded = super().encode(np.ascontiguousarray(features[:, : filled // 2 * 2]))
        return self.encoded


@dataclass(frozen=True)
class _Writing:
    """How the engine writes a code: the spellings of each digit, first the one that it is asked for, and what stands between digits."""

    digits: tuple[tuple[str, ...], ...]
    between: str


_WRITINGS: dict[Language, _Writing] = {
    "zh": _Writing((("零", "〇"), ("一", "幺"), ("二", "两"), *((numeral,) for numeral in "三四五六七八九")), ""),
    "en": _Writing(tuple((f" {digit}",) for digit in range(10)), ","),
}

_SILENT = Bilingual(zh="视频没有声音或声音过轻。", en="The clip has no sound, or next to none.")


def prompt_avoiding(code: str, language: Language) -> str | None:
    """A prompt that shows the form of a Mandarin code, with an example that shares no digit with `code` at any place.

    An engine that hears nothing may echo its prompt; the echo must never count as the code. English is heard better without.
    """
    if language == "en":
        return None
    examples = ("".join(str((int(digit) + shift) % 10) for digit in "3582") for shift in range(10))
    example = next(e for e in examples if all(a != b for a, b in zip(e, code, strict=False)))
    return f"验证码：{chinese_numerals(example)}。"
