"""Who has a work item: claim, take next, release, hand over, offer, refuse, and its priority. One wins; each act is an event."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, not_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.queue import HELD, ITEM, OPEN_AGAIN, TO_TAKE, QueueStore, barred, held_by, offered_to, place_of, related, took_part
from adapters.database.said import append_event, tell_staff
from adapters.database.tables import case_notes, clerks, events, work_items
from domain.errors import FourEyes, NotFound, WorkItemAlreadyClaimed, WorkItemNotClaimed, WrongState
from domain.ids import new_id
from domain.queues import Priority, Seat
from domain.text import Bilingual
from domain.work_items import WorkItemStatus

_OPEN, _CLAIMED = WorkItemStatus.OPEN.value, WorkItemStatus.CLAIMED.value


class ClaimStore(QueueStore):
    # --- taking --------------------------------------------------------------------------------------------------

    async def claim(
        self, work_item_id: UUID, clerk_id: str, at: datetime, *, absent: Sequence[str] = (), in_place_of: str | None = None
    ) -> None:
        """Take a work item; a second time by the same clerk changes nothing.

        What an absent colleague holds (`absent`), and what somebody holds in this clerk's own place, changes hands.
        `in_place_of`: the absent colleague whose territory it is.

        Raises:
            NotFound: there is none.
            WorkItemAlreadyClaimed: another clerk has it, it was offered to others, or it is done.
            FourEyes: this clerk took another step of the case, or it concerns them or their household.
        """
        async with self._db.transaction() as connection:
            row = await _held_still(connection, work_item_id)
            if row.status == _CLAIMED and row.claimed_by == clerk_id:
                return
            stand_in = _hands_change(row, clerk_id, absent, in_place_of)
            if why := await barred(connection, work_item_id, clerk_id):
                raise FourEyes() if why else WrongState()
            await _give(connection, work_item_id, clerk_id, stand_in, at)
            await _say(connection, row, "claimed", clerk_id, at, stand_in)

    async def claim_next(self, seat: Seat, *, in_place_of: Mapping[str, str], at: datetime, key: str | None = None) -> UUID | None:
        """Take the first open work item that nobody else is taking at this moment and that this clerk may handle.

        `in_place_of`: territory → the absent colleague whose it is. `key`: while the clerk holds what they took under it, it is
        that again.
        """
        async with self._db.transaction() as connection:
            if key is not None and (taken := await _taken_under(connection, seat.clerk_id, key)) is not None:
                return taken
            for territory, role in await _by_their_first(connection, seat):
                stand_in = in_place_of.get(territory)
                row = (await connection.execute(_take_first(seat, territory, role, stand_in, at, key))).first()
                if row is not None:
                    await _say(connection, row, "claimed", seat.clerk_id, at, stand_in)
                    return UUID(str(row.id))
        return None

    async def release(self, work_item_id: UUID, clerk_id: str, at: datetime, *, role: str, holders: Sequence[str] | None) -> None:
        """Put a work item back into the queue, for everybody. `holders`: whose holds this clerk may end; None: anybody's.

        Raises:
            WorkItemNotClaimed: none of them holds it.
        """
        async with self._db.transaction() as connection:
            row = await _held_by(connection, work_item_id, holders)
            # A task of an investigation is one person's; everything else is everybody's again.
            await _free(connection, work_item_id, [row.held_for or row.claimed_by] if row.investigation_id else [])
            await _say(connection, row, "released", clerk_id, at, _instead_of(row, clerk_id), role=role)

    # --- handing on ----------------------------------------------------------------------------------------------

    async def hand_over(
        self,
        work_item_id: UUID,
        by: str,
        to: str,
        at: datetime,
        *,
        role: str,
        holders: Sequence[str] | None,
        notice: Bilingual,
        note: str | None = None,
    ) -> None:
        """Give a held work item to a colleague, who alone may claim it until they do or refuse.

        Once more to the same changes nothing.

        Raises:
            WorkItemNotClaimed: none of `holders` holds it. FourEyes: the colleague may not handle it.
        """
        async with self._db.transaction() as connection:
            row = await _held_still(connection, work_item_id)
            if row.status == _OPEN and list(row.candidates) == [to]:
                return
            row = await _held_by(connection, work_item_id, holders)
            if await barred(connection, work_item_id, to):
                raise FourEyes()
            await _free(connection, work_item_id, [to])
            await _say(connection, row, "handed_over", by, at, _instead_of(row, by), role=role, to=to)
            await self._note(connection, row.application_id, by, note, at)
            await _tell(connection, [to], f"handed-over:{work_item_id}", "handed_over", notice, row, at)

    async def offer(self, work_item_id: UUID, by: str, to: Sequence[str], at: datetime, *, role: str, notice: Bilingual) -> None:
        """Offer an open work item to these colleagues only; to nobody: to everybody again.

        Raises:
            WorkItemAlreadyClaimed: somebody has it. FourEyes: one of them may not handle it.
        """
        async with self._db.transaction() as connection:
            row = await _held_still(connection, work_item_id)
            if row.status != _OPEN:
                raise WorkItemAlreadyClaimed()
            if sorted(row.candidates) == sorted(to):
                return
            for colleague in to:
                if await barred(connection, work_item_id, colleague):
                    raise FourEyes()
            await _free(connection, work_item_id, to)
            await _say(connection, row, "offered", by, at, role=role, to=",".join(to))
            await _tell(connection, to, f"offered:{work_item_id}", "offered", notice, row, at)

    async def refuse(self, work_item_id: UUID, clerk_id: str, at: datetime, *, notice: Bilingual) -> None:
        """Decline what was offered; when nobody is left, it is everybody's again. Whoever offered it is told.

        A task of an investigation cannot be declined.

        Raises:
            WrongState: it was not offered to this clerk, or somebody has it.
        """
        async with self._db.transaction() as connection:
            row = await _held_still(connection, work_item_id)
            if row.status != _OPEN or clerk_id not in row.candidates or row.investigation_id:
                raise WrongState()
            await _free(connection, work_item_id, [candidate for candidate in row.candidates if candidate != clerk_id])
            await _say(connection, row, "declined", clerk_id, at)
            giver = await _last_giver(connection, row)
            await _tell(connection, [giver] if giver else [], f"declined:{work_item_id}", "declined", notice, row, at)

    async def set_priority(self, work_item_id: UUID, by: str, priority: Priority, reason: str, at: datetime, *, role: str) -> None:
        """The reason goes to the case's notes, which are sealed. The same priority again changes nothing.

        Raises:
            WrongState: it is done.
        """
        async with self._db.transaction() as connection:
            row = await _held_still(connection, work_item_id)
            if row.status not in (_OPEN, _CLAIMED):
                raise WrongState()
            if row.priority == priority:
                return
            await connection.execute(update(work_items).where(ITEM.id == work_item_id).values(priority=priority.value))
            await _say(connection, row, "prioritised", by, at, role=role, priority=str(priority.value))
            await self._note(connection, row.application_id, by, reason, at)

    # --- notes ---------------------------------------------------------------------------------------------------

    async def add_note(self, application_id: UUID, clerk_id: str, role: str, text: str, at: datetime) -> None:
        """What clerks tell each other about a case; sealed. That it was written is an event."""
        async with self._db.transaction() as connection:
            note_id = await self._note(connection, application_id, clerk_id, text, at)
            await append_event(connection, application_id, f"noted:{note_id}", "case_noted", f"clerk:{role}", at, data={"clerk": clerk_id})

    async def notes_of(self, application_id: UUID) -> list[dict[str, Any]]:
        """`id`, `clerk_id`, the clerk's `name`, `at` and `text`, oldest first."""
        query = (
            select(case_notes, clerks.c.name)
            .outerjoin(clerks, clerks.c.id == case_notes.c.clerk_id)
            .where(case_notes.c.application_id == application_id)
            .order_by(case_notes.c.at, case_notes.c.id)
        )
        async with self._db.statement() as connection:
            rows = (await connection.execute(query)).all()
        return [
            {"id": r.id, "clerk_id": r.clerk_id, "name": r.name, "at": r.at, "text": self._db.open(r.text_box, "case_notes.text", r.id)}
            for r in rows
        ]

    async def _note(self, connection: AsyncConnection, application_id: UUID, clerk_id: str, text: str | None, at: datetime) -> UUID | None:
        if not text:
            return None
        note_id = new_id()
        box = self._db.seal(text, "case_notes.text", note_id)
        await connection.execute(
            insert(case_notes).values(id=note_id, application_id=application_id, clerk_id=clerk_id, at=at, text_box=box)
        )
        return note_id


