"""The one procedure that every service item follows: apply, identify, gather, decide, review, fulfil.

A service item's code is the workflow type; the procedure reads the item's version in force in its first
step, which pins it in the history. People and integrators act on a case through the commands of `workflows/case.py`.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
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
    from domain.admission import invalid_request, needs_identity_check
    from domain.application import ApplicationRequest, Status
    from domain.changes import (
        CaseState,
        ClipRef,
        CompleteWorkItem,
        DecisionByPerson,
        DecisionTask,
        DocumentTask,
        EvidenceTask,
        IdentityAnswer,
        InquiryOpening,
        NoticeText,
        OpenCase,
        SubmitClip,
        WorkItemOpening,
    )
    from domain.decision import Outcome
    from domain.errors import InvalidInput
    from domain.facts import origin_path
    from domain.ids import application_id_of
    from domain.inquiries import Pattern
    from domain.jurisdiction import Role
    from domain.service_item import Delivery, EvidenceRequest, Step, StepKind
    from domain.work_items import KIND_TEXT
    from workflows import wording
    from workflows.case import CaseEnds, application_error, in_time, refusal
    from workflows.fulfilling import Fulfilling
    from workflows.policies import DOCUMENT, IDENTITY, PARCEL_PAUSE, PARCEL_PAUSES, REGISTRY, WRITE

_STEP_STATUS = {StepKind.PRE_REVIEW: Status.REVIEWING, StepKind.REVIEW: Status.REVIEWING, StepKind.APPROVAL: Status.APPROVING}


async def heeded(cancelled: "asyncio.Future[None]") -> None:
    """Wait until something that was cancelled has ended.

    An activity's answer that comes with the same workflow task as the cancellation swallows it, and the steps go on: they are
    cancelled again until they heed it.
    """
    while True:
        await workflow.wait([cancelled], timeout=1)
        if cancelled.done():
            return
        cancelled.cancel()


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


@workflow.defn(dynamic=True)
class ServiceItemProcedure(Fulfilling):
    """One application from submission to its end."""

    @workflow.init
    def __init__(self, args: Sequence[RawValue]) -> None:
        super().__init__()
        try:
            self._application_id, self._request = _read_start(args)
            self._answers = dict(self._request.answers)
        except InvalidInput as error:
            self._opening_failure = refusal(error)

    # --- the procedure -------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, args: Sequence[RawValue]) -> CaseState:
        await self._open()
        if self._opening_failure is not None:
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise self._opening_failure
        try:
            await self._until_withdrawn(self._procedure())
        except CaseEnds as end:
            await self._end(end)
            await self._settle_fee()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._state()

    async def _procedure(self) -> None:
        if needs_identity_check(self._request, self._service_item) and not await self._verify_identity():
            await self._verify_at_counter()
        await self._collect_fee()
        await self._gather_in_time()
        if not await self._decide():
            await self._with_clocks(self._review())
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
        await (heeded(steps) if self._timed else workflow.wait([steps]))
        if not steps.cancelled() and (error := steps.exception()) is not None and not isinstance(error, (CaseEnds, FailureError)):
            raise error
        if self._withdrawal is not None and not self._status.final:
            raise CaseEnds(Status.WITHDRAWN, wording.WITHDRAWN, by=self._withdrawal.by)

    # --- steps ---------------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        if self._opening_failure is not None:
            return
        opening = OpenCase(application_id=self._application_id, request=self._request_for_type(), at=workflow.now())
        try:
            opened = await workflow.execute_local_activity_method(CaseActivities.open_case, opening, **WRITE)
        except (ActivityError, ApplicationError) as error:
            self._opening_failure = application_error(error)
            return
        self._item = opened.item
        self._generation = opened.procedure
        self._acceptance_number = opened.acceptance_number
        self._challenge = opened.challenge
        if not needs_identity_check(self._request, opened.item):
            self._status = Status.GATHERING  # as the opening wrote it

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
                await self._record("identity_passed", wording.IDENTITY_PASSED, identity=answer.verdict, **self._after_identity())
                return True
            await self._record_failed_identity(answer)
        return False

    async def _await_clip(self) -> SubmitClip | None:
        """The next clip; None when the applicant would rather be looked at by a person."""
        limit = timedelta(hours=self._service_item.clip_hours)
        if not await in_time(lambda: self._clip is not None or self._counter_chosen, limit):
            raise CaseEnds(Status.ABANDONED, wording.ABANDONED)
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
            raise CaseEnds(Status.REFUSED, wording.NOT_SAME_PERSON, by=f"clerk:{command.role}", decision=_refusal_by(command))
        await self._record(
            "identity_confirmed",
            wording.IDENTITY_CONFIRMED,
            by=f"clerk:{command.role}",
            **self._after_identity(),
        )

    def _after_identity(self) -> dict[str, Any]:
        """What a proved person waits for: the payment provider's order, or the registries."""
        if self._fee_due:
            return {"status": Status.PAYING, "waiting_for": [wording.waiting_for_payments(workflow.now())]}
        return {"status": Status.GATHERING, "waiting_for": self._waiting_for_sources()}

    async def _gather_in_time(self) -> None:
        """The limits run from here, since who applies is proved and what is due is paid; days of waiting for a registry do not count."""
        self._accepted_at = self._accepted_at or workflow.now()
        self._stop_clock("registry")
        await self._gather_evidence()
        self._run_clock_again()

    async def _gather_evidence(self) -> None:
        """Ask all registries at once; a question about somebody whom another answer names comes after that answer."""
        answered: set[str] = set()
        await asyncio.gather(*(self._ask_in_turn(request, answered) for request in self._service_item.evidence))

    async def _ask_in_turn(self, request: EvidenceRequest, answered: set[str]) -> None:
        if request.waits_for:
            await workflow.wait_condition(lambda: request.waits_for <= answered)
        await self._with_patience(request)
        answered.add(request.name)

    async def _with_patience(self, request: EvidenceRequest) -> None:
        """Ask for as long as it takes, or as the service item allows; then a person goes on without the answer."""
        if request.patience_hours is None:
            await self._gather(request.name)
            return
        asking = asyncio.ensure_future(self._gather(request.name))
        try:
            await workflow.wait([asking], timeout=request.patience_seconds)
            if asking.done():
                asking.result()
                return
        finally:
            asking.cancel()  # patience is at its end, or the case was withdrawn
        await workflow.wait([asking])  # a cancelled activity ends in an error of its own, which says nothing more
        text = wording.registry_given_up(request.label or request.purpose, request.patience_hours)
        await self._record(f"registry_given_up:{request.name}", text)

    async def _gather(self, fact: str) -> None:
        task = EvidenceTask(application_id=self._application_id, source=fact, round=self._round if self._asked_again(fact) else 0)
        await workflow.execute_activity_method(RegistryActivities.gather_evidence, task, **REGISTRY)

    def _asked_again(self, fact: str) -> bool:
        """Whether a supplement changed what this question asks, or what it waits for."""
        request, marked = self._service_item.evidence_for(fact), {m.target for m in self._marked}
        if request is None:
            return False
        origins = [origin_path(origin) for origin in (*request.query.values(), *filter(None, [request.about]))]
        return any(origin in marked for origin in origins) or any(self._asked_again(other) for other in request.waits_for)

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
                raise CaseEnds(Status.REFUSED, wording.REFUSED, by=f"clerk:{command.role}", decision=_refusal_by(command))
        approval = DecisionByPerson(outcome=Outcome.APPROVED, by=f"clerk:{command.role}", reason=command.reason)
        self._accepted_at = None  # decided: no limit runs any more
        await self._record_timed(
            "approved",
            wording.APPROVED,
            by=approval.by,
            decision=approval,
            status=Status.ISSUING,
            waiting_for=[wording.waiting_for_document(workflow.now())],
        )

    async def _human_step(self, step: Step) -> CompleteWorkItem:
        if self._step is not step:
            self._step, self._step_began_at = step, workflow.now()
        opening = WorkItemOpening(
            kind=step.kind,
            role=step.role,
            level=step.level,
            name=step.name,
            working_days=step.working_days,
            clock=self._step_clock() if self._timed else None,
            escalation=self._escalation,
        )
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
        self._stop_clock("supplement")
        await self._record_timed(
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
            raise CaseEnds(Status.EXPIRED, wording.SUPPLEMENT_EXPIRED)
        self._run_clock_again()
        await self._gather_in_time()
        await self._decide()

    async def _supplemented_within(self, limit: timedelta) -> bool:
        """A supplement that is being written when the limit runs out still counts."""
        await in_time(lambda: self._supplemented, limit)
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
        raise CaseEnds(Status.COMPLETED, wording.COMPLETED)

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
            raise CaseEnds(Status.VOID, wording.VOID, by=f"clerk:{command.role}", decision=_refusal_by(command))
        await self._record(
            "originals_match",
            wording.ORIGINALS_MATCH,
            by=f"clerk:{command.role}",
            status=Status.ISSUING,
            waiting_for=[wording.waiting_for_document(workflow.now())],
        )
        await self._issue()

    async def _by_post(self) -> None:
        issued = await self._issue()
        if self._timed:
            await self._send_parcel(issued)
            return
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

    async def _end(self, end: CaseEnds) -> None:
        await self._record(
            end.status.value,
            end.text,
            by=end.by,
            status=end.status,
            decision=end.decision,
            inquiry=InquiryOpening(pattern=Pattern.ORIGINALS_DIFFER) if self._timed and end.status is Status.VOID else None,
            notices=[NoticeText(key="end", text=wording.notice_end(end.status, self._number))],
        )


def _refusal_by(command: CompleteWorkItem) -> DecisionByPerson:
    return DecisionByPerson(outcome=Outcome.REFUSED, by=f"clerk:{command.role}", reason=command.reason)
