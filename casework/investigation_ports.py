"""What the case page needs of the database beside the case file; `adapters/database/investigations.py` implements it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

Record = dict[str, Any]


class Investigations(Protocol):
    """Questions, investigations with their tasks, and earlier applications."""

    async def questions_of(self, application_id: UUID) -> list[Record]: ...

    async def investigations_of(self, application_id: UUID) -> list[Record]: ...

    async def task_text(self, work_item_id: UUID) -> str | None: ...

    async def has_task(self, application_id: UUID, clerk_id: str) -> bool: ...

    async def investigators(self, county: str) -> list[Record]: ...

    async def earlier_of(self, application_id: UUID) -> list[Record]: ...

    async def record_history_look(self, application_ids: Sequence[UUID], by: str, purpose: dict[str, str], at: datetime) -> None: ...
