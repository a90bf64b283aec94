"""The counter as it rests: who checked in where, what was signed, the phone of a person who was there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from adapters.database.people import person_of
from adapters.database.queue import OPEN_AGAIN, held_by
from adapters.database.said import append_event
from adapters.database.tables import (
    applications,
    case_people,
    clerk_kin,
    clerks,
    counter_visits,
    inquiries,
    one_time_codes,
    persons,
    sessions,
    signatures,
    work_items,
)
from domain.application import Applicant
from domain.clock import day_in_china
from domain.errors import FourEyes, NotFound, WorkItemAlreadyClaimed, WrongState
from domain.ids import new_id
from domain.inquiries import Pattern
from domain.service_item import StepKind
from domain.text import Bilingual
from domain.work_items import WorkItemStatus

Record = dict[str, Any]
VISITS = [StepKind.COUNTER_CHECK.value, StepKind.IDENTITY_CHECK.value, StepKind.COLLECTION.value]
_BY = "clerk:counter"
_LIVE = [WorkItemStatus.OPEN.value, WorkItemStatus.CLAIMED.value]


class CounterStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    # --- the visit -----------------------------------------------------------------------------------------------

    async def check_in(self, application_id: UUID, *, station: str, clerk_id: str, how: str, text: Bilingual, at: datetime) -> UUID:
        """The case's visit is taken up at this counter, by this clerk; the work item comes here if it lay elsewhere.

        A second time on the same day changes nothing. Returns the work item.

        Raises:
            WrongState: the case waits for no visit. WorkItemAlreadyClaimed: a colleague serves it. FourEyes: the clerk's own household.
        """
        async with self._db.transaction() as connection:
            work = await self._visit_work(connection, application_id)
            if work.status == WorkItemStatus.CLAIMED.value and work.claimed_by != clerk_id:
                raise WorkItemAlreadyClaimed()
            await self._refuse_kin(connection, application_id, clerk_id)
            moved = work.jurisdiction != station
            if work.status == WorkItemStatus.OPEN.value or moved:
                await connection.execute(
                    update(work_items).where(work_items.c.id == work.id).values(jurisdiction=station, **held_by(clerk_id, at))
                )
            data = {"work_item": str(work.id), "clerk": clerk_id, "how": how, "station": station}
            data |= {"from": work.jurisdiction, "to": station} if moved else {}
            key = f"counter_visit:{work.id}:{station}:{clerk_id}:{day_in_china(at)}"
            if await append_event(connection, application_id, key, "counter_visit", _BY, at, text=text, data=data):
                visit = {"id": new_id(), "application_id": application_id, "station": station, "clerk_id": clerk_id, "how": how, "at": at}
                await connection.execute(insert(counter_visits).values(**visit))
        return UUID(str(work.id))

    async def _visit_work(self, connection: AsyncConnection, application_id: UUID) -> Any:
        query = (
            select(work_items.c.id, work_items.c.status, work_items.c.claimed_by, work_items.c.jurisdiction)
            .where(work_items.c.application_id == application_id, work_items.c.kind.in_(VISITS), work_items.c.status.in_(_LIVE))
            .with_for_update()
        )
        row = (await connection.execute(query)).first()
        if row is None:
            raise WrongState()
        return row

    async def _refuse_kin(self, connection: AsyncConnection, application_id: UUID, clerk_id: str) -> None:
        kin = (
            select(case_people.c.person_index)
            .join(clerk_kin, clerk_kin.c.person_index == case_people.c.person_index)
            .where(case_people.c.application_id == application_id, clerk_kin.c.clerk_id == clerk_id)
        )
        if (await connection.execute(kin)).first() is not None:
            raise FourEyes()

    async def end_visit(self, work_item_id: UUID, *, clerk_id: str, text: Bilingual, data: Mapping[str, Any], at: datetime) -> UUID:
        """The visit ends without a result: the work item goes back to the counter of the case's own station. Returns the case.

        Raises:
            WrongState: this clerk does not hold it.
        """
        async with self._db.transaction() as connection:
            row = (
                await connection.execute(
                    update(work_items)
                    .where(
                        work_items.c.id == work_item_id,
                        work_items.c.status == WorkItemStatus.CLAIMED.value,
                        work_items.c.claimed_by == clerk_id,
                        applications.c.id == work_items.c.application_id,
                    )
                    .values(jurisdiction=func.coalesce(applications.c.station, work_items.c.jurisdiction), **OPEN_AGAIN)
                    .returning(work_items.c.application_id)
                )
            ).first()
            if row is None:
                raise WrongState()
            facts = {**data, "work_item": str(work_item_id), "clerk": clerk_id}
            key = f"visit_ended:{work_item_id}:{new_id()}"
            await append_event(connection, row.application_id, key, "visit_ended", _BY, at, text=text, data=facts)
        return UUID(str(row.application_id))

    async def station_name(self, station: str) -> str | None:
        """What the registries call a station, as the newest case there has it."""
        query = (
            select(applications.c.station_name)
            .where(applications.c.station == station, applications.c.station_name.is_not(None))
            .order_by(applications.c.id.desc())
            .limit(1)
        )
        async with self._db.statement() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def serves(self, application_id: UUID, clerk_id: str, since: datetime) -> bool:
        """Whether a clerk has a case in hand: a visit they hold or completed since then, or a case they filled in since then."""
        visit = exists().where(
            work_items.c.application_id == application_id,
            work_items.c.claimed_by == clerk_id,
            or_(
                work_items.c.status == WorkItemStatus.CLAIMED.value,
                and_(work_items.c.status == WorkItemStatus.COMPLETED.value, work_items.c.closed_at >= since),
            ),
        )
        filed = exists().where(applications.c.id == application_id, applications.c.filed_by == clerk_id, applications.c.opened_at >= since)
        async with self._db.statement() as connection:
            return bool((await connection.execute(select(or_(visit, filed)))).scalar_one())

    async def inquiry_number(self, application_id: UUID) -> str | None:
        """The inquiry that differing originals opened."""
        query = select(inquiries.c.number).where(
            inquiries.c.application_id == application_id, inquiries.c.pattern == Pattern.ORIGINALS_DIFFER.value
        )
        async with self._db.statement() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    # --- signatures ----------------------------------------------------------------------------------------------

    async def keep_signature(self, row: Mapping[str, Any]) -> None:
        """Columns of `signatures`. Idempotency key: `id`."""
        async with self._db.statement() as connection:
            await connection.execute(insert(signatures).values(**row).on_conflict_do_nothing(index_elements=["id"]))

    async def signature_of(self, application_id: UUID, purpose: str) -> Record | None:
        query = (
            select(signatures)
            .where(signatures.c.application_id == application_id, signatures.c.purpose == purpose)
            .order_by(signatures.c.at.desc())
            .limit(1)
        )
        async with self._db.statement() as connection:
            row = (await connection.execute(query)).first()
        return dict(row._mapping) if row else None

    # --- people who are there ------------------------------------------------------------------------------------

    async def is_kin(self, clerk_id: str, id_number: str) -> bool:
        """Whether a number is the clerk's own or of their household."""
        index = self._db.index(id_number)
        known = or_(
            exists().where(clerk_kin.c.clerk_id == clerk_id, clerk_kin.c.person_index == index),
            exists().where(clerks.c.id == clerk_id, clerks.c.person_index == index),
        )
        async with self._db.statement() as connection:
            return bool((await connection.execute(select(known))).scalar_one())

    async def phone_of(self, id_number: str) -> tuple[str, bool] | None:
        """The phone that signs in for this number, and whether a clerk entered it; None: nobody has proved one."""
        query = select(persons.c.id, persons.c.phone_box, persons.c.seen_at_counter).where(
            persons.c.id_number_index == self._db.index(id_number),
            or_(persons.c.verified_at.is_not(None), persons.c.seen_at_counter.is_not(None)),
        )
        async with self._db.statement() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else (self._db.open(row.phone_box, "persons.phone", row.id), row.seen_at_counter is not None)

    async def person_present(self, applicant: Applicant, at: datetime) -> UUID:
        """The person with this number, made if unknown; what they proved before stays as it is."""
        async with self._db.transaction() as connection:
            return await person_of(self._db, connection, applicant, at)

    async def enter_phone(self, person_id: UUID, applicant: Applicant, at: datetime) -> None:
        """The person stood at a counter with their ID card, and this is their phone from now on.

        Sessions and codes of whoever held the number before end in the same transaction.

        Raises:
            NotFound: no such person.
        """
        assert applicant.phone is not None
        async with self._db.transaction() as connection:
            changed = await connection.execute(
                update(persons)
                .where(persons.c.id == person_id)
                .values(
                    name_box=self._db.seal(applicant.name, "persons.name", person_id),
                    phone_box=self._db.seal(applicant.phone, "persons.phone", person_id),
                    phone_index=self._db.index(applicant.phone),
                    seen_at_counter=at,
                )
                .returning(persons.c.id)
            )
            if changed.first() is None:
                raise NotFound()
            await connection.execute(sessions.delete().where(sessions.c.kind == "applicant", sessions.c.subject == str(person_id)))
            await connection.execute(one_time_codes.delete().where(one_time_codes.c.id_number_index == self._db.index(applicant.id_number)))
