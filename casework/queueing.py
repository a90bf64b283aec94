"""The queue: what waits for a clerk, in which order, and who has it."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from casework.access import require_case_staff, territory, working_role
from casework.actors import ClerkActor
from casework.holding import is_theirs
from casework.office import Office
from casework.reads import enter_search
from casework.views import Page, WorkItemRow
from domain.errors import FieldError, FourEyes, InvalidInput, NotAllowed
from domain.jurisdiction import Role
from domain.limits import Escalation
from domain.queues import BARRED_TEXT, PRIORITY_TEXT, WORKING_ROLES, Counts, Priority, QueueFilter, Seat, View, acting_for, may_direct
from domain.service_item import StepKind
from domain.text import Bilingual
from domain.work_items import KIND_TEXT, WorkItemStatus, may_see, may_work

PAGE_SIZE = 30
FOUND_AT_MOST = 30
NEAR_DEADLINE = timedelta(days=2)
LIVE = (WorkItemStatus.OPEN.value, WorkItemStatus.CLAIMED.value)


# --- looking ---------------------------------------------------------------------------------------------------------


async def queue(
    office: Office, actor: ClerkActor, view: View = View.STATION, wanted: QueueFilter | None = None, *, cursor: str | None = None
) -> Page:
    """A page of the clerk's own queue: the urgent first, then the nearest limit.

    Raises:
        InvalidInput: a cursor that is not ours.
    """
    now = office.now()
    rows = await office.desk.queue(
        seat_of(actor),
        view,
        wanted or QueueFilter(),
        now=now,
        near=now + NEAR_DEADLINE,
        after=_read_cursor(cursor) if cursor else None,
        limit=PAGE_SIZE + 1,
    )
    more = len(rows) > PAGE_SIZE
    items = [work_item_row(office, actor, row) for row in rows[:PAGE_SIZE]]
    return Page(items=items, next_cursor=_write_cursor(items[-1]) if more else None)


async def counts(office: Office, actor: ClerkActor) -> Counts:
    now = office.now()
    return await office.desk.counts(seat_of(actor), now=now, near=now + NEAR_DEADLINE)


async def search(office: Office, actor: ClerkActor, text: str) -> list[WorkItemRow]:
    """Work by acceptance number, ID number or the applicant's whole name, inside the territory; live work first.

    That the clerk looked is entered for every case before it is shown.
    """
    typed = text.strip()
    if not typed:
        return []
    number = typed.replace(" ", "").upper()
    if any(c.isdigit() for c in number):
        cases = await office.desk.find_cases(number)
        records = await office.desk.work_items_of([case["id"] for case in cases], actor.clerk_id) if cases else []
    else:
        records = await office.desk.find_by_name(seat_of(actor), typed, limit=FOUND_AT_MOST)
    seen = [r for r in records if may_see(actor.scope, role=Role(r["role"]), jurisdiction=r["jurisdiction"])]
    shown = sorted(seen, key=lambda r: r["status"] not in LIVE)[:FOUND_AT_MOST]
    for application_id in {r["application_id"]: None for r in shown}:
        await enter_search(office, actor, application_id)
    return [work_item_row(office, actor, r) for r in shown]


def seat_of(actor: ClerkActor) -> Seat:
    """Whose queue the clerk sees: their own territory, and those of absent colleagues in whose place they work.

    Raises:
        NotAllowed: somebody who has no part in cases.
    """
    require_case_staff(actor)
    scope = actor.scope
    own = territory(actor)
    others = [absent.station or absent.county for absent in scope.stands_in_for]
    wider = [place for place in dict.fromkeys(others) if not place.startswith(own)]
    places = [p for p in (own, *wider) if not any(p != q and p.startswith(q) for q in (own, *wider))]
    role = working_role(actor)
    return Seat(
        clerk_id=actor.clerk_id,
        roles=(role,) if role else tuple(r.value for r in WORKING_ROLES),
        territories=tuple(places),
        absent=tuple(absent.clerk_id for absent in scope.stands_in_for),
        directs=scope.leads or scope.role is Role.SUPERVISOR,
    )


# --- taking and giving back ------------------------------------------------------------------------------------------


async def claim(office: Office, actor: ClerkActor, work_item_id: UUID) -> WorkItemRow:
    """Take a work item; what an absent colleague holds whose stand-in this clerk is, too.

    Raises:
        WorkItemAlreadyClaimed: another clerk was first, it was offered to others, or it is done.
        FourEyes: another step of the case was theirs, or it concerns them or their household.
    """
    record = await worked_by(office, actor, work_item_id)
    absent = [a.clerk_id for a in actor.scope.stands_in_for]
    in_place_of = acting_for(actor.scope, record["jurisdiction"])
    await office.desk.claim(work_item_id, actor.clerk_id, office.now(), absent=absent, in_place_of=in_place_of)
    return await as_it_is_now(office, actor, work_item_id)


async def take_next(office: Office, actor: ClerkActor, *, key: str | None = None) -> WorkItemRow | None:
    """Claim the most pressing open work item that this clerk may handle. `key`: while they hold what they took under it, that again."""
    if working_role(actor) is None:
        raise NotAllowed()
    seat = seat_of(actor)
    in_place_of = {place: absent for place in seat.territories if (absent := acting_for(actor.scope, place)) is not None}
    taken = await office.desk.claim_next(seat, in_place_of=in_place_of, at=office.now(), key=key)
    return None if taken is None else await as_it_is_now(office, actor, taken)


async def release(office: Office, actor: ClerkActor, work_item_id: UUID) -> WorkItemRow:
    """Put it back for everybody: what one holds, or, for leaders and supervisors, what anybody holds.

    Raises:
        WorkItemNotClaimed: nobody holds it, or not this clerk.
    """
    record = await seen_by(office, actor, work_item_id)
    holders = holders_ended_by(actor, record)
    await office.desk.release(work_item_id, actor.clerk_id, office.now(), role=actor.scope.role.value, holders=holders)
    return await as_it_is_now(office, actor, work_item_id)


def holders_ended_by(actor: ClerkActor, record: Mapping[str, Any]) -> list[str] | None:
    """Whose holds the clerk may end; None: anybody's.

    Raises:
        NotAllowed: it is neither theirs to work nor to direct.
    """
    where: dict[str, Any] = {"role": Role(record["role"]), "jurisdiction": record["jurisdiction"]}
    if may_direct(actor.scope, **where):
        return None
    if not may_work(actor.scope, **where):
        raise NotAllowed()
    return [actor.clerk_id, *(absent.clerk_id for absent in actor.scope.stands_in_for)]


async def as_it_is_now(office: Office, actor: ClerkActor, work_item_id: UUID) -> WorkItemRow:
    return work_item_row(office, actor, await office.desk.work_item(work_item_id, actor.clerk_id))


# --- who may ---------------------------------------------------------------------------------------------------------


async def seen_by(office: Office, actor: ClerkActor, work_item_id: UUID) -> dict[str, Any]:
    """The record of a work item that this clerk may look at.

    Raises:
        NotFound: there is none. NotAllowed: another role's or territory's, or another investigator's task.
        FourEyes: it concerns them or their household.
    """
    record = await office.desk.work_item(work_item_id, actor.clerk_id)
    if not may_see(actor.scope, role=Role(record["role"]), jurisdiction=record["jurisdiction"]):
        raise NotAllowed()
    if not is_theirs(actor, record):
        raise NotAllowed()
    if record["barred"] == "household":
        raise FourEyes()
    return record


async def worked_by(office: Office, actor: ClerkActor, work_item_id: UUID) -> dict[str, Any]:
    """The record of a work item that this clerk may work.

    Raises:
        NotFound: there is none. NotAllowed: another role's or territory's, or held in the place of somebody who is back.
    """
    record = await office.desk.work_item(work_item_id, actor.clerk_id)
    if not may_work(actor.scope, role=Role(record["role"]), jurisdiction=record["jurisdiction"]):
        raise NotAllowed()
    if record["claimed_by"] == actor.clerk_id and _is_over(actor, record):
        raise NotAllowed()
    return record


def _is_over(actor: ClerkActor, record: Mapping[str, Any]) -> bool:
    """It was held in somebody's place who works again."""
    return record["held_for"] is not None and record["held_for"] not in {a.clerk_id for a in actor.scope.stands_in_for}


