"""Opening an inquiry (一事一查) inside the transaction of its cause: once by its key, numbered, told to supervisors."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.said import append_event, tell_staff
from adapters.database.tables import acceptance_serials, clerks, inquiries
from domain.clock import day_in_china
from domain.ids import new_id
from domain.inquiries import PATTERN_TEXT, TOLD_BY_THE_CASE, Pattern, inquiry_number
from domain.jurisdiction import Role
from domain.text import Bilingual


async def open_inquiry(
    connection: AsyncConnection,
    *,
    key: str,
    pattern: Pattern,
    application_id: UUID | None,
    clerk_id: str | None,
    county: str,
    station: str | None,
    facts: Mapping[str, Any],
    opened_by: str,
    at: datetime,
    due_at: datetime,
) -> tuple[UUID, str] | None:
    """Open an inquiry inside the caller's transaction: its id and number, or None when `key` was opened before.

    `opened_by`: machine | applicant | clerk:<id>. `facts`: figures, no personal data. `due_at`: the end of its limit.
    With a case, the event `inquiry_opened` is appended to it. The county's supervisors are told, unless the case tells them.
    """
    known = await connection.execute(select(inquiries.c.id).where(inquiries.c.key == key))
    if known.first() is not None:
        return None
    day, inquiry_id = day_in_china(at), new_id()
    number = inquiry_number(county, day, await _next_serial(connection, county, day))
    inserted = await connection.execute(
        insert(inquiries)
        .values(
            id=inquiry_id,
            number=number,
            key=key,
            pattern=pattern.value,
            application_id=application_id,
            clerk_id=clerk_id,
            facts=dict(facts),
            county=county,
            station=station,
            opened_by=opened_by,
            opened_at=at,
            due_at=due_at,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(inquiries.c.id)
    )
    if inserted.first() is None:  # another transaction opened it while this one waited for the serial
        return None
    if application_id is not None:
        by = "clerk:supervisor" if opened_by.startswith("clerk:") else opened_by
        data = {"inquiry": str(inquiry_id), "number": number, "pattern": pattern.value, "opened_by": opened_by}
        await append_event(connection, application_id, f"inquiry_opened:{inquiry_id}", "inquiry_opened", by, at, data=data)
    if pattern not in TOLD_BY_THE_CASE:
        await _tell_supervisors(connection, inquiry_id, number, pattern, application_id, county, at)
    return inquiry_id, number


async def _next_serial(connection: AsyncConnection, county: str, day: date) -> int:
    # In the caller's transaction: whoever opens at the same moment waits, and sees this key when it goes on.
    statement = (
        insert(acceptance_serials)
        .values(division=f"DC{county}", day=day, last=1)
        .on_conflict_do_update(index_elements=["division", "day"], set_={"last": acceptance_serials.c.last + 1})
        .returning(acceptance_serials.c.last)
    )
    return int((await connection.execute(statement)).scalar_one())


async def _tell_supervisors(
    connection: AsyncConnection, inquiry_id: UUID, number: str, pattern: Pattern, application_id: UUID | None, county: str, at: datetime
) -> None:
    what = PATTERN_TEXT[pattern]
    await tell_staff(
        connection,
        await supervisors_of(connection, county),
        key=f"inquiry:{inquiry_id}",
        kind="inquiry",
        text=Bilingual(zh=f"新的督查事项 {number}：{what.zh}", en=f"A new inquiry, {number}: {what.en}"),
        at=at,
        application_id=application_id,
        inquiry_id=inquiry_id,
    )


async def supervisors_of(connection: AsyncConnection, county: str) -> list[str]:
    query = select(clerks.c.id).where(clerks.c.role == Role.SUPERVISOR.value, clerks.c.county == county, clerks.c.active)
    return list((await connection.execute(query.order_by(clerks.c.id))).scalars())
