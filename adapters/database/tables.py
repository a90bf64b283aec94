"""The tables. Columns ending in `_box` hold AES-GCM boxes (key id inside); columns ending in `_index` keyed hashes."""

from datetime import date, datetime, time
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
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
    email_box: bytes | None = _box(nullable=True)
    seen_at_counter: datetime | None = _moment(nullable=True)  # a clerk saw the ID card and entered this phone


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
    name_index: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True), default=None)  # by which clerks find it
    phone_box: bytes | None = _box(nullable=True)  # where its notices go; None: filed at a counter by somebody without a phone
    phone_index: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True), default=None)
    email_box: bytes | None = _box(nullable=True)
    filed_by: str | None = None  # the clerk who filled it in at a counter
    filed_at: str | None = None  # that counter's station
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
    promised_due_at: datetime | None = _moment(nullable=True)  # None: the clock has not begun, stands still, or has ended
    legal_due_at: datetime | None = _moment(nullable=True)
    address_index: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True, index=True), default=None)  # where the case leads
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
    origin: str = Field(default="applicant", sa_column_kwargs={"server_default": "applicant"})  # counter: the original, scanned there


_LIVE = "status in ('open', 'claimed')"
_TO_TAKE = "status = 'open' and paused_at is null"
_HELD = "status = 'claimed'"


def _queue_index(name: str, *of: str, where: str) -> Index:
    """In the order of the queue: the urgent first, then the nearest limit."""
    return Index(name, *of, text("priority desc"), "due_at", "id", postgresql_where=text(where))


class WorkItem(SQLModel, table=True):
    __tablename__ = "work_items"
    __table_args__ = (
        _queue_index("work_items_to_take", "role", "jurisdiction", where=_TO_TAKE),
        _queue_index("work_items_to_take_in_county", "county", "role", where=_TO_TAKE),
        _queue_index("work_items_of_station", "jurisdiction", "role", where=_LIVE),
        _queue_index("work_items_of_county", "county", "role", where=_LIVE),
        _queue_index("work_items_of_item", "jurisdiction", "role", "service_item", where=_LIVE),
        _queue_index("work_items_of_item_in_county", "county", "role", "service_item", where=_LIVE),
        _queue_index("work_items_held", "claimed_by", where=_HELD),
        _queue_index("work_items_held_for", "held_for", where=f"{_HELD} and held_for is not null"),
        Index("work_items_by_name", "name_index", "county", postgresql_where=text(_LIVE)),
    )
    id: UUID = Field(primary_key=True)
    application_id: UUID = _application()
    kind: str
    role: str
    jurisdiction: str
    county: str = Field(sa_column=Column(Text, Computed("left(jurisdiction, 6)", persisted=True)), default=None)
    name: dict[str, str] = _json()
    status: str
    claimed_by: str | None = Field(default=None)
    claimed_at: datetime | None = _moment(nullable=True)
    held_for: str | None = None  # the absent clerk in whose place it is held
    claim_key: str | None = None  # under which a program took it: asking again takes no other
    # Copied from the application by a trigger, so that one index finds and orders.
    service_item: str | None = None
    name_index: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True), default=None)
    priority: int = Field(default=0, sa_column=Column(SmallInteger, nullable=False, server_default="0"))  # more is sooner
    candidates: list[str] = Field(  # clerk ids it is offered to; none: everybody of the role
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default="{}")
    )
    due_at: datetime = _moment()
    paused_at: datetime | None = _moment(nullable=True)  # the clock stands still
    clock: dict[str, Any] | None = _json(nullable=True)  # `domain.limits.Clock`
    escalation: int = Field(default=0, sa_column=Column(SmallInteger, nullable=False, server_default="0"))  # `domain.limits.Escalation`
    opened_at: datetime = _moment()
    closed_at: datetime | None = _moment(nullable=True)
    outcome: str | None = None
    reason_box: bytes | None = _box(nullable=True)
    findings: dict[str, Any] = _json()
    investigation_id: UUID | None = Field(default=None, index=True)
    task: str | None = None  # of an investigation: visit | call | letter
    task_box: bytes | None = _box(nullable=True)  # what to do


class Question(SQLModel, table=True):
    """What a clerk asks the applicant inside a case."""

    __tablename__ = "questions"
    id: UUID = Field(primary_key=True)
    application_id: UUID = _application()
    work_item_id: UUID
    asked_by: str
    asked_at: datetime = _moment()
    until: datetime = _moment()
    text_box: bytes = _box()
    answered_at: datetime | None = _moment(nullable=True)
    answer_box: bytes | None = _box(nullable=True)
    closed_at: datetime | None = _moment(nullable=True)  # answered, lapsed, or the work item was completed without it


