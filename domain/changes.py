"""What a procedure tells the read model: one change of a case, with its event, written in one transaction."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from domain.application import ApplicationRequest, Status, WaitingFor
from domain.decision import Outcome
from domain.identity import IdentityVerdict, Way
from domain.inquiries import Pattern
from domain.jurisdiction import Role
from domain.limits import Clock, Clocks, Escalation, Mark
from domain.money import Payment
from domain.parcels import Parcel
from domain.reads import PREFILL
from domain.service_item import ServiceItem, StepKind
from domain.text import Bilingual, Language


class OpenCase(BaseModel):
    """The first step of every case. `application_id` is its idempotency key."""

    application_id: UUID
    request: ApplicationRequest
    at: datetime


class CaseOpened(BaseModel):
    """The service item in force, pinned: the case ends under the rules it began with."""

    acceptance_number: str
    item: ServiceItem
    challenge: "ChallengeIssued"
    procedure: int = 1  # the way of working that the case began under, see `workflows/procedure.py`


PROCEDURE = 2  # clocks, questions, investigations, fees, appointments; cases that began before keep 1


class ChallengeIssued(BaseModel):
    """The code itself stays in the database: histories hold its id only."""

    id: UUID
    expires_at: datetime


TaskKind = Literal["visit", "call", "letter"]


class WorkItemOpening(BaseModel):
    kind: StepKind
    role: Role
    level: str  # station | county
    name: Bilingual
    working_days: int | None = None  # before clocks
    until: datetime | None = None  # a fixed limit, such as the counter window
    clock: Clock | None = None  # a limit in working days
    escalation: Escalation = Escalation.NONE  # of an earlier work item of the same step


class InvestigationTask(BaseModel):
    """One task: what, by whom, until the end of which day (China). `text` may name people; it is sealed where it rests."""

    kind: TaskKind
    clerk_id: str
    day: date
    text: str = Field(min_length=1, max_length=2000)


class InvestigationOpening(BaseModel):
    id: UUID
    work_item_id: UUID
    clerk_id: str
    reason: str
    tasks: list[InvestigationTask]


class InvestigationClosing(BaseModel):
    id: UUID
    clerk_id: str
    finding: str


class QuestionOpening(BaseModel):
    id: UUID
    work_item_id: UUID
    clerk_id: str
    text: str
    until: datetime


class QuestionClosing(BaseModel):
    """`answer` None: it lapsed, or the clerk went on without."""

    id: UUID
    answer: str | None = None


class StaffNote(BaseModel):
    """Tell whoever holds a work item, and by its level the team leader and the supervisor; they are looked up where it is written."""

    work_item_id: UUID | None  # None: about the case as a whole
    kind: str
    level: Escalation = Escalation.NONE
    text: Bilingual


class AppointmentChange(BaseModel):
    """Book (another one is given back), cancel, or note what became of it. `id` is of the new or the current appointment."""

    id: UUID
    status: Literal["booked", "cancelled", "no_show", "kept"]
    station: str | None = None
    starts_at: datetime | None = None


class InquiryOpening(BaseModel):
    """一事一查, opened in the transaction of its cause. One of a pattern and case."""

    pattern: Pattern


class WorkItemClosing(BaseModel):
    """`outcome` None: nobody needs to do it any more."""

    id: UUID
    outcome: str | None
    clerk_id: str | None = None
    reason: str | None = None
    findings: dict[str, Any] = {}


class DecisionByPerson(BaseModel):
    outcome: Outcome
    by: str
    reason: str | None = None


class NoticeText(BaseModel):
    """An SMS to the applicant, and an e-mail where they gave an address; `key` makes it unique within the case. No personal data."""

    key: str
    text: Bilingual


class SupplementRequest(BaseModel):
    """What must be put right: a field (`answers.reason`) or a material (`materials.proof`), each with its reason."""

    target: str
    reason: str


class CaseChange(BaseModel):
    """`key` is unique within the case: a change that comes twice is written once and answers the same."""

    application_id: UUID
    key: str
    at: datetime
    event: str
    by: str
    text: Bilingual | None  # None: not on the applicant's timeline
    data: dict[str, Any] = {}  # shown to nobody, no personal data
    status: Status | None = None
    waiting_for: list[WaitingFor] | None = None
    window_closes_at: datetime | None = None
    issue_challenge: bool = False
    challenge_language: Language | None = None  # default: the last challenge's
    challenge_way: Way | None = None  # default: the last challenge's
    open_work_item: WorkItemOpening | None = None
    close_work_item: WorkItemClosing | None = None
    decision: DecisionByPerson | None = None
    identity: IdentityVerdict | None = None
    answers_patch: dict[str, Any] | None = None  # a supplement's new answers, merged into the old ones
    answers_dropped: list[str] = []  # old answers to what is not asked any more, filled in by the activity
    supplement: list[SupplementRequest] | None = None
    supplement_until: datetime | None = None
    notices: list[NoticeText] = []
    clocks: Clocks | None = None  # the limits as they run from now on; left out: as they were
    staff_note: StaffNote | None = None
    question: QuestionOpening | None = None
    question_closing: QuestionClosing | None = None
    investigation: InvestigationOpening | None = None
    investigation_closing: InvestigationClosing | None = None
    appointment: AppointmentChange | None = None
    payment: Payment | None = None
    parcel: Parcel | None = None
    inquiry: InquiryOpening | None = None
    after_end: bool = False  # the case has ended; a fee is given back


class ChangeResult(BaseModel):
    challenge: ChallengeIssued | None = None
    work_item_id: UUID | None = None
    task_ids: list[UUID] = []  # of an investigation, in the order of its tasks
    marks: list[Mark] = []  # of the change's clocks, in order
    appointment_ends_at: datetime | None = None


class DecisionTask(BaseModel):
    """Decide on the evidence of this supplement round. Idempotency key: application and round."""

    application_id: UUID
    at: datetime
    round: int = 0


class MachineDecision(BaseModel):
    outcome: Outcome


class LookUpTask(BaseModel):
    """A registry question outside any case: filling in a form for a signed-in person, or, with a `purpose` and no item, another."""

    source: str
    id_number: str
    service_item: str
    fields: list[str] = []
    by: str = PREFILL
    purpose: Bilingual | None = None


class LookUpAnswer(BaseModel):
    source: str
    found: bool
    record: dict[str, Any]


class EvidenceTask(BaseModel):
    """Ask one question for one application. Idempotency key: application, fact and round."""

    application_id: UUID
    source: str  # the fact's name, which is the source's own unless the item calls it otherwise
    round: int = 0


class ClipRef(BaseModel):
    """Where a clip lies; the registry `portrait` is fetched by the one who compares."""

    application_id: UUID
    clip_id: UUID
    challenge_id: UUID


class IdentityAnswer(BaseModel):
    """`verdict` None: the registry holds no portrait, so only a person can compare."""

    verdict: IdentityVerdict | None


class DocumentTask(BaseModel):
    application_id: UUID
    at: datetime


class PaymentTask(BaseModel):
    """Order, look at, close or give back the fee of a case. Idempotency key: the application."""

    application_id: UUID
    fen: int = 0


class DocumentIssued(BaseModel):
    document_id: UUID
    number: str


class ParcelOrdered(BaseModel):
    tracking_number: str


# --- commands: what people and integrators ask of a running case (workflow updates) ---


class SubmitClip(BaseModel):
    clip_id: UUID
    challenge_id: UUID


class ChooseCounter(BaseModel):
    by: str = "applicant"


class RenewChallenge(BaseModel):
    """What is left out stays as the last challenge had it."""

    language: Language | None = None
    way: Way | None = None


class AttachMaterial(BaseModel):
    material_id: UUID
    code: str


class Withdraw(BaseModel):
    by: str = "applicant"


class CompleteWorkItem(BaseModel):
    """A clerk's result. Which outcomes a kind allows is in `domain/work_items.py`."""

    work_item_id: UUID
    clerk_id: str
    role: Role
    outcome: str
    reason: str | None = None
    supplement: list[SupplementRequest] = []
    originals: dict[str, str] = {}  # material code → same | different | missing


class AskQuestion(BaseModel):
    work_item_id: UUID
    clerk_id: str
    role: Role
    text: str = Field(min_length=1, max_length=2000)


class AnswerQuestion(BaseModel):
    question_id: UUID
    text: str = Field(min_length=1, max_length=2000)


class OpenInvestigation(BaseModel):
    work_item_id: UUID
    clerk_id: str
    role: Role
    reason: str = Field(min_length=1, max_length=2000)
    tasks: list[InvestigationTask] = Field(min_length=1, max_length=20)


class CloseInvestigation(BaseModel):
    """By whoever holds the step; tasks that are still open are cancelled."""

    work_item_id: UUID
    clerk_id: str
    role: Role
    finding: str = Field(min_length=1, max_length=4000)


class SetAppointment(BaseModel):
    """`starts_at` None gives it back."""

    station: str | None = None
    starts_at: datetime | None = None
    by: str = "applicant"  # applicant | clerk:<role>


class Supplement(BaseModel):
    """New answers for the fields that were marked; marked materials were attached before."""

    answers: dict[str, Any] = {}


class CaseState(BaseModel):
    """What a command answers with."""

    status: Status
    acceptance_number: str | None = None
    challenge: ChallengeIssued | None = None


CaseOpened.model_rebuild()
