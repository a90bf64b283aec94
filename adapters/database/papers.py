"""Evidence and documents: what a case collects and what it ends in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from adapters.database.said import append_event
from adapters.database.tables import applications, documents, evidence
from domain.errors import NotFound, WrongState
from domain.evidence import RegistryAnswer
from domain.ids import new_id
from domain.text import Bilingual


class PaperStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    # --- evidence ------------------------------------------------------------------------------------------------

    async def has_evidence(self, application_id: UUID, source: str, round_: int) -> bool:
        async with self._db.statement() as connection:
            row = await connection.execute(
                select(evidence.c.id).where(
                    evidence.c.application_id == application_id, evidence.c.source == source, evidence.c.round == round_
                )
            )
            return row.first() is not None

    async def keep_evidence(
        self, application_id: UUID, round_: int, purpose: str, answer: RegistryAnswer, *, fact: str | None = None
    ) -> None:
        """Keep the exact signed bytes, encrypted, with digest and signature beside them; the first answer stays.

        The column `source` holds the fact's name: one source may be asked about several people.
        """
        row_id = new_id()
        async with self._db.statement() as connection:
            await connection.execute(
                insert(evidence)
                .values(
                    id=row_id,
                    application_id=application_id,
                    source=fact or answer.source,
                    round=round_,
                    request_id=answer.request_id,
                    purpose=purpose,
                    found=answer.found,
                    body_box=self._db.seal(answer.body.decode(), "evidence.body", row_id),
                    digest=answer.digest,
                    signature=answer.signature,
                    key_id=answer.key_id,
                    fetched_at=answer.fetched_at,
                )
                .on_conflict_do_nothing(index_elements=["application_id", "source", "round"])
            )

    async def evidence_of(self, application_id: UUID) -> list[dict[str, Any]]:
        """The newest answer of each source: columns plus `body`, the signed JSON text."""
        async with self._db.statement() as connection:
            rows = (
                await connection.execute(
                    select(evidence)
                    .where(evidence.c.application_id == application_id)
                    .ext(distinct_on(evidence.c.source))
                    .order_by(evidence.c.source, evidence.c.round.desc())
                )
            ).all()
        return [dict(row._mapping) | {"body": self._db.open(row.body_box, "evidence.body", row.id)} for row in rows]

    # --- documents -----------------------------------------------------------------------------------------------

    async def begin_document(self, application_id: UUID, template: str, number: str) -> tuple[UUID, str, bool]:
        """The document of this case and template: its id, its number, and whether it is already made.

        The number of the first call stays, so that a document is never issued twice.
        """
        async with self._db.statement() as connection:
            await connection.execute(
                insert(documents)
                .values(id=new_id(), application_id=application_id, template=template, number=number)
                .on_conflict_do_nothing(index_elements=["application_id", "template"])
            )
            row = (
                await connection.execute(
                    select(documents.c.id, documents.c.number, documents.c.issued_at).where(
                        documents.c.application_id == application_id, documents.c.template == template
                    )
                )
            ).one()
        return row.id, row.number, row.issued_at is not None

    async def finish_document(self, document_id: UUID, *, sha256: str, size: int, at: datetime, text: Bilingual) -> None:
        """Say once that the document is made, on the case's timeline too.

        Raises:
            WrongState: the case ended meanwhile, so that this document does not count.
        """
        async with self._db.transaction() as connection:
            row = (
                await connection.execute(
                    update(documents)
                    .where(documents.c.id == document_id, documents.c.issued_at.is_(None), _open_case(documents.c.application_id))
                    .values(sha256=sha256, size=size, issued_at=at)
                    .returning(documents.c.application_id, documents.c.number)
                )
            ).first()
            if row is None:
                await self._require_issued(connection, document_id)
                return
            key, data = f"document:{row.number}", {"number": row.number}
            await append_event(connection, row.application_id, key, "document_issued", "machine", at, text=text, data=data)

    async def _require_issued(self, connection: AsyncConnection, document_id: UUID) -> None:
        issued_at = (await connection.execute(select(documents.c.issued_at).where(documents.c.id == document_id))).scalar_one()
        if issued_at is None:
            raise WrongState()

    async def document(self, number: str) -> Any:
        """The row of an issued document with its case's item.

        Raises:
            NotFound: no issued document has this number.
        """
        async with self._db.statement() as connection:
            row = (
                await connection.execute(
                    select(documents, applications.c.service_item, applications.c.item_digest, applications.c.status)
                    .join(applications, applications.c.id == documents.c.application_id)
                    .where(documents.c.number == number, documents.c.issued_at.is_not(None))
                )
            ).first()
        if row is None:
            raise NotFound()
        return row

    async def documents_of(self, application_id: UUID) -> list[Any]:
        async with self._db.statement() as connection:
            rows = await connection.execute(
                select(documents).where(documents.c.application_id == application_id, documents.c.issued_at.is_not(None))
            )
            return list(rows.all())

    async def set_tracking_number(self, application_id: UUID, tracking_number: str) -> None:
        async with self._db.statement() as connection:
            await connection.execute(
                update(applications).where(applications.c.id == application_id).values(tracking_number=tracking_number)
            )


def _open_case(application_id: Any) -> Any:
    """The case is held until we commit, so that it cannot end in between."""
    held = select(applications.c.id).where(applications.c.id == application_id, applications.c.ended_at.is_(None))
    return held.with_for_update().exists()
