"""Call-backs as they came in, believed or refused, and which case an order belongs to."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert

from adapters.database.engine import Database
from adapters.database.tables import callbacks, documents
from domain.callbacks import Callback, Provider
from domain.ids import new_id

# Anybody may send what is not believed: no more of it is kept in an hour, and the disk stays ours.
UNBELIEVED_AN_HOUR = 5000
_ONCE = text("accepted")


class CallbackStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def is_known(self, callback: Callback) -> bool:
        """Whether one of this event was believed before."""
        query = select(callbacks.c.id).where(
            callbacks.c.provider == callback.provider, callbacks.c.event_id == callback.event_id, callbacks.c.accepted
        )
        async with self._db.statement() as connection:
            return (await connection.execute(query)).first() is not None

    async def accept(self, callback: Callback, body_sha256: str, at: datetime) -> bool:
        """Keep one that was believed; False when another of the same event was faster."""
        row = _row(callback, body_sha256, at) | {"accepted": True}
        statement = insert(callbacks).values(row).on_conflict_do_nothing(index_elements=["provider", "event_id"], index_where=_ONCE)
        async with self._db.statement() as connection:
            return (await connection.execute(statement.returning(callbacks.c.id))).first() is not None

    async def note_repeated(self, callback: Callback, body_sha256: str, at: datetime) -> None:
        await self._note(_row(callback, body_sha256, at) | {"why": "repeated"})

    async def note_forged(self, provider: Provider, why: str, order_id: str | None, body_sha256: str, at: datetime) -> None:
        """`order_id` is what it claims to be about, if it has the form of ours; nothing else of it is kept."""
        row = {"provider": provider, "order_id": order_id, "received_at": at, "body_sha256": body_sha256}
        await self._note(row | {"id": new_id(), "why": f"forged: {why}"})

    async def case_of_document(self, document_id: UUID) -> UUID | None:
        async with self._db.statement() as connection:
            found = await connection.execute(select(documents.c.application_id).where(documents.c.id == document_id))
            return found.scalar_one_or_none()

    async def _note(self, row: dict[str, Any]) -> None:
        names = list(row)
        lately = select(func.count()).where(~callbacks.c.accepted, callbacks.c.received_at > row["received_at"] - timedelta(hours=1))
        values = select(*(bindparam(name, row[name], type_=callbacks.c[name].type) for name in names), text("false"))
        statement = insert(callbacks).from_select([*names, "accepted"], values.where(lately.scalar_subquery() < UNBELIEVED_AN_HOUR))
        async with self._db.statement() as connection:
            await connection.execute(statement)


def _row(callback: Callback, body_sha256: str, at: datetime) -> dict[str, Any]:
    said = callback.model_dump(include={"provider", "event_id", "order_id", "state", "at"})
    return said | {"id": new_id(), "received_at": at, "body_sha256": body_sha256}
