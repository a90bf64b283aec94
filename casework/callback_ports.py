"""What call-backs need of the database; `adapters/database/callbacks.py` implements it."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.callbacks import Callback, Provider


class CallbackRecords(Protocol):
    """What came in, and whose order it was about."""

    async def is_known(self, callback: Callback) -> bool: ...

    async def accept(self, callback: Callback, body_sha256: str, at: datetime) -> bool: ...

    async def note_repeated(self, callback: Callback, body_sha256: str, at: datetime) -> None: ...

    async def note_forged(self, provider: Provider, why: str, order_id: str | None, body_sha256: str, at: datetime) -> None: ...

    async def case_of_document(self, document_id: UUID) -> UUID | None: ...
