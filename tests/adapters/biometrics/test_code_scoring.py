"""From what a sound says of a code to yes or no."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.biometrics.code_scoring import Hearing, Odds, check_code, margins, shortfall
from adapters.biometrics.policy import CodePolicy, packaged_policy
from adapters.biometrics.reasons import OTHER_CODE

CODE = "3582"
POLICY = CodePolicy(quiet=0.004, wrong_digits_alone=0, wrong_digits_with_odds=2, least_shortfall=-0.75)
codes = st.text("0123456789", min_size=4, max_size=8)


def odds_of(said: str, clearness: float = 6.0) -> Odds:
    """As an engine gives them that hears each digit of `said` `clearness` above the others."""
    odds = np.full((len(said), 10), -clearness)
    odds[np.arange(len(said)), [int(digit) for digit in said]] = 0.0
    return odds


def test_a_transcript_that_holds_the_code_is_enough() -> None:
    answer = check_code(Hearing(0), CODE, POLICY)
    assert (answer.name, answer.passed, answer.score, answer.reason) == ("code", True, 0.0, None)


@pytest.mark.parametrize("wrong", [1, 2])
def test_a_transcript_that_nearly_holds_it_passes_where_every_digit_is_the_likeliest_at_its_place(wrong: int) -> None:
    assert check_code(Hearing(wrong, odds_of(CODE)), CODE, POLICY).passed is True


def test_it_passes_where_one_digit_falls_hardly_short_of_another() -> None:
    doubtful = odds_of(CODE)
    doubtful[1, 9] = 1.0  # nine, five: the usual doubt
    answer = check_code(Hearing(1, doubtful), CODE, POLICY)
    assert answer.score == pytest.approx(-0.25)
    assert answer.passed is True


@pytest.mark.parametrize("said", ["3589", "0582", "3982", "3542"])
def test_a_neighbour_that_is_heard_clearly_is_refused_with_what_to_do_better(said: str) -> None:
    answer = check_code(Hearing(1, odds_of(said)), CODE, POLICY)
    assert (answer.passed, answer.reason) == (False, OTHER_CODE)


def test_a_transcript_far_from_the_code_is_refused_whatever_the_odds() -> None:
    """An engine that hears noise has odds as well, and they follow what is often said."""
    assert check_code(Hearing(3, odds_of(CODE)), CODE, POLICY).passed is False
    assert check_code(Hearing(4), CODE, POLICY).passed is False


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
    note = check_code(Hearing(wrong, odds_of(said)), code, POLICY).note
    assert note is not None
    assert said not in note.en + note.zh
    assert code not in note.en + note.zh


def test_the_packaged_policy_lets_no_wrong_digit_pass_unweighed() -> None:
    policy = packaged_policy().code
    assert policy.wrong_digits_alone <= 1
    assert policy.least_shortfall < 0
    assert check_code(Hearing(4, odds_of("9999")), CODE, policy).passed is False
