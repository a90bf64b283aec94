"""What the supervisor's board shows: counts and the few rows that need somebody now, of one county or station."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database

LISTED = 12  # rows of each list; counts are of all
NEAR_DAYS = 2
SOURCE_MINUTES = 60  # over which a registry's answers are counted
LATE_CASES_READ = 5000  # open cases whose waiting is read; more than that are one trouble
Record = dict[str, Any]


class SupervisionStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def board(self, place: str, at: datetime, *, homeless: bool) -> Record:
        """Everything of the board for a county (6 digits) or a station (12).

        `homeless`: with the cases whose territory no registry has told yet. Keys: `states`, `promised`, `legal`, `steps`, `offices`,
        `people`, `sources`, `inquiries`.
        """
        values = {"place": place, "beyond": str(int(place) + 1), "at": at, "near": at + timedelta(days=NEAR_DAYS), "listed": LISTED}
        territories = _cases_within(place, homeless=homeless)
        # A county's by the range of its codes: the index that is ordered by them knows all that is counted.
        work = "w.jurisdiction = :place" if len(place) == 12 else "w.jurisdiction >= :place and w.jurisdiction < :beyond"
        inquiry = "i.station = :place" if len(place) == 12 else "i.county = :place"
        async with self._db.statement() as connection:
            read = _Reading(connection, values)
            return {
                "states": [row for where in territories for row in await read.rows(_STATES.format(territory=where))],
                "promised": await read.limit("promised_due_at", territories),
                "legal": await read.limit("legal_due_at", territories),
                "steps": {
                    **await read.row(_STEP_COUNTS.format(work=work)),
                    "rows": await read.rows(_STEPS.format(work=work)),
                },
                "offices": await read.rows(_OFFICES.format(work=work)),
                "people": await read.rows(_PEOPLE.format(work=work)),
                "sources": await read.rows(_SOURCES, since=at - timedelta(minutes=SOURCE_MINUTES), most=LATE_CASES_READ),
                "inquiries": {
                    "patterns": await read.rows(_INQUIRY_PATTERNS.format(inquiry=inquiry)),
                    "owners": await read.rows(_INQUIRY_OWNERS.format(inquiry=inquiry)),
                },
            }


class _Reading:
    def __init__(self, connection: AsyncConnection, values: Record) -> None:
        self._connection = connection
        self._values = values

    async def rows(self, query: str, **more: Any) -> list[Record]:
        wanted = text(query)
        names = set(wanted._bindparams)
        known = {name: value for name, value in (self._values | more).items() if name in names}
        return [dict(row._mapping) for row in (await self._connection.execute(wanted, known)).all()]

    async def row(self, query: str, **more: Any) -> Record:
        return (await self.rows(query, **more))[0]

    async def limit(self, column: str, territories: Sequence[str]) -> Record:
        """Of cases with a limit: how many passed it, how many come near, and the first of both."""
        counts = [await self.row(_LIMIT_COUNTS.format(column=column, territory=where)) for where in territories]
        firsts = " union all ".join(_FIRST_LIMITS.format(column=column, territory=where) for where in territories)
        return {
            "passed": sum(count["passed"] for count in counts),
            "near": sum(count["near"] for count in counts),
            "rows": await self.rows(_LIMITS.format(column=column, firsts=firsts)),
        }


def _cases_within(place: str, *, homeless: bool) -> list[str]:
    """Conditions of which a case fulfils one at most, read one by one: an index finds and orders each, but not either of two."""
    here = "(left(a.station, 6) = left(:place, 6) and a.station = :place)" if len(place) == 12 else "left(a.station, 6) = :place"
    return [here, "left(a.station, 6) is null"] if homeless else [here]


# Ages as `casework.supervising.AGES` names them.
_STATES = """
select a.status,
       width_bucket(date_part('epoch', cast(:at as timestamptz) - a.opened_at), array[86400, 259200, 604800, 2592000]::float8[]) as age,
       count(*) as n
