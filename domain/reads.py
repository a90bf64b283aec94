"""Who read whose data: what is said of each read, before it happens."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.text import Bilingual

MACHINE, PREFILL, IDENTITY = "machine", "prefill", "identity"
RECUSAL = "recusal"  # whose cases a member of staff may not handle


class PersonalRead(BaseModel):
    """One look into an authority's data about one person. `key` makes it once, however often it is tried; it holds no personal data.

    `subject` is the ID number of the person asked about; only its keyed hash is kept. `fields` are names of the source's
    record, never values. `service_item` may be left out where `application_id` tells it.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    subject: str
    at: datetime
    by: str
    """machine, prefill, identity or recusal"""
    source: str
    purpose: Bilingual
    fields: list[str]
    service_item: str | None = None
    application_id: UUID | None = None


class CaseLook(BaseModel):
    """Somebody looks at what we hold of a case. `key` makes it once."""

    model_config = ConfigDict(frozen=True)

    key: str
    application_id: UUID
    at: datetime
    by: str
    """clerk:<id>, client:<id> or operator"""
    purpose: Bilingual
    fields: list[str]


class ReadRecords(Protocol):
    """What activities need in order to say that they read; a read that cannot be recorded must not happen."""

    async def record(self, read: PersonalRead) -> None:
        """Call it before the read. The same key again changes nothing.

        Raises:
            Unavailable: it was not recorded.
        """
        ...
