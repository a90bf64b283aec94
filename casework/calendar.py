"""The working-day calendar as offices correct it, the running cases that a correction reaches, and the hours that counters keep."""

import asyncio
import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from casework.administration_ports import CalendarBook
from casework.engine import CaseEngine
from casework.office import Office
from casework.responsible import Administrator, responsible
from domain.appointments import DEFAULT_HOURS, Hours
from domain.calendar import EVERYWHERE, Correction, DayOfCalendar, Untold
from domain.clock import day_in_china
from domain.errors import FieldError, InvalidInput, NotFound
from domain.ids import new_id
from domain.jurisdiction import Role
from domain.text import Bilingual

BACK_DAYS = 31  # a day on which an office had to close is often entered afterwards
AHEAD_DAYS = 800  # through the end of the year after the next
CASES_AT_ONCE = 200
SIGNALS_AT_ONCE = 16
SETTLE_SECONDS = 2.5  # longer than any process goes on using the calendar that it read before
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Month:
    """One month as one county keeps it. `county` EVERYWHERE: as it stands for everybody. `untold`: cases are being told of a correction."""

    county: str
    first: date
    days: list[DayOfCalendar]
    announced: bool
    untold: bool

    @property
    def weeks(self) -> list[list[DayOfCalendar | None]]:
        """Monday to Sunday, with nothing where another month's days lie."""
        padded: list[DayOfCalendar | None] = [None] * self.first.weekday() + list(self.days)
        padded += [None] * (-len(padded) % 7)
        return [padded[start : start + 7] for start in range(0, len(padded), 7)]

    @property
    def before(self) -> date:
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date:
        return self.days[-1].day + timedelta(days=1)


# --- the calendar ----------------------------------------------------------------------------------------------------


async def month(office: Office, actor: Administrator, county: str, year: int, number: int) -> Month:
    """Every day of a month with who says whether it is worked.

    Raises:
        NotFound: there is no such month. InvalidInput: no county code. NotAllowed.
    """
    responsible(actor, Role.SYSTEM_ADMIN)
    _check_county(county)
    if not (1 <= number <= 12 and 2020 <= year <= 2100):
        raise NotFound()
    first = date(year, number, 1)
    last = first.replace(day=calendar.monthrange(year, number)[1])
    return Month(
        county=county,
        first=first,
        days=await office.working_days.days(county or None, first, last),
        announced=office.working_days.is_announced(year),
        untold=bool(await office.calendar.untold()),
    )


async def corrections(office: Office, actor: Administrator) -> list[Correction]:
    """All of them, the latest day first."""
    responsible(actor, Role.SYSTEM_ADMIN)
    return sorted(await office.calendar.all(), key=lambda correction: (correction.day, correction.county), reverse=True)


async def correct(office: Office, actor: Administrator, correction: Correction) -> None:
    """Say that a day is worked, or is off, whatever was announced. Running cases are told by the `cases` worker.

    Raises:
        InvalidInput: a day too far away, no county code, or a reason that is too long. NotAllowed.
    """
    by = responsible(actor, Role.SYSTEM_ADMIN)
    _check_county(correction.county)
    _check_day(correction.day, day_in_china(office.now()))
    if max(len(correction.name.zh), len(correction.name.en)) > _LONGEST_NAME:
        raise _refuse("/name", f"原因不超过 {_LONGEST_NAME} 个字符", f"A reason has at most {_LONGEST_NAME} characters")
    await office.calendar.correct(correction, by, office.now(), str(new_id()))


async def take_back(office: Office, actor: Administrator, county: str, day: date) -> None:
    """Let a day be again what it is without this correction.

    Raises:
        NotFound: there is none. InvalidInput: the day is too long ago. NotAllowed.
    """
    by = responsible(actor, Role.SYSTEM_ADMIN)
    _check_day(day, day_in_china(office.now()))
    if not await office.calendar.take_back(county, day, by, office.now(), str(new_id())):
        raise NotFound()