from applications a
where a.ended_at is null and {territory}
group by 1, 2
"""

_LIMIT_COUNTS = """
select count(*) filter (where a.{column} < :at) as passed, count(*) filter (where a.{column} >= :at) as near
from applications a
where a.ended_at is null and a.{column} is not null and a.{column} < :near and {territory}
"""

_FIRST_LIMITS = """
(select a.id, a.acceptance_number, a.service_item, a.status, a.{column} as due_at from applications a
 where a.ended_at is null and a.{column} is not null and a.{column} < :near and {territory}
 order by a.{column} limit :listed)
"""

# Beside each case its live work item, if there is one: that is the page which shows it whole.
_LIMITS = """
select a.*, w.id as work_item_id, w.kind, c.name as holder
from (select * from ({firsts}) each order by due_at limit :listed) a
left join lateral (
    select id, kind, claimed_by from work_items
    where application_id = a.id and status in ('open', 'claimed') order by opened_at desc limit 1
) w on true
left join clerks c on c.id = w.claimed_by
order by due_at
"""

_STEP_COUNTS = """
select count(*) filter (where w.due_at < :at) as passed, count(*) filter (where w.due_at >= :at and w.due_at < :near) as near
from work_items w
where w.status in ('open', 'claimed') and w.paused_at is null and {work}
"""

_STEPS = """
select w.id as work_item_id, w.kind, w.name, w.due_at, w.escalation, w.jurisdiction, c.name as holder,
       a.id, a.acceptance_number, a.service_item, a.status
from (
    select * from work_items w
    where w.status in ('open', 'claimed') and w.paused_at is null and w.due_at < :near and {work}
    order by w.due_at limit :listed
) w
join applications a on a.id = w.application_id
left join clerks c on c.id = w.claimed_by
order by w.due_at
"""

_OFFICES = """
select w.jurisdiction, w.role, count(*) filter (where w.status = 'open') as open, count(*) filter (where w.status = 'claimed') as held,
       count(*) filter (where w.due_at < :at and w.paused_at is null) as overdue, count(*) filter (where w.paused_at is not null) as paused,
       min(w.opened_at) as oldest
from work_items w
where w.status in ('open', 'claimed') and {work}
group by w.jurisdiction, w.role
order by overdue desc, open desc, w.jurisdiction, w.role
"""

_PEOPLE = """
select w.claimed_by as clerk_id, c.name, c.role, c.active, count(*) as held,
       count(*) filter (where w.due_at < :at and w.paused_at is null) as overdue, min(w.claimed_at) as oldest
from work_items w left join clerks c on c.id = w.claimed_by
where w.status = 'claimed' and {work}
group by w.claimed_by, c.name, c.role, c.active
order by overdue desc, held desc, c.name
limit 100
"""

# By item and fact: only the item knows which registry stands behind a fact.
_SOURCES = """
with awaited as (
    select a.service_item, w->>'what' as fact, count(*) as waiting, count(*) filter (where (w->>'late')::boolean) as late,
           min((w->>'since')::timestamptz) filter (where (w->>'late')::boolean) as late_since
    from (
        select service_item, waiting_for from applications
        where ended_at is null and status = 'gathering' order by updated_at limit :most
    ) a, jsonb_array_elements(a.waiting_for) w
    where w->>'who' = 'registry'
    group by 1, 2
),
answered as (
    select a.service_item, e.source as fact, count(*) as answers, max(e.fetched_at) as last_answer
    from evidence e join applications a on a.id = e.application_id
    where e.fetched_at > :since
    group by 1, 2
)
select service_item, fact, coalesce(waiting, 0) as waiting, coalesce(late, 0) as late, late_since,
       coalesce(answers, 0) as answers, last_answer
from awaited full join answered using (service_item, fact)
"""

_INQUIRY_PATTERNS = """
select i.pattern, count(*) as n, count(*) filter (where i.owner is null) as unowned, count(*) filter (where i.due_at < :at) as late,
       min(i.opened_at) as oldest
from inquiries i where i.closed_at is null and {inquiry}
group by i.pattern order by late desc, n desc, i.pattern
"""

_INQUIRY_OWNERS = """
select i.owner, c.name, count(*) as n, count(*) filter (where i.due_at < :at) as late, min(i.opened_at) as oldest
from inquiries i left join clerks c on c.id = i.owner
where i.closed_at is null and {inquiry}
group by i.owner, c.name order by late desc, n desc
"""
