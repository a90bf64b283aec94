"""A small office in memory for the pages' tests: sample cases, work and people behind the use cases' names."""

import asyncio
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from PIL import Image

import web
from adapters.calendar import OfficeWorkingDays
from adapters.uploads import CleanUpload, clean_upload
from casework import (
    accounts,
    applying,
    appointments,
    clerking,
    counter,
    demo,
    examining,
    filing,
    following,
    investigating,
    notices,
    paying,
    questions,
    queueing,
    reads,
    redeciding,
    verifying,
)
from casework.actors import ApplicantActor, ClerkActor
from casework.case_views import (
    EarlierCase,
    EarlierView,
    InvestigationView,
    Investigator,
    LimitsView,
    LimitView,
    NoteView,
    QuestionView,
    StepView,
    TaskView,
)
from casework.notices import NoticePage, NoticeView, checked_email
from casework.office import SettingsView
from casework.reads import ReadField, ReadFilter, ReadPage, ReadView
from casework.views import (
    ApplicationRow,
    ApplicationView,
    CertificateView,
    Comparison,
    DecisionView,
    DocumentView,
    EvidenceRecord,
    IdentityView,
    MaterialView,
    PrefilledForm,
    ReasonView,
    SupplementRequestView,
    SupplementView,
    UploadView,
    WindowView,
    WorkItemDetail,
    WorkItemRow,
)
from catalogue.guide import sample_of
from catalogue.simulation import example_facts
from domain.application import STATUS_TEXT, ApplicationRequest, EvidenceView, Status, TimelineEntry, WaitingFor
from domain.cards import CardSide
from domain.decision import PointsTally
from domain.documents import SealVerdict
from domain.errors import ChallengeExpired, FieldError, InvalidInput, NotFound, WorkItemAlreadyClaimed
from domain.jurisdiction import ClerkScope, Role
from domain.redeciding import Changed, Trial
from domain.service_item import Kind, ServiceItem, StepKind
from domain.text import Bilingual
from domain.work_items import DECIDING, KIND_TEXT, OUTCOME_TEXT, OUTCOMES, TASK_TEXT
from tests.builders import MemoryPublications
from tests.ledger import MemoryRecord, PlainSeal
from tests.packaged import packaged_catalogue
from tests.web.fake_administration import MemoryCalendar, MemoryPersonnel
from tests.web.fake_cards import CardWorld
from tests.web.fake_counter import CounterWorld
from tests.web.fake_face import FaceWorld, challenge
from tests.web.fake_following import deadlines_view, trips_view, waiting_for_fee
from tests.web.fake_queue import QUEUE_PARTS, QueueWorld
from tests.web.fake_supervision import SupervisionWorld, supervision_parts

NOW = datetime.now(UTC).replace(microsecond=0)
CATALOGUE = packaged_catalogue()
CASE = UUID("01930000-0000-7000-8000-000000000001")
WORK = UUID("01930000-0000-7000-8000-0000000000a1")
UPLOAD = UUID("01930000-0000-7000-8000-0000000000b1")
CODE_REQUEST = UUID("01930000-0000-7000-8000-0000000000c1")
NUMBER = "33030020261121000123"
DOCUMENT = "WZ-2026-7F3K9Q2M"
TOKEN, CSRF = "applicant-token", "c" * 40
CLERK_TOKEN, CLERK_CSRF = "clerk-token", "d" * 40
ME = "330302199003071282"
HUSBAND, CHILD = "330302198811023217", "330302201606155522"


def zh_en(zh: str, en: str) -> Bilingual:
    return Bilingual(zh=zh, en=en)


def applicant_actor() -> ApplicantActor:
    return ApplicantActor(UUID(int=7), b"index", "林雨桐", f"{ME[:4]}{'*' * 12}{ME[-2:]}", "199****0001")


def clerk_actor(role: Role = Role.PRE_REVIEWER) -> ClerkActor:
    return ClerkActor(ClerkScope(clerk_id="clerk-1", role=role, county="330302", station="330302510000"), "zhou", "周明")


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 220), (214, 222, 232)).save(out, "JPEG")
    return out.getvalue()


def upload_view(round_: int = 0) -> UploadView:
    return UploadView(
        id=UPLOAD, code="proof", media_type="image/jpeg", size=345_678, pages=1, round=round_, uploaded_at=NOW - timedelta(hours=3)
    )


def uploads_to_compare() -> list[UploadView]:
    """A PDF of three pages from the applicant, and the scan of the original from the counter."""
    sent = upload_view().model_copy(update={"id": UUID(int=0xB2), "media_type": "application/pdf", "pages": 3})
    scan = upload_view().model_copy(update={"id": UUID(int=0xB3), "origin": "counter"})
    return [scan, sent]


