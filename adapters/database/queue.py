"""The queue of work items as it is read: pages in order, counts that stop, one by one, by name."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from functools import lru_cache
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    DateTime,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from adapters.database.tables import applications, case_people, clerk_kin, clerks, work_items
from domain.clock import CHINA
from domain.errors import NotFound
from domain.queues import COUNT_AT_MOST, Barred, Counts, Priority, QueueFilter, Seat, View, name_key
from domain.work_items import DECIDING, WorkItemStatus

Record = dict[str, Any]
Position = tuple[int, datetime, UUID]  # priority, limit, id: where a page ended
Moment = datetime | BindParameter[datetime]
SEATS_KEPT = 256  # clerks whose counts are ready to be run again
ITEM = work_items.c
# As text: a partial index is used only where its condition stands in the statement.
LIVE = literal_column("work_items.status in ('open', 'claimed')", Boolean)
OPEN = literal_column("work_items.status = 'open'", Boolean)
TO_TAKE = literal_column("(work_items.status = 'open' and work_items.paused_at is null)", Boolean)
HELD = literal_column("work_items.status = 'claimed'", Boolean)
# Compared and not counted: of what a function answers the planner knows nothing, and takes it for rare.
_TO_EVERYBODY = literal_column("(work_items.candidates = '{}')", Boolean)
# What changes hands: a work item in the queue again, for everybody, and one that somebody holds.
OPEN_AGAIN: Record = {
    "status": WorkItemStatus.OPEN.value,
    "claimed_by": None,
    "claimed_at": None,
    "held_for": None,
    "claim_key": None,
    "candidates": [],
}
_DECIDING = sorted(kind.value for kind in DECIDING)
_EARLIER = work_items.alias("earlier")


def held_by(clerk_id: str, at: datetime, *, stand_in: str | None = None, key: str | None = None) -> Record:
    """`stand_in`: in whose place; `key`: the caller's, under which it was taken."""
    return {
        "status": WorkItemStatus.CLAIMED.value,
        "claimed_by": clerk_id,
        "claimed_at": at,
        "held_for": stand_in,
        "claim_key": key,
        "candidates": [],
    }


class QueueStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    # --- pages ---------------------------------------------------------------------------------------------------

    async def queue(
        self, seat: Seat, view: View, wanted: QueueFilter, *, now: datetime, near: datetime, after: Position | None, limit: int
    ) -> list[Record]:
        """Work items of a view, the urgent first, then those nearest their limit. `near`: until when a limit counts as near."""
        narrowed = [*_of_view(seat, view, now, near), *_of_filter(wanted)]
        branches = [
            _in_order(select(ITEM.id, ITEM.priority, ITEM.due_at).where(*place, *narrowed, ITEM.priority == priority, *beyond), limit)
            for place in _places(seat, view, wanted)
            for priority, beyond in _priorities(wanted, after)
        ]
        if not branches:
            return []
        found = union_all(*(select(branch.subquery()) for branch in branches)).subquery()
        page = select(found.c.id).order_by(found.c.priority.desc(), found.c.due_at, found.c.id).limit(limit).subquery()
        query = self._query(seat.clerk_id).where(ITEM.id.in_(select(page.c.id)))
        query = query.order_by(ITEM.priority.desc(), ITEM.due_at, ITEM.id)
        return await self._records(query)

    async def counts(self, seat: Seat, *, now: datetime, near: datetime) -> Counts:
        """How many each view holds, counted to `COUNT_AT_MOST` and no further."""
        async with self._db.statement() as connection:
            row = (await connection.execute(counting(seat), {"now": now, "near": near})).one()
        return Counts(**row._mapping)

    async def find_by_name(self, seat: Seat, name: str, *, limit: int) -> list[Record]:
        """Live work of cases whose applicant is called so, the nearest limit first; whole names only, as they rest as keyed hashes."""
        counties = sorted({place[:6] for place in seat.territories})
        query = self._query(seat.clerk_id).where(
            LIVE, ITEM.name_index == self._db.index(name_key(name)), ITEM.county.in_(counties), ITEM.role.in_(seat.roles)
        )
        records = await self._records(query.order_by(ITEM.due_at, ITEM.id).limit(limit))
        return [r for r in records if any(r["jurisdiction"].startswith(place) for place in seat.territories)]

    # --- one by one ----------------------------------------------------------------------------------------------

    async def work_item(self, work_item_id: UUID, clerk_id: str = "") -> Record:
        """`barred`: why this clerk may not handle it, if they may not.

        Raises:
            NotFound: there is none.
        """
        records = await self._records(self._query(clerk_id).where(ITEM.id == work_item_id))
        if not records:
            raise NotFound()
        return records[0]

    async def work_items_of(self, application_ids: Sequence[UUID], clerk_id: str = "") -> list[Record]:
        query = self._query(clerk_id).where(ITEM.application_id.in_(application_ids)).order_by(ITEM.opened_at.desc())
        return await self._records(query)

    def _query(self, clerk_id: str) -> Select[Any]:
        absent = clerks.alias("absent")
        return (
            select(
                work_items,
                applications.c.acceptance_number,
                applications.c.service_item.label("item_code"),
                applications.c.applicant_name_box,
                clerks.c.name.label("claimed_by_name"),
                absent.c.name.label("held_for_name"),
                related(clerk_id).label("is_related"),
                took_part(clerk_id).label("took_part"),
            )
            .join(applications, applications.c.id == ITEM.application_id)
            .outerjoin(clerks, clerks.c.id == ITEM.claimed_by)
            .outerjoin(absent, absent.c.id == ITEM.held_for)
        )

    async def _records(self, query: Select[Any]) -> list[Record]:
        async with self._db.statement() as connection:
            rows = (await connection.execute(query)).all()
        return [self._record(row) for row in rows]

    def _record(self, row: Any) -> Record:
        record = dict(row._mapping)
        record["service_item"] = record.pop("item_code")
        record["applicant_name"] = self._db.open(record.pop("applicant_name_box"), "applications.applicant_name", row.application_id)
        for name in ("reason", "task"):
            box = record.pop(f"{name}_box")
            record[f"{name}_text" if name == "task" else name] = (
                self._db.open(box, f"work_items.{name}", row.id) if box is not None else None
            )
        record["barred"] = barred_by(related=record.pop("is_related"), took_part=record.pop("took_part"))
        return record


