"""Limits in working days: a clock that stands still while others are awaited, and the marks at which somebody is told.

A limit of n working days begins the day after the clock starts and runs to the end of its nth working day in China. A day at
whose end the clock stood still does not count: neither the day of asking, unless it was answered the same day, nor those until the
day before the answer.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from domain.clock import CHINA, day_in_china

PauseReason = Literal["supplement", "question", "registry", "fee"]
IsWorkingDay = Callable[[date], bool]
MORNING = time(9)
_LONGEST_DAYS = 4000  # a clock that nobody lets run on has no end


class Escalation(IntEnum):
    """How far a work item has been escalated."""

    NONE = 0
    HALF_USED = 1  # a reminder to whoever holds it
    DUE_TOMORROW = 2  # the team leader too
    OVERDUE = 3  # the supervisor too


class MarkKind(StrEnum):
    HALF_USED = "half_used"
    DUE_TOMORROW = "due_tomorrow"
    OVERDUE = "overdue"
    PROMISED_PASSED = "promised_passed"  # the case's promised limit
    LEGAL_PASSED = "legal_passed"  # the case's legal limit
    QUESTION_LAPSED = "question_lapsed"  # the applicant did not answer in time


ESCALATION_OF = {
    MarkKind.HALF_USED: Escalation.HALF_USED,
    MarkKind.DUE_TOMORROW: Escalation.DUE_TOMORROW,
    MarkKind.OVERDUE: Escalation.OVERDUE,
}


class Pause(BaseModel):
    """`until` None: the clock stands still now."""

    why: PauseReason
    since: datetime
    until: datetime | None = None

    def covers_end_of(self, day: date) -> bool:
        return day_in_china(self.since) <= day and (self.until is None or day < day_in_china(self.until))


class Clock(BaseModel):
    """One limit: so many working days from a moment on, less the pauses."""

    working_days: int
    started_at: datetime
    pauses: list[Pause] = []

    @property
    def paused(self) -> bool:
        return any(pause.until is None for pause in self.pauses)


class Clocks(BaseModel):
    """The limits of a case as they run now; None: that one does not run.

    `work_item` is the open step's, under `work_item_id`, or of the work item that the same change opens.
    """

    work_item_id: UUID | None = None
    work_item: Clock | None = None
    promised: Clock | None = None
    legal: Clock | None = None


class Dates(BaseModel):
    """What the clocks of a change come to, by the calendar of its moment; None: stands still or does not run."""

    work_item_due_at: datetime | None = None
    promised_due_at: datetime | None = None
    legal_due_at: datetime | None = None


class Timing(BaseModel):
    """What a change needs of the calendar, worked out before it is written."""

    work_item_due_at: datetime | None = None  # of the work item that it opens
    dates: Dates | None = None  # None: the clocks run as before
    task_limits: list[datetime] = []  # of an investigation's tasks, in order
    appointment_on_working_day: bool = True
    inquiry_due_at: datetime | None = None


class Mark(BaseModel):
    """A moment at which a case tells somebody. `work_item_id` None: about the case as a whole."""

    kind: MarkKind
    at: datetime
    work_item_id: UUID | None = None


def end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), CHINA)


def day_used(clock: Clock, working_days: int, is_working: IsWorkingDay) -> date | None:
    """The day at whose end so many working days are used; None while the clock stands still."""
    if clock.paused:
        return None
    day = day_in_china(clock.started_at)
    used = 0
    for _ in range(_LONGEST_DAYS):
        if used >= working_days:
            return day
        day += timedelta(days=1)
        if is_working(day) and not any(pause.covers_end_of(day) for pause in clock.pauses):
            used += 1
    return None


def due_at(clock: Clock, is_working: IsWorkingDay) -> datetime | None:
    """The end of the limit's last day; None while the clock stands still."""
    day = day_used(clock, clock.working_days, is_working)
    return None if day is None else end_of(day)


def marks_of(clock: Clock, is_working: IsWorkingDay, work_item_id: UUID | None = None) -> list[Mark]:
    """Half used, due tomorrow, overdue, in order. A limit of one day has no half; one mark never comes before the start."""
    last = day_used(clock, clock.working_days, is_working)
    if last is None:
        return []
    marks = [Mark(kind=MarkKind.OVERDUE, at=end_of(last), work_item_id=work_item_id)]
    eve = _working_day_before(last, is_working)
    warned_at = datetime.combine(eve, MORNING, CHINA)
    if warned_at > clock.started_at:
        marks.insert(0, Mark(kind=MarkKind.DUE_TOMORROW, at=warned_at, work_item_id=work_item_id))
    half = day_used(clock, clock.working_days // 2, is_working) if clock.working_days > 1 else None
    if half is not None and end_of(half) < warned_at:
        marks.insert(0, Mark(kind=MarkKind.HALF_USED, at=end_of(half), work_item_id=work_item_id))
    return marks


def _working_day_before(day: date, is_working: IsWorkingDay) -> date:
    day -= timedelta(days=1)
    while not is_working(day):
        day -= timedelta(days=1)
    return day


def dates_of(clocks: Clocks, is_working: IsWorkingDay) -> Dates:
    """What each clock comes to."""
    return Dates(
        work_item_due_at=due_at(clocks.work_item, is_working) if clocks.work_item else None,
        promised_due_at=due_at(clocks.promised, is_working) if clocks.promised else None,
        legal_due_at=due_at(clocks.legal, is_working) if clocks.legal else None,
    )


def case_marks(clocks: Clocks, work_item_id: UUID | None, is_working: IsWorkingDay) -> list[Mark]:
    """The marks of a step's limit and of the case's two, in order."""
    marks = marks_of(clocks.work_item, is_working, work_item_id) if clocks.work_item else []
    dates = dates_of(clocks, is_working)
    if dates.promised_due_at is not None:
        marks.append(Mark(kind=MarkKind.PROMISED_PASSED, at=dates.promised_due_at))
    if dates.legal_due_at is not None:
        marks.append(Mark(kind=MarkKind.LEGAL_PASSED, at=dates.legal_due_at))
    return sorted(marks, key=lambda mark: mark.at)


def task_marks(work_item_id: UUID, limit: datetime, is_working: IsWorkingDay) -> list[Mark]:
    """An investigation's task has a day of its own: a reminder on the morning of the working day before, and overdue."""
    eve = _working_day_before(day_in_china(limit), is_working)
    return [
        Mark(kind=MarkKind.DUE_TOMORROW, at=datetime.combine(eve, MORNING, CHINA), work_item_id=work_item_id),
        Mark(kind=MarkKind.OVERDUE, at=limit, work_item_id=work_item_id),
    ]
