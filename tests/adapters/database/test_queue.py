"""Counting the queue: at any moment, and from indexes alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import make_url

from adapters.database.queue import counting
from adapters.database.tables import work_items
from casework.handing_on import OFFERED_AT_MOST
from domain.jurisdiction import Role
from domain.queues import Seat, View
from domain.service_item import StepKind
from settings import Settings
from tests.filing import Cabinet, some_station

pytestmark = pytest.mark.stack
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
OF_THE_QUEUE = {"work_items_to_take", "work_items_to_take_in_county", "work_items_of_station", "work_items_of_county"}


async def test_the_same_clerk_who_asks_again_later_is_told_of_that_moment(cabinet: Cabinet) -> None:
    here = some_station()
    case = await cabinet.case(here)
    item = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(update(work_items).where(work_items.c.id == item).values(due_at=NOW))
    seat = Seat(clerk_id="clerk-1", roles=("pre_reviewer",), territories=(here,))
    told = [await cabinet.office.desk.counts(seat, now=at, near=at + 2 * DAY) for at in (NOW - 9 * DAY, NOW - DAY, NOW + DAY)]
    assert [(counts.open, counts.near, counts.over) for counts in told] == [(1, 0, 0), (1, 1, 0), (1, 0, 1)]


async def test_as_many_people_as_work_may_be_offered_to_find_room_in_the_indexes(cabinet: Cabinet) -> None:
    item = await cabinet.work_item(await cabinet.case(some_station()), StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    ids = sorted(str(uuid4()) for _ in range(OFFERED_AT_MOST))
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(update(work_items).where(work_items.c.id == item).values(candidates=ids))
        assert (await connection.scalars(select(work_items.c.candidates).where(work_items.c.id == item))).one() == ids


@pytest.mark.parametrize("directs", [False, True], ids=["a clerk", "who directs"])
@pytest.mark.parametrize("territory", ["330302510000", "330302"], ids=["a station", "a county"])
async def test_counting_reads_indexes_and_no_row(migrated: Settings, territory: str, directs: bool) -> None:
    """What a view comes to look at must be in the index that orders it: else each count fetches a thousand rows."""
    seat = Seat(clerk_id="clerk-1", roles=("pre_reviewer",), territories=(territory,), directs=directs)
    dialect = make_url(migrated.database_owner).get_dialect()()
    async with its_indexes_alone(migrated) as owner:
        for view in {*View} - {View.MINE}:
            asked = counting(seat, (view,)).params(now=NOW, near=NOW + DAY)
            counted = asked.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
            plan = [row[0] for row in await owner.fetch(f"explain {counted}")]
            scans = [line for line in plan if " Scan " in line and "Subquery" not in line]
            assert scans and all("Index Only Scan" in scan for scan in scans), "\n".join([view, *plan])


@asynccontextmanager
async def its_indexes_alone(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """As if there were no other way to the rows: of so few any plan is cheap, and which one is taken would say nothing."""
    owner = await asyncpg.connect(settings.database_owner)
    tried = owner.transaction()
    await tried.start()
    try:
        names = await owner.fetch("select indexname from pg_indexes where tablename = 'work_items' and indexname <> 'work_items_pkey'")
        for (name,) in names:
            if name not in OF_THE_QUEUE:
                await owner.execute(f"drop index {name}")
        await owner.execute("set local enable_seqscan = off")
        await owner.execute("set local enable_bitmapscan = off")
        yield owner
    finally:
        await tried.rollback()
        await owner.close()
