"""What a clerk does: see the queue of their territory, claim, decide with a reason, compare originals."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from casework.access import territory, working_role
from casework.actors import ClerkActor
from casework.casefile import application_row, application_view, originals, supplement_labels
from casework.comparing import comparisons, evidence_records
from casework.office import Office
from casework.reads import enter_search, enter_work_item_look
from casework.views import ApplicationRow, Page, QueueCounts, WorkItemDetail, WorkItemRow
from domain.changes import CompleteWorkItem, SupplementRequest
from domain.errors import FieldError, InvalidInput, NotAllowed, WorkItemNotClaimed
from domain.jurisdiction import SEES_NO_CASE, Role
from domain.service_item import ServiceItem, StepKind
from domain.text import Bilingual
from domain.work_items import KIND_TEXT, OUTCOME_TEXT, OUTCOMES, WorkItemStatus, check_completion, may_see, may_work

PAGE_SIZE = 30
NEAR_DEADLINE = timedelta(days=2)
_LIVE = (WorkItemStatus.OPEN.value, WorkItemStatus.CLAIMED.value)


async def queue(
    office: Office,
    actor: ClerkActor,
    *,
    status: str | None = None,
    kind: str | None = None,
    cursor: str | None = None,
    mine: bool = False,
    near_deadline: bool = False,
) -> Page:
    """The clerk's own queue, nearest limit first.

    Raises:
        InvalidInput: an unknown status or kind, or a cursor that is not ours.
    """
    _check_filter("status", status, [s.value for s in WorkItemStatus])
    _check_filter("kind", kind, [k.value for k in StepKind])
    rows = await office.desk.queue(
        jurisdiction=territory(actor),
        role=working_role(actor),
        statuses=[WorkItemStatus.CLAIMED.value] if mine else [status] if status else _LIVE,
        kind=kind,
        claimed_by=actor.clerk_id if mine else None,
        due_before=office.now() + NEAR_DEADLINE if near_deadline else None,
        after=_read_cursor(cursor) if cursor else None,
        limit=PAGE_SIZE + 1,
    )
    more = len(rows) > PAGE_SIZE
    items = [_row(office, actor, row) for row in rows[:PAGE_SIZE]]
    return Page(items=items, next_cursor=_write_cursor(items[-1]) if more else None)


def _check_filter(name: str, value: str | None, known: Sequence[str]) -> None:
    if value is not None and value not in known:
        allowed = ", ".join(known)
        raise InvalidInput(fields=[FieldError(path=f"/{name}", text=Bilingual(zh=f"可用的值：{allowed}", en=f"One of: {allowed}"))])


def _write_cursor(row: WorkItemRow) -> str:
    return base64.urlsafe_b64encode(f"{row.due_at.isoformat()}|{row.id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        moment, _, work_item_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        return datetime.fromisoformat(moment), UUID(work_item_id)
    except (ValueError, binascii.Error, UnicodeDecodeError) as error:
        text = Bilingual(zh="翻页标记无效，请从第一页开始", en="This cursor is not one of ours. Begin with the first page")
        raise InvalidInput(fields=[FieldError(path="/cursor", text=text)]) from error


async def counts(office: Office, actor: ClerkActor) -> QueueCounts:
    mine, open_, near = await office.desk.counts(
        jurisdiction=territory(actor), role=working_role(actor), clerk_id=actor.clerk_id, due_before=office.now() + NEAR_DEADLINE
    )
    return QueueCounts(mine=mine, open=open_, near_deadline=near)


async def work_item(office: Office, actor: ClerkActor, work_item_id: UUID) -> WorkItemDetail:
    """Everything needed to decide; that it was read is recorded.

    Raises:
        NotFound, NotAllowed: no such work item, or another role's or territory's.
    """
    record = await _seen_by(office, actor, work_item_id)
    case = await office.desk.case_file(record["application_id"])
    item = ServiceItem.model_validate(case["item"])
    await enter_work_item_look(office, actor, record["application_id"], record["kind"], KIND_TEXT[StepKind(record["kind"])])
    id_number = await office.desk.id_number_of(case["person_id"])
    evidence = evidence_records(item, await office.papers.evidence_of(record["application_id"]), office.catalogue)
    applicant = {"name": case["applicant_name"], "id_number": id_number}
    kind = StepKind(record["kind"])
    rounds_left = max(item.supplement.rounds - case["supplement_round"], 0)
    worker = may_work(actor.scope, role=Role(record["role"]), jurisdiction=record["jurisdiction"])
    return WorkItemDetail(
        row=_row(office, actor, record),
        application=application_view(case, show_challenge=False),
        applicant_name=case["applicant_name"],
        applicant_id_number=id_number,
        comparisons=comparisons(item, applicant, case["answers"], evidence),
        evidence=evidence,
        originals=originals(item, case["materials"]) if kind is StepKind.COUNTER_CHECK else [],
        outcomes=[(o, OUTCOME_TEXT[o]) for o in OUTCOMES[kind] if o != "supplement" or rounds_left],
        supplement_targets=list(supplement_labels(item).items()),
        supplement_rounds_left=rounds_left,
        may_claim=worker and record["status"] == WorkItemStatus.OPEN.value,
        may_complete=worker and record["status"] == WorkItemStatus.CLAIMED.value and record["claimed_by"] == actor.clerk_id,
    )


async def _seen_by(office: Office, actor: ClerkActor, work_item_id: UUID) -> dict[str, Any]:
    record = await office.desk.work_item(work_item_id)
    if not may_see(actor.scope, role=Role(record["role"]), jurisdiction=record["jurisdiction"]):
        raise NotAllowed()
    return record


async def _worked_by(office: Office, actor: ClerkActor, work_item_id: UUID) -> dict[str, Any]:
    record = await office.desk.work_item(work_item_id)
    if not may_work(actor.scope, role=Role(record["role"]), jurisdiction=record["jurisdiction"]):
        raise NotAllowed()
    return record


async def claim(office: Office, actor: ClerkActor, work_item_id: UUID) -> WorkItemRow:
    """Take a work item.

    Raises:
        WorkItemAlreadyClaimed: another clerk was first, or it is done.
    """
    await _worked_by(office, actor, work_item_id)
    await office.desk.claim(work_item_id, actor.clerk_id, office.now())
    return _row(office, actor, await office.desk.work_item(work_item_id))


async def take_next(office: Office, actor: ClerkActor) -> WorkItemRow | None:
    """Claim the open work item with the nearest limit."""
    role = working_role(actor)
    if role is None:
        raise NotAllowed()
    taken = await office.desk.claim_next(jurisdiction=territory(actor), role=role, clerk_id=actor.clerk_id, at=office.now())
    return None if taken is None else _row(office, actor, await office.desk.work_item(taken))


async def release(office: Office, actor: ClerkActor, work_item_id: UUID) -> WorkItemRow:
    await _worked_by(office, actor, work_item_id)
    await office.desk.release(work_item_id, actor.clerk_id, office.now())
    return _row(office, actor, await office.desk.work_item(work_item_id))


async def complete(
    office: Office,
    actor: ClerkActor,
    work_item_id: UUID,
    *,
    outcome: str,
    reason: str | None = None,
    supplement: Sequence[SupplementRequest] = (),
    originals: Mapping[str, str] | None = None,
    command_id: str | None = None,
) -> WorkItemRow:
    """Hand in the result of a work item that this clerk holds.

    Raises:
        InvalidInput: the result lacks something; WorkItemNotClaimed, WrongState: it is not theirs to complete now.
    """
    record = await _worked_by(office, actor, work_item_id)
    command = CompleteWorkItem(
        work_item_id=work_item_id,
        clerk_id=actor.clerk_id,
        role=actor.scope.role,
        outcome=outcome,
        reason=reason,
        supplement=list(supplement),
        originals=dict(originals or {}),
    )
    if record["status"] == WorkItemStatus.COMPLETED.value and record["claimed_by"] == actor.clerk_id and record["outcome"] == outcome:
        return _row(office, actor, record)  # the same command again
    if record["status"] != WorkItemStatus.CLAIMED.value or record["claimed_by"] != actor.clerk_id:
        raise WorkItemNotClaimed()
    case = await office.desk.case_file(record["application_id"])
    check_completion(command, StepKind(record["kind"]), ServiceItem.model_validate(case["item"]), rounds_used=case["supplement_round"])
    await office.engine.command(
        record["application_id"],
        "complete_work_item",
        command,
        command_id=command_id or f"complete-{work_item_id}-{record['claimed_at']:%s%f}",
    )
    return _row(office, actor, await office.desk.work_item(work_item_id))


async def find(office: Office, actor: ClerkActor, text: str) -> list[WorkItemRow]:
    """Work of a case by acceptance number or ID number, as the counter looks it up: live work first."""
    cases = await office.desk.find_cases(_as_typed(text))
    records = await office.desk.work_items_of([case["id"] for case in cases]) if cases else []
    seen = [r for r in records if may_see(actor.scope, role=Role(r["role"]), jurisdiction=r["jurisdiction"])]
    for application_id in {r["application_id"]: None for r in seen}:
        await enter_search(office, actor, application_id)
    return [_row(office, actor, r) for r in sorted(seen, key=lambda r: r["status"] not in _LIVE)]


async def find_cases(office: Office, actor: ClerkActor, text: str) -> list[ApplicationRow]:
    """Where cases stand, by acceptance number or ID number, whoever they wait for.

    Until a registry has told whose territory a case is, any counter may tell the applicant what it waits for.

    Raises:
        NotAllowed: an editor of the catalogue or an administrator, who see no case.
    """
    if actor.scope.role in SEES_NO_CASE:
        raise NotAllowed()
    cases = await office.desk.find_cases(_as_typed(text))
    seen = [case for case in cases if case["station"] is None or actor.scope.covers(case["station"])]
    for case in seen:
        await enter_search(office, actor, case["id"])
    return [application_row(case, office.catalogue.name_of(case["service_item"])) for case in seen]


def _as_typed(text: str) -> str:
    return text.strip().replace(" ", "").upper()


def _row(office: Office, actor: ClerkActor, record: Mapping[str, Any]) -> WorkItemRow:
    kind = StepKind(record["kind"])
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
        mine=record["claimed_by"] == actor.clerk_id,
        due_at=record["due_at"],
        overdue=record["status"] in _LIVE and record["due_at"] < office.now(),
        opened_at=record["opened_at"],
    )
