"""Odd patterns: what the tables show that somebody should look into. Each query rests on an index of migration 0007."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from domain.clock import day_in_china
from domain.inquiries import Oddity, Pattern, Thresholds, stuck_for

AT_ONCE = 200  # inquiries of one kind that one look opens; the next look goes on
OVERDUE_GRACE = timedelta(minutes=10)  # the case's own timers open the inquiry first
SEEN_CASES = 20  # cases that the facts name
_LOOKED = "supervision:looked_at"


class PatternStore:
    def __init__(self, database: Database, thresholds: Thresholds) -> None:
        self._db = database
        self._wanted = thresholds

    async def begin_look(self, at: datetime, *, at_most_every: timedelta) -> datetime | None:
        """The moment of the look before this one (the first of time for the first), or None when that was too short ago.

        Of several processes that begin at once, one is let through.
        """
        async with self._db.transaction() as connection:
            await connection.execute(text("insert into state_keys values (:key, '') on conflict do nothing"), {"key": _LOOKED})
            row = (await connection.execute(text("select value from state_keys where key = :key for update"), {"key": _LOOKED})).one()
            before = datetime.fromisoformat(row.value) if row.value else datetime.min.replace(tzinfo=at.tzinfo)
            if row.value and at - before < at_most_every:
                return None
            await connection.execute(
                text("update state_keys set value = :value where key = :key"), {"key": _LOOKED, "value": at.isoformat()}
            )
        return before

    async def odd(self, at: datetime, since: datetime) -> list[Oddity]:
        """Everything odd at this moment whose inquiry was not opened yet; addresses only of cases that changed since `since`."""
        async with self._db.statement() as connection:
            return [
                *await self._hasty_approvals(connection, at),
                *await self._crowded_addresses(connection, at, since),
                *await self._face_retries(connection, at),
                *await self._forged_callbacks(connection, at),
                *await self._overdue(connection, at),
                *await self._past_legal_limit(connection, at),
                *await self._stuck(connection, at),
                *await self._unstaffed(connection, at),
            ]

    async def _hasty_approvals(self, connection: AsyncConnection, at: datetime) -> list[Oddity]:
        w = self._wanted
        rows = await _all(
            connection,
            _HASTY,
            since=at - timedelta(minutes=w.hasty_minutes),
            at=at,
            longest=timedelta(seconds=w.hasty_seconds),
            least=w.hasty_approvals,
        )
        return [
            Oddity(
                pattern=Pattern.HASTY_APPROVALS,
                key=f"hasty_approvals:{row.claimed_by}:{day_in_china(at)}",
                county=row.county,
                station=row.station,
                clerk_id=row.claimed_by,
                facts={"approvals": row.n, "seconds": w.hasty_seconds, "minutes": w.hasty_minutes, "cases": _ids(row.cases)},
            )
            for row in rows
        ]

    async def _crowded_addresses(self, connection: AsyncConnection, at: datetime, since: datetime) -> list[Oddity]:
        w = self._wanted
        rows = await _all(
            connection, _CROWDED, since=since, at=at, opened_after=at - timedelta(days=w.crowded_days), least=w.crowded_movers
        )
        return [
            Oddity(
                pattern=Pattern.CROWDED_ADDRESS,
                key=f"crowded_address:{bytes(row.address_index).hex()[:32]}:{day_in_china(at):%Y-%m}",
                county=_county(row.station),
                station=row.station,
                facts={"movers": row.movers, "days": w.crowded_days, "cases": _ids(row.cases)},
            )
            for row in rows
        ]

    async def _face_retries(self, connection: AsyncConnection, at: datetime) -> list[Oddity]:
        w = self._wanted
        rows = await _all(connection, _FACES, since=at - timedelta(hours=w.face_hours), at=at, least=w.face_failures)
        return [
            Oddity(
                pattern=Pattern.FACE_RETRIES,
                key=f"face_retries:{row.person_id}:{day_in_china(at)}",
                county=_county(row.station),
                station=row.station,
                application_id=row.cases[0],
                facts={"failures": row.n, "hours": w.face_hours, "cases": _ids(row.cases)},
            )
            for row in rows
        ]

    async def _forged_callbacks(self, connection: AsyncConnection, at: datetime) -> list[Oddity]:
        w = self._wanted
        rows = await _all(connection, _FORGED, since=at - timedelta(minutes=w.forged_minutes), at=at, least=w.forged_callbacks)
        return [
            Oddity(
                pattern=Pattern.FORGED_CALLBACKS,
                key=f"forged_callbacks:{row.provider}:{day_in_china(at)}",
                county=None,
                facts={"callbacks": row.n, "provider": row.provider, "minutes": w.forged_minutes},
            )
            for row in rows
        ]

    async def _overdue(self, connection: AsyncConnection, at: datetime) -> list[Oddity]:
        """Work past its limit of which the case itself did not tell: it began under an older way of working."""
        rows = await _all(connection, _OVERDUE, before=at - OVERDUE_GRACE, at_once=AT_ONCE)
        return [
            Oddity(
                pattern=Pattern.OVERDUE,
                key=f"overdue:{row.application_id}",
                county=row.county,
                station=_station(row.jurisdiction),
                application_id=row.application_id,
                clerk_id=row.claimed_by,
                facts={"kind": row.kind},
            )
            for row in rows
        ]

    async def _past_legal_limit(self, connection: AsyncConnection, at: datetime) -> list[Oddity]:
        rows = await _all(connection, _PAST_LEGAL, before=at - OVERDUE_GRACE, at_once=AT_ONCE)
        return [
            Oddity(
                pattern=Pattern.LEGAL_LIMIT,
                key=f"legal_limit:{row.id}",
                county=_county(row.station),
                station=row.station,
                application_id=row.id,
                facts={},
            )
            for row in rows
        ]

    async def _stuck(self, connection: AsyncConnection, at: datetime) -> list[Oddity]:
        found = []
        for status, what in (("gathering", "registry"), ("issuing", "document")):
            rows = await _all(connection, _STUCK, status=status, before=at - stuck_for(self._wanted, what), at_once=AT_ONCE)
            for row in rows:
                late = [w["what"] for w in row.waiting_for if w.get("who") == "registry"]
                facts = {"what": what if late or what == "document" else "system", "since": row.updated_at.isoformat(), "sources": late}
                found.append(
                    Oddity(
                        pattern=Pattern.UNDOABLE,
                        key=f"undoable:{row.id}:{row.updated_at:%Y%m%d%H%M%S}",
                        county=_county(row.station),
                        station=row.station,
                        application_id=row.id,
                        facts=facts,
                    )
                )
        return found

    async def _unstaffed(self, connection: AsyncConnection, at: datetime) -> list[Oddity]:
        before = at - timedelta(minutes=self._wanted.unstaffed_minutes)
        rows = await _all(connection, _UNSTAFFED, before=before, at_once=AT_ONCE)
        return [
            Oddity(
                pattern=Pattern.UNDOABLE,
                key=f"undoable:{row.application_id}:{row.id}",
                county=row.county,
                station=_station(row.jurisdiction),
                application_id=row.application_id,
                facts={"what": "barred" if row.somebody else "unstaffed", "role": row.role, "kind": row.kind},
            )
            for row in rows
        ]


async def _all(connection: AsyncConnection, query: TextClause, **values: Any) -> list[Any]:
    return list((await connection.execute(query, values)).all())


def _county(station: str | None) -> str | None:
    return station[:6] if station else None


def _station(jurisdiction: str) -> str | None:
    return jurisdiction if len(jurisdiction) == 12 else None


def _ids(cases: list[Any]) -> list[str]:
    return [str(case) for case in list(dict.fromkeys(cases))[:SEEN_CASES]]


_HASTY = text(
    """
    select w.claimed_by, min(w.county) as county, min(c.station) as station, count(*) as n,
           array_agg(w.application_id order by w.closed_at desc) as cases
    from work_items w left join clerks c on c.id = w.claimed_by
    where w.outcome = 'approve' and w.closed_at > :since and w.closed_at <= :at
      and w.claimed_by is not null and w.closed_at - w.claimed_at < :longest
    group by w.claimed_by
    having count(*) >= :least
    """
)

# The newest case of the address tells whose territory it is.
_CROWDED = text(
    """
    with touched as (
        select distinct address_index from applications
        where address_index is not null and updated_at >= :since
    )
    select a.address_index, count(distinct a.person_id) as movers, array_agg(a.id order by a.opened_at desc) as cases,
           (array_agg(a.station order by a.opened_at desc))[1] as station
    from applications a join touched using (address_index)
    where a.opened_at > :opened_after and a.opened_at <= :at and a.status not in ('withdrawn', 'abandoned')
    group by a.address_index
    having count(distinct a.person_id) >= :least
    """
)

_FACES = text(
    """
    select a.person_id, count(*) as n, array_agg(a.id order by k.received_at desc) as cases,
           (array_agg(a.station order by k.received_at desc))[1] as station
    from identity_clips k join applications a on a.id = k.application_id
    where (k.verdict->'verdict'->>'passed') = 'false' and k.received_at > :since and k.received_at <= :at
    group by a.person_id
    having count(*) >= :least
    """
)

_FORGED = text(
    """
    select provider, count(*) as n from callbacks
    where received_at > :since and received_at <= :at and not accepted and why like 'forged:%'
    group by provider
    having count(*) >= :least
    """
)

# A counter's work waits for the applicant: its limit is the applicant's.
_OVERDUE = text(
    """
    select distinct on (w.application_id) w.application_id, w.county, w.jurisdiction, w.claimed_by, w.kind
    from (
        select * from work_items
        where status in ('open', 'claimed') and paused_at is null and due_at < :before
          and kind not in ('counter_check', 'identity_check', 'collection')
          and not exists (select 1 from inquiries i where i.key = 'overdue:' || work_items.application_id)
        order by due_at limit :at_once
    ) w
    order by w.application_id, w.due_at
    """
)

_PAST_LEGAL = text(
    """
    select a.id, a.station from applications a
    where a.ended_at is null and a.legal_due_at is not null and a.legal_due_at < :before
      and not exists (select 1 from inquiries i where i.key = 'legal_limit:' || a.id)
    order by a.legal_due_at limit :at_once
    """
)

_STUCK = text(
    """
    select a.id, a.station, a.waiting_for, a.updated_at from applications a
    where a.ended_at is null and a.status = :status and a.updated_at < :before
      and not exists (
        select 1 from inquiries i
        where i.key = 'undoable:' || a.id || ':' || to_char(a.updated_at at time zone 'UTC', 'YYYYMMDDHH24MISS')
      )
    order by a.updated_at limit :at_once
    """
)

# Nobody active of the role and territory (or standing in for one) may take it: not offered, own or of the household, looked before.
_UNSTAFFED = text(
    """
    with able as (
        select c.id, c.role, c.county, c.station, c.id as person from clerks c where c.active
        union all
        select c.id, c.role, c.county, c.station, d.to_clerk
        from clerks c join delegations d on d.from_clerk = c.id
        where d.begins_at <= now() and d.ends_at > now() and d.ended_early_at is null
          and exists (select 1 from clerks t where t.id = d.to_clerk and t.active)
    )
    select w.id, w.application_id, w.role, w.kind, w.county, w.jurisdiction,
           exists (
               select 1 from able c where c.role = w.role
                 and (c.station = w.jurisdiction or (c.station is null and c.county = w.county))
           ) as somebody
    from work_items w
    where w.status = 'open' and w.paused_at is null and w.opened_at < :before
      and not exists (select 1 from inquiries i where i.key = 'undoable:' || w.application_id || ':' || w.id)
      and not exists (
          select 1 from able c
          where c.role = w.role and (c.station = w.jurisdiction or (c.station is null and c.county = w.county))
            and (cardinality(w.candidates) = 0 or c.id = any (w.candidates) or c.person = any (w.candidates))
            and not exists (
                select 1 from clerk_kin k join case_people p on p.person_index = k.person_index
                where k.clerk_id = c.person and p.application_id = w.application_id
            )
            and (w.kind not in ('pre_review', 'review', 'approval') or not exists (
                select 1 from work_items before_it
                where before_it.application_id = w.application_id and before_it.status = 'completed'
                  and before_it.claimed_by = c.person and before_it.kind in ('pre_review', 'review', 'approval')
                  and before_it.kind <> w.kind
            ))
      )
    order by w.opened_at limit :at_once
    """
)
