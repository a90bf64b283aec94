"""An application: what is asked for, by whom, where it stands, and what it waits for."""

import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from domain.identity import Asked, Movement, Way
from domain.notices import clean_email
from domain.service_item import Delivery
from domain.text import Bilingual, Language


class Status(StrEnum):
    VERIFYING = "verifying"
    PAYING = "paying"
    GATHERING = "gathering"
    REVIEWING = "reviewing"
    SUPPLEMENTING = "supplementing"
    APPROVING = "approving"
    ISSUING = "issuing"
    AWAITING_COUNTER = "awaiting_counter"
    POSTING = "posting"
    COMPLETED = "completed"
    REFUSED = "refused"
    VOID = "void"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    ABANDONED = "abandoned"

    @property
    def final(self) -> bool:
        return self in FINAL


FINAL = frozenset({Status.COMPLETED, Status.REFUSED, Status.VOID, Status.EXPIRED, Status.WITHDRAWN, Status.ABANDONED})

STATUS_TEXT: dict[Status, Bilingual] = {
    Status.VERIFYING: Bilingual(zh="待核验身份", en="Waiting for your identity check"),
    Status.PAYING: Bilingual(zh="待缴费", en="Waiting for your payment"),
    Status.GATHERING: Bilingual(zh="正在核验信息", en="Checking with the registries"),
    Status.REVIEWING: Bilingual(zh="正在审核", en="Being reviewed"),
    Status.SUPPLEMENTING: Bilingual(zh="待补正", en="Waiting for what you must add"),
    Status.APPROVING: Bilingual(zh="正在审批", en="Waiting for approval"),
    Status.ISSUING: Bilingual(zh="正在制作证明", en="Making your document"),
    Status.AWAITING_COUNTER: Bilingual(zh="待到窗口办理", en="Waiting for your visit to the counter"),
    Status.POSTING: Bilingual(zh="正在邮寄", en="On its way by post"),
    Status.COMPLETED: Bilingual(zh="已办结", en="Completed"),
    Status.REFUSED: Bilingual(zh="未予批准", en="Refused"),
    Status.VOID: Bilingual(zh="审批无效，已终止", en="Void"),
    Status.EXPIRED: Bilingual(zh="逾期未办，已终止", en="Expired"),
    Status.WITHDRAWN: Bilingual(zh="已撤回", en="Withdrawn"),
    Status.ABANDONED: Bilingual(zh="超时未核验，已终止", en="Abandoned"),
}


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid")


def clean_name(value: str) -> str:
    value = unicodedata.normalize("NFC", value).strip()
    if any(unicodedata.category(c).startswith("C") for c in value):
        raise ValueError("a name has no control characters")
    return value


class Applicant(_Message):
    """Who applies. Encrypted wherever it rests."""

    id_number: str = Field(min_length=15, max_length=32)
    name: str = Field(min_length=1, max_length=60)
    phone: str | None = Field(
        default=None, pattern=r"^1[3-9][0-9]{9}$", description="A mainland mobile number, 11 digits; only a counter may leave it out"
    )
    email: str | None = Field(default=None, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="Where notices go too")

    @field_validator("name")
    @classmethod
    def _clean(cls, value: str) -> str:
        return clean_name(value)

    @field_validator("email")
    @classmethod
    def _one_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        address = clean_email(value)
        if address is None:
            raise ValueError("not an e-mail address")
        return address


class DeliveryChoice(_Message):
    method: Delivery
    address: str | None = Field(default=None, min_length=4, max_length=200)

    @model_validator(mode="before")
    @classmethod
    def _method_alone(cls, value: Any) -> Any:
        """`"online"` is short for `{"method": "online"}`."""
        return {"method": value} if isinstance(value, str) else value


class FiledBy(_Message):
    """The clerk who filled an application in for somebody at a counter (A2)."""

    clerk_id: str
    station: str | None = None  # None: at the county bureau


class ApplicationRequest(_Message):
    """The input of a service item's workflow; whoever starts the workflow sends this one model."""

    service_item: str
    applicant: Applicant
    answers: dict[str, Any]
    delivery: DeliveryChoice
    language: Language = "zh"
    channel: Literal["phone", "pc", "counter", "kiosk", "api", "engine"] = "engine"
    client_id: str | None = None  # the integrator that may follow the case; None: the applicant alone
    filed_by: FiledBy | None = None


class Challenge(BaseModel):
    """What to read aloud and how to move: random, single-use, short-lived."""

    id: UUID
    way: Way = "code_and_turn"
    code: str  # digits; empty in the way `movements`
    language: Language
    movements: list[Movement] = Field(
        default=[],
        description="Of the head against the camera, in this order, to the person's own left or right, each time back to the middle. "
        "In the way `digits` the head stays still and the phone is carried to the other side and back: for `left` to the person's right",
    )
    expires_at: datetime

    @property
    def asked(self) -> Asked:
        """What a clip has to show."""
        return Asked(way=self.way, code=self.code, language=self.language, movements=self.movements)


class WaitingFor(BaseModel):
    """Whom the case waits for, and until when; None at the end of a case."""

    who: Literal["applicant", "registry", "clerk", "counter", "system", "post", "payments"]
    what: str  # a source code, a work item kind, `identity-clip`, `fee`, `supplement`, `question`, `visit`, `document`, `parcel`, `refund`
    text: Bilingual
    until: datetime | None = None
    since: datetime | None = None
    late: bool = False  # a registry has failed to answer at least once


class EvidenceView(BaseModel):
    source: str
    fetched_at: datetime
    digest: str  # SHA-256 of the signed answer, hex


class TimelineEntry(BaseModel):
    at: datetime
    event: str
    by: str  # applicant | machine | registry:<source> | clerk:<role> | post
    text: Bilingual