def timeline() -> list[TimelineEntry]:
    return [
        TimelineEntry(at=NOW - timedelta(hours=3), event="opened", by="applicant", text=zh_en("已提交申请", "Application submitted")),
        TimelineEntry(at=NOW - timedelta(hours=2), event="identity_passed", by="machine", text=zh_en("身份核验通过", "Identity confirmed")),
        TimelineEntry(
            at=NOW - timedelta(hours=1, minutes=50),
            event="evidence",
            by="registry:resident_population",
            text=zh_en("常住人口信息已答复", "The resident population registry answered"),
        ),
        TimelineEntry(at=NOW - timedelta(hours=1), event="referred", by="machine", text=zh_en("转人工审核", "Referred to an officer")),
    ]


def waiting(status: Status) -> list[WaitingFor]:
    whom: dict[Status, tuple[Any, str, Bilingual, timedelta | None]] = {
        Status.VERIFYING: (
            "applicant",
            "identity-clip",
            zh_en("等待您完成刷脸核验", "Waiting for your identity check"),
            timedelta(hours=24),
        ),
        Status.GATHERING: ("registry", "property", zh_en("等待不动产登记答复", "Waiting for the property registry"), None),
        Status.REVIEWING: ("clerk", "pre_review", zh_en("等待派出所预审", "Waiting for the station's pre-review"), timedelta(days=2)),
        Status.SUPPLEMENTING: ("applicant", "supplement", zh_en("等待您补正", "Waiting for what you must add"), timedelta(days=15)),
        Status.APPROVING: ("clerk", "approval", zh_en("等待县级公安机关审批", "Waiting for the county"), timedelta(days=5)),
        Status.ISSUING: ("system", "document", zh_en("正在制作证明", "Making your document"), None),
        Status.AWAITING_COUNTER: ("applicant", "visit", zh_en("等待您到窗口办理", "Waiting for your visit"), timedelta(days=52)),
        Status.POSTING: ("post", "parcel", zh_en("邮寄途中", "On its way by post"), None),
    }
    if status is Status.PAYING:
        return [waiting_for_fee()]
    if status not in whom:
        return []
    who, what, text, left = whom[status]
    return [WaitingFor(who=who, what=what, text=text, since=NOW, until=NOW + left if left else None, late=status is Status.GATHERING)]


def decision(code: str, outcome: str) -> DecisionView:
    item = CATALOGUE.get(code)
    reasons = [
        ReasonView(
            rule=r.id, holds=i > 0, favourable=i > 0, text=r.holds if i else r.otherwise, sources=r.sources, legal_basis=r.legal_basis
        )
        for i, r in enumerate(item.rules)
    ]
    person = outcome == "refused"
    return DecisionView(
        outcome=outcome,
        by="clerk:approver" if person else "machine",
        decided_at=NOW - timedelta(hours=1),
        reasons=reasons,
        reason="查到的记录在法定范围内，不能出具无记录证明。" if person else None,
        points=CATALOGUE.decide(item, example_facts(item, sample_of(item), CATALOGUE.sources)).points,
    )


def case_view(status: Status = Status.VERIFYING, code: str = "name-change", **changed: Any) -> ApplicationView:
    """A sample case in any status; keyword arguments replace fields."""
    item = CATALOGUE.get(code)
    answers: dict[str, dict[str, Any]] = {
        "name-change": {"new_name": "林语彤", "reason": "uncommon", "reason_detail": "“桐”字常被写错，办事不便。"},
        "no-criminal-record": {"reason": "abroad", "reason_detail": "赴德国学习"},
        "purchase-migration": {"property_certificate": "浙(2023)温州市不动产权第0045678号", "movers": [HUSBAND, CHILD]},
    }
    materials = [
        MaterialView(
            code=m.code,
            name=m.name,
            help=m.help,
            required=m.required,
            original_at_counter=m.original_at_counter,
            uploads=[] if changed.get("bare") else [upload_view()],
        )
        for m in item.uploads
    ]
    changed.pop("bare", None)
    early = status in (Status.VERIFYING, Status.PAYING, Status.GATHERING)
    actions = {
        Status.VERIFYING: ["record_clip", "new_code", "upload", "withdraw"],
        Status.SUPPLEMENTING: ["upload", "supplement", "withdraw"],
    }
    outcome = {Status.REFUSED: "refused", Status.REVIEWING: "referred", Status.APPROVING: "referred", Status.SUPPLEMENTING: "referred"}
    base: dict[str, Any] = {
        "id": CASE,
        "acceptance_number": NUMBER,
        "service_item": code,
        "service_item_name": item.name,
        "version": 1,
        "status": status,
        "status_text": STATUS_TEXT[status],
        "waiting_for": waiting(status),
        "decision": None if early else decision(code, outcome.get(status, "approved")),
        "evidence": [] if early else [EvidenceView(source=e.name, fetched_at=NOW, digest="9f" * 32) for e in item.evidence],
        "window": WindowView(closes_at=NOW + timedelta(days=52)) if status is Status.AWAITING_COUNTER else None,
        "timeline": timeline(),
        "documents": [DocumentView(number=DOCUMENT, title=item.document.title, url="/v1/certificates/x/file", issued_at=NOW)]
        if status is Status.COMPLETED
        else [],
        "challenge": challenge() if status is Status.VERIFYING else None,
        "materials": materials,
        "supplement": SupplementView(
            round=1,
            rounds_allowed=3,
            until=NOW + timedelta(days=15),
            requests=[
                SupplementRequestView(
                    target="answers.reason_detail",
                    reason="理由不够具体，请写明事由和经过。",
                    label=zh_en("详细说明（选填）", "More detail (optional)"),
                ),
                SupplementRequestView(
                    target="materials.proof", reason="照片缺右下角，请重拍。", label=zh_en("变更理由的证明材料", "Proof of the reason")
                ),
            ],
        )
        if status is Status.SUPPLEMENTING
        else None,
        "identity": IdentityView(
            attempts_used=0,
            attempts_allowed=3,
            checking=False,
            passed=status is not Status.VERIFYING,
            last_reasons=[],
            consented=True,
        ),
        "answers": answers.get(code, dict(sample_of(item).answers)),
        "delivery": item.delivery[0].value,
        "tracking_number": "EA123456789CN" if status is Status.POSTING else None,
        "actions": [] if status.final else actions.get(status, ["withdraw"]),
        "opened_at": NOW - timedelta(hours=3),
        "updated_at": NOW,
        "ended_at": NOW if status.final else None,
        "deadlines": deadlines_view(status),
        "trips": trips_view(status, changed.get("delivery", item.delivery[0].value)),
        "result": CATALOGUE.document_text(item, example_facts(item, sample_of(item), CATALOGUE.sources))
        if item.kind is Kind.QUERY and status is Status.COMPLETED
        else None,
    }
    return ApplicationView(**(base | changed)).pinned_to(item)


