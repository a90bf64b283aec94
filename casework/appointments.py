"""Appointments at a counter: which times are free, booking, moving, giving back; who comes today."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from casework.access import require_case, require_own_case
from casework.actors import Actor, ApplicantActor, ClerkActor
from casework.office import Office
from casework.reads import enter_search
from domain.appointments import BOOKABLE_DAYS, AppointmentStatus, Hours, Slot, slots_of
from domain.changes import SetAppointment
from domain.clock import CHINA, day_in_china
from domain.errors import FieldError, InvalidInput, NotAllowed, NotFound, SlotTaken, WrongState
from domain.jurisdiction import Role
from domain.text import Bilingual

_CHOOSE = Bilingual(zh="请选择一个时间", en="Choose a time")
_TOO_FAR = Bilingual(zh="只能查看前后一年内的预约", en="Appointments are shown for a year back and ahead")
_SHOWN = timedelta(days=366)
_NOON = 12
_NOTICE = timedelta(minutes=10)  # nobody gets to a counter sooner


class SlotView(BaseModel):
    starts_at: datetime
    ends_at: datetime
    free: int  # seats


class DayView(BaseModel):
    """A day with its free times, before and after noon."""

    day: date
    morning: list[SlotView]
    afternoon: list[SlotView]

    @property
    def slots(self) -> list[SlotView]:
        return [*self.morning, *self.afternoon]


class AppointmentView(BaseModel):
    station: str
    counter: str | None  # as the registries call it
    starts_at: datetime
    ends_at: datetime
    status: AppointmentStatus


class BookingView(BaseModel):
    """What a case can book, and what it has booked. `days` holds only days on which something is free."""

    application_id: UUID
    acceptance_number: str
    service_item_name: Bilingual
    counter: str | None
    closes_at: datetime
    current: AppointmentView | None
    days: list[DayView]


class Arrival(BaseModel):
    """A line of "who comes today"."""

    application_id: UUID
    acceptance_number: str
    service_item_name: Bilingual
    applicant_name: str
    starts_at: datetime
    ends_at: datetime
    status: AppointmentStatus
    checked_in_at: datetime | None
    waits: bool  # the case still has work at a counter


async def booking(office: Office, actor: Actor, application_id: UUID) -> BookingView:
    """The free times at the counter of the case.

    Raises:
        NotFound, NotAllowed: not theirs. WrongState: the case waits for no visit.
    """
    await require_case(office, actor, application_id)
    case = await office.desk.case_file(application_id)
    station, closes_at = case["station"], case["window_closes_at"]
    if station is None or closes_at is None or case["status"] != "awaiting_counter":
        raise WrongState()
    return BookingView(
        application_id=application_id,
        acceptance_number=case["acceptance_number"],
        service_item_name=office.catalogue.name_of(case["service_item"]),
        counter=case["station_name"],
        closes_at=closes_at,
        current=await appointment_of(office, application_id, case["station_name"]),
        days=await free_days(office, station, closes_at),
    )


async def free_days(office: Office, station: str, closes_at: datetime) -> list[DayView]:
    """Working days from today within the window on which seats are free; full times are left out."""
    now = office.now()
    earliest = now + _NOTICE
    first = day_in_china(now)
    last = min(first + timedelta(days=BOOKABLE_DAYS), day_in_china(closes_at))
    if last < first:
        return []
    hours = await office.appointments.hours_of(station)
    taken = await office.appointments.taken(station, now, closes_at)
    working = [day.day for day in await office.working_days.days(station[:6], first, last) if day.working]
    days = [_day(day, hours, taken, earliest, closes_at) for day in working]
    return [day for day in days if day.slots]


def _day(day: date, hours: list[Hours], taken: dict[datetime, int], earliest: datetime, closes_at: datetime) -> DayView:
    free = [
        slot
        for slot in (_slot_view(slot, taken) for slot in slots_of(day, hours, working=True))
        if slot.free > 0 and earliest <= slot.starts_at and slot.ends_at <= closes_at
    ]
    before_noon = [slot.starts_at.astimezone(CHINA).hour < _NOON for slot in free]
    return DayView(
        day=day,
        morning=[slot for slot, early in zip(free, before_noon, strict=True) if early],
        afternoon=[slot for slot, early in zip(free, before_noon, strict=True) if not early],
    )


def _slot_view(slot: Slot, taken: dict[datetime, int]) -> SlotView:
    ends_at = slot.starts_at + timedelta(minutes=slot.minutes)
    return SlotView(starts_at=slot.starts_at, ends_at=ends_at, free=slot.seats - taken.get(slot.starts_at, 0))


async def appointment_of(office: Office, application_id: UUID, counter: str | None = None) -> AppointmentView | None:
    """The newest appointment of a case, whatever became of it. The caller has seen to it that it may be shown."""
    row = await office.appointments.of_case(application_id)
    if row is None:
        return None
    ends_at = row["starts_at"] + timedelta(minutes=row["minutes"])
    status = AppointmentStatus(row["status"])
    return AppointmentView(station=row["station"], counter=counter, starts_at=row["starts_at"], ends_at=ends_at, status=status)


async def book(
    office: Office, actor: Actor, application_id: UUID, starts_at: datetime | None, *, command_id: str | None = None
) -> BookingView:
    """Book a time, or move there what was booked.

    Raises:
        InvalidInput: no time was chosen. SlotTaken: somebody was faster. WrongState: no such time, or the case waits for no visit.
    """
    if starts_at is None or starts_at.tzinfo is None:
        raise InvalidInput(fields=[FieldError(path="/starts_at", text=_CHOOSE)])
    by = await _who(office, actor, application_id)
    offer = await booking(office, actor, application_id)
    if offer.current and offer.current.status is AppointmentStatus.BOOKED and offer.current.starts_at == starts_at:
        return offer
    # The seat itself is taken in the transaction of the change; this spares the case a command that cannot succeed.
    if not any(slot.starts_at == starts_at for day in offer.days for slot in day.slots):
        raise SlotTaken()
    station = (await office.desk.access_of(application_id))["station"]
    command = SetAppointment(station=station, starts_at=starts_at, by=by)
    await office.engine.command(application_id, "set_appointment", command, command_id=command_id)
    return await booking(office, actor, application_id)


async def cancel(office: Office, actor: Actor, application_id: UUID, *, command_id: str | None = None) -> None:
    """Give a time back; the counter window goes on.

    Raises:
        WrongState: nothing is booked.
    """
    by = await _who(office, actor, application_id)
    current = await office.appointments.of_case(application_id)
    if current is None or current["status"] != AppointmentStatus.BOOKED.value:
        raise WrongState()
    await office.engine.command(application_id, "set_appointment", SetAppointment(by=by), command_id=command_id)


async def _who(office: Office, actor: Actor, application_id: UUID) -> str:
    """Who books: the applicant, their program, or a counter clerk on request."""
    if isinstance(actor, ClerkActor):
        if actor.scope.role is not Role.COUNTER:
            raise NotAllowed()
        await require_case(office, actor, application_id)
        return f"clerk:{actor.scope.role.value}"
    await require_own_case(office, actor, application_id)
    return "applicant" if isinstance(actor, ApplicantActor) else "client"


async def arrivals(office: Office, actor: ClerkActor, day: date | None = None) -> list[Arrival]:
    """Who comes to this clerk's counter on a day (default: today), in order, and who has checked in.

    Raises:
        NotAllowed: not a clerk of a counter. NotFound: a clerk without a station. InvalidInput: a day that is over a year away.
    """
    if actor.scope.role not in (Role.COUNTER, Role.SUPERVISOR):
        raise NotAllowed()
    if actor.scope.station is None:
        raise NotFound()
    today = day_in_china(office.now())
    if day is not None and abs(day - today) > _SHOWN:
        raise InvalidInput(fields=[FieldError(path="/day", text=_TOO_FAR)])
    rows = await office.appointments.on_day(actor.scope.station, day or today)
    await _enter(office, actor, rows)
    return [_arrival(office, row) for row in rows]


async def _enter(office: Office, actor: ClerkActor, rows: Sequence[dict[str, Any]]) -> None:
    for application_id in {row["application_id"]: None for row in rows}:
        await enter_search(office, actor, application_id)


def _arrival(office: Office, row: dict[str, Any]) -> Arrival:
    return Arrival(
        application_id=row["application_id"],
        acceptance_number=row["acceptance_number"],
        service_item_name=office.catalogue.name_of(row["service_item"]),
        applicant_name=row["applicant_name"],
        starts_at=row["starts_at"],
        ends_at=row["starts_at"] + timedelta(minutes=row["minutes"]),
        status=AppointmentStatus(row["status"]),
        checked_in_at=row["checked_in_at"],
        waits=row["waits"],
    )