# --- who may not -----------------------------------------------------------------------------------------------------


def barred_by(*, related: bool, took_part: bool) -> Barred | None:
    return "household" if related else "four_eyes" if took_part else None


def related(clerk_id: str) -> ColumnElement[bool]:
    """The case concerns the clerk or somebody of their household."""
    return (
        select(case_people.c.application_id)
        .join(clerk_kin, clerk_kin.c.person_index == case_people.c.person_index)
        .where(case_people.c.application_id == ITEM.application_id, clerk_kin.c.clerk_id == clerk_id)
        .correlate(work_items)
        .exists()
    )


def took_part(clerk_id: str) -> ColumnElement[bool]:
    """The clerk completed another deciding step of the case. The same step again, after a supplement, is theirs to do."""
    earlier = _EARLIER.c
    return and_(
        ITEM.kind.in_(_DECIDING),
        select(earlier.id)
        .where(
            earlier.application_id == ITEM.application_id,
            earlier.claimed_by == clerk_id,
            earlier.status == WorkItemStatus.COMPLETED.value,
            earlier.kind.in_(_DECIDING),
            earlier.kind != ITEM.kind,
        )
        .correlate(work_items)
        .exists(),
    )


def offered_to(names: Sequence[str]) -> ColumnElement[bool]:
    """To everybody, or to one of these clerks."""
    return or_(_TO_EVERYBODY, ITEM.candidates.overlap(list(names)))


# --- what a view and a filter ask for --------------------------------------------------------------------------------


def place_of(territory: str) -> ColumnElement[bool]:
    """A station or a county's own work by its code; of a clerk of the bureau, everything of the county."""
    return ITEM.jurisdiction == territory if len(territory) == 12 else ITEM.county == territory


def _places(seat: Seat, view: View, wanted: QueueFilter) -> list[list[ColumnElement[bool]]]:
    """Each names one stretch of an index."""
    if view is View.MINE:
        mine = [[HELD, ITEM.claimed_by == name, _still_held_for(seat)] for name in seat.names]
        return [*mine, [HELD, ITEM.held_for == seat.clerk_id, ITEM.claimed_by.not_in(seat.names)]]
    which = TO_TAKE if view is View.OPEN else LIVE
    return [[which, place_of(territory), ITEM.role == role] for territory, role in product(_territories(seat, wanted), seat.roles)]


def _territories(seat: Seat, wanted: QueueFilter) -> list[str]:
    """Narrowed to a station of the county, where that is asked for."""
    if wanted.jurisdiction is None:
        return list(seat.territories)
    return [wanted.jurisdiction] if any(wanted.jurisdiction.startswith(place) for place in seat.territories) else []


