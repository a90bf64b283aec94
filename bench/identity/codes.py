"""How often a code is heard when it is right, and let pass when it is wrong: recorded digits joined to codes, with noise.

`python -m bench.identity.codes --data FOLDER` measures this part alone.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from rich.console import Console
from scipy.signal import resample_poly

from adapters.biometrics.policy import CodePolicy, packaged_policy
from adapters.biometrics.sound import SAMPLE_RATE, Sound, spoken_parts
from adapters.biometrics.speech import PACKAGED, CodeListener
from bench.figures import Figure
from bench.identity.faces import Measured, Scores
from bench.identity.material import Voice, read_aloud, voices_of
from bench.identity.rates import Rate
from bench.identity.report import Part, print_part
from domain.text import Language
from simulators.demo_clip import SOUND_RATE
from simulators.spoken_digits import read_code

LANGUAGE_NAMES: dict[Language, str] = {"zh": "Mandarin", "en": "English"}
NOISES: tuple[tuple[str, float | None], ...] = (("clean", None), ("20 dB noise", 20.0), ("10 dB noise", 10.0))
LENGTH, LONG_LENGTH = 4, 6
WRONG_CODES_A_READING = 2
RIGHT, WRONG = 0.97, 0.005


@dataclass(frozen=True)
class Reading:
    """A code read aloud. `who`: the group of speakers. `noise`: what else is heard, or how long the code is."""

    who: str
    noise: str
    code: str
    sound: Sound


@dataclass(frozen=True)
class Trial:
    """A reading held against a code. `what`: how that code was found, and that it was accepted. `who`, `noise`: see Reading."""

    what: str
    who: str
    noise: str
    right: bool
    passed: bool
    score: float | None


def measure_codes(data: Path, listener: CodeListener, policy: CodePolicy, strings: int) -> Measured:
    """`data`: the folder with zh/ and en/. `strings`: codes for each language, group of speakers and noise."""
    measured = Measured()
    for language in get_args(Language):
        trials = [trial for reading in _readings(data, language, strings) for trial in _try(reading, language, listener, policy)]
        measured.rates += _rates(LANGUAGE_NAMES[language], trials)
        if trials:
            measured.scores.append(_scores(LANGUAGE_NAMES[language], trials, policy))
    measured.rates += _rates("the demo person's voice", _demo_trials(listener, policy, strings))
    return measured


def measure_times(data: Path, listener: CodeListener, policy: CodePolicy, strings: int) -> Figure:
    """Processor time of the whole check on sounds of about 4 s, one code each."""
    milliseconds = []
    for language in get_args(Language):
        for reading in _readings(data, language, strings):
            began = time.process_time()
            listener.check(reading.sound[: 4 * SAMPLE_RATE], reading.code, language, policy)
            milliseconds.append((time.process_time() - began) * 1000)
    median = statistics.median(milliseconds)
    found = f"{median:.0f} ms, slowest {max(milliseconds):.0f} ms, {len(milliseconds)} sounds"
    return Figure("a code of 4 s heard, processor time, median", found, "at most 700 ms", median <= 700)


def _readings(data: Path, language: Language, strings: int) -> Iterator[Reading]:
    voices = voices_of(data, language)
    for held_out in (False, True):
        group = [voice for voice in voices if voice.held_out is held_out]
        who = "held-out speakers" if held_out else "speakers used for choosing"
        for number in range(strings if group else 0):
            # Seeded one by one: a run of fewer strings tries the same ones first.
            drawn = random.Random(f"{language} {who} {number}")  # noqa: S311
            code = _draw(drawn, LENGTH)
            clean = _read(group[number % len(group)], code, drawn)
            for noise, decibels in NOISES:
                yield Reading(who, noise, code, _with_noise(clean, decibels, number))
            if number % 3 == 0:
                code = _draw(drawn, LONG_LENGTH)
                yield Reading(who, f"{LONG_LENGTH} digits", code, _read(group[number // 3 % len(group)], code, drawn))


def _try(reading: Reading, language: Language, listener: CodeListener, policy: CodePolicy) -> Iterator[Trial]:
    drawn = random.Random(f"{reading.who}, {reading.noise} {reading.code}")  # noqa: S311 - the same codes at every run
    against = [("accepted when right", reading.code)]
    against += [("random wrong code accepted", _other(drawn, reading.code)) for _ in range(WRONG_CODES_A_READING)]
    against += [("one-digit neighbour accepted", _neighbour(drawn, reading.code))]
    for what, code in against:
        answer = listener.check(reading.sound, code, language, policy)
        yield Trial(what, reading.who, reading.noise, code == reading.code, answer.passed is True, answer.score)


def _demo_trials(listener: CodeListener, policy: CodePolicy, strings: int) -> list[Trial]:
    drawn = random.Random(11)  # noqa: S311 - the same codes at every run
    codes = [_draw(drawn, LENGTH) for _ in range(strings)]
    readings = [Reading("", "English", code, read_code(code, "en", SAMPLE_RATE)) for code in codes]
    return [trial for reading in readings for trial in _try(reading, "en", listener, policy)]


def _rates(name: str, trials: list[Trial]) -> list[Rate]:
    """A rate for each noise, and under it one for each group of speakers, which are too few for a target of their own."""
    rates = []
    for what, target in (("accepted when right", RIGHT), ("random wrong code accepted", WRONG), ("one-digit neighbour accepted", None)):
        of_what = [trial for trial in trials if trial.what == what]
        if what.startswith("random"):
            rates.append(_rate(f"code, {name}: {what}", of_what, target))
        for noise in dict.fromkeys(trial.noise for trial in of_what):
            of_noise = [trial for trial in of_what if trial.noise == noise]
            groups = dict.fromkeys(trial.who for trial in of_noise)
            rates.append(_rate(f"code, {name}: {what}: {noise}", of_noise, target if target == RIGHT else None))
            rates += [
                _rate(f"code, {name}: {what}: {noise}: {who}", [trial for trial in of_noise if trial.who == who])
                for who in groups if len(groups) > 1
            ]  # fmt: skip
    return rates


def _rate(name: str, trials: list[Trial], target: float | None = None) -> Rate:
    return Rate(name, sum(trial.passed for trial in trials), len(trials), target, at_most=target != RIGHT)


def _scores(name: str, trials: list[Trial], policy: CodePolicy) -> Scores:
    scored = [trial for trial in trials if trial.score is not None and not trial.what.startswith("one-digit")]
    wanted = [float(trial.score or 0) for trial in scored if trial.right]
    unwanted = [float(trial.score or 0) for trial in scored if not trial.right]
    return Scores(f"code {name}", wanted, unwanted, policy.least_shortfall, small_is_wanted=False)


def _read(voice: Voice, code: str, drawn: random.Random) -> Sound:
    return np.asarray(resample_poly(read_aloud(voice, code, drawn), SAMPLE_RATE, SOUND_RATE), np.float32)


def _with_noise(sound: Sound, decibels: float | None, seed: int) -> Sound:
    """White noise, `decibels` under the level of what is spoken; pauses do not count."""
    if decibels is None:
        return sound
    spoken = np.concatenate([sound[start:end] for start, end in spoken_parts(sound)])
    amplitude = float(np.sqrt(np.mean(spoken**2))) * 10 ** (-decibels / 20)
    return np.asarray(sound + np.random.default_rng(seed).normal(0, amplitude, len(sound)), np.float32)


def _draw(drawn: random.Random, length: int) -> str:
    return "".join(drawn.choice("0123456789") for _ in range(length))


def _other(drawn: random.Random, code: str) -> str:
    while (other := _draw(drawn, len(code))) == code:
        pass
    return other


def _neighbour(drawn: random.Random, code: str) -> str:
    place, shift = drawn.randrange(len(code)), drawn.randrange(1, 10)
    return f"{code[:place]}{(int(code[place]) + shift) % 10}{code[place + 1 :]}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with digits/zh and digits/en")
    parser.add_argument("--strings", type=int, default=50, help="codes for each language, group of speakers and noise (default 50)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="onetrip-bench-") as home:
        listener = CodeListener(Path(home), PACKAGED, threads=1)
        listener.warm_up()
        policy, digits = packaged_policy().code, asked.data / "digits"
        timed = measure_times(digits, listener, policy, min(asked.strings, 5))
        print_part(Console(), Part("Code", rates=measure_codes(digits, listener, policy, asked.strings).rates, figures=[timed]))


if __name__ == "__main__":
    main()
