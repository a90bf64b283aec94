"""Ratings, inquiries, who read what, and the record."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

from adapters.database.tables.columns import box_column, json_column, moment_column, table_of


class Rating(SQLModel, table=True):
    """好差评: one a case, 5 very satisfied to 1 very dissatisfied."""

    __tablename__ = "ratings"
    application_id: UUID = Field(foreign_key="applications.id", primary_key=True)
    grade: int = Field(sa_column=Column(SmallInteger, nullable=False))
    reasons: list[str] = json_column()
    comment_box: bytes | None = box_column(nullable=True)
    at: datetime = moment_column()


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
    facts: dict[str, Any] = json_column()  # figures, no personal data
    county: str
    station: str | None = None
    opened_by: str  # machine | clerk:<id> | applicant
    opened_at: datetime = moment_column()
    owner: str | None = None
    due_at: datetime = moment_column()
    closed_at: datetime | None = moment_column(nullable=True)
    closed_by: str | None = None
    finding: str | None = None  # `domain.inquiries.Finding`
    finding_box: bytes | None = box_column(nullable=True)


class InquiryEntry(SQLModel, table=True):
    """What was done in an inquiry."""

    __tablename__ = "inquiry_entries"
    id: UUID = Field(primary_key=True)
    inquiry_id: UUID = Field(foreign_key="inquiries.id", index=True)
    at: datetime = moment_column()
    by: str
    text_box: bytes = box_column()


class PersonalDataRead(SQLModel, table=True):
    """Somebody's data was read: when, by whom, why, which fields. `subject_index` is a keyed hash; `key` makes it once."""

    __tablename__ = "data_reads"
    __table_args__ = (Index("ix_data_reads_subject_index", "subject_index", "at"),)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    key: str = Field(unique=True)
    subject_index: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    at: datetime = moment_column()
    by: str  # machine | prefill | identity | clerk:<id> | client:<id> | operator
    source: str | None = None
    purpose: dict[str, str] = json_column()
    fields: list[str] = json_column()
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
    at: datetime = moment_column()
    kind: str
    entry: str = Field(sa_column=Column(Text, nullable=False))  # JSON, to the byte as it was hashed
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class RecordHead(SQLModel, table=True):
    """What is published of the record; `token` is the signed text, `cut` the last `position` that it vouches for."""

    __tablename__ = "record_heads"
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    day: date
    sealed_at: datetime = moment_column()
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


ratings = table_of(Rating)
inquiries = table_of(Inquiry)
inquiry_entries = table_of(InquiryEntry)
data_reads = table_of(PersonalDataRead)
record_entries = table_of(RecordEntry)
record_heads = table_of(RecordHead)
record_members = table_of(RecordMember)
