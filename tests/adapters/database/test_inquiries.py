"""Inquiries on the real database: opened once, numbered without gaps in a race, told, worked on, closed."""

import asyncio
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from adapters.database import tables
from adapters.database.inquiries import open_inquiry
from adapters.database.inquiry_desk import ASKED, LATE, InquiryStore
from domain.errors import NotFound, WrongState
from domain.inquiries import Finding, Pattern
from domain.jurisdiction import Role
from tests.filing import Cabinet, some_station

pytestmark = pytest.mark.stack


def now() -> datetime:
    return datetime.now(UTC)


def some_county() -> str:
    return f"8{random.randrange(10**5):05d}"


@pytest.fixture
def store(cabinet: Cabinet) -> InquiryStore:
    return cabinet.wiring.inquiries


async def add_clerk(cabinet: Cabinet, county: str, role: Role = Role.SUPERVISOR, *, active: bool = True) -> str:
    clerk_id = str(uuid4())
    row = {"id": clerk_id, "login": clerk_id, "name": "督查员", "role": role.value, "county": county, "password_hash": "x"}
    async with cabinet.wiring.database.transaction() as connection:
        values = row | {"totp_secret_box": b"x", "active": active, "created_at": now()}
        await connection.execute(tables.clerks.insert().values(**values))
    return clerk_id


async def notices_of(cabinet: Cabinet, clerk_id: str) -> list[Any]:
    async with cabinet.wiring.database.statement() as connection:
        query = select(tables.staff_notices).where(tables.staff_notices.c.clerk_id == clerk_id).order_by(tables.staff_notices.c.at)
        return list((await connection.execute(query)).all())


async def events_of(cabinet: Cabinet, case: UUID) -> list[str]:
    async with cabinet.wiring.database.statement() as connection:
        query = select(tables.events.c.event).where(tables.events.c.application_id == case).order_by(tables.events.c.id)
        return list((await connection.execute(query)).scalars())


async def test_an_inquiry_is_opened_once_by_its_key_and_says_so_in_its_case(cabinet: Cabinet, store: InquiryStore) -> None:
    station = some_station()
    case = await cabinet.case(station)
    about: dict[str, Any] = {"key": f"overdue:{case}", "pattern": Pattern.OVERDUE, "county": station[:6], "opened_by": "machine"}
    first = await store.open(**about, at=now(), application_id=case)
    again = await store.open(**about, at=now(), application_id=case)
    assert first is not None and again is None
    assert (await events_of(cabinet, case)).count("inquiry_opened") == 1


async def test_the_same_key_opened_many_times_at_once_makes_one(cabinet: Cabinet, store: InquiryStore) -> None:
    about: dict[str, Any] = {"key": f"hasty:{uuid4()}", "pattern": Pattern.HASTY_APPROVALS, "county": some_county(), "opened_by": "machine"}
    opened = await asyncio.gather(*(store.open(**about, at=now()) for _ in range(8)))
    assert sum(found is not None for found in opened) == 1


async def test_numbers_of_many_at_once_count_on_by_county_and_day_in_china(cabinet: Cabinet, store: InquiryStore) -> None:
    county, at = some_county(), datetime(2026, 3, 1, 16, 30, tzinfo=UTC)  # half past midnight of the 2nd in China
    opened = await asyncio.gather(
        *(store.open(key=f"k:{uuid4()}", pattern=Pattern.UNDOABLE, county=county, opened_by="machine", at=at) for _ in range(9))
    )
    assert sorted(found[1] for found in opened if found) == [f"DC{county}-20260302-{n:04d}" for n in range(1, 10)]


async def test_an_inquiry_of_a_transaction_that_fails_was_never_opened(cabinet: Cabinet, store: InquiryStore) -> None:
    key = f"originals_differ:{uuid4()}"
    with pytest.raises(ZeroDivisionError):
        async with cabinet.wiring.database.transaction() as connection:
            opened = await open_inquiry(
                connection,
                key=key,
                pattern=Pattern.ORIGINALS_DIFFER,
                application_id=None,
                clerk_id=None,
                county=some_county(),
                station=None,
                facts={},
                opened_by="machine",
                at=now(),
                due_at=now(),
            )
            assert opened is not None
            raise ZeroDivisionError
    assert await store.open(key=key, pattern=Pattern.ORIGINALS_DIFFER, county=some_county(), opened_by="machine", at=now()) is not None


