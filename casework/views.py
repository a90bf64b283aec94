"""What use cases hand out: read-only pictures of cases and work items, for pages and API alike."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, PrivateAttr

from casework.case_views import (
    EarlierView,
    InvestigationView,
    Investigator,
    LimitsView,
    NoteView,
    QuestionView,
    ReasonTemplateView,
    StepView,
    TaskView,
)
from domain.application import Challenge, EvidenceView, Status, TimelineEntry, WaitingFor
from domain.appointments import AppointmentStatus
from domain.attempts import TRIES_A_DAY
from domain.changes import SupplementRequest
from domain.decision import PointsTally
from domain.documents import DocumentText
from domain.identity import Way
from domain.limits import Escalation
from domain.money import PaymentState
from domain.parcels import ParcelState
from domain.queues import PRIORITY_TEXT, Barred, Priority
from domain.service_item import LegalReference, ServiceItem, StepKind
from domain.text import Bilingual


class ReasonView(BaseModel):
    rule: str
    holds: bool | None
    favourable: bool  # whether it speaks for approval: a sign of doubt does so when it does not hold
    text: Bilingual
    sources: list[str]
    legal_basis: LegalReference


class DecisionView(BaseModel):
    outcome: str  # approved | referred | refused
    by: str  # machine | clerk:<role>
    decided_at: datetime
    reasons: list[ReasonView]
    reason: str | None = None  # a person's own words
    points: PointsTally | None = None  # as the machine counted them


class DocumentView(BaseModel):
    number: str
    title: Bilingual
    url: str  # /v1/certificates/{number}/file
    issued_at: datetime


class UploadView(BaseModel):
    id: UUID
    code: str
    media_type: str
    size: int
    pages: int
    round: int
    uploaded_at: datetime
    origin: str = "applicant"  # counter: the original, scanned there


class MaterialView(BaseModel):
    """One material that the applicant uploads; `uploads` newest first."""

    code: str
    name: Bilingual
    help: Bilingual | None
    required: bool
    original_at_counter: bool
    uploads: list[UploadView]


class SupplementView(BaseModel):
    round: int
    rounds_allowed: int
    until: datetime
    requests: list["SupplementRequestView"]


class SupplementRequestView(SupplementRequest):
    label: Bilingual


class IdentityView(BaseModel):
    attempts_used: int
    attempts_allowed: int
    checking: bool  # a clip was handed in and has no verdict yet
    passed: bool
    last_reasons: list[Bilingual]
    last_failed: list[str] = []  # for programs: the questions that the last clip failed, `clip:<fault>` where it could not be opened
    way: Way = "code_and_turn"
    tries_today: int = 0  # failed ones, over all cases of the applicant
    tries_per_day: int = TRIES_A_DAY
    wait_until: datetime | None = None  # before that no code and no clip
    to_counter: bool = False  # no more tries: for this application, or today
    needs_guardian: bool = False  # a child under fourteen, as of today
    consented: bool = False  # to the use of the face, by whoever has to


class WindowView(BaseModel):
    """The counter window; `counter` is the station to come to, as the registries call it."""

    closes_at: datetime
    counter: str | None = None


class DataRead(BaseModel):
    """A clerk read this case, and for what; once per clerk, purpose and day."""

    at: datetime
    purpose: Bilingual


class FeeView(BaseModel):
    """`fen` is 1/100 yuan. `pay_url` leads to the payment provider while the fee can be paid."""

    state: PaymentState
    fen: int
    basis: Bilingual | None = None  # what it is for, and on what ground
    pay_url: str | None = None
    until: datetime | None = None  # the last moment to pay
    receipt_number: str | None = None
    paid_at: datetime | None = None
    refunded_at: datetime | None = None


class ParcelView(BaseModel):
    tracking_number: str
    state: ParcelState
    at: datetime  # when it came into this state


class AppointmentView(BaseModel):
    """The newest appointment of a case; `counter` is the station's name where it is known."""

    id: UUID
    station: str
    counter: str | None
    starts_at: datetime
    minutes: int
    status: AppointmentStatus


class DeadlinesView(BaseModel):
    """What the office promises and what the law allows. A date is None while the clock does not run.

    `paused_for` says for whom the clock stands still.
    """

    promised_working_days: int
    promised_due_at: datetime | None = None
    legal_working_days: int
    legal_due_at: datetime | None = None
    paused_for: Literal["applicant", "registry"] | None = None


class TripsView(BaseModel):
    """How often the applicant comes to a counter for this case: never, or once."""

    needed: Literal[0, 1]
    done: bool = False
    been_before: bool = False  # at a counter, for another reason: the face check did not work
    why: Literal["none", "originals", "identity", "returned_parcel"] = "none"


