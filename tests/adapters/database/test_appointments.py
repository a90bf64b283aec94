"""Seats of a counter's slots on the real database: one each, whoever comes first."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Uuid, insert, literal, select

from adapters.database import tables
from adapters.database.appointments import AppointmentStore, change_appointment
from domain.appointments import DEFAULT_HOURS, slots_of
from domain.changes import AppointmentChange
from domain.clock import CHINA
from domain.errors import SlotTaken, Unavailable, WrongState
from domain.ids import new_id
from tests.builders import make_application_request, make_id_number
from tests.filing import Cabinet, some_station

pytestmark = pytest.mark.stack
MONDAY = date(2027, 3, 1)
NOW = datetime(2027, 2, 26, 9, tzinfo=CHINA)
CLOSES = datetime(2027, 4, 1, 23, 59, tzinfo=CHINA)
TEN = datetime.combine(MONDAY, time(10), CHINA)


async def open_window(cabinet: Cabinet, station: str, *, people: int = 1) -> list[UUID]:
    """Cases that wait at this counter, one a person."""
    cases = []
    for serial in range(people):
        request = make_application_request(id_number=make_id_number(serial + 1, born="19810203"))
        case = await cabinet.case(station, request)
        await cabinet.apply(case, window_closes_at=CLOSES)
        cases.append(case)
    return cases


async def hours(cabinet: Cabinet, station: str, *, seats: int) -> None:
    row = {"station": station, "weekday": 0, "opens": time(10), "closes": time(11), "slot_minutes": 30, "seats": seats}
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(insert(tables.office_hours).values(**row))


async def book(cabinet: Cabinet, case: UUID, station: str, starts_at: datetime, *, id: UUID | None = None) -> datetime | None:
    change = AppointmentChange(id=id or new_id(), status="booked", station=station, starts_at=starts_at)
    async with cabinet.wiring.database.transaction() as connection:
        return await change_appointment(connection, case, change, NOW)


async def statuses(cabinet: Cabinet, case: UUID) -> list[str]:
    query = select(tables.appointments.c.status).where(tables.appointments.c.application_id == case).order_by(tables.appointments.c.id)
    async with cabinet.wiring.database.transaction() as connection:
        return list((await connection.execute(query)).scalars())


async def a_hundred_like(cabinet: Cabinet, case: UUID) -> list[UUID]:
    """Other people's cases at the same counter: copies of a row, undecided, so that nobody opens boxes that were sealed for another."""
    columns = [column for column in tables.applications.c if column.name not in ("id", "acceptance_number", "decision_box")]
    cases = [new_id() for _ in range(100)]
    async with cabinet.wiring.database.transaction() as connection:
        for other in cases:
            copy = select(literal(other, Uuid()), literal(str(other)), *columns).where(tables.applications.c.id == case)
            await connection.execute(insert(tables.applications).from_select(["id", "acceptance_number", *columns], copy))
    return cases


async def test_one_of_a_hundred_people_gets_the_last_seat(cabinet: Cabinet) -> None:
    station = some_station()
    await hours(cabinet, station, seats=1)
    (case,) = await open_window(cabinet, station)

    async def wants_it(case: UUID) -> str:
        the_same = new_id()
        while True:  # as the activity does while all connections are in use
            try:
                await book(cabinet, case, station, TEN, id=the_same)
            except SlotTaken:
                return "taken"
            except Unavailable:
                continue
            return "booked"

    results = await asyncio.gather(*(wants_it(case) for case in await a_hundred_like(cabinet, case)))

    assert (results.count("booked"), results.count("taken")) == (1, 99)
    assert await AppointmentStore(cabinet.wiring.database).taken(station, NOW, CLOSES) == {TEN.astimezone(UTC): 1}


async def test_every_seat_of_a_time_is_given_once(cabinet: Cabinet) -> None:
    station = some_station()
    await hours(cabinet, station, seats=3)
    cases = await open_window(cabinet, station, people=4)
    results = await asyncio.gather(*(book(cabinet, case, station, TEN) for case in cases), return_exceptions=True)
    assert sum(isinstance(result, SlotTaken) for result in results) == 1
    query = select(tables.appointments.c.seat).where(tables.appointments.c.station == station)
    async with cabinet.wiring.database.transaction() as connection:
        assert sorted((await connection.execute(query)).scalars()) == [1, 2, 3]


async def test_a_booking_that_comes_twice_is_one(cabinet: Cabinet) -> None:
    station = some_station()
    (case,) = await open_window(cabinet, station)
    the_same = new_id()
    first = await book(cabinet, case, station, TEN, id=the_same)
    assert await book(cabinet, case, station, TEN, id=the_same) == first
    assert await statuses(cabinet, case) == ["booked"]


