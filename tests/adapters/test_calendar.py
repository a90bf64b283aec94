"""Limits in working days: the published calendar, and a provisional one after it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.calendar import ChineseWorkingDays, is_working_day

CALENDAR = ChineseWorkingDays()


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 3, 3), True),
        (date(2026, 3, 7), False),  # a Saturday
        (date(2026, 10, 1), False),  # National Day
        (date(2026, 2, 14), True),  # a Saturday worked for the Spring Festival
        (date(2027, 10, 1), False),  # not published yet: a statutory holiday all the same
        (date(2027, 3, 3), True),
        (date(2027, 3, 6), False),
        (date(2031, 5, 1), False),
    ],
)
def test_a_day_is_worked_or_not(day: date, working: bool) -> None:
    assert is_working_day(day) is working


@pytest.mark.parametrize(
    ("begin", "days", "last"),
    [
        (date(2026, 3, 3), 2, date(2026, 3, 5)),
        (date(2026, 3, 6), 1, date(2026, 3, 9)),  # over a weekend
        (date(2026, 9, 30), 1, date(2026, 10, 8)),  # over the National Day week
        (date(2026, 12, 31), 2, date(2027, 1, 5)),  # into the year that is not published
        (date(2026, 3, 7), 0, date(2026, 3, 7)),
    ],
)
def test_a_limit_begins_the_day_after(begin: date, days: int, last: date) -> None:
    assert CALENDAR.add(begin, days) == last


@given(st.dates(date(2025, 1, 1), date(2030, 12, 31)), st.integers(1, 15))
def test_a_limit_ends_on_a_working_day_with_as_many_in_between(begin: date, days: int) -> None:
    last = CALENDAR.add(begin, days)
    assert is_working_day(last)
    between = [begin + timedelta(days=n) for n in range(1, (last - begin).days + 1)]
    assert sum(map(is_working_day, between)) == days