async def test_its_limit_is_the_end_of_the_fifth_working_day(cabinet: Cabinet, store: InquiryStore) -> None:
    before_national_day = datetime(2026, 9, 29, 4, tzinfo=UTC)  # a Tuesday; 1 to 7 October are off, Saturday the 10th is worked
    limit = await store.limit_from(some_county(), before_national_day)
    is_working = await cabinet.wiring.working_days.working_day_test(None)
    days = [date(2026, 9, 30) + timedelta(days=n) for n in range(20)]
    assert limit.date() == [day for day in days if is_working(day)][4]


async def test_the_countys_active_supervisors_are_told_and_nobody_else(cabinet: Cabinet, store: InquiryStore) -> None:
    county = some_county()
    told = await add_clerk(cabinet, county)
    others = [
        await add_clerk(cabinet, county, active=False),
        await add_clerk(cabinet, county, Role.APPROVER),
        await add_clerk(cabinet, some_county()),
    ]
    opened = await store.open(key=f"k:{uuid4()}", pattern=Pattern.UNDOABLE, county=county, opened_by="machine", at=now())
    assert opened is not None
    (notice,) = await notices_of(cabinet, told)
    assert notice.inquiry_id == opened[0] and opened[1] in notice.text["zh"]
    assert [await notices_of(cabinet, other) for other in others] == [[], [], []]


async def test_what_the_cases_own_marks_tell_is_not_told_twice(cabinet: Cabinet, store: InquiryStore) -> None:
    county = some_county()
    supervisor = await add_clerk(cabinet, county)
    await store.open(key=f"k:{uuid4()}", pattern=Pattern.OVERDUE, county=county, opened_by="machine", at=now())
    assert await notices_of(cabinet, supervisor) == []


async def test_an_inquiry_is_taken_over_worked_on_and_closed_with_sealed_words(cabinet: Cabinet, store: InquiryStore) -> None:
    station = some_station()
    case = await cabinet.case(station)
    supervisor, witness = await add_clerk(cabinet, station[:6]), await add_clerk(cabinet, station[:6], Role.APPROVER)
    opened = await store.open(
        key=f"k:{uuid4()}", pattern=Pattern.UNDOABLE, county=station[:6], opened_by="machine", at=now(), application_id=case
    )
    assert opened is not None
    inquiry = opened[0]
    await store.take_over(inquiry, supervisor, now())
    await store.ask(inquiry, supervisor, witness, "为何未办理？", now())
    assert await store.was_asked(inquiry, witness) and not await store.was_asked(inquiry, supervisor)
    await store.add_entry(inquiry, witness, "当事人张三来电说明", now())
    await store.close(inquiry, supervisor, Finding.PUT_RIGHT, "已重新分派", now())

    record = await store.get(inquiry)
    assert (record["owner"], record["finding"], record["finding_text"]) == (supervisor, "put_right", "已重新分派")
    assert [e["text"] if isinstance(e["text"], str) else e["text"]["zh"] for e in record["entries"]] == [
        "接手督办",
        "@督查员: 为何未办理？",
        "当事人张三来电说明",
    ]
    assert [n.kind for n in await notices_of(cabinet, witness)] == [ASKED]
    assert (await events_of(cabinet, case))[-2:] == ["inquiry_opened", "inquiry_closed"]
    async with cabinet.wiring.database.statement() as connection:
        boxes = (
            await connection.execute(select(tables.inquiry_entries.c.text_box).where(tables.inquiry_entries.c.inquiry_id == inquiry))
        ).scalars()
        assert all("张三".encode() not in bytes(box) for box in boxes)