async def test_moving_gives_the_earlier_time_back(cabinet: Cabinet) -> None:
    station = some_station()
    await hours(cabinet, station, seats=1)
    mover, other = await open_window(cabinet, station, people=2)
    await book(cabinet, mover, station, TEN)
    await book(cabinet, mover, station, TEN + timedelta(minutes=30))
    assert await statuses(cabinet, mover) == ["moved", "booked"]
    assert await book(cabinet, other, station, TEN)


async def test_moving_to_a_time_that_is_full_keeps_what_was_booked(cabinet: Cabinet) -> None:
    station = some_station()
    await hours(cabinet, station, seats=1)
    mover, other = await open_window(cabinet, station, people=2)
    await book(cabinet, other, station, TEN + timedelta(minutes=30))
    await book(cabinet, mover, station, TEN)
    with pytest.raises(SlotTaken):
        await book(cabinet, mover, station, TEN + timedelta(minutes=30))
    assert await statuses(cabinet, mover) == ["booked"]


async def test_two_who_change_places_do_not_wait_for_each_other(cabinet: Cabinet) -> None:
    station = some_station()
    await hours(cabinet, station, seats=1)
    first, second = await open_window(cabinet, station, people=2)
    later = TEN + timedelta(minutes=30)
    await book(cabinet, first, station, TEN)
    await book(cabinet, second, station, later)
    results = await asyncio.gather(book(cabinet, first, station, later), book(cabinet, second, station, TEN), return_exceptions=True)
    assert all(isinstance(result, SlotTaken) for result in results)
    assert await statuses(cabinet, first) == await statuses(cabinet, second) == ["booked"]


async def test_booking_the_same_time_again_keeps_the_seat(cabinet: Cabinet) -> None:
    station = some_station()
    await hours(cabinet, station, seats=1)
    (case,) = await open_window(cabinet, station)
    await book(cabinet, case, station, TEN)
    await book(cabinet, case, station, TEN)
    assert await statuses(cabinet, case) == ["moved", "booked"]


@pytest.mark.parametrize("status", ["cancelled", "no_show", "kept"])
async def test_what_became_of_an_appointment_frees_its_seat_and_is_told_once(cabinet: Cabinet, status: str) -> None:
    station = some_station()
    await hours(cabinet, station, seats=1)
    case, other = await open_window(cabinet, station, people=2)
    the_same = new_id()
    await book(cabinet, case, station, TEN, id=the_same)
    for told in (status, "cancelled"):
        async with cabinet.wiring.database.transaction() as connection:
            await change_appointment(connection, case, AppointmentChange.model_validate({"id": the_same, "status": told}), NOW)
    assert await statuses(cabinet, case) == [status]
    assert await book(cabinet, other, station, TEN)


@pytest.mark.parametrize(
    "starts_at",
    [
        TEN.replace(hour=9, minute=45),  # no slot begins then
        TEN.replace(hour=12),  # closed at noon
        datetime(2027, 2, 25, 10, tzinfo=CHINA),  # it has passed
        datetime(2027, 4, 2, 10, tzinfo=CHINA),  # after the close of the window
    ],
)
async def test_a_time_that_the_counter_does_not_keep_for_the_case_is_refused(cabinet: Cabinet, starts_at: datetime) -> None:
    station = some_station()
    (case,) = await open_window(cabinet, station)
    with pytest.raises(WrongState):
        await book(cabinet, case, station, starts_at)
    assert await statuses(cabinet, case) == []


async def test_who_comes_on_a_day_is_listed_in_order_with_who_has_checked_in(cabinet: Cabinet) -> None:
    station = some_station()
    early, late = await open_window(cabinet, station, people=2)
    await book(cabinet, late, station, TEN + timedelta(minutes=30))
    await book(cabinet, early, station, TEN)
    at = TEN + timedelta(minutes=1)
    visit = {"id": new_id(), "application_id": early, "station": station, "clerk_id": "clerk", "how": "qr", "at": at}
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(insert(tables.counter_visits).values(**visit))

    rows = await AppointmentStore(cabinet.wiring.database).on_day(station, MONDAY)

    assert [row["application_id"] for row in rows] == [early, late]
    assert [row["checked_in_at"] for row in rows] == [at, None]
    assert await AppointmentStore(cabinet.wiring.database).on_day(station, MONDAY + timedelta(days=1)) == []


def test_a_make_up_saturday_keeps_fridays_hours() -> None:
    saturday = date(2027, 3, 6)
    assert next(s.starts_at.hour for s in slots_of(saturday, DEFAULT_HOURS, working=True)) == 8
    assert slots_of(saturday, DEFAULT_HOURS, working=False) == []