# --- steps -----------------------------------------------------------------------------------------------------------


async def _held_still(connection: AsyncConnection, work_item_id: UUID) -> Any:
    """The row, locked: another clerk's claim may commit while we await."""
    row = (await connection.execute(select(work_items).where(ITEM.id == work_item_id).with_for_update())).first()
    if row is None:
        raise NotFound()
    return row


async def _held_by(connection: AsyncConnection, work_item_id: UUID, holders: Sequence[str] | None) -> Any:
    row = await _held_still(connection, work_item_id)
    theirs = holders is None or row.claimed_by in holders or row.held_for in holders
    if row.status != _CLAIMED or not theirs:
        raise WorkItemNotClaimed()
    return row


def _hands_change(row: Any, clerk_id: str, absent: Sequence[str], in_place_of: str | None) -> str | None:
    """In whose place the clerk will hold it."""
    names = (clerk_id, *absent)
    if row.status == _OPEN and (not row.candidates or set(names) & set(row.candidates)):
        offered = next((name for name in absent if name in row.candidates), None) if clerk_id not in row.candidates else None
        return offered or in_place_of
    if row.status == _CLAIMED and row.claimed_by in absent:
        return str(row.claimed_by)
    if row.status == _CLAIMED and row.held_for == clerk_id:
        return None
    raise WorkItemAlreadyClaimed()


