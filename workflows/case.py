"""A case while it runs: its state, the commands that people send it, and the one way in which it writes a change.

Commands are workflow updates with validators; `workflows/procedure.py` has the steps between them.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.cases import CaseActivities
    from domain.application import ApplicationRequest, Status, WaitingFor
    from domain.attempts import UPLOAD_PATIENCE
    from domain.changes import (
        AttachMaterial,
        CaseChange,
        CaseState,
        ChallengeIssued,
        ChangeResult,
        ChooseCounter,
        CompleteWorkItem,
        DecisionByPerson,
        RenewChallenge,
        SubmitClip,
        Supplement,
        SupplementRequest,
        Withdraw,
        WorkItemOpening,
    )
    from domain.errors import ChallengeExpired, DomainError, MaterialMissing, TooManyAttempts, WrongState
    from domain.forms import asked_fields, with_dependents
    from domain.service_item import ServiceItem, StepKind
    from domain.text import Bilingual
    from workflows import wording
    from workflows.policies import WRITE

CODES_ALLOWED = 30


def refusal(error: DomainError) -> ApplicationError:
    """A domain error as the engine carries it: its kind as type, its text as details."""
    return ApplicationError(error.text.en, error.text, [f.model_dump() for f in error.fields], type=error.kind, non_retryable=True)


def application_error(error: ActivityError | ApplicationError) -> ApplicationError:
    """What an activity failed with: a local one raises it bare, another one wrapped."""
    cause = error.cause if isinstance(error, ActivityError) else error
    return cause if isinstance(cause, ApplicationError) else ApplicationError(str(cause), non_retryable=True)


def guard(condition: bool, error: DomainError) -> None:
    if not condition:
        raise refusal(error)


class CaseEnds(Exception):
    """Leaves the procedure for a final status; never leaves the workflow."""

    def __init__(self, status: Status, text: Bilingual, *, by: str = "machine", decision: DecisionByPerson | None = None) -> None:
        self.status = status
        self.text = text
        self.by = by
        self.decision = decision


async def in_time(condition: Callable[[], bool], limit: timedelta) -> bool:
    """Wait for a condition; False when the limit runs out first."""
    try:
        await workflow.wait_condition(condition, timeout=max(limit, timedelta(0)))
    except TimeoutError:
        return False
    return True


class Case:
    """One application's state and commands. State is set in `__init__`, because a command may come before the first step."""

    _application_id: UUID
    _request: ApplicationRequest

    def __init__(self) -> None:
        self._opening_failure: ApplicationError | None = None
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
        self._answers: dict[str, Any] = {}  # as supplements have left them
        self._round = 0
        self._marked: list[SupplementRequest] = []
        self._attached_this_round: set[str] = set()
        self._supplementing = False
        self._supplemented = False
        self._withdrawal: Withdraw | None = None
        self._changes = 0
        self._generation = 1  # the way of working that the case began under

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
            "challenge_renewed",
            wording.CHALLENGE_RENEWED,
            issue_challenge=True,
            challenge_language=command.language,
            challenge_way=command.way,
        )
        self._challenge = result.challenge
        return self._state()

    @renew_challenge.validator
    def _may_renew(self, command: RenewChallenge) -> None:
        guard(self._awaits_clip, WrongState())
        guard(self._renewals < CODES_ALLOWED, TooManyAttempts())  # each adds to the history

    @workflow.update
    async def submit_identity_clip(self, command: SubmitClip) -> CaseState:
        self._challenge = None  # used once, whatever comes of it
        self._clip = command
        return self._state()

    @submit_identity_clip.validator
    def _may_submit_clip(self, command: SubmitClip) -> None:
        guard(self._awaits_clip, WrongState())
        missing = [m for m in self._service_item.uploads if m.required and m.code not in self._materials]
        guard(not missing, MaterialMissing())
        challenge = self._challenge
        # A recording that began in time may be long on its way; whether it did is known to who received it.
        still = challenge is not None and workflow.now() <= challenge.expires_at + UPLOAD_PATIENCE
        guard(still and challenge is not None and challenge.id == command.challenge_id, ChallengeExpired())

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
        guard(self._awaits_clip, WrongState())
        missing = [m for m in self._service_item.uploads if m.required and m.code not in self._materials]
        guard(not missing, MaterialMissing())

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
        guard(known and (self._awaits_clip or (self._status is Status.SUPPLEMENTING and marked)), WrongState())

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
            self._answers |= command.answers
            self._supplemented = True
        finally:
            self._supplementing = False
        return self._state()

    @supplement.validator
    def _may_supplement(self, command: Supplement) -> None:
        guard(self._status is Status.SUPPLEMENTING and not self._supplementing and not self._supplemented, WrongState())
        form = self._service_item.form
        fields = {m.target.removeprefix("answers.") for m in self._marked if m.target.startswith("answers.")}
        guard(set(command.answers) <= with_dependents(form, fields), WrongState(wording.ONLY_MARKED_FIELDS))
        fields &= set(asked_fields(form, {**self._answers, **command.answers}))  # an answer may do away with another question
        codes = {m.target.removeprefix("materials.") for m in self._marked if m.target.startswith("materials.")}
        guard(fields <= set(command.answers) and codes <= self._attached_this_round, WrongState(wording.SUPPLEMENT_INCOMPLETE))

    @workflow.update
    async def withdraw(self, command: Withdraw) -> CaseState:
        self._withdrawal = command
        await workflow.wait_condition(lambda: self._status.final or self._opening_failure is not None)
        if self._opening_failure is not None:
            raise self._opening_failure
        return self._state()

    @withdraw.validator
    def _may_withdraw(self, command: Withdraw) -> None:
        guard(not self._status.final and self._withdrawal is None, WrongState())

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
    def _timed(self) -> bool:
        """Clocks, questions, investigations, appointments and fees: from procedure 2 on."""
        return self._generation >= 2

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
        return [wording.waiting_for_registry(e.name, workflow.now(), e.label) for e in self._service_item.evidence]

    async def _open_work_item(self, event: str, text: Bilingual, opening: WorkItemOpening, **changes: Any) -> None:
        self._completion = None
        result = await self._record_timed(event, text, open_work_item=opening, **changes)
        self._work_item = (result.work_item_id, opening.kind)

    async def _record_timed(self, event: str, text: Bilingual, **changes: Any) -> ChangeResult:
        """A change that starts, stops or moves the clocks; see `workflows/timekeeping.py`."""
        return await self._record(event, text, **changes)

    def _taken_completion(self) -> CompleteWorkItem:
        assert self._completion is not None
        command, self._completion, self._work_item = self._completion, None, None
        return command

    async def _record(
        self, event: str, text: Bilingual | None, *, by: str = "machine", key: str | None = None, **changes: Any
    ) -> ChangeResult:
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