def application_row(status: Status, code: str) -> ApplicationRow:
    view = case_view(status, code)
    return ApplicationRow(**{name: getattr(view, name) for name in ApplicationRow.model_fields})


def work_row(kind: StepKind = StepKind.PRE_REVIEW, *, serial: int = 0, **changed: Any) -> WorkItemRow:
    base: dict[str, Any] = {
        "id": UUID(int=WORK.int + serial),
        "kind": kind,
        "kind_text": KIND_TEXT[kind],
        "name": KIND_TEXT[kind],
        "status": "claimed",
        "application_id": CASE,
        "acceptance_number": str(int(NUMBER) + serial),
        "service_item": "name-change",
        "service_item_name": CATALOGUE.get("name-change").name,
        "applicant_name": "林雨桐",
        "jurisdiction": "330302510000",
        "claimed_by": "clerk-1",
        "claimed_by_name": "周明",
        "mine": True,
        "due_at": NOW + timedelta(days=1 + serial),
        "overdue": False,
        "opened_at": NOW,
    }
    return WorkItemRow(**(base | changed))


def resident_record() -> dict[str, Any]:
    return {
        "id_number": ME,
        "name": "林雨桐",
        "former_name": None,
        "sex": "female",
        "birth_date": "1990-03-07",
        "address": "浙江省温州市鹿城区五马街道解放街 12 号 3 幢 402 室",
        "relation_to_head": "head",
        "household_head": True,
        "household_members": [
            {"id_number": ME, "name": "林雨桐", "relation": "head"},
            {"id_number": HUSBAND, "name": "陈志远", "relation": "spouse"},
        ],
        "marital_status": "married",
        "status": "normal",
    }


