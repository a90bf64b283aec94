"""A stored case as people read it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from casework.case_views import LimitsView, LimitView
from casework.views import (
    ApplicationRow,
    ApplicationView,
    DataRead,
    DecisionView,
    DocumentView,
    IdentityView,
    MaterialView,
    ReasonView,
    SupplementRequestView,
    SupplementView,
    UploadView,
    WindowView,
)
from domain.application import STATUS_TEXT, Challenge, EvidenceView, Status, TimelineEntry, WaitingFor
from domain.decision import Decision, Outcome
from domain.identity import CheckResult, what_to_do
from domain.limits import Clock, PauseReason
from domain.service_item import Material, ServiceItem, StepKind
from domain.text import Bilingual
from domain.work_items import KIND_TEXT, WorkItemStatus


def application_view(case: Mapping[str, Any], *, show_challenge: bool) -> ApplicationView:
    """`case` as `Desk.case_file` gives it; the code is shown to whoever must read it aloud, and nobody else."""
    item = ServiceItem.model_validate(case["item"])
    status = Status(case["status"])
    materials = [_material(m, case["materials"]) for m in item.uploads]
    identity = _identity(item, case)
    challenge = Challenge(**case["challenge"]) if show_challenge and status is Status.VERIFYING and case["challenge"] else None
    return ApplicationView(
        id=case["id"],
        acceptance_number=case["acceptance_number"],
        service_item=item.code,
        service_item_name=item.name,
        version=item.version,
        status=status,
        status_text=STATUS_TEXT[status],
        waiting_for=_waiting_for(case, identity),
        decision=_decision(case),
        evidence=[EvidenceView(source=e["source"], fetched_at=e["fetched_at"], digest=e["digest"]) for e in case["evidence"]],
        window=WindowView(closes_at=case["window_closes_at"], counter=case["station_name"]) if case["window_closes_at"] else None,
        timeline=timeline(case["events"]),
        reads=[DataRead(at=e["at"], purpose=_reading(e["data"]["purpose"], item)) for e in case["events"] if e["event"] == "read"],
        documents=[
            DocumentView(number=d["number"], title=_title(item), url=f"/v1/certificates/{d['number']}/file", issued_at=d["issued_at"])
            for d in case["documents"]
        ],
        challenge=challenge,
        materials=materials,
        supplement=_supplement(item, case) if status is Status.SUPPLEMENTING else None,
        identity=identity,
        answers=case["answers"],
        delivery=case["delivery"],
        tracking_number=case["tracking_number"],
        actions=_actions(status, materials, identity),
        opened_at=case["opened_at"],
        updated_at=case["updated_at"],
        ended_at=case["ended_at"],
    ).pinned_to(item)


def application_row(case: Mapping[str, Any], name: Bilingual) -> ApplicationRow:
    status = Status(case["status"])
    return ApplicationRow(
        id=case["id"],
        acceptance_number=case["acceptance_number"],
        service_item=case["service_item"],
        service_item_name=name,
        status=status,
        status_text=STATUS_TEXT[status],
        waiting_for=[WaitingFor.model_validate(w) for w in case["waiting_for"]],
        opened_at=case["opened_at"],
        updated_at=case["updated_at"],
    )


def timeline(events: Iterable[Mapping[str, Any]]) -> list[TimelineEntry]:
    return [timeline_entry(e) for e in events if e["text"] is not None]


def timeline_entry(event: Mapping[str, Any]) -> TimelineEntry:
    return TimelineEntry(at=event["at"], event=event["event"], by=event["by"], text=Bilingual.model_validate(event["text"]))


_CHECKING = Bilingual(zh="正在核验您的视频", en="Your clip is being checked")
_PORTRAIT_LATE = Bilingual(zh="等待常住人口信息答复，系统会自动重试", en="Waiting for the resident population registry; we keep trying")


def _waiting_for(case: Mapping[str, Any], identity: IdentityView) -> list[WaitingFor]:
    """Whom the case waits for; while a clip is looked at, that is us, or the registry that holds the portrait."""
    if not identity.checking:
        return [WaitingFor.model_validate(w) for w in case["waiting_for"]]
    clip = case["clips"][-1]
    if any(e["key"] == f"late:portrait:{clip['id']}" for e in case["events"]):
        return [WaitingFor(who="registry", what="resident_population", text=_PORTRAIT_LATE, since=clip["received_at"], late=True)]
    return [WaitingFor(who="system", what="identity-check", text=_CHECKING, since=clip["received_at"])]


def _reading(purpose: str, item: ServiceItem) -> Bilingual:
    """`work item: approval`, `material:proof`, `document` or `case`, as `Desk.note_read` keeps them, in words."""
    what, _, which = (part.strip() for part in purpose.partition(":"))
    material = next((m.name for m in item.materials if m.code == which), None) if what == "material" else None
    if material is not None:
        return material
    if what == "work item":
        return KIND_TEXT[StepKind(which)]
    if what == "decision-replay":
        return Bilingual(zh="依记录复核审批结论", en="Making the decision again from the record, to check it")
    return _title(item) if what == "document" else Bilingual(zh="查看办件", en="Looking at the application")


def _title(item: ServiceItem) -> Bilingual:
    return item.certificate.title if item.certificate else item.name


def _decision(case: Mapping[str, Any]) -> DecisionView | None:
    """The person's decision where there is one, with the machine's reasons; the machine's otherwise."""
    machine = Decision.model_validate(case["decision"]) if case["decision"] else None
    reasons = [
        ReasonView(rule=r.rule, holds=r.holds, favourable=r.speaks_for_approval, text=r.said, sources=r.sources, legal_basis=r.legal_basis)
        for r in (machine.results if machine else [])
    ]
    if (person := case["person_decision"]) is not None:
        return DecisionView(
            outcome=person["outcome"],
            by=person["by"],
            decided_at=datetime.fromisoformat(person["decided_at"]),
            reasons=reasons,
            reason=person.get("reason"),
            points=machine.points if machine else None,
        )
    if machine is None:
        return None
    return DecisionView(outcome=machine.outcome.value, by=machine.by, decided_at=machine.decided_at, reasons=reasons, points=machine.points)


