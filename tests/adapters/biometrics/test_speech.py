"""Codes read aloud, heard by the model that ships; the voice is espeak-ng's English one."""

import numpy as np
import pytest

from adapters.biometrics.policy import packaged_policy
from adapters.biometrics.reasons import NO_SOUND, OTHER_CODE
from adapters.biometrics.sound import SAMPLE_RATE, Sound
from adapters.biometrics.speech import PACKAGED, CodeListener
from domain.identity import CheckResult
from domain.text import Language
from simulators.spoken_digits import read_code


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> CodeListener:
    return CodeListener(tmp_path_factory.mktemp("models"), PACKAGED, threads=1)


def check(listener: CodeListener, sound: Sound | None, code: str, language: Language = "en") -> CheckResult:
    return listener.check(sound, code, language, packaged_policy().code)


def aloud(code: str) -> Sound:
    return read_code(code, "en", SAMPLE_RATE)


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def noise(seconds: float, amplitude: float) -> Sound:
    return np.asarray(np.random.default_rng(3).normal(0, amplitude, round(seconds * SAMPLE_RATE)), np.float32)


@pytest.mark.parametrize("code", ["3582", "9014", "7261", "358204", "90145837"])
def test_a_code_of_four_to_eight_digits_is_heard(listener: CodeListener, code: str) -> None:
    answer = check(listener, aloud(code), code)
    assert (answer.name, answer.passed, answer.reason) == ("code", True, None)


@pytest.mark.parametrize("code", ["7140", "6099"])
def test_another_code_is_refused_with_what_to_do_better(listener: CodeListener, code: str) -> None:
    answer = check(listener, aloud("3582"), code)
    assert (answer.passed, answer.reason) == (False, OTHER_CODE)
    assert answer.score is not None
    assert answer.score < packaged_policy().code.least_shortfall


def test_long_pauses_between_the_digits_do_not_matter(listener: CodeListener) -> None:
    slowly = np.concatenate([part for digit in "3582" for part in (aloud(digit), silence(2))])
    assert check(listener, slowly, "3582").passed is True


def test_somebody_may_stumble_and_begin_again(listener: CodeListener) -> None:
    assert check(listener, np.concatenate([aloud("35"), silence(0.6), aloud("3582")]), "3582").passed is True


def test_a_room_may_be_noisy(listener: CodeListener) -> None:
    spoken = np.concatenate([silence(0.5), aloud("3582"), silence(0.5)])
    assert check(listener, spoken + noise(len(spoken) / SAMPLE_RATE, 0.01)[: len(spoken)], "3582").passed is True


@pytest.mark.parametrize("language", ["zh", "en"])
def test_noise_is_no_code(listener: CodeListener, language: Language) -> None:
    assert check(listener, noise(4, 0.05), "1234", language).passed is False
    assert check(listener, noise(4, 0.05), "0000", language).passed is False


@pytest.mark.parametrize("sound", [None, silence(0), silence(3), noise(3, 0.001)])
def test_without_sound_the_microphone_is_named(listener: CodeListener, sound: Sound | None) -> None:
    answer = check(listener, sound, "3582")
    assert (answer.passed, answer.reason) == (False, NO_SOUND)
    assert answer.note is not None


def test_what_a_clerk_reads_names_no_digit_that_was_heard(listener: CodeListener) -> None:
    note = check(listener, aloud("3582"), "7140").note
    assert note is not None
    assert "3582" not in note.en
    assert "三五八二" not in note.zh