def may_claim(actor: ClerkActor, record: Mapping[str, Any]) -> bool:
    """Whether claiming it now would succeed, as far as one can see."""
    if record["barred"] or not may_work(actor.scope, role=Role(record["role"]), jurisdiction=record["jurisdiction"]):
        return False
    names = {actor.clerk_id, *(absent.clerk_id for absent in actor.scope.stands_in_for)}
    if record["status"] == WorkItemStatus.OPEN.value:
        return not record["candidates"] or bool(names & set(record["candidates"]))
    if record["status"] != WorkItemStatus.CLAIMED.value or record["claimed_by"] == actor.clerk_id:
        return False
    return record["claimed_by"] in names or record["held_for"] == actor.clerk_id


# --- a line of the queue ---------------------------------------------------------------------------------------------


def work_item_row(office: Office, actor: ClerkActor, record: Mapping[str, Any]) -> WorkItemRow:
    kind = StepKind(record["kind"])
    now = office.now()
    runs = record["status"] in LIVE and record["paused_at"] is None
    priority = Priority(record["priority"])
    return WorkItemRow(
        id=record["id"],
        kind=kind,
        kind_text=KIND_TEXT[kind],
        name=Bilingual.model_validate(record["name"]),
        status=record["status"],
        application_id=record["application_id"],
        acceptance_number=record["acceptance_number"],
        service_item=record["service_item"],
        service_item_name=office.catalogue.name_of(record["service_item"]),
        applicant_name=record["applicant_name"],
        jurisdiction=record["jurisdiction"],
        claimed_by=record["claimed_by"],
        claimed_by_name=record["claimed_by_name"],
        held_for_name=record["held_for_name"],
        mine=record["claimed_by"] == actor.clerk_id,
        due_at=record["due_at"],
        overdue=runs and record["due_at"] < now,
        near=runs and now <= record["due_at"] <= now + NEAR_DEADLINE,
        opened_at=record["opened_at"],
        paused=record["paused_at"] is not None and record["status"] in LIVE,
        priority=priority,
        priority_text=PRIORITY_TEXT[priority],
        escalation=Escalation(record["escalation"]),
        offered=bool(record["candidates"]),
        offered_to_me=actor.clerk_id in record["candidates"],
        barred=record["barred"],
        barred_text=BARRED_TEXT[record["barred"]] if record["barred"] else None,
        may_claim=may_claim(actor, record),
    )


# --- cursors ---------------------------------------------------------------------------------------------------------


def _write_cursor(row: WorkItemRow) -> str:
    return base64.urlsafe_b64encode(f"{row.priority}|{row.due_at.isoformat()}|{row.id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[int, datetime, UUID]:
    try:
        priority, moment, work_item_id = base64.urlsafe_b64decode(cursor.encode()).decode().split("|")
        due_at = datetime.fromisoformat(moment)
        if due_at.tzinfo is None:
            raise ValueError("a moment has its offset")
        return Priority(int(priority)).value, due_at, UUID(work_item_id)
    except (ValueError, binascii.Error, UnicodeDecodeError) as error:
        text = Bilingual(zh="翻页标记无效，请从第一页开始", en="This cursor is not one of ours. Begin with the first page")
        raise InvalidInput(fields=[FieldError(path="/cursor", text=text)]) from error
