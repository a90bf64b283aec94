"""Columns that many tables have."""

from typing import Any, cast

from sqlalchemy import (
    Column,
    DateTime,
    LargeBinary,
    Table,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def moment_column(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=nullable, index=index), default=None)


def box_column(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(LargeBinary, nullable=nullable), default=None)


def json_column(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(JSONB, nullable=nullable), default=None)


def application_column(*, unique: bool = False) -> Any:
    return Field(foreign_key="applications.id", index=not unique, unique=unique)


def table_of(model: type[SQLModel]) -> Table:
    return cast(Table, model.__table__)  # type: ignore[attr-defined]
