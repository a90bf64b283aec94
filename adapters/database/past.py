"""Decided cases with all that their decisions rested on, for deciding them again."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from adapters.database.engine import Database
from adapters.database.pinned import PinnedItems
from adapters.database.tables import applications, evidence, persons
from domain.application import Applicant, ApplicationRequest, DeliveryChoice
from domain.errors import NotFound
from domain.redeciding import DecidedCase, EvidenceText
from domain.service_item import ServiceItem

BATCH = 1000


class PastDecisions:
    def __init__(self, database: Database) -> None:
        self._db = database
        self._items = PinnedItems()

    async def decided_cases(self, service_item: str, since: datetime) -> AsyncIterator[list[DecidedCase]]:
        """Cases of an item opened since then that the machine has decided, oldest first, a thousand at a time."""
        after: tuple[datetime, UUID] | None = None
        while rows := await self._page(service_item, since, after):
            papers = await self._evidence([row.id for row in rows])
            yield [self._case(row, papers.get(row.id, [])) for row in rows]
            after = (rows[-1].opened_at, rows[-1].id)

    async def decided_case(self, acceptance_number: str) -> tuple[DecidedCase, ServiceItem]:
        """One case with the service item that it is pinned to.

        Raises:
            NotFound: no such number, or the machine has not decided it yet.
        """
        query = _DECIDED.where(applications.c.acceptance_number == acceptance_number)
        async with self._db.statement() as connection:
            row = (await connection.execute(query)).first()
            if row is None:
                raise NotFound()
            item = await self._items.get(connection, row.service_item, row.item_digest)
        return self._case(row, (await self._evidence([row.id])).get(row.id, [])), item

    async def _page(self, service_item: str, since: datetime, after: tuple[datetime, UUID] | None) -> Sequence[Any]:
        place = tuple_(applications.c.opened_at, applications.c.id)
        query = _DECIDED.where(applications.c.service_item == service_item, applications.c.opened_at >= since)
        if after is not None:
            query = query.where(place > after)
        async with self._db.statement() as connection:
            return (await connection.execute(query.order_by(applications.c.opened_at, applications.c.id).limit(BATCH))).all()

    async def _evidence(self, ids: Sequence[UUID]) -> dict[UUID, list[EvidenceText]]:
        """The newest answer to each question of these cases."""
        query: Select[Any] = (
            select(evidence.c.id, evidence.c.application_id, evidence.c.source, evidence.c.digest, evidence.c.body_box)
            .where(evidence.c.application_id.in_(ids))
            .ext(distinct_on(evidence.c.application_id, evidence.c.source))
            .order_by(evidence.c.application_id, evidence.c.source, evidence.c.round.desc())
        )
        papers: dict[UUID, list[EvidenceText]] = {}
        async with self._db.statement() as connection:
            for row in await connection.execute(query):
                text = EvidenceText(row.source, self._db.open(row.body_box, "evidence.body", row.id), row.digest)
                papers.setdefault(row.application_id, []).append(text)
        return papers

    def _case(self, row: Any, papers: list[EvidenceText]) -> DecidedCase:
        opened = self._db.open
        applicant = Applicant.model_construct(
            id_number=str(opened(row.id_number_box, "persons.id_number", row.person_id)),
            name=opened(row.applicant_name_box, "applications.applicant_name", row.id),
            phone="",
        )
        request = ApplicationRequest.model_construct(
            service_item=row.service_item,
            applicant=applicant,
            answers=opened(row.answers_box, "applications.answers", row.id),
            delivery=DeliveryChoice.model_construct(method=row.delivery),
        )
        return DecidedCase(
            application_id=row.id,
            acceptance_number=row.acceptance_number,
            request=request,
            evidence=papers,
            decision=opened(row.decision_box, "applications.decision", row.id),
            round=row.supplement_round,
            version=row.version,
        )


_DECIDED = (
    select(
        applications.c.id,
        applications.c.acceptance_number,
        applications.c.person_id,
        applications.c.service_item,
        applications.c.item_digest,
        applications.c.version,
        applications.c.applicant_name_box,
        applications.c.answers_box,
        applications.c.decision_box,
        applications.c.delivery,
        applications.c.supplement_round,
        applications.c.opened_at,
        persons.c.id_number_box,
    )
    .join(persons, persons.c.id == applications.c.person_id)
    .where(applications.c.decision_box.is_not(None))
)
