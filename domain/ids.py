"""Identifiers: UUIDv7 (RFC 9562) for rows and cases, acceptance numbers for people."""

from datetime import date
from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """A UUIDv7: sortable by time, and without personal data."""
    return UUID(bytes=uuid_utils.uuid7().bytes)


def workflow_id(application_id: UUID) -> str:
    return f"application-{application_id}"


def application_id_of(workflow_id: str) -> UUID:
    """The application that a workflow id names.

    Raises:
        ValueError: the id is not `application-<uuid>`.
    """
    prefix, _, rest = workflow_id.partition("-")
    if prefix != "application":
        raise ValueError("a workflow id reads application-<uuid>")
    return UUID(rest)


def acceptance_number(division: str, day: date, serial: int) -> str:
    """Division (6 digits), date, serial of the day (6 digits): what the applicant quotes."""
    return f"{division}{day:%Y%m%d}{serial:06d}"
