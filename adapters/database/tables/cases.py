"""Cases and what they collect: events, identity, evidence, uploads, documents."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from adapters.database.tables.columns import application_column, box_column, json_column, moment_column, table_of


class ServiceItemVersion(SQLModel, table=True):
    """The text of a version as some case began under it."""

    __tablename__ = "service_item_versions"
    code: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    # JSON, not JSONB: the order of a form's fields is part of it.
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False), default=None)


class AcceptanceSerial(SQLModel, table=True):
    __tablename__ = "acceptance_serials"
    division: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    last: int


class Application(SQLModel, table=True):
    """One row a case: what lists and pages need."""

    __tablename__ = "applications"
    __table_args__ = (Index("ix_applications_service_item", "service_item", "opened_at"),)
    id: UUID = Field(primary_key=True)
    acceptance_number: str = Field(unique=True)
    person_id: UUID = Field(foreign_key="persons.id", index=True)
    client_id: str | None = Field(default=None, index=True)
    service_item: str
    version: int
    item_digest: str
    status: str = Field(index=True)
    waiting_for: list[dict[str, Any]] = json_column()
    applicant_name_box: bytes = box_column()  # as stated on this application
    name_index: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True), default=None)  # by which clerks find it
    phone_box: bytes | None = box_column(nullable=True)  # where its notices go; None: filed at a counter by somebody without a phone
    phone_index: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True), default=None)
    email_box: bytes | None = box_column(nullable=True)
    filed_by: str | None = None  # the clerk who filled it in at a counter
    filed_at: str | None = None  # that counter's station
    answers_box: bytes = box_column()
    delivery: str
    address_box: bytes | None = box_column(nullable=True)
    language: str
    channel: str
    station: str | None = Field(default=None, index=True)
    station_name: str | None = None  # as the registries call it; where the applicant comes to
    outcome: str | None = None
    decision_box: bytes | None = box_column(nullable=True)  # the machine's: rule results with inputs
    person_decision_box: bytes | None = box_column(nullable=True)
    supplement_box: bytes | None = box_column(nullable=True)
    supplement_round: int = 0
    supplement_until: datetime | None = moment_column(nullable=True)
    window_closes_at: datetime | None = moment_column(nullable=True)
    tracking_number: str | None = None
    promised_due_at: datetime | None = moment_column(nullable=True)  # None: the clock has not begun, stands still, or has ended
    legal_due_at: datetime | None = moment_column(nullable=True)
    address_index: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True, index=True), default=None)  # where the case leads
    opened_at: datetime = moment_column()
    updated_at: datetime = moment_column()
    ended_at: datetime | None = moment_column(nullable=True)


class Event(SQLModel, table=True):
    """Every change of a case, appended in the transaction that made it; `key` makes a change happen once."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("application_id", "key"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    application_id: UUID = Field(sa_column=Column(ForeignKey("applications.id"), nullable=False))
    key: str
    at: datetime = moment_column()
    event: str
    by: str
    text: dict[str, str] | None = json_column(nullable=True)  # None: not on the applicant's timeline
    data: dict[str, Any] = json_column()
    result: dict[str, Any] | None = json_column(nullable=True)


class Challenge(SQLModel, table=True):
    __tablename__ = "challenges"
    id: UUID = Field(primary_key=True)
    application_id: UUID = application_column()
    code_box: bytes = box_column()
    language: str
    way: str = "code_and_turn"
    movements_box: bytes | None = box_column(nullable=True)  # None: none are asked
    expires_at: datetime = moment_column()
    shown_at: datetime | None = moment_column(nullable=True)  # once the recording had begun; None: with the case
    created_at: datetime = moment_column()


