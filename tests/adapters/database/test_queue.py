"""Counting the queue: at any moment, and from indexes alone."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from adapters.database.queue import counting
from adapters.database.tables import work_items
from domain.jurisdiction import Role
from domain.queues import Seat, View
from domain.service_item import StepKind
from tests.filing import Cabinet, some_station

pytestmark = pytest.mark.stack
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


async def test_the_same_clerk_who_asks_again_later_is_told_of_that_moment(cabinet: Cabinet) -> None:
    here = some_station()
    case = await cabinet.case(here)
    item = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(update(work_items).where(work_items.c.id == item).values(due_at=NOW))
    seat = Seat(clerk_id="clerk-1", roles=("pre_reviewer",), territories=(here,))
    told = [await cabinet.office.desk.counts(seat, now=at, near=at + 2 * DAY) for at in (NOW - 9 * DAY, NOW - DAY, NOW + DAY)]
    assert [(counts.open, counts.near, counts.over) for counts in told] == [(1, 0, 0), (1, 1, 0), (1, 0, 1)]


@pytest.mark.parametrize("directs", [False, True], ids=["a clerk", "who directs"])
@pytest.mark.parametrize("territory", ["330302510000", "330302"], ids=["a station", "a county"])
async def test_counting_reads_indexes_and_no_row(cabinet: Cabinet, territory: str, directs: bool) -> None:
    """What a view comes to look at must be in the index that orders it: else each count fetches a thousand rows."""
    seat = Seat(clerk_id="clerk-1", roles=("pre_reviewer",), territories=(territory,), directs=directs)
    for view in {*View} - {View.MINE}:
        asked = counting(seat, (view,)).params(now=NOW, near=NOW + DAY)
        async with cabinet.wiring.database.transaction() as connection:
            counted = str(asked.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
            # Of so few rows any plan is cheap.
            await connection.execute(text("set local enable_seqscan = off"))
            await connection.execute(text("set local enable_bitmapscan = off"))
            await connection.execute(text("set local enable_indexscan = off"))
            plan = "\n".join((await connection.exec_driver_sql(f"explain {counted}")).scalars())
        scans = [line for line in plan.splitlines() if " Scan " in line and "Subquery" not in line]
        assert scans and all("Index Only Scan" in scan for scan in scans), f"{view}:\n{plan}"
