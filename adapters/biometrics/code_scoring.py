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
class Hearing:
    """What a sound says of one code.

    `wrong_digits`: how many digits of the transcript differ. `odds`: for each place of the code, given that the places before
    it hold what was asked, how likely each of the ten digits is; None where the transcript was enough.
    """

    wrong_digits: int
    odds: Odds | None = None


def margins(odds: Odds, code: str) -> NDArray[np.float64]:
    """For each place, how much likelier the asked digit is than the likeliest other, shape (places,).

    A place's margin is that of the code against its nine neighbours that differ there; all together hold each one-digit neighbour.

    Raises:
        ValueError: not one row of ten for each digit.
    """
    if odds.shape != (len(code), 10):
        raise ValueError(f"odds of shape {odds.shape} for {len(code)} digits")
    places, asked = np.arange(len(code)), np.array([int(digit) for digit in code])
    others = odds.copy()
    others[places, asked] = -np.inf
    return np.asarray(odds[places, asked] - others.max(axis=1), np.float64)


def shortfall(odds: Odds, code: str) -> float:
    """How much less likely the asked digits are than the likeliest ones, a digit: 0 where each is the likeliest itself, else below 0."""
    return float(np.minimum(margins(odds, code), 0).mean())


def check_code(hearing: Hearing, code: str, policy: CodePolicy) -> CheckResult:
    """`code` passes when the transcript holds it, or nearly holds it and the asked digits fall hardly short of the likeliest.

    The score is the shortfall, at best 0. The note counts digits and never names one that was heard.
    """
    if hearing.wrong_digits <= policy.wrong_digits_alone:
        return _result(True, 0.0, policy, _note(hearing, code))
    if hearing.odds is None:
        return _result(False, None, policy, _note(hearing, code))
    score = shortfall(hearing.odds, code)
    near = hearing.wrong_digits <= policy.wrong_digits_with_odds
    return _result(near and score >= policy.least_shortfall, score, policy, _note(hearing, code))


def _result(passed: bool, score: float | None, policy: CodePolicy, note: Bilingual) -> CheckResult:
    reason = None if passed else reasons.OTHER_CODE
    return CheckResult(name="code", passed=passed, score=score, threshold=policy.least_shortfall, reason=reason, note=note)


def _note(hearing: Hearing, code: str) -> Bilingual:
    right = max(0, len(code) - hearing.wrong_digits)
    if hearing.odds is None:
        return Bilingual(
            zh=f"转写文本中 {len(code)} 位数字有 {right} 位相符。", en=f"The transcript agrees in {right} of {len(code)} digits."
        )
    likeliest = int((margins(hearing.odds, code) >= 0).sum())
    return Bilingual(
        zh=f"转写文本中 {len(code)} 位数字有 {right} 位相符；逐位比对，{likeliest} 位最像所要求的数字。",
        en=f"The transcript agrees in {right} of {len(code)} digits; place by place, {likeliest} sound most like the digit asked for.",
    )
