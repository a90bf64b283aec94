"""/v1/counter: who comes today, who is there, and taking their case up, by a counter's own program."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.access import Clerk, OfficeHere
from casework import appointments, counter
from casework.appointments import Arrival
from casework.counter import VisitRow
from domain.service_item import StepKind

router = APIRouter(prefix="/v1/counter", tags=["counter"])
Proof = Annotated[str, Field(min_length=1, max_length=100, description="A scanned code, an ID number, or an acceptance number")]


class CheckIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    application_id: UUID
    proof: Proof


class CheckedIn(BaseModel):
    work_item_id: UUID
    kind: StepKind


class Lookup(BaseModel):
    model_config = ConfigDict(extra="forbid")

    proof: Proof


@router.get("/appointments", summary="Who comes to this counter on a day, and who has checked in")
async def arrivals(
    office: OfficeHere, actor: Clerk, day: Annotated[date | None, Query(description="Default: today")] = None
) -> list[Arrival]:
    return await appointments.arrivals(office, actor, day)


@router.post("/visits", summary="Cases that wait at any counter, by what was scanned or typed")
async def visits(body: Lookup, office: OfficeHere, actor: Clerk) -> list[VisitRow]:
    """A POST, because what is typed may be an ID number, which no address and no log shall hold."""
    return await counter.visits(office, actor, counter.read_proof(office, body.proof))


@router.post("/check-ins", summary="Take a visit up here; the case comes from whichever counter awaited it")
async def check_in(body: CheckIn, office: OfficeHere, actor: Clerk) -> CheckedIn:
    """Of another counter's case the code on the applicant's phone, or the ID number off the card, shows that the person is there."""
    work_item_id, kind = await counter.check_in(office, actor, body.application_id, body.proof)
    return CheckedIn(work_item_id=work_item_id, kind=kind)