def work_detail(kind: StepKind = StepKind.PRE_REVIEW, **changed: Any) -> WorkItemDetail:
    status = {StepKind.COUNTER_CHECK: Status.AWAITING_COUNTER, StepKind.APPROVAL: Status.APPROVING}.get(kind, Status.REVIEWING)
    case, item = case_view(status), CATALOGUE.get("name-change")
    base: dict[str, Any] = {
        "row": work_row(kind),
        "application": case,
        "applicant_name": "林雨桐",
        "applicant_id_number": ME,
        "comparisons": [
            Comparison(
                field="name",
                label=zh_en("姓名", "Name"),
                answered="林雨桐",
                source="resident_population",
                source_name=CATALOGUE.source_name("resident_population"),
                registered="林雨桐",
                agrees=True,
            ),
            Comparison(
                field="new_name",
                label=zh_en("新姓名", "New name"),
                answered="林语彤",
                source="resident_population",
                source_name=CATALOGUE.source_name("resident_population"),
                registered="林雨桐",
                agrees=False,
            ),
            Comparison(
                field="reason",
                label=zh_en("变更的理由", "Reason"),
                answered="生僻字",
                source="resident_population",
                source_name=CATALOGUE.source_name("resident_population"),
                registered="",
                agrees=None,
            ),
        ],
        "evidence": [
            EvidenceRecord(
                source="resident_population",
                source_name=CATALOGUE.source_name("resident_population"),
                found=True,
                fetched_at=NOW,
                digest="9f" * 32,
                purpose="核对您的姓名和户籍",
                record=resident_record(),
            ),
            EvidenceRecord(
                source="criminal_records",
                source_name=CATALOGUE.source_name("criminal_records"),
                found=False,
                fetched_at=NOW,
                digest="3c" * 32,
                purpose="核对有无不得变更姓名的情形",
                record={},
            ),
        ],
        "originals": [
            MaterialView(
                code="proof", name=item.uploads[0].name, help=None, required=True, original_at_counter=True, uploads=[upload_view()]
            ),
            MaterialView(
                code="household-book",
                name=zh_en("居民户口簿原件", "Household book (original)"),
                help=None,
                required=True,
                original_at_counter=True,
                uploads=[],
            ),
        ],
        "outcomes": [(o, OUTCOME_TEXT[o]) for o in OUTCOMES[kind]],
        "supplement_targets": [
            ("answers.new_name", zh_en("新姓名", "The new name")),
            ("answers.reason", zh_en("变更的理由", "Why do you change it?")),
            ("answers.reason_detail", zh_en("详细说明（选填）", "More detail (optional)")),
            ("materials.proof", zh_en("变更理由的证明材料", "Proof of the reason")),
        ],
        "supplement_rounds_left": 3,
        "may_claim": False,
        "may_complete": True,
        "referred_because": zh_en("转人工办理，因为：变更的理由要由民警核对。", "Referred to a person because: the reason is looked at."),
        "limits": limits_view(),
    }
    return WorkItemDetail(**(base | (work_in_hand() if kind in DECIDING else {}) | changed))


def look_row(*, serial: int = 0) -> dict[str, Any]:
    """As the store finds it: by a clerk, or by a registry question of the machine."""
    by_clerk = serial % 2 == 0
    return {
        "id": 100 - serial,
        "at": NOW - timedelta(hours=serial),
        "by": "clerk:clerk-1" if by_clerk else "machine",
        "login": "zhou" if by_clerk else None,
        "name": "周明" if by_clerk else None,
        "role": Role.PRE_REVIEWER.value if by_clerk else None,
        "station": "330302510000" if by_clerk else None,
        "county": "330302" if by_clerk else None,
        "acceptance_number": NUMBER,
        "service_item": "name-change",
        "source": None if by_clerk else "resident_population",
        "purpose": {"zh": "查看办件", "en": "Looking at the application"},
        "fields": ["name", "answers"],
    }


def limits_view(**changed: Any) -> LimitsView:
    base: dict[str, Any] = {
        "step": LimitView(working_days=2, due_at=NOW + timedelta(days=1)),
        "promised": LimitView(working_days=7, due_at=NOW + timedelta(days=6)),
        "legal": LimitView(working_days=20, due_at=NOW + timedelta(days=25)),
        "escalation": 1,
    }
    return LimitsView(**(base | changed))


def question_view(**changed: Any) -> QuestionView:
    base: dict[str, Any] = {
        "id": UUID(int=0xC3),
        "text": "您在学校和单位用的是哪个名字？",
        "asked_at": NOW - timedelta(days=2),
        "asked_by": "周明",
        "until": NOW + timedelta(days=8),
        "state": "answered",
        "answer": "一直用“林雨桐”，毕业证上也是。",
        "answered_at": NOW - timedelta(days=1),
    }
    return QuestionView(**(base | changed))


def open_question_view() -> QuestionView:
    return question_view(state="open", answer=None, answered_at=None)


def task_view(**changed: Any) -> TaskView:
    base: dict[str, Any] = {
        "id": WORK,
        "kind": "visit",
        "kind_text": TASK_TEXT["visit"],
        "text": "到解放街 12 号核实申请人是否居住在此，邻里如何称呼。",
        "clerk_id": "clerk-7",
        "clerk_name": "何志强",
        "due_at": NOW + timedelta(days=3),
        "status": "open",
    }
    return TaskView(**(base | changed))


def investigation_view(**changed: Any) -> InvestigationView:
    done = {"status": "completed", "outcome": "done", "outcome_text": OUTCOME_TEXT["done"], "closed_at": NOW}
    base: dict[str, Any] = {
        "id": UUID(int=0xC4),
        "reason": "邻里反映申请人另有曾用名。",
        "opened_at": NOW - timedelta(days=1),
        "opened_by": "周明",
        "tasks": [task_view(), task_view(id=UUID(int=0xC5), kind="call", kind_text=TASK_TEXT["call"], finding="已电话核实。", **done)],
    }
    return InvestigationView(**(base | changed))


