"""What a case tells its applicant beside its status, for the pages' tests: fees, parcels, bookings, limits, messages."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from casework.notices import NoticeView
from casework.views import AppointmentView, DeadlinesView, FeeView, ParcelView, TripsView
from domain.application import Status, WaitingFor
from domain.appointments import AppointmentStatus
from domain.money import PaymentState
from domain.notices import Channel, NotSent
from domain.parcels import ParcelState
from domain.service_item import Delivery
from domain.text import Bilingual

NOW = datetime.now(UTC).replace(microsecond=0)
PAY_URL = "https://pay.example/p/abc"
BASIS = Bilingual(zh="居民身份证工本费，补领", en="Charge for a replacement identity card")
_BEGAN = (Status.GATHERING, Status.REVIEWING, Status.APPROVING)


def fee_view(state: PaymentState = PaymentState.OPEN, **changed: Any) -> FeeView:
    paid = state in (PaymentState.PAID, PaymentState.REFUNDED)
    base: dict[str, Any] = {
        "state": state,
        "fen": 4_050,
        "basis": BASIS,
        "pay_url": PAY_URL if state is PaymentState.OPEN else None,
        "until": NOW + timedelta(days=7) if state is PaymentState.OPEN else None,
        "receipt_number": "4200002288202611210000000001" if paid else None,
        "paid_at": NOW - timedelta(hours=1) if paid else None,
        "refunded_at": NOW if state is PaymentState.REFUNDED else None,
    }
    return FeeView(**(base | changed))


def parcel_view(state: ParcelState = ParcelState.IN_TRANSIT) -> ParcelView:
    return ParcelView(tracking_number="EA123456789CN", state=state, at=NOW - timedelta(hours=2))


def appointment_view(status: AppointmentStatus = AppointmentStatus.BOOKED) -> AppointmentView:
    return AppointmentView(
        id=UUID(int=0xD1),
        station="330302510000",
        counter="五马派出所",
        starts_at=NOW + timedelta(days=3),
        minutes=30,
        status=status,
    )


def deadlines_view(status: Status) -> DeadlinesView:
    runs = status in _BEGAN
    return DeadlinesView(
        promised_working_days=7,
        promised_due_at=NOW + timedelta(days=9) if runs else None,
        legal_working_days=20,
        legal_due_at=NOW + timedelta(days=28) if runs else None,
        paused_for="applicant" if status is Status.SUPPLEMENTING else None,
    )


def standing_still() -> DeadlinesView:
    """As while a question waits for its answer."""
    return deadlines_view(Status.SUPPLEMENTING)


def trips_view(status: Status, delivery: str) -> TripsView:
    if delivery != Delivery.COUNTER:
        return TripsView(needed=0)
    return TripsView(needed=1, why="originals", done=status in (Status.COMPLETED, Status.VOID))


def waiting_for_fee() -> WaitingFor:
    text = Bilingual(zh="等待您缴费", en="Waiting for your payment")
    return WaitingFor(who="applicant", what="fee", text=text, since=NOW, until=NOW + timedelta(days=7))


def waiting_for_answer() -> WaitingFor:
    text = Bilingual(zh="等待您答复", en="Waiting for your answer")
    return WaitingFor(who="applicant", what="question", text=text, since=NOW, until=NOW + timedelta(days=8))


def notice_view(serial: int = 1, **changed: Any) -> NoticeView:
    base: dict[str, Any] = {
        "id": UUID(int=0xE0 + serial),
        "application_id": UUID("01930000-0000-7000-8000-000000000001"),
        "acceptance_number": "33030020261121000123",
        "channel": Channel.SMS,
        "to": "199****0001",
        "text": Bilingual(
            zh="【最多跑一次】办件需要补正，请登录补充。", en="[OneTrip] Your application needs a supplement. Please sign in."
        ),
        "state": "sent",
        "created_at": NOW - timedelta(hours=serial),
        "sent_at": NOW - timedelta(hours=serial),
    }
    return NoticeView(**(base | changed))


def notice_views() -> list[NoticeView]:
    """One of each fate."""
    later = {"sent_at": None, "next_try_at": NOW + timedelta(hours=9)}
    mail = {"channel": Channel.EMAIL, "to": "l***@example.com"}
    return [
        notice_view(1, **later, state="soon"),
        notice_view(2, **later, state="quiet_hours"),
        notice_view(3, **later, **mail, state="gateway_away"),
        notice_view(4, **mail),
        notice_view(5, sent_at=None, to=None, state="not_sent", why=NotSent.NO_PHONE),
        notice_view(6, sent_at=None, channel=Channel.EMAIL, to=None, state="not_sent", why=NotSent.NO_ADDRESS),
        notice_view(7, sent_at=None, **mail, state="not_sent", why=NotSent.REFUSED),
    ]
