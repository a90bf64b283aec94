"""What people and integrators may ask of a case, and when: withdrawing anywhere, wrong starts, races, who may refuse."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from casework import queueing
from domain.application import FINAL, Status
from domain.changes import CaseState, CompleteWorkItem, SubmitClip, Withdraw
from domain.errors import InvalidInput, MaterialMissing, UnknownServiceItem, WorkItemNotClaimed, WrongState
from domain.forms import with_conditions
from domain.ids import new_id, workflow_id
from domain.jurisdiction import Role
from domain.parcels import ParcelState
from domain.service_item import ServiceItem, StepKind
from tests.builders import STATION, library_card, make_application_request, make_service_item
from tests.driving import FictionTown
from workflows.case import refusal
from workflows.policies import CASES_QUEUE

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]


# --- withdrawing at every point at which a case waits --------------------------------------------------------------


async def _before_the_clip(town: FictionTown) -> UUID:
    return await town.submit(make_application_request())


async def _while_the_clip_is_compared(town: FictionTown) -> UUID:
    town.verifier.gate.clear()
    case = await town.begin(make_application_request())
    await town.until(case, lambda _: town.verifier.seen > 0)
    return case


async def _while_a_registry_is_down(town: FictionTown) -> UUID:
    town.registries.down = {"property"}
    case = await town.begin(make_application_request())
    await town.until_event(case, "registry_late")
    return case


async def _in_pre_review(town: FictionTown) -> UUID:
    town.registries.records["property"] = None
    case = await town.begin(make_application_request())
    await town.open_work_item(case, StepKind.PRE_REVIEW)
    return case


async def _while_a_clerk_holds_it(town: FictionTown) -> UUID:
    case = await _in_pre_review(town)
    record = await town.open_work_item(case, StepKind.PRE_REVIEW)
    await queueing.claim(town.office, town.clerk_for(record), record["id"])
    return case


async def _while_supplementing(town: FictionTown) -> UUID:
    case = await _in_pre_review(town)
    await town.ask_for(case, "answers.genre")
    return case


async def _in_approval(town: FictionTown) -> UUID:
    case = await _in_pre_review(town)
    await town.work(case, StepKind.PRE_REVIEW, "pass")
    await town.open_work_item(case, StepKind.APPROVAL)
    return case


async def _while_the_document_is_made(town: FictionTown) -> UUID:
    town.documents.away = True
    case = await town.begin(make_application_request())
    await town.until_status(case, Status.ISSUING)
    return case


async def _before_the_visit(town: FictionTown) -> UUID:
    case = await town.begin(make_application_request(delivery="counter"))
    await town.open_work_item(case, StepKind.COUNTER_CHECK)
    return case


async def _before_the_identity_check(town: FictionTown) -> UUID:
    town.registries.portrait_jpeg = None
    case = await town.begin(make_application_request())
    await town.open_work_item(case, StepKind.IDENTITY_CHECK)
    return case


async def _on_its_way_by_post(town: FictionTown) -> UUID:
    town.post.state = ParcelState.IN_TRANSIT
    case = await town.begin(make_application_request(delivery="post"))
    await town.until_status(case, Status.POSTING)
    return case


POINTS: list[Callable[[FictionTown], Awaitable[UUID]]] = [
    _before_the_clip,
    _while_the_clip_is_compared,
    _while_a_registry_is_down,
    _in_pre_review,
    _while_a_clerk_holds_it,
    _while_supplementing,
    _in_approval,
    _while_the_document_is_made,
    _before_the_visit,
    _before_the_identity_check,
    _on_its_way_by_post,
]


@pytest.mark.parametrize("bring", POINTS, ids=lambda point: point.__name__.strip("_"))
async def test_a_case_can_be_withdrawn(town: FictionTown, bring: Callable[[FictionTown], Awaitable[UUID]]) -> None:
    case = await bring(town)
    documents_before = len((await town.view(case)).documents)
    view = await town.withdraw(case)
    town.reset()
    assert view.status is Status.WITHDRAWN
    assert view.waiting_for == []
    assert view.ended_at is not None
    assert {r["status"] for r in await town.office.desk.work_items_of([case])} <= {"completed", "cancelled"}
    with pytest.raises(WrongState):
        await town.withdraw(case)
    later = await town.view(case)
    assert (later.status, len(later.documents)) == (Status.WITHDRAWN, documents_before)


# --- how a case is started -----------------------------------------------------------------------------------------


async def start(client: Client, code: str, *args: Any, id: str | None = None) -> Any:
    return await client.start_workflow(code, args=list(args), id=id or workflow_id(new_id()), task_queue=CASES_QUEUE)


async def failure_of(handle: Any) -> ApplicationError:
    with pytest.raises(WorkflowFailureError) as failed:
        await asyncio.wait_for(handle.result(), 60)
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause


async def test_an_unknown_service_item_fails_at_once_and_for_good(town: FictionTown, clock: WorkflowEnvironment) -> None:
    failure = await failure_of(await start(clock.client, "fishing-rod", make_application_request()))
    assert (failure.type, failure.non_retryable) == ("unknown-service-item", True)


async def test_an_invalid_request_fails_at_once_with_its_fields(town: FictionTown, clock: WorkflowEnvironment) -> None:
    wrong = make_application_request(answers={"genre": "gossip"}, id_number="330302199001020018", delivery="counter")
    failure = await failure_of(await start(clock.client, "library-card", wrong))
    assert (failure.type, failure.non_retryable) == ("invalid-input", True)
    assert sorted(f["path"] for f in failure.details[1]) == ["/answers/genre", "/applicant/id_number"]


@pytest.mark.parametrize(
    ("args", "paths"),
    [
        ([{"service_item": "library-card", "answers": {}, "delivery": {"method": "online"}}], ["/applicant"]),
        (
            [make_application_request().model_dump(mode="json") | {"applicant": {"id_number": "x" * 18, "name": "a", "phone": "1"}}],
            ["/applicant/phone"],
        ),
        ([make_application_request().model_dump(mode="json") | {"surprise": 1}], ["/surprise"]),
        (["not a model"], ["/"]),
        ([], []),
    ],
    ids=["without an applicant", "a short phone number", "an unknown field", "text", "nothing"],
)
async def test_what_is_no_request_at_all_fails_at_once_too(
    town: FictionTown, clock: WorkflowEnvironment, args: list[Any], paths: list[str]
) -> None:
    failure = await failure_of(await start(clock.client, "library-card", *args))
    assert (failure.type, failure.non_retryable) == ("invalid-input", True)
    assert [f["path"] for f in failure.details[1]] == paths


async def test_a_case_under_an_id_that_is_none_fails_at_once(town: FictionTown, clock: WorkflowEnvironment) -> None:
    failure = await failure_of(await start(clock.client, "library-card", make_application_request(), id=f"case-{uuid4()}"))
    assert failure.type == "invalid-input"


async def test_the_failure_of_a_request_names_no_person(town: FictionTown, clock: WorkflowEnvironment) -> None:
    request = make_application_request(answers={"genre": "gossip"}, name="不可外传", phone="13912345678")
    failure = await failure_of(await start(clock.client, "library-card", request))
    told = f"{failure.message} {failure.details}"
    assert "不可外传" not in told
    assert "13912345678" not in told
    assert request.applicant.id_number not in told


async def test_a_command_may_come_before_the_case_has_begun(town: FictionTown, clock: WorkflowEnvironment) -> None:
    case = new_id()
    handle = await clock.client.start_workflow(
        "library-card", make_application_request(), id=workflow_id(case), task_queue=CASES_QUEUE, start_delay=timedelta(milliseconds=1)
    )
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.execute_update("submit_identity_clip", SubmitClip(clip_id=uuid4(), challenge_id=uuid4()), result_type=CaseState)
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type in ("wrong-state", "challenge-expired")
    state = await handle.execute_update("opened", result_type=CaseState)
    assert state.status is Status.VERIFYING
    await handle.execute_update("withdraw", Withdraw(), result_type=CaseState)


async def test_a_withdrawal_that_comes_before_a_refused_opening_is_told_why(town: FictionTown, clock: WorkflowEnvironment) -> None:
    from temporalio.client import WithStartWorkflowOperation
    from temporalio.common import WorkflowIDConflictPolicy

    operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        "fishing-rod",
        make_application_request(),
        id=workflow_id(new_id()),
        task_queue=CASES_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
    )
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await clock.client.execute_update_with_start_workflow(
            "withdraw", Withdraw(), start_workflow_operation=operation, result_type=CaseState, rpc_timeout=timedelta(seconds=10)
        )
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "unknown-service-item"
    await failure_of(await operation.workflow_handle())


async def test_the_same_start_twice_is_one_case(town: FictionTown) -> None:
    case, request = new_id(), make_application_request()
    first = await town.office.engine.start(case, request)
    second = await town.office.engine.start(case, request)
    assert first.acceptance_number == second.acceptance_number
    await town.office.engine.command(case, "withdraw", Withdraw())


async def test_the_workflow_type_says_which_item_it_is(town: FictionTown, clock: WorkflowEnvironment) -> None:
    handle = await start(clock.client, "library-card", make_application_request("something-else"))
    assert (await handle.execute_update("opened", result_type=CaseState)).status is Status.VERIFYING
    await handle.execute_update("withdraw", Withdraw(), result_type=CaseState)


# --- the clip ------------------------------------------------------------------------------------------------------


async def test_a_required_upload_comes_before_the_clip(town: FictionTown) -> None:
    card = library_card()
    photo, old_card = card["materials"]
    town.shelf.put(make_service_item(code="photo-card", materials=[photo | {"required": True}, old_card]))
    case = await town.submit(make_application_request("photo-card"))
    with pytest.raises(MaterialMissing):
        await town.hand_in_clip(case)
    await town.upload(case, "photo")
    await town.hand_in_clip(case)
    await town.until_status(case, Status.COMPLETED)


async def test_an_upload_of_an_unknown_code_is_refused(town: FictionTown) -> None:
    case = await town.submit(make_application_request())
    with pytest.raises(WrongState):
        await town.upload(case, "selfie")
    assert all(m.uploads == [] for m in (await town.view(case)).materials)


async def test_one_clip_at_a_time_is_compared(town: FictionTown) -> None:
    case = await _while_the_clip_is_compared(town)
    with pytest.raises(WrongState):
        await town.hand_in_clip(case)
    town.verifier.gate.set()
    await town.until_status(case, Status.COMPLETED)
    assert town.verifier.seen == 1


async def test_a_clip_that_the_store_lost_or_damaged_is_asked_for_again(town: FictionTown) -> None:
    objects = town.wiring.__dict__["objects"]
    case = await town.submit(make_application_request())
    for attempt, harm in enumerate((objects.stored.clear, lambda: objects.stored.update(dict.fromkeys(objects.stored, b"other"))), 1):
        town.registries.down = {"resident_population"}
        await town.hand_in_clip(case)
        await town.until_event(case, "registry_late", attempt)
        harm()
        town.registries.down = set()
        view = await town.until_event(case, "identity_failed", attempt)
        assert [r.en for r in view.identity.last_reasons] == ["The clip was not kept in order. Please record it again"]
    await town.hand_in_clip(case)
    await town.until_status(case, Status.COMPLETED)


# --- clerks --------------------------------------------------------------------------------------------------------


async def test_a_completion_without_a_claim_is_refused_inside_the_database_too(town: FictionTown) -> None:
    case = await _in_pre_review(town)
    record = await town.open_work_item(case, StepKind.PRE_REVIEW)
    command = CompleteWorkItem(work_item_id=record["id"], clerk_id="nobody", role=Role.PRE_REVIEWER, outcome="pass")
    with pytest.raises(WorkItemNotClaimed):
        await town.office.engine.command(case, "complete_work_item", command)
    assert (await town.office.desk.work_item(record["id"]))["status"] == "open"
    assert "work_item_completed" not in {e.event for e in (await town.view(case)).timeline}
    await town.work(case, StepKind.PRE_REVIEW, "pass")  # the case is none the worse for it
    await town.open_work_item(case, StepKind.APPROVAL)


async def test_a_completion_by_another_clerk_than_the_holder_is_refused_inside_the_database_too(town: FictionTown) -> None:
    case = await _while_a_clerk_holds_it(town)
    record = (await town.office.desk.work_items_of([case]))[0]
    command = CompleteWorkItem(work_item_id=record["id"], clerk_id="another", role=Role.PRE_REVIEWER, outcome="pass")
    with pytest.raises(WorkItemNotClaimed):
        await town.office.engine.command(case, "complete_work_item", command)
    assert (await town.office.desk.work_item(record["id"]))["status"] == "claimed"


async def test_two_completions_at_once_count_once(town: FictionTown) -> None:
    case = await _while_a_clerk_holds_it(town)
    record = (await town.office.desk.work_items_of([case]))[0]
    commands = [
        CompleteWorkItem(work_item_id=record["id"], clerk_id=record["claimed_by"], role=Role.PRE_REVIEWER, outcome="pass") for _ in range(2)
    ]
    done = await asyncio.gather(*(town.office.engine.command(case, "complete_work_item", c) for c in commands), return_exceptions=True)
    assert sorted(type(d).__name__ for d in done) == ["CaseState", "WrongState"]
    await town.open_work_item(case, StepKind.APPROVAL)


@pytest.mark.parametrize(
    ("outcome", "originals", "told"),
    [
        ("match", {}, "/originals"),
        ("match", {"old-card": "lost"}, "/originals"),
        ("match", {"old-card": "missing"}, "/outcome"),
        ("differ", {"old-card": "same"}, "/outcome"),
        ("approve", {"old-card": "same"}, "/outcome"),
    ],
)
async def test_the_counter_compares_every_original(town: FictionTown, outcome: str, originals: dict[str, str], told: str) -> None:
    case = await _before_the_visit(town)
    with pytest.raises(InvalidInput) as refused:
        await town.work(case, StepKind.COUNTER_CHECK, outcome, reason="x", originals=originals)
    assert [f.path for f in refused.value.fields] == [told]
    assert (await town.withdraw(case)).status is Status.WITHDRAWN


# --- who decides ---------------------------------------------------------------------------------------------------


async def _refused_at_approval(town: FictionTown) -> UUID:
    case = await _in_approval(town)
    await town.work(case, StepKind.APPROVAL, "refuse", reason="书架上没有书")
    return case


async def _refused_at_the_counter(town: FictionTown) -> UUID:
    case = await _before_the_identity_check(town)
    await town.work(case, StepKind.IDENTITY_CHECK, "not_same_person", reason="不是本人")
    return case


async def _refused_at_review(town: FictionTown) -> UUID:
    step = library_card()["steps"][1] | {"kind": "review"}
    town.shelf.put(make_service_item(code="review-card", steps=[step]))
    town.registries.records["property"] = None
    case = await town.begin(make_application_request("review-card"))
    await town.work(case, StepKind.REVIEW, "refuse", reason="不符合条件")
    return case


@pytest.mark.parametrize("bring", [_refused_at_approval, _refused_at_the_counter, _refused_at_review])
async def test_a_refusal_has_a_person_and_a_reason(town: FictionTown, bring: Callable[[FictionTown], Awaitable[UUID]]) -> None:
    case = await bring(town)
    view = await town.until_status(case, Status.REFUSED)
    assert view.decision is not None
    assert view.decision.outcome == "refused"
    assert view.decision.by.startswith("clerk:")
    assert view.decision.reason
    assert next(e.by for e in view.timeline if e.event == "refused").startswith("clerk:")


async def test_a_refusal_without_a_reason_is_not_taken(town: FictionTown) -> None:
    case = await _in_approval(town)
    with pytest.raises(InvalidInput) as refused:
        await town.work(case, StepKind.APPROVAL, "refuse", reason="  ")
    assert [f.path for f in refused.value.fields] == ["/reason"]


@pytest.mark.parametrize("missing", ["resident_population", "property", "both"])
async def test_whatever_registries_say_the_machine_refers_and_never_refuses(town: FictionTown, missing: str) -> None:
    for source in ("resident_population", "property"):
        if missing in (source, "both"):
            town.registries.records[source] = None
    case = await town.begin(make_application_request())
    view = await town.until_status(case, Status.REVIEWING)
    assert view.decision is not None
    assert (view.decision.outcome, view.decision.by) == ("referred", "machine")
    assert all(e.by.startswith(("applicant", "client", "machine", "registry:")) for e in view.timeline)


async def test_no_case_of_this_run_was_refused_by_a_machine(town: FictionTown) -> None:
    """Looks at every case that the tests of this module, and all others on this database, brought to a decision."""
    from sqlalchemy import select

    from adapters.database.tables import applications, events

    async with town.wiring.database.transaction() as connection:
        refusals = (await connection.execute(select(events.c.by).where(events.c.event == "refused"))).scalars().all()
        machine = (await connection.execute(select(events.c.data).where(events.c.event == "decided"))).scalars().all()
        statuses = set((await connection.execute(select(applications.c.status))).scalars().all())
    assert refusals
    assert all(by.startswith("clerk:") for by in refusals)
    assert {d["outcome"] for d in machine} <= {"approved", "referred"}
    assert Status.REFUSED.value in statuses & {s.value for s in FINAL}


async def test_an_approval_by_a_person_leads_on_to_the_document(town: FictionTown) -> None:
    case = await _in_approval(town)
    await town.work(case, StepKind.APPROVAL, "approve", reason="同意")
    view = await town.until_status(case, Status.COMPLETED)
    assert view.decision is not None
    assert (view.decision.outcome, view.decision.by, view.decision.reason) == ("approved", "clerk:approver", "同意")
    assert len(view.documents) == 1


async def test_a_refusal_as_the_engine_carries_it_is_not_tried_again() -> None:
    error = refusal(WrongState())
    assert (error.type, error.non_retryable) == ("wrong-state", True)


async def test_whoever_starts_a_case_reads_why_it_was_not_opened(town: FictionTown) -> None:
    with pytest.raises(InvalidInput) as refused:
        await town.office.engine.start(new_id(), make_application_request(answers={"genre": "gossip"}))
    assert [f.path for f in refused.value.fields] == ["/answers/genre"]
    with pytest.raises(UnknownServiceItem):
        await town.office.engine.start(new_id(), make_application_request("fishing-rod"))


# --- questions that hang on one another --------------------------------------------------------------------------------


def _shelf_after_maps() -> ServiceItem:
    """The shelf is asked for after maps alone, and then it must be answered."""
    form = library_card()["form"]
    shelf = form["properties"]["shelf"] | {"x-when": {"genre": ["maps"]}}
    whole = with_conditions(form | {"required": ["genre", "shelf"], "properties": form["properties"] | {"shelf": shelf}})
    return make_service_item(
        code="library-card-of-maps", form=whole, evidence=library_card()["evidence"][:1], rules=library_card()["rules"][:1]
    )


async def _with_pre_review(town: FictionTown, answers: dict[str, Any]) -> UUID:
    town.shelf.put(_shelf_after_maps())
    town.registries.records["resident_population"] = {"name": "别人", "station_code": STATION}
    case = await town.begin(make_application_request("library-card-of-maps", answers=answers))
    await town.ask_for(case, "answers.genre")
    return case


async def test_an_answer_that_brings_another_question_is_supplemented_with_it(town: FictionTown) -> None:
    case = await _with_pre_review(town, {"genre": "novels"})
    with pytest.raises(InvalidInput) as refused:
        await town.supplement(case, {"genre": "maps"})
    assert [field.path for field in refused.value.fields] == ["/answers/shelf"]
    await town.supplement(case, {"genre": "maps", "shelf": "M-1"})
    await town.open_work_item(case, StepKind.PRE_REVIEW)
    assert (await town.view(case)).answers == {"genre": "maps", "shelf": "M-1"}


async def test_an_answer_that_does_away_with_another_question_takes_its_answer_along(town: FictionTown) -> None:
    case = await _with_pre_review(town, {"genre": "maps", "shelf": "M-1"})
    await town.supplement(case, {"genre": "poems"})
    await town.open_work_item(case, StepKind.PRE_REVIEW)
    assert (await town.view(case)).answers == {"genre": "poems"}


async def test_a_marked_question_that_is_not_asked_any_more_need_not_be_answered(town: FictionTown) -> None:
    town.shelf.put(_shelf_after_maps())
    town.registries.records["resident_population"] = {"name": "别人", "station_code": STATION}
    case = await town.begin(make_application_request("library-card-of-maps", answers={"genre": "maps", "shelf": "M-1"}))
    await town.ask_for(case, "answers.genre", "answers.shelf")
    await town.supplement(case, {"genre": "poems"})
    await town.open_work_item(case, StepKind.PRE_REVIEW)
    assert (await town.view(case)).answers == {"genre": "poems"}