def work_in_hand() -> dict[str, Any]:
    """What a deciding step shows beside the evidence."""
    status = Status.COMPLETED
    earlier = EarlierCase(
        acceptance_number="33030020250301000017",
        service_item="residence-permit",
        service_item_name=CATALOGUE.get("residence-permit").name,
        status=status,
        status_text=STATUS_TEXT[status],
        opened_at=NOW - timedelta(days=266),
        as_applicant=True,
    )
    step = StepView(
        kind=StepKind.PRE_REVIEW,
        name=KIND_TEXT[StepKind.PRE_REVIEW],
        outcome="pass",
        outcome_text=OUTCOME_TEXT["pass"],
        reason="材料齐全，理由属实。",
        by="李娜",
        at=NOW - timedelta(hours=5),
    )
    return {
        "questions": [question_view()],
        "investigations": [investigation_view(closed_at=NOW, closed_by="周明", finding="未发现另有曾用名。")],
        "steps": [step],
        "earlier": EarlierView(cases=[earlier, earlier.model_copy(update={"as_applicant": False})], elsewhere=2),
        "notes": [NoteView(by="李娜", at=NOW - timedelta(hours=4), text="已与户政科核对。")],
        "may_ask": True,
        "may_investigate": True,
        "investigators": [Investigator(id="clerk-7", name="何志强", open_tasks=0), Investigator(id="clerk-8", name="王芳", open_tasks=3)],
    }


def read_view(serial: int = 1, **changed: Any) -> ReadView:
    """The population registry was asked for a name change; keyword arguments replace fields."""
    base: dict[str, Any] = {
        "id": serial,
        "at": NOW - timedelta(hours=serial),
        "who": "machine",
        "by": zh_en("系统（办理核验）", "The system, to handle the application"),
        "source": "resident_population",
        "source_name": CATALOGUE.source_name("resident_population"),
        "purpose": zh_en("核对您的姓名和户籍", "To check your name and household"),
        "fields": [ReadField(name="name", label=zh_en("姓名", "Name")), ReadField(name="address", label=zh_en("户籍地址", "Address"))],
        "service_item": "name-change",
        "service_item_name": CATALOGUE.get("name-change").name,
        "application_id": CASE,
        "acceptance_number": NUMBER,
        "about_applicant": True,
    }
    return ReadView(**(base | changed))


def read_views() -> list[ReadView]:
    """Each kind of reader, over two days."""
    nothing = {"source": None, "source_name": None}
    prefill = {"who": "prefill", "by": zh_en("系统（预填申请表）", "The system, to fill in the form"), "service_item_name": None}
    no_case = {"application_id": None, "acceptance_number": None}
    clerk = zh_en("五马派出所预审民警", "Wuma station, pre-review officer")
    return [
        read_view(9),
        read_view(10, who="clerk", by=clerk, purpose=zh_en("预审", "Pre-review"), **nothing),
        read_view(
            11,
            who="client",
            by=zh_en("代办程序“市民门户”", "The program “City portal”"),
            purpose=zh_en("代您查看办理进度", "Following"),
            **nothing,
        ),
        read_view(12, who="operator", by=zh_en("系统运维人员", "The operator of the system"), **nothing, **no_case),
        read_view(40, **prefill, **no_case, about_applicant=None),
        read_view(41, **no_case, about_applicant=False),
        read_view(42, who="clerk", by=clerk, **no_case, about_applicant=False),
    ]


