"""Handing work on: to a colleague, to some people, many pieces at once; how urgent it is, and notes between colleagues."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from casework.access import require_case_staff
from casework.actors import ClerkActor
from casework.case_views import NoteView
from casework.office import Office
from casework.queueing import as_it_is_now, holders_ended_by, release, seen_by, worked_by
from casework.reads import enter_case_look
from casework.views import WorkItemRow
from domain.errors import DomainError, FieldError, InvalidInput, NotAllowed, WrongState
from domain.jurisdiction import ClerkScope, Role
from domain.queues import BARRED_TEXT, WORKING_ROLES, Barred, Priority, may_direct
from domain.text import Bilingual
from domain.work_items import DECIDING, WorkItemStatus

AT_ONCE = 100
OFFERED_AT_MOST = 50  # people; the queue's indexes hold their ids, and an index holds no long rows
NOTE_LENGTH = 2000
REASON_LENGTH = 500
_HANDED = Bilingual(
    zh="{who}转交给您一件待办：{number}。请领取，或者退回。", en="{who} handed {number} over to you. Claim it, or decline it."
)
_OFFERED = Bilingual(zh="{who}指定您办理：{number}。请领取或退回。", en="{who} asks you to take {number}. Claim or decline it.")
_TOO_MANY = Bilingual(
    zh=f"一次最多指定 {OFFERED_AT_MOST} 人；要让所有人都能领取，请不要指定",
    en=f"Choose at most {OFFERED_AT_MOST} people; choose nobody to let everybody take it",
)
_DECLINED = Bilingual(zh="{who}没有接收 {number}，已放回待领取。", en="{who} declined {number}; it is back in the queue.")


class Colleague(BaseModel):
    """`barred`: why a case is not for them, where one was asked about."""

    id: str
    name: str
    station: str | None
    barred: Barred | None = None
    barred_text: Bilingual | None = None


class BulkResult(BaseModel):
    """What became of one of many; `problem` None: done."""

    work_item_id: UUID
    acceptance_number: str | None
    problem: Bilingual | None = None


# --- one at a time ---------------------------------------------------------------------------------------------------


async def colleagues_for(office: Office, actor: ClerkActor, work_item_id: UUID) -> list[Colleague]:
    """Whom a work item may be handed to; those who may not handle the case are named with the kind of reason."""
    record = await seen_by(office, actor, work_item_id)
    known = await office.staff.colleagues(record["jurisdiction"][:6], record["role"])
    fitting = [c for c in known if _scope_of(c).covers_itself(record["jurisdiction"]) and c["id"] != record["claimed_by"]]
    related = await office.staff.related_among([c["id"] for c in fitting], record["application_id"])
    took_part = await _took_part(office, record)
    return [_colleague(c, "household" if c["id"] in related else "four_eyes" if c["id"] in took_part else None) for c in fitting]


async def _took_part(office: Office, record: dict[str, Any]) -> set[str]:
    if record["kind"] not in DECIDING:
        return set()
    steps = await office.desk.work_items_of([record["application_id"]])
    done = WorkItemStatus.COMPLETED.value
    return {s["claimed_by"] for s in steps if s["status"] == done and s["kind"] in DECIDING and s["kind"] != record["kind"]}


async def colleagues_of(office: Office, actor: ClerkActor) -> list[Colleague]:
    """Of the clerk's own role in their county; a supervisor's are all who work there."""
    require_case_staff(actor)
    roles = WORKING_ROLES if actor.scope.role is Role.SUPERVISOR else (actor.scope.role,)
    found = [c for role in roles for c in await office.staff.colleagues(actor.scope.county, role.value)]
    return [_colleague(c, None) for c in found if c["id"] != actor.clerk_id]


async def hand_over(office: Office, actor: ClerkActor, work_item_id: UUID, to: str, note: str = "") -> WorkItemRow:
    """Give what one holds to a colleague; leaders and supervisors also give what others hold, or what is open.

    Raises:
        NotFound: no such work item or colleague. NotAllowed: not theirs to give. WorkItemNotClaimed: nobody holds it.
        InvalidInput: the colleague cannot work it. FourEyes: they may not handle this case.
    """
    record = await seen_by(office, actor, work_item_id)
    holders = holders_ended_by(actor, record)
    _check_length("note", note, NOTE_LENGTH)
    await _check_colleague(office, record, to)
    role, notice = actor.scope.role.value, _about(_HANDED, actor, record)
    if holders is None and record["status"] == WorkItemStatus.OPEN.value:
        await office.desk.offer(work_item_id, actor.clerk_id, [to], office.now(), role=role, notice=notice)
        if note.strip():
            await office.desk.add_note(record["application_id"], actor.clerk_id, role, note.strip(), office.now())
    else:
        await office.desk.hand_over(
            work_item_id, actor.clerk_id, to, office.now(), role=role, holders=holders, notice=notice, note=note.strip() or None
        )
    return await as_it_is_now(office, actor, work_item_id)


async def offer(office: Office, actor: ClerkActor, work_item_id: UUID, to: Sequence[str]) -> WorkItemRow:
    """Offer an open work item to these people only; to nobody: to everybody again. Leaders and supervisors do so.

    Raises:
        NotAllowed, WorkItemAlreadyClaimed, FourEyes: as `hand_over`. InvalidInput: so too; also more than `OFFERED_AT_MOST`.
    """
    record = await _directed_by(office, actor, work_item_id)
    people = list(dict.fromkeys(to))
    if len(people) > OFFERED_AT_MOST:
        raise InvalidInput(fields=[FieldError(path="/to", text=_TOO_MANY)])
    for colleague in people:
        await _check_colleague(office, record, colleague)
    notice = _about(_OFFERED, actor, record)
    await office.desk.offer(work_item_id, actor.clerk_id, people, office.now(), role=actor.scope.role.value, notice=notice)
    return await as_it_is_now(office, actor, work_item_id)


async def refuse(office: Office, actor: ClerkActor, work_item_id: UUID) -> WorkItemRow:
    """Decline what was offered to one; whoever offered it is told.

    Raises:
        WrongState: it was not offered to this clerk, or somebody has it.
    """
    record = await worked_by(office, actor, work_item_id)
    await office.desk.refuse(work_item_id, actor.clerk_id, office.now(), notice=_about(_DECLINED, actor, record))
    return await as_it_is_now(office, actor, work_item_id)


async def set_priority(office: Office, actor: ClerkActor, work_item_id: UUID, priority: Priority, reason: str) -> WorkItemRow:
    """Leaders and supervisors say what is urgent, and why; the reason is a note of the case.

    Raises:
        NotAllowed: neither. InvalidInput: no reason. WrongState: it is done.
    """
    await _directed_by(office, actor, work_item_id)
    if not reason.strip():
        raise InvalidInput(fields=[FieldError(path="/reason", text=Bilingual(zh="请写明调整优先级的理由", en="Say why"))])
    _check_length("reason", reason, REASON_LENGTH)
    await office.desk.set_priority(work_item_id, actor.clerk_id, priority, reason.strip(), office.now(), role=actor.scope.role.value)
    return await as_it_is_now(office, actor, work_item_id)


async def _directed_by(office: Office, actor: ClerkActor, work_item_id: UUID) -> dict[str, Any]:
    record = await seen_by(office, actor, work_item_id)
    if not may_direct(actor.scope, role=Role(record["role"]), jurisdiction=record["jurisdiction"]):
        raise NotAllowed()
    return record


async def _check_colleague(office: Office, record: dict[str, Any], to: str) -> None:
    colleague = _scope_of(await office.staff.colleague(to))
    if colleague.role.value != record["role"] or not colleague.covers_itself(record["jurisdiction"]):
        text = Bilingual(zh="该人员的岗位或辖区不能办理本件，请另选", en="Their role or jurisdiction does not fit. Choose a colleague")
        raise InvalidInput(fields=[FieldError(path="/to", text=text)])
    if record["claimed_by"] == to:
        raise WrongState(Bilingual(zh="本件已由该人员办理", en="They hold it already."))


def _about(text: Bilingual, actor: ClerkActor, record: dict[str, Any]) -> Bilingual:
    return text.filled(who=actor.name, number=record["acceptance_number"])


def _check_length(field: str, text: str, at_most: int) -> None:
    if len(text) > at_most:
        said = Bilingual(zh=f"最多 {at_most} 字，请精简", en=f"At most {at_most} characters. Please shorten it")
        raise InvalidInput(fields=[FieldError(path=f"/{field}", text=said)])


def _scope_of(clerk: dict[str, Any]) -> ClerkScope:
    return ClerkScope(clerk_id=clerk["id"], role=Role(clerk["role"]), county=clerk["county"], station=clerk["station"])


def _colleague(clerk: dict[str, Any], barred: Barred | None) -> Colleague:
    text = BARRED_TEXT[barred] if barred else None
    return Colleague(id=clerk["id"], name=clerk["name"], station=clerk["station"], barred=barred, barred_text=text)


# --- many at once ----------------------------------------------------------------------------------------------------


async def release_many(office: Office, actor: ClerkActor, work_item_ids: Sequence[UUID]) -> list[BulkResult]:
    """Each answers for itself; what fails leaves the others done.

    Raises:
        InvalidInput: none, or more than `AT_ONCE`.
    """
    return await _each(office, actor, work_item_ids, lambda work_item_id: release(office, actor, work_item_id))


async def hand_over_many(office: Office, actor: ClerkActor, work_item_ids: Sequence[UUID], to: str, note: str = "") -> list[BulkResult]:
    """As `release_many`, to one colleague."""
    if not to:
        raise InvalidInput(fields=[FieldError(path="/to", text=Bilingual(zh="请选择接收人员", en="Choose a colleague"))])
    return await _each(office, actor, work_item_ids, lambda work_item_id: hand_over(office, actor, work_item_id, to, note))


async def _each(
    office: Office, actor: ClerkActor, work_item_ids: Sequence[UUID], act: Callable[[UUID], Awaitable[WorkItemRow]]
) -> list[BulkResult]:
    chosen = list(dict.fromkeys(work_item_ids))
    if not 0 < len(chosen) <= AT_ONCE:
        text = Bilingual(zh=f"请勾选 1 至 {AT_ONCE} 件待办", en=f"Mark 1 to {AT_ONCE} work items")
        raise InvalidInput(fields=[FieldError(path="/items", text=text)])
    results = []
    for work_item_id in chosen:
        try:
            row = await act(work_item_id)
            results.append(BulkResult(work_item_id=work_item_id, acceptance_number=row.acceptance_number))
        except DomainError as error:
            said = error.fields[0].text if error.fields else error.text
            number = await _number_of(office, actor, work_item_id)
            results.append(BulkResult(work_item_id=work_item_id, acceptance_number=number, problem=said))
    return results


async def _number_of(office: Office, actor: ClerkActor, work_item_id: UUID) -> str | None:
    """None where it is not theirs to see."""
    try:
        return str((await seen_by(office, actor, work_item_id))["acceptance_number"])
    except DomainError:
        return None


# --- notes -----------------------------------------------------------------------------------------------------------


async def add_note(office: Office, actor: ClerkActor, work_item_id: UUID, text: str) -> None:
    """For the colleagues who handle the case; the applicant does not see it.

    Raises:
        NotFound, NotAllowed, FourEyes: not theirs to see. InvalidInput: empty, or too long.
    """
    record = await seen_by(office, actor, work_item_id)
    if not text.strip():
        raise InvalidInput(fields=[FieldError(path="/note", text=Bilingual(zh="请填写备注内容", en="Write the note"))])
    _check_length("note", text, NOTE_LENGTH)
    await office.desk.add_note(record["application_id"], actor.clerk_id, actor.scope.role.value, text.strip(), office.now())


async def notes_of(office: Office, actor: ClerkActor, work_item_id: UUID) -> list[NoteView]:
    """The notes of a work item's case, oldest first; that they were read is entered before."""
    record = await seen_by(office, actor, work_item_id)
    await enter_case_look(office, actor, record["application_id"])
    notes = await office.desk.notes_of(record["application_id"])
    return [NoteView(by=n["name"] or n["clerk_id"], at=n["at"], text=n["text"]) for n in notes]
