"""Working days in China: the published calendar where it reaches, the public holidays after it, and what offices correct."""

import time
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Protocol

import chinese_calendar
import holidays
from chinese_calendar.constants import Holiday

from domain.calendar import EVERYWHERE, Correction, DayOfCalendar, DaySource, IsWorkingDay
from domain.text import Bilingual

# A correction is told to running cases only after every process has stopped using what it read before.
FRESH_SECONDS = 2.0


@lru_cache(maxsize=4096)
def is_working_day(day: date) -> bool:
    """By the State Council's arrangement, make-up days included; after its last published year provisionally.

    Provisional means: weekends and statutory holidays off, no make-up days, since those are decided each autumn.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5 and day not in holidays.country_holidays("CN", years=day.year)


def is_announced(year: int) -> bool:
    try:
        chinese_calendar.is_workday(date(year, 7, 1))
    except NotImplementedError:
        return False
    return True


def _named(day: date) -> Bilingual | None:
    """The holiday that a day off, or the work made up for it, belongs to."""
    if is_announced(day.year):
        _, english = chinese_calendar.get_holiday_detail(day)
        return None if english is None else Bilingual(zh=Holiday(english).chinese, en=english)
    zh, en = (holidays.country_holidays("CN", years=day.year, language=language).get(day) for language in ("zh_CN", "en_US"))
    return Bilingual(zh=zh, en=en) if zh and en else None


_ByCounty = Mapping[str, Mapping[date, Correction]]


class Corrections(Protocol):
    """Where corrections are kept."""

    async def all(self) -> list[Correction]: ...


class ChineseWorkingDays:
    """The published calendar alone, the same everywhere."""

    def add(self, day: date, working_days: int) -> date:
        while working_days > 0:
            day += timedelta(days=1)
            if is_working_day(day):
                working_days -= 1
        return day

    async def working_day_test(self, county: str | None) -> IsWorkingDay:
        return is_working_day


class OfficeWorkingDays(ChineseWorkingDays):
    """The `WorkingDays` port: the published calendar as offices have corrected it; a county's own word goes before everybody's.

    What was read is used for `fresh_seconds`. `add` knows no corrections: cases that began before there were any use it.
    """

    def __init__(self, corrections: Corrections, *, fresh_seconds: float = FRESH_SECONDS) -> None:
        self._corrections = corrections
        self._fresh_seconds = fresh_seconds
        self._read: tuple[float, _ByCounty] | None = None

    async def working_day_test(self, county: str | None) -> IsWorkingDay:
        """`county` None: the case has no territory yet, so only what holds for everybody counts.

        Raises:
            Unavailable: the corrections cannot be read now. What is older than `fresh_seconds` is not used instead.
        """
        corrected = _for(county, await self._by_county())

        def test(day: date) -> bool:
            found = corrected.get(day)
            return is_working_day(day) if found is None else found.working

        return test

    async def days(self, county: str | None, first: date, last: date) -> list[DayOfCalendar]:
        """Every day from first to last with who says so, as it stands now: whoever has just corrected a day looks here."""
        corrected = _for(county, await self._read_now())
        return [_day(first + timedelta(days=n), corrected) for n in range((last - first).days + 1)]

    def is_announced(self, year: int) -> bool:
        return is_announced(year)

    async def _by_county(self) -> _ByCounty:
        if self._read is not None and time.monotonic() - self._read[0] < self._fresh_seconds:
            return self._read[1]
        return await self._read_now()

    async def _read_now(self) -> _ByCounty:
        began = time.monotonic()  # before the read: a correction that commits meanwhile is not in it
        self._read = (began, _sorted(await self._corrections.all()))
        return self._read[1]


def _for(county: str | None, by_county: _ByCounty) -> Mapping[date, Correction]:
    own = by_county.get(county, {}) if county else {}
    return {**by_county.get(EVERYWHERE, {}), **own}


def _sorted(corrections: Iterable[Correction]) -> dict[str, dict[date, Correction]]:
    by_county: dict[str, dict[date, Correction]] = {}
    for correction in corrections:
        by_county.setdefault(correction.county, {})[correction.day] = correction
    return by_county


def _day(day: date, corrected: Mapping[date, Correction]) -> DayOfCalendar:
    found = corrected.get(day)
    if found is not None:
        source = DaySource.CORRECTED_HERE if found.county else DaySource.CORRECTED
        return DayOfCalendar(day=day, working=found.working, source=source, name=found.name)
    source = DaySource.ANNOUNCED if is_announced(day.year) else DaySource.PROVISIONAL
    return DayOfCalendar(day=day, working=is_working_day(day), source=source, name=_named(day))
