"""ID numbers: one wrong digit is found, people born before their county's code are not turned away."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.identity_numbers import parse_id_number
from tests.builders import make_id_number

TODAY = date(2026, 11, 20)
births = st.dates(date(1900, 1, 1), TODAY).map(lambda d: d.strftime("%Y%m%d"))
divisions = st.integers(110101, 659999).map(str)
numbers = st.builds(
    lambda serial, born, division: make_id_number(serial, born=born, division=division), st.integers(0, 999), births, divisions
)


def refusal_of(text: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as refused:
        parse_id_number(text, today=TODAY)
    return refused.value


@given(numbers)
def test_a_right_number_is_read_whatever_county_it_names(number: str) -> None:
    read = parse_id_number(f" {number.lower()} ", today=TODAY)
    assert read.value == number
    assert read.division == number[:6]
    assert read.birth_date.strftime("%Y%m%d") == number[6:14]
    assert read.sex == ("male" if int(number[16]) % 2 else "female")
    assert read.masked() == number[:4] + "*" * 12 + number[-2:]


@given(numbers, st.integers(0, 17), st.integers(1, 10))
def test_one_changed_digit_is_refused(number: str, place: int, by: int) -> None:
    """Weights of ISO 7064 MOD 11-2 are powers of 2, all invertible mod 11, so every single change shows."""
    alphabet = "0123456789X" if place == 17 else "0123456789"
    by = by % len(alphabet) or 1
    changed = number[:place] + alphabet[(alphabet.index(number[place]) + by) % len(alphabet)] + number[place + 1 :]
    assert changed != number
    assert [f.path for f in refusal_of(changed).fields] == ["/applicant/id_number"]


@given(numbers, st.integers(0, 15))
def test_two_swapped_digits_are_refused(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        refusal_of(swapped)


@pytest.mark.parametrize(
    "text", ["", "1", "33030219900102001", "3303021990010200188", "x" * 18, "３３０３０２１９９００１０２００１８", "33030219900102001٣"]
)
def test_what_is_no_number_is_refused_in_both_languages(text: str) -> None:
    (field,) = refusal_of(text).fields
    assert "18" in field.text.zh
    assert "18" in field.text.en


def test_a_birth_that_never_was_or_is_to_come_is_refused() -> None:
    assert "does not exist" in refusal_of(make_id_number(born="19900230")).fields[0].text.en
    tomorrow = (TODAY + timedelta(days=1)).strftime("%Y%m%d")
    assert "in the future" in refusal_of(make_id_number(born=tomorrow)).fields[0].text.en
    assert parse_id_number(make_id_number(born=TODAY.strftime("%Y%m%d")), today=TODAY).birth_date == TODAY


def test_a_refusal_never_repeats_the_number() -> None:
    number = make_id_number(5)
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    error = refusal_of(wrong)
    assert wrong not in f"{error} {error.fields}"
