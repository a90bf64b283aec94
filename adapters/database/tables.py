"""The tables. Columns ending in `_box` hold AES-GCM boxes (key id inside); columns ending in `_index` keyed hashes."""

from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _moment(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=nullable, index=index), default=None)


def _box(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(LargeBinary, nullable=nullable), default=None)


def _json(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(JSONB, nullable=nullable), default=None)


def _application(*, unique: bool = False) -> Any:
    return Field(foreign_key="applications.id", index=not unique, unique=unique)


class Person(SQLModel, table=True):
    """A citizen who applied or signed in."""

    __tablename__ = "persons"
    id: UUID = Field(primary_key=True)
    id_number_index: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    id_number_box: bytes = _box()
    name_box: bytes = _box()
    phone_box: bytes = _box()
    phone_index: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = _moment()
    verified_at: datetime | None = _moment(nullable=True)  # the one-time code was entered


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
    waiting_for: list[dict[str, Any]] = _json()
    applicant_name_box: bytes = _box()  # as stated on this application
    phone_box: bytes = _box()  # where its notices go
    phone_index: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    answers_box: bytes = _box()
    delivery: str
    address_box: bytes | None = _box(nullable=True)
    language: str
    channel: str
    station: str | None = Field(default=None, index=True)
    station_name: str | None = None  # as the registries call it; where the applicant comes to
    outcome: str | None = None
    decision_box: bytes | None = _box(nullable=True)  # the machine's: rule results with inputs
    person_decision_box: bytes | None = _box(nullable=True)
    supplement_box: bytes | None = _box(nullable=True)
    supplement_round: int = 0
    supplement_until: datetime | None = _moment(nullable=True)
    window_closes_at: datetime | None = _moment(nullable=True)
    tracking_number: str | None = None
    opened_at: datetime = _moment()
    updated_at: datetime = _moment()
    ended_at: datetime | None = _moment(nullable=True)


class Event(SQLModel, table=True):
    """Every change of a case, appended in the transaction that made it; `key` makes a change happen once."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("application_id", "key"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    application_id: UUID = Field(sa_column=Column(ForeignKey("applications.id"), nullable=False))
    key: str
    at: datetime = _moment()
    event: str
    by: str
    text: dict[str, str] | None = _json(nullable=True)  # None: not on the applicant's timeline
    data: dict[str, Any] = _json()
    result: dict[str, Any] | None = _json(nullable=True)


class Challenge(SQLModel, table=True):
    __tablename__ = "challenges"
    id: UUID = Field(primary_key=True)
    application_id: UUID = _application()
    code_box: bytes = _box()
    language: str
    expires_at: datetime = _moment()
    created_at: datetime = _moment()


class IdentityClip(SQLModel, table=True):
    """A clip handed in; the object is deleted once there is a verdict."""

    __tablename__ = "identity_clips"
    id: UUID = Field(primary_key=True)
    application_id: UUID = _application()
    challenge_id: UUID
    sha256: str
    media_type: str
    size: int
    received_at: datetime = _moment()
    verdict: dict[str, Any] | None = _json(nullable=True)
    deleted_at: datetime | None = _moment(nullable=True)


class Evidence(SQLModel, table=True):
    """A registry's signed answer."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("application_id", "source", "round"),)
    id: UUID = Field(primary_key=True)
    application_id: UUID = _application()
    source: str
    round: int
    request_id: str
    purpose: str
    found: bool
    body_box: bytes = _box()
    digest: str
    signature: str
    key_id: str
    fetched_at: datetime = _moment()


class Material(SQLModel, table=True):
    """An upload; a later one of the same code replaces an earlier one, which stays on record."""

    __tablename__ = "materials"
    id: UUID = Field(primary_key=True)
    application_id: UUID = _application()
    code: str
    sha256: str
    media_type: str
    size: int
    pages: int
    round: int
    uploaded_at: datetime = _moment()


class WorkItem(SQLModel, table=True):
    __tablename__ = "work_items"
    __table_args__ = (
        Index("work_items_queue", "role", "jurisdiction", "due_at", "id", postgresql_where=text("status in ('open', 'claimed')")),
    )
    id: UUID = Field(primary_key=True)
    application_id: UUID = _application()
    kind: str
    role: str
    jurisdiction: str
    name: dict[str, str] = _json()
    status: str = Field(index=True)
    claimed_by: str | None = Field(default=None, index=True)
    claimed_at: datetime | None = _moment(nullable=True)
    due_at: datetime = _moment()
    opened_at: datetime = _moment()
    closed_at: datetime | None = _moment(nullable=True)
    outcome: str | None = None
    reason_box: bytes | None = _box(nullable=True)
    findings: dict[str, Any] = _json()


class Document(SQLModel, table=True):
    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("application_id", "template"),)
    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="applications.id")
    template: str
    number: str = Field(unique=True)
    sha256: str | None = None  # None: being made
    size: int | None = None
    issued_at: datetime | None = _moment(nullable=True)