async def test_only_its_owner_closes_an_inquiry_and_only_once(cabinet: Cabinet, store: InquiryStore) -> None:
    county = some_county()
    owner, other = await add_clerk(cabinet, county), await add_clerk(cabinet, county)
    opened = await store.open(key=f"k:{uuid4()}", pattern=Pattern.UNDOABLE, county=county, opened_by="machine", at=now())
    assert opened is not None
    await store.take_over(opened[0], owner, now())
    with pytest.raises(WrongState):
        await store.close(opened[0], other, Finding.IN_ORDER, "没有问题", now())
    await store.close(opened[0], owner, Finding.IN_ORDER, "没有问题", now())
    for late in (
        store.close(opened[0], owner, Finding.MISTAKE, "又一次", now()),
        store.take_over(opened[0], other, now()),
        store.add_entry(opened[0], owner, "补记", now()),
        store.ask(opened[0], owner, other, "问", now()),
    ):
        with pytest.raises(WrongState):
            await late
    assert (await store.get(opened[0]))["finding"] == "in_order"


async def test_nobody_who_is_not_there_can_be_asked(cabinet: Cabinet, store: InquiryStore) -> None:
    county = some_county()
    opened = await store.open(key=f"k:{uuid4()}", pattern=Pattern.UNDOABLE, county=county, opened_by="machine", at=now())
    assert opened is not None
    gone = await add_clerk(cabinet, county, Role.APPROVER, active=False)
    with pytest.raises(NotFound):
        await store.ask(opened[0], await add_clerk(cabinet, county), gone, "问", now())
    assert (await store.get(opened[0]))["entries"] == []
    with pytest.raises(NotFound):
        await store.get(uuid4())


async def test_an_inquiry_past_its_limit_is_told_once_to_its_owner_or_to_all(cabinet: Cabinet, store: InquiryStore) -> None:
    county = some_county()
    owner, other = await add_clerk(cabinet, county), await add_clerk(cabinet, county)
    long_ago = now() - timedelta(days=30)
    taken = await store.open(key=f"k:{uuid4()}", pattern=Pattern.OVERDUE, county=county, opened_by="machine", at=long_ago)
    free = await store.open(key=f"k:{uuid4()}", pattern=Pattern.OVERDUE, county=county, opened_by="machine", at=long_ago)
    fresh = await store.open(key=f"k:{uuid4()}", pattern=Pattern.OVERDUE, county=county, opened_by="machine", at=now())
    assert taken and free and fresh
    await store.take_over(taken[0], owner, now())
    for _ in range(2):
        await store.remind_of_late(now(), limit=10_000)
    assert {n.inquiry_id for n in await notices_of(cabinet, owner) if n.kind == LATE} == {taken[0], free[0]}
    assert [n.inquiry_id for n in await notices_of(cabinet, other) if n.kind == LATE] == [free[0]]


async def test_lists_are_of_one_place_in_order_and_in_pages(cabinet: Cabinet, store: InquiryStore) -> None:
    county, supervisor = some_county(), str(uuid4())
    opened = []
    for days in (3, 1, 2):
        found = await store.open(
            key=f"k:{uuid4()}", pattern=Pattern.UNDOABLE, county=county, opened_by="machine", at=now() - timedelta(days=days * 10)
        )
        assert found
        opened.append(found[0])
    await store.open(key=f"k:{uuid4()}", pattern=Pattern.UNDOABLE, county=some_county(), opened_by="machine", at=now())
    await store.take_over(opened[1], supervisor, now())

    async def ids(*, after: Any = None, limit: int = 10, owner: str | None = None, open_only: bool = True) -> list[UUID]:
        rows = await store.inquiries(county, open_only=open_only, pattern=None, owner=owner, after=after, limit=limit)
        return [row["id"] for row in rows]

    assert await ids() == [opened[0], opened[2], opened[1]]
    assert await ids(owner=supervisor) == [opened[1]] and await ids(owner="") == [opened[0], opened[2]]
    first = (await store.inquiries(county, open_only=True, pattern=None, owner=None, after=None, limit=1))[0]
    assert await ids(after=(first["due_at"], first["id"])) == [opened[2], opened[1]]
    await store.close(opened[1], supervisor, Finding.SYSTEM_FAULT, "系统问题", now())
    assert await ids() == [opened[0], opened[2]] and await ids(open_only=False) == [opened[1]]
    assert await store.counts(county, supervisor, now()) == (2, 2, 0, 2)
    async with cabinet.wiring.database.statement() as connection:
        numbers = await connection.execute(select(func.count()).where(tables.inquiries.c.county == county))
        assert numbers.scalar_one() == 3
