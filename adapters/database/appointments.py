"""Appointments as they rest: seats of slots, taken once each, and what counters and applicants read of them."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from adapters.database.tables import applications, appointments, counter_visits, office_hours, work_items
from domain.appointments import DEFAULT_HOURS, AppointmentStatus, Hours, Slot, slots_of
from domain.changes import AppointmentChange
from domain.clock import CHINA, day_in_china
from domain.errors import SlotTaken, WrongState

Record = dict[str, Any]
_BOOKED = AppointmentStatus.BOOKED.value
# As text: a plan that is made for every value does not find the index whose condition would be a parameter.
_IS_BOOKED = text("status = 'booked'")


async def change_appointment(
    connection: AsyncConnection,
    application_id: UUID,
    change: AppointmentChange,
    at: datetime,
    *,
    by: str = "applicant",
    working: bool = True,
) -> datetime | None:
    """Book a seat (another one of the case is given back), or note what became of it, inside the caller's transaction.

    `change.id` makes it once: a booking that comes again answers as the first did. The caller holds the case's row, so that one case
    books one seat at a time. `by`: applicant or clerk:<role>; `working`: whether the day is a working day there, which the caller knows.

    Returns:
        The end of the slot for `booked`, else None.

    Raises:
        SlotTaken: no seat of that time is free.
        WrongState: the counter keeps no such time, it has passed, or it lies after the close of the counter window.
    """
    if change.status != "booked":
        await _set_status(connection, change.id, change.status, at)
        return None
    if (known := await _ends_at(connection, change.id)) is not None:
        return known
    assert change.station is not None and change.starts_at is not None
    slot = await _slot_at(connection, change.station, change.starts_at, working=working)
    await _check_window(connection, application_id, slot, at)
    current = await _booked_of(connection, application_id)
    same_time = current is not None and (current.station, current.starts_at) == (change.station, slot.starts_at)
    if current is not None and same_time:
        await _set_status(connection, current.id, AppointmentStatus.MOVED.value, at)
    await _take_seat(connection, application_id, change.id, change.station, slot, by, at)
    # Given back after the new one is held: two people who change places would otherwise wait for each other.
    if current is not None and not same_time:
        await _set_status(connection, current.id, AppointmentStatus.MOVED.value, at)
    return slot.starts_at + timedelta(minutes=slot.minutes)


async def _set_status(connection: AsyncConnection, appointment_id: UUID, status: str, at: datetime) -> None:
    await connection.execute(
        update(appointments)
        .where(appointments.c.id == appointment_id, appointments.c.status == _BOOKED)
        .values(status=status, changed_at=at)
    )


async def _ends_at(connection: AsyncConnection, appointment_id: UUID) -> datetime | None:
    query = select(appointments.c.starts_at, appointments.c.minutes).where(appointments.c.id == appointment_id)
    row = (await connection.execute(query)).first()
    return None if row is None else row.starts_at + timedelta(minutes=row.minutes)


async def _slot_at(connection: AsyncConnection, station: str, starts_at: datetime, *, working: bool) -> Slot:
    slots = slots_of(day_in_china(starts_at), await _hours_of(connection, station), working=working)
    slot = next((slot for slot in slots if slot.starts_at == starts_at), None)
    if slot is None:
        raise WrongState()
    return slot


async def _hours_of(connection: AsyncConnection, station: str) -> list[Hours]:
    rows = (await connection.execute(select(office_hours).where(office_hours.c.station == station))).all()
    return [Hours.model_validate(dict(row._mapping)) for row in rows] or DEFAULT_HOURS


async def _check_window(connection: AsyncConnection, application_id: UUID, slot: Slot, at: datetime) -> None:
    closes_at = (
        await connection.execute(select(applications.c.window_closes_at).where(applications.c.id == application_id))
    ).scalar_one_or_none()
    if slot.starts_at < at or closes_at is None or slot.starts_at + timedelta(minutes=slot.minutes) > closes_at:
        raise WrongState()


async def _booked_of(connection: AsyncConnection, application_id: UUID) -> Any:
    query = select(appointments).where(appointments.c.application_id == application_id, appointments.c.status == _BOOKED)
    return (await connection.execute(query)).first()


async def _take_seat(
    connection: AsyncConnection, application_id: UUID, appointment_id: UUID, station: str, slot: Slot, by: str, at: datetime
) -> None:
    for seat in range(1, slot.seats + 1):
        taken = await connection.execute(
            insert_or_leave(appointments)
            .values(
                id=appointment_id,
                application_id=application_id,
                station=station,
                starts_at=slot.starts_at,
                minutes=slot.minutes,
                seat=seat,
                status=_BOOKED,
                made_by=by,
                made_at=at,
                changed_at=at,
            )
            .on_conflict_do_nothing(index_elements=["station", "starts_at", "seat"], index_where=_IS_BOOKED)
            .returning(appointments.c.id)
        )
        if taken.first() is not None:
            return
    raise SlotTaken()


class AppointmentStore:
    """What pages read: hours, free seats, who comes when."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def hours_of(self, station: str) -> list[Hours]:
        """The opening hours of a counter; the default ones where none are set."""
        async with self._db.statement() as connection:
            return await _hours_of(connection, station)

    async def taken(self, station: str, since: datetime, until: datetime) -> dict[datetime, int]:
        """How many seats are taken, by the start of the slot (aware, UTC)."""
        query = (
            select(appointments.c.starts_at, func.count().label("seats"))
            .where(
                appointments.c.station == station,
                appointments.c.status == _BOOKED,
                appointments.c.starts_at >= since,
                appointments.c.starts_at < until,
            )
            .group_by(appointments.c.starts_at)
        )
        async with self._db.statement() as connection:
            return {row.starts_at: row.seats for row in (await connection.execute(query)).all()}

    async def of_case(self, application_id: UUID) -> Record | None:
        """The newest appointment of a case, whatever became of it."""
        query = (
            select(appointments)
            .where(appointments.c.application_id == application_id)
            .order_by((appointments.c.status == _BOOKED).desc(), appointments.c.made_at.desc(), appointments.c.id.desc())
            .limit(1)
        )
        async with self._db.statement() as connection:
            row = (await connection.execute(query)).first()
        return dict(row._mapping) if row else None

    async def on_day(self, station: str, day: date) -> list[Record]:
        """Who comes to a counter on a day, in order, with the case's names and when they checked in there (None: not yet)."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=CHINA)
        checked_in = (
            select(func.max(counter_visits.c.at))
            .where(
                counter_visits.c.application_id == appointments.c.application_id,
                counter_visits.c.at >= midnight,
                counter_visits.c.at < midnight + timedelta(days=1),
            )
            .scalar_subquery()
        )
        live = exists().where(
            and_(work_items.c.application_id == appointments.c.application_id, work_items.c.status.in_(["open", "claimed"]))
        )
        query = (
            select(
                appointments,
                applications.c.acceptance_number,
                applications.c.service_item,
                applications.c.applicant_name_box,
                checked_in.label("checked_in_at"),
                live.label("waits"),
            )
            .join(applications, applications.c.id == appointments.c.application_id)
            .where(
                appointments.c.station == station,
                appointments.c.status.in_([_BOOKED, "kept", "no_show"]),
                appointments.c.starts_at >= midnight,
                appointments.c.starts_at < midnight + timedelta(days=1),
            )
            .order_by(appointments.c.starts_at, appointments.c.seat)
        )
        async with self._db.statement() as connection:
            rows = (await connection.execute(query)).all()
        return [self._named(row) for row in rows]

    def _named(self, row: Any) -> Record:
        record = dict(row._mapping)
        box = record.pop("applicant_name_box")
        record["applicant_name"] = self._db.open(box, "applications.applicant_name", row.application_id)
        return record