async def tell_cases(book: CalendarBook, engine: CaseEngine, *, settle_seconds: float = SETTLE_SECONDS) -> int:
    """Have every running case that a correction reaches count its limits again; returns how many were told.

    It goes on where it stopped: a case may be told twice, which changes nothing, and none is left out.

    Raises:
        Unavailable: engine or database does not answer; call again.
    """
    waiting = await book.untold()
    if not waiting:
        return 0
    await asyncio.sleep(settle_seconds)
    return sum([await _tell(book, engine, untold) for untold in waiting])


async def _tell(book: CalendarBook, engine: CaseEngine, untold: Untold) -> int:
    told = 0
    while cases := await book.cases_reaching(untold, CASES_AT_ONCE):
        for start in range(0, len(cases), SIGNALS_AT_ONCE):
            await asyncio.gather(*(engine.signal(case, "calendar_corrected") for case in cases[start : start + SIGNALS_AT_ONCE]))
        untold = await book.note_told(untold, cases[-1])
        told += len(cases)
    await book.all_told(untold)
    return told


# --- office hours ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StationHours:
    station: str
    hours: list[Hours]
    default: bool


async def hours_of(office: Office, actor: Administrator, station: str) -> StationHours:
    """When a counter takes appointments.

    Raises:
        InvalidInput: no station code. NotAllowed.
    """
    responsible(actor, Role.SYSTEM_ADMIN)
    _check_station(station)
    own = await office.calendar.hours(station)
    return StationHours(station, own or list(DEFAULT_HOURS), default=not own)


async def set_hours(office: Office, actor: Administrator, station: str, hours: Sequence[Hours]) -> None:
    """Replace a counter's hours; none at all goes back to the default. Appointments that were made stay.

    Raises:
        InvalidInput: naming the opening that cannot be. NotAllowed.
    """
    by = responsible(actor, Role.SYSTEM_ADMIN)
    _check_station(station)
    _check_hours(hours)
    await office.calendar.set_hours(station, hours, by)


def _check_hours(hours: Sequence[Hours]) -> None:
    for index, opening in enumerate(hours):
        path = f"/hours/{index}"
        if not 0 <= opening.weekday <= 6:
            raise _refuse(f"{path}/weekday", "星期应为 0（周一）到 6（周日）", "A weekday is 0 (Monday) to 6 (Sunday)")
        if opening.opens >= opening.closes:
            raise _refuse(f"{path}/closes", "结束时间应晚于开始时间", "Closing comes after opening")
        if not 5 <= opening.slot_minutes <= 240:
            raise _refuse(f"{path}/slot_minutes", "每个时段 5 到 240 分钟", "A slot has 5 to 240 minutes")
        if not 1 <= opening.seats <= 50:
            raise _refuse(f"{path}/seats", "每个时段 1 到 50 人", "A slot has 1 to 50 seats")
        if any(
            other.weekday == opening.weekday and other.opens < opening.closes and opening.opens < other.closes for other in hours[:index]
        ):
            raise _refuse(f"{path}/opens", "同一天的两段时间重叠", "Two openings of one day overlap")


async def stations_with_hours(office: Office, actor: Administrator) -> list[str]:
    """Stations that keep hours of their own."""
    responsible(actor, Role.SYSTEM_ADMIN)
    return await office.calendar.stations_with_hours()


# --- shared ----------------------------------------------------------------------------------------------------------


def _check_county(county: str) -> None:
    if county != EVERYWHERE and not re.fullmatch(r"[0-9]{6}", county):
        raise _refuse("/county", "区县代码为 6 位数字；留空表示全部", "A county code has 6 digits; empty means everybody")


def _check_station(station: str) -> None:
    if not re.fullmatch(r"[0-9]{12}", station):
        raise _refuse("/station", "派出所代码为 12 位数字", "A station code has 12 digits")


def _check_day(day: date, today: date) -> None:
    first, last = today - timedelta(days=BACK_DAYS), today + timedelta(days=AHEAD_DAYS)
    if not first <= day <= last:
        raise _refuse("/day", f"日期应在 {first} 与 {last} 之间", f"A day between {first} and {last}")


def _refuse(path: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(fields=[FieldError(path=path, text=Bilingual(zh=zh, en=en))])
