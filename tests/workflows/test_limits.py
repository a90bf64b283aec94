"""Limits on the real engine, over a year with holidays: whatever stops, moves or restarts, each is told once and at its moment."""

from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from adapters.calendar import OfficeWorkingDays
from casework import clerking, investigating, questions
from domain.application import Status
from domain.changes import InvestigationTask
from domain.clock import CHINA, day_in_china
from domain.errors import Unavailable, WrongState
from domain.ids import new_id
from domain.jurisdiction import Role
from domain.limits import end_of
from domain.parcels import ParcelState
from domain.service_item import StepKind
from settings import Settings
from tests.builders import make_application_request, make_service_item
from tests.driving import INTEGRATOR, days, fiction_wiring, make_clerk
from tests.filing import some_station
from tests.workflows.library import COUNTY, LIMITS, STATION, Library, at_their_moments, eve_of, item_with, nth

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]

YEAR_LONG = item_with("year-long", 100, limit={"promised": 180, "legal": 250})
MONTH_LONG = item_with("month-long", 20, limit={"promised": 60, "legal": 90})
WITH_FEE = item_with("with-fee", 5, fee={"fen": 1000, "days": 2})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(migrated: Settings, clock: WorkflowEnvironment) -> AsyncIterator[Library]:
    wiring = fiction_wiring(migrated, clock.client, make_service_item(), YEAR_LONG, MONTH_LONG, WITH_FEE)
    wiring.__dict__["working_days"] = OfficeWorkingDays(wiring.calendar, fresh_seconds=0)
    library = Library(wiring, await wiring.office(), clock)
    await library.open()
    await plan_a_holiday(library)
    yield library
    await library.close()
    await wiring.close()


async def plan_a_holiday(library: Library) -> None:
    """Eight days off from the twelfth day on, and the weekend after the next is worked for them."""
    today = day_in_china(library.office.now())
    for n in range(12, 20):
        await library.correct(today + timedelta(days=n), working=False)
    saturday = today + timedelta(days=27 - today.weekday() + 5)
    for day in (saturday, saturday + timedelta(days=1)):
        await library.correct(day, working=True)
    await library.tell()


@pytest.fixture
def library(opened: Library) -> Library:
    opened.reset()
    opened.cashier.reset()
    opened.registries.records["property"] = None
    opened.live_at(STATION)
    return opened


# --- a year ----------------------------------------------------------------------------------------------------------


async def test_a_case_that_lies_for_a_year_tells_of_every_limit_once_whoever_restarts(library: Library) -> None:
    leader, supervisor = await library.member(Role.PRE_REVIEWER, leads=True), await library.member(Role.SUPERVISOR, station=None)
    case, item, clerk = await library.in_pre_review("year-long")
    is_working = await library.working_days()
    row = await library.row(item)
    begun = await library.moment(case, "pre_review_opened")
    last = nth(begun, 100, is_working)
    assert row.due_at == end_of(last)

    half = nth(begun, 50, is_working)
    await library.forward_without_workers(case, end_of(half) - begun + days(1))
    await library.until_told(case, "limit_half_used")
    await library.close()
    await library.open()
    await library.forward(case, end_of(last) - end_of(half))
    await library.until_told(case, "limit_overdue")
    assert (await library.row(item)).escalation == 3
    await library.forward_without_workers(case, days(300))
    await library.until_told(case, "legal_limit_passed")

    expected = [
        ("limit_half_used", end_of(half)),
        ("limit_due_tomorrow", eve_of(last, is_working)),
        ("limit_overdue", end_of(last)),
        ("promised_limit_passed", end_of(nth(begun, 180, is_working))),
        ("legal_limit_passed", end_of(nth(begun, 250, is_working))),
    ]
    assert at_their_moments(await library.told(case), expected)
    assert expected[-1][1] - begun > days(360), "a year has gone by"
    assert await library.inquiries_of(case) == ["overdue", "legal_limit"]
    assert await library.notices_of(case, "limit_half_used") == {clerk.clerk_id}
    assert await library.notices_of(case, "limit_due_tomorrow") == {clerk.clerk_id, leader}
    assert await library.notices_of(case, "limit_overdue") == {clerk.clerk_id, leader, supervisor}

    await library.work_on(case, item, clerk, "pass")
    approval = await library.row((await library.open_work_item(case, StepKind.APPROVAL))["id"])
    now = await library.moment(case, "approval_opened")
    assert (approval.due_at, approval.escalation) == (end_of(nth(now, 5, is_working)), 0), "the next step has a clock of its own"
    await library.work(case, StepKind.APPROVAL, "approve")
    await library.until_status(case, Status.COMPLETED)
    assert len(await library.told(case)) == 5


