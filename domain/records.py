"""What activities need of the read model; `adapters/database` implements it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

from domain.application import ApplicationRequest, WaitingFor
from domain.changes import CaseChange, CaseOpened, ChangeResult, OpenCase
from domain.decision import Outcome
from domain.evidence import RegistryAnswer
from domain.identity import Asked, Handing, Prints
from domain.limits import Timing
from domain.service_item import ServiceItem
from domain.text import Bilingual


class CaseRecords(Protocol):
    """Every method is one transaction and may come twice."""

    async def open_case(self, opening: OpenCase, item: ServiceItem, *, division: str) -> CaseOpened: ...

    async def apply(self, change: CaseChange, *, timing: Timing | None = None) -> ChangeResult: ...

    async def station_of(self, application_id: UUID) -> str | None: ...

    async def request_of(self, application_id: UUID) -> tuple[ApplicationRequest, ServiceItem]: ...

    async def save_machine_decision(
        self,
        application_id: UUID,
        at: datetime,
        decision: Mapping[str, Any],
        *,
        key: str,
        outcome: Outcome,
        station: str,
        station_name: str | None = None,
        waiting_for: WaitingFor | None,
        event_text: Bilingual,
        people: Sequence[str] = (),
        address: str | None = None,
    ) -> None: ...

    async def set_station(self, application_id: UUID, station: str, station_name: str | None = None) -> None: ...

    async def waiting_note(
        self, application_id: UUID, source: str, *, at: datetime, event: str, key: str, label: Bilingual, late: bool
    ) -> None: ...


@dataclass(frozen=True)
class ClipQuestion:
    """What there is to ask of one clip. `verdict`: the answer that it was given before, if any."""

    application_id: UUID
    sha256: str
    verdict: Mapping[str, Any] | None
    asked: Asked
    handing: Handing
    id_number: str


@dataclass(frozen=True)
class Try:
    """A clip that somebody handed in. `passed` None: no verdict yet, or nobody to compare with."""

    application_id: UUID
    received_at: datetime
    passed: bool | None


@dataclass(frozen=True)
class UploadPart:
    """`kept`: it lies in the store and counts; else it was only begun."""

    offset: int
    size: int
    sha256: str
    kept: bool = False


@dataclass(frozen=True)
class NewUpload:
    """A clip that is about to be sent: of so many bytes, and so many seconds as its sender says."""

    id: UUID
    application_id: UUID
    challenge_id: UUID
    media_type: str
    size: int
    stated_seconds: float | None
    began_at: datetime


ClipState = Literal["waiting", "judged", "dropped"]


@dataclass(frozen=True)
class StoredUpload(NewUpload):
    """A clip on its way. `expires_at` is its challenge's; `in_force`: no newer challenge was issued since.

    `clip`: None until it is whole; `waiting` for its verdict, `judged`, or `dropped`, which its case refused.
    """

    received: int
    expires_at: datetime
    in_force: bool
    clip: ClipState | None
    parts: list[UploadPart]

    @property
    def whole(self) -> bool:
        return self.received == self.size


class KeptClip(NamedTuple):
    id: UUID
    frames: int


class IdentityRecords(Protocol):
    async def clip_question(self, clip_id: UUID) -> ClipQuestion: ...

    async def earlier_prints(self, clip_id: UUID) -> list[Prints]: ...

    async def save_verdict(self, clip_id: UUID, verdict: Mapping[str, Any], prints: Prints | None, at: datetime) -> None: ...

    async def clip_deleted(self, clip_id: UUID, at: datetime) -> None: ...


class PaperRecords(Protocol):
    async def has_evidence(self, application_id: UUID, source: str, round_: int) -> bool: ...

    async def keep_evidence(
        self, application_id: UUID, round_: int, purpose: str, answer: RegistryAnswer, *, fact: str | None = None
    ) -> None: ...

    async def evidence_of(self, application_id: UUID) -> list[dict[str, Any]]: ...

    async def begin_document(self, application_id: UUID, template: str, number: str) -> tuple[UUID, str, bool]: ...

    async def finish_document(self, document_id: UUID, *, sha256: str, size: int, at: datetime, text: Bilingual) -> None: ...

    async def document(self, number: str) -> Any: ...

    async def set_tracking_number(self, application_id: UUID, tracking_number: str) -> None: ...