def _still_held_for(seat: Seat) -> ColumnElement[bool]:
    """What was held in the place of somebody who is back is theirs again."""
    return or_(ITEM.held_for.is_(None), ITEM.held_for.in_(seat.absent))


def _of_view(seat: Seat, view: View, now: Moment, near: Moment) -> list[ColumnElement[bool]]:
    if view is View.OPEN:
        return [offered_to(seat.names)]
    tasks = [] if seat.directs else [or_(ITEM.investigation_id.is_(None), ITEM.claimed_by.in_(seat.names), offered_to(seat.names))]
    if view not in (View.NEAR, View.OVER):
        return tasks if view is View.STATION else []
    limit = [ITEM.due_at < now] if view is View.OVER else [ITEM.due_at >= now, ITEM.due_at <= near]
    theirs = [] if seat.directs else [or_(OPEN, ITEM.claimed_by.in_(seat.names))]
    return [*limit, ITEM.paused_at.is_(None), *theirs, *tasks]


def _of_filter(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.service_item is not None:
        conditions.append(ITEM.service_item == wanted.service_item)
    if wanted.kind is not None:
        conditions.append(ITEM.kind == wanted.kind.value)
    if wanted.status is not None:
        conditions.append(OPEN if wanted.status == "open" else HELD)
    if wanted.escalation is not None:
        conditions.append(ITEM.escalation >= wanted.escalation.value)
    if wanted.holder is not None:
        conditions.append(and_(HELD, ITEM.claimed_by == wanted.holder))
    if wanted.paused is not None:
        conditions.append(ITEM.paused_at.is_not(None) if wanted.paused else ITEM.paused_at.is_(None))
    if wanted.due_before is not None:
        conditions.append(ITEM.due_at < datetime.combine(wanted.due_before + timedelta(days=1), time(), CHINA))
    return conditions


def _priorities(wanted: QueueFilter, after: Position | None) -> list[tuple[int, list[ColumnElement[bool]]]]:
    """Each priority is read by itself, so that its stretch of the index is read in order and no further than the page."""
    chosen = [wanted.priority] if wanted.priority is not None else sorted(Priority, reverse=True)
    if after is None:
        return [(priority.value, []) for priority in chosen]
    place, due_at, work_item_id = after
    beyond = tuple_(ITEM.due_at, ITEM.id) > (due_at, work_item_id)
    return [(priority.value, [beyond] if priority.value == place else []) for priority in chosen if priority.value <= place]


def _in_order(query: Select[Any], limit: int) -> Select[Any]:
    return query.order_by(ITEM.due_at, ITEM.id).limit(limit)


# Building it costs several times what running it does, and a clerk comes back to the queue after every case.
@lru_cache(maxsize=SEATS_KEPT)
def counting(seat: Seat, views: tuple[View, ...] = tuple(View)) -> Select[Any]:
    """How many each view holds, in one row; `now` and `near` are the statement's parameters."""
    now, near = bindparam("now", type_=DateTime(timezone=True)), bindparam("near", type_=DateTime(timezone=True))
    return select(*(_count(seat, view, now, near).label(view.value) for view in views))


def _count(seat: Seat, view: View, now: Moment, near: Moment) -> Any:
    # In the order of the queue, so that its own index is read, and no further than it is counted: by each priority where limits bound it.
    each: Sequence[Priority | None] = list(Priority) if view in (View.NEAR, View.OVER) else [None]
    of_view = _of_view(seat, view, now, near)
    parts = [
        select(ITEM.id)
        .where(*place, *of_view, *([] if priority is None else [ITEM.priority == priority.value]))
        .order_by(ITEM.priority.desc(), ITEM.due_at, ITEM.id)
        .limit(COUNT_AT_MOST)
        for place in _places(seat, view, QueueFilter())
        for priority in each
    ]
    rows = union_all(*(select(part.subquery()) for part in parts)) if len(parts) > 1 else parts[0]
    stopped = select(rows.subquery()).limit(COUNT_AT_MOST).subquery()
    return select(func.count()).select_from(stopped).scalar_subquery()


async def barred(connection: AsyncConnection, work_item_id: UUID, clerk_id: str) -> Barred | None:
    """Why this clerk may not handle a work item, inside the caller's transaction."""
    query = select(related(clerk_id), took_part(clerk_id)).select_from(work_items).where(ITEM.id == work_item_id)
    row = (await connection.execute(query)).one()
    return barred_by(related=bool(row[0]), took_part=bool(row[1]))