@dataclass
class World(QueueWorld, CounterWorld, FaceWorld):
    """What the fake use cases answer with, and what pages asked of them. Tests set fields."""

    case: ApplicationView = field(default_factory=case_view)
    detail: WorkItemDetail = field(default_factory=work_detail)
    rows: list[WorkItemRow] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    drafts: dict[str, dict[str, Any]] = field(default_factory=dict)
    done: list[tuple[str, Any]] = field(default_factory=list)
    applicant: ApplicantActor | None = field(default_factory=applicant_actor)
    reads: list[ReadView] = field(default_factory=list)
    notices: list[NoticeView] = field(default_factory=list)
    email: str | None = None
    cards: CardWorld = field(default_factory=CardWorld)
    clerk: ClerkActor | None = field(default_factory=clerk_actor)
    publications: MemoryPublications = field(default_factory=MemoryPublications)
    record: MemoryRecord = field(default_factory=MemoryRecord)
    supervision: SupervisionWorld = field(default_factory=SupervisionWorld)
    found: list[WorkItemRow] = field(default_factory=lambda: [work_row(StepKind.COUNTER_CHECK)])

    # accounts
    async def request_code(self, office: Any, *, id_number: str, name: str, phone: str) -> UUID:
        if len(id_number) != 18:
            raise InvalidInput(
                fields=[
                    FieldError(
                        path="/applicant/id_number",
                        text=zh_en("身份证号应为 18 位，请核对", "An ID number has 18 characters. Please check it"),
                    )
                ]
            )
        self.done.append(("request_code", phone))
        return CODE_REQUEST

    async def confirm_code(self, office: Any, request_id: UUID, code: str) -> str:
        if code != "123456":
            raise InvalidInput(fields=[FieldError(path="/code", text=zh_en("验证码不对", "The code is not right"))])
        return TOKEN

    async def clerk_sign_in(self, office: Any, login: str, password: str, totp: str) -> str:
        if password != "right":
            raise InvalidInput(fields=[FieldError(path="/login", text=zh_en("账号或密码不对", "Login or password is not right"))])
        return CLERK_TOKEN

    async def applicant_of(self, office: Any, token: str) -> ApplicantActor | None:
        return self.applicant if token == TOKEN else None

    async def clerk_of(self, office: Any, token: str) -> ClerkActor | None:
        return self.clerk if token == CLERK_TOKEN else None

    async def sign_out(self, office: Any, token: str) -> None:
        self.done.append(("sign_out", token))

    async def csrf_of(self, office: Any, token: str) -> str:
        return CSRF if token == TOKEN else CLERK_CSRF

    # applying
    async def prefill(self, office: Any, actor: ApplicantActor, item: ServiceItem) -> PrefilledForm:
        values = dict[str, Any]()
        record = resident_record() | {
            "properties": [
                {
                    "certificate_number": "浙(2023)温州市不动产权第0045678号",
                    "address": "浙江省温州市鹿城区滨江街道江滨路 88 号 5 幢 1203 室",
                    "area_m2": 98.5,
                }
            ]
        }
        record["household_members"] = [*record["household_members"], {"id_number": CHILD, "name": "陈念", "relation": "daughter"}]
        for fill in item.prefill:
            if fill.source not in self.failed:
                values[fill.field] = record.get(fill.path)
        return PrefilledForm(values=values, sources={f.field: f.source for f in item.prefill}, read_at=NOW, failed=self.failed)

    async def points_so_far(self, office: Any, actor: ApplicantActor, item: ServiceItem, answers: Mapping[str, Any]) -> PointsTally | None:
        """As before submission: one registry was read, the others were not asked yet."""
        facts = example_facts(item, sample_of(item), CATALOGUE.sources) if item.points else {}
        known: dict[str, Any] = {name: facts[name] for name in ("answers", "applicant", "today", "residence_permits") if name in facts}
        return CATALOGUE.decide(item, known).points if item.points else None

    async def save_draft(self, office: Any, actor: ApplicantActor, code: str, body: Mapping[str, Any]) -> None:
        self.drafts[code] = dict(body)

    async def load_draft(self, office: Any, actor: ApplicantActor, code: str) -> dict[str, Any] | None:
        return self.drafts.get(code)

    async def request_of(
        self, office: Any, actor: ApplicantActor, code: str, answers: Any, delivery: Any, language: Any, channel: Any, email: Any = None
    ) -> Any:
        applicant = {"id_number": ME, "name": "林雨桐", "phone": "19900000001", "email": email}
        return ApplicationRequest(
            service_item=code,
            applicant=applicant,
            answers=answers,
            delivery=delivery,
            language=language,
            channel=channel,
        )

    async def submit(self, office: Any, actor: ApplicantActor, request: ApplicationRequest, idempotency_key: str) -> ApplicationView:
        self.done.append(("submit", (request, idempotency_key)))
        return self.case

    async def choose_counter(self, office: Any, actor: Any, application_id: UUID) -> ApplicationView:
        self.done.append(("choose_counter", application_id))
        return self.case

    async def hand_in_clip(
        self, office: Any, actor: Any, application_id: UUID, data: bytes, media_type: str, *, challenge_id: UUID | None = None
    ) -> ApplicationView:
        if challenge_id not in (None, self.asked.id):
            raise ChallengeExpired()
        self.done.append(("hand_in_clip", (len(data), media_type)))
        return self.case

    async def upload_material(self, office: Any, actor: Any, application_id: UUID, code: str, data: bytes, media_type: str) -> UploadView:
        self.done.append(("upload_material", (code, len(data), media_type)))
        return upload_view()

    async def supplement(self, office: Any, actor: Any, application_id: UUID, answers: Mapping[str, Any]) -> ApplicationView:
        self.done.append(("supplement", dict(answers)))
        return self.case

    async def withdraw(self, office: Any, actor: Any, application_id: UUID) -> ApplicationView:
        self.done.append(("withdraw", application_id))
        return self.case

    # following
    async def get_application(self, office: Any, actor: Any, application_id: UUID) -> ApplicationView:
        if application_id != CASE:
            raise NotFound()
        return self.case

    async def my_applications(self, office: Any, actor: ApplicantActor) -> list[ApplicationRow]:
        return [
            application_row(Status.SUPPLEMENTING, "name-change"),
            application_row(Status.COMPLETED, "no-criminal-record"),
            application_row(Status.GATHERING, "purchase-migration"),
        ]

    # paying
    async def look_at_payment(self, office: Any, actor: ApplicantActor, application_id: UUID) -> None:
        self.done.append(("look_at_payment", application_id))

    # notices
    async def notices_of_case(self, office: Any, actor: Any, application_id: UUID) -> list[NoticeView]:
        return self.notices

    async def my_notices(self, office: Any, actor: ApplicantActor, cursor: str | None = None) -> NoticePage:
        self.done.append(("my_notices", cursor))
        return NoticePage(items=self.notices, next_cursor=str(self.notices[-1].id) if self.notices and not cursor else None)

    async def my_email(self, office: Any, actor: ApplicantActor) -> str | None:
        return self.email

    async def set_my_email(self, office: Any, actor: ApplicantActor, typed: str) -> None:
        self.email = checked_email(typed)
        self.done.append(("set_my_email", self.email))

    # reads
    async def my_reads(
        self, office: Any, actor: ApplicantActor, wanted: ReadFilter, cursor: str | None = None, *, limit: int = 50
    ) -> ReadPage:
        self.done.append(("my_reads", (wanted, cursor)))
        return ReadPage(items=self.reads, next_cursor="7" if self.reads and not cursor else None)

    async def my_choices(self, office: Any, actor: ApplicantActor) -> Any:
        named = {"name-change": CATALOGUE.get("name-change").name}, {"resident_population": CATALOGUE.source_name("resident_population")}
        return tuple(list(names.items()) if self.reads else [] for names in named)

    async def changes(self, office: Any, actor: Any, application_id: UUID, after: int) -> AsyncIterator[int]:
        seen = None
        while not (seen and seen.status.final):
            if self.case is not seen:
                seen, after = self.case, after + 1
                yield after
            await asyncio.sleep(0.02)

    async def document_file(self, office: Any, actor: Any, number: str) -> tuple[bytes, str]:
        return b"%PDF-1.7\n%%EOF\n", f"{number}.pdf"

    async def material_page(self, office: Any, actor: Any, application_id: UUID, upload_id: UUID, number: int) -> tuple[bytes, str]:
        return picture(), "image/jpeg"

    async def material_file(self, office: Any, actor: Any, application_id: UUID, upload_id: UUID) -> tuple[bytes, str]:
        return picture(), "image/jpeg"

    # clerking
    async def work_item(self, office: Any, actor: ClerkActor, work_item_id: UUID) -> WorkItemDetail:
        return self.detail

    async def claim(self, office: Any, actor: ClerkActor, work_item_id: UUID) -> WorkItemRow:
        raise WorkItemAlreadyClaimed()

    async def complete(self, office: Any, actor: ClerkActor, work_item_id: UUID, **result: Any) -> WorkItemRow:
        if result["outcome"] == "supplement" and any(not s.reason for s in result["supplement"]):
            raise InvalidInput(fields=[FieldError(path="/supplement/0/reason", text=zh_en("请写明补正理由", "Give a reason"))])
        if not result["outcome"]:
            raise InvalidInput(fields=[FieldError(path="/outcome", text=zh_en("请选择办理结果", "Choose a result"))])
        self.done.append(("complete", result))
        return self.detail.row

    # questions and investigations
    async def answer(self, office: Any, actor: Any, application_id: UUID, question_id: UUID, text: str) -> None:
        if not text:
            raise InvalidInput(fields=[FieldError(path="/answer", text=zh_en("请填写答复", "Write your answer"))])
        self.done.append(("answer", (question_id, text)))

    async def ask(self, office: Any, actor: ClerkActor, work_item_id: UUID, text: str) -> None:
        if not text:
            raise InvalidInput(fields=[FieldError(path="/question", text=zh_en("请写明要问申请人什么", "Say what you want to know"))])
        self.done.append(("ask", text))

    async def open_investigation(self, office: Any, actor: ClerkActor, work_item_id: UUID, reason: str, tasks: Sequence[Any]) -> None:
        if not reason:
            raise InvalidInput(fields=[FieldError(path="/why", text=zh_en("请写明为什么要调查", "Say why"))])
        if any(task.day < NOW.date() for task in tasks):
            raise InvalidInput(fields=[FieldError(path="/tasks/0/day", text=zh_en("请选择今天或以后的日期", "Choose today or later"))])
        self.done.append(("open_investigation", (reason, list(tasks))))

    async def close_investigation(self, office: Any, actor: ClerkActor, work_item_id: UUID, finding: str) -> None:
        self.done.append(("close_investigation", finding))

    async def find_cases(self, office: Any, actor: ClerkActor, text: str) -> list[ApplicationRow]:
        return [application_row(Status.GATHERING, "purchase-migration")]

    async def find(self, office: Any, actor: ClerkActor, text: str) -> list[WorkItemRow]:
        self.done.append(("find", text))
        return self.found

    # verifying
    async def certificate(self, office: Any, number: str) -> CertificateView:
        if number != DOCUMENT:
            raise NotFound()
        item = office.catalogue.get("no-criminal-record")
        return CertificateView(
            number=number,
            valid=True,
            title=item.document.title,
            office=office.settings_view.office_name,
            issued_at=NOW,
            sha256="ab" * 32,
        )

    async def verify_file(self, office: Any, data: bytes) -> SealVerdict:
        return SealVerdict(
            result="altered", number=DOCUMENT, text=zh_en("文件在盖章之后被改动过。", "The file was changed after it was sealed.")
        )

    async def verify_token(self, office: Any, token: str) -> Any:
        return await self.certificate(office, token)

    # redeciding
    async def try_service_item(self, office: Any, item: ServiceItem, since: datetime) -> Trial:
        self.done.append(("try_service_item", (item, since)))
        changed = Changed(acceptance_number=NUMBER, was="approved", now="referred", rules=["no-record-found"])
        return Trial(cases=3, same=1, skipped=1, otherwise=[changed])

    # demo
    async def people(self, office: Any) -> Sequence[dict[str, Any]]:
        return [
            {
                "key": "no-record",
                "name": "林雨桐",
                "id_number": ME,
                "phone": "19900000001",
                "what_for": {"zh": "申请“有无违法犯罪记录证明”：无记录", "en": "Apply for the no-criminal-record certificate"},
                "certificate_number": None,
            }
        ]

    async def clerks(self, office: Any) -> Sequence[dict[str, Any]]:
        return [{"login": "zhou", "name": "周明", "role": "pre_reviewer", "password": "right", "totp": "123456"}]

    async def demo_card(self, office: Any, actor: ApplicantActor, side: CardSide) -> bytes:
        return side.value.encode()

    async def demo_clip(self, office: Any, actor: Any, application_id: UUID) -> tuple[bytes, str]:
        return b"webm", "video/webm"


