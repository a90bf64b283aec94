"""What a clerk does with a case: read it, decide with a reason, compare originals."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from casework.actors import ClerkActor
from casework.at_hand import templates
from casework.case_views import NoteView, ReasonTemplateView
from casework.casefile import application_row, application_view, limits, originals, referred_because, supplement_labels
from casework.comparing import comparisons, evidence_records
from casework.history import earlier_applications, earlier_steps
from casework.holding import is_theirs
from casework.investigating import investigations_of, investigators
from casework.office import Office
from casework.questions import questions_of
from casework.queueing import LIVE, claim, seen_by, work_item_row, worked_by
from casework.reads import enter_search, enter_task_look, enter_work_item_look
from casework.views import ApplicationRow, WorkItemDetail, WorkItemRow
from domain.changes import CompleteWorkItem, SupplementRequest
from domain.errors import NotAllowed, WorkItemNotClaimed
from domain.jurisdiction import SEES_NO_CASE, Role, county_of
from domain.service_item import ServiceItem, StepKind
from domain.work_items import DECIDING, KIND_TEXT, OUTCOME_TEXT, OUTCOMES, WorkItemStatus, check_completion, may_see, may_work


async def work_item(office: Office, actor: ClerkActor, work_item_id: UUID) -> WorkItemDetail:
    """Everything needed to decide; that it was read is recorded.

    Raises:
        NotFound, NotAllowed: no such work item, another role's or territory's, or another investigator's task.
    """
    record = await seen_by(office, actor, work_item_id)
    kind = StepKind(record["kind"])
    if kind is StepKind.INVESTIGATION:
        await enter_task_look(office, actor, record["application_id"], KIND_TEXT[kind])
    else:
        await enter_work_item_look(office, actor, record["application_id"], kind.value, KIND_TEXT[kind])
    detail = await _detail(office, actor, record)
    if kind in DECIDING:
        await _add_what_decides(office, actor, detail, record)
    if kind is StepKind.INVESTIGATION:
        await _add_the_task(office, detail)
    return detail


async def _detail(office: Office, actor: ClerkActor, record: Mapping[str, Any]) -> WorkItemDetail:
    """The case beside its evidence, and what this clerk may do now."""
    case = await office.desk.case_file(record["application_id"])
    item = ServiceItem.model_validate(case["item"])
    kind = StepKind(record["kind"])
    id_number = await office.desk.id_number_of(case["person_id"])
    evidence = evidence_records(item, await office.papers.evidence_of(record["application_id"]), office.catalogue)
    applicant = {"name": case["applicant_name"], "id_number": id_number}
    rounds_left = max(item.supplement.rounds - case["supplement_round"], 0)
    worker = may_work(actor.scope, role=Role(record["role"]), jurisdiction=record["jurisdiction"])
    holder = worker and record["status"] == WorkItemStatus.CLAIMED.value and record["claimed_by"] == actor.clerk_id
    row = work_item_row(office, actor, record)
    open_task = kind is StepKind.INVESTIGATION and row.may_claim and row.status == WorkItemStatus.OPEN.value
    return WorkItemDetail(
        row=row,
        application=application_view(case, show_challenge=False),
        applicant_name=case["applicant_name"],
        applicant_id_number=id_number,
        applicant_phone=case["phone"] if kind is StepKind.INVESTIGATION else None,
        comparisons=comparisons(item, applicant, case["answers"], evidence),
        evidence=[] if kind is StepKind.INVESTIGATION else evidence,
        originals=originals(item, case["materials"]) if kind is StepKind.COUNTER_CHECK else [],
        outcomes=[(o, OUTCOME_TEXT[o]) for o in OUTCOMES[kind] if o != "supplement" or rounds_left],
        supplement_targets=list(supplement_labels(item).items()),
        supplement_rounds_left=rounds_left,
        may_claim=row.may_claim and not open_task,
        may_complete=holder or open_task,
        referred_because=referred_because(case, item),
        limits=limits(case, record, item, office.now()),
    )


async def _add_what_decides(office: Office, actor: ClerkActor, detail: WorkItemDetail, record: Mapping[str, Any]) -> None:
    """What was asked and found out since the machine referred, and what came before."""
    case_id = detail.row.application_id
    detail.questions = await questions_of(office, case_id, for_staff=True)
    detail.investigations = await investigations_of(office, case_id)
    detail.steps = earlier_steps(await office.desk.work_items_of([case_id]), detail.row.id)
    detail.earlier = await earlier_applications(office, actor, case_id)
    detail.notes = [NoteView(by=n["name"], at=n["at"], text=n["text"]) for n in await office.desk.notes_of(case_id)]
    kept = await templates(office, actor, detail.row.kind)
    detail.templates = [ReasonTemplateView(outcome=t.outcome, title=t.title, text=t.text) for t in kept]
    detail.may_ask = detail.may_complete and all(q.state != "open" for q in detail.questions)
    detail.may_investigate = detail.may_complete and all(i.closed_at is not None for i in detail.investigations)
    if detail.may_investigate:
        detail.investigators = await investigators(office, county_of(record["jurisdiction"]))


async def _add_the_task(office: Office, detail: WorkItemDetail) -> None:
    """The investigation that a task belongs to, with this task alone."""
    for investigation in await investigations_of(office, detail.row.application_id):
        if (task := next((t for t in investigation.tasks if t.id == detail.row.id), None)) is not None:
            detail.task = task
            detail.investigations = [investigation.model_copy(update={"tasks": [task]})]


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
    record = await worked_by(office, actor, work_item_id)
    if not is_theirs(actor, record):
        raise NotAllowed()
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
        return work_item_row(office, actor, record)  # the same command again
    if record["kind"] == StepKind.INVESTIGATION.value and record["status"] == WorkItemStatus.OPEN.value:
        await claim(office, actor, work_item_id)  # it was given to this clerk alone
        record = await office.desk.work_item(work_item_id)
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
    return work_item_row(office, actor, await office.desk.work_item(work_item_id))


async def find(office: Office, actor: ClerkActor, text: str) -> list[WorkItemRow]:
    """Work of a case by acceptance number or ID number, as the counter looks it up: live work first."""
    cases = await office.desk.find_cases(_as_typed(text))
    records = await office.desk.work_items_of([case["id"] for case in cases]) if cases else []
    seen = [r for r in records if may_see(actor.scope, role=Role(r["role"]), jurisdiction=r["jurisdiction"]) and is_theirs(actor, r)]
    for application_id in {r["application_id"]: None for r in seen}:
        await enter_search(office, actor, application_id)
    return [work_item_row(office, actor, r) for r in sorted(seen, key=lambda r: r["status"] not in LIVE)]


async def find_cases(office: Office, actor: ClerkActor, text: str) -> list[ApplicationRow]:
    """Where cases stand, by acceptance number or ID number, whoever they wait for.

    Until a registry has told whose territory a case is, any counter may tell the applicant what it waits for.

    Raises:
        NotAllowed: an editor of the catalogue or an administrator, who see no case, or an investigator, who sees their tasks'.
    """
    if actor.scope.role in SEES_NO_CASE | {Role.INVESTIGATOR}:
        raise NotAllowed()
    cases = await office.desk.find_cases(_as_typed(text))
    seen = [case for case in cases if case["station"] is None or actor.scope.covers(case["station"])]
    for case in seen:
        await enter_search(office, actor, case["id"])
    return [application_row(case, office.catalogue.name_of(case["service_item"])) for case in seen]


def _as_typed(text: str) -> str:
    return text.strip().replace(" ", "").upper()