class Investigation(SQLModel, table=True):
    """An inquiry into a doubtful case (A8); its tasks are work items."""

    __tablename__ = "investigations"
    id: UUID = Field(primary_key=True)
    application_id: UUID = _application()
    work_item_id: UUID  # the step that waits for it
    opened_by: str
    opened_at: datetime = _moment()
    reason_box: bytes = _box()
    closed_at: datetime | None = _moment(nullable=True)
    closed_by: str | None = None
    finding_box: bytes | None = _box(nullable=True)


class CaseNote(SQLModel, table=True):
    """What clerks tell each other about a case."""

    __tablename__ = "case_notes"
    id: UUID = Field(primary_key=True)
    application_id: UUID = _application()
    clerk_id: str
    at: datetime = _moment()
    text_box: bytes = _box()


class CasePerson(SQLModel, table=True):
    """Whom a case concerns, by keyed hash of the ID number: a clerk of the household may not handle it."""

    __tablename__ = "case_people"
    application_id: UUID = Field(foreign_key="applications.id", primary_key=True)
    person_index: bytes = Field(sa_column=Column(LargeBinary, primary_key=True, index=True))
    relation: str  # applicant | subject


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
        Index("notices_unsent", "channel", "next_try_at", postgresql_where=text("sent_at is null and not_sent is null")),
    )
    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="applications.id")
    key: str
    channel: str = Field(default="sms", sa_column_kwargs={"server_default": "sms"})  # sms | email
    subject: dict[str, str] | None = _json(nullable=True)  # of an e-mail
    text: dict[str, str] = _json()
    created_at: datetime = _moment()
    next_try_at: datetime = _moment()
    attempts: int = 0
    sent_at: datetime | None = _moment(nullable=True)
    not_sent: str | None = None  # `domain.notices.NotSent`: it never will be


class StaffNotice(SQLModel, table=True):
    """A reminder or an escalation to a member of staff."""

    __tablename__ = "staff_notices"
    __table_args__ = (
        UniqueConstraint("clerk_id", "key"),
        Index("staff_notices_unread", "clerk_id", "at", postgresql_where=text("read_at is null")),
        Index("staff_notices_of_clerk", "clerk_id", "at"),
    )
    id: UUID = Field(primary_key=True)
    clerk_id: str
    key: str
    kind: str
    text: dict[str, str] = _json()
    application_id: UUID | None = Field(default=None)
    work_item_id: UUID | None = Field(default=None)
    inquiry_id: UUID | None = Field(default=None)
    at: datetime = _moment()
    read_at: datetime | None = _moment(nullable=True)


class Payment(SQLModel, table=True):
    """The fee of a case: one order, paid once, refunded once."""

    __tablename__ = "payments"
    order_id: str = Field(primary_key=True)
    application_id: UUID = _application(unique=True)
    state: str  # `domain.money.PaymentState`
    fen: int
    pay_url: str | None = None
    receipt_number: str | None = None
    ordered_at: datetime = _moment()
    paid_at: datetime | None = _moment(nullable=True)
    refunded_at: datetime | None = _moment(nullable=True)


class Parcel(SQLModel, table=True):
    __tablename__ = "parcels"
    order_id: str = Field(primary_key=True)  # the document's id
    application_id: UUID = _application()
    tracking_number: str = Field(unique=True)
    state: str  # `domain.parcels.ParcelState`
    at: datetime = _moment()
    ordered_at: datetime = _moment()


class ProviderCallback(SQLModel, table=True):
    """Every call-back that came in, believed or refused."""

    __tablename__ = "callbacks"
    __table_args__ = (Index("callbacks_once", "provider", "event_id", unique=True, postgresql_where=text("accepted")),)
    id: UUID = Field(primary_key=True)
    provider: str
    event_id: str | None = None
    order_id: str | None = None
    state: str | None = None
    at: datetime | None = _moment(nullable=True)
    received_at: datetime = _moment(index=True)
    accepted: bool
    why: str | None = None
    body_sha256: str