PARTS = {
    accounts: ("request_code", "confirm_code", "clerk_sign_in", "applicant_of", "clerk_of", "sign_out", "csrf_of"),
    applying: (
        "prefill",
        "points_so_far",
        "save_draft",
        "load_draft",
        "request_of",
        "submit",
        "renew_challenge",
        "show_challenge",
        "consent_to_face_check",
        "choose_counter",
        "hand_in_clip",
        "upload_material",
        "supplement",
        "withdraw",
    ),
    following: ("get_application", "my_applications", "changes", "document_file", "material_file", "material_page"),
    paying: ("look_at_payment",),
    notices: ("notices_of_case", "my_notices", "my_email", "set_my_email"),
    questions: ("ask", "answer"),
    investigating: ("open_investigation", "close_investigation"),
    reads: ("my_reads", "my_choices"),
    clerking: ("work_item", "complete", "find", "find_cases"),
    queueing: ("claim",),
    examining: ("identity_file", "portrait", "frame"),
    counter: ("visits", "check_in", "end_visit", "scan_original", "keep_signature", "inquiry_number", "counter_name"),
    appointments: ("booking", "book", "cancel", "arrivals"),
    filing: ("begin", "enter_phone", "attended", "attended_case", "file", "identity_work", "check_identity_here"),
    verifying: ("certificate", "verify_file", "verify_token"),
    redeciding: ("try_service_item",),
    demo: ("people", "clerks", "demo_card", "demo_clip"),
}


