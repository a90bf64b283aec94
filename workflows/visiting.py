"""Work at a step and visits to a counter: results handed in, the window of 60 days, appointments within it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.application import Status
    from domain.appointments import NO_SHOW_AFTER
    from domain.changes import AppointmentChange, CaseState, CompleteWorkItem, NoticeText, SetAppointment, WorkItemClosing, WorkItemOpening
    from domain.clock import CHINA, day_in_china
    from domain.errors import DomainError, WrongState
    from domain.text import Bilingual
    from domain.work_items import check_completion
    from workflows import wording
    from workflows.asking import Inquiring
    from workflows.case import CaseEnds, application_error, guard, in_time, refusal

_EVE = time(18)
MOVES_ALLOWED = 50


class Visited(Inquiring):
    """What people hand in, and the applicant's way to the counter."""

    def __init__(self) -> None:
        super().__init__()
        self._appointment: tuple[UUID, datetime, datetime] | None = None  # id, start, end
        self._setting_appointment = False
        self._reminded_of: list[UUID] = []
        self._appointments = 0
        self._window_closes_at: datetime | None = None

    # --- results -------------------------------------------------------------------------------------------------

    @workflow.update
    async def complete_work_item(self, command: CompleteWorkItem) -> CaseState:
        if self._is_task(command.work_item_id):
            return await self._complete_task(command)
        self._completing = True
        kind = self._open_kind
        try:
            closing = WorkItemClosing(
                id=command.work_item_id,
                outcome=command.outcome,
                clerk_id=command.clerk_id,
                reason=command.reason,
                findings={"originals": command.originals},
            )
            await self._record(
                "work_item_completed",
                wording.completed_step(kind),
                key=f"work_item:{command.work_item_id}",
                by=f"clerk:{command.role}",
                close_work_item=closing,
                data={"outcome": command.outcome},
                appointment=self._kept_appointment(),
                **self._beside_completion(command),
            )
            self._step_completed(command, kind)
            self._appointment = None
            self._completion = command
        except (ActivityError, ApplicationError) as error:
            raise application_error(error) from error
        finally:
            self._completing = False
        return self._state()

    @complete_work_item.validator
    def _may_complete(self, command: CompleteWorkItem) -> None:
        if self._is_task(command.work_item_id):
            self._check_task(command)
            return
        open_id = self._work_item[0] if self._work_item else None
        guard(open_id == command.work_item_id and not self._completing and self._completion is None, WrongState())
        self._check_step(command)
        try:
            check_completion(command, self._open_kind, self._service_item, rounds_used=self._round)
        except DomainError as error:
            raise refusal(error) from error

    def _kept_appointment(self) -> AppointmentChange | None:
        return AppointmentChange(id=self._appointment[0], status="kept") if self._appointment else None

    # --- appointments --------------------------------------------------------------------------------------------

    @workflow.update
    async def set_appointment(self, command: SetAppointment) -> CaseState:
        """Book, move or give back; the window counts on."""
        self._setting_appointment = True
        try:
            if command.starts_at is None:
                await self._cancel_appointment(command)
            else:
                await self._book(command, command.starts_at)
        except (ActivityError, ApplicationError) as error:
            raise application_error(error) from error
        finally:
            self._setting_appointment = False
            self._marks_version += 1
        return self._state()

    @set_appointment.validator
    def _may_set_appointment(self, command: SetAppointment) -> None:
        waits = self._status is Status.AWAITING_COUNTER and self._completion is None and not self._completing
        guard(self._timed and waits and not self._setting_appointment, WrongState())
        guard(self._appointments < MOVES_ALLOWED, WrongState(wording.ENOUGH_APPOINTMENTS))
        if command.starts_at is None:
            guard(self._appointment is not None, WrongState())
            return
        closes_at = self._window_closes_at
        guard(command.station is not None and workflow.now() < command.starts_at, WrongState(wording.TIME_HAS_PASSED))
        guard(closes_at is not None and command.starts_at < closes_at, WrongState(wording.AFTER_THE_WINDOW))

    async def _book(self, command: SetAppointment, starts_at: datetime) -> None:
        change = AppointmentChange(id=workflow.uuid4(), status="booked", station=command.station, starts_at=starts_at)
        result = await self._record(
            "appointment_booked",
            wording.appointment_booked(starts_at),
            by=command.by,
            appointment=change,
            data={"station": command.station, "starts_at": starts_at.isoformat()},
            notices=[NoticeText(key=f"appointment:{change.id}", text=self._appointment_notice(starts_at))],
        )
        self._appointments += 1
        self._appointment = (change.id, starts_at, result.appointment_ends_at or starts_at)

    def _appointment_notice(self, starts_at: datetime) -> Bilingual:
        return wording.notice_appointment(self._number, starts_at, self._open_kind)

    async def _cancel_appointment(self, command: SetAppointment) -> None:
        assert self._appointment is not None
        change = AppointmentChange(id=self._appointment[0], status="cancelled")
        await self._record("appointment_cancelled", wording.APPOINTMENT_CANCELLED, by=command.by, appointment=change)
        self._appointment = None

    # --- the window ----------------------------------------------------------------------------------------------

    async def _visit(self, event: str, text: Bilingual, opening: WorkItemOpening, closes_at: datetime) -> CompleteWorkItem:
        """Wait for the applicant at the counter until the window closes, reminding as it nears."""
        days = self._service_item.window_days
        self._step, self._window_closes_at = None, closes_at
        await self._open_work_item(
            event,
            text,
            opening,
            status=Status.AWAITING_COUNTER,
            window_closes_at=closes_at,
            waiting_for=[wording.waiting_for_visit(workflow.now(), closes_at)],
            notices=[NoticeText(key=f"{event}:{self._changes}", text=wording.notice_counter(self._number, days, opening.kind))],
        )
        reminders = sorted((d for d in self._service_item.reminder_days if d < days), reverse=True)
        if self._timed:
            return await self._until_visited(event, closes_at, [(closes_at - timedelta(days=left), left) for left in reminders])
        for left in reminders:
            if await self._visited_within(closes_at - timedelta(days=left) - workflow.now()):
                return self._taken_completion()
            await self._remind(event, left)
        if await self._visited_within(closes_at - workflow.now()):
            return self._taken_completion()
        raise CaseEnds(Status.EXPIRED, wording.WINDOW_EXPIRED)

    async def _remind(self, event: str, left: int) -> None:
        notice = NoticeText(key=f"reminder:{event}:{left}", text=wording.notice_reminder(self._number, left))
        await self._record("reminded", wording.reminded(left), notices=[notice])

    async def _visited_within(self, limit: timedelta) -> bool:
        """A result that is being written when the limit runs out still counts."""
        await in_time(lambda: self._completion is not None, limit)
        await workflow.wait_condition(lambda: not self._completing)
        return self._completion is not None

    async def _until_visited(self, event: str, closes_at: datetime, reminders: list[tuple[datetime, int]]) -> CompleteWorkItem:
        """The same with appointments: a reminder the evening before, and word when nobody came; the window counts on."""
        while True:
            moment, left = reminders[0] if reminders else (closes_at, 0)
            seen = self._marks_version
            word = self._appointment_word()
            nearest = min(moment, word[0]) if word else moment
            await self._visit_or_word(nearest, seen)
            if self._completion is not None:
                return self._taken_completion()
            if self._marks_version != seen or workflow.now() < nearest:
                continue
            if word is not None and nearest == word[0]:
                await word[1]()
            elif reminders:
                del reminders[0]
                await self._remind(event, left)
            else:
                raise CaseEnds(Status.EXPIRED, wording.WINDOW_EXPIRED)

    async def _visit_or_word(self, moment: datetime, seen: int) -> None:
        await in_time(lambda: self._completion is not None or self._marks_version != seen, moment - workflow.now())
        await workflow.wait_condition(lambda: not self._completing and not self._setting_appointment)

    def _appointment_word(self) -> tuple[datetime, Callable[[], Awaitable[None]]] | None:
        """What is said next about the appointment: a reminder on its eve, then that nobody came."""
        if self._appointment is None:
            return None
        appointment_id, starts_at, ends_at = self._appointment
        eve = datetime.combine(day_in_china(starts_at) - timedelta(days=1), _EVE, CHINA)
        if appointment_id not in self._reminded_of and workflow.now() < eve:
            return eve, self._remind_of_appointment
        return ends_at + NO_SHOW_AFTER, self._note_no_show

    async def _remind_of_appointment(self) -> None:
        assert self._appointment is not None
        appointment_id, starts_at, _ = self._appointment
        self._reminded_of.append(appointment_id)
        notice = NoticeText(key=f"appointment-eve:{appointment_id}", text=self._appointment_notice(starts_at))
        await self._record("appointment_reminded", wording.APPOINTMENT_REMINDED, notices=[notice])

    async def _note_no_show(self) -> None:
        assert self._appointment is not None and self._window_closes_at is not None
        appointment_id, self._appointment = self._appointment[0], None
        notice = NoticeText(key=f"missed:{appointment_id}", text=wording.notice_missed(self._number, self._window_closes_at))
        change = AppointmentChange(id=appointment_id, status="no_show")
        await self._record("appointment_missed", wording.APPOINTMENT_MISSED, appointment=change, notices=[notice])
