"""What the installation keeps: published service items, drafts of them, small facts."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Identity,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from adapters.database.tables.columns import moment_column, table_of


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
    published_at: datetime = moment_column()


class CatalogueDraft(SQLModel, table=True):
    """A service item file that an editor is writing."""

    __tablename__ = "catalogue_drafts"
    clerk_id: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    text: str = Field(sa_column=Column(Text, nullable=False))
    updated_at: datetime = moment_column()


class StateKey(SQLModel, table=True):
    """Small facts of the installation, such as which seed of demo people was planted."""

    __tablename__ = "state_keys"
    key: str = Field(primary_key=True)
    value: str = Field(sa_column=Column(Text, nullable=False))


published_items = table_of(PublishedItem)
catalogue_drafts = table_of(CatalogueDraft)
state_keys = table_of(StateKey)