class FakeOffice:
    """What pages call the office; editors' files are kept in the world, which tests renew."""

    catalogue = CATALOGUE
    token_key = b"k" * 32

    def __init__(self, world: World, settings: SettingsView) -> None:
        self._world = world
        self.settings_view = settings
        self.calendar = MemoryCalendar()
        self.working_days = OfficeWorkingDays(self.calendar, fresh_seconds=0)
        self.personnel = MemoryPersonnel()
        self.record = world.record
        self.heads = PlainSeal()
        self.cards = self.accounts = self.reads = self.desk = self.engine = world.cards  # what the real-name pages reach

    @property
    def publications(self) -> MemoryPublications:
        return self._world.publications

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def clean_upload(self, data: bytes, declared: str) -> CleanUpload:
        return clean_upload(data, declared)


def office_with(world: World, patch: pytest.MonkeyPatch, *, demo_mode: bool = True, site_url: str = "http://testserver") -> Any:
    """Put the world behind the use cases' names, until the patch is undone; the answer is what pages call the office."""
    for module, names in PARTS.items():
        for name in names:
            assert hasattr(module, name), f"{module.__name__} has no {name}"
            patch.setattr(module, name, getattr(world, name))
    for module, renamed in QUEUE_PARTS.items():
        for name, ours in renamed.items():
            assert hasattr(module, name), f"{module.__name__} has no {name}"
            patch.setattr(module, name, getattr(world, ours))
    for module, behind in supervision_parts(world).items():
        for name, answer in behind.items():
            assert hasattr(module, name), f"{module.__name__} has no {name}"
            patch.setattr(module, name, answer)
    settings = SettingsView(
        demo=demo_mode,
        site_url=site_url,
        office_name=zh_en("温州市公安局（演示）", "Wenzhou Public Security Bureau (demonstration)"),
        sms_page_url=f"{site_url}/sms",
        division="330300",
    )
    return FakeOffice(world, settings)


def pages(world: World, patch: pytest.MonkeyPatch, **options: Any) -> FastAPI:
    app = FastAPI()
    web.mount(app, office_with(world, patch, **options))
    return app
