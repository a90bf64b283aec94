"""`onetrip bench queue` with small numbers: that what it plants is whole, and that it measures what it says."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from adapters.database.migrate import migrate
from bench.queue import ITEM
from bench.queue_cases import CROWDED, clerk, plant, supervisor
from bench.session import stack_for_bench
from casework import queueing, supervising
from settings import Settings
from wiring import Wiring

pytestmark = pytest.mark.stack
SIZE = 5000
_MADE = """
select coalesce(json_agg(made order by made), '[]')::text from (
    select indexdef as made from pg_indexes where schemaname = 'public'
    union all
    select conname || ' ' || pg_get_constraintdef(oid) || ' ' || convalidated from pg_constraint where contype = 'f'
    union all
    select tgname || ' ' || tgenabled::text from pg_trigger where not tgisinternal
) all_made
"""


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    with stack_for_bench(parts=("postgres",)) as (_, settings):
        yield settings


def test_planting_leaves_the_tables_as_they_were_made_and_the_queue_full(settings: Settings) -> None:
    async def planted() -> None:
        await migrate(settings.database_owner, settings.database)
        owner, wiring = await asyncpg.connect(settings.database_owner), Wiring(settings, pool_size=2)
        try:
            office = await wiring.office()
            before = await owner.fetchval(_MADE)
            await plant(wiring.database, settings.database_owner, office.catalogue.get(ITEM), SIZE)
            assert await owner.fetchval(_MADE) == before
            assert await owner.fetchval("select count(*) from work_items") == SIZE
            assert await owner.fetchval("select count(*) from work_items where jurisdiction = $1", CROWDED) >= SIZE // 5
            actor = next(actor for actor in map(clerk, range(100)) if actor.scope.station == CROWDED)
            page, counts = await queueing.queue(office, actor), await queueing.counts(office, actor)
            assert len(page.items) == queueing.PAGE_SIZE and page.items[0].applicant_name
            taken = await queueing.take_next(office, actor)
            assert taken is not None and taken.mine and counts.over > 0 and counts.near > 0
            board = await supervising.board(office, supervisor(2))
            assert board.open_cases > 0 and {CROWDED} < {line.jurisdiction for line in board.offices}
            assert board.promised.passed > 0 and sum(line.held for line in board.people) > 0
        finally:
            await wiring.close()
            await owner.close()

    asyncio.run(planted())
