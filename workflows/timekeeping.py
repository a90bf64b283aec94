"""A case's clocks: limits in working days that stand still while others are awaited, and whom the case tells when one runs out.

The timers are the workflow's own, so they outlive every restart. What a limit comes to is worked out by the calendar of the moment, in the
write that starts, stops or moves it; when offices correct the calendar, they signal and the case works it out anew.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.changes import ChangeResult, InquiryOpening, StaffNote
    from domain.inquiries import Pattern
    from domain.limits import ESCALATION_OF, Clock, Clocks, Escalation, Mark, MarkKind, Pause, PauseReason
    from domain.service_item import Step
    from domain.text import Bilingual
    from workflows import wording
    from workflows.case import Case

_EVENT = {
    MarkKind.HALF_USED: "limit_half_used",
    MarkKind.DUE_TOMORROW: "limit_due_tomorrow",
    MarkKind.OVERDUE: "limit_overdue",
    MarkKind.PROMISED_PASSED: "promised_limit_passed",
    MarkKind.LEGAL_PASSED: "legal_limit_passed",
}


class KeptInTime(Case):
    """The clocks of one case: when they began, when they stood still, and the marks that lie ahead."""

    def __init__(self) -> None:
        super().__init__()
        self._pauses: list[Pause] = []
        self._accepted_at: datetime | None = None  # identity proved, fee paid: the promised and the legal limit run from here
        self._step: Step | None = None
        self._step_began_at: datetime | None = None
        self._marks: list[Mark] = []  # of the clocks
        self._task_marks: list[Mark] = []
        self._lapse: Mark | None = None  # of a question
        self._told: list[tuple[str, MarkKind]] = []  # step kind, or `case`
        self._marks_version = 0
        self._calendar_corrected = False
        self._people_at_work = False

    @workflow.signal
    def calendar_corrected(self) -> None:
        """An office corrected its working days: what is due is worked out anew."""
        self._calendar_corrected = True

    # --- starting and stopping -----------------------------------------------------------------------------------

    def _clocks(self) -> Clocks:
        """What runs now. Nothing does before procedure 2, or before the application was accepted."""
        if not self._timed or self._accepted_at is None:
            return Clocks()
        item = self._service_item
        return Clocks(
            work_item_id=self._work_item[0] if self._work_item else None,
            work_item=self._step_clock(),
            promised=Clock(working_days=item.promised_working_days, started_at=self._accepted_at, pauses=self._pauses),
            legal=Clock(working_days=item.limit.legal, started_at=self._accepted_at, pauses=self._pauses),
        )

    def _step_clock(self) -> Clock | None:
        if self._step is None or self._step_began_at is None:
            return None
        stops = {"question", "fee", *self._step.pauses}
        pauses = [pause for pause in self._pauses if pause.why in stops]
        return Clock(working_days=self._step.working_days, started_at=self._step_began_at, pauses=pauses)

    def _stop_clock(self, why: PauseReason) -> None:
        self._pauses.append(Pause(why=why, since=workflow.now()))

    def _run_clock_again(self) -> None:
        now = workflow.now()
        self._pauses = [pause if pause.until is not None else pause.model_copy(update={"until": now}) for pause in self._pauses]

    async def _record_timed(self, event: str, text: Bilingual, **changes: Any) -> ChangeResult:
        """A change that starts, stops or moves the clocks, and the marks that come of it."""
        if not self._timed:
            return await self._record(event, text, **changes)
        result = await self._record(event, text, clocks=self._clocks(), **changes)
        self._take_marks(result)
        return result

    def _take_marks(self, result: ChangeResult) -> None:
        """Marks that were told stay told, unless their moment has moved ahead again."""
        now = workflow.now()
        tasks = set(result.task_ids)
        ours = [mark for mark in result.marks if mark.work_item_id not in tasks]
        self._task_marks += [mark for mark in result.marks if mark.work_item_id in tasks]
        ahead = [self._told_as(mark) for mark in ours if mark.at > now]
        self._told = [told for told in self._told if told not in ahead]
        self._marks = [mark for mark in ours if self._told_as(mark) not in self._told]
        self._marks_version += 1

    def _told_as(self, mark: Mark) -> tuple[str, MarkKind]:
        step = self._step.kind.value if self._step is not None and mark.work_item_id is not None else "case"
        return step, mark.kind

    @property
    def _escalation(self) -> Escalation:
        """How far the open step was escalated, in whichever of its work items."""
        if self._step is None:
            return Escalation.NONE
        levels = [ESCALATION_OF[kind] for step, kind in self._told if step == self._step.kind.value and kind in ESCALATION_OF]
        return max(levels, default=Escalation.NONE)

    # --- telling -------------------------------------------------------------------------------------------------

    async def _keep_time(self) -> None:
        """Runs beside the steps of people: waits for the next mark, tells, and waits again."""
        while self._people_at_work:
            mark, seen = self._next_mark(), self._marks_version
            changed = await self._moved_before(mark.at if mark else None, seen)
            if self._calendar_corrected:
                self._calendar_corrected = False
                await self._quietly(self._record_timed("limits_redated", wording.LIMITS_REDATED))
            elif mark is not None and not changed:
                await self._quietly(self._reach(mark))

    def _next_mark(self) -> Mark | None:
        ahead = [*self._marks, *self._task_marks, *([self._lapse] if self._lapse else [])]
        return min(ahead, key=lambda mark: mark.at, default=None)

    async def _moved_before(self, moment: datetime | None, seen: int) -> bool:
        """Whether the marks changed before the moment came."""
        limit = None if moment is None else max(moment - workflow.now(), timedelta(0))
        try:
            await workflow.wait_condition(lambda: self._marks_version != seen or self._calendar_corrected, timeout=limit)
        except TimeoutError:
            return False
        return True

    async def _quietly(self, telling: Any) -> None:
        """What is told of a work item that was completed, or of a case that ended, at that very moment is not told."""
        try:
            await telling
        except (ActivityError, ApplicationError) as error:
            workflow.logger.info("a mark was passed over: %s", getattr(error, "type", None) or type(error).__name__)

    async def _reach(self, mark: Mark) -> None:
        if mark.kind is MarkKind.QUESTION_LAPSED:
            self._lapse = None
            await self._question_lapsed()
            return
        of_a_task = any(other is mark for other in self._task_marks)
        self._pass(mark)
        await self._record(
            _EVENT[mark.kind],
            None if of_a_task else wording.LIMIT_TEXT.get(mark.kind),
            data={"work_item": str(mark.work_item_id)} if mark.work_item_id else {},
            key=f"{_EVENT[mark.kind]}:{mark.work_item_id or 'case'}:{mark.at.isoformat()}",
            staff_note=StaffNote(
                work_item_id=mark.work_item_id,
                kind=_EVENT[mark.kind],
                level=ESCALATION_OF.get(mark.kind, Escalation.OVERDUE),
                text=wording.limit_note(mark.kind, self._number),
            ),
            inquiry=_inquiry_of(mark),
        )

    def _pass(self, mark: Mark) -> None:
        self._marks = [other for other in self._marks if other is not mark]
        if any(other is mark for other in self._task_marks):
            self._task_marks = [other for other in self._task_marks if other is not mark]
        else:
            self._told.append(self._told_as(mark))

    async def _question_lapsed(self) -> None:
        raise NotImplementedError

    async def _with_clocks(self, steps: Any) -> None:
        """Run the steps of people with the clocks beside them."""
        if not self._timed:
            await steps
            return
        self._people_at_work = True
        watch = asyncio.ensure_future(self._keep_time())
        try:
            await steps
        finally:
            self._people_at_work = False  # an answer that comes with the cancellation swallows it
            if watch.done():
                watch.result()  # it ends only by failing, which must not pass unseen
            watch.cancel()


def _inquiry_of(mark: Mark) -> InquiryOpening | None:
    if mark.kind is MarkKind.OVERDUE:
        return InquiryOpening(pattern=Pattern.OVERDUE)
    return InquiryOpening(pattern=Pattern.LEGAL_LIMIT) if mark.kind is MarkKind.LEGAL_PASSED else None