class Appointment(SQLModel, table=True):
    """A time at a counter; `seat` counts those who may come at the same time."""

    __tablename__ = "appointments"
    __table_args__ = (Index("appointments_taken", "station", "starts_at", "seat", unique=True, postgresql_where=text("status = 'booked'")),)
    id: UUID = Field(primary_key=True)
    application_id: UUID = _application()
    station: str
    starts_at: datetime = _moment()
    minutes: int
    seat: int
    status: str  # booked | moved | cancelled | no_show | kept
    made_by: str  # applicant | clerk:<id>
    made_at: datetime = _moment()
    changed_at: datetime = _moment()


class OfficeHours(SQLModel, table=True):
    """When a counter takes appointments; a station without rows keeps the default hours of `domain/appointments.py`."""

    __tablename__ = "office_hours"
    station: str = Field(primary_key=True)
    weekday: int = Field(primary_key=True)  # 0 Monday … 6 Sunday; make-up days follow Friday
    opens: time = Field(primary_key=True)
    closes: time
    slot_minutes: int
    seats: int


class CalendarDay(SQLModel, table=True):
    """A correction of the working-day calendar, for everybody (`county` empty) or for one county."""

    __tablename__ = "calendar_days"
    day: date = Field(primary_key=True)
    county: str = Field(default="", primary_key=True)
    working: bool
    name: dict[str, str] = _json()
    set_by: str
    set_at: datetime = _moment()


class CounterVisit(SQLModel, table=True):
    """Somebody checked in at a counter for a case, which may be decided elsewhere (C2)."""

    __tablename__ = "counter_visits"
    id: UUID = Field(primary_key=True)
    application_id: UUID = _application()
    station: str
    clerk_id: str
    how: str  # qr | number | id_card
    at: datetime = _moment()


class Signature(SQLModel, table=True):
    """What somebody signed on a counter's screen; the drawing is an object."""

    __tablename__ = "signatures"
    id: UUID = Field(primary_key=True)
    application_id: UUID = _application()
    purpose: str  # application | receipt
    sha256: str
    size: int
    at: datetime = _moment()
    clerk_id: str


class Rating(SQLModel, table=True):
    """好差评: one a case, 5 very satisfied to 1 very dissatisfied."""

    __tablename__ = "ratings"
    application_id: UUID = Field(foreign_key="applications.id", primary_key=True)
    grade: int = Field(sa_column=Column(SmallInteger, nullable=False))
    reasons: list[str] = _json()
    comment_box: bytes | None = _box(nullable=True)
    at: datetime = _moment()


class Inquiry(SQLModel, table=True):
    """一事一查: one matter that supervision looks into until somebody closes it with a finding. `key` opens it once."""

    __tablename__ = "inquiries"
    __table_args__ = (Index("inquiries_open", "county", "opened_at", postgresql_where=text("closed_at is null")),)
    id: UUID = Field(primary_key=True)
    number: str = Field(unique=True)
    key: str = Field(unique=True)
    pattern: str  # `domain.inquiries.Pattern`
    application_id: UUID | None = Field(sa_column=Column(ForeignKey("applications.id"), nullable=True, index=True), default=None)
    clerk_id: str | None = None  # whom it concerns
    facts: dict[str, Any] = _json()  # figures, no personal data
    county: str
    station: str | None = None
    opened_by: str  # machine | clerk:<id> | applicant
    opened_at: datetime = _moment()
    owner: str | None = None
    due_at: datetime = _moment()
    closed_at: datetime | None = _moment(nullable=True)
    closed_by: str | None = None
    finding: str | None = None  # `domain.inquiries.Finding`
    finding_box: bytes | None = _box(nullable=True)


class InquiryEntry(SQLModel, table=True):
    """What was done in an inquiry."""

    __tablename__ = "inquiry_entries"
    id: UUID = Field(primary_key=True)
    inquiry_id: UUID = Field(foreign_key="inquiries.id", index=True)
    at: datetime = _moment()
    by: str
    text_box: bytes = _box()


class Clerk(SQLModel, table=True):
    __tablename__ = "clerks"
    __table_args__ = (
        Index(  # 三员分立: one person holds one of the three at most
            "clerks_one_administrator",
            "person_index",
            unique=True,
            postgresql_where=text("active and role in ('system_admin', 'security_admin', 'audit_admin')"),
        ),
    )
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
    leads: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})  # the team of this role here
    person_index: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True, index=True), default=None)  # who the clerk is
    person_box: bytes | None = _box(nullable=True)  # the ID number


