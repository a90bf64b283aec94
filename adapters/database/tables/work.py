"""What people do in a case, and what they keep at hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Computed,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from adapters.database.tables.columns import application_column, box_column, json_column, moment_column, table_of

_LIVE = "status in ('open', 'claimed')"
_TO_TAKE = "status = 'open' and paused_at is null"
_HELD = "status = 'claimed'"
_SEEN = ("status", "paused_at", "claimed_by", "investigation_id", "candidates")


def _queue_index(name: str, *of: str, where: str, seen: Sequence[str] = ()) -> Index:
    """In the order of the queue: the urgent first, then the nearest limit. `seen`: what counting looks at, so that it fetches no row."""
    return Index(name, *of, text("priority desc"), "due_at", "id", postgresql_where=text(where), postgresql_include=list(seen))


class WorkItem(SQLModel, table=True):
    __tablename__ = "work_items"
    __table_args__ = (
        _queue_index("work_items_to_take", "role", "jurisdiction", where=_TO_TAKE, seen=("candidates",)),
        _queue_index("work_items_to_take_in_county", "county", "role", where=_TO_TAKE, seen=("candidates",)),
        _queue_index("work_items_of_station", "jurisdiction", "role", where=_LIVE, seen=(*_SEEN, "claimed_at", "opened_at")),
        _queue_index("work_items_of_county", "county", "role", where=_LIVE, seen=_SEEN),
        _queue_index("work_items_of_item", "jurisdiction", "role", "service_item", where=_LIVE),
        _queue_index("work_items_of_item_in_county", "county", "role", "service_item", where=_LIVE),
        _queue_index("work_items_held", "claimed_by", where=_HELD),
        _queue_index("work_items_held_for", "held_for", where=f"{_HELD} and held_for is not null"),
        Index(
            "work_items_visits",
            "application_id",
            postgresql_where=text("kind in ('counter_check', 'identity_check', 'collection') and status = 'completed'"),
        ),
        Index("work_items_by_name", "name_index", "county", postgresql_where=text(_LIVE)),
    )
    id: UUID = Field(primary_key=True)
    application_id: UUID = application_column()
    kind: str
    role: str
    jurisdiction: str
    county: str = Field(sa_column=Column(Text, Computed("left(jurisdiction, 6)", persisted=True)), default=None)
    name: dict[str, str] = json_column()
    status: str
    claimed_by: str | None = Field(default=None)
    claimed_at: datetime | None = moment_column(nullable=True)
    held_for: str | None = None  # the absent clerk in whose place it is held
    claim_key: str | None = None  # under which a program took it: asking again takes no other
    # Copied from the application by a trigger, so that one index finds and orders.
    service_item: str | None = None
    name_index: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True), default=None)
    priority: int = Field(default=0, sa_column=Column(SmallInteger, nullable=False, server_default="0"))  # more is sooner
    candidates: list[str] = Field(  # clerk ids it is offered to; none: everybody of the role
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default="{}")
    )
    due_at: datetime = moment_column()
    paused_at: datetime | None = moment_column(nullable=True)  # the clock stands still
    clock: dict[str, Any] | None = json_column(nullable=True)  # `domain.limits.Clock`
    escalation: int = Field(default=0, sa_column=Column(SmallInteger, nullable=False, server_default="0"))  # `domain.limits.Escalation`
    opened_at: datetime = moment_column()
    closed_at: datetime | None = moment_column(nullable=True)
    outcome: str | None = None
    reason_box: bytes | None = box_column(nullable=True)
    findings: dict[str, Any] = json_column()
    investigation_id: UUID | None = Field(default=None, index=True)
    task: str | None = None  # of an investigation: visit | call | letter
    task_box: bytes | None = box_column(nullable=True)  # what to do


class Question(SQLModel, table=True):
    """What a clerk asks the applicant inside a case."""

    __tablename__ = "questions"
    id: UUID = Field(primary_key=True)
    application_id: UUID = application_column()
    work_item_id: UUID
    asked_by: str
    asked_at: datetime = moment_column()
    until: datetime = moment_column()
    text_box: bytes = box_column()
    answered_at: datetime | None = moment_column(nullable=True)
    answer_box: bytes | None = box_column(nullable=True)
    closed_at: datetime | None = moment_column(nullable=True)  # answered, lapsed, or the work item was completed without it


class Investigation(SQLModel, table=True):
    """An inquiry into a doubtful case (A8); its tasks are work items."""

    __tablename__ = "investigations"
    id: UUID = Field(primary_key=True)
    application_id: UUID = application_column()
    work_item_id: UUID  # the step that waits for it
    opened_by: str
    opened_at: datetime = moment_column()
    reason_box: bytes = box_column()
    closed_at: datetime | None = moment_column(nullable=True)
    closed_by: str | None = None
    finding_box: bytes | None = box_column(nullable=True)


class CaseNote(SQLModel, table=True):
    """What clerks tell each other about a case."""

    __tablename__ = "case_notes"
    id: UUID = Field(primary_key=True)
    application_id: UUID = application_column()
    clerk_id: str
    at: datetime = moment_column()
    text_box: bytes = box_column()


class CasePerson(SQLModel, table=True):
    """Whom a case concerns, by keyed hash of the ID number: a clerk of the household may not handle it."""

    __tablename__ = "case_people"
    application_id: UUID = Field(foreign_key="applications.id", primary_key=True)
    person_index: bytes = Field(sa_column=Column(LargeBinary, primary_key=True, index=True))
    relation: str  # applicant | subject


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
    text: dict[str, str] = json_column()
    application_id: UUID | None = Field(default=None)
    work_item_id: UUID | None = Field(default=None)
    inquiry_id: UUID | None = Field(default=None)
    at: datetime = moment_column()
    read_at: datetime | None = moment_column(nullable=True)


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
    updated_at: datetime = moment_column()


class SavedView(SQLModel, table=True):
    """A clerk's own filter of the queue, under a name."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("clerk_id", "name"),)
    id: UUID = Field(primary_key=True)
    clerk_id: str = Field(index=True)
    name: str
    filters: dict[str, Any] = json_column()
    created_at: datetime = moment_column()


work_items = table_of(WorkItem)
questions = table_of(Question)
investigations = table_of(Investigation)
case_notes = table_of(CaseNote)
case_people = table_of(CasePerson)
staff_notices = table_of(StaffNotice)
reason_templates = table_of(ReasonTemplate)
saved_views = table_of(SavedView)
