"""What use cases read and write beside the procedure: case files, uploads, drafts; the queue is in `queue.py`."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.claims import ClaimStore
from adapters.database.engine import Database
from adapters.database.identity import newest_challenge
from adapters.database.pinned import PinnedItems
from adapters.database.said import append_event
from adapters.database.tables import (
    applications,
    documents,
    drafts,
    events,
    evidence,
    idempotency_keys,
    identity_clips,
    materials,
    persons,
)
from domain.errors import NotFound
from domain.ids import new_id
from domain.work_items import WorkItemStatus

_LIVE = [WorkItemStatus.OPEN.value, WorkItemStatus.CLAIMED.value]
Record = dict[str, Any]


class DeskStore(ClaimStore):
    """Case files, uploads and drafts, beside the queue."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._items = PinnedItems()

    # --- starting ------------------------------------------------------------------------------------------------

    async def application_for_key(self, owner: str, key: str, digest: bytes, at: datetime) -> tuple[UUID, bool]:
        """The application id that this Idempotency-Key stands for, and whether the digest is the one it was first used with."""
        async with self._db.statement() as connection:
            await connection.execute(
                insert(idempotency_keys)
                .values(owner=owner, key=key, request_digest=digest, application_id=new_id(), created_at=at)
                .on_conflict_do_nothing()
            )
            row = (
                await connection.execute(
                    select(idempotency_keys.c.application_id, idempotency_keys.c.request_digest).where(
                        idempotency_keys.c.owner == owner, idempotency_keys.c.key == key
                    )
                )
            ).one()
        return row.application_id, bytes(row.request_digest) == digest

    # --- one case ------------------------------------------------------------------------------------------------

    async def access_of(self, application_id: UUID) -> Record:
        """Who may see a case: its person, phone, client, station, and the clerk who filed it.

        Raises:
            NotFound: no such case.
        """
        async with self._db.statement() as connection:
            row = (
                await connection.execute(
                    select(
                        applications.c.person_id,
                        applications.c.phone_index,
                        applications.c.client_id,
                        applications.c.station,
                        applications.c.status,
                        applications.c.language,
                        applications.c.filed_by,
                        applications.c.opened_at,
                        persons.c.seen_at_counter,
                    )
                    .join(persons, persons.c.id == applications.c.person_id)
                    .where(applications.c.id == application_id)
                )
            ).first()
        if row is None:
            raise NotFound()
        return dict(row._mapping)

    async def case_file(self, application_id: UUID) -> Record:
        """One case, boxes opened: the row plus `item`, `events`, `evidence`, `documents`, `materials`, `clips`, `challenge`.

        Raises:
            NotFound: no such case.
        """
        async with self._db.statement() as connection:
            row = (await connection.execute(select(applications).where(applications.c.id == application_id))).first()
            if row is None:
                raise NotFound()
            case = self._opened(row)
            case["item"] = await self._items.get(connection, row.service_item, row.item_digest)
            case["events"] = await _rows(connection, select(events).where(events.c.application_id == application_id).order_by(events.c.id))
            case["evidence"] = await _rows(connection, _newest_evidence(application_id))
            case["documents"] = await _rows(
                connection, select(documents).where(documents.c.application_id == application_id, documents.c.issued_at.is_not(None))
            )
            case["materials"] = await _rows(
                connection, select(materials).where(materials.c.application_id == application_id).order_by(materials.c.uploaded_at.desc())
            )
            case["clips"] = await _rows(
                connection,
                select(identity_clips).where(identity_clips.c.application_id == application_id).order_by(identity_clips.c.received_at),
            )
            case["challenge"] = await newest_challenge(self._db, connection, application_id)
        return case

    def _opened(self, row: Any) -> Record:
        case = dict(row._mapping)
        for column in ("applicant_name", "phone", "answers", "address", "decision", "person_decision", "supplement"):
            box = case.pop(f"{column}_box")
            case[column] = self._db.open(box, f"applications.{column}", row.id) if box is not None else None
        return case

    async def cases_of(self, person_id: UUID, phone_index: bytes) -> list[Record]:
        async with self._db.statement() as connection:
            return await _rows(
                connection,
                select(
                    applications.c.id,
                    applications.c.acceptance_number,
                    applications.c.service_item,
                    applications.c.status,
                    applications.c.waiting_for,
                    applications.c.opened_at,
                    applications.c.updated_at,
                )
                .join(persons, persons.c.id == applications.c.person_id)
                .where(applications.c.person_id == person_id, theirs(phone_index))
                .order_by(applications.c.opened_at.desc())
                .limit(200),
            )

    async def id_number_of(self, person_id: UUID) -> str:
        async with self._db.statement() as connection:
            box = (await connection.execute(select(persons.c.id_number_box).where(persons.c.id == person_id))).scalar_one()
        return str(self._db.open(box, "persons.id_number", person_id))

    async def newest_event(self, application_id: UUID) -> int:
        async with self._db.statement() as connection:
            newest = await connection.execute(select(func.max(events.c.id)).where(events.c.application_id == application_id))
            return int(newest.scalar_one() or 0)

    async def events_after(self, application_id: UUID, after: int) -> list[Record]:
        async with self._db.statement() as connection:
            return await _rows(
                connection,
                select(events).where(events.c.application_id == application_id, events.c.id > after).order_by(events.c.id),
            )

    async def note_read(self, application_id: UUID, by: str, purpose: str, at: datetime) -> None:
        """Somebody read personal data, and why; once per person, purpose and day. Not on the applicant's timeline."""
        key = hashlib.sha256(f"{by}|{purpose}|{at:%Y-%m-%d}".encode()).hexdigest()[:32]
        async with self._db.statement() as connection:
            await append_event(connection, application_id, f"read:{key}", "read", by, at, data={"purpose": purpose})

    # --- clips and uploads ---------------------------------------------------------------------------------------

    async def add_material(self, row: Mapping[str, Any]) -> None:
        async with self._db.statement() as connection:
            await connection.execute(insert(materials).values(**row))

    async def drop_material(self, material_id: UUID) -> None:
        async with self._db.statement() as connection:
            await connection.execute(materials.delete().where(materials.c.id == material_id))

    async def material(self, application_id: UUID, material_id: UUID) -> Record:
        async with self._db.statement() as connection:
            row = (
                await connection.execute(
                    select(materials).where(materials.c.id == material_id, materials.c.application_id == application_id)
                )
            ).first()
        if row is None:
            raise NotFound()
        return dict(row._mapping)

    # --- finding ---------------------------------------------------------------------------------------------------

    async def find_cases(self, text: str) -> list[Record]:
        """By acceptance number, or by ID number through its keyed hash; newest first."""
        columns = ("id", "acceptance_number", "service_item", "status", "waiting_for", "opened_at", "updated_at", "station")
        query = (
            select(*(applications.c[name] for name in columns))
            .join(persons, persons.c.id == applications.c.person_id)
            .where(or_(applications.c.acceptance_number == text, persons.c.id_number_index == self._db.index(text)))
            .order_by(applications.c.opened_at.desc())
            .limit(50)
        )
        async with self._db.statement() as connection:
            return await _rows(connection, query)

    # --- drafts --------------------------------------------------------------------------------------------------

    async def save_draft(self, person_id: UUID, service_item: str, body: Mapping[str, Any], at: datetime) -> None:
        box = self._db.seal(dict(body), f"drafts.{service_item}", person_id)
        async with self._db.statement() as connection:
            await connection.execute(
                insert(drafts)
                .values(person_id=person_id, service_item=service_item, body_box=box, updated_at=at)
                .on_conflict_do_update(index_elements=["person_id", "service_item"], set_={"body_box": box, "updated_at": at})
            )

    async def load_draft(self, person_id: UUID, service_item: str) -> Record | None:
        async with self._db.statement() as connection:
            box = (
                await connection.execute(
                    select(drafts.c.body_box).where(drafts.c.person_id == person_id, drafts.c.service_item == service_item)
                )
            ).scalar_one_or_none()
        return None if box is None else dict(self._db.open(box, f"drafts.{service_item}", person_id))

    async def drop_draft(self, person_id: UUID, service_item: str) -> None:
        async with self._db.statement() as connection:
            await connection.execute(drafts.delete().where(drafts.c.person_id == person_id, drafts.c.service_item == service_item))

    async def drop_old_drafts(self, older_than: timedelta) -> None:
        """Drafts are personal data that nobody waits for."""
        async with self._db.statement() as connection:
            await connection.execute(drafts.delete().where(drafts.c.updated_at < func.now() - older_than))


def theirs(phone_index: bytes) -> ColumnElement[bool]:
    """Which of a person's cases a sign-in with this phone opens: those that carry it, and all where a clerk saw the ID card."""
    seen = and_(persons.c.seen_at_counter.is_not(None), persons.c.phone_index == phone_index)
    return or_(applications.c.phone_index == phone_index, seen)


def _newest_evidence(application_id: UUID) -> Select[Any]:
    return (
        select(
            evidence.c.source,
            evidence.c.fetched_at,
            evidence.c.digest,
            evidence.c.found,
            evidence.c.purpose,
            evidence.c.round,
            evidence.c.signature,
        )
        .where(evidence.c.application_id == application_id)
        .ext(distinct_on(evidence.c.source))
        .order_by(evidence.c.source, evidence.c.round.desc())
    )


async def _rows(connection: AsyncConnection, query: Any) -> list[Record]:
    return [dict(row._mapping) for row in (await connection.execute(query)).all()]
