"""Limits in working days: the published calendar, and a provisional one after it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.calendar import ChineseWorkingDays, OfficeWorkingDays, is_working_day
from domain.calendar import Correction, DaySource
from domain.errors import Unavailable
from domain.text import Bilingual

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


# --- corrections ------------------------------------------------------------------------------------------------------


TYPHOON, MAKE_UP = date(2026, 3, 3), date(2026, 3, 7)
WHY = Bilingual(zh="台风停办", en="Closed for a typhoon")


class Corrected:
    """Where corrections are kept, in memory; `read` counts."""

    def __init__(self, *corrections: Correction) -> None:
        self.corrections = list(corrections)
        self.read = 0

    async def all(self) -> list[Correction]:
        self.read += 1
        return list(self.corrections)


async def test_a_countys_own_word_goes_before_everybodys_and_that_before_the_announced() -> None:
    kept = Corrected(
        Correction(day=TYPHOON, working=False, name=WHY),
        Correction(day=TYPHOON, county="330302", working=True, name=WHY),
        Correction(day=MAKE_UP, county="330302", working=True, name=WHY),
    )
    calendar = OfficeWorkingDays(kept)
    here, there, nowhere = [await calendar.working_day_test(county) for county in ("330302", "330304", None)]
    assert [test(TYPHOON) for test in (here, there, nowhere)] == [True, False, False]
    assert [test(MAKE_UP) for test in (here, there, nowhere)] == [True, False, False]
    assert here(date(2026, 3, 4)) and not here(date(2026, 3, 8)), "what nobody corrected stays"
    assert kept.read == 1, "read once for a while"


async def test_a_correction_is_seen_when_what_was_read_is_no_longer_fresh() -> None:
    kept = Corrected()
    calendar = OfficeWorkingDays(kept, fresh_seconds=0)
    assert (await calendar.working_day_test(None))(TYPHOON)
    kept.corrections.append(Correction(day=TYPHOON, working=False, name=WHY))
    assert not (await calendar.working_day_test(None))(TYPHOON)


async def test_what_cannot_be_read_is_not_taken_for_uncorrected() -> None:
    class Away(Corrected):
        async def all(self) -> list[Correction]:
            raise Unavailable()

    with pytest.raises(Unavailable):
        await OfficeWorkingDays(Away()).working_day_test(None)


async def test_each_day_says_who_says_so() -> None:
    calendar = OfficeWorkingDays(Corrected(Correction(day=TYPHOON, working=False, name=WHY)))
    days = {day.day: day for day in await calendar.days("330302", date(2026, 2, 14), date(2026, 3, 7))}
    assert (days[TYPHOON].source, days[TYPHOON].name) == (DaySource.CORRECTED, WHY)
    assert days[date(2026, 2, 17)].name == Bilingual(zh="春节", en="Spring Festival")
    assert days[date(2026, 2, 14)].working and days[date(2026, 2, 14)].source is DaySource.ANNOUNCED
    assert days[date(2026, 3, 7)].name is None
    (new_year,) = await calendar.days(None, date(2027, 1, 1), date(2027, 1, 1))
    assert (new_year.source, new_year.working) == (DaySource.PROVISIONAL, False)
    assert new_year.name is not None and new_year.name.zh == "元旦"
    assert (calendar.is_announced(2026), calendar.is_announced(2027)) == (True, False)
