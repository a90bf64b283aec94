"""What an applicant reads of a case on the real database: until when, what it costs, where the parcel is, how often to come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from casework import following, notices, paying
from casework.actors import ApplicantActor
from casework.views import ApplicationView
from domain.application import Status, WaitingFor
from domain.changes import AppointmentChange, InvestigationOpening, InvestigationTask, NoticeText, QuestionOpening, WorkItemOpening
from domain.clock import CHINA, day_in_china
from domain.errors import InvalidInput, NotAllowed, NotFound
from domain.ids import new_id
from domain.jurisdiction import Role
from domain.limits import Clock, Clocks, Dates, Pause, Timing, end_of
from domain.money import Payment, PaymentState
from domain.parcels import Parcel, ParcelState
from domain.service_item import StepKind
from tests.builders import make_application_request, make_id_number
from tests.driving import make_clerk
from tests.filing import TEXT, Cabinet, make_change, some_station

pytestmark = pytest.mark.stack
PHONE = "13700000081"


async def applicant_of(cabinet: Cabinet, case: UUID, phone: str = PHONE) -> ApplicantActor:
    person = (await cabinet.office.desk.access_of(case))["person_id"]
    return ApplicantActor(person, cabinet.wiring.database.index(phone), "虞书谣", "3303************28", "137****0081")


async def filed(cabinet: Cabinet, station: str | None = None, *, serial: int = 81, **request: Any) -> tuple[UUID, ApplicantActor]:
    asked = make_application_request(id_number=make_id_number(serial), phone=PHONE, **request)
    case = await cabinet.case(station or some_station(), asked)
    return case, await applicant_of(cabinet, case)


async def seen(cabinet: Cabinet, case: UUID, actor: ApplicantActor) -> ApplicationView:
    return await following.get_application(cabinet.office, actor, case)


def payment(case: UUID, state: PaymentState, **more: Any) -> Payment:
    return Payment(order_id=f"fee-{case}", state=state, fen=2_005, **more)


def window(kind: StepKind, closes_at: datetime) -> WorkItemOpening:
    return WorkItemOpening(kind=kind, role=Role.COUNTER, level="station", name=TEXT, until=closes_at)


# --- the fee -----------------------------------------------------------------------------------------------------


async def test_a_fee_is_to_be_paid_then_has_a_receipt_then_comes_back(cabinet: Cabinet) -> None:
    case, me = await filed(cabinet)
    until = datetime.now(UTC) + timedelta(days=7)
    waits = WaitingFor(who="applicant", what="fee", text=TEXT, until=until)
    due = payment(case, PaymentState.OPEN, pay_url="https://pay.example/p/1")
    await cabinet.apply(case, "fee_due", payment=due, status=Status.PAYING, waiting_for=[waits])
    view = await seen(cabinet, case, me)
    assert view.fee is not None
    assert (view.fee.fen, view.fee.pay_url, view.fee.until) == (2_005, "https://pay.example/p/1", until)
    assert view.actions[0] == "pay"

    paid_at = datetime.now(UTC)
    paid = payment(case, PaymentState.PAID, receipt_number="R-1", paid_at=paid_at)
    await cabinet.apply(case, "fee_paid", payment=paid, status=Status.GATHERING)
    view = await seen(cabinet, case, me)
    assert view.fee is not None
    assert (view.fee.state, view.fee.receipt_number, view.fee.paid_at, view.fee.pay_url) == (PaymentState.PAID, "R-1", paid_at, None)
    assert "pay" not in view.actions

    back = paid.model_copy(update={"state": PaymentState.REFUNDED, "refunded_at": paid_at + timedelta(hours=1)})
    await cabinet.apply(case, "fee_refunded", payment=back, status=Status.WITHDRAWN)
    view = await seen(cabinet, case, me)
    assert view.fee is not None and view.fee.refunded_at == paid_at + timedelta(hours=1)


async def test_the_way_to_pay_is_shown_to_who_applied_and_not_to_clerks(cabinet: Cabinet) -> None:
    station = some_station()
    case, _ = await filed(cabinet, station)
    due = payment(case, PaymentState.OPEN, pay_url="https://pay.example/p/2")
    await cabinet.apply(case, "fee_due", payment=due, status=Status.PAYING)
    view = await following.get_application(cabinet.office, make_clerk(Role.PRE_REVIEWER, station=station), case)
    assert view.fee is not None and view.fee.pay_url is None


# --- limits ------------------------------------------------------------------------------------------------------


async def test_both_limits_and_the_clerks_own_are_told_and_the_pause_says_for_whom(cabinet: Cabinet) -> None:
    case, me = await filed(cabinet)
    began = datetime.now(UTC)
    clock = Clock(working_days=3, started_at=began)
    opening = WorkItemOpening(kind=StepKind.PRE_REVIEW, role=Role.PRE_REVIEWER, level="station", name=TEXT, clock=clock)
    step, promised, legal = (end_of(began.date() + timedelta(days=n)) for n in (5, 12, 30))
    dates = Dates(work_item_due_at=step, promised_due_at=promised, legal_due_at=legal)
    waits = WaitingFor(who="clerk", what="pre_review", text=TEXT, since=began)
    change = make_change(case, open_work_item=opening, clocks=Clocks(work_item=clock), status=Status.REVIEWING, waiting_for=[waits])
    item = (await cabinet.wiring.cases.apply(change, timing=Timing(work_item_due_at=step, dates=dates))).work_item_id
    view = await seen(cabinet, case, me)
    assert view.deadlines is not None
    assert (view.deadlines.promised_due_at, view.deadlines.legal_due_at, view.deadlines.paused_for) == (promised, legal, None)
    assert view.waiting_for[0].until == step

    asked = WaitingFor(who="applicant", what="question", text=TEXT, since=began, until=step)
    stopped = clock.model_copy(update={"pauses": [Pause(why="question", since=began)]})
    pausing = make_change(case, clocks=Clocks(work_item_id=item, work_item=stopped), waiting_for=[asked])
    await cabinet.wiring.cases.apply(pausing, timing=Timing(dates=Dates()))
    view = await seen(cabinet, case, me)
    assert view.deadlines is not None
    assert (view.deadlines.promised_due_at, view.deadlines.paused_for) == (None, "applicant")


# --- questions and looking into ----------------------------------------------------------------------------------


async def test_an_open_question_is_asked_of_the_applicant_first(cabinet: Cabinet) -> None:
    station = some_station()
    case, me = await filed(cabinet, station)
    clerk = make_clerk(Role.PRE_REVIEWER, station=station)
    item = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    await cabinet.office.desk.claim(item, clerk.clerk_id, datetime.now(UTC))
    until = datetime.now(UTC) + timedelta(days=10)
    question = QuestionOpening(id=new_id(), work_item_id=item, clerk_id=clerk.clerk_id, text="书架在哪儿？", until=until)
    await cabinet.apply(case, "question_asked", question=question)
    view = await seen(cabinet, case, me)
    assert "answer" in view.actions
    assert [(q.text, q.state, q.asked_by) for q in view.questions] == [("书架在哪儿？", "open", None)]


async def test_an_investigation_is_shown_as_being_looked_into_and_nothing_of_it(cabinet: Cabinet) -> None:
    station = some_station()
    case, me = await filed(cabinet, station)
    clerk = make_clerk(Role.PRE_REVIEWER, station=station)
    item = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    await cabinet.office.desk.claim(item, clerk.clerk_id, datetime.now(UTC))
    task = InvestigationTask(kind="visit", clerk_id="somebody", day=day_in_china(datetime.now(UTC)) + timedelta(days=3), text="上门看书架")
    opening = InvestigationOpening(id=new_id(), work_item_id=item, clerk_id=clerk.clerk_id, reason="书架可疑", tasks=[task])
    timing = Timing(task_limits=[end_of(task.day)])
    await cabinet.wiring.cases.apply(make_change(case, "investigation_opened", investigation=opening), timing=timing)
    view = await seen(cabinet, case, me)
    assert view.looked_into
    shown = view.model_dump_json()
    assert "书架可疑" not in shown and "上门看书架" not in shown and "somebody" not in shown


# --- trips -------------------------------------------------------------------------------------------------------


async def test_a_case_that_ends_online_needs_no_trip_and_one_at_the_counter_needs_one(cabinet: Cabinet) -> None:
    online, me = await filed(cabinet)
    counter, _ = await filed(cabinet, delivery="counter")
    trips = [(await seen(cabinet, case, me)).trips for case in (online, counter)]
    assert [(t.needed, t.why) for t in trips if t] == [(0, "none"), (1, "originals")]


async def test_a_parcel_that_came_back_makes_one_trip_and_says_why(cabinet: Cabinet) -> None:
    case, me = await filed(cabinet, delivery="post")
    number = f"EM{new_id().int % 10**11:011d}CN"
    parcel = Parcel(order_id=str(new_id()), tracking_number=number, state=ParcelState.ORDERED, at=datetime.now(UTC))
    await cabinet.apply(case, "posted", parcel=parcel, status=Status.POSTING)
    view = await seen(cabinet, case, me)
    assert view.trips is not None and view.trips.needed == 0
    assert view.parcel is not None and (view.parcel.tracking_number, view.parcel.state) == (number, ParcelState.ORDERED)

    closes_at = datetime.now(UTC) + timedelta(days=60)
    returned = parcel.model_copy(update={"state": ParcelState.RETURNED})
    await cabinet.apply(case, "parcel_returned", parcel=returned)
    opening = window(StepKind.COLLECTION, closes_at)
    await cabinet.apply(case, "collection_opened", open_work_item=opening, status=Status.AWAITING_COUNTER, window_closes_at=closes_at)
    view = await seen(cabinet, case, me)
    assert view.trips is not None and (view.trips.needed, view.trips.why, view.trips.been_before) == (1, "returned_parcel", False)
    assert view.parcel is not None and view.parcel.state is ParcelState.RETURNED
    assert "book" in view.actions


async def test_a_booked_time_is_shown_and_a_missed_one_too(cabinet: Cabinet) -> None:
    station = some_station()
    case, me = await filed(cabinet, station, delivery="counter")
    closes_at = datetime.now(UTC) + timedelta(days=60)
    opening = window(StepKind.COUNTER_CHECK, closes_at)
    await cabinet.apply(case, "awaiting_counter", open_work_item=opening, status=Status.AWAITING_COUNTER, window_closes_at=closes_at)
    monday = datetime.now(CHINA) + timedelta(days=(7 - datetime.now(CHINA).weekday()))
    starts_at = monday.replace(hour=9, minute=0, second=0, microsecond=0)
    booking = AppointmentChange(id=new_id(), status="booked", station=station, starts_at=starts_at)
    await cabinet.apply(case, "appointment_booked", appointment=booking)
    view = await seen(cabinet, case, me)
    assert view.appointment is not None
    assert (view.appointment.starts_at, view.appointment.status) == (starts_at, "booked")
    await cabinet.apply(case, "appointment_missed", appointment=booking.model_copy(update={"status": "no_show"}))
    view = await seen(cabinet, case, me)
    assert view.appointment is not None and view.appointment.status == "no_show"


# --- messages ----------------------------------------------------------------------------------------------------


async def test_messages_are_shown_masked_to_who_applied_alone(cabinet: Cabinet) -> None:
    request = make_application_request(id_number=make_id_number(82), phone=PHONE)
    request = request.model_copy(update={"applicant": request.applicant.model_copy(update={"email": "yu@example.com"})})
    case = await cabinet.case(some_station(), request)
    me = await applicant_of(cabinet, case)
    await cabinet.apply(case, notices=[NoticeText(key="a", text=TEXT)])
    shown = await notices.notices_of_case(cabinet.office, me, case)
    assert sorted((n.channel.value, n.to) for n in shown) == [("email", "y***@example.com"), ("sms", "137****0081")]
    assert [n.id for n in (await notices.my_notices(cabinet.office, me)).items] == [n.id for n in shown]
    with pytest.raises(NotFound):
        await notices.notices_of_case(cabinet.office, replace(me, phone_index=b"another"), case)
    with pytest.raises(NotAllowed):
        await notices.notices_of_case(cabinet.office, make_clerk(Role.PRE_REVIEWER), case)
    assert (await notices.my_notices(cabinet.office, replace(me, phone_index=b"another"))).items == []
    with pytest.raises(InvalidInput):
        await notices.my_notices(cabinet.office, me, "not ours")


async def test_an_email_address_is_kept_changed_and_forgotten(cabinet: Cabinet) -> None:
    _, me = await filed(cabinet, serial=83)
    assert await notices.my_email(cabinet.office, me) is None
    await notices.set_my_email(cabinet.office, me, " Yu@Example.COM ")
    assert await notices.my_email(cabinet.office, me) == "Yu@example.com"
    with pytest.raises(InvalidInput):
        await notices.set_my_email(cabinet.office, me, "yu@example.com\nBcc: all@example.com")
    assert await notices.my_email(cabinet.office, me) == "Yu@example.com"
    await notices.set_my_email(cabinet.office, me, "")
    assert await notices.my_email(cabinet.office, me) is None


# --- back from the payment provider ------------------------------------------------------------------------------


class Told:
    """An engine that hears."""

    def __init__(self) -> None:
        self.signals: list[tuple[UUID, str]] = []

    async def signal(self, application_id: UUID, name: str) -> bool:
        self.signals.append((application_id, name))
        return True


async def test_who_comes_back_from_paying_has_the_case_ask_but_not_without_end(cabinet: Cabinet) -> None:
    case, me = await filed(cabinet, serial=84)
    engine = Told()
    office = replace(cabinet.office, engine=engine)  # type: ignore[arg-type]
    await paying.look_at_payment(office, me, case)
    assert engine.signals == [], "nothing is to be paid"
    await cabinet.apply(case, "fee_due", payment=payment(case, PaymentState.OPEN), status=Status.PAYING)
    for _ in range(paying.LOOKS_ALLOWED + 5):
        await paying.look_at_payment(office, me, case)
    assert engine.signals == [(case, "provider_changed")] * paying.LOOKS_ALLOWED
    with pytest.raises(NotFound):
        await paying.look_at_payment(office, replace(me, phone_index=b"another"), case)
