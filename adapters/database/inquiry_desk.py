"""Inquiries as supervisors work on them: lists, entries, questions to colleagues, findings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from adapters.database.inquiries import open_inquiry, supervisors_of
from adapters.database.said import append_event, tell_staff
from adapters.database.tables import applications, clerks, inquiries, inquiry_entries, staff_notices
from domain.errors import NotFound, WrongState
from domain.ids import new_id
from domain.inquiries import INQUIRY_WORKING_DAYS, TAKEN_OVER, Finding, Pattern
from domain.jurisdiction import SEES_NO_CASE, Role
from domain.limits import Clock, due_at
from domain.ports import WorkingDays
from domain.text import Bilingual

ASKED = "inquiry_asked"  # kinds of notices to staff
LATE = "inquiry_late"
Record = dict[str, Any]


class InquiryStore:
    def __init__(self, database: Database, working_days: WorkingDays) -> None:
        self._db = database
        self._working_days = working_days

    # --- opening -------------------------------------------------------------------------------------------------

    async def open(
        self,
        *,
        key: str,
        pattern: Pattern,
        county: str,
        opened_by: str,
        at: datetime,
        application_id: UUID | None = None,
        clerk_id: str | None = None,
        station: str | None = None,
        facts: Mapping[str, Any] | None = None,
        why: str | None = None,
    ) -> tuple[UUID, str] | None:
        """As `open_inquiry`, in a transaction of its own, with its limit by the county's calendar. `why` is the first entry."""
        due_at = await self.limit_from(county, at)
        async with self._db.transaction() as connection:
            opened = await open_inquiry(
                connection,
                key=key,
                pattern=pattern,
                application_id=application_id,
                clerk_id=clerk_id,
                county=county,
                station=station,
                facts=facts or {},
                opened_by=opened_by,
                at=at,
                due_at=due_at,
            )
            if opened is not None and why is not None:
                await self._enter(connection, opened[0], opened_by, why, at)
        return opened

    async def limit_from(self, county: str, at: datetime) -> datetime:
        """The end of the fifth working day after this moment, in China."""
        is_working = await self._working_days.working_day_test(county)
        limit = due_at(Clock(working_days=INQUIRY_WORKING_DAYS, started_at=at), is_working)
        assert limit is not None, "a clock that nobody pauses has an end"
        return limit

    # --- reading -------------------------------------------------------------------------------------------------

    async def inquiries(
        self,
        place: str,
        *,
        open_only: bool,
        pattern: str | None,
        owner: str | None,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Record]:
        """Inquiries of a county (6 digits) or station (12): open ones nearest their limit first, closed ones newest first."""
        query = _rows().where(_within(place), inquiries.c.closed_at.is_(None) if open_only else inquiries.c.closed_at.is_not(None))
        if pattern is not None:
            query = query.where(inquiries.c.pattern == pattern)
        if owner is not None:
            query = query.where(inquiries.c.owner == owner if owner else inquiries.c.owner.is_(None))
        order = inquiries.c.due_at if open_only else inquiries.c.closed_at
        if after is not None:
            here = tuple_(order, inquiries.c.id)
            query = query.where(here > after if open_only else here < after)
        ordered = query.order_by(order, inquiries.c.id) if open_only else query.order_by(order.desc(), inquiries.c.id.desc())
        async with self._db.statement() as connection:
            return [dict(row._mapping) for row in (await connection.execute(ordered.limit(limit))).all()]

    async def counts(self, place: str, clerk_id: str, at: datetime) -> tuple[int, int, int, int]:
        """Open, open with nobody, open and this clerk's, open past their limit."""
        query = select(
            func.count(),
            func.count().filter(inquiries.c.owner.is_(None)),
            func.count().filter(inquiries.c.owner == clerk_id),
            func.count().filter(inquiries.c.due_at < at),
        ).where(_within(place), inquiries.c.closed_at.is_(None))
        async with self._db.statement() as connection:
            row = (await connection.execute(query)).one()
        return int(row[0]), int(row[1]), int(row[2]), int(row[3])

    async def get(self, inquiry_id: UUID) -> Record:
        """The row with its case's, plus `finding_text` and `entries` opened, oldest first.

        Raises:
            NotFound: no such inquiry.
        """
        async with self._db.statement() as connection:
            row = (await connection.execute(_rows().where(inquiries.c.id == inquiry_id))).first()
            if row is None:
                raise NotFound()
            entries = (
                await connection.execute(
                    select(inquiry_entries, clerks.c.name.label("by_name"))
                    .outerjoin(clerks, func.concat("clerk:", clerks.c.id) == inquiry_entries.c.by)
                    .where(inquiry_entries.c.inquiry_id == inquiry_id)
                    .order_by(inquiry_entries.c.at, inquiry_entries.c.id)
                )
            ).all()
        record = dict(row._mapping)
        box = record.pop("finding_box")
        record["finding_text"] = self._db.open(box, "inquiries.finding", inquiry_id) if box is not None else None
        record["entries"] = [
            {"at": e.at, "by": e.by, "by_name": e.by_name, "text": self._db.open(e.text_box, "inquiry_entries.text", e.id)} for e in entries
        ]
        return record

    async def of_case(self, application_id: UUID) -> list[Record]:
        """The inquiries of one case, newest first."""
        query = _rows().where(inquiries.c.application_id == application_id).order_by(inquiries.c.opened_at.desc())
        async with self._db.statement() as connection:
            return [dict(row._mapping) for row in (await connection.execute(query)).all()]

    async def cases(self, application_ids: Sequence[UUID]) -> list[Record]:
        """`id`, `acceptance_number`, `service_item`, `status` and `station` of cases that facts name, newest first."""
        columns = ("id", "acceptance_number", "service_item", "status", "station", "opened_at")
        query = select(*(applications.c[name] for name in columns)).where(applications.c.id.in_(application_ids))
        async with self._db.statement() as connection:
            return [dict(row._mapping) for row in (await connection.execute(query.order_by(applications.c.opened_at.desc()))).all()]

    async def staff_of(self, county: str) -> list[Record]:
        """`id`, `name`, `role` and `station` of the county's active staff who work on cases."""
        query = (
            select(clerks.c.id, clerks.c.name, clerks.c.role, clerks.c.station)
            .where(clerks.c.county == county, clerks.c.active, clerks.c.role.not_in([role.value for role in SEES_NO_CASE]))
            .order_by(clerks.c.role, clerks.c.name)
        )
        async with self._db.statement() as connection:
            return [dict(row._mapping) for row in (await connection.execute(query)).all()]

    async def was_asked(self, inquiry_id: UUID, clerk_id: str) -> bool:
        query = select(staff_notices.c.id).where(
            staff_notices.c.inquiry_id == inquiry_id, staff_notices.c.clerk_id == clerk_id, staff_notices.c.kind == ASKED
        )
        async with self._db.statement() as connection:
            return (await connection.execute(query)).first() is not None

    # --- working on one ------------------------------------------------------------------------------------------

    async def take_over(self, inquiry_id: UUID, clerk_id: str, at: datetime) -> None:
        """Become its owner.

        Raises:
            WrongState: it is closed.
        """
        async with self._db.transaction() as connection:
            taken = await connection.execute(
                update(inquiries)
                .where(inquiries.c.id == inquiry_id, inquiries.c.closed_at.is_(None), inquiries.c.owner.is_distinct_from(clerk_id))
                .values(owner=clerk_id)
                .returning(inquiries.c.id)
            )
            if taken.first() is not None:
                await self._enter(connection, inquiry_id, f"clerk:{clerk_id}", TAKEN_OVER.model_dump(), at)
                return
            await self._require_open(connection, inquiry_id)

    async def add_entry(self, inquiry_id: UUID, clerk_id: str, text: str, at: datetime) -> None:
        """Raises: WrongState: it is closed."""
        async with self._db.transaction() as connection:
            await self._require_open(connection, inquiry_id)
            await self._enter(connection, inquiry_id, f"clerk:{clerk_id}", text, at)

    async def ask(self, inquiry_id: UUID, clerk_id: str, asked: str, text: str, at: datetime) -> None:
        """Ask a member of staff, who gets a notice and may then read the inquiry and answer in it.

        Raises:
            WrongState: it is closed. NotFound: nobody active has this id.
        """
        async with self._db.transaction() as connection:
            row = await self._require_open(connection, inquiry_id)
            known = (await connection.execute(select(clerks.c.name).where(clerks.c.id == asked, clerks.c.active))).first()
            if known is None:
                raise NotFound()
            entry_id = await self._enter(connection, inquiry_id, f"clerk:{clerk_id}", f"@{known.name}: {text}", at)
            await tell_staff(
                connection,
                [asked],
                key=f"inquiry_asked:{entry_id}",
                kind=ASKED,
                text=Bilingual(zh=f"督查事项 {row.number} 请您说明情况", en=f"You are asked about inquiry {row.number}"),
                at=at,
                application_id=row.application_id,
                inquiry_id=inquiry_id,
            )

    async def close(self, inquiry_id: UUID, clerk_id: str, finding: Finding, text: str, at: datetime) -> None:
        """End it with a finding; a case's inquiry says so in the case.

        Raises:
            WrongState: it is closed, or another's.
        """
        async with self._db.transaction() as connection:
            row = (
                await connection.execute(
                    update(inquiries)
                    .where(inquiries.c.id == inquiry_id, inquiries.c.closed_at.is_(None), inquiries.c.owner == clerk_id)
                    .values(
                        closed_at=at,
                        closed_by=f"clerk:{clerk_id}",
                        finding=finding.value,
                        finding_box=self._db.seal(text, "inquiries.finding", inquiry_id),
                    )
                    .returning(inquiries.c.number, inquiries.c.application_id)
                )
            ).first()
            if row is None:
                raise WrongState()
            if row.application_id is not None:
                data = {"inquiry": str(inquiry_id), "number": row.number, "finding": finding.value}
                key = f"inquiry_closed:{inquiry_id}"
                await append_event(connection, row.application_id, key, "inquiry_closed", "clerk:supervisor", at, data=data)

    async def remind_of_late(self, at: datetime, *, limit: int = 200) -> int:
        """Tell the owner of an inquiry past its limit, or all supervisors of its county, once."""
        said = exists(select(staff_notices.c.id).where(staff_notices.c.inquiry_id == inquiries.c.id, staff_notices.c.kind == LATE))
        somebody = exists(
            select(clerks.c.id).where(clerks.c.role == Role.SUPERVISOR.value, clerks.c.county == inquiries.c.county, clerks.c.active)
        )
        query = (
            select(inquiries.c.id, inquiries.c.number, inquiries.c.owner, inquiries.c.county, inquiries.c.application_id)
            .where(inquiries.c.closed_at.is_(None), inquiries.c.due_at < at, ~said, or_(inquiries.c.owner.is_not(None), somebody))
            .order_by(inquiries.c.due_at)
            .limit(limit)
        )
        async with self._db.transaction() as connection:
            rows = (await connection.execute(query)).all()
            for row in rows:
                await tell_staff(
                    connection,
                    [row.owner] if row.owner else await supervisors_of(connection, row.county),
                    key=f"inquiry_late:{row.id}",
                    kind=LATE,
                    text=Bilingual(
                        zh=f"督查事项 {row.number} 已超期，请尽快办结", en=f"Inquiry {row.number} is past its limit: please close it"
                    ),
                    at=at,
                    application_id=row.application_id,
                    inquiry_id=row.id,
                )
        return len(rows)

    async def _require_open(self, connection: AsyncConnection, inquiry_id: UUID) -> Any:
        row = (
            await connection.execute(
                select(inquiries.c.number, inquiries.c.application_id, inquiries.c.closed_at)
                .where(inquiries.c.id == inquiry_id)
                .with_for_update()
            )
        ).first()
        if row is None:
            raise NotFound()
        if row.closed_at is not None:
            raise WrongState()
        return row

    async def _enter(self, connection: AsyncConnection, inquiry_id: UUID, by: str, text: str | Mapping[str, str], at: datetime) -> UUID:
        entry_id = new_id()
        box = self._db.seal(text, "inquiry_entries.text", entry_id)
        await connection.execute(insert(inquiry_entries).values(id=entry_id, inquiry_id=inquiry_id, at=at, by=by, text_box=box))
        return entry_id


def _rows() -> Select[Any]:
    owner = clerks.alias("owner_clerk")
    about = clerks.alias("about_clerk")
    return (
        select(
            inquiries,
            applications.c.acceptance_number,
            applications.c.service_item,
            applications.c.status.label("case_status"),
            applications.c.station.label("case_station"),
            owner.c.name.label("owner_name"),
            about.c.name.label("clerk_name"),
        )
        .outerjoin(applications, applications.c.id == inquiries.c.application_id)
        .outerjoin(owner, owner.c.id == inquiries.c.owner)
        .outerjoin(about, about.c.id == inquiries.c.clerk_id)
    )


def _within(place: str) -> Any:
    return inquiries.c.station == place if len(place) == 12 else inquiries.c.county == place