class Notice(SQLModel, table=True):
    """The outbox: written with the change that causes it, sent by the `cases` worker, once."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("application_id", "key"),
        Index("notices_unsent", "next_try_at", postgresql_where=text("sent_at is null")),
    )
    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="applications.id")
    key: str
    text: dict[str, str] = _json()
    created_at: datetime = _moment()
    next_try_at: datetime = _moment()
    attempts: int = 0
    sent_at: datetime | None = _moment(nullable=True)


class Clerk(SQLModel, table=True):
    __tablename__ = "clerks"
    id: str = Field(primary_key=True)  # a UUIDv7 as text
    login: str = Field(unique=True)
    name: str
    role: str
    county: str
    station: str | None = None
    password_hash: str
    totp_secret_box: bytes = _box()
    last_totp_step: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    active: bool = True
    created_at: datetime = _moment()


class ApiClient(SQLModel, table=True):
    """An integrator: OAuth2 client credentials."""

    __tablename__ = "api_clients"
    id: str = Field(primary_key=True)
    name: str
    secret_hash: str
    created_at: datetime = _moment()
    active: bool = True


class SignInAttempt(SQLModel, table=True):
    """Failed sign-ins by subject, for slowing down guesses; `subject_index` is a keyed hash."""

    __tablename__ = "sign_in_attempts"
    subject_index: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    failures: int
    first_at: datetime = _moment()


class OneTimeCode(SQLModel, table=True):
    __tablename__ = "one_time_codes"
    id: UUID = Field(primary_key=True)
    id_number_index: bytes = Field(sa_column=Column(LargeBinary, nullable=False, index=True))
    code_index: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    applicant_box: bytes = _box()  # id number, name, phone as typed
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    expires_at: datetime = _moment()
    used_at: datetime | None = _moment(nullable=True)


class Session(SQLModel, table=True):
    """A browser session; the cookie's SHA-256 is the key."""

    __tablename__ = "sessions"
    token_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    kind: str  # applicant | clerk
    subject: str
    created_at: datetime = _moment()
    expires_at: datetime = _moment(index=True)


class IdempotencyKey(SQLModel, table=True):
    __tablename__ = "idempotency_keys"
    owner: str = Field(primary_key=True)  # client id, or person id
    key: str = Field(primary_key=True)
    request_digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    application_id: UUID
    created_at: datetime = _moment()


class Draft(SQLModel, table=True):
    """What an applicant typed before submitting."""

    __tablename__ = "drafts"
    person_id: UUID = Field(foreign_key="persons.id", primary_key=True)
    service_item: str = Field(primary_key=True)
    body_box: bytes = _box()
    updated_at: datetime = _moment()


class PublishedItem(SQLModel, table=True):
    """A version that was published while processes ran; `serial` tells them that there is something new."""

    __tablename__ = "published_items"
    __table_args__ = (UniqueConstraint("code", "version"),)
    serial: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    code: str
    version: int
    digest: str
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False), default=None)  # in order, as with pinned versions
    text: str = Field(sa_column=Column(Text, nullable=False))  # the file as its editor wrote it
    published_by: str
    published_at: datetime = _moment()


class CatalogueDraft(SQLModel, table=True):
    """A service item file that an editor is writing."""

    __tablename__ = "catalogue_drafts"
    clerk_id: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    text: str = Field(sa_column=Column(Text, nullable=False))
    updated_at: datetime = _moment()


class PersonalDataRead(SQLModel, table=True):
    """Somebody's data was read: when, by whom, why, which fields. `subject_index` is a keyed hash; `key` makes it once."""

    __tablename__ = "data_reads"
    __table_args__ = (Index("ix_data_reads_subject_index", "subject_index", "at"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    key: str = Field(unique=True)
    subject_index: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    at: datetime = _moment()
    by: str  # machine | prefill | identity | clerk:<id> | client:<id> | operator
    source: str | None = None
    purpose: dict[str, str] = _json()
    fields: list[str] = _json()
    service_item: str | None = None
    application_id: UUID | None = Field(sa_column=Column(ForeignKey("applications.id"), nullable=True, index=True), default=None)


class StateKey(SQLModel, table=True):
    """Small facts of the installation, such as which seed of demo people was planted."""

    __tablename__ = "state_keys"
    key: str = Field(primary_key=True)
    value: str = Field(sa_column=Column(Text, nullable=False))


def _table(model: type[SQLModel]) -> Table:
    return cast(Table, model.__table__)  # type: ignore[attr-defined]


# The same tables for SQLAlchemy's core, which the hot paths use.
persons = _table(Person)
service_item_versions = _table(ServiceItemVersion)
acceptance_serials = _table(AcceptanceSerial)
applications = _table(Application)
events = _table(Event)
challenges = _table(Challenge)
identity_clips = _table(IdentityClip)
evidence = _table(Evidence)
materials = _table(Material)
work_items = _table(WorkItem)
documents = _table(Document)
notices = _table(Notice)
clerks = _table(Clerk)
api_clients = _table(ApiClient)
sign_in_attempts = _table(SignInAttempt)
one_time_codes = _table(OneTimeCode)
sessions = _table(Session)
idempotency_keys = _table(IdempotencyKey)
drafts = _table(Draft)
published_items = _table(PublishedItem)
catalogue_drafts = _table(CatalogueDraft)
data_reads = _table(PersonalDataRead)
state_keys = _table(StateKey)
