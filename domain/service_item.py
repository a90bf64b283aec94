"""A service item as its YAML file describes it: the form, the sources, the rules, the people, the end.

Every field's text below is also its description in the JSON Schema that editors use.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.jurisdiction import Role
from domain.text import Bilingual

Slug = Annotated[str, Field(pattern=r"^[a-z0-9-]+$", max_length=64)]
SECONDS_OF_PATIENCE = 3600.0  # in an hour; tests have shorter ones
FactName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Branch(StrEnum):
    POPULATION = "population"
    EXIT_ENTRY = "exit-entry"
    TRAFFIC = "traffic"
    PUBLIC_ORDER = "public-order"
    CYBER = "cyber"
    VIDEO = "video"
    NARCOTICS = "narcotics"
    CRIMINAL = "criminal"


class Kind(StrEnum):
    HANDLE = "handle"  # 办理
    BOOK = "book"  # 预约
    QUERY = "query"  # 查询
    NOTICE = "notice"  # 公示


class LegalReference(_Part):
    title: Bilingual
    """The law's, regulation's or rule's name."""
    article: Bilingual | None = None
    """The article; leave it out unless you are certain of it."""


class Exclusion(_Part):
    """Something that cannot be done this way, and why: fingerprints are taken on site, for example."""

    what: Bilingual
    """What cannot be done with this service item."""
    reason: Bilingual
    """Why not, and where to go instead."""


class IdentityLevel(StrEnum):
    FACE = "face"  # face and a code read aloud
    SIGNED_IN = "signed_in"  # the sign-in of the pages is enough; a program must still send a clip


class Delivery(StrEnum):
    ONLINE = "online"
    COUNTER = "counter"
    POST = "post"


class MaterialSource(StrEnum):
    REGISTRY = "registry"  # a registry vouches: nobody hands anything in
    UPLOAD = "upload"  # the applicant sends a photo or PDF
    ORIGINAL = "original"  # shown at the counter only


class Material(_Part):
    """A document that the law asks for."""

    code: str = Field(pattern=r"^[a-z0-9-]+$")
    """Unique in this file; uploads and supplements name it."""
    name: Bilingual
    """What the document is called."""
    source: MaterialSource
    """registry: nobody hands it in; upload: a photo or PDF; original: shown at the counter."""
    replaced_by: str | None = None
    """The fact (a name under `evidence`) that vouches instead of the paper; with `source: registry` only."""
    required: bool = True
    """Whether an application without it is incomplete."""
    original_at_counter: bool = False
    """For an upload: its original is compared at the counter."""
    help: Bilingual | None = None
    """One sentence beside it: what it must show, where one gets it."""
    sample: Bilingual | None = None
    """What a good one looks like, in words."""


class Prefill(_Part):
    """A form field that a registry fills."""

    field: str
    """The form's field; a name that the form does not have is shown as known and not asked."""
    source: str
    """The source that is asked while the form is filled in."""
    path: str
    """A dotted path into the source's record."""
    editable: bool = False
    """Whether the applicant may write something else."""
    purpose: Bilingual | None = None
    """Why it is read; shown under "who read my data". Left out: to fill in the form."""
    max_age_minutes: int = Field(default=30, ge=0)
    """The oldest acceptable age: a value read longer ago is read again before the form is shown."""


class EvidenceRequest(_Part):
    """One registry that is asked, why, with what, and about whom."""

    source: str
    """A source of catalogue/sources."""
    purpose: Bilingual
    """Why it is asked; the registry logs it and the person sees it."""
    fact: FactName | None = None
    """The name under which rules know the answer; the source's own when left out. A source may be asked about several people."""
    about: str | None = None
    """Whom it is asked about: `answers.<field>` or a path in another fact that holds an ID number; the applicant when left out."""
    query: dict[str, str] = {}
    """Further parameters of the source ← a field of the form, or a path in another fact."""
    fields: list[str] = []
    """Fields of the record that are asked for beside those that rules, points and the certificate name."""
    patience_hours: int | None = Field(default=None, ge=1)
    """How long a registry that is down is waited for before a person goes on without it; left out: as long as it takes."""
    label: Bilingual | None = None
    """Filled in by the loader: what the source is called."""

    @property
    def name(self) -> str:
        return self.fact or self.source

    @property
    def patience_seconds(self) -> float | None:
        return None if self.patience_hours is None else self.patience_hours * SECONDS_OF_PATIENCE

    @property
    def waits_for(self) -> frozenset[str]:
        """Facts whose answers this question needs first."""
        paths = [self.about or "", *self.query.values()]
        return frozenset(p.split(".")[0] for p in paths if "." in p) - {"answers", "applicant"}


class RuleOutcome(StrEnum):
    APPROVE = "approve"
    REFER = "refer"


