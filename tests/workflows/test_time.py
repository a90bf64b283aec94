"""Sixty days, twenty-four hours, fifteen days: what happens when time passes, told by a clock that tests move."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from temporalio.testing import WorkflowEnvironment

from casework import applying, clerking
from casework.views import ApplicationView
from domain.application import Status
from domain.errors import ChallengeExpired, InvalidInput, TooManyAttempts, WrongState
from domain.ids import workflow_id
from domain.parcels import ParcelState
from domain.service_item import StepKind
from tests.builders import make_application_request
from tests.driving import INTEGRATOR, FictionTown, days
from workflows import policies

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]


class Clock:
    def __init__(self, environment: WorkflowEnvironment) -> None:
        self._environment = environment

    async def forward(self, case: UUID, time: timedelta) -> None:
        await self._environment.fast_forward(self._environment.client.get_workflow_handle(workflow_id(case)), time)


@pytest.fixture
def time(clock: WorkflowEnvironment) -> Clock:
    return Clock(clock)


def moment(view: ApplicationView, event: str) -> datetime:
    return next(e.at for e in view.timeline if e.event == event)


async def awaiting_the_counter(town: FictionTown) -> UUID:
    case = await town.begin(make_application_request(delivery="counter"))
    await town.until_status(case, Status.AWAITING_COUNTER)
    return case


async def in_pre_review(town: FictionTown, **request: object) -> UUID:
    town.registries.records["property"] = None
    case = await town.begin(make_application_request(**request))  # type: ignore[arg-type]
    await town.until_status(case, Status.REVIEWING)
    await town.open_work_item(case, StepKind.PRE_REVIEW)
    return case


# --- the counter window ------------------------------------------------------------------------------------------


async def test_a_visit_after_59_days_completes_the_case(town: FictionTown, time: Clock) -> None:
    case = await awaiting_the_counter(town)
    await time.forward(case, days(59))
    await town.visit(case)
    view = await town.until_status(case, Status.COMPLETED)
    assert len(view.documents) == 1
    assert view.waiting_for == []


async def test_a_case_that_nobody_comes_for_expires_after_60_days(town: FictionTown, time: Clock) -> None:
    case = await awaiting_the_counter(town)
    item = await town.open_work_item(case, StepKind.COUNTER_CHECK)
    await time.forward(case, days(61))
    view = await town.until_status(case, Status.EXPIRED)
    assert days(59.9) < moment(view, "expired") - moment(view, "awaiting_counter") < days(60.1)
    assert view.documents == []
    assert (await town.office.desk.work_item(item["id"]))["status"] == "cancelled"
    with pytest.raises(WrongState):
        await town.withdraw(case)


async def test_reminders_fall_on_days_30_53_and_59(town: FictionTown, time: Clock) -> None:
    case = await awaiting_the_counter(town)
    await time.forward(case, days(29.5))
    assert "reminded" not in {e.event for e in (await town.view(case)).timeline}
    await time.forward(case, days(30))  # now day 59.5
    view = await town.until_event(case, "reminded", 3)
    opened = moment(view, "awaiting_counter")
    assert [round((e.at - opened) / days(1)) for e in view.timeline if e.event == "reminded"] == [30, 53, 59]
    assert "30" in next(e.text.en for e in view.timeline if e.event == "reminded")


async def test_originals_that_differ_make_the_approval_void(town: FictionTown) -> None:
    case = await awaiting_the_counter(town)
    await town.visit(case, finding="different")
    view = await town.until_status(case, Status.VOID)
    assert view.documents == []
    assert view.decision is not None
    assert (view.decision.by, view.decision.reason) == ("clerk:counter", "与原件核对")


async def test_a_visit_just_as_the_window_closes_is_a_visit_or_an_expiry_and_never_both(town: FictionTown, time: Clock) -> None:
    case = await awaiting_the_counter(town)
    await time.forward(case, days(60) - timedelta(seconds=1))
    await town.visit(case)
    view = await town.until(case, lambda v: v.status.final, "an end")
    assert {e.event for e in view.timeline} & {"completed", "expired"} == {view.status.value}


# --- the clip ----------------------------------------------------------------------------------------------------


async def test_a_clip_is_awaited_for_24_hours_and_then_the_case_is_abandoned(town: FictionTown, time: Clock) -> None:
    case = await town.submit(make_application_request())
    await time.forward(case, timedelta(hours=23, minutes=59))
    assert (await town.view(case)).status is Status.VERIFYING
    await time.forward(case, timedelta(minutes=2))
    view = await town.until_status(case, Status.ABANDONED)
    assert view.challenge is None


async def test_a_code_is_good_for_five_minutes_and_ten_for_the_way_and_a_new_one_again(town: FictionTown, time: Clock) -> None:
    case = await town.submit(make_application_request())
    await time.forward(case, timedelta(minutes=16))
    with pytest.raises(ChallengeExpired):
        await town.hand_in_clip(case)
    await applying.renew_challenge(town.office, INTEGRATOR, case)
    await town.hand_in_clip(case)
    await town.until_status(case, Status.COMPLETED)


async def three_failed_clips(town: FictionTown) -> UUID:
    town.verifier.failures = 3
    case = await town.submit(make_application_request())
    for attempt in (1, 2, 3):
        await town.hand_in_clip(case)
        await town.until_event(case, "identity_failed", attempt)
    await town.open_work_item(case, StepKind.IDENTITY_CHECK)
    return case


async def test_three_failed_clips_hand_the_check_to_the_counter_and_the_same_person_goes_on(town: FictionTown) -> None:
    case = await three_failed_clips(town)
    assert (await town.view(case)).status is Status.AWAITING_COUNTER
    with pytest.raises(WrongState):
        await town.hand_in_clip(case)
    await town.work(case, StepKind.IDENTITY_CHECK, "same_person")
    view = await town.until_status(case, Status.COMPLETED)
    assert len(view.documents) == 1
    assert sorted({e.source for e in view.evidence}) == ["property", "resident_population"]
    assert [q.source for q in town.registries.asked].count("property") == 1


async def test_whoever_would_rather_not_show_their_face_is_compared_by_a_person(town: FictionTown) -> None:
    case = await town.submit(make_application_request())
    await applying.choose_counter(town.office, INTEGRATOR, case)
    with pytest.raises(WrongState):
        await applying.choose_counter(town.office, INTEGRATOR, case)
    await town.until_status(case, Status.AWAITING_COUNTER)
    with pytest.raises(WrongState):
        await town.hand_in_clip(case)
    await town.work(case, StepKind.IDENTITY_CHECK, "same_person")
    view = await town.until_status(case, Status.COMPLETED)
    assert "counter_chosen" in [entry.event for entry in view.timeline]


async def test_new_codes_are_given_thirty_times(town: FictionTown) -> None:
    case = await town.submit(make_application_request())
    for _ in range(30):
        await applying.renew_challenge(town.office, INTEGRATOR, case)
    with pytest.raises(TooManyAttempts):
        await applying.renew_challenge(town.office, INTEGRATOR, case)


async def test_who_cannot_turn_the_head_is_asked_for_six_digits_and_one_side_and_keeps_that_way(town: FictionTown) -> None:
    case = await town.submit(make_application_request())
    for way in ("digits", None):
        challenge = await applying.renew_challenge(town.office, INTEGRATOR, case, way=way)
        assert (challenge.way, len(challenge.code), len(challenge.movements)) == ("digits", 6, 1)
        assert set(challenge.movements) <= {"left", "right"}


async def test_a_clerk_who_sees_another_person_refuses(town: FictionTown) -> None:
    case = await three_failed_clips(town)
    with pytest.raises(InvalidInput):
        await town.work(case, StepKind.IDENTITY_CHECK, "not_same_person")
    record = (await town.office.desk.work_items_of([case]))[0]
    await clerking.complete(town.office, town.clerk_for(record), record["id"], outcome="not_same_person", reason="相貌不符")
    view = await town.until_status(case, Status.REFUSED)
    assert view.decision is not None
    assert (view.decision.outcome, view.decision.by, view.decision.reason) == ("refused", "clerk:counter", "相貌不符")


async def test_an_identity_check_that_nobody_comes_to_expires(town: FictionTown, time: Clock) -> None:
    case = await three_failed_clips(town)
    await time.forward(case, days(61))
    view = await town.until_status(case, Status.EXPIRED)
    assert [e.event for e in view.timeline].count("reminded") == 3


async def test_a_person_without_a_portrait_is_compared_at_the_counter(town: FictionTown) -> None:
    town.registries.portrait_jpeg = None
    case = await town.begin(make_application_request())
    await town.work(case, StepKind.IDENTITY_CHECK, "same_person")
    await town.until_status(case, Status.COMPLETED)
    assert town.verifier.seen == 0


async def test_without_a_portrait_no_further_clip_is_taken_while_the_counter_is_made_ready(town: FictionTown) -> None:
    town.registries.portrait_jpeg = None
    case = await town.submit(make_application_request())
    town.registries.down_for_look_ups = {"resident_population"}
    await town.hand_in_clip(case)
    view = await town.until_event(case, "registry_late")
    assert [(w.what, w.late) for w in view.waiting_for] == [("resident_population", True)]
    with pytest.raises(WrongState):
        await town.hand_in_clip(case)
    town.registries.down_for_look_ups = set()
    await town.open_work_item(case, StepKind.IDENTITY_CHECK)


# --- the supplement ----------------------------------------------------------------------------------------------


async def test_a_supplement_goes_back_three_times_and_a_fourth_is_refused_with_what_to_do(town: FictionTown) -> None:
    case = await in_pre_review(town)
    for round_ in (1, 2, 3):
        await town.ask_for(case, "answers.genre")
        view = await town.view(case)
        assert view.supplement is not None
        assert (view.supplement.round, view.supplement.rounds_allowed) == (round_, 3)
        await town.supplement(case, {"genre": "poems"})
        await town.open_work_item(case, StepKind.PRE_REVIEW)
    with pytest.raises(InvalidInput) as refused:
        await town.ask_for(case, "answers.genre")
    assert "go on and state your view" in refused.value.fields[0].text.en
    assert (await town.view(case)).answers["genre"] == "poems"


async def test_a_supplement_that_does_not_come_in_15_days_expires_the_case(town: FictionTown, time: Clock) -> None:
    case = await in_pre_review(town)
    await town.ask_for(case, "answers.genre")
    await time.forward(case, days(14))
    assert (await town.view(case)).status is Status.SUPPLEMENTING
    await time.forward(case, days(1.1))
    await town.until_status(case, Status.EXPIRED)


async def test_a_supplement_returns_to_the_same_step_with_the_source_that_it_feeds_asked_again(town: FictionTown) -> None:
    case = await in_pre_review(town)
    await town.work(case, StepKind.PRE_REVIEW, "supplement", supplement={"answers.shelf": "书架号不对"})
    await town.until_status(case, Status.SUPPLEMENTING)
    asked_before = [q.source for q in town.registries.asked]
    town.registries.records["property"] = {"books": 9}
    await town.supplement(case, {"shelf": "S-2"})
    await town.open_work_item(case, StepKind.PRE_REVIEW)
    asked = town.registries.asked[len(asked_before) :]
    assert [(q.source, q.parameters) for q in asked] == [("property", {"shelf_number": "S-2"})]
    view = await town.view(case)
    assert view.decision is not None
    assert view.decision.outcome == "referred", "a case that a person has looked at stays with people"
    assert all(r.holds for r in view.decision.reasons)


async def test_a_supplement_of_a_field_that_feeds_no_source_asks_nobody_again(town: FictionTown) -> None:
    case = await in_pre_review(town)
    await town.ask_for(case, "answers.genre")
    asked = len(town.registries.asked)
    await town.supplement(case, {"genre": "maps"})
    await town.open_work_item(case, StepKind.PRE_REVIEW)
    assert len(town.registries.asked) == asked


async def test_only_and_all_of_what_was_marked_is_taken_as_a_supplement(town: FictionTown) -> None:
    case = await in_pre_review(town)
    await town.ask_for(case, "answers.genre", "materials.photo")
    with pytest.raises(WrongState, match="Only the fields"):
        await town.supplement(case, {"genre": "maps", "shelf": "S-3"})
    with pytest.raises(WrongState, match="not supplemented yet"):
        await town.supplement(case, {"genre": "maps"})
    await town.upload(case, "photo")
    with pytest.raises(InvalidInput):
        await town.supplement(case, {"genre": "gossip"})
    await town.supplement(case, {"genre": "maps"})
    await town.open_work_item(case, StepKind.PRE_REVIEW)
    assert [len(m.uploads) for m in (await town.view(case)).materials] == [1]


async def test_the_second_of_two_supplements_at_once_is_refused(town: FictionTown) -> None:
    case = await in_pre_review(town)
    await town.ask_for(case, "answers.genre")
    sent = await asyncio.gather(*(town.supplement(case, {"genre": g}) for g in ("maps", "poems")), return_exceptions=True)
    assert sorted(type(s).__name__ for s in sent) == ["ApplicationView", "WrongState"]
    await town.open_work_item(case, StepKind.PRE_REVIEW)
    view = await town.view(case)
    assert [e.event for e in view.timeline].count("supplemented") == 1
    assert [w.who for w in view.waiting_for] == ["clerk"]


# --- registries, post --------------------------------------------------------------------------------------------


async def test_a_registry_that_is_down_delays_a_case_and_says_so_and_never_fails_it(town: FictionTown) -> None:
    town.registries.down = {"property"}
    case = await town.begin(make_application_request())
    await town.until_event(case, "registry_late")
    view = await town.until(case, lambda v: [w.what for w in v.waiting_for] == ["property"], "one registry left")
    assert view.status is Status.GATHERING
    assert view.waiting_for[0].late
    town.registries.down = set()
    view = await town.until_status(case, Status.COMPLETED)
    ids = {q.request_id for q in town.registries.asked if q.source == "property"}
    assert len(ids) == 1, "the registry sees a repeated question as the same one"


async def test_a_parcel_is_asked_after_until_it_is_delivered(town: FictionTown, time: Clock) -> None:
    town.post.state = ParcelState.IN_TRANSIT
    case = await town.begin(make_application_request(delivery="post"))
    view = await town.until_status(case, Status.POSTING)
    assert len(town.post.orders) == 1
    await town.until(case, lambda _: town.post.asked == 1, "a first question")
    await time.forward(case, days(2))
    assert 8 < town.post.asked < 16
    town.post.state = ParcelState.DELIVERED
    await time.forward(case, timedelta(hours=7))
    view = await town.until_status(case, Status.COMPLETED)
    assert str(view.tracking_number).startswith("EM")


async def test_the_engine_never_gives_up_on_a_registry_and_asks_at_least_once_a_minute(
    town: FictionTown, clock: WorkflowEnvironment
) -> None:
    """Pauses between tries of an activity are the one time that cannot be skipped, so what the engine was told is read."""
    town.registries.down = {"property"}
    case = await town.begin(make_application_request())
    await town.until(case, lambda _: [q.source for q in town.registries.asked].count("property") == 3, "a third question")
    handle = clock.client.get_workflow_handle(workflow_id(case))
    (waiting,) = (await handle.describe()).raw_description.pending_activities
    assert waiting.activity_type.name == "gather_evidence"
    assert waiting.attempt >= 3
    assert waiting.maximum_attempts == 0, "no limit"
    history = await handle.fetch_history()
    scheduled = [
        e.activity_task_scheduled_event_attributes for e in history.events if e.HasField("activity_task_scheduled_event_attributes")
    ]
    asking = [a for a in scheduled if a.activity_type.name == "gather_evidence"]
    assert len(asking) == 2
    for attributes in asking:
        assert attributes.task_queue.name == "registries"
        assert attributes.schedule_to_close_timeout.ToTimedelta() == timedelta(0), "no limit"
        assert attributes.retry_policy.maximum_attempts == 0
        assert attributes.retry_policy.maximum_interval.ToTimedelta() == timedelta(minutes=1)
    town.registries.down = set()
    await town.until_status(case, Status.COMPLETED)


@pytest.mark.parametrize("name", ["WRITE", "REGISTRY", "IDENTITY", "DOCUMENT"])
async def test_no_step_of_a_case_gives_up_or_waits_long_for_a_dead_worker(name: str) -> None:
    policy = getattr(policies, name)
    assert policy["retry_policy"].maximum_attempts == 0
    assert "schedule_to_close_timeout" not in policy
    assert policy["start_to_close_timeout"] <= timedelta(minutes=1)
    assert policy["retry_policy"].maximum_interval <= timedelta(minutes=1)
