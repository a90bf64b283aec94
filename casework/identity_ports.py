"""What the identity check's use cases need of the database; `adapters/database/identity.py` and `uploading.py` implement it."""

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.records import KeptClip, Try


class IdentityDesk(Protocol):
    async def show_challenge(self, challenge_id: UUID, at: datetime) -> datetime: ...

    async def add_clip(
        self, application_id: UUID, clip_id: UUID, challenge_id: UUID, sha256: str, media_type: str, size: int, at: datetime,
        stated_seconds: float | None = None,
    ) -> None: ...  # fmt: skip

    async def drop_clip(self, clip_id: UUID) -> None: ...

    async def clips_without_verdict(self, received_before: datetime) -> list[dict[str, Any]]: ...

    async def tries_of(self, application_id: UUID, since: datetime) -> list[Try]: ...

    async def clips_to_delete(self, at_most: int = 100) -> list[KeptClip]: ...

    async def clip_deleted(self, clip_id: UUID, at: datetime) -> None: ...

    async def forget_prints(self, made_before: datetime) -> int: ...
