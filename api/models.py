"""What API requests and answers look like, where they are not a use case's own view."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from casework.views import WorkItemRow
from domain.application import Applicant, Challenge, DeliveryChoice, Status
from domain.changes import SupplementRequest
from domain.service_item import LegalReference, Material, ServiceItem
from domain.text import Bilingual, Language


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewApplication(_Body):
    service_item: str = Field(max_length=64, examples=["no-criminal-record"])
    applicant: Applicant
    answers: dict[str, Any] = Field(description="Held against the service item's form schema")
    delivery: DeliveryChoice | None = Field(default=None, description="Default: the service item's first way")
    language: Language = Field(default="zh", description="Of the code to read aloud, and of SMS")


class ApplicationCreated(BaseModel):
    id: UUID
    acceptance_number: str
    status: Status
    challenge: Challenge | None


class SupplementBody(_Body):
    answers: dict[str, Any] = Field(
        default={}, description="New answers for the fields that were marked; marked materials are uploaded before"
    )


class Completion(_Body):
    outcome: str = Field(max_length=40)
    reason: str | None = Field(default=None, max_length=2000)
    supplement: list[SupplementRequest] = Field(default=[], max_length=50)
    originals: dict[str, str] = Field(default={}, description="Material code → same, different or missing")


class WorkItemPage(BaseModel):
    items: list[WorkItemRow]
    next_cursor: str | None


class ServiceItemSummary(BaseModel):
    code: str
    version: int
    name: Bilingual
    summary: Bilingual
    branch: str
    kind: str
    trips: int
    minutes: Bilingual

    @classmethod
    def of(cls, item: ServiceItem) -> "ServiceItemSummary":
        return cls(**{name: getattr(item, name) for name in cls.model_fields})


class ServiceItemPage(BaseModel):
    items: list[ServiceItemSummary]
    next_cursor: str | None = None


class Guide(ServiceItemSummary):
    """All that one needs to know before applying; `form` is the JSON Schema of the answers."""

    who_can: list[Bilingual]
    legal_basis: list[LegalReference]
    form: dict[str, Any]
    materials: list[Material]
    delivery: list[str]
    window_days: int
    effective_from: str

    @classmethod
    def of(cls, item: ServiceItem) -> "Guide":
        values = {name: getattr(item, name) for name in cls.model_fields if name not in ("delivery", "effective_from")}
        return cls(**values, delivery=[d.value for d in item.delivery], effective_from=item.effective_from.isoformat())


class UploadAnswer(BaseModel):
    id: UUID
    code: str
    media_type: str
    pages: int
    uploaded_at: datetime