# --- pauses and corrections ------------------------------------------------------------------------------------------


async def test_questions_and_supplements_cost_no_working_day_and_a_limit_that_moved_is_told_again_at_its_new_moment(
    library: Library,
) -> None:
    case, item, clerk = await library.in_pre_review("month-long")
    is_working = await library.working_days()
    begun = await library.moment(case, "pre_review_opened")
    still: list[tuple[datetime, datetime]] = []

    await library.forward(case, days(4))
    await questions.ask(library.office, clerk, item, "哪一层？")
    waiting = await library.row(item)
    assert waiting.paused_at is not None and waiting.clock["pauses"][-1]["until"] is None
    await library.forward(case, days(6))
    question = next(q for q in (await library.view(case)).questions if q.answer is None)
    await questions.answer(library.office, INTEGRATOR, case, question.id, "三层")
    still.append((await library.moment(case, "question_asked"), await library.moment(case, "question_answered")))
    after_answer = await library.row(item)
    assert after_answer.paused_at is None
    assert after_answer.due_at == end_of(nth(begun, 20, is_working, *still)) > waiting.due_at

    half = nth(begun, 10, is_working, *still)
    await library.forward(case, end_of(half) - still[-1][1] + days(0.5))
    await library.until_told(case, "limit_half_used")
    await questions.ask(library.office, clerk, item, "还有呢？")
    await library.forward_without_workers(case, days(30))
    await library.until_event(case, "question_lapsed")
    still.append((await library.moment(case, "question_asked"), await library.moment(case, "question_lapsed")))
    assert abs(still[-1][1] - end_of(day_in_china(still[-1][0]) + days(10))) < timedelta(minutes=1)

    due = end_of(nth(begun, 20, is_working, *still))
    assert (await library.row(item)).due_at == due
    await library.until_told(case, "limit_overdue")
    marks = [("limit_half_used", end_of(half)), ("limit_due_tomorrow", eve_of(day_in_china(due), is_working)), ("limit_overdue", due)]
    assert at_their_moments(await library.told(case), marks)


async def test_a_supplement_goes_back_to_the_same_step_and_its_clock_runs_on(library: Library) -> None:
    case, item, clerk = await library.in_pre_review("month-long")
    is_working = await library.working_days()
    begun = await library.moment(case, "pre_review_opened")
    await library.forward(case, end_of(nth(begun, 11, is_working)) - begun + days(0.5))
    await library.until_told(case, "limit_half_used")

    await library.send_back(case, item, clerk)
    await library.forward(case, days(9))
    await library.supplement(case, {"shelf": "S-2"})
    again, _ = await library.hold(case, StepKind.PRE_REVIEW)
    still = (await library.moment(case, "supplement_asked"), await library.moment(case, "supplemented"))
    row = await library.row(again)
    assert again != item and row.due_at == end_of(nth(begun, 20, is_working, still))
    assert row.escalation == 1, "half of the step was used before"
    assert [name for name, _ in await library.told(case)] == ["limit_half_used"]

    await library.send_back(case, again, library.clerk_for(row._mapping))
    await library.forward(case, days(16))
    await library.until_status(case, Status.EXPIRED)
    assert [name for name, _ in await library.told(case)] == ["limit_half_used"], "nothing is due while the applicant is awaited"