async def _by_their_first(connection: AsyncConnection, seat: Seat) -> list[tuple[str, str]]:
    """The stretches of the queue, the one with the most pressing work first; with one there is nothing to compare."""
    stretches = [(territory, role) for territory in seat.territories for role in seat.roles]
    if len(stretches) < 2:
        return stretches
    firsts = []
    for stretch in stretches:
        row = (await connection.execute(_first(seat, *stretch))).first()
        if row is not None:
            firsts.append(((-row.priority, row.due_at, row.id), stretch))
    return [stretch for _, stretch in sorted(firsts)]


def _first(seat: Seat, territory: str, role: str) -> Any:
    return (
        select(ITEM.id, ITEM.priority, ITEM.due_at)
        .where(
            TO_TAKE,
            place_of(territory),
            ITEM.role == role,
            offered_to(seat.names),
            not_(related(seat.clerk_id)),
            not_(took_part(seat.clerk_id)),
        )
        .order_by(ITEM.priority.desc(), ITEM.due_at, ITEM.id)
        .limit(1)
    )


async def _taken_under(connection: AsyncConnection, clerk_id: str, key: str) -> UUID | None:
    # Two of the same key at once: the second waits for the first, and sees what it took.
    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{clerk_id}|{key}", 0))))
    query = select(ITEM.id).where(HELD, ITEM.claimed_by == clerk_id, ITEM.claim_key == key)
    return (await connection.execute(query)).scalar_one_or_none()


def _take_first(seat: Seat, territory: str, role: str, stand_in: str | None, at: datetime, key: str | None) -> Any:
    free = _first(seat, territory, role).with_only_columns(ITEM.id).with_for_update(skip_locked=True, of=work_items).scalar_subquery()
    held = held_by(seat.clerk_id, at, stand_in=stand_in, key=key)
    return update(work_items).where(ITEM.id == free).values(**held).returning(ITEM.id, ITEM.application_id, ITEM.role)


async def _give(connection: AsyncConnection, work_item_id: UUID, clerk_id: str, stand_in: str | None, at: datetime) -> None:
    await connection.execute(update(work_items).where(ITEM.id == work_item_id).values(**held_by(clerk_id, at, stand_in=stand_in)))


async def _free(connection: AsyncConnection, work_item_id: UUID, candidates: Sequence[str]) -> None:
    await connection.execute(update(work_items).where(ITEM.id == work_item_id).values(**OPEN_AGAIN | {"candidates": list(candidates)}))


def _instead_of(row: Any, clerk_id: str) -> str | None:
    """In whose place the act is done: the absent colleague's, or the holder's whom a leader relieves."""
    stand_in: str | None = row.held_for if row.claimed_by == clerk_id else row.claimed_by
    return stand_in if stand_in != clerk_id else None


async def _last_giver(connection: AsyncConnection, row: Any) -> str | None:
    query = (
        select(events.c.data["clerk"].astext)
        .where(
            events.c.application_id == row.application_id,
            events.c.event.in_(["work_item_handed_over", "work_item_offered"]),
            events.c.data["work_item"].astext == str(row.id),
        )
        .order_by(events.c.id.desc())
        .limit(1)
    )
    return (await connection.execute(query)).scalar_one_or_none()


async def _tell(
    connection: AsyncConnection, colleagues: Sequence[str], key: str, kind: str, text: Bilingual, row: Any, at: datetime
) -> None:
    about = {"application_id": row.application_id, "work_item_id": row.id}
    await tell_staff(connection, colleagues, key=f"{key}:{new_id()}", kind=kind, text=text, at=at, **about)


async def _say(
    connection: AsyncConnection,
    row: Any,
    event: str,
    clerk_id: str,
    at: datetime,
    stand_in: str | None = None,
    *,
    role: str | None = None,
    **data: str,
) -> None:
    """The act as an event of the case; `for`: in whose place it was done. `role`: the clerk's, where it is not the work item's."""
    entry = {"work_item": str(row.id), "clerk": clerk_id} | ({"for": stand_in} if stand_in else {}) | data
    key, by = f"{event}:{row.id}:{new_id()}", f"clerk:{role or row.role}"
    await append_event(connection, row.application_id, key, f"work_item_{event}", by, at, data=entry)