class Rule(_Part):
    """A condition in CEL over `answers`, `applicant`, `today`, `points` and one record per fact.

    A missing fact, an error, anything but true or false, or two rules that pull both ways refer the case to a person.
    """

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    """Unique in this file; decisions, examples and statistics quote it."""
    when: str
    """The condition in CEL."""
    outcome: RuleOutcome = RuleOutcome.APPROVE
    """approve: the machine may go on only while this is true. refer: a sign of doubt, a person looks when this is true."""
    holds: Bilingual
    """What is said when the condition is true."""
    otherwise: Bilingual
    """What is said when it is false or cannot be told."""
    sources: list[str] = []
    """The facts it rests on; left out: those that the condition names."""
    legal_basis: LegalReference
    """The law it carries out; left out in a file: the item's first."""


class PointLine(_Part):
    """One line of a points table."""

    id: Slug
    """Unique among the lines."""
    label: Bilingual
    """What the points are given or taken for."""
    amount: str
    """CEL that gives a whole number; below zero for a deduction."""
    how: Bilingual
    """How they are counted, in a sentence."""
    most: int | None = None
    """No more than this."""
    least: int | None = None
    """No less than this (for deductions)."""


class Points(_Part):
    """A points table; rules read `points.total`."""

    needed: int
    """The points that must be reached."""
    illustrative: bool = False
    """True: the table is an example, not an office's; pages say so."""
    note: Bilingual | None = None
    """What the page says above the table."""
    lines: list[PointLine]


class StepKind(StrEnum):
    PRE_REVIEW = "pre_review"
    REVIEW = "review"
    APPROVAL = "approval"
    COUNTER_CHECK = "counter_check"
    IDENTITY_CHECK = "identity_check"
    COLLECTION = "collection"  # a parcel that came back is handed over at the counter
    INVESTIGATION = "investigation"  # one task of an investigation


class Step(_Part):
    """One piece of human work on the referred path."""

    kind: Literal[StepKind.PRE_REVIEW, StepKind.REVIEW, StepKind.APPROVAL]
    """pre_review, review or approval; each at most once."""
    name: Bilingual
    """What the step is called on the timeline and the queue."""
    role: Role
    """Who does it."""
    level: Literal["station", "county"]
    """Whether the station of the case or its county bureau does it."""
    working_days: int = Field(ge=1)
    """The limit, in working days."""
    pauses: list[Literal["supplement", "registry"]] = ["supplement"]
    """What stops the clock: waiting for the applicant's supplement, waiting for a registry."""


class SupplementTerms(_Part):
    rounds: int = Field(default=3, ge=0)
    """How often a clerk may send the application back."""
    days: int = Field(default=15, ge=1)
    """How long the applicant has each time."""


class CertificateField(_Part):
    label: Bilingual
    value: str
    """CEL that gives a text or a number; left out of the document when a fact is missing."""
    values: dict[str, Bilingual] = {}
    """How a coded value is printed, such as `female`."""


class CertificateTable(_Part):
    rows: str
    """CEL that gives a list of records."""
    columns: list[CertificateField]
    """Each value is CEL over `row` and the facts."""


class CertificateTerms(_Part):
    """What is printed or sealed at the end."""

    template: str
    """certificate or household-page."""
    title: Bilingual
    statement: list[Bilingual] = []
    """Sentences; `{name}`, `{id_number}`, `{today_zh}`, `{today_en}` and what `values` names are filled in."""
    values: dict[str, str] = {}
    """Name ← CEL that gives a text or a number, for the statement."""
    fields: list[CertificateField] = []
    """Lines of label and value; left out: name, sex, date of birth and ID number of the applicant."""
    table: CertificateTable | None = None


class LimitTerms(_Part):
    """How long the office may take to decide, in working days from the proof of identity, less the pauses."""

    promised: int | None = Field(default=None, ge=1)
    """What the office promises (承诺时限); left out: the sum of its steps' limits."""
    legal: int = Field(default=20, ge=1)
    """What the law allows (法定时限). Left out: 20, as article 42 of the Administrative Licensing Law has it, kept by analogy."""


class Fee(_Part):
    fen: int = Field(default=0, ge=0)
    """In fen (1/100 yuan); 0 is free of charge."""
    set_locally: bool = False
    """True: the fee is whatever the place has set, and pages say so instead of an amount."""
    basis: Bilingual | None = None
    """What it is charged for, and on what ground."""
    days: int = Field(default=7, ge=1)
    """How long the applicant has to pay online before the application lapses."""


class PublicNotice(_Part):
    """What an item of kind `notice` shows; there is nothing to apply for."""

    paragraphs: list[Bilingual]
    table: Literal["trips", "materials", "limits", "registries", "fees"] | None = None
    """A table drawn from the catalogue itself, so that it is never out of date."""