async def test_a_corrected_day_moves_what_is_due_in_its_county_and_the_timers_with_it_both_ways(library: Library) -> None:
    elsewhere = some_station()
    case, item, _ = await library.in_pre_review("month-long")
    waiting, paused, clerk = await library.in_pre_review("month-long")
    await questions.ask(library.office, clerk, paused, "哪一层？")
    library.live_at(elsewhere)
    _, other, _ = await library.in_pre_review("month-long")
    begun = await library.moment(case, "pre_review_opened")
    before, theirs = (await library.row(item)).due_at, (await library.row(other)).due_at
    is_working = await library.working_days()
    closes = next(day for n in range(2, 9) if is_working(day := day_in_china(begun) + timedelta(days=n)))

    await library.correct(closes, working=False)
    await library.tell()
    is_working = await library.working_days()
    await library.until_told(case, "limits_redated")
    later = (await library.row(item)).due_at
    assert later == end_of(nth(begun, 20, is_working)) > before
    assert (await library.row(other)).due_at == theirs
    assert (await library.row(paused)).paused_at is not None, "a clock that stands still goes on standing still"

    opens = next(day for n in range(3, 30) if not is_working(day := day_in_china(begun) + timedelta(days=n)) and day != closes)
    await library.correct(opens, working=True)
    await library.wiring.calendar.take_back(COUNTY, closes, "clerk:tests", library.office.now(), str(new_id()))
    await library.tell()
    await library.until_told(case, "limits_redated", times=2)
    is_working = await library.working_days()
    earlier = (await library.row(item)).due_at
    assert earlier == end_of(nth(begun, 20, is_working)) < before

    await library.forward(case, earlier - begun + days(0.5))
    await library.until_told(case, "limit_overdue")
    assert (await library.told(case))[-1] == ("limit_overdue", await library.moment(case, "limit_overdue"))
    assert abs(await library.moment(case, "limit_overdue") - earlier) < timedelta(minutes=1), "the timer moved too"
    await library.wiring.calendar.take_back(COUNTY, opens, "clerk:tests", library.office.now(), str(new_id()))
    await library.withdraw(waiting)


