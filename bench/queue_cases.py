"""Work items by the million: many counties and stations, one of them crowded, sealed names, cases that concern somebody."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from adapters.database.engine import Database
from casework.actors import ClerkActor
from domain.ids import new_id
from domain.jurisdiction import ClerkScope, Role
from domain.service_item import ServiceItem

CROWDED = "330302510000"  # a fifth of everything
COUNTIES, STATIONS = 9, 4  # a county has so many stations: few, so that each has a full page of work at the smallest size
_BATCH = 50_000
Staged = tuple[int, UUID, bytes]  # its number, the application's id, the applicant's name sealed
_NAMES = ("王伟", "李娜", "张敏", "刘洋", "陈静", "杨帆", "赵磊", "黄丽", "周杰", "吴霞")

# By its serial number, work is spread over places, roles, states, priorities and limits; a hash stands for chance.
_STAGED = "create temporary table staged (n bigint, id uuid, box bytea)"
_SPREAD = """
create temporary view spread as select *, at + days_left as due_at, coalesce(ended_at, at) - days_taken as opened_at from (
    select *, case when state = 'completed' then at - days_ago end as ended_at from (
        select n, id, box, timestamptz '{at}' as at,
            case when n % 5 = 0 then '{crowded}'
                else (330300 + abs(hashint8(n)) % {counties})::text || (510000 + abs(hashint8(n + 7)) % {stations})::text end as station,
            case when n % 10 < 6 then 1 when n % 10 < 8 then 2 else 3 end as which,
            case when n / 10 % 10 < 5 then 'open' when n / 10 % 10 = 5 then 'claimed' else 'completed' end as state,
            abs(hashint8(n + 31)) as chance,
            make_interval(secs => abs(hashint8(n + 31)) % (86400 * 60) - 86400 * 15) as days_left,
            make_interval(secs => abs(hashint8(n + 53)) % (86400 * 40)) as days_taken,
            make_interval(secs => abs(hashint8(n + 71)) % (86400 * 330)) as days_ago
        from staged
    ) s
) s
"""
# Whose work is completed has ended within the year; the others run against their limits.
_APPLICATIONS = """
insert into applications (id, acceptance_number, person_id, service_item, version, item_digest, status, waiting_for, applicant_name_box,
    answers_box, delivery, language, channel, supplement_round, station, outcome, opened_at, updated_at, ended_at, promised_due_at,
    legal_due_at)
select id, '330300' || lpad(n::text, 14, '0'), $1, $2, $3, $4, case when ended_at is null then 'reviewing' else 'completed' end, '[]', box,
    '', 'counter', 'zh', 'phone', (n % 17 = 0)::int, station, case when n % 3 = 0 then 'approved' else 'referred' end,
    opened_at, coalesce(ended_at, at), ended_at,
    case when ended_at is null then due_at + interval '5 days' end, case when ended_at is null then due_at + interval '20 days' end
from spread
"""
_WORK_ITEMS = """
insert into work_items (id, application_id, service_item, kind, role, jurisdiction, name, status, claimed_by, claimed_at, priority, due_at,
    paused_at, escalation, opened_at, closed_at, outcome, findings)
select uuidv7(), id, $1, (array['pre_review', 'approval', 'counter_check'])[which], (array['pre_reviewer', 'approver', 'counter'])[which],
    case when which = 2 then left(station, 6) else station end, '{"zh": "待办", "en": "Work"}'::jsonb, state,
    case when state <> 'open' then 'clerk-' || n % 5000 end, case when state <> 'open' then at end,
    case when chance % 100 = 0 then 2 when chance % 100 < 6 then 1 else 0 end, due_at,
    case when state = 'open' and n / 100 % 20 = 0 then at end, 0,
    opened_at, ended_at, case when ended_at is not null and which = 2 then 'approve' end, '{}'