class Example(_Part):
    """Answers and registry answers → decision, reasons, path. Checked whenever the file is read."""

    name: Slug
    answers: dict[str, Any] = {}
    applicant: dict[str, str] = {}
    """`name` or `id_number` other than the sample person's."""
    registries: dict[str, Any] = {}
    """By fact: `none` (no record), `down` (no answer), `sample`, or values put over the source's sample. Not named: the sample."""
    today: date = date(2026, 6, 1)
    decision: Literal["approved", "referred"] = "approved"
    reasons: list[str] | None = None
    """The rules that stand against approval; left out: not compared, or none when it is approved."""
    path: list[str] | None = None
    """machine, or the steps in order, then online, counter or post; left out: not compared."""
    points: int | None = None
    """The total of the points table."""


class ServiceItem(_Part):
    """An entry of the catalogue that somebody can apply for."""

    code: str = Field(pattern=r"^[a-z0-9-]+$", max_length=64)
    """Part of every address, and the workflow's type. It never changes."""
    version: int = Field(ge=1)
    """Raise it with every change that is published."""
    effective_from: date
    """The first day on which new applications follow this version."""
    effective_to: date | None = None
    """The last day; left out: until a later version begins."""
    name: Bilingual
    summary: Bilingual
    """One sentence under the name."""
    branch: Annotated[str, Field(json_schema_extra={"enum": [branch.value for branch in Branch]})]
    """Which branch of the police it belongs to."""
    kind: Kind = Kind.HANDLE
    """handle, book, query or notice."""
    audience: list[Literal["person", "company"]] = ["person"]
    """Who may apply."""
    channels: list[Literal["phone", "pc", "counter", "kiosk"]] = ["phone", "pc"]
    """Where one may apply."""
    trips: Literal[0, 1]
    """How often the applicant must come. Held to: 0 with an original or the counter is refused."""
    minutes: Bilingual
    """How long it usually takes, as a phrase."""
    who_can: list[Bilingual]
    legal_basis: list[LegalReference]
    exclusions: list[Exclusion] = []
    """What cannot be done this way, with the reason."""
    identity: IdentityLevel = IdentityLevel.FACE
    """face, or signed_in for what shows little."""
    form: dict[str, Any]
    """JSON Schema 2020-12 of the answers, with x-label, x-help, x-options, x-order, x-group, x-groups, x-widget and x-when."""
    prefill: list[Prefill] = []
    materials: list[Material] = []
    evidence: list[EvidenceRequest]
    """The registries that are asked for the decision."""
    rules: list[Rule]
    points: Points | None = None
    machine_may_approve: bool
    """False: always a person."""
    steps: list[Step]
    """Who looks when the machine does not approve, in order."""
    jurisdiction: list[str]
    """CEL over the facts, tried in order; the first 12-digit station code wins."""
    delivery: list[Delivery]
    """online, counter or post; the first is the default."""
    window_days: int = Field(default=60, ge=1)
    """The counter window."""
    reminder_days: list[int] = [30, 7, 1]
    """Reminders, in days before the window closes."""
    clip_hours: int = Field(default=24, ge=1)
    """How long an application waits for the identity check."""
    identity_attempts: int = Field(default=3, ge=1)
    supplement: SupplementTerms = SupplementTerms()
    limit: LimitTerms = LimitTerms()
    """The promised and the legal limit."""
    question_days: int = Field(default=10, ge=1)
    """How long the applicant has to answer a clerk's question; after it the clerk goes on without."""
    fee: Fee = Fee()
    certificate: CertificateTerms | None = None
    """The document at the end; an item of kind `notice` has none."""
    retention_days: int = Field(default=3650, ge=1)
    """How long an ended case is kept."""
    notice: PublicNotice | None = None
    most_used: bool = False
    """Shown first on the home page."""
    examples: list[Example] = []

    @property
    def promised_working_days(self) -> int:
        return self.limit.promised or min(sum(step.working_days for step in self.steps) or 1, self.limit.legal)

    @property
    def uploads(self) -> list[Material]:
        return [m for m in self.materials if m.source is MaterialSource.UPLOAD]

    @property
    def originals(self) -> list[Material]:
        """What the counter compares or sees: originals, and uploads that must be shown."""
        return [m for m in self.materials if m.source is MaterialSource.ORIGINAL or m.original_at_counter]

    @property
    def purpose_of(self) -> dict[str, Bilingual]:
        """By fact: why its registry is asked."""
        return {request.name: request.purpose for request in self.evidence}

    @property
    def fact_names(self) -> frozenset[str]:
        return frozenset(request.name for request in self.evidence)

    def evidence_for(self, fact: str) -> EvidenceRequest | None:
        return next((request for request in self.evidence if request.name == fact), None)

    @property
    def can_be_applied_for(self) -> bool:
        return self.kind is not Kind.NOTICE

    @property
    def document(self) -> CertificateTerms:
        """The terms of the document at the end.

        Raises:
            LookupError: a notice ends in no document.
        """
        if self.certificate is None:
            raise LookupError(f"{self.code} ends in no document")
        return self.certificate

    def in_force_on(self, day: date) -> bool:
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)
