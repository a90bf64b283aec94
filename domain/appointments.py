"""Appointments at a counter: the hours it keeps, the slots they make, and what becomes of one."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum

from pydantic import BaseModel

from domain.clock import CHINA

BOOKABLE_DAYS = 30  # how far ahead one may book, within the counter window
NO_SHOW_AFTER = timedelta(minutes=30)  # after a slot's end


class AppointmentStatus(StrEnum):
    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    KEPT = "kept"


class Hours(BaseModel):
    """One opening on a weekday (0 Monday); `seats` may come at the same time, each for `slot_minutes`."""

    weekday: int
    opens: time
    closes: time
    slot_minutes: int = 30
    seats: int = 2


DEFAULT_HOURS = [
    hours
    for weekday in range(5)
    for hours in (
        Hours(weekday=weekday, opens=time(8, 30), closes=time(12)),
        Hours(weekday=weekday, opens=time(14), closes=time(17, 30)),
    )
]


class Slot(BaseModel):
    starts_at: datetime
    minutes: int
    seats: int


def slots_of(day: date, hours: list[Hours], *, working: bool) -> list[Slot]:
    """The slots of a day in order; none on a day off. A make-up day (a working Saturday or Sunday) keeps Friday's hours."""
    if not working:
        return []
    weekday = min(day.weekday(), 4)
    slots = []
    for opening in sorted((h for h in hours if h.weekday == weekday), key=lambda h: h.opens):
        start, closes = datetime.combine(day, opening.opens, CHINA), datetime.combine(day, opening.closes, CHINA)
        length = timedelta(minutes=opening.slot_minutes)
        while start + length <= closes:
            slots.append(Slot(starts_at=start, minutes=opening.slot_minutes, seats=opening.seats))
            start += length
    return slots
