"""The queue of work items: what waits for clerks, who claimed it, and that one claim wins."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from adapters.database.tables import (
    applications,
    clerks,
    events,
    work_items,
)
from domain.errors import NotFound, WorkItemAlreadyClaimed, WorkItemNotClaimed
from domain.ids import new_id
from domain.work_items import WorkItemStatus

_LIVE = [WorkItemStatus.OPEN.value, WorkItemStatus.CLAIMED.value]
Record = dict[str, Any]


class QueueStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def queue(
        self,
        *,
        jurisdiction: str,
        role: str | None,
        statuses: Sequence[str],
        kind: str | None,
        claimed_by: str | None,
        due_before: datetime | None,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Record]:
        """Work items nearest their limit first. `jurisdiction`: a station's 12 digits, or a county's 6 for all inside."""
        query = self._work_item_query().where(within(jurisdiction), work_items.c.status.in_(statuses))
        if role is not None:
            query = query.where(work_items.c.role == role)
        if kind is not None:
            query = query.where(work_items.c.kind == kind)
        if claimed_by is not None:
            query = query.where(work_items.c.claimed_by == claimed_by)
        if due_before is not None:
            query = query.where(work_items.c.due_at <= due_before)
        if after is not None:
            query = query.where(tuple_(work_items.c.due_at, work_items.c.id) > after)
        async with self._db.statement() as connection:
            rows = (await connection.execute(query.order_by(work_items.c.due_at, work_items.c.id).limit(limit))).all()
        return [self._work_item_record(row) for row in rows]

    def _work_item_query(self) -> Select[Any]:
        return (
            select(
                work_items,
                applications.c.acceptance_number,
                applications.c.service_item,
                applications.c.applicant_name_box,
                clerks.c.name.label("claimed_by_name"),
            )
            .join(applications, applications.c.id == work_items.c.application_id)
            .outerjoin(clerks, clerks.c.id == work_items.c.claimed_by)
        )

    def _work_item_record(self, row: Any) -> Record:
        record = dict(row._mapping)
        record["applicant_name"] = self._db.open(record.pop("applicant_name_box"), "applications.applicant_name", row.application_id)
        reason = record.pop("reason_box")
        record["reason"] = self._db.open(reason, "work_items.reason", row.id) if reason is not None else None
        return record

    async def counts(self, *, jurisdiction: str, role: str | None, clerk_id: str, due_before: datetime) -> tuple[int, int, int]:
        """Mine, open, and open or mine with a limit before `due_before`."""
        mine = and_(work_items.c.status == WorkItemStatus.CLAIMED.value, work_items.c.claimed_by == clerk_id)
        open_ = work_items.c.status == WorkItemStatus.OPEN.value
        query = select(
            func.count().filter(mine),
            func.count().filter(open_),
            func.count().filter(or_(mine, open_), work_items.c.due_at <= due_before),
        ).where(within(jurisdiction), work_items.c.status.in_(_LIVE))
        if role is not None:
            query = query.where(work_items.c.role == role)
        async with self._db.statement() as connection:
            row = (await connection.execute(query)).one()
        return int(row[0]), int(row[1]), int(row[2])

    async def work_item(self, work_item_id: UUID) -> Record:
        async with self._db.statement() as connection:
            row = (await connection.execute(self._work_item_query().where(work_items.c.id == work_item_id))).first()
        if row is None:
            raise NotFound()
        return self._work_item_record(row)

    async def work_items_of(self, application_ids: Sequence[UUID]) -> list[Record]:
        async with self._db.statement() as connection:
            query = self._work_item_query().where(work_items.c.application_id.in_(application_ids)).order_by(work_items.c.opened_at.desc())
            rows = (await connection.execute(query)).all()
        return [self._work_item_record(row) for row in rows]

    async def claim(self, work_item_id: UUID, clerk_id: str, at: datetime) -> None:
        """Take a work item; a second time by the same clerk changes nothing.

        Raises:
            WorkItemAlreadyClaimed: another clerk has it, or it is done.
        """
        async with self._db.transaction() as connection:
            row = (
                await connection.execute(
                    update(work_items)
                    .where(work_items.c.id == work_item_id, work_items.c.status == WorkItemStatus.OPEN.value)
                    .values(status=WorkItemStatus.CLAIMED.value, claimed_by=clerk_id, claimed_at=at)
                    .returning(work_items.c.application_id, work_items.c.role)
                )
            ).first()
            if row is not None:
                await self._say(connection, row.application_id, work_item_id, "claimed", f"clerk:{row.role}", clerk_id, at)
                return
            holder = (
                await connection.execute(select(work_items.c.claimed_by, work_items.c.status).where(work_items.c.id == work_item_id))
            ).first()
        if holder is None:
            raise NotFound()
        if holder.claimed_by != clerk_id or holder.status != WorkItemStatus.CLAIMED.value:
            raise WorkItemAlreadyClaimed()

    async def claim_next(self, *, jurisdiction: str, role: str, clerk_id: str, at: datetime) -> UUID | None:
        """Take the open work item with the nearest limit that nobody else is taking at this moment."""
        nearest = (
            select(work_items.c.id)
            .where(within(jurisdiction), work_items.c.role == role, work_items.c.status == WorkItemStatus.OPEN.value)
            .order_by(work_items.c.due_at, work_items.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        async with self._db.transaction() as connection:
            row = (
                await connection.execute(
                    update(work_items)
                    .where(work_items.c.id == nearest)
                    .values(status=WorkItemStatus.CLAIMED.value, claimed_by=clerk_id, claimed_at=at)
                    .returning(work_items.c.id, work_items.c.application_id)
                )
            ).first()
            if row is None:
                return None
            await self._say(connection, row.application_id, row.id, "claimed", f"clerk:{role}", clerk_id, at)
        return UUID(str(row.id))

    async def release(self, work_item_id: UUID, clerk_id: str, at: datetime) -> None:
        """Put a work item back into the queue.

        Raises:
            WorkItemNotClaimed: this clerk does not hold it.
        """
        async with self._db.transaction() as connection:
            row = (
                await connection.execute(
                    update(work_items)
                    .where(
                        work_items.c.id == work_item_id,
                        work_items.c.status == WorkItemStatus.CLAIMED.value,
                        work_items.c.claimed_by == clerk_id,
                    )
                    .values(status=WorkItemStatus.OPEN.value, claimed_by=None, claimed_at=None)
                    .returning(work_items.c.application_id, work_items.c.role)
                )
            ).first()
            if row is None:
                raise WorkItemNotClaimed()
            await self._say(connection, row.application_id, work_item_id, "released", f"clerk:{row.role}", clerk_id, at)

    async def _say(
        self, connection: AsyncConnection, application_id: UUID, work_item_id: UUID, event: str, by: str, clerk_id: str, at: datetime
    ) -> None:
        await connection.execute(
            insert(events).values(
                application_id=application_id,
                key=f"{event}:{work_item_id}:{new_id()}",
                at=at,
                event=f"work_item_{event}",
                by=by,
                text=None,
                data={"work_item": str(work_item_id), "clerk": clerk_id},
            )
        )


def within(jurisdiction: str) -> Any:
    if len(jurisdiction) == 12:
        return work_items.c.jurisdiction == jurisdiction
    return func.left(work_items.c.jurisdiction, 6) == jurisdiction
