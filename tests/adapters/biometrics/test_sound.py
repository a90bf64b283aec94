"""Where somebody speaks, and what is left when pauses are cut."""

import numpy as np
import pytest

from adapters.biometrics.sound import SAMPLE_RATE, Sound, last_parts, loudness, shorten_pauses, spoken_parts


def words(pauses: list[float], noise: float = 0.0, word_seconds: float = 0.3) -> Sound:
    """A word before each pause, after half a second of nothing; with white noise of that amplitude."""
    word = 0.3 * np.sin(np.arange(round(word_seconds * SAMPLE_RATE)) / 8)
    parts = [np.zeros(SAMPLE_RATE // 2)]
    for pause in pauses:
        parts += [word, np.zeros(round(pause * SAMPLE_RATE))]
    sound = np.concatenate(parts)
    return np.asarray(sound + noise * np.random.default_rng(1).standard_normal(len(sound)), np.float32)


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
def test_each_word_is_found_in_quiet_and_in_noise(noise: float) -> None:
    parts = spoken_parts(words([0.3, 0.3, 1.0, 0.5], noise))
    assert len(parts) == 4
    assert parts[0][0] / SAMPLE_RATE == pytest.approx(0.5, abs=0.03)
    assert all((end - start) / SAMPLE_RATE == pytest.approx(0.3, abs=0.05) for start, end in parts)


def test_a_click_is_no_word() -> None:
    sound = words([1.0, 1.0])
    sound[SAMPLE_RATE] = 1.0
    assert len(spoken_parts(sound)) == 2


@pytest.mark.parametrize("sound", [np.zeros(0, np.float32), np.zeros(100, np.float32), np.zeros(SAMPLE_RATE, np.float32)])
def test_nobody_speaks_in_silence(sound: Sound) -> None:
    assert spoken_parts(sound) == []
    assert shorten_pauses(sound, 0.4) is sound
    assert loudness(sound) == 0.0


def test_steady_noise_is_nobody_speaking() -> None:
    hiss = np.asarray(0.05 * np.random.default_rng(1).standard_normal(SAMPLE_RATE), np.float32)
    assert spoken_parts(hiss) == []


def test_long_pauses_become_short_and_short_ones_stay() -> None:
    sound = words([0.3, 3.0, 0.3, 5.0])
    shortened = shorten_pauses(sound, 0.4)
    assert len(shortened) / SAMPLE_RATE == pytest.approx(0.2 + 0.3 + 0.3 + 0.3 + 0.4 + 0.3 + 0.3 + 0.3 + 0.2, abs=0.1)
    assert len(spoken_parts(shortened)) == 4


def test_what_was_spoken_is_untouched() -> None:
    sound = words([2.0, 2.0])
    start, end = spoken_parts(sound)[1]
    assert sound[start:end].tobytes() in shorten_pauses(sound, 0.4).tobytes()


def test_the_last_words_are_those_after_a_false_start() -> None:
    sound = words([0.3, 0.6, 0.3, 0.3, 0.3, 0.3])
    last = last_parts(sound, 4)
    assert last is not None
    assert len(spoken_parts(last)) == 4
    assert sound.tobytes().endswith(last.tobytes())
    assert last_parts(last, 4) is None
    assert last_parts(last, 6) is None
