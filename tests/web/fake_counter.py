"""Counters in memory, behind the use cases' names: visits, appointments, filing for somebody."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from casework.actors import AttendedActor, ClerkActor
from casework.appointments import AppointmentView, Arrival, BookingView, DayView, SlotView
from casework.counter import CheckedSignature, Proof, SignatureInput, VisitRow, check_signature
from casework.filing import PersonTyped
from domain.appointments import DEFAULT_HOURS, AppointmentStatus, slots_of
from domain.clock import CHINA
from domain.errors import FieldError, InvalidInput, NotFound, SlotTaken
from domain.jurisdiction import ClerkScope, Role
from domain.service_item import StepKind
from domain.text import Bilingual
from domain.work_items import KIND_TEXT

CASE = UUID("01930000-0000-7000-8000-000000000001")
WORK = UUID("01930000-0000-7000-8000-0000000000a1")
PERSON = UUID("01930000-0000-7000-8000-0000000000e1")
NUMBER = "33030020261121000123"
NAME = "林雨桐"
MONDAY = datetime(2027, 3, 1, tzinfo=CHINA).date()
FULL = datetime.combine(MONDAY, time(9), CHINA)


def counter_clerk() -> ClerkActor:
    return ClerkActor(ClerkScope(clerk_id="clerk-1", role=Role.COUNTER, county="330302", station="330302510000"), "zhou", "周明")


def visit_row(**changed: Any) -> VisitRow:
    base: dict[str, Any] = {
        "application_id": CASE,
        "acceptance_number": NUMBER,
        "work_item_id": WORK,
        "kind": StepKind.COUNTER_CHECK,
        "kind_text": KIND_TEXT[StepKind.COUNTER_CHECK],
        "service_item_name": Bilingual(zh="变更姓名", en="Change of name"),
        "applicant_name": NAME,
        "here": True,
        "mine": False,
        "served_by": None,
        "may_check_in": True,
        "due_at": datetime.now(UTC) + timedelta(days=52),
    }
    return VisitRow(**base | changed)


def elsewhere(*, present: bool) -> VisitRow:
    if present:
        return visit_row(here=False)
    return visit_row(here=False, service_item_name=None, applicant_name=None, may_check_in=False)


def booking_view(**changed: Any) -> BookingView:
    slots = [
        SlotView(starts_at=s.starts_at, ends_at=s.starts_at + timedelta(minutes=s.minutes), free=s.seats)
        for s in slots_of(MONDAY, DEFAULT_HOURS, working=True)
    ]
    days = [
        DayView(
            day=MONDAY + timedelta(days=ahead),
            morning=[s.model_copy(update={"starts_at": s.starts_at + timedelta(days=ahead)}) for s in slots[:7]],
            afternoon=[s.model_copy(update={"starts_at": s.starts_at + timedelta(days=ahead)}) for s in slots[7:]],
        )
        for ahead in range(5)
    ]
    base: dict[str, Any] = {
        "application_id": CASE,
        "acceptance_number": NUMBER,
        "service_item_name": Bilingual(zh="变更姓名", en="Change of name"),
        "counter": "五马派出所",
        "closes_at": datetime(2027, 4, 1, 23, 59, tzinfo=CHINA),
        "current": None,
        "days": days,
    }
    return BookingView(**base | changed)


def booked_view(status: AppointmentStatus = AppointmentStatus.BOOKED) -> AppointmentView:
    starts_at = datetime.combine(MONDAY, time(10), CHINA)
    return AppointmentView(
        station="330302510000", counter="五马派出所", starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30), status=status
    )


def arrival(minutes: int, **changed: Any) -> Arrival:
    starts_at = datetime.combine(MONDAY, time(8, 30), CHINA) + timedelta(minutes=minutes)
    base: dict[str, Any] = {
        "application_id": CASE,
        "acceptance_number": NUMBER,
        "service_item_name": Bilingual(zh="变更姓名", en="Change of name"),
        "applicant_name": NAME,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=30),
        "status": AppointmentStatus.BOOKED,
        "checked_in_at": None,
        "waits": True,
    }
    return Arrival(**base | changed)


@dataclass
class CounterWorld:
    """What the fake counter answers with, and what pages asked of it. Tests set fields."""

    done: list[tuple[str, Any]] = field(default_factory=list)
    visits_found: list[VisitRow] = field(default_factory=list)
    bookable: BookingView = field(default_factory=booking_view)
    expected: list[Arrival] = field(default_factory=list)
    inquiry: str | None = None
    phone: str | None = None
    waits_for_clerk: UUID | None = None

    def attended_actor(self, clerk: ClerkActor) -> AttendedActor:
        masked = f"{self.phone[:3]}****{self.phone[-4:]}" if self.phone else ""
        return AttendedActor(PERSON, b"index", NAME, "3303************82", masked, clerk=clerk, phone=self.phone, email=None)

    # counter
    async def visits(self, office: Any, actor: ClerkActor, proof: Proof) -> list[VisitRow]:
        self.done.append(("visits", proof))
        return self.visits_found

    async def check_in(self, office: Any, actor: ClerkActor, application_id: UUID, typed: str) -> tuple[UUID, StepKind]:
        row = next((row for row in self.visits_found if row.application_id == application_id), None)
        if row is None:
            raise NotFound()
        self.done.append(("check_in", typed))
        return WORK, row.kind

    async def end_visit(self, office: Any, actor: ClerkActor, work_item_id: UUID, missing: Any) -> None:
        self.done.append(("end_visit", [code for code, _ in missing]))

    async def scan_original(self, office: Any, actor: ClerkActor, work_item_id: UUID, code: str, data: bytes, media_type: str) -> UUID:
        self.done.append(("scan_original", (code, len(data), media_type)))
        return UUID(int=3)

    async def keep_signature(self, office: Any, actor: ClerkActor, application_id: UUID, purpose: str, signature: CheckedSignature) -> None:
        self.done.append(("keep_signature", (purpose, signature.media_type)))

    async def inquiry_number(self, office: Any, actor: ClerkActor, application_id: UUID) -> str | None:
        return self.inquiry

    async def counter_name(self, office: Any, actor: ClerkActor) -> str:
        return "五马派出所"

    # appointments
    async def booking(self, office: Any, actor: Any, application_id: UUID) -> BookingView:
        return self.bookable

    async def book(self, office: Any, actor: Any, application_id: UUID, starts_at: datetime | None) -> BookingView:
        if starts_at is None:
            raise InvalidInput(fields=[FieldError(path="/starts_at", text=Bilingual(zh="请选择一个时间", en="Choose a time"))])
        if starts_at == FULL:
            raise SlotTaken()
        self.done.append(("book", starts_at))
        return self.bookable

    async def cancel(self, office: Any, actor: Any, application_id: UUID) -> None:
        self.done.append(("cancel", application_id))

    async def arrivals(self, office: Any, actor: ClerkActor) -> list[Arrival]:
        return self.expected

    # filing
    async def begin(self, office: Any, clerk: ClerkActor, code: str, typed: PersonTyped) -> UUID:
        office.catalogue.get(code)
        if not typed.card_seen:
            raise InvalidInput(fields=[FieldError(path="/card_seen", text=Bilingual(zh="请先核对身份证", en="See the ID card first"))])
        self.done.append(("begin", (code, typed)))
        return PERSON

    async def enter_phone(self, office: Any, clerk: ClerkActor, typed: PersonTyped) -> None:
        if not typed.replace_phone:
            raise InvalidInput(
                fields=[FieldError(path="/phone", text=Bilingual(zh="已登记另一个手机号", en="Another phone is registered"))]
            )
        self.done.append(("enter_phone", typed.phone))

    async def attended(self, office: Any, clerk: ClerkActor, person_id: UUID) -> AttendedActor:
        if person_id != PERSON:
            raise NotFound()
        return self.attended_actor(clerk)

    async def attended_case(self, office: Any, clerk: ClerkActor, application_id: UUID) -> AttendedActor:
        if application_id != CASE:
            raise NotFound()
        return self.attended_actor(clerk)

    async def file(self, office: Any, actor: AttendedActor, request: Any, key: str, signature: SignatureInput) -> Any:
        await check_signature(office, signature, actor.name)
        self.done.append(("file", (request, signature)))
        return self.case  # type: ignore[attr-defined]  # the world's

    async def identity_work(self, office: Any, actor: AttendedActor, application_id: UUID) -> UUID | None:
        return self.waits_for_clerk

    async def check_identity_here(self, office: Any, actor: AttendedActor, application_id: UUID) -> UUID:
        self.done.append(("check_identity_here", application_id))
        return WORK
