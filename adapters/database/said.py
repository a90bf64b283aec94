"""What is said in the transaction of an act: the event of its case, and a notice to members of staff."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.tables import events, staff_notices
from domain.ids import new_id
from domain.text import Bilingual


async def append_event(
    connection: AsyncConnection,
    application_id: UUID,
    key: str,
    event: str,
    by: str,
    at: Any,
    *,
    text: Bilingual | None = None,
    data: Mapping[str, Any] | None = None,
) -> bool:
    """Append an event to a case; False when its key was said before. `text` None: not on the applicant's timeline.

    `at` is a moment or the database's own clock; `data` holds nothing personal.
    """
    said = await connection.execute(
        insert(events)
        .values(
            application_id=application_id,
            key=key,
            at=at,
            event=event,
            by=by,
            text=text.model_dump() if text else None,
            data=dict(data or {}),
        )
        .on_conflict_do_nothing(index_elements=["application_id", "key"])
        .returning(events.c.id)
    )
    return said.first() is not None


async def tell_staff(
    connection: AsyncConnection,
    clerk_ids: Iterable[str],
    *,
    key: str,
    kind: str,
    text: Bilingual,
    at: datetime,
    application_id: UUID | None = None,
    work_item_id: UUID | None = None,
    inquiry_id: UUID | None = None,
) -> None:
    """A notice to each, once a `key`. `text` holds no personal data."""
    about = {"application_id": application_id, "work_item_id": work_item_id, "inquiry_id": inquiry_id}
    said = {"key": key, "kind": kind, "text": text.model_dump(), "at": at} | about
    rows = [{"id": new_id(), "clerk_id": clerk_id} | said for clerk_id in sorted(set(clerk_ids))]
    if rows:
        await connection.execute(insert(staff_notices).values(rows).on_conflict_do_nothing(index_elements=["clerk_id", "key"]))
