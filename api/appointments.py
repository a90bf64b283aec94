"""/v1/applications/{id}/appointment: the times that are free, booking one, moving it, giving it back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Integrator, OfficeHere, SignedIn
from casework import appointments
from casework.appointments import BookingView

router = APIRouter(prefix="/v1/applications/{application_id}/appointment", tags=["appointments"])
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]


class AppointmentChoice(BaseModel):
    model_config = ConfigDict(extra="forbid")

    starts_at: AwareDatetime = Field(description="The start of a free time, as the list has it")


@router.get("", summary="What is booked, and the free times of the case's counter, full ones left out")
async def read(application_id: UUID, office: OfficeHere, actor: SignedIn) -> BookingView:
    """Working days from today, up to 30 days ahead and within the counter window."""
    return await appointments.booking(office, actor, application_id)


@router.put("", summary="Book a time, or move there what was booked")
async def book(
    application_id: UUID, body: AppointmentChoice, office: OfficeHere, actor: Integrator, idempotency_key: IdempotencyKey = None
) -> BookingView:
    """The window to come in counts on, whatever is booked or moved."""
    command_id = f"{actor.client_id}:{idempotency_key}" if idempotency_key else None
    return await appointments.book(office, actor, application_id, body.starts_at, command_id=command_id)


@router.delete("", status_code=204, summary="Give the time back")
async def cancel(application_id: UUID, office: OfficeHere, actor: Integrator, idempotency_key: IdempotencyKey = None) -> None:
    command_id = f"{actor.client_id}:{idempotency_key}" if idempotency_key else None
    await appointments.cancel(office, actor, application_id, command_id=command_id)