async def test_a_correction_is_told_to_every_case_though_the_engine_goes_away_in_the_middle(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [(await library.in_pre_review("month-long"))[0] for _ in range(2)]
    is_working, today = await library.working_days(), day_in_china(library.office.now())
    closes = next(day for n in range(2, 9) if is_working(day := today + timedelta(days=n)))
    await library.correct(closes, working=False)
    signal, sent = library.office.engine.signal, list[UUID]()

    async def once(application_id: UUID, name: str) -> bool:
        if application_id in cases and sent:
            raise Unavailable()
        sent.append(application_id)
        return await signal(application_id, name)

    monkeypatch.setattr(library.office.engine, "signal", once)
    monkeypatch.setattr("casework.calendar.CASES_AT_ONCE", 1)
    with pytest.raises(Unavailable):
        await library.tell()
    assert await library.wiring.calendar.untold()
    monkeypatch.setattr(library.office.engine, "signal", signal)
    await library.tell()
    for case in cases:
        await library.until_told(case, "limits_redated")
    assert await library.wiring.calendar.untold() == []
    await library.wiring.calendar.take_back(COUNTY, closes, "clerk:tests", library.office.now(), str(new_id()))
    await library.tell()
    for case in cases:
        await library.withdraw(case)


# --- investigations --------------------------------------------------------------------------------------------------


async def test_a_task_has_a_day_of_its_own_and_one_that_was_done_in_time_is_not_spoken_of(library: Library) -> None:
    case, item, clerk = await library.in_pre_review("month-long")
    is_working = await library.working_days()
    doer, supervisor = await library.member(Role.INVESTIGATOR, station=None), await library.member(Role.SUPERVISOR, station=None)
    investigator = make_clerk(Role.INVESTIGATOR, station=None, county=COUNTY, clerk_id=doer)
    begun = await library.moment(case, "pre_review_opened")
    in_time, late = (day_in_china(begun) + timedelta(days=n) for n in (4, 5))
    tasks = [InvestigationTask(kind="call", clerk_id=doer, day=day, text="核实书架") for day in (in_time, late)]
    await investigating.open_investigation(library.office, clerk, item, "邻居另有说法", tasks)
    first, second = sorted(await library.open_tasks(case), key=lambda task: task["due_at"])
    await clerking.complete(library.office, investigator, first["id"], outcome="done", reason="书架在")

    await library.forward(case, end_of(late) - begun + days(0.5))
    await library.until_told(case, "limit_overdue")
    opened_at = await library.moment(case, "investigation_opened")
    expected = [("limit_due_tomorrow", max(eve_of(late, is_working), opened_at)), ("limit_overdue", end_of(late))]
    assert at_their_moments(await library.told(case), expected)
    assert (await library.row(second["id"])).escalation == 3
    assert await library.inquiries_of(case) == ["overdue"]
    assert supervisor in await library.notices_of(case, "limit_overdue")
    assert not [e for e in (await library.view(case)).timeline if e.event in LIMITS], "the applicant is not told of a task's day"
    await clerking.complete(library.office, investigator, second["id"], outcome="not_possible", reason="无人应答")
    await library.work_on(case, item, clerk, "pass")


# --- counter, fee, parcel --------------------------------------------------------------------------------------------


async def test_the_window_counts_on_while_an_appointment_moves_is_missed_and_is_given_back(library: Library) -> None:
    library.registries.records["property"] = {"books": 9}
    case = await library.begin(make_application_request(delivery="counter"))
    view = await library.until_status(case, Status.AWAITING_COUNTER)
    assert view.window is not None
    closes_at, is_working = view.window.closes_at, await library.working_days()
    begun = await library.moment(case, "awaiting_counter")

    first, moved, missed, last = (library.slot(begun, n, is_working) for n in (6, 22, 30, 45))
    off = next(day for n in range(6, 30) if not is_working(day := day_in_china(begun) + timedelta(days=n)))
    with pytest.raises(WrongState):
        await library.appointment(case, datetime.combine(off, time(8, 30), CHINA))
    with pytest.raises(WrongState):
        await library.appointment(case, library.slot(closes_at, 1, is_working))
    await library.appointment(case, first)
    await library.appointment(case, moved)
    await library.forward(case, moved - begun - timedelta(hours=1))
    await library.until_told(case, "appointment_reminded")
    await library.appointment(case, missed)
    await library.forward_without_workers(case, missed - moved + timedelta(hours=4))
    await library.until_told(case, "appointment_missed")
    assert abs(await library.moment(case, "appointment_missed") - (missed + timedelta(minutes=60))) < timedelta(minutes=1)
    await library.appointment(case, last)
    await library.appointment(case, None)
    window = (await library.view(case)).window
    assert window is not None and window.closes_at == closes_at
    await library.forward(case, days(40))
    await library.until_status(case, Status.EXPIRED)
    assert abs(await library.moment(case, "expired") - closes_at) < timedelta(minutes=1)
    words = ("appointment_booked", "appointment_reminded", "appointment_missed", "appointment_cancelled")
    assert [name for name, _ in await library.told(case, words)] == [
        *("appointment_booked", "appointment_booked", "appointment_reminded", "appointment_booked", "appointment_reminded"),
        *("appointment_missed", "appointment_booked", "appointment_cancelled"),
    ]
    assert [name for name, _ in await library.told(case, ["reminded"])] == ["reminded"] * 3


async def test_a_fee_that_nobody_pays_lapses_and_one_that_is_paid_late_starts_the_clock_late(library: Library) -> None:
    unpaid, paid = [await library.begin(make_application_request("with-fee")) for _ in range(2)]
    is_working = await library.working_days()
    for case in (unpaid, paid):
        await library.until_status(case, Status.PAYING)
    await library.forward_without_workers(unpaid, days(2.5))
    await library.until_status(unpaid, Status.EXPIRED)
    due_at = await library.moment(unpaid, "fee_due")
    assert abs(await library.moment(unpaid, "expired") - (due_at + days(2))) < timedelta(minutes=1)
    assert ("close", f"fee-{unpaid}") in library.cashier.calls

    await library.forward(paid, days(1))
    library.cashier.pay(f"fee-{paid}")
    await library.office.engine.signal(paid, "provider_changed")
    item, _ = await library.hold(paid, StepKind.PRE_REVIEW)
    begun = await library.moment(paid, "fee_paid")
    assert begun - await library.moment(paid, "fee_due") > days(0.9)
    assert (await library.row(item)).due_at == end_of(nth(begun, 5, is_working))
    await library.withdraw(paid)
    await library.until_told(paid, "fee_refunded")


async def test_a_parcel_that_comes_back_opens_a_window_of_its_own(library: Library) -> None:
    library.registries.records["property"] = {"books": 9}
    library.post.state = ParcelState.IN_TRANSIT
    fetched, left = [await library.begin(make_application_request(delivery="post")) for _ in range(2)]
    for case in (fetched, left):
        await library.until_told(case, "parcel_in_transit")
    library.post.state = ParcelState.RETURNED
    for case in (fetched, left):
        await library.office.engine.signal(case, "provider_changed")
        await library.until_status(case, Status.AWAITING_COUNTER)
    await library.forward(fetched, days(59))
    await library.work(fetched, StepKind.COLLECTION, "handed_over")
    await library.until_status(fetched, Status.COMPLETED)
    await library.forward(left, days(61))
    await library.until_status(left, Status.EXPIRED)
    returned = await library.moment(left, "parcel_returned")
    assert abs(await library.moment(left, "expired") - (returned + days(60))) < timedelta(minutes=1)
