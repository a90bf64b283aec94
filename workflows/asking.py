"""What a clerk asks inside a case: a question to the applicant, and an investigation with tasks of its own (A8)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.application import Status
    from domain.changes import (
        AnswerQuestion,
        AskQuestion,
        CaseState,
        CloseInvestigation,
        CompleteWorkItem,
        InvestigationClosing,
        InvestigationOpening,
        NoticeText,
        OpenInvestigation,
        QuestionClosing,
        QuestionOpening,
        StaffNote,
        WorkItemClosing,
    )
    from domain.clock import day_in_china
    from domain.errors import DomainError, FourEyes, InvalidInput, WrongState
    from domain.limits import Mark, MarkKind, end_of
    from domain.service_item import StepKind
    from domain.work_items import DECIDING, check_completion
    from workflows import wording
    from workflows.case import application_error, guard, refusal
    from workflows.timekeeping import KeptInTime

_AT_A_STEP = (Status.REVIEWING, Status.APPROVING)
QUESTIONS_ALLOWED = 20
INVESTIGATIONS_ALLOWED = 10


class Inquiring(KeptInTime):
    """The questions and investigations of one case, and who has taken which step of it."""

    def __init__(self) -> None:
        super().__init__()
        self._question: UUID | None = None
        self._questions = 0
        self._investigation: UUID | None = None
        self._investigations = 0
        self._tasks: list[UUID] = []  # open ones
        self._tasks_closing: list[UUID] = []
        self._asking = False
        self._taken_steps: list[tuple[str, StepKind]] = []  # clerk, kind

    # --- questions -----------------------------------------------------------------------------------------------

    @workflow.update
    async def ask_question(self, command: AskQuestion) -> CaseState:
        """The clock stands still until the applicant has answered, or did not in time."""
        question = QuestionOpening(
            id=workflow.uuid4(),
            work_item_id=command.work_item_id,
            clerk_id=command.clerk_id,
            text=command.text,
            until=end_of(day_in_china(workflow.now()) + timedelta(days=self._service_item.question_days)),
        )
        self._asking = True
        self._stop_clock("question")
        try:
            await self._record_timed(
                "question_asked",
                wording.QUESTION_ASKED,
                by=f"clerk:{command.role}",
                question=question,
                waiting_for=[wording.waiting_for_answer(workflow.now(), question.until)],
                notices=[NoticeText(key=f"question:{question.id}", text=wording.notice_question(self._number, question.until))],
            )
            self._question = question.id
            self._questions += 1
            self._lapse = Mark(kind=MarkKind.QUESTION_LAPSED, at=question.until)
        except (ActivityError, ApplicationError) as error:
            self._pauses.pop()
            raise application_error(error) from error
        finally:
            self._asking = False
            self._marks_version += 1
        return self._state()

    @ask_question.validator
    def _may_ask(self, command: AskQuestion) -> None:
        self._guard_step(command.work_item_id)
        guard(self._question is None, WrongState(wording.ONE_QUESTION))
        guard(self._questions < QUESTIONS_ALLOWED, WrongState(wording.ENOUGH_QUESTIONS))

    @workflow.update
    async def answer_question(self, command: AnswerQuestion) -> CaseState:
        closing = QuestionClosing(id=command.question_id, answer=command.text)
        try:
            await self._close_question("question_answered", wording.QUESTION_ANSWERED, closing, by="applicant")
        except (ActivityError, ApplicationError) as error:
            raise application_error(error) from error
        return self._state()

    @answer_question.validator
    def _may_answer(self, command: AnswerQuestion) -> None:
        guard(self._question == command.question_id and not self._asking and not self._completing, WrongState())

    async def _question_lapsed(self) -> None:
        if self._question is not None and not self._asking:
            await self._close_question("question_lapsed", wording.QUESTION_LAPSED, QuestionClosing(id=self._question))

    async def _close_question(self, event: str, text: Any, closing: QuestionClosing, by: str = "machine") -> None:
        self._asking = True
        self._question, self._lapse = None, None
        self._run_clock_again()
        try:
            assert self._step is not None and self._work_item is not None
            await self._record_timed(
                event,
                text,
                by=by,
                question_closing=closing,
                waiting_for=[wording.waiting_for_clerk(self._step, workflow.now())],
                staff_note=StaffNote(work_item_id=self._work_item[0], kind=event, text=wording.staff_note(text, self._number)),
            )
        finally:
            self._asking = False

    # --- investigations ------------------------------------------------------------------------------------------

    @workflow.update
    async def open_investigation(self, command: OpenInvestigation) -> CaseState:
        opening = InvestigationOpening(
            id=workflow.uuid4(),
            work_item_id=command.work_item_id,
            clerk_id=command.clerk_id,
            reason=command.reason,
            tasks=command.tasks,
        )
        self._asking = True
        try:
            result = await self._record_timed(
                "investigation_opened", wording.INVESTIGATION_OPENED, by=f"clerk:{command.role}", investigation=opening
            )
            self._investigation = opening.id
            self._investigations += 1
            self._tasks = list(result.task_ids)
        except (ActivityError, ApplicationError) as error:
            raise application_error(error) from error
        finally:
            self._asking = False
        return self._state()

    @open_investigation.validator
    def _may_open_investigation(self, command: OpenInvestigation) -> None:
        self._guard_step(command.work_item_id)
        guard(self._investigation is None, WrongState(wording.ONE_INVESTIGATION))
        guard(self._investigations < INVESTIGATIONS_ALLOWED, WrongState())
        today = day_in_china(workflow.now())
        guard(all(task.day >= today for task in command.tasks), InvalidInput(wording.TASK_IN_THE_PAST))

    @workflow.update
    async def close_investigation(self, command: CloseInvestigation) -> CaseState:
        assert self._investigation is not None
        closing = InvestigationClosing(id=self._investigation, clerk_id=command.clerk_id, finding=command.finding)
        self._asking = True
        try:
            await self._record(
                "investigation_closed", wording.INVESTIGATION_CLOSED, by=f"clerk:{command.role}", investigation_closing=closing
            )
            self._investigation, self._tasks, self._task_marks = None, [], []
            self._marks_version += 1
        except (ActivityError, ApplicationError) as error:
            raise application_error(error) from error
        finally:
            self._asking = False
        return self._state()

    @close_investigation.validator
    def _may_close_investigation(self, command: CloseInvestigation) -> None:
        self._guard_step(command.work_item_id)
        guard(self._investigation is not None and not self._tasks_closing, WrongState())

    async def _complete_task(self, command: CompleteWorkItem) -> CaseState:
        """One task of an investigation; whoever holds the step is told what came of it."""
        self._tasks_closing.append(command.work_item_id)
        left = [task for task in self._tasks if task != command.work_item_id]
        closing = WorkItemClosing(id=command.work_item_id, outcome=command.outcome, clerk_id=command.clerk_id, reason=command.reason)
        step = self._work_item[0] if self._work_item else None
        note = StaffNote(work_item_id=step, kind="task_done", text=wording.staff_note(wording.task_done(len(left)), self._number))
        try:
            await self._record(
                "task_completed",
                wording.task_done(len(left)),
                key=f"work_item:{command.work_item_id}",
                by=f"clerk:{command.role}",
                close_work_item=closing,
                data={"outcome": command.outcome},
                staff_note=note if step else None,
            )
            self._tasks = [task for task in self._tasks if task != command.work_item_id]
            self._task_marks = [mark for mark in self._task_marks if mark.work_item_id != command.work_item_id]
            self._marks_version += 1
        except (ActivityError, ApplicationError) as error:
            raise application_error(error) from error
        finally:
            self._tasks_closing.remove(command.work_item_id)
        return self._state()

    # --- completing a step ---------------------------------------------------------------------------------------

    def _is_task(self, work_item_id: UUID) -> bool:
        return work_item_id in self._tasks

    def _check_task(self, command: CompleteWorkItem) -> None:
        guard(command.work_item_id not in self._tasks_closing, WrongState())
        try:
            check_completion(command, StepKind.INVESTIGATION, self._service_item, rounds_used=self._round)
        except DomainError as error:
            raise refusal(error) from error

    def _check_step(self, command: CompleteWorkItem) -> None:
        """Four eyes: who took one step of a case does not take another; and nothing is decided past an open task."""
        kind = self._open_kind
        others = [taken for clerk, taken in self._taken_steps if clerk == command.clerk_id and taken is not kind]
        guard(kind not in DECIDING or not others, FourEyes())
        guard(not self._tasks, WrongState(wording.TASKS_OPEN))
        guard(not self._asking, WrongState())

    def _beside_completion(self, command: CompleteWorkItem) -> dict[str, Any]:
        """What is closed with a step: a question that was not answered, an investigation whose tasks are done."""
        more: dict[str, Any] = {}
        if self._question is not None:
            more["question_closing"] = QuestionClosing(id=self._question)
        if self._investigation is not None:
            finding = command.reason or wording.INVESTIGATION_CLOSED.zh
            more["investigation_closing"] = InvestigationClosing(id=self._investigation, clerk_id=command.clerk_id, finding=finding)
        return more

    def _step_completed(self, command: CompleteWorkItem, kind: StepKind) -> None:
        if kind in DECIDING:
            self._taken_steps.append((command.clerk_id, kind))
        if self._question is not None:
            self._question, self._lapse = None, None
            self._run_clock_again()
        self._investigation = None
        self._marks = [mark for mark in self._marks if mark.work_item_id is None]
        self._marks_version += 1

    def _guard_step(self, work_item_id: UUID) -> None:
        open_id = self._work_item[0] if self._work_item else None
        free = not self._completing and self._completion is None and not self._asking
        guard(self._timed and self._status in _AT_A_STEP and open_id == work_item_id and free, WrongState())
