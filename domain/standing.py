"""Where a case stands beside its status: its fee, its parcel, its visit, who looks into it."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel

from domain.appointments import AppointmentStatus
from domain.money import PaymentState
from domain.parcels import ParcelState


class StandingFee(BaseModel):
    state: PaymentState
    fen: int
    pay_url: str | None
    receipt_number: str | None
    ordered_at: datetime
    paid_at: datetime | None
    refunded_at: datetime | None


class StandingParcel(BaseModel):
    tracking_number: str
    state: ParcelState
    at: datetime


class StandingAppointment(BaseModel):
    """The newest of a case. `station` is the counter's code."""

    id: UUID
    station: str
    starts_at: datetime
    minutes: int
    status: AppointmentStatus


class Standing(BaseModel):
    fee: StandingFee | None = None
    parcel: StandingParcel | None = None
    appointment: StandingAppointment | None = None
    looked_into: bool = False  # an investigation is under way
    step_due_at: datetime | None = None  # the limit of whoever has it now; None: nobody, or the clock stands still
    paused_since: datetime | None = None  # of that limit
    visit: str | None = None  # the kind of the work item that waits at the counter: counter_check, identity_check, collection
    visits: list[str] = []  # the kinds of those that were done there
    grade: int | None = None  # 好差评, 5 to 1


class Standings(Protocol):
    async def standing_of(self, application_id: UUID) -> Standing: ...