def _material(material: Material, uploads: Iterable[Mapping[str, Any]]) -> MaterialView:
    return MaterialView(
        code=material.code,
        name=material.name,
        help=material.help,
        required=material.required,
        original_at_counter=material.original_at_counter,
        uploads=[UploadView(**{k: u[k] for k in UploadView.model_fields}) for u in uploads if u["code"] == material.code],
    )


def originals(item: ServiceItem, uploads: Iterable[Mapping[str, Any]]) -> list[MaterialView]:
    uploads = list(uploads)
    return [_material(m, uploads) for m in item.originals]


def _supplement(item: ServiceItem, case: Mapping[str, Any]) -> SupplementView | None:
    if not case["supplement"] or case["supplement_until"] is None:
        return None
    labels = supplement_labels(item)
    return SupplementView(
        round=case["supplement_round"],
        rounds_allowed=item.supplement.rounds,
        until=case["supplement_until"],
        requests=[SupplementRequestView(**s, label=labels.get(s["target"], item.name)) for s in case["supplement"]],
    )


def supplement_labels(item: ServiceItem) -> dict[str, Bilingual]:
    """What a clerk may send back, by target, with the label that the applicant knows it under."""
    fields = {f"answers.{n}": Bilingual.model_validate(f["x-label"]) for n, f in item.form.get("properties", {}).items()}
    return fields | {f"materials.{m.code}": m.name for m in item.uploads}


