"""Whether the asked code was said: what the transcript says of it, and how likely each digit is at its place. Pure: no engine, no sound."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adapters.biometrics import reasons
from adapters.biometrics.policy import CodePolicy
from domain.identity import CheckResult
from domain.text import Bilingual

Odds = NDArray[np.float64]  # shape (places, 10): natural logarithms


@dataclass(frozen=True)
class Weighed:
    """How likely each digit is at each place of a code, given that the places before it hold what was asked: once with the sound,
    once with silence, which tells what the engine expects of any code."""

    sound: Odds
    silence: Odds


@dataclass(frozen=True)
class Hearing:
    """What a sound says of one code: how many digits of the transcript differ, and where that was not enough, each digit's odds."""

    wrong_digits: int
    weighed: Weighed | None = None


def pooled(several: list[Odds]) -> Odds:
    """One opinion of several on the same sound: the mean of their logarithms, normalised at each place."""
    mean = np.mean(several, axis=0)
    return np.asarray(mean - np.logaddexp.reduce(mean, axis=1, keepdims=True), np.float64)


def margins(odds: Odds, code: str) -> NDArray[np.float64]:
    """For each place, how much likelier the asked digit is than the likeliest other, shape (places,).

    A place's margin is that of the code against its nine neighbours that differ there; all together hold each one-digit neighbour.

    Raises:
        ValueError: not one row of ten for each digit.
    """
    asked = _of_asked(odds, code)
    others = odds.copy()
    others[np.arange(len(code)), [int(digit) for digit in code]] = -np.inf
    return np.asarray(asked - others.max(axis=1), np.float64)


def shortfall(odds: Odds, code: str) -> float:
    """How much less likely the asked digits are than the likeliest ones, a digit: 0 where each is the likeliest itself, else below 0."""
    return float(np.minimum(margins(odds, code), 0).mean())


def gain(weighed: Weighed, code: str) -> float:
    """How much likelier the sound makes the asked digits than silence does, a digit. About 0 for noise, at most about 2.3 = ln 10."""
    return float((_of_asked(weighed.sound, code) - _of_asked(weighed.silence, code)).mean())


def check_code(hearing: Hearing, code: str, policy: CodePolicy) -> CheckResult:
    """`code` passes when the transcript holds it, or its digits fall hardly short of the likeliest and the sound speaks for them.

    The score is the shortfall, at best 0. The note counts digits and never names one that was heard.
    """
    if hearing.wrong_digits <= policy.wrong_digits or hearing.weighed is None:
        passed = hearing.wrong_digits <= policy.wrong_digits
        return _result(passed, 0.0 if passed else None, policy, _of_transcript(hearing, code))
    score = shortfall(hearing.weighed.sound, code)
    passed = score >= policy.least_shortfall and gain(hearing.weighed, code) >= policy.least_gain
    return _result(passed, score, policy, _of_odds(hearing, hearing.weighed, code))


def _of_asked(odds: Odds, code: str) -> NDArray[np.float64]:
    if odds.shape != (len(code), 10):
        raise ValueError(f"odds of shape {odds.shape} for {len(code)} digits")
    return np.asarray(odds[np.arange(len(code)), [int(digit) for digit in code]], np.float64)


def _result(passed: bool, score: float | None, policy: CodePolicy, note: Bilingual) -> CheckResult:
    reason = None if passed else reasons.OTHER_CODE
    return CheckResult(name="code", passed=passed, score=score, threshold=policy.least_shortfall, reason=reason, note=note)


def _of_transcript(hearing: Hearing, code: str) -> Bilingual:
    right = max(0, len(code) - hearing.wrong_digits)
    return Bilingual(
        zh=f"转写文本中 {len(code)} 位数字有 {right} 位相符。",
        en=f"The transcript agrees in {right} of {len(code)} digits.",
    )


def _of_odds(hearing: Hearing, weighed: Weighed, code: str) -> Bilingual:
    transcript = _of_transcript(hearing, code)
    likeliest = int((margins(weighed.sound, code) >= 0).sum())
    by, than_silence = -shortfall(weighed.sound, code), gain(weighed, code)
    return Bilingual(
        zh=f"{transcript.zh}逐位比对，{likeliest} 位最像所要求的数字（平均相差 {by:.1f}），相对静音的把握为 {than_silence:.1f}。",
        en=f"{transcript.en} Place by place, {likeliest} sound most like the digit asked for (short by {by:.1f} on average); "
        f"against silence the sound speaks for them by {than_silence:.1f}.",
    )
