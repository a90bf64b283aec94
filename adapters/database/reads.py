"""Who read whose data: one small row a read, found again by the keyed hash of the person's number."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, cast, func, literal, null, or_, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from adapters.database.tables import api_clients, applications, clerks, data_reads, persons
from domain.reads import MACHINE, CaseLook, PersonalRead

Record = dict[str, Any]
_KEYS_REMEMBERED = 10_000
_LOOK_COLUMNS = ("key", "subject_index", "at", "by", "source", "purpose", "fields", "service_item", "application_id")


class ReadStore:
    def __init__(self, database: Database) -> None:
        self._db = database
        self._recorded: dict[str, None] = {}  # in order; spares a program that polls its case a statement each time

    # --- recording -----------------------------------------------------------------------------------------------

    async def record(self, read: PersonalRead) -> None:
        """Say that a source is asked about a person. Idempotency key: `read.key`."""
        item: Any = read.service_item
        if item is None and read.application_id is not None:
            item = select(applications.c.service_item).where(applications.c.id == read.application_id).scalar_subquery()
        async with self._db.statement() as connection:
            await connection.execute(
                insert(data_reads)
                .values(
                    key=read.key,
                    subject_index=self._db.index(read.subject),
                    at=read.at,
                    by=read.by,
                    source=read.source,
                    purpose=read.purpose.model_dump(),
                    fields=read.fields,
                    service_item=item,
                    application_id=read.application_id,
                )
                .on_conflict_do_nothing(index_elements=["key"])
            )

    async def record_look(self, look: CaseLook) -> None:
        """Say that somebody looks at a case, which is its applicant's data. Idempotency key: `look.key`."""
        if look.key in self._recorded:
            return
        async with self._db.statement() as connection:
            await _insert_looks(connection, self._applicant(look))
        self._remember(look.key)

    async def record_look_at_evidence(self, look: CaseLook) -> None:
        """The same where the registries' answers are shown too: it is also told to the others whom they are about."""
        if look.key in self._recorded:
            return
        async with self._db.transaction() as connection:
            await _insert_looks(connection, self._applicant(look))
            await _insert_looks(connection, self._others(look))
        self._remember(look.key)

    def _applicant(self, look: CaseLook) -> Select[Any]:
        return (
            select(
                literal(look.key),
                persons.c.id_number_index,
                *_said(look),
                cast(null(), String),
                _json(look.purpose.model_dump(), "purpose"),
                _json(look.fields, "fields"),
                applications.c.service_item,
                applications.c.id,
            )
            .join(persons, persons.c.id == applications.c.person_id)
            .where(applications.c.id == look.application_id)
        )

    def _others(self, look: CaseLook) -> Select[Any]:
        """One row a registry question about somebody else, with what was asked for."""
        return (
            select(
                literal(f"{look.key}:").concat(cast(data_reads.c.id, String)),
                data_reads.c.subject_index,
                *_said(look),
                data_reads.c.source,
                _json(look.purpose.model_dump(), "purpose"),
                data_reads.c.fields,
                data_reads.c.service_item,
                data_reads.c.application_id,
            )
            .join(applications, applications.c.id == data_reads.c.application_id)
            .join(persons, persons.c.id == applications.c.person_id)
            .where(
                data_reads.c.application_id == look.application_id,
                data_reads.c.by == MACHINE,
                data_reads.c.subject_index != persons.c.id_number_index,
            )
        )

    def _remember(self, key: str) -> None:
        self._recorded[key] = None
        if len(self._recorded) > _KEYS_REMEMBERED:
            del self._recorded[next(iter(self._recorded))]

    # --- showing -------------------------------------------------------------------------------------------------

    async def reads_about(
        self,
        person_id: UUID,
        phone_index: bytes,
        *,
        service_item: str | None = None,
        source: str | None = None,
        application_id: UUID | None = None,
        before: int | None = None,
        limit: int,
    ) -> list[Record]:
        """Reads of this person's data, newest first; none unless the phone is the one that they proved.

        Beside the row's columns: `own` (the case is theirs to see), `acceptance_number` where it is, `about_applicant`
        (None: no case), and of who read: `clerk_role`, `clerk_station`, `clerk_county`, `clerk_office`, `client_name`.
        """
        query = self._shown(person_id, phone_index).where(data_reads.c.subject_index.in_(self._proven(person_id, phone_index)))
        if service_item is not None:
            query = query.where(data_reads.c.service_item == service_item)
        if source is not None:
            query = query.where(data_reads.c.source == source)
        if application_id is not None:
            query = query.where(data_reads.c.application_id == application_id)
        return await self._page(query, before, limit)

    async def reads_of_case(self, application_id: UUID, *, before: int | None = None, limit: int) -> list[Record]:
        """Reads for one case, whomever they are about, newest first; columns as above."""
        query = self._shown(None, b"").where(data_reads.c.application_id == application_id)
        return await self._page(query, before, limit)

    async def choices(self, person_id: UUID, phone_index: bytes) -> tuple[Sequence[str], Sequence[str]]:
        """Codes of service items, and of sources, that occur in this person's list."""
        proven = data_reads.c.subject_index.in_(self._proven(person_id, phone_index))
        async with self._db.statement() as connection:
            rows = (await connection.execute(select(data_reads.c.service_item, data_reads.c.source).where(proven).distinct())).all()
        return sorted({row[0] for row in rows if row[0]}), sorted({row[1] for row in rows if row[1]})

    def _proven(self, person_id: UUID, phone_index: bytes) -> Select[Any]:
        return select(persons.c.id_number_index).where(
            persons.c.id == person_id, persons.c.phone_index == phone_index, persons.c.verified_at.is_not(None)
        )

    def _shown(self, person_id: UUID | None, phone_index: bytes) -> Select[Any]:
        seen = and_(persons.c.seen_at_counter.is_not(None), persons.c.phone_index == phone_index)
        own: ColumnElement[bool] = and_(applications.c.person_id == person_id, or_(applications.c.phone_index == phone_index, seen))
        return (
            select(
                data_reads,
                func.coalesce(own, False).label("own"),
                applications.c.acceptance_number,
                (persons.c.id_number_index == data_reads.c.subject_index).label("about_applicant"),
                clerks.c.role.label("clerk_role"),
                clerks.c.station.label("clerk_station"),
                clerks.c.county.label("clerk_county"),
                _station_name().label("clerk_office"),
                api_clients.c.name.label("client_name"),
            )
            .outerjoin(applications, applications.c.id == data_reads.c.application_id)
            .outerjoin(persons, persons.c.id == applications.c.person_id)
            .outerjoin(clerks, _is("clerk:", clerks.c.id))
            .outerjoin(api_clients, _is("client:", api_clients.c.id))
        )

    async def _page(self, query: Select[Any], before: int | None, limit: int) -> list[Record]:
        if before is not None:
            query = query.where(data_reads.c.id < before)
        async with self._db.statement() as connection:
            rows = (await connection.execute(query.order_by(data_reads.c.id.desc()).limit(limit))).all()
        return [dict(row._mapping) for row in rows]


def _station_name() -> Any:
    """A clerk's station as the registries call it, which its cases carry."""
    of_it = applications.alias("of_station")
    return (
        select(of_it.c.station_name)
        .where(of_it.c.station == clerks.c.station, of_it.c.station_name.is_not(None))
        .limit(1)
        .correlate(clerks)
        .scalar_subquery()
    )


def _is(prefix: str, id_: Any) -> ColumnElement[bool]:
    """Whether `by` names this one; written so that the primary key is used."""
    return and_(data_reads.c.by.startswith(prefix), id_ == func.substr(data_reads.c.by, len(prefix) + 1))


def _said(look: CaseLook) -> tuple[Any, Any]:
    return bindparam("look_at", look.at, type_=data_reads.c.at.type), literal(look.by)


def _json(value: Any, name: str) -> Any:
    return bindparam(f"look_{name}", value, type_=JSONB)


async def _insert_looks(connection: AsyncConnection, looks: Select[Any]) -> None:
    await connection.execute(insert(data_reads).from_select(list(_LOOK_COLUMNS), looks).on_conflict_do_nothing(index_elements=["key"]))
