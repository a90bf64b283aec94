"""From what a sound says of a code to yes or no."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.biometrics.code_scoring import Hearing, Odds, Weighed, check_code, gain, margins, pooled, shortfall
from adapters.biometrics.policy import CodePolicy, packaged_policy
from adapters.biometrics.reasons import OTHER_CODE

CODE = "3582"
POLICY = CodePolicy(quiet=0.004, wrong_digits=0, least_shortfall=-1.0, least_gain=0.7)
codes = st.text("0123456789", min_size=4, max_size=8)


def odds_of(said: str, clearness: float = 6.0) -> Odds:
    """As an engine gives them that hears each digit of `said` `clearness` above the others."""
    odds = np.zeros((len(said), 10))
    odds[np.arange(len(said)), [int(digit) for digit in said]] = clearness
    return np.asarray(odds - np.log(np.exp(odds).sum(axis=1, keepdims=True)), np.float64)


def heard(said: str, wrong: int = 2) -> Hearing:
    return Hearing(wrong, Weighed(odds_of(said), odds_of(said, 0.0)))


def test_a_transcript_that_holds_the_code_is_enough() -> None:
    answer = check_code(Hearing(0), CODE, POLICY)
    assert (answer.name, answer.passed, answer.score, answer.reason) == ("code", True, 0.0, None)


def test_a_transcript_that_differs_fails_where_nothing_was_weighed() -> None:
    answer = check_code(Hearing(1), CODE, POLICY)
    assert (answer.passed, answer.score, answer.reason) == (False, None, OTHER_CODE)


@pytest.mark.parametrize("wrong", [1, 2, 4])
def test_it_passes_where_every_digit_is_the_likeliest_at_its_place(wrong: int) -> None:
    answer = check_code(heard(CODE, wrong), CODE, POLICY)
    assert (answer.passed, answer.score) == (True, 0.0)


def test_it_passes_where_one_digit_falls_hardly_short_of_another() -> None:
    doubtful = odds_of(CODE)
    doubtful[1, 9] = doubtful[1, 5] + 1  # nine, five: the usual doubt
    answer = check_code(Hearing(1, Weighed(doubtful, odds_of(CODE, 0.0))), CODE, POLICY)
    assert answer.score == pytest.approx(-0.25)
    assert answer.passed is True


@pytest.mark.parametrize("said", ["3589", "0582", "3982", "3542"])
def test_a_neighbour_that_is_heard_clearly_is_refused_with_what_to_do_better(said: str) -> None:
    answer = check_code(heard(said), CODE, POLICY)
    assert (answer.passed, answer.reason) == (False, OTHER_CODE)
    assert answer.score == pytest.approx(-6 / 4)


def test_a_code_that_silence_makes_as_likely_is_not_heard() -> None:
    """An engine that hears noise has odds as well: they follow what is often said."""
    expected = odds_of(CODE)
    assert check_code(Hearing(4, Weighed(expected, expected)), CODE, POLICY).passed is False
    assert gain(Weighed(expected, expected), CODE) == 0
    assert gain(Weighed(odds_of(CODE, 30), odds_of(CODE, 0)), CODE) == pytest.approx(np.log(10))


@given(codes, st.floats(0.1, 20))
def test_each_place_is_weighed_against_its_likeliest_neighbour(code: str, clearness: float) -> None:
    assert margins(odds_of(code, clearness), code) == pytest.approx(clearness)
    other = f"{(int(code[0]) + 1) % 10}{code[1:]}"
    assert margins(odds_of(code, clearness), other)[0] == pytest.approx(-clearness)
    assert shortfall(odds_of(code, clearness), other) == pytest.approx(-clearness / len(code))


def test_odds_of_another_code_length_are_refused() -> None:
    with pytest.raises(ValueError, match="4 digits"):
        margins(odds_of("123456"), CODE)


@given(codes, st.integers(0, 8))
def test_what_a_clerk_reads_names_no_digit_that_was_heard(code: str, wrong: int) -> None:
    said = "".join(str(9 - int(digit)) for digit in code)
    note = check_code(heard(said, wrong), code, POLICY).note
    assert note is not None
    assert said not in note.en + note.zh
    assert code not in note.en + note.zh


@pytest.mark.parametrize("said", ["1047", "9999", "2853"])
def test_the_packaged_policy_refuses_another_code_that_is_heard_clearly(said: str) -> None:
    assert check_code(heard(said, 3), CODE, packaged_policy().code).passed is False
    assert check_code(heard(CODE, 3), CODE, packaged_policy().code).passed is True


def test_several_opinions_become_one_that_the_clearest_of_them_carries() -> None:
    doubtful, clear = odds_of("3592", 2.0), odds_of(CODE, 6.0)
    together = pooled([doubtful, clear])
    assert np.exp(together).sum(axis=1) == pytest.approx(np.ones(len(CODE)))
    assert together.argmax(axis=1).tolist() == [int(digit) for digit in CODE]
    assert shortfall(doubtful, CODE) < 0 == shortfall(together, CODE)
    assert margins(together, CODE) == pytest.approx((margins(doubtful, CODE) + margins(clear, CODE)) / 2)
