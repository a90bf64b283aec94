"""What a clerk does with a case: read it, decide with a reason, compare originals."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from casework.actors import ClerkActor
from casework.casefile import application_row, application_view, originals, supplement_labels
from casework.comparing import comparisons, evidence_records
from casework.office import Office
from casework.queueing import LIVE, seen_by, work_item_row, worked_by
from casework.reads import enter_search, enter_work_item_look
from casework.views import ApplicationRow, WorkItemDetail, WorkItemRow
from domain.changes import CompleteWorkItem, SupplementRequest
from domain.errors import NotAllowed, WorkItemNotClaimed
from domain.jurisdiction import SEES_NO_CASE, Role
from domain.service_item import ServiceItem, StepKind
from domain.work_items import KIND_TEXT, OUTCOME_TEXT, OUTCOMES, WorkItemStatus, check_completion, may_see, may_work


async def work_item(office: Office, actor: ClerkActor, work_item_id: UUID) -> WorkItemDetail:
    """Everything needed to decide; that it was read is recorded.

    Raises:
        NotFound, NotAllowed: no such work item, or another role's or territory's.
    """
    record = await seen_by(office, actor, work_item_id)
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
        row=work_item_row(office, actor, record),
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
    seen = [r for r in records if may_see(actor.scope, role=Role(r["role"]), jurisdiction=r["jurisdiction"])]
    for application_id in {r["application_id"]: None for r in seen}:
        await enter_search(office, actor, application_id)
    return [work_item_row(office, actor, r) for r in sorted(seen, key=lambda r: r["status"] not in LIVE)]


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
