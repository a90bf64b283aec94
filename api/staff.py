"""/v1/staff: what clerks keep at hand, by program: stand-ins, reason templates, saved views, notices."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.access import Clerk, OfficeHere
from casework import at_hand, handing_on, standing_in
from casework.at_hand import NoticeView, Owner, SavedView, TemplateView
from casework.handing_on import Colleague
from casework.standing_in import DelegationView
from domain.queues import QueueFilter, View
from domain.service_item import StepKind

router = APIRouter(prefix="/v1/staff", tags=["staff"])
ClerkId = Annotated[str, Field(max_length=40)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewDelegation(_Body):
    absent: ClerkId
    stand_in: ClerkId
    begins_at: AwareDatetime | None = Field(default=None, description="Default: now")
    ends_at: AwareDatetime
    reason: str = Field(min_length=1, max_length=standing_in.REASON_LENGTH)


class Made(BaseModel):
    id: UUID


class TemplateBody(_Body):
    owner: Owner = "mine"
    kind: StepKind
    outcome: str = Field(max_length=40)
    title: str = Field(min_length=1, max_length=at_hand.TITLE_LENGTH)
    text: str = Field(min_length=1, max_length=at_hand.TEXT_LENGTH)


class ViewBody(_Body):
    view: View = View.STATION
    filter: QueueFilter = QueueFilter()


class ReadNotices(_Body):
    ids: list[UUID] | None = Field(default=None, max_length=200, description="Default: everything up to now")


class NoticePage(BaseModel):
    items: list[NoticeView]
    next_cursor: str | None
    unread: int = Field(description="Counted to 1,000 and no further")


@router.get("/colleagues", summary="Of the clerk's own role in their county")
async def colleagues(office: OfficeHere, actor: Clerk) -> list[Colleague]:
    return await handing_on.colleagues_of(office, actor)


# --- absence ---------------------------------------------------------------------------------------------------------


@router.get("/delegations", summary="Who stands in for whom, now and later")
async def delegations(office: OfficeHere, actor: Clerk) -> list[DelegationView]:
    return await standing_in.delegations(office, actor)


@router.post("/delegations", status_code=201, summary="Let a colleague work an absent clerk's queue until a moment")
async def delegate(body: NewDelegation, office: OfficeHere, actor: Clerk) -> Made:
    return Made(id=await standing_in.delegate(office, actor, **body.model_dump()))


@router.delete("/delegations/{delegation_id}", status_code=204, summary="End it early")
async def end_delegation(delegation_id: UUID, office: OfficeHere, actor: Clerk) -> None:
    await standing_in.end_early(office, actor, delegation_id)


# --- reason templates ------------------------------------------------------------------------------------------------


@router.get("/templates", summary="One's own, the station's and the county's")
async def templates(office: OfficeHere, actor: Clerk, kind: StepKind | None = None) -> list[TemplateView]:
    return await at_hand.templates(office, actor, kind)


@router.put("/templates/{template_id}", summary="Add one under an id of one's choice, or change it")
async def save_template(template_id: UUID, body: TemplateBody, office: OfficeHere, actor: Clerk) -> Made:
    return Made(id=await at_hand.save_template(office, actor, template_id, **dict(body)))


@router.delete("/templates/{template_id}", status_code=204, summary="Remove it")
async def drop_template(template_id: UUID, office: OfficeHere, actor: Clerk) -> None:
    await at_hand.drop_template(office, actor, template_id)


# --- saved views -----------------------------------------------------------------------------------------------------


@router.get("/views", summary="The clerk's saved views of the queue")
async def views(office: OfficeHere, actor: Clerk) -> list[SavedView]:
    return await at_hand.views(office, actor)


@router.put("/views/{name}", status_code=204, summary="Keep a filter under a name")
async def save_view(name: str, body: ViewBody, office: OfficeHere, actor: Clerk) -> None:
    await at_hand.save_view(office, actor, name, body.view, body.filter)


@router.delete("/views/{view_id}", status_code=204, summary="Remove it")
async def drop_view(view_id: UUID, office: OfficeHere, actor: Clerk) -> None:
    await at_hand.drop_view(office, actor, view_id)


# --- notices ---------------------------------------------------------------------------------------------------------


@router.get("/notices", summary="What the clerk was told, newest first")
async def notices(office: OfficeHere, actor: Clerk, cursor: Annotated[str | None, Query(max_length=200)] = None) -> NoticePage:
    page = await at_hand.notices(office, actor, cursor or None)
    return NoticePage(items=page.items, next_cursor=page.next_cursor, unread=await at_hand.unread(office, actor))


@router.post("/notices/read", status_code=204, summary="Mark some, or everything up to now, as read")
async def mark_read(body: ReadNotices, office: OfficeHere, actor: Clerk) -> None:
    await at_hand.mark_read(office, actor, body.ids)
