"""An investigation of a doubtful case (A8): opened by whoever holds the step, with tasks for investigators, closed with a finding."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from casework.actors import ClerkActor
from casework.case_views import InvestigationView, Investigator, TaskView
from casework.holding import held_step
from casework.office import Office
from domain.changes import CloseInvestigation, InvestigationTask, OpenInvestigation
from domain.clock import day_in_china
from domain.errors import FieldError, InvalidInput
from domain.jurisdiction import county_of
from domain.text import Bilingual
from domain.work_items import OUTCOME_TEXT, TASK_TEXT

MOST_TASKS = 20
LONGEST_REASON, LONGEST_TASK, LONGEST_FINDING = 2000, 2000, 4000
LATEST = timedelta(days=365)

_NO_REASON = Bilingual(zh="请写明为什么要调查", en="Say why this is to be investigated")
_NO_TASK = Bilingual(zh="请至少填写一项任务", en="Give at least one task")
_TOO_MANY = Bilingual(zh=f"最多 {MOST_TASKS} 项任务", en=f"At most {MOST_TASKS} tasks")
_NO_WORDS = Bilingual(zh="请写明要做什么", en="Say what is to be done")
_NOBODY = Bilingual(zh="请选择本县的调查民警", en="Choose an investigator of this county")
_BAD_DAY = Bilingual(zh="请选择今天或以后一年内的日期", en="Choose today or a day within a year")
_NO_FINDING = Bilingual(zh="请写明调查结论", en="Say what the investigation found")


async def open_investigation(
    office: Office,
    actor: ClerkActor,
    work_item_id: UUID,
    reason: str,
    tasks: Sequence[InvestigationTask],
    *,
    command_id: str | None = None,
) -> None:
    """Open one, each task with a person of the county and a day; the step waits for it.

    Raises:
        InvalidInput: at `/why`, `/tasks` or `/tasks/<place>/<field>`. NotAllowed, WorkItemNotClaimed: not this clerk's step.
        WrongState: one is open already.
    """
    record = await held_step(office, actor, work_item_id)
    known = {person.id for person in await investigators(office, county_of(record["jurisdiction"]))}
    if problems := _problems(office, reason, tasks, known):
        raise InvalidInput(fields=problems)
    command = OpenInvestigation(
        work_item_id=work_item_id, clerk_id=actor.clerk_id, role=actor.scope.role, reason=reason.strip(), tasks=list(tasks)
    )
    await office.engine.command(record["application_id"], "open_investigation", command, command_id=command_id)


def _problems(office: Office, reason: str, tasks: Sequence[InvestigationTask], known: set[str]) -> list[FieldError]:
    found = [] if reason.strip() else [FieldError(path="/why", text=_NO_REASON)]
    if len(reason.strip()) > LONGEST_REASON:
        found.append(FieldError(path="/why", text=_at_most(LONGEST_REASON)))
    if not tasks:
        found.append(FieldError(path="/tasks", text=_NO_TASK))
    if len(tasks) > MOST_TASKS:
        found.append(FieldError(path="/tasks", text=_TOO_MANY))
    today = day_in_china(office.now())
    for place, task in enumerate(tasks):
        if not task.text.strip():
            found.append(FieldError(path=f"/tasks/{place}/text", text=_NO_WORDS))
        if task.clerk_id not in known:
            found.append(FieldError(path=f"/tasks/{place}/clerk", text=_NOBODY))
        if not today <= task.day <= today + LATEST:
            found.append(FieldError(path=f"/tasks/{place}/day", text=_BAD_DAY))
    return found


def _at_most(characters: int) -> Bilingual:
    return Bilingual(zh=f"最多 {characters} 个字", en=f"At most {characters} characters")


async def close_investigation(
    office: Office, actor: ClerkActor, work_item_id: UUID, finding: str, *, command_id: str | None = None
) -> None:
    """Close the open one with what it found; tasks that nobody did are cancelled.

    Raises:
        InvalidInput: at `/finding`. NotAllowed, WorkItemNotClaimed: not this clerk's step. WrongState: none is open.
    """
    said = finding.strip()
    if not said:
        raise InvalidInput(fields=[FieldError(path="/finding", text=_NO_FINDING)])
    if len(said) > LONGEST_FINDING:
        raise InvalidInput(fields=[FieldError(path="/finding", text=_at_most(LONGEST_FINDING))])
    record = await held_step(office, actor, work_item_id)
    command = CloseInvestigation(work_item_id=work_item_id, clerk_id=actor.clerk_id, role=actor.scope.role, finding=said)
    await office.engine.command(record["application_id"], "close_investigation", command, command_id=command_id)


async def investigators(office: Office, county: str) -> list[Investigator]:
    """Who may be given a task in a county, who has least to do first."""
    return [Investigator(**record) for record in await office.investigations.investigators(county)]


async def investigations_of(office: Office, application_id: UUID) -> list[InvestigationView]:
    """Every investigation of a case with its tasks, the newest first."""
    return [_view(record) for record in await office.investigations.investigations_of(application_id)]


def _view(record: Mapping[str, Any]) -> InvestigationView:
    return InvestigationView(
        id=record["id"],
        reason=record["reason"],
        opened_at=record["opened_at"],
        opened_by=record["opened_by_name"],
        tasks=[_task(task) for task in record["tasks"]],
        closed_at=record["closed_at"],
        closed_by=record["closed_by_name"],
        finding=record["finding"],
    )


def _task(record: Mapping[str, Any]) -> TaskView:
    return TaskView(
        id=record["id"],
        kind=record["task"],
        kind_text=TASK_TEXT[record["task"]],
        text=record["text"],
        clerk_id=record["clerk_id"],
        clerk_name=record["clerk_name"],
        due_at=record["due_at"],
        status=record["status"],
        outcome=record["outcome"],
        outcome_text=OUTCOME_TEXT[record["outcome"]] if record["outcome"] else None,
        finding=record["reason"],
        closed_at=record["closed_at"],
    )