class ApplicationView(BaseModel):
    """One case, as its applicant, its integrator and the clerks of its jurisdiction see it."""

    _item: ServiceItem | None = PrivateAttr(default=None)

    id: UUID
    acceptance_number: str
    service_item: str
    service_item_name: Bilingual
    version: int
    status: Status
    status_text: Bilingual
    waiting_for: list[WaitingFor]
    decision: DecisionView | None
    evidence: list[EvidenceView]
    window: WindowView | None
    timeline: list[TimelineEntry]
    reads: list[DataRead] = []
    documents: list[DocumentView]
    challenge: Challenge | None  # while verifying
    materials: list[MaterialView]
    supplement: SupplementView | None
    identity: IdentityView
    answers: dict[str, Any]
    delivery: str
    tracking_number: str | None
    actions: list[str]  # record_clip | new_code | upload | supplement | pay | answer | book | rate | withdraw
    opened_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    questions: list[QuestionView] = []  # what clerks asked the applicant, the newest first
    result: DocumentText | None = None  # of a query that was answered: what its document says
    deadlines: DeadlinesView | None = None
    trips: TripsView | None = None
    fee: FeeView | None = None
    parcel: ParcelView | None = None
    appointment: AppointmentView | None = None
    looked_into: bool = False  # something is being looked into before the case goes on
    grade: int | None = None  # how the applicant rated the service, 5 to 1

    def pinned_to(self, item: ServiceItem) -> "ApplicationView":
        self._item = item
        return self

    @property
    def item(self) -> ServiceItem:
        """The service item in the version that the case began under.

        Raises:
            LookupError: the view was made without it.
        """
        if self._item is None:
            raise LookupError("no service item is pinned to this view")
        return self._item


class ApplicationRow(BaseModel):
    """A line of "my applications"."""

    id: UUID
    acceptance_number: str
    service_item: str
    service_item_name: Bilingual
    status: Status
    status_text: Bilingual
    waiting_for: list[WaitingFor]
    opened_at: datetime
    updated_at: datetime


class WorkItemRow(BaseModel):
    """A line of the queue."""

    id: UUID
    kind: StepKind
    kind_text: Bilingual
    name: Bilingual
    status: str  # open | claimed | completed | cancelled
    application_id: UUID
    acceptance_number: str
    service_item: str
    service_item_name: Bilingual
    applicant_name: str
    jurisdiction: str
    claimed_by: str | None  # a clerk id
    claimed_by_name: str | None
    mine: bool
    due_at: datetime
    overdue: bool
    opened_at: datetime
    held_for_name: str | None = None  # the absent colleague in whose place it is held
    near: bool = False  # due within two days
    paused: bool = False  # the clock stands still
    priority: Priority = Priority.NORMAL
    priority_text: Bilingual = PRIORITY_TEXT[Priority.NORMAL]
    escalation: Escalation = Escalation.NONE
    offered: bool = False  # to some people only
    offered_to_me: bool = False
    barred: Barred | None = None  # why it is not for this clerk
    barred_text: Bilingual | None = None
    may_claim: bool = False


class Comparison(BaseModel):
    """One answer beside what one registry said of it; `agrees` None: nothing to compare."""

    field: str
    label: Bilingual
    answered: str
    source: str
    source_name: Bilingual
    registered: str
    agrees: bool | None


class EvidenceRecord(BaseModel):
    source: str
    source_name: Bilingual
    found: bool
    fetched_at: datetime
    digest: str
    purpose: str
    record: dict[str, Any]


class WorkItemDetail(BaseModel):
    """All that a clerk needs to decide, differences first."""

    row: WorkItemRow
    application: ApplicationView
    applicant_name: str
    applicant_id_number: str
    comparisons: list[Comparison]
    evidence: list[EvidenceRecord]
    originals: list[MaterialView]  # what the counter compares, one by one
    outcomes: list[tuple[str, Bilingual]]
    supplement_targets: list[tuple[str, Bilingual]]
    supplement_rounds_left: int
    may_claim: bool
    may_complete: bool
    referred_because: Bilingual | None = None  # why the machine did not decide, in one sentence
    limits: LimitsView | None = None
    questions: list[QuestionView] = []  # the newest first
    investigations: list[InvestigationView] = []  # the newest first
    task: TaskView | None = None  # where the work item is a task of an investigation
    steps: list[StepView] = []  # that people have ended, the newest first
    earlier: EarlierView = EarlierView()
    notes: list[NoteView] = []
    templates: list[ReasonTemplateView] = []
    may_ask: bool = False
    may_investigate: bool = False
    investigators: list[Investigator] = []  # who may be given a task, where this clerk may give one
    applicant_phone: str | None = None  # on an investigator's task


class Page(BaseModel):
    items: list[Any]
    next_cursor: str | None


class PrefilledForm(BaseModel):
    """Registry values for a form: field → value, where it comes from, when it was read. `failed` sources did not answer in time."""

    values: dict[str, Any]
    sources: dict[str, str]
    read_at: datetime
    failed: list[str]
    records: dict[str, dict[str, Any]] = {}  # by source: the fields that were asked for, `found` among them
    read_at_of: dict[str, datetime] = {}  # by source

    def when(self, field: str) -> datetime:
        """When the value of a field was read."""
        return self.read_at_of.get(self.sources.get(field, ""), self.read_at)


class CertificateView(BaseModel):
    """What anybody may know of a certificate number: no personal data."""

    number: str
    valid: bool
    title: Bilingual
    office: Bilingual
    issued_at: datetime
    sha256: str


SupplementView.model_rebuild()
