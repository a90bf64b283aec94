"""What the case page shows beside the work item: limits, questions, investigations, earlier steps and earlier applications."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from domain.application import Status
from domain.changes import TaskKind
from domain.limits import PauseReason
from domain.service_item import StepKind
from domain.text import Bilingual


class LimitView(BaseModel):
    """`due_at` None: the clock has not begun, stands still, or has ended."""

    working_days: int | None
    due_at: datetime | None
    overdue: bool = False


class LimitsView(BaseModel):
    """The limits of the step and of its case. `paused_since` None: the clock runs, or has ended with the step."""

    step: LimitView
    promised: LimitView
    legal: LimitView
    paused_since: datetime | None = None
    paused_for: PauseReason | None = None
    paused_text: Bilingual | None = None
    escalation: int = 0  # `domain.limits.Escalation`


class QuestionView(BaseModel):
    """What a clerk asked the applicant. `asked_by` is a clerk's name, for staff alone."""

    id: UUID
    text: str
    asked_at: datetime
    asked_by: str | None = None
    until: datetime
    state: Literal["open", "answered", "lapsed", "closed"]  # closed: the clerk went on without an answer
    answer: str | None = None
    answered_at: datetime | None = None


class TaskView(BaseModel):
    """One task of an investigation; `id` is its work item's."""

    id: UUID
    kind: TaskKind
    kind_text: Bilingual
    text: str
    clerk_id: str | None
    clerk_name: str | None
    due_at: datetime
    status: str
    outcome: str | None = None  # done | not_possible
    outcome_text: Bilingual | None = None
    finding: str | None = None
    closed_at: datetime | None = None


class InvestigationView(BaseModel):
    """`closed_at` None: it is under way."""

    id: UUID
    reason: str
    opened_at: datetime
    opened_by: str | None
    tasks: list[TaskView]
    closed_at: datetime | None = None
    closed_by: str | None = None
    finding: str | None = None

    @property
    def tasks_left(self) -> int:
        return sum(task.closed_at is None for task in self.tasks)


class Investigator(BaseModel):
    """Who may be given a task, and how many they have."""

    id: str
    name: str
    open_tasks: int


class StepView(BaseModel):
    """An earlier step of the case, as a person ended it."""

    kind: StepKind
    name: Bilingual
    outcome: str
    outcome_text: Bilingual
    reason: str | None
    by: str | None  # a clerk's name
    at: datetime


class EarlierCase(BaseModel):
    """Another application of somebody whom this case concerns: no more than where it stands."""

    acceptance_number: str
    service_item: str
    service_item_name: Bilingual
    status: Status
    status_text: Bilingual
    opened_at: datetime
    as_applicant: bool  # the applicant of this case applied; False: it concerned somebody whom this case concerns


class EarlierView(BaseModel):
    """`elsewhere` counts those of other territories, which are not shown; `more` those here that were left off."""

    cases: list[EarlierCase] = []
    elsewhere: int = 0
    more: int = 0


class NoteView(BaseModel):
    """What one clerk tells the others."""

    by: str | None
    at: datetime
    text: str


class ReasonTemplateView(BaseModel):
    """A reason to start from; `outcome` is the one that it fits."""

    outcome: str
    title: str
    text: str
