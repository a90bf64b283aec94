"""Work items: one piece of human work inside an application, and what its outcome may be."""

from enum import StrEnum

from domain.changes import CompleteWorkItem, TaskKind
from domain.errors import FieldError, InvalidInput
from domain.jurisdiction import ClerkScope, Role
from domain.service_item import ServiceItem, StepKind
from domain.text import Bilingual


class WorkItemStatus(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


OUTCOMES: dict[StepKind, tuple[str, ...]] = {
    StepKind.PRE_REVIEW: ("pass", "supplement"),
    StepKind.REVIEW: ("approve", "supplement", "refuse"),
    StepKind.APPROVAL: ("approve", "refuse"),
    StepKind.COUNTER_CHECK: ("match", "differ"),
    StepKind.IDENTITY_CHECK: ("same_person", "not_same_person"),
    StepKind.COLLECTION: ("handed_over",),
    StepKind.INVESTIGATION: ("done", "not_possible"),
}

OUTCOME_TEXT: dict[str, Bilingual] = {
    "pass": Bilingual(zh="材料齐全，报县级审批", en="Complete: pass on for approval"),
    "supplement": Bilingual(zh="退回补正", en="Send back for a supplement"),
    "approve": Bilingual(zh="批准", en="Approve"),
    "refuse": Bilingual(zh="不予批准", en="Refuse"),
    "match": Bilingual(zh="原件一致，当场打印", en="Originals match: print"),
    "differ": Bilingual(zh="原件不一致，审批无效", en="Originals differ: void"),
    "same_person": Bilingual(zh="是本人", en="The same person"),
    "not_same_person": Bilingual(zh="不是本人", en="Not the same person"),
    "handed_over": Bilingual(zh="已当面领取", en="Handed over"),
    "done": Bilingual(zh="已完成调查", en="Done"),
    "not_possible": Bilingual(zh="无法完成", en="Not possible"),
}

KIND_TEXT: dict[StepKind, Bilingual] = {
    StepKind.PRE_REVIEW: Bilingual(zh="预审", en="Pre-review"),
    StepKind.REVIEW: Bilingual(zh="复核", en="Review"),
    StepKind.APPROVAL: Bilingual(zh="审批", en="Approval"),
    StepKind.COUNTER_CHECK: Bilingual(zh="窗口核对原件", en="Counter check"),
    StepKind.IDENTITY_CHECK: Bilingual(zh="窗口核验身份", en="Identity check at the counter"),
    StepKind.COLLECTION: Bilingual(zh="窗口领取退回邮件", en="Collection of a returned parcel"),
    StepKind.INVESTIGATION: Bilingual(zh="调查任务", en="Investigation task"),
}

TASK_TEXT: dict[TaskKind, Bilingual] = {
    "visit": Bilingual(zh="上门走访", en="Visit"),
    "call": Bilingual(zh="电话核实", en="Call"),
    "letter": Bilingual(zh="发函协查", en="Letter"),
}

# Who looked at a case in one of these steps does not take another of them.
DECIDING = frozenset({StepKind.PRE_REVIEW, StepKind.REVIEW, StepKind.APPROVAL})
_NEEDS_REASON = frozenset({"refuse", "differ", "not_same_person", "done", "not_possible"})
_CLERK_ONLY = frozenset({"done", "not_possible"})


def may_work(scope: ClerkScope, *, role: Role, jurisdiction: str) -> bool:
    """Whether a clerk may claim and complete work of this role in this jurisdiction."""
    return scope.role is role and scope.covers(jurisdiction)


def may_see(scope: ClerkScope, *, role: Role, jurisdiction: str) -> bool:
    """Supervisors see all work of their county or station and complete none."""
    return scope.covers(jurisdiction) and (scope.role is Role.SUPERVISOR or scope.role is role)


def _refuse(path: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(fields=[FieldError(path=path, text=Bilingual(zh=zh, en=en))])


def check_completion(command: CompleteWorkItem, kind: StepKind, item: ServiceItem, *, rounds_used: int) -> None:
    """What a result must hold, whoever sends it.

    Raises:
        InvalidInput: naming the field and what to do.
    """
    if not command.outcome:
        raise _refuse("/outcome", "请选择办理结果", "Choose the result")
    if command.outcome not in OUTCOMES[kind]:
        allowed = ", ".join(OUTCOMES[kind])
        raise _refuse("/outcome", f"办理结果应为：{allowed}", f"The outcome is one of: {allowed}")
    if command.outcome in _NEEDS_REASON and not (command.reason or "").strip():
        if command.outcome in _CLERK_ONLY:
            raise _refuse("/reason", "请写明调查结果", "Say what was found")
        raise _refuse("/reason", "请写明理由，申请人会看到", "Give a reason; the applicant reads it")
    if command.outcome == "supplement":
        _check_supplement(command, item, rounds_used)
    if kind is StepKind.COUNTER_CHECK:
        _check_originals(command, item)


def _check_supplement(command: CompleteWorkItem, item: ServiceItem, rounds_used: int) -> None:
    if rounds_used >= item.supplement.rounds:
        raise _refuse(
            "/outcome",
            f"补正次数已用完（{item.supplement.rounds} 次），请继续办理并写明意见",
            f"All {item.supplement.rounds} supplement rounds are used: go on and state your view",
        )
    if not command.supplement:
        raise _refuse("/supplement", "请标出需要补正的填报项或材料，并写明理由", "Mark at least one field or document, each with a reason")
    known = {f"answers.{name}" for name in item.form.get("properties", {})} | {f"materials.{m.code}" for m in item.uploads}
    for index, request in enumerate(command.supplement):
        if request.target not in known:
            raise _refuse(
                f"/supplement/{index}/target",
                f"可补正的内容：{', '.join(sorted(known))}",
                f"What can be supplemented: {', '.join(sorted(known))}",
            )
        if not request.reason.strip():
            raise _refuse(f"/supplement/{index}/reason", "请写明补正理由", "Give a reason")


def _check_originals(command: CompleteWorkItem, item: ServiceItem) -> None:
    codes = {m.code for m in item.originals if m.required}
    missing = sorted(codes - command.originals.keys())
    if missing:
        raise _refuse("/originals", f"请逐一核对原件：{', '.join(missing)}", f"Compare every original: {', '.join(missing)}")
    if bad := sorted(code for code, finding in command.originals.items() if finding not in ("same", "different", "missing")):
        raise _refuse(
            "/originals",
            f"核对结果应为 same、different 或 missing：{', '.join(bad)}",
            f"A finding is same, different or missing: {', '.join(bad)}",
        )
    findings = {command.originals[code] for code in codes}
    if command.outcome == "match" and findings - {"same"}:
        raise _refuse(
            "/outcome",
            "有原件不一致或未带，不能办结；未带的请退回待办，等申请人再来",
            "Not every original is the same. If one was not brought, release the work item until the applicant returns",
        )
    if command.outcome == "differ" and "different" not in findings:
        raise _refuse("/outcome", "没有原件被标为不一致", "No original is marked as different")