class IdentityClip(SQLModel, table=True):
    """A clip handed in; it and its frames are deleted when the case has its decision, see `casework/clips.py`."""

    __tablename__ = "identity_clips"
    __table_args__ = (Index("identity_clips_kept", "received_at", postgresql_where=text("deleted_at is null")),)
    id: UUID = Field(primary_key=True)
    application_id: UUID = application_column()
    challenge_id: UUID
    sha256: str
    media_type: str
    size: int
    received_at: datetime = moment_column()
    stated_seconds: float | None = None  # how long it is, as the recording page said
    verdict: dict[str, Any] | None = json_column(nullable=True)
    deleted_at: datetime | None = moment_column(nullable=True)


class ClipPrint(SQLModel, table=True):
    """What a clip is known by when it is shown again: of its bytes, sound and picture; nobody's face."""

    __tablename__ = "clip_prints"
    clip_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="persons.id", index=True)
    box: bytes = box_column()
    made_at: datetime = moment_column(index=True)


class ClipUpload(SQLModel, table=True):
    """A clip on its way, in parts that lie encrypted in the store; what is whole becomes an identity clip."""

    __tablename__ = "clip_uploads"
    id: UUID = Field(primary_key=True)
    application_id: UUID = application_column()
    challenge_id: UUID
    media_type: str
    size: int  # bytes, as announced
    received: int = 0
    parts: list[dict[str, Any]] = json_column()  # as `domain.records.UploadPart` has them, begun and kept
    stated_seconds: float | None = None
    began_at: datetime = moment_column(index=True)
    clip_id: UUID | None = None  # once it was whole and handed over


class GuardianConsent(SQLModel, table=True):
    """Who consented to a child's face check: name, ID number and relation, sealed."""

    __tablename__ = "guardian_consents"
    application_id: UUID = Field(foreign_key="applications.id", primary_key=True)
    box: bytes = box_column()
    at: datetime = moment_column()


class Evidence(SQLModel, table=True):
    """A registry's signed answer."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("application_id", "source", "round"),)
    id: UUID = Field(primary_key=True)
    application_id: UUID = application_column()
    source: str
    round: int
    request_id: str
    purpose: str
    found: bool
    body_box: bytes = box_column()
    digest: str
    signature: str
    key_id: str
    fetched_at: datetime = moment_column()


class Material(SQLModel, table=True):
    """An upload; a later one of the same code replaces an earlier one, which stays on record."""

    __tablename__ = "materials"
    id: UUID = Field(primary_key=True)
    application_id: UUID = application_column()
    code: str
    sha256: str
    media_type: str
    size: int
    pages: int
    round: int
    uploaded_at: datetime = moment_column()
    origin: str = Field(default="applicant", sa_column_kwargs={"server_default": "applicant"})  # counter: the original, scanned there


class Document(SQLModel, table=True):
    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("application_id", "template"),)
    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="applications.id")
    template: str
    number: str = Field(unique=True)
    sha256: str | None = None  # None: being made
    size: int | None = None
    issued_at: datetime | None = moment_column(nullable=True)


class IdempotencyKey(SQLModel, table=True):
    __tablename__ = "idempotency_keys"
    owner: str = Field(primary_key=True)  # client id, or person id
    key: str = Field(primary_key=True)
    request_digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    application_id: UUID
    created_at: datetime = moment_column()


class Draft(SQLModel, table=True):
    """What an applicant typed before submitting."""

    __tablename__ = "drafts"
    person_id: UUID = Field(foreign_key="persons.id", primary_key=True)
    service_item: str = Field(primary_key=True)
    body_box: bytes = box_column()
    updated_at: datetime = moment_column()


service_item_versions = table_of(ServiceItemVersion)
acceptance_serials = table_of(AcceptanceSerial)
applications = table_of(Application)
events = table_of(Event)
challenges = table_of(Challenge)
identity_clips = table_of(IdentityClip)
clip_prints = table_of(ClipPrint)
clip_uploads = table_of(ClipUpload)
guardian_consents = table_of(GuardianConsent)
evidence = table_of(Evidence)
materials = table_of(Material)
documents = table_of(Document)
idempotency_keys = table_of(IdempotencyKey)
drafts = table_of(Draft)
