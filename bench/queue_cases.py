"""Work items by the million: many counties and stations, one of them crowded, sealed names, cases that concern somebody."""

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any
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
_NAMES = ("王伟", "李娜", "张敏", "刘洋", "陈静", "杨帆", "赵磊", "黄丽", "周杰", "吴霞")

# By its serial number, work is spread over places, roles, states, priorities and limits; a hash stands for chance.
_APPLICATIONS = """
insert into applications (id, acceptance_number, person_id, service_item, version, item_digest, status, waiting_for, applicant_name_box,
    answers_box, delivery, language, channel, supplement_round, station, opened_at, updated_at)
select id, '330300' || lpad(n::text, 14, '0'), $1, $2, $3, $4, 'reviewing', '[]', box, '', 'counter', 'zh', 'phone', 0,
    case when n % 5 = 0 then '{crowded}'
        else (330300 + abs(hashint8(n)) % {counties})::text || (510000 + abs(hashint8(n + 7)) % {stations})::text end,
    $5, $5 from staged
"""
_WORK_ITEMS = """
insert into work_items (id, application_id, service_item, kind, role, jurisdiction, name, status, claimed_by, claimed_at, priority, due_at,
    paused_at, escalation, opened_at, findings)
select gen_random_uuid(), a.id, a.service_item,
    (array['pre_review', 'approval', 'counter_check'])[w.which], (array['pre_reviewer', 'approver', 'counter'])[w.which],
    case when w.which = 2 then left(a.station, 6) else a.station end,
    '{{"zh": "待办", "en": "Work"}}'::jsonb, w.state,
    case when w.state <> 'open' then 'clerk-' || s.n % 5000 end, case when w.state <> 'open' then $1::timestamptz end,
    case when w.chance % 100 = 0 then 2 when w.chance % 100 < 6 then 1 else 0 end,
    $1::timestamptz + make_interval(secs => w.chance % (86400 * 60) - 86400 * 15),
    case when w.state = 'open' and s.n / 100 % 20 = 0 then $1::timestamptz end, 0, $1, '{{}}'
from staged s join applications a on a.id = s.id cross join lateral (
    select case when s.n % 10 < 6 then 1 when s.n % 10 < 8 then 2 else 3 end as which,
        case when s.n / 10 % 10 < 5 then 'open' when s.n / 10 % 10 = 5 then 'claimed' else 'completed' end as state,
        abs(hashint8(s.n + 31)) as chance
) w
"""


async def plant(database: Database, owner_url: str, item: ServiceItem, first: int, last: int) -> None:
    """Write the cases numbered `first` to `last` - 1, each with one work item and one person it concerns, and analyse the tables."""
    writing = await asyncpg.connect(owner_url)
    try:
        person = await _person(writing, database)
        digest = await _pin(writing, item)
        # What the trigger copies is written right away.
        await writing.execute("alter table work_items disable trigger copies")
        await writing.execute("create temporary table staged (n bigint, id uuid, box bytea)")
        numbers = iter(range(first, last))
        while some := list(islice(numbers, _BATCH)):
            await writing.copy_records_to_table("staged", records=await asyncio.to_thread(lambda: list(_staged(database, some))))
            await _spread(writing, person, item, digest)
        await writing.execute("alter table work_items enable trigger copies")
        await writing.execute("vacuum analyze applications, work_items, case_people")
    finally:
        await writing.close()


def _staged(database: Database, numbers: list[int]) -> Iterator[tuple[int, UUID, bytes]]:
    for number in numbers:
        row_id = new_id()
        yield number, row_id, database.seal(_NAMES[number % len(_NAMES)], "applications.applicant_name", row_id)


async def _spread(writing: asyncpg.Connection, person: UUID, item: ServiceItem, digest: str) -> None:
    now = datetime.now(UTC)
    places = {"crowded": CROWDED, "counties": COUNTIES, "stations": STATIONS}
    async with writing.transaction():
        await writing.execute(_APPLICATIONS.format(**places), person, item.code, item.version, digest, now)
        await writing.execute(_WORK_ITEMS.format(), now)
        await writing.execute(
            "insert into case_people (application_id, person_index, relation)"
            " select id, decode(md5(n::text), 'hex'), 'applicant' from staged"
        )
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


def clerk(chance: Any, serial: int) -> ClerkActor:
    """One of those who work here: half at the crowded station, the others anywhere; one in five approves for a county."""
    if chance.random() < 0.2:
        scope = ClerkScope(clerk_id=f"bench-{serial}", role=Role.APPROVER, county=str(330300 + chance.randrange(COUNTIES)))
    else:
        county = 330300 + chance.randrange(COUNTIES)
        station = CROWDED if chance.random() < 0.6 else f"{county}{510000 + chance.randrange(STATIONS)}"
        scope = ClerkScope(clerk_id=f"bench-{serial}", role=Role.PRE_REVIEWER, county=station[:6], station=station)
    return ClerkActor(scope=scope, login=scope.clerk_id, name="bench")