from spread
"""
_PEOPLE = "insert into case_people (application_id, person_index, relation) select id, decode(md5(n::text), 'hex'), 'applicant' from staged"
_RATINGS = """
insert into ratings (application_id, grade, reasons, at) select id, 1 + n % 5, '[]', ended_at from spread
where ended_at is not null and n % 7 = 0
"""
_TABLES = ("applications", "work_items", "case_people", "ratings")
# Without those that stand for a rule: primary keys and what is unique.
_INDEXES = """
select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as made from pg_index i
where i.indrelid = any($1::text[]::regclass[]) and not i.indisunique
"""
_LINKS = """
select conrelid::regclass::text as table, quote_ident(conname) as name, pg_get_constraintdef(oid) as made from pg_constraint
where conrelid = any($1::text[]::regclass[]) and contype = 'f'
"""


async def plant(database: Database, owner_url: str, item: ServiceItem, size: int) -> None:
    """Write so many cases, each with one work item and one person it concerns; two in five have ended, of them one in seven is rated."""
    writing = await asyncpg.connect(owner_url)
    try:
        person = await _person(writing, database)
        digest = await _pin(writing, item)
        await writing.execute(_STAGED)
        await writing.execute(_SPREAD.format(at=datetime.now(UTC).isoformat(), crowded=CROWDED, counties=COUNTIES, stations=STATIONS))
        async with _indexed_at_the_end(writing):
            async for staged in _sealed_ahead(database, size):
                await writing.copy_records_to_table("staged", records=staged)
                await _spread(writing, person, item, digest)
        await writing.execute(f"vacuum analyze {', '.join(_TABLES)}")
    finally:
        await writing.close()


@asynccontextmanager
async def _indexed_at_the_end(writing: asyncpg.Connection) -> AsyncIterator[None]:
    """Row by row, indexes and links to other tables take most of the time. What the trigger copies is written right away."""
    indexes, links = await writing.fetch(_INDEXES, _TABLES), await writing.fetch(_LINKS, _TABLES)
    await writing.execute("alter table work_items disable trigger copies")
    for link in links:
        await writing.execute(f"alter table {link['table']} drop constraint {link['name']}")
    for index in indexes:
        await writing.execute(f"drop index {index['name']}")
    yield
    await writing.execute("set maintenance_work_mem = '256MB'")
    for index in indexes:
        await writing.execute(index["made"])
    for link in links:
        await writing.execute(f"alter table {link['table']} add constraint {link['name']} {link['made']}")
    await writing.execute("alter table work_items enable trigger copies")


async def _sealed_ahead(database: Database, size: int) -> AsyncIterator[list[Staged]]:
    """Batches of staged rows: the next is sealed while one is written."""
    batches = [range(first, min(first + _BATCH, size)) for first in range(0, size, _BATCH)]
    coming = asyncio.create_task(asyncio.to_thread(_staged, database, batches[0]))
    for following in [*batches[1:], range(0)]:
        ready, coming = await coming, asyncio.create_task(asyncio.to_thread(_staged, database, following))
        yield ready
    await coming


def _staged(database: Database, numbers: range) -> list[Staged]:
    ids = [new_id() for _ in numbers]
    return [
        (number, row_id, database.seal(_NAMES[number % len(_NAMES)], "applications.applicant_name", row_id))
        for number, row_id in zip(numbers, ids, strict=True)
    ]


async def _spread(writing: asyncpg.Connection, person: UUID, item: ServiceItem, digest: str) -> None:
    async with writing.transaction():
        await writing.execute(_APPLICATIONS, person, item.code, item.version, digest)
        await writing.execute(_WORK_ITEMS, item.code)
        await writing.execute(_PEOPLE)
        await writing.execute(_RATINGS)
        await writing.execute("truncate staged")


async def _person(writing: asyncpg.Connection, database: Database) -> UUID:
    known = await writing.fetchval("select id from persons limit 1")
    if known is not None:
        return UUID(str(known))
    row_id = new_id()
    await writing.execute(
        "insert into persons (id, id_number_index, id_number_box, name_box, phone_box, phone_index, created_at)"
        " values ($1, $2, $3, $3, $3, $2, now())",
        row_id,
        database.index("330302199001010008"),
        database.seal("330302199001010008", "persons.id_number", row_id),
    )
    return row_id


async def _pin(writing: asyncpg.Connection, item: ServiceItem) -> str:
    body = to_json(item.model_dump(mode="json"))
    digest = hashlib.sha256(body).hexdigest()
    await writing.execute(
        "insert into service_item_versions (code, version, digest, body) values ($1, $2, $3, $4) on conflict do nothing",
        item.code, item.version, digest, body.decode(),
    )  # fmt: skip
    return digest


def clerk(serial: int) -> ClerkActor:
    """One of those who work here, always at the same place: half at the crowded station, the others anywhere; one in five approves."""
    chance = random.Random(serial)  # noqa: S311 - the same place each time
    county = str(330300 + chance.randrange(COUNTIES))
    if chance.random() < 0.2:
        scope = ClerkScope(clerk_id=f"bench-{serial}", role=Role.APPROVER, county=county)
    else:
        station = CROWDED if chance.random() < 0.6 else f"{county}{510000 + chance.randrange(STATIONS)}"
        scope = ClerkScope(clerk_id=f"bench-{serial}", role=Role.PRE_REVIEWER, county=station[:6], station=station)
    return ClerkActor(scope=scope, login=scope.clerk_id, name="bench")


def supervisor(number: int) -> ClerkActor:
    """Of one of the counties; number 2 has the crowded station."""
    county = str(330300 + number % COUNTIES)
    return ClerkActor(scope=ClerkScope(clerk_id="bench-supervisor", role=Role.SUPERVISOR, county=county), login="supervisor", name="bench")
