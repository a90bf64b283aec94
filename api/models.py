"""What API requests and answers look like, where they are not a use case's own view."""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from casework.views import WorkItemRow
from catalogue.guide_models import Guide
from domain.application import Applicant, Challenge, DeliveryChoice, Status
from domain.changes import SupplementRequest
from domain.errors import FieldError, InvalidInput
from domain.guardians import Guardian
from domain.identity import Way
from domain.service_item import LegalReference, Material, ServiceItem
from domain.text import Bilingual, Language

PAGE_SIZE = 30


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


class FaceConsent(_Body):
    """The applicant agreed to the use of their face for this application, separately from all else; under 14 their guardian did."""

    given: Literal[True]
    guardian: Guardian | None = Field(default=None, description="Needed where `identity.needs_guardian` says so")


class NewChallenge(_Body):
    """What is left out stays as it was."""

    language: Language | None = Field(default=None, description="Of the code to read aloud")
    way: Way | None = Field(
        default=None,
        description="`movements` for somebody who cannot speak, `digits` for somebody who cannot turn the head: they move the phone",
    )


class SupplementBody(_Body):
    answers: dict[str, Any] = Field(
        default={}, description="New answers for the fields that were marked; marked materials are uploaded before"
    )


class AnswerBody(_Body):
    question_id: UUID = Field(description="Of `questions` with state `open`")
    text: str = Field(min_length=1, max_length=2000)


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
    most_used: bool

    @classmethod
    def of(cls, item: ServiceItem) -> "ServiceItemSummary":
        return cls(**{name: getattr(item, name) for name in cls.model_fields})


class ServiceItemPage(BaseModel):
    items: list[ServiceItemSummary]
    next_cursor: str | None = None
    total: int = Field(description="How many items fit, on all pages")

    @classmethod
    def of(cls, found: Sequence[ServiceItem], cursor: str | None) -> "ServiceItemPage":
        """The page after `cursor`.

        Raises:
            InvalidInput: a cursor that is not ours, or whose item has gone since.
        """
        start = _place_after(cursor, found) if cursor else 0
        shown = found[start : start + PAGE_SIZE]
        more = start + len(shown) < len(found)
        return cls(
            items=[ServiceItemSummary.of(item) for item in shown],
            next_cursor=base64.urlsafe_b64encode(shown[-1].code.encode()).decode() if more else None,
            total=len(found),
        )


def _place_after(cursor: str, found: Sequence[ServiceItem]) -> int:
    try:
        code = base64.urlsafe_b64decode(cursor.encode()).decode()
        return next(place for place, item in enumerate(found) if item.code == code) + 1
    except (ValueError, StopIteration) as error:
        text = Bilingual(zh="翻页标记无效，请从第一页开始", en="This cursor is not one of ours. Begin with the first page")
        raise InvalidInput(fields=[FieldError(path="/cursor", text=text)]) from error


class ServiceItemDetail(ServiceItemSummary):
    """All that one needs to know before applying; `form` is the JSON Schema of the answers, `guide` what the page shows."""

    who_can: list[Bilingual]
    legal_basis: list[LegalReference]
    form: dict[str, Any]
    materials: list[Material]
    delivery: list[str]
    window_days: int
    effective_from: str
    guide: Guide

    @classmethod
    def of(cls, item: ServiceItem, guide: Guide) -> "ServiceItemDetail":  # type: ignore[override]  # a detail has its guide
        made = ("delivery", "effective_from", "guide")
        values = {name: getattr(item, name) for name in cls.model_fields if name not in made}
        return cls(**values, delivery=[d.value for d in item.delivery], effective_from=item.effective_from.isoformat(), guide=guide)


class UploadAnswer(BaseModel):
    id: UUID
    code: str
    media_type: str
    pages: int
    uploaded_at: datetime