class ClerkKin(SQLModel, table=True):
    """The clerk's own and household's people, by keyed hash: their cases are not for this clerk."""

    __tablename__ = "clerk_kin"
    clerk_id: str = Field(foreign_key="clerks.id", primary_key=True)
    person_index: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    relation: str  # self | household


class Delegation(SQLModel, table=True):
    """While it lasts, `to_clerk` also works as `from_clerk`, who is absent."""

    __tablename__ = "delegations"
    id: UUID = Field(primary_key=True)
    from_clerk: str = Field(foreign_key="clerks.id", index=True)
    to_clerk: str = Field(foreign_key="clerks.id", index=True)
    begins_at: datetime = _moment()
    ends_at: datetime = _moment()
    reason: str
    made_by: str
    made_at: datetime = _moment()
    ended_early_at: datetime | None = _moment(nullable=True)


class ReasonTemplate(SQLModel, table=True):
    """A reason that clerks start from; `owner` is a county, a station or a clerk id."""

    __tablename__ = "reason_templates"
    id: UUID = Field(primary_key=True)
    owner: str = Field(index=True)
    kind: str  # a step kind
    outcome: str
    title: str
    text: str = Field(sa_column=Column(Text, nullable=False))
    updated_by: str
    updated_at: datetime = _moment()


class SavedView(SQLModel, table=True):
    """A clerk's own filter of the queue, under a name."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("clerk_id", "name"),)
    id: UUID = Field(primary_key=True)
    clerk_id: str = Field(index=True)
    name: str
    filters: dict[str, Any] = _json()
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


class RecordEntry(SQLModel, table=True):
    """One entry of the record; made by `record_append` of the database alone. A chain's order is by bytes."""

    __tablename__ = "record_entries"
    __table_args__ = (
        CheckConstraint("chain ~ '^[a-z0-9:-]{1,64}$'", name="record_entries_chain"),
        CheckConstraint("kind ~ '^[a-z_.]{1,64}$'", name="record_entries_kind"),
        Index(
            "record_entries_position",
            "position",
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 32, "autosummarize": "on"},
        ),
    )
    chain: str = Field(sa_column=Column(Text(collation="C"), primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True))
    position: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    at: datetime = _moment()
    kind: str
    entry: str = Field(sa_column=Column(Text, nullable=False))  # JSON, to the byte as it was hashed
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class RecordHead(SQLModel, table=True):
    """What is published of the record; `token` is the signed text, `cut` the last `position` that it vouches for."""

    __tablename__ = "record_heads"
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    day: date
    sealed_at: datetime = _moment()
    prev: str
    root: str
    chains: int = Field(sa_column=Column(BigInteger, nullable=False))
    entries: int = Field(sa_column=Column(BigInteger, nullable=False))
    cut: int = Field(sa_column=Column(BigInteger, nullable=False))
    key_id: str
    token: str = Field(sa_column=Column(Text, nullable=False))


class RecordMember(SQLModel, table=True):
    """How far a head vouches for a chain that grew."""

    __tablename__ = "record_members"
    __table_args__ = (Index("record_members_of_head", "head", "chain", unique=True),)
    chain: str = Field(sa_column=Column(Text(collation="C"), primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True))
    head: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


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
questions = _table(Question)
investigations = _table(Investigation)
case_notes = _table(CaseNote)
case_people = _table(CasePerson)
documents = _table(Document)
notices = _table(Notice)
staff_notices = _table(StaffNotice)
payments = _table(Payment)
parcels = _table(Parcel)
callbacks = _table(ProviderCallback)
appointments = _table(Appointment)
office_hours = _table(OfficeHours)
calendar_days = _table(CalendarDay)
counter_visits = _table(CounterVisit)
signatures = _table(Signature)
ratings = _table(Rating)
inquiries = _table(Inquiry)
inquiry_entries = _table(InquiryEntry)
clerks = _table(Clerk)
clerk_kin = _table(ClerkKin)
delegations = _table(Delegation)
reason_templates = _table(ReasonTemplate)
saved_views = _table(SavedView)
api_clients = _table(ApiClient)
sign_in_attempts = _table(SignInAttempt)
one_time_codes = _table(OneTimeCode)
sessions = _table(Session)
idempotency_keys = _table(IdempotencyKey)
drafts = _table(Draft)
published_items = _table(PublishedItem)
catalogue_drafts = _table(CatalogueDraft)
data_reads = _table(PersonalDataRead)
record_entries = _table(RecordEntry)
record_heads = _table(RecordHead)
record_members = _table(RecordMember)
state_keys = _table(StateKey)
