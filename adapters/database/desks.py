"""What clerks keep at hand: stand-ins for an absence, reason templates, saved views, notices; and who their colleagues are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.database.engine import Database
from adapters.database.tables import applications, case_people, clerk_kin, clerks, delegations, reason_templates, saved_views, staff_notices
from domain.errors import NotFound, WrongState
from domain.ids import new_id
from domain.queues import COUNT_AT_MOST
from domain.text import Bilingual

Record = dict[str, Any]
_CLERK = (clerks.c.id, clerks.c.name, clerks.c.login, clerks.c.role, clerks.c.county, clerks.c.station, clerks.c.leads)


class StaffStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    # --- colleagues ----------------------------------------------------------------------------------------------

    async def colleagues(self, county: str, role: str) -> list[Record]:
        """Active clerks of this role in the county, by name."""
        query = select(*_CLERK).where(clerks.c.active, clerks.c.county == county, clerks.c.role == role).order_by(clerks.c.name).limit(500)
        return await self._rows(query)

    async def colleague(self, clerk_id: str) -> Record:
        """
        Raises:
            NotFound: no such clerk, or one who has left.
        """
        rows = await self._rows(select(*_CLERK).where(clerks.c.active, clerks.c.id == clerk_id))
        if not rows:
            raise NotFound()
        return rows[0]

    async def related_among(self, clerk_ids: Sequence[str], application_id: UUID) -> set[str]:
        """Which of these clerks a case concerns, themselves or their household."""
        query = (
            select(clerk_kin.c.clerk_id)
            .join(case_people, case_people.c.person_index == clerk_kin.c.person_index)
            .where(case_people.c.application_id == application_id, clerk_kin.c.clerk_id.in_(clerk_ids))
        )
        return {row["clerk_id"] for row in await self._rows(query)}

    # --- absences ------------------------------------------------------------------------------------------------

    async def absent_colleagues(self, clerk_id: str, role: str, at: datetime) -> list[Record]:
        """Clerks of the same role in whose place this one works at that moment."""
        query = (
            select(*_CLERK)
            .join(delegations, delegations.c.from_clerk == clerks.c.id)
            .where(delegations.c.to_clerk == clerk_id, clerks.c.role == role, clerks.c.active, _lasting(at))
            .order_by(clerks.c.id)
            .distinct()
        )
        return await self._rows(query)

    async def add_delegation(self, row: Mapping[str, Any]) -> UUID:
        """The same once more (absent clerk, stand-in and times) changes nothing.

        Raises:
            WrongState: the absent clerk has another stand-in in that time.
        """
        same = (delegations.c.from_clerk == row["from_clerk"], delegations.c.ended_early_at.is_(None))
        async with self._db.transaction() as connection:
            # Two who delegate for one clerk at once: the second waits, and sees the first.
            await connection.execute(select(clerks.c.id).where(clerks.c.id == row["from_clerk"]).with_for_update())
            overlapping = (
                await connection.execute(
                    select(delegations).where(*same, delegations.c.begins_at < row["ends_at"], delegations.c.ends_at > row["begins_at"])
                )
            ).first()
            if overlapping is not None:
                if all(getattr(overlapping, name) == row[name] for name in ("to_clerk", "begins_at", "ends_at")):
                    return UUID(str(overlapping.id))
                raise WrongState()
            delegation_id = new_id()
            await connection.execute(insert(delegations).values(id=delegation_id, **row))
        return delegation_id

    async def end_delegation(self, delegation_id: UUID, at: datetime) -> None:
        """Before its time; once it has ended nothing changes."""
        async with self._db.statement() as connection:
            await connection.execute(
                update(delegations)
                .where(delegations.c.id == delegation_id, delegations.c.ended_early_at.is_(None), delegations.c.ends_at > at)
                .values(ended_early_at=at)
            )

    async def delegation(self, delegation_id: UUID) -> Record:
        rows = await self._rows(_delegations().where(delegations.c.id == delegation_id))
        if not rows:
            raise NotFound()
        return rows[0]

    async def delegations_of(self, clerk_ids: Sequence[str], at: datetime) -> list[Record]:
        """Lasting or to come, of these clerks or to them; the next to end first."""
        either = or_(delegations.c.from_clerk.in_(clerk_ids), delegations.c.to_clerk.in_(clerk_ids))
        query = _delegations().where(either, delegations.c.ended_early_at.is_(None), delegations.c.ends_at > at)
        return await self._rows(query.order_by(delegations.c.ends_at).limit(200))

    # --- reason templates ----------------------------------------------------------------------------------------

    async def templates(self, owners: Sequence[str], kind: str | None = None) -> list[Record]:
        """By title; `owners`: a county, a station, a clerk id."""
        query = select(reason_templates).where(reason_templates.c.owner.in_(owners))
        if kind is not None:
            query = query.where(reason_templates.c.kind == kind)
        return await self._rows(query.order_by(reason_templates.c.kind, reason_templates.c.outcome, reason_templates.c.title).limit(500))

    async def template(self, template_id: UUID) -> Record:
        rows = await self._rows(select(reason_templates).where(reason_templates.c.id == template_id))
        if not rows:
            raise NotFound()
        return rows[0]

    async def save_template(self, template_id: UUID, row: Mapping[str, Any]) -> None:
        """Add it under this id, or replace what is there."""
        async with self._db.statement() as connection:
            values = dict(row)
            await connection.execute(
                insert(reason_templates).values(id=template_id, **values).on_conflict_do_update(index_elements=["id"], set_=values)
            )

    async def drop_template(self, template_id: UUID) -> None:
        async with self._db.statement() as connection:
            await connection.execute(reason_templates.delete().where(reason_templates.c.id == template_id))

    # --- saved views ---------------------------------------------------------------------------------------------

    async def views_of(self, clerk_id: str) -> list[Record]:
        return await self._rows(select(saved_views).where(saved_views.c.clerk_id == clerk_id).order_by(saved_views.c.name))

    async def save_view(self, clerk_id: str, name: str, filters: Mapping[str, Any], at: datetime, *, at_most: int) -> None:
        """Under its name, in place of what was there.

        Raises:
            WrongState: the clerk keeps so many already.
        """
        row = {"id": new_id(), "clerk_id": clerk_id, "name": name, "filters": dict(filters), "created_at": at}
        async with self._db.transaction() as connection:
            kept = select(saved_views.c.name).where(saved_views.c.clerk_id == clerk_id)
            names = {r.name for r in (await connection.execute(kept)).all()}
            if name not in names and len(names) >= at_most:
                raise WrongState()
            await connection.execute(
                insert(saved_views)
                .values(**row)
                .on_conflict_do_update(index_elements=["clerk_id", "name"], set_={"filters": row["filters"]})
            )

    async def drop_view(self, clerk_id: str, view_id: UUID) -> None:
        async with self._db.statement() as connection:
            await connection.execute(saved_views.delete().where(saved_views.c.id == view_id, saved_views.c.clerk_id == clerk_id))

    # --- notices to staff ----------------------------------------------------------------------------------------

    async def unread_notices(self, clerk_id: str) -> int:
        """Counted to `COUNT_AT_MOST` and no further."""
        some = (
            select(staff_notices.c.id).where(staff_notices.c.clerk_id == clerk_id, staff_notices.c.read_at.is_(None)).limit(COUNT_AT_MOST)
        )
        rows = await self._rows(select(func.count().label("unread")).select_from(some.subquery()))
        return int(rows[0]["unread"])

    async def notices_to(self, clerk_id: str, *, before: tuple[datetime, UUID] | None, limit: int) -> list[Record]:
        """The newest first, with the acceptance number of the case where there is one."""
        query = (
            select(staff_notices, applications.c.acceptance_number)
            .outerjoin(applications, applications.c.id == staff_notices.c.application_id)
            .where(staff_notices.c.clerk_id == clerk_id)
            .order_by(staff_notices.c.at.desc(), staff_notices.c.id.desc())
            .limit(limit)
        )
        return await self._rows(query if before is None else query.where(_older_than(*before)))

    async def notify(self, clerk_id: str, key: str, kind: str, text: Bilingual, at: datetime) -> None:
        """Once under its key."""
        row = {"id": new_id(), "clerk_id": clerk_id, "key": key, "kind": kind, "text": text.model_dump(), "at": at}
        async with self._db.statement() as connection:
            await connection.execute(insert(staff_notices).values(**row).on_conflict_do_nothing(index_elements=["clerk_id", "key"]))

    async def mark_read(self, clerk_id: str, notice_ids: Sequence[UUID] | None, at: datetime) -> None:
        """These notices, or all of them, if they are this clerk's."""
        which = [] if notice_ids is None else [staff_notices.c.id.in_(notice_ids)]
        async with self._db.statement() as connection:
            await connection.execute(
                update(staff_notices)
                .where(staff_notices.c.clerk_id == clerk_id, staff_notices.c.read_at.is_(None), staff_notices.c.at <= at, *which)
                .values(read_at=at)
            )

    async def _rows(self, query: Any) -> list[Record]:
        async with self._db.statement() as connection:
            return [dict(row._mapping) for row in (await connection.execute(query)).all()]


def _lasting(at: datetime) -> ColumnElement[bool]:
    return and_(delegations.c.begins_at <= at, delegations.c.ends_at > at, delegations.c.ended_early_at.is_(None))


def _delegations() -> Any:
    absent, stand_in = clerks.alias("absent"), clerks.alias("stand_in")
    return (
        select(
            delegations,
            absent.c.name.label("from_name"),
            absent.c.role.label("role"),
            absent.c.county.label("county"),
            absent.c.station.label("station"),
            stand_in.c.name.label("to_name"),
        )
        .join(absent, absent.c.id == delegations.c.from_clerk)
        .join(stand_in, stand_in.c.id == delegations.c.to_clerk)
    )


def _older_than(at: datetime, notice_id: UUID) -> ColumnElement[bool]:
    n = staff_notices.c
    return or_(n.at < at, and_(n.at == at, n.id < literal(notice_id)))
