"""A service item as its YAML file describes it: the form, the sources, the rules, the people, the end."""

from datetime import date
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.jurisdiction import Role
from domain.text import Bilingual


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LegalReference(_Part):
    title: Bilingual
    article: Bilingual | None = None


class Delivery(StrEnum):
    ONLINE = "online"
    COUNTER = "counter"
    POST = "post"


class MaterialSource(StrEnum):
    REGISTRY = "registry"  # a registry vouches: nobody hands anything in
    UPLOAD = "upload"  # the applicant sends a photo or PDF
    ORIGINAL = "original"  # shown at the counter only


class Material(_Part):
    """A document that the law asks for."""

    code: str = Field(pattern=r"^[a-z0-9-]+$")
    name: Bilingual
    source: MaterialSource
    replaced_by: str | None = None  # the registry source that vouches, when source is registry
    required: bool = True
    original_at_counter: bool = False  # an upload whose original is compared at the counter
    help: Bilingual | None = None


class Prefill(_Part):
    """A form field that a registry fills: `path` is a dotted path into the source's record."""

    field: str
    source: str
    path: str
    editable: bool = False


class EvidenceRequest(_Part):
    """One registry that is asked, why, and with what beside the applicant's ID number."""

    source: str
    purpose: Bilingual
    query: dict[str, str] = {}  # parameter ← dotted path into the answers


class Rule(_Part):
    """A condition in CEL over `answers`, `applicant`, `today` and one record per source.

    True lets the machine go on. False, an error or a missing fact refers the case to a person.
    """

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    when: str
    holds: Bilingual
    otherwise: Bilingual
    sources: list[str]
    legal_basis: LegalReference


class StepKind(StrEnum):
    PRE_REVIEW = "pre_review"
    REVIEW = "review"
    APPROVAL = "approval"
    COUNTER_CHECK = "counter_check"
    IDENTITY_CHECK = "identity_check"


class Step(_Part):
    """One piece of human work on the referred path."""

    kind: Literal[StepKind.PRE_REVIEW, StepKind.REVIEW, StepKind.APPROVAL]
    name: Bilingual
    role: Role
    level: Literal["station", "county"]
    working_days: int = Field(ge=1)


class SupplementTerms(_Part):
    rounds: int = Field(default=3, ge=0)
    days: int = Field(default=15, ge=1)


class CertificateTerms(_Part):
    """What is printed or sealed at the end; `statement` lines take `{name}`-style values of the facts."""

    template: str
    title: Bilingual
    statement: list[Bilingual] = []


class ServiceItem(_Part):
    code: str = Field(pattern=r"^[a-z0-9-]+$", max_length=64)
    version: int = Field(ge=1)
    effective_from: date
    name: Bilingual
    summary: Bilingual
    branch: str
    kind: Literal["handle", "book", "query", "notice"] = "handle"
    audience: list[Literal["person", "company"]] = ["person"]
    channels: list[Literal["phone", "pc", "counter", "kiosk"]] = ["phone", "pc"]
    trips: Literal[0, 1]
    minutes: Bilingual  # how long it usually takes, as a phrase
    who_can: list[Bilingual]
    legal_basis: list[LegalReference]
    form: dict[str, Any]  # JSON Schema 2020-12, with x-label, x-help, x-order, x-widget for pages
    prefill: list[Prefill] = []
    materials: list[Material] = []
    evidence: list[EvidenceRequest]
    rules: list[Rule]
    machine_may_approve: bool
    steps: list[Step]
    jurisdiction: list[str]  # CEL over the facts, tried in order; the first 12-digit station code wins
    delivery: list[Delivery]
    window_days: int = 60
    reminder_days: list[int] = [30, 7, 1]
    clip_hours: int = 24
    identity_attempts: int = 3
    supplement: SupplementTerms = SupplementTerms()
    certificate: CertificateTerms
    most_used: bool = False

    @property
    def uploads(self) -> list[Material]:
        return [m for m in self.materials if m.source is MaterialSource.UPLOAD]

    @property
    def originals(self) -> list[Material]:
        """What the counter compares or sees: originals, and uploads that must be shown."""
        return [m for m in self.materials if m.source is MaterialSource.ORIGINAL or m.original_at_counter]

    @property
    def purpose_of(self) -> dict[str, Bilingual]:
        return {request.source: request.purpose for request in self.evidence}