def _identity(item: ServiceItem, case: Mapping[str, Any]) -> IdentityView:
    verdicts = [c["verdict"]["verdict"] for c in case["clips"] if c["verdict"] and c["verdict"].get("verdict")]
    # A clip's verdict is stored a moment before the case has taken it in.
    passed = any(v["passed"] for v in verdicts) and case["status"] != Status.VERIFYING.value
    last = verdicts[-1] if verdicts else None
    checks = [CheckResult.model_validate(c) for c in last["checks"]] if last else []
    return IdentityView(
        attempts_used=len(verdicts),
        attempts_allowed=item.identity_attempts,
        checking=case["status"] == Status.VERIFYING.value and (any(c["verdict"] is None for c in case["clips"]) or _just_passed(last)),
        passed=passed,
        last_reasons=what_to_do(checks),
        last_failed=[f"clip:{c.fault}" if c.fault else c.name for c in checks if c.passed is False],
        way=(case["challenge"] or last or {}).get("way", "code_and_turn"),
    )


def _just_passed(verdict: Mapping[str, Any] | None) -> bool:
    return verdict is not None and bool(verdict["passed"])


def _actions(status: Status, materials: list[MaterialView], identity: IdentityView) -> list[str]:
    if status.final:
        return []
    actions = ["withdraw"]
    if status is Status.VERIFYING and not identity.checking and identity.attempts_used < identity.attempts_allowed:
        actions += ["upload"] if materials else []
        if all(m.uploads or not m.required for m in materials):
            actions += ["record_clip"]
        actions += ["new_code"]
    if status is Status.SUPPLEMENTING:
        actions += ["upload", "supplement"]
    return actions


# --- for staff -------------------------------------------------------------------------------------------------------

_ALWAYS_A_PERSON = Bilingual(zh="这个事项一律由民警决定", en="this item is always decided by a person")
_WAITING_ON: dict[PauseReason, Bilingual] = {
    "supplement": Bilingual(zh="等待申请人补正", en="waiting for the applicant's supplement"),
    "question": Bilingual(zh="等待申请人答复询问", en="waiting for the applicant's answer"),
    "registry": Bilingual(zh="等待数据源答复", en="waiting for a registry"),
    "fee": Bilingual(zh="等待申请人缴费", en="waiting for the fee"),
}


def referred_because(case: Mapping[str, Any], item: ServiceItem) -> Bilingual | None:
    """Why the machine did not approve, in one sentence; None where it did, or has not decided."""
    machine = Decision.model_validate(case["decision"]) if case["decision"] else None
    if machine is None or machine.outcome is not Outcome.REFERRED:
        return None
    against = [result.said for result in machine.results if not result.speaks_for_approval]
    said = list({text.zh: text for text in ([] if item.machine_may_approve else [_ALWAYS_A_PERSON]) + against}.values())
    if not said:
        return None
    zh, en = "；".join(text.zh.rstrip("。") for text in said), "; ".join(text.en.rstrip(".") for text in said)
    return Bilingual(zh=f"转人工办理，因为：{zh}。", en=f"Referred to a person because: {en}.")


def limits(case: Mapping[str, Any], work_item: Mapping[str, Any], item: ServiceItem, now: datetime) -> LimitsView:
    """This step's limit, the promised and the legal one, and whether the clock runs."""
    clock = Clock.model_validate(work_item["clock"]) if work_item["clock"] else None
    live = work_item["status"] in (WorkItemStatus.OPEN.value, WorkItemStatus.CLAIMED.value)
    pause = next((p for p in clock.pauses if p.until is None), None) if clock and live else None
    return LimitsView(
        step=LimitView(
            working_days=clock.working_days if clock else None,
            due_at=None if pause else work_item["due_at"],
            overdue=live and pause is None and work_item["due_at"] < now,
        ),
        promised=_limit(item.promised_working_days, case["promised_due_at"], now),
        legal=_limit(item.limit.legal, case["legal_due_at"], now),
        paused_since=pause.since if pause else None,
        paused_for=pause.why if pause else None,
        paused_text=_WAITING_ON[pause.why] if pause else None,
        escalation=work_item["escalation"],
    )


def _limit(working_days: int, due_at: datetime | None, now: datetime) -> LimitView:
    return LimitView(working_days=working_days, due_at=due_at, overdue=due_at is not None and due_at < now)
