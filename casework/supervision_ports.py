"""What supervision needs of the database; `adapters/database` implements it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from domain.figures import Counted
from domain.inquiries import Finding, Oddity, Pattern
from domain.ratings import NewRating

Record = dict[str, Any]


class Inquiries(Protocol):
    """Opened once a key, worked on by supervisors, closed with a finding."""

    async def open(
        self,
        *,
        key: str,
        pattern: Pattern,
        county: str,
        opened_by: str,
        at: datetime,
        application_id: UUID | None = None,
        clerk_id: str | None = None,
        station: str | None = None,
        facts: Mapping[str, Any] | None = None,
        why: str | None = None,
    ) -> tuple[UUID, str] | None: ...

    async def inquiries(
        self,
        place: str,
        *,
        open_only: bool,
        pattern: str | None,
        owner: str | None,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Record]: ...

    async def counts(self, place: str, clerk_id: str, at: datetime) -> tuple[int, int, int, int]: ...

    async def get(self, inquiry_id: UUID) -> Record: ...

    async def of_case(self, application_id: UUID) -> list[Record]: ...

    async def cases(self, application_ids: Sequence[UUID]) -> list[Record]: ...

    async def staff_of(self, county: str) -> list[Record]: ...

    async def was_asked(self, inquiry_id: UUID, clerk_id: str) -> bool: ...

    async def take_over(self, inquiry_id: UUID, clerk_id: str, at: datetime) -> None: ...

    async def add_entry(self, inquiry_id: UUID, clerk_id: str, text: str, at: datetime) -> None: ...

    async def ask(self, inquiry_id: UUID, clerk_id: str, asked: str, text: str, at: datetime) -> None: ...

    async def close(self, inquiry_id: UUID, clerk_id: str, finding: Finding, text: str, at: datetime) -> None: ...

    async def limit_from(self, county: str, at: datetime) -> datetime: ...

    async def remind_of_late(self, at: datetime, *, limit: int = 200) -> int: ...


class OddPatterns(Protocol):
    async def begin_look(self, at: datetime, *, at_most_every: timedelta) -> datetime | None: ...

    async def odd(self, at: datetime, since: datetime) -> list[Oddity]: ...


class Boards(Protocol):
    async def board(self, place: str, at: datetime, *, homeless: bool) -> Record: ...


class Ratings(Protocol):
    async def rate(
        self, application_id: UUID, rating: NewRating, at: datetime, *, by: str, default_county: str, inquiry_due_at: datetime
    ) -> None: ...

    async def rating_of(self, application_id: UUID) -> Record | None: ...


class FigureRecords(Protocol):
    async def counted(
        self, since: datetime, until: datetime, paper_trips: Mapping[str, int], *, place: str | None, service_item: str | None
    ) -> dict[str, list[Counted]]: ...

    async def supplements(self, since: datetime, until: datetime, *, place: str | None, service_item: str | None) -> list[Record]: ...

    async def grades(self, since: datetime, until: datetime, *, place: str | None, service_item: str | None) -> list[Record]: ...
