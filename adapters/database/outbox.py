"""The outbox: notices written with the change that causes them, handed over once, and the log that people read."""

from datetime import timedelta
from typing import Any, Literal
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
        seen, ended = 0, list[Record]()
        async with self._db.transaction() as connection:
            for row in (await connection.execute(_due(channel, at_most))).all():
                seen += 1
                fate = await self._hand_over(channel, row, hand_over)
                if fate in ("away", "unreadable"):
                    await _postpone(connection, row)
                else:
                    ended.append(await _end(connection, row, None if fate == "sent" else NotSent(fate)))
                if fate == "away":
                    break
            await _tell(connection, ended)
        return seen

    async def _hand_over(self, channel: Channel, row: Any, hand_over: HandOver) -> Literal["sent", "away", "unreadable"] | NotSent:
        box = getattr(row, f"{_DESTINATION[channel]}_box")
        if box is None:
            return _MISSING[channel]
        try:
            to = self._db.open(box, f"applications.{_DESTINATION[channel]}", row.application_id)
            await hand_over(_message(row, to))
        except Unavailable:
            return "away"
        except DomainError as error:  # a box whose key may come back, or a number that takes nothing
            return "unreadable" if error.passing else NotSent.REFUSED
        return "sent"

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


async def _end(connection: AsyncConnection, row: Any, why: NotSent | None) -> Record:
    """Mark a notice as sent, or as one that never will be; returns the event of its case that says so."""
    changed = {"sent_at": func.now(), "attempts": row.attempts + 1} if why is None else {"not_sent": why.value}
    await connection.execute(update(notices).where(notices.c.id == row.id).values(**changed))
    event = "notice_sent" if why is None else "notice_not_sent"
    said = {"notice": row.key, "channel": row.channel} | ({"why": why.value} if why else {})
    return {"application_id": row.application_id, "key": f"{event}:{row.id}", "event": event, "data": said}


async def _tell(connection: AsyncConnection, ended: list[Record]) -> None:
    """Append the events, which the timeline leaves out."""
    if not ended:
        return
    # By case: the record locks each case's chain until the commit, and another sender may be telling of the same cases.
    rows = [{**event, "at": func.now(), "by": "system", "text": None} for event in sorted(ended, key=lambda e: e["application_id"])]
    await connection.execute(insert(events).values(rows).on_conflict_do_nothing(index_elements=["application_id", "key"]))


_LOG = (
    select(notices, applications.c.acceptance_number, applications.c.phone_box, applications.c.email_box)
    .join(applications, applications.c.id == notices.c.application_id)
    .order_by(notices.c.id.desc())
)
