"""Opening a case: person, application, acceptance number, first challenge, first event, in one transaction."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from adapters.database.identity import issue_challenge, new_challenge
from adapters.database.people import person_of
from adapters.database.peoples_work import note_people
from adapters.database.pinned import PinnedItems
from adapters.database.tables import (
    acceptance_serials,
    applications,
    events,
    service_item_versions,
)
from domain.admission import needs_identity_check
from domain.application import (
    Status,
    WaitingFor,
)
from domain.changes import (
    PROCEDURE,
    CaseOpened,
    ChallengeIssued,
    OpenCase,
)
from domain.clock import day_in_china
from domain.ids import acceptance_number
from domain.queues import name_key
from domain.service_item import ServiceItem
from domain.text import Bilingual


class OpeningStore:
    def __init__(self, database: Database) -> None:
        self._db = database
        self._items = PinnedItems()

    async def open_case(self, opening: OpenCase, item: ServiceItem, *, division: str) -> CaseOpened:
        """Register a case: person, application, acceptance number, first challenge, first event."""
        if (earlier := await self._opened_before(opening.application_id)) is not None:
            return earlier
        day = day_in_china(opening.at)
        number = acceptance_number(division, day, await self._next_serial(division, day))
        digest = self._items.digest_of(item)
        async with self._db.transaction() as connection:
            await self._items.keep(connection, item)
            person_id = await person_of(self._db, connection, opening.request.applicant, opening.at)
            inserted = await connection.execute(
                insert(applications)
                .values(**self._application_row(opening, person_id, number, item, digest))
                .on_conflict_do_nothing(index_elements=["id"])
                .returning(applications.c.id)
            )
            if inserted.first() is None:  # another attempt of this activity committed meanwhile
                opened = await self._read_opened(connection, opening.application_id)
                assert opened is not None
                return opened
            await note_people(self._db, connection, opening.application_id, [opening.request.applicant.id_number], relation="applicant")
            challenge = new_challenge(opening.at)
            await issue_challenge(self._db, connection, opening.application_id, challenge, opening.at, language=opening.request.language)
            opened = CaseOpened(acceptance_number=number, item=item, challenge=challenge, procedure=PROCEDURE)
            await connection.execute(
                insert(events).values(
                    application_id=opening.application_id,
                    key="opened",
                    at=opening.at,
                    event="submitted",
                    by="applicant" if opening.request.client_id is None else "client",
                    text={"zh": "已提交申请", "en": "Application submitted"},
                    data={"service_item": item.code, "version": item.version},
                    result={"challenge": challenge.model_dump(mode="json"), "procedure": PROCEDURE},
                )
            )
        return opened

    async def _opened_before(self, application_id: UUID) -> CaseOpened | None:
        async with self._db.statement() as connection:
            return await self._read_opened(connection, application_id)

    async def _read_opened(self, connection: AsyncConnection, application_id: UUID) -> CaseOpened | None:
        row = (
            await connection.execute(
                select(applications.c.acceptance_number, service_item_versions.c.body, events.c.result)
                .join(events, (events.c.application_id == applications.c.id) & (events.c.key == "opened"))
                .join(
                    service_item_versions,
                    (service_item_versions.c.code == applications.c.service_item)
                    & (service_item_versions.c.digest == applications.c.item_digest),
                )
                .where(applications.c.id == application_id)
            )
        ).first()
        if row is None:
            return None
        return CaseOpened(
            acceptance_number=row[0],
            item=ServiceItem.model_validate(row[1]),
            challenge=ChallengeIssued.model_validate(row[2]["challenge"]),
            procedure=row[2].get("procedure", 1),
        )

    async def _next_serial(self, division: str, day: date) -> int:
        # Its own transaction: the row is hot, and a gap after a failure harms nobody.
        async with self._db.statement() as connection:
            statement = (
                insert(acceptance_serials)
                .values(division=division, day=day, last=1)
                .on_conflict_do_update(index_elements=["division", "day"], set_={"last": acceptance_serials.c.last + 1})
                .returning(acceptance_serials.c.last)
            )
            return int((await connection.execute(statement)).scalar_one())

    def _application_row(self, opening: OpenCase, person_id: UUID, number: str, item: ServiceItem, digest: str) -> dict[str, Any]:
        request, row_id = opening.request, opening.application_id
        phone, address = request.applicant.phone, request.delivery.address
        first, waiting = _beginning(opening, item)
        return {
            "id": row_id,
            "acceptance_number": number,
            "person_id": person_id,
            "client_id": request.client_id,
            "service_item": item.code,
            "version": item.version,
            "item_digest": digest,
            "status": first.value,
            "waiting_for": [entry.model_dump(mode="json") for entry in waiting],
            "applicant_name_box": self._db.seal(request.applicant.name, "applications.applicant_name", row_id),
            "name_index": self._db.index(name_key(request.applicant.name)),
            "phone_box": self._db.seal(phone, "applications.phone", row_id) if phone else None,
            "phone_index": self._db.index(phone) if phone else None,
            "email_box": self._db.seal(request.applicant.email, "applications.email", row_id) if request.applicant.email else None,
            "filed_by": request.filed_by.clerk_id if request.filed_by else None,
            "filed_at": request.filed_by.station if request.filed_by else None,
            "answers_box": self._db.seal(request.answers, "applications.answers", row_id),
            "delivery": request.delivery.method.value,
            "address_box": self._db.seal(address, "applications.address", row_id) if address else None,
            "language": request.language,
            "channel": request.channel,
            "supplement_round": 0,
            "opened_at": opening.at,
            "updated_at": opening.at,
        }


def _beginning(opening: OpenCase, item: ServiceItem) -> tuple[Status, list[WaitingFor]]:
    """The first status, and whom it waits for: the clip, or the registries where none is asked for."""
    if needs_identity_check(opening.request, item):
        clip = WaitingFor(
            who="applicant",
            what="identity-clip",
            text=Bilingual(zh="等待您录制视频核验身份", en="Waiting for you to record the clip that proves who you are"),
            since=opening.at,
            until=opening.at + timedelta(hours=item.clip_hours),
        )
        return Status.VERIFYING, [clip]
    asked = [
        WaitingFor(
            who="registry",
            what=request.name,
            text=Bilingual(zh=f"等待{request.label.zh}答复", en=f"Waiting for: {request.label.en}") if request.label else request.purpose,
            since=opening.at,
        )
        for request in item.evidence
    ]
    return Status.GATHERING, asked
