"""The one procedure that every service item follows: apply, identify, gather, decide, review, fulfil.

A service item's code is the workflow type; the procedure reads the item's version in force in its first
step, which pins it in the history. People and integrators act on a case through the updates below.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.cases import CaseActivities
    from activities.documents import DocumentActivities
    from activities.identity import IdentityActivities
    from activities.registries import RegistryActivities
    from domain.admission import invalid_request
    from domain.application import ApplicationRequest, Status, WaitingFor
    from domain.changes import (
        AttachMaterial,
        CaseChange,
        CaseState,
        ChallengeIssued,
        ChangeResult,
        ChooseCounter,
        ClipRef,
        CompleteWorkItem,
        DecisionByPerson,
        DecisionTask,
        DocumentTask,
        EvidenceTask,
        IdentityAnswer,
        NoticeText,
        OpenCase,
        RenewChallenge,
        SubmitClip,
        Supplement,
        SupplementRequest,
        Withdraw,
        WorkItemClosing,
        WorkItemOpening,
    )
    from domain.decision import Outcome
    from domain.errors import ChallengeExpired, DomainError, InvalidInput, MaterialMissing, TooManyAttempts, WrongState
    from domain.ids import application_id_of
    from domain.jurisdiction import Role
    from domain.service_item import Delivery, ServiceItem, Step, StepKind
    from domain.text import Bilingual
    from domain.work_items import KIND_TEXT, check_completion
    from workflows import wording
    from workflows.policies import DOCUMENT, IDENTITY, PARCEL_PAUSE, PARCEL_PAUSES, REGISTRY, WRITE

CODES_ALLOWED = 30
_STEP_STATUS = {StepKind.PRE_REVIEW: Status.REVIEWING, StepKind.REVIEW: Status.REVIEWING, StepKind.APPROVAL: Status.APPROVING}


class _CaseEnds(Exception):
    """Leaves the procedure for a final status; never leaves the workflow."""

    def __init__(self, status: Status, text: Bilingual, *, by: str = "machine", decision: DecisionByPerson | None = None) -> None:
        self.status = status
        self.text = text
        self.by = by
        self.decision = decision


def refusal(error: DomainError) -> ApplicationError:
    """A domain error as the engine carries it: its kind as type, its text as details."""
    return ApplicationError(error.text.en, error.text, [f.model_dump() for f in error.fields], type=error.kind, non_retryable=True)


def _read_start(args: Sequence[RawValue]) -> tuple[UUID, ApplicationRequest]:
    """What the case was started with.

    Raises:
        InvalidInput: not one application request, or not the id of a case. Anything else would be retried for ever.
    """
    try:
        application_id = application_id_of(workflow.info().workflow_id)
        return application_id, workflow.payload_converter().from_payload(args[0].payload, ApplicationRequest)
    except ValidationError as error:
        raise invalid_request(error) from error
    except (ValueError, LookupError, RuntimeError) as error:
        raise InvalidInput(wording.NOT_A_REQUEST) from error


def _application_error(error: ActivityError | ApplicationError) -> ApplicationError:
    """What an activity failed with: a local one raises it bare, another one wrapped."""
    cause = error.cause if isinstance(error, ActivityError) else error
    return cause if isinstance(cause, ApplicationError) else ApplicationError(str(cause), non_retryable=True)


def _guard(condition: bool, error: DomainError) -> None:
    if not condition:
        raise refusal(error)


@workflow.defn(dynamic=True)
class ServiceItemProcedure:
    """One application. State that commands read is set in `__init__`, because a command may come before `run`."""

    @workflow.init
    def __init__(self, args: Sequence[RawValue]) -> None:
        self._opening_failure: ApplicationError | None = None
        try:
            self._application_id, self._request = _read_start(args)
        except InvalidInput as error:
            self._opening_failure = refusal(error)
        self._status = Status.VERIFYING
        self._item: ServiceItem | None = None
        self._acceptance_number: str | None = None
        self._challenge: ChallengeIssued | None = None
        self._clip: SubmitClip | None = None
        self._clips_help = True
        self._attempts = 0
        self._counter_chosen = False
        self._choosing = False
        self._renewals = 0
        self._materials: set[str] = set()
        self._work_item: tuple[Any, StepKind] | None = None
        self._completing = False
        self._completion: CompleteWorkItem | None = None
        self._round = 0
        self._marked: list[SupplementRequest] = []
        self._attached_this_round: set[str] = set()
        self._supplementing = False
        self._supplemented = False
        self._withdrawal: Withdraw | None = None
        self._changes = 0

    # --- the procedure -------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, args: Sequence[RawValue]) -> CaseState:
        await self._open()
        if self._opening_failure is not None:
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise self._opening_failure
        try:
            await self._until_withdrawn(self._procedure())
        except _CaseEnds as end:
            await self._end(end)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._state()

    async def _procedure(self) -> None:
        if not await self._verify_identity():
            await self._verify_at_counter()
        await self._gather_evidence()
        if not await self._decide():
            await self._review()
        await self._fulfil()

    async def _until_withdrawn(self, procedure: Any) -> None:
        steps = asyncio.ensure_future(procedure)
        withdrawn = asyncio.ensure_future(workflow.wait_condition(lambda: self._withdrawal is not None))
        await workflow.wait([steps, withdrawn], return_when=asyncio.FIRST_COMPLETED)
        if steps.done():
            withdrawn.cancel()
            steps.result()
            return
        steps.cancel()
        await workflow.wait([steps])
        if not steps.cancelled() and (error := steps.exception()) is not None and not isinstance(error, (_CaseEnds, FailureError)):
            raise error
        if self._withdrawal is not None and not self._status.final:
            raise _CaseEnds(Status.WITHDRAWN, wording.WITHDRAWN, by=self._withdrawal.by)

    # --- steps ---------------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        if self._opening_failure is not None:
            return
        opening = OpenCase(application_id=self._application_id, request=self._request_for_type(), at=workflow.now())
        try:
            opened = await workflow.execute_local_activity_method(CaseActivities.open_case, opening, **WRITE)
        except (ActivityError, ApplicationError) as error:
            self._opening_failure = _application_error(error)
            return
        self._item = opened.item
        self._acceptance_number = opened.acceptance_number
        self._challenge = opened.challenge

    def _request_for_type(self) -> ApplicationRequest:
        """The workflow type says which service item it is, whatever the request claims."""
        return self._request.model_copy(update={"service_item": workflow.info().workflow_type})

    async def _verify_identity(self) -> bool:
        """Clips until one passes. False: a person at the counter must compare instead."""
        while self._attempts < self._service_item.identity_attempts:
            clip = await self._await_clip()
            if clip is None:
                return False
            answer = await workflow.execute_activity_method(
                IdentityActivities.verify_identity,
                ClipRef(application_id=self._application_id, clip_id=clip.clip_id, challenge_id=clip.challenge_id),
                **IDENTITY,
            )
            self._clip = None
            if answer.verdict is None:
                await self._record_missing_portrait()
                return False
            self._attempts += 1
            if answer.verdict.passed:
                await self._record(
                    "identity_passed",
                    wording.IDENTITY_PASSED,
                    identity=answer.verdict,
                    status=Status.GATHERING,
                    waiting_for=self._waiting_for_sources(),
                )
                return True
            await self._record_failed_identity(answer)
        return False

    async def _await_clip(self) -> SubmitClip | None:
        """The next clip; None when the applicant would rather be looked at by a person."""
        limit = timedelta(hours=self._service_item.clip_hours)
        if not await _in_time(lambda: self._clip is not None or self._counter_chosen, limit):
            raise _CaseEnds(Status.ABANDONED, wording.ABANDONED)
        return self._clip

    async def _record_missing_portrait(self) -> None:
        self._clips_help = False
        waiting = [wording.waiting_for_registry("resident_population", workflow.now())]
        await self._record("no_portrait", wording.NO_PORTRAIT, waiting_for=waiting)

    async def _record_failed_identity(self, answer: IdentityAnswer) -> None:
        left = self._service_item.identity_attempts - self._attempts
        now = workflow.now()
        another_clip = wording.waiting_for_clip(now, self._service_item.clip_hours)
        waiting = [another_clip if left else wording.waiting_for_registry("resident_population", now)]
        result = await self._record(
            "identity_failed", wording.identity_failed(left), identity=answer.verdict, issue_challenge=left > 0, waiting_for=waiting
        )
        self._challenge = result.challenge

    async def _verify_at_counter(self) -> None:
        """Three clips failed, or there is no portrait: a clerk compares the person with the ID card."""
        await self._gather("resident_population")
        await workflow.execute_local_activity_method(CaseActivities.locate, self._decision_task(), **WRITE)
        closes_at = workflow.now() + timedelta(days=self._service_item.window_days)
        opening = WorkItemOpening(
            kind=StepKind.IDENTITY_CHECK, role=Role.COUNTER, level="station", name=KIND_TEXT[StepKind.IDENTITY_CHECK], until=closes_at
        )
        command = await self._visit("identity_to_counter", wording.IDENTITY_TO_COUNTER, opening, closes_at)
        if command.outcome == "not_same_person":
            raise _CaseEnds(Status.REFUSED, wording.NOT_SAME_PERSON, by=f"clerk:{command.role}", decision=_refusal_by(command))
        await self._record(
            "identity_confirmed",
            wording.IDENTITY_CONFIRMED,
            by=f"clerk:{command.role}",
            status=Status.GATHERING,
            waiting_for=self._waiting_for_sources(),
        )

    async def _gather_evidence(self) -> None:
        await asyncio.gather(*(self._gather(request.source) for request in self._service_item.evidence))

    async def _gather(self, source: str) -> None:
        task = EvidenceTask(application_id=self._application_id, source=source, round=self._round if self._asked_again(source) else 0)
        await workflow.execute_activity_method(RegistryActivities.gather_evidence, task, **REGISTRY)

    def _asked_again(self, source: str) -> bool:
        """Whether a supplement changed what this source was asked."""
        marked = {m.target for m in self._marked}
        return any(f"answers.{field}" in marked for e in self._service_item.evidence if e.source == source for field in e.query.values())

    async def _decide(self) -> bool:
        decision = await workflow.execute_local_activity_method(CaseActivities.decide, self._decision_task(), **WRITE)
        if decision.outcome is Outcome.APPROVED:
            self._status = Status.ISSUING
        return decision.outcome is Outcome.APPROVED

    def _decision_task(self) -> DecisionTask:
        return DecisionTask(application_id=self._application_id, at=workflow.now(), round=self._round)

    async def _review(self) -> None:
        """People decide, step by step; what is missing goes back to the applicant and returns to the same step."""
        for step in self._service_item.steps:
            command = await self._human_step(step)
            while command.outcome == "supplement":
                await self._supplement(command)
                command = await self._human_step(step)
            if command.outcome == "refuse":
                raise _CaseEnds(Status.REFUSED, wording.REFUSED, by=f"clerk:{command.role}", decision=_refusal_by(command))
        approval = DecisionByPerson(outcome=Outcome.APPROVED, by=f"clerk:{command.role}", reason=command.reason)
        await self._record(
            "approved",
            wording.APPROVED,
            by=approval.by,
            decision=approval,
            status=Status.ISSUING,
            waiting_for=[wording.waiting_for_document(workflow.now())],
        )

    async def _human_step(self, step: Step) -> CompleteWorkItem:
        opening = WorkItemOpening(kind=step.kind, role=step.role, level=step.level, name=step.name, working_days=step.working_days)
        await self._open_work_item(
            f"{step.kind}_opened",
            wording.with_clerk(step.name),
            opening,
            status=_STEP_STATUS[step.kind],
            waiting_for=[wording.waiting_for_clerk(step, workflow.now())],
        )
        await workflow.wait_condition(lambda: self._completion is not None)
        return self._taken_completion()

    async def _supplement(self, command: CompleteWorkItem) -> None:
        terms = self._service_item.supplement
        self._round += 1
        self._marked = command.supplement
        self._attached_this_round = set()
        self._supplemented = False
        until = workflow.now() + timedelta(days=terms.days)
        await self._record(
            "supplement_asked",
            wording.supplement_asked(self._round, terms.rounds),
            by=f"clerk:{command.role}",
            status=Status.SUPPLEMENTING,
            supplement=command.supplement,
            supplement_until=until,
            waiting_for=[wording.waiting_for_supplement(workflow.now(), until)],
            notices=[NoticeText(key=f"supplement:{self._round}", text=wording.notice_supplement(self._number, terms.days))],
        )
        if not await self._supplemented_within(timedelta(days=terms.days)):
            raise _CaseEnds(Status.EXPIRED, wording.SUPPLEMENT_EXPIRED)
        await self._gather_evidence()
        await self._decide()

    async def _supplemented_within(self, limit: timedelta) -> bool:
        """A supplement that is being written when the limit runs out still counts."""
        await _in_time(lambda: self._supplemented, limit)
        await workflow.wait_condition(lambda: not self._supplementing)
        return self._supplemented

    async def _fulfil(self) -> None:
        match self._request.delivery.method:
            case Delivery.COUNTER:
                await self._at_counter()
            case Delivery.POST:
                await self._by_post()
            case Delivery.ONLINE:
                await self._issue()
        raise _CaseEnds(Status.COMPLETED, wording.COMPLETED)

    async def _issue(self) -> Any:
        task = DocumentTask(application_id=self._application_id, at=workflow.now())
        return await workflow.execute_activity_method(DocumentActivities.issue_document, task, **DOCUMENT)

    async def _at_counter(self) -> None:
        """The counter window: one visit, every original compared, printed on the spot; or void."""
        closes_at = workflow.now() + timedelta(days=self._service_item.window_days)
        opening = WorkItemOpening(
            kind=StepKind.COUNTER_CHECK, role=Role.COUNTER, level="station", name=KIND_TEXT[StepKind.COUNTER_CHECK], until=closes_at
        )
        command = await self._visit("awaiting_counter", wording.AWAITING_COUNTER, opening, closes_at)
        if command.outcome == "differ":
            raise _CaseEnds(Status.VOID, wording.VOID, by=f"clerk:{command.role}", decision=_refusal_by(command))
        await self._record(
            "originals_match",
            wording.ORIGINALS_MATCH,
            by=f"clerk:{command.role}",
            status=Status.ISSUING,
            waiting_for=[wording.waiting_for_document(workflow.now())],
        )
        await self._issue()

    async def _visit(self, event: str, text: Bilingual, opening: WorkItemOpening, closes_at: datetime) -> CompleteWorkItem:
        """Wait for the applicant at the counter until the window closes, reminding as it nears."""
        days = self._service_item.window_days
        await self._open_work_item(
            event,
            text,
            opening,
            status=Status.AWAITING_COUNTER,
            window_closes_at=closes_at,
            waiting_for=[wording.waiting_for_visit(workflow.now(), closes_at)],
            notices=[NoticeText(key=f"{event}:{self._changes}", text=wording.notice_counter(self._number, days))],
        )
        for left in sorted((d for d in self._service_item.reminder_days if d < days), reverse=True):
            if await self._visited_within(closes_at - timedelta(days=left) - workflow.now()):
                return self._taken_completion()
            notice = NoticeText(key=f"reminder:{event}:{left}", text=wording.notice_reminder(self._number, left))
            await self._record("reminded", wording.reminded(left), notices=[notice])
        if await self._visited_within(closes_at - workflow.now()):
            return self._taken_completion()
        raise _CaseEnds(Status.EXPIRED, wording.WINDOW_EXPIRED)

    async def _visited_within(self, limit: timedelta) -> bool:
        """A result that is being written when the limit runs out still counts."""
        await _in_time(lambda: self._completion is not None, limit)
        await workflow.wait_condition(lambda: not self._completing)
        return self._completion is not None

    async def _by_post(self) -> None:
        issued = await self._issue()
        task = DocumentTask(application_id=self._application_id, at=workflow.now())
        parcel = await workflow.execute_activity_method(DocumentActivities.order_parcel, args=[issued, task], **DOCUMENT)
        await self._record(
            "posted",
            wording.POSTED,
            status=Status.POSTING,
            waiting_for=[wording.waiting_for_parcel(workflow.now())],
            notices=[NoticeText(key="posted", text=wording.notice_posted(self._number))],
        )
        asked = 0
        while not await workflow.execute_activity_method(DocumentActivities.parcel_delivered, parcel, **DOCUMENT):
            await workflow.sleep(PARCEL_PAUSES[asked] if asked < len(PARCEL_PAUSES) else PARCEL_PAUSE)
            asked += 1

    async def _end(self, end: _CaseEnds) -> None:
        await self._record(
            end.status.value,
            end.text,
            by=end.by,
            status=end.status,
            decision=end.decision,
            notices=[NoticeText(key="end", text=wording.notice_end(end.status, self._number))],
        )

    # --- commands ------------------------------------------------------------------------------------------------

    @workflow.update
    async def opened(self) -> CaseState:
        """Answers once the case is registered; fails if it could not be."""
        await workflow.wait_condition(lambda: self._acceptance_number is not None or self._opening_failure is not None)
        if self._opening_failure is not None:
            raise self._opening_failure
        return self._state()

    @workflow.update
    async def renew_challenge(self, command: RenewChallenge) -> CaseState:
        self._renewals += 1
        result = await self._record(
            "challenge_renewed", wording.CHALLENGE_RENEWED, issue_challenge=True, challenge_language=command.language
        )
        self._challenge = result.challenge
        return self._state()

    @renew_challenge.validator
    def _may_renew(self, command: RenewChallenge) -> None:
        _guard(self._awaits_clip, WrongState())
        _guard(self._renewals < CODES_ALLOWED, TooManyAttempts())  # each adds to the history

    @workflow.update
    async def submit_identity_clip(self, command: SubmitClip) -> CaseState:
        self._challenge = None  # used once, whatever comes of it
        self._clip = command
        return self._state()

    @submit_identity_clip.validator
    def _may_submit_clip(self, command: SubmitClip) -> None:
        _guard(self._awaits_clip, WrongState())
        missing = [m for m in self._service_item.uploads if m.required and m.code not in self._materials]
        _guard(not missing, MaterialMissing())
        challenge = self._challenge
        _guard(
            challenge is not None and challenge.id == command.challenge_id and workflow.now() <= challenge.expires_at, ChallengeExpired()
        )

    @workflow.update
    async def choose_counter(self, command: ChooseCounter) -> CaseState:
        """A face check is never the only way: a clerk compares the person with the ID card instead."""
        self._choosing = True  # no clip meanwhile; the procedure goes on when the choice is written
        try:
            waiting = [wording.waiting_for_registry("resident_population", workflow.now())]
            await self._record("counter_chosen", wording.COUNTER_CHOSEN, by=command.by, waiting_for=waiting)
        finally:
            self._choosing = False
        self._counter_chosen = True
        return self._state()

    @choose_counter.validator
    def _may_choose_counter(self, command: ChooseCounter) -> None:
        _guard(self._awaits_clip, WrongState())
        missing = [m for m in self._service_item.uploads if m.required and m.code not in self._materials]
        _guard(not missing, MaterialMissing())

    @workflow.update
    async def attach_material(self, command: AttachMaterial) -> CaseState:
        await self._record(
            "material_attached",
            wording.MATERIAL_ATTACHED,
            by="applicant",
            data={"code": command.code, "material_id": str(command.material_id)},
        )
        self._materials.add(command.code)
        self._attached_this_round.add(command.code)
        return self._state()

    @attach_material.validator
    def _may_attach(self, command: AttachMaterial) -> None:
        known = self._item is not None and command.code in {m.code for m in self._item.uploads}
        marked = f"materials.{command.code}" in {m.target for m in self._marked}
        _guard(known and (self._awaits_clip or (self._status is Status.SUPPLEMENTING and marked)), WrongState())

    @workflow.update
    async def supplement(self, command: Supplement) -> CaseState:
        self._supplementing = True
        try:
            await self._record(
                "supplemented",
                wording.SUPPLEMENTED,
                by="applicant",
                answers_patch=command.answers,
                status=Status.REVIEWING,
                waiting_for=self._waiting_for_sources(),
            )
            self._supplemented = True
        finally:
            self._supplementing = False
        return self._state()

    @supplement.validator
    def _may_supplement(self, command: Supplement) -> None:
        _guard(self._status is Status.SUPPLEMENTING and not self._supplementing and not self._supplemented, WrongState())
        fields = {m.target.removeprefix("answers.") for m in self._marked if m.target.startswith("answers.")}
        _guard(set(command.answers) <= fields, WrongState(wording.ONLY_MARKED_FIELDS))
        codes = {m.target.removeprefix("materials.") for m in self._marked if m.target.startswith("materials.")}
        _guard(fields <= set(command.answers) and codes <= self._attached_this_round, WrongState(wording.SUPPLEMENT_INCOMPLETE))

    @workflow.update
    async def complete_work_item(self, command: CompleteWorkItem) -> CaseState:
        self._completing = True
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
                wording.completed_step(self._open_kind),
                key=f"work_item:{command.work_item_id}",
                by=f"clerk:{command.role}",
                close_work_item=closing,
                data={"outcome": command.outcome},
            )
            self._completion = command
        except (ActivityError, ApplicationError) as error:
            raise _application_error(error) from error
        finally:
            self._completing = False
        return self._state()

    @complete_work_item.validator
    def _may_complete(self, command: CompleteWorkItem) -> None:
        open_id = self._work_item[0] if self._work_item else None
        _guard(open_id == command.work_item_id and not self._completing and self._completion is None, WrongState())
        try:
            check_completion(command, self._open_kind, self._service_item, rounds_used=self._round)
        except DomainError as error:
            raise refusal(error) from error

    @workflow.update
    async def withdraw(self, command: Withdraw) -> CaseState:
        self._withdrawal = command
        await workflow.wait_condition(lambda: self._status.final or self._opening_failure is not None)
        if self._opening_failure is not None:
            raise self._opening_failure
        return self._state()

    @withdraw.validator
    def _may_withdraw(self, command: Withdraw) -> None:
        _guard(not self._status.final and self._withdrawal is None, WrongState())

    @workflow.query
    def state(self) -> CaseState:
        return self._state()

    # --- the case's own book-keeping -----------------------------------------------------------------------------

    @property
    def _service_item(self) -> ServiceItem:
        if self._item is None:
            self._not_yet()
        return self._item

    def _not_yet(self) -> NoReturn:
        raise refusal(WrongState())

    @property
    def _number(self) -> str:
        return self._acceptance_number or ""

    @property
    def _awaits_clip(self) -> bool:
        attempts_left = self._item is not None and self._attempts < self._item.identity_attempts
        chosen = self._counter_chosen or self._choosing
        return self._status is Status.VERIFYING and self._clips_help and not chosen and attempts_left and self._clip is None

    @property
    def _open_kind(self) -> StepKind:
        if self._work_item is None:
            self._not_yet()
        return self._work_item[1]

    def _state(self) -> CaseState:
        return CaseState(status=self._status, acceptance_number=self._acceptance_number, challenge=self._challenge)

    def _waiting_for_sources(self) -> list[WaitingFor]:
        return [wording.waiting_for_registry(e.source, workflow.now()) for e in self._service_item.evidence]

    async def _open_work_item(self, event: str, text: Bilingual, opening: WorkItemOpening, **changes: Any) -> None:
        self._completion = None
        result = await self._record(event, text, open_work_item=opening, **changes)
        self._work_item = (result.work_item_id, opening.kind)

    def _taken_completion(self) -> CompleteWorkItem:
        assert self._completion is not None
        command, self._completion, self._work_item = self._completion, None, None
        return command

    async def _record(self, event: str, text: Bilingual, *, by: str = "machine", key: str | None = None, **changes: Any) -> ChangeResult:
        """Write one change of the case. Its key is its place in this history, so that it is written once."""
        self._changes += 1
        change = CaseChange(
            application_id=self._application_id,
            key=key or f"{self._changes}:{event}",
            at=workflow.now(),
            event=event,
            by=by,
            text=text,
            **changes,
        )
        result: ChangeResult = await workflow.execute_local_activity_method(CaseActivities.record_change, change, **WRITE)
        if change.status is not None:
            self._status = change.status
        return result


async def _in_time(condition: Any, limit: timedelta) -> bool:
    """Wait for a condition; False when the limit runs out first."""
    try:
        await workflow.wait_condition(condition, timeout=max(limit, timedelta(0)))
    except TimeoutError:
        return False
    return True


def _refusal_by(command: CompleteWorkItem) -> DecisionByPerson:
    return DecisionByPerson(outcome=Outcome.REFUSED, by=f"clerk:{command.role}", reason=command.reason)
