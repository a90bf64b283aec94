"""The outbox: notices written with the change that causes them, handed over once, and the log that people read."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from adapters.database.tables import applications, events, notices
from domain.errors import DomainError, Unavailable
from domain.notices import Channel, HandOver, NotSent, OutgoingNotice
from domain.text import Language

_LONGEST_PAUSE_SECONDS = 300
_DESTINATION = {Channel.SMS: "phone", Channel.EMAIL: "email"}
_MISSING = {Channel.SMS: NotSent.NO_PHONE, Channel.EMAIL: NotSent.NO_ADDRESS}
Record = dict[str, Any]


class Outbox:
    def __init__(self, database: Database) -> None:
        self._db = database

    # --- sending -------------------------------------------------------------------------------------------------

    async def send_notices(self, channel: Channel, hand_over: HandOver, *, at_most: int = 20) -> int:
        """Hand over what is due on one channel, each row locked meanwhile; returns how many were looked at.

        A death between sending and committing sends again with the same message id, which the gateway drops.
        A gateway that is away ends the batch: what it was not offered waits for the next one.
        """
        seen = 0
        async with self._db.transaction() as connection:
            for row in (await connection.execute(_due(channel, at_most))).all():
                seen += 1
                if not await self._send(connection, channel, row, hand_over):
                    break
        return seen

    async def _send(self, connection: AsyncConnection, channel: Channel, row: Any, hand_over: HandOver) -> bool:
        """False: the gateway is away."""
        box = getattr(row, f"{_DESTINATION[channel]}_box")
        if box is None:
            await self._drop(connection, row, _MISSING[channel])
            return True
        try:
            to = self._db.open(box, f"applications.{_DESTINATION[channel]}", row.application_id)
            await hand_over(_message(row, to))
        except DomainError as error:
            if error.passing:  # the gateway is away, or this box cannot be read: its key may come back
                await _postpone(connection, row)
            else:
                await self._drop(connection, row, NotSent.REFUSED)
            return not isinstance(error, Unavailable)
        await _note(connection, row, "notice_sent", {"sent_at": func.now(), "attempts": row.attempts + 1})
        return True

    async def _drop(self, connection: AsyncConnection, row: Any, why: NotSent) -> None:
        await _note(connection, row, "notice_not_sent", {"not_sent": why.value, "attempts": row.attempts})

    # --- the log -------------------------------------------------------------------------------------------------

    async def notices_of_case(self, application_id: UUID) -> list[Record]:
        return await self._log(_LOG.where(notices.c.application_id == application_id).limit(200))

    async def notices_of_person(self, person_id: UUID, phone_index: bytes, *, before: UUID | None, limit: int) -> list[Record]:
        query = _LOG.where(applications.c.person_id == person_id, applications.c.phone_index == phone_index)
        if before is not None:  # ids are UUIDv7: they sort by time
            query = query.where(notices.c.id < before)
        return await self._log(query.limit(limit))

    async def _log(self, query: Select[Any]) -> list[Record]:
        async with self._db.statement() as connection:
            rows = (await connection.execute(query)).all()
        return [self._opened(row) for row in rows]

    def _opened(self, row: Any) -> Record:
        record = dict(row._mapping)
        for column in _DESTINATION.values():
            box = record.pop(f"{column}_box")
            record[column] = self._db.open(box, f"applications.{column}", row.application_id) if box is not None else None
        return record


def _due(channel: Channel, at_most: int) -> Select[Any]:
    return (
        select(notices, applications.c.phone_box, applications.c.email_box, applications.c.language)
        .join(applications, applications.c.id == notices.c.application_id)
        .where(
            notices.c.channel == channel.value,
            notices.c.sent_at.is_(None),
            notices.c.not_sent.is_(None),
            notices.c.next_try_at <= func.now(),
        )
        .order_by(notices.c.next_try_at)
        .limit(at_most)
        .with_for_update(skip_locked=True, of=notices)
    )


def _message(row: Any, to: str) -> OutgoingNotice:
    language: Language = "zh" if row.language == "zh" else "en"
    subject = row.subject[language] if row.subject else None
    return OutgoingNotice(message_id=str(row.id), to=to, subject=subject, text=row.text[language], language=language)


async def _postpone(connection: AsyncConnection, row: Any) -> None:
    pause = timedelta(seconds=min(2**row.attempts, _LONGEST_PAUSE_SECONDS))
    await connection.execute(
        update(notices).where(notices.c.id == row.id).values(attempts=row.attempts + 1, next_try_at=func.now() + pause)
    )


async def _note(connection: AsyncConnection, row: Any, event: str, changed: Record) -> None:
    """The end of a notice, as an event of its case that the timeline leaves out."""
    await connection.execute(update(notices).where(notices.c.id == row.id).values(**changed))
    data = {"notice": row.key, "channel": row.channel, **({"why": changed["not_sent"]} if "not_sent" in changed else {})}
    await connection.execute(
        insert(events)
        .values(application_id=row.application_id, key=f"{event}:{row.id}", at=func.now(), event=event, by="system", text=None, data=data)
        .on_conflict_do_nothing(index_elements=["application_id", "key"])
    )


_LOG = (
    select(notices, applications.c.acceptance_number, applications.c.phone_box, applications.c.email_box)
    .join(applications, applications.c.id == notices.c.application_id)
    .order_by(notices.c.id.desc())
)
