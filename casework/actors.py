"""Who is asking: a citizen, a clerk or an integrator. Every use case takes one."""

from dataclasses import dataclass
from uuid import UUID

from domain.jurisdiction import ClerkScope


@dataclass(frozen=True)
class ApplicantActor:
    """A signed-in citizen; `phone_index` is the keyed hash of the phone they proved."""

    person_id: UUID
    phone_index: bytes
    name: str
    masked_id_number: str
    masked_phone: str


@dataclass(frozen=True)
class ClerkActor:
    scope: ClerkScope
    login: str
    name: str

    @property
    def clerk_id(self) -> str:
        return self.scope.clerk_id


@dataclass(frozen=True)
class AttendedActor(ApplicantActor):
    """A person who stands at a counter while a clerk fills in for them (A2): acts as they would, for the cases filed there that day."""

    clerk: ClerkActor
    phone: str | None  # as they gave it at the counter
    email: str | None


@dataclass(frozen=True)
class ClientActor:
    """An integrator's program."""

    client_id: str


Actor = ApplicantActor | ClerkActor | ClientActor
