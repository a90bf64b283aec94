"""What a case's applicant must know beside its status: until when, what it costs, where the parcel is, how often to come."""

from datetime import datetime, timedelta
from typing import Literal

from casework.views import ApplicationView, AppointmentView, DeadlinesView, FeeView, ParcelView, TripsView
from domain.application import Status
from domain.appointments import AppointmentStatus
from domain.money import PaymentState
from domain.service_item import Delivery, ServiceItem, StepKind
from domain.standing import Standing

_DECIDING = frozenset({Status.GATHERING, Status.REVIEWING, Status.SUPPLEMENTING, Status.APPROVING})


def add_standing(view: ApplicationView, standing: Standing, *, promised_due_at: datetime | None, legal_due_at: datetime | None) -> None:
    """Fill in what `Standings` found. The two dates are the case's own columns."""
    item = view.item
    view.fee = _fee(item, view, standing)
    view.parcel = ParcelView(**dict(standing.parcel)) if standing.parcel else None
    view.appointment = _appointment(view, standing)
    view.looked_into = standing.looked_into and not view.status.final
    view.grade = standing.grade
    view.trips = _trips(view, standing)
    view.deadlines = DeadlinesView(
        promised_working_days=item.promised_working_days,
        promised_due_at=promised_due_at,
        legal_working_days=item.limit.legal,
        legal_due_at=legal_due_at,
    )
    view.deadlines.paused_for = _paused_for(view, standing)
    _say_until_when(view, standing)
    view.actions = [*_more_actions(view, standing), *view.actions]


def _fee(item: ServiceItem, view: ApplicationView, standing: Standing) -> FeeView | None:
    fee = standing.fee
    if fee is None:
        return None
    until = fee.ordered_at + timedelta(days=item.fee.days) if fee.state is PaymentState.OPEN else None
    waiting = next((w.until for w in view.waiting_for if w.what == "fee" and w.until), until)
    return FeeView(
        state=fee.state,
        fen=fee.fen,
        basis=item.fee.basis,
        pay_url=fee.pay_url if fee.state is PaymentState.OPEN and view.status is Status.PAYING else None,
        until=waiting if fee.state is PaymentState.OPEN else None,
        receipt_number=fee.receipt_number,
        paid_at=fee.paid_at,
        refunded_at=fee.refunded_at,
    )


def _appointment(view: ApplicationView, standing: Standing) -> AppointmentView | None:
    if standing.appointment is None:
        return None
    return AppointmentView(**dict(standing.appointment), counter=view.window.counter if view.window else None)


_WHY: dict[str, Literal["originals", "identity", "returned_parcel"]] = {
    StepKind.COUNTER_CHECK.value: "originals",
    StepKind.IDENTITY_CHECK.value: "identity",
    StepKind.COLLECTION.value: "returned_parcel",
}


def _trips(view: ApplicationView, standing: Standing) -> TripsView:
    if standing.visit is not None:
        return TripsView(needed=1, why=_WHY[standing.visit], been_before=bool(standing.visits))
    if standing.visits:
        return TripsView(needed=1, done=True, why=_WHY[standing.visits[-1]])
    if view.delivery == Delivery.COUNTER:
        return TripsView(needed=1, why="originals")
    return TripsView(needed=0)


def _paused_for(view: ApplicationView, standing: Standing) -> Literal["applicant", "registry"] | None:
    """Whom the clock waits for; None while it runs, and once it no longer matters."""
    deadlines = view.deadlines
    if view.status not in _DECIDING or deadlines is None or deadlines.promised_due_at or deadlines.legal_due_at:
        return None
    awaited = {w.who for w in view.waiting_for}
    if "applicant" in awaited:
        return "applicant"
    return "registry" if "registry" in awaited else None


def _say_until_when(view: ApplicationView, standing: Standing) -> None:
    """A clerk has it until the limit of the step; before there were clocks nothing was said."""
    view.waiting_for = [
        w.model_copy(update={"until": standing.step_due_at}) if w.who == "clerk" and w.until is None else w for w in view.waiting_for
    ]


def _more_actions(view: ApplicationView, standing: Standing) -> list[str]:
    actions = []
    if view.fee is not None and view.fee.pay_url:
        actions.append("pay")
    if any(q.state == "open" for q in view.questions):
        actions.append("answer")
    if view.status is Status.AWAITING_COUNTER and view.window is not None:
        actions.append("book")
    if view.status.final and standing.grade is None:
        actions.append("rate")
    return actions


def booked(view: ApplicationView) -> AppointmentView | None:
    """The time at which the applicant is expected."""
    appointment = view.appointment
    return appointment if appointment is not None and appointment.status is AppointmentStatus.BOOKED else None
