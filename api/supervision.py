"""/v1/board and /v1/inquiries: supervision by program, held to the same role and territory as on the pages."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.access import Clerk, OfficeHere
from casework import inquiries, supervising
from casework.inquiries import InquiryDetail, InquiryPage, View
from casework.supervising import Board
from domain.inquiries import Finding, Pattern

router = APIRouter(prefix="/v1", tags=["supervision"])
Words = Annotated[str, Field(min_length=1, max_length=inquiries.LONGEST_TEXT)]


class Reason(BaseModel):
    why: Words = Field(description="Why the inquiry is opened")


class Entry(BaseModel):
    text: Words


class Question(BaseModel):
    clerk_id: str = Field(max_length=64, description="Whom to ask: somebody of the county's staff")
    text: Words


class Closing(BaseModel):
    finding: Finding
    text: Words = Field(description="What was found; it cannot be changed afterwards")


@router.get("/board", summary="What needs a supervisor now")
async def board(office: OfficeHere, actor: Clerk) -> Board:
    return await supervising.board(office, actor)


@router.get("/inquiries", summary="Inquiries, nearest their limit first")
async def listed(
    office: OfficeHere,
    actor: Clerk,
    view: View = "open",
    pattern: Pattern | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> InquiryPage:
    return await inquiries.inquiries(office, actor, view, pattern=pattern, cursor=cursor or None)


@router.get("/inquiries/{inquiry_id}", summary="One inquiry with its entries")
async def read(inquiry_id: UUID, office: OfficeHere, actor: Clerk) -> InquiryDetail:
    return await inquiries.inquiry(office, actor, inquiry_id)


@router.post("/applications/{application_id}/inquiries", status_code=201, summary="Open an inquiry into a case")
async def open_one(application_id: UUID, body: Reason, office: OfficeHere, actor: Clerk) -> InquiryDetail:
    opened = await inquiries.open_by_hand(office, actor, application_id, body.why)
    return await inquiries.inquiry(office, actor, opened)


@router.post("/inquiries/{inquiry_id}/take", summary="Take it over")
async def take(inquiry_id: UUID, office: OfficeHere, actor: Clerk) -> InquiryDetail:
    await inquiries.take_over(office, actor, inquiry_id)
    return await inquiries.inquiry(office, actor, inquiry_id)


@router.post("/inquiries/{inquiry_id}/entries", status_code=201, summary="Enter what was found or done, or answer a question")
async def enter(inquiry_id: UUID, body: Entry, office: OfficeHere, actor: Clerk) -> InquiryDetail:
    await inquiries.add_entry(office, actor, inquiry_id, body.text)
    return await inquiries.inquiry(office, actor, inquiry_id)


@router.post("/inquiries/{inquiry_id}/questions", status_code=201, summary="Ask a colleague")
async def ask(inquiry_id: UUID, body: Question, office: OfficeHere, actor: Clerk) -> InquiryDetail:
    await inquiries.ask(office, actor, inquiry_id, body.clerk_id, body.text)
    return await inquiries.inquiry(office, actor, inquiry_id)


@router.post("/inquiries/{inquiry_id}/close", summary="Close it with a finding")
async def close(inquiry_id: UUID, body: Closing, office: OfficeHere, actor: Clerk) -> InquiryDetail:
    await inquiries.close(office, actor, inquiry_id, body.finding.value, body.text)
    return await inquiries.inquiry(office, actor, inquiry_id)
