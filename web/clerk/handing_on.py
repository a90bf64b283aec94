"""One work item handed on: to a colleague, to some people, back to all; and how urgent it is."""

from collections.abc import Awaitable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import handing_on, queueing
from casework.actors import ClerkActor
from domain.errors import DomainError, InvalidInput
from domain.jurisdiction import Role
from domain.queues import PRIORITY_TEXT, Priority, may_direct
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import CheckedForm, Clerk, language_of, text_of, texts_of

router = APIRouter(route_class=PageRoute, prefix="/staff/work-items/{work_item_id}")


@router.get("/hand-on", response_class=HTMLResponse)
async def show(request: Request, work_item_id: UUID, clerk: Clerk) -> Response:
    return await _page(request, clerk, work_item_id)


@router.post("/hand-over")
async def hand_over(request: Request, work_item_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    typed = {"to": text_of(form, "to"), "note": text_of(form, "note")}
    act = handing_on.hand_over(request.app.state.office, clerk, work_item_id, typed["to"], typed["note"])
    return await _done(request, clerk, work_item_id, act, typed)


@router.post("/offer")
async def offer(request: Request, work_item_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    people = texts_of(form, "people")
    return await _done(request, clerk, work_item_id, handing_on.offer(request.app.state.office, clerk, work_item_id, people), {})


@router.post("/decline")
async def decline(request: Request, work_item_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    return await _done(request, clerk, work_item_id, handing_on.refuse(request.app.state.office, clerk, work_item_id), {}, "/staff")


@router.post("/priority")
async def priority(request: Request, work_item_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    typed = {"priority": text_of(form, "priority"), "reason": text_of(form, "reason")}
    if typed["priority"] not in {str(p.value) for p in Priority}:
        raise InvalidInput()
    chosen = Priority(int(typed["priority"]))
    act = handing_on.set_priority(request.app.state.office, clerk, work_item_id, chosen, typed["reason"])
    return await _done(request, clerk, work_item_id, act, typed, f"/staff/work-items/{work_item_id}/hand-on")


async def _done(
    request: Request, clerk: ClerkActor, work_item_id: UUID, act: Awaitable[Any], typed: dict[str, str], onward: str = "/staff?tab=mine"
) -> Response:
    try:
        await act
    except DomainError as error:
        return await _page(request, clerk, work_item_id, typed, error)
    return RedirectResponse(onward, 303)


async def _page(
    request: Request, clerk: ClerkActor, work_item_id: UUID, typed: dict[str, str] | None = None, error: DomainError | None = None
) -> HTMLResponse:
    office = request.app.state.office
    record = await queueing.seen_by(office, clerk, work_item_id)
    row = queueing.work_item_row(office, clerk, record)
    directs = may_direct(clerk.scope, role=Role(record["role"]), jurisdiction=record["jurisdiction"])
    live = row.status in queueing.LIVE
    return page(
        request,
        "staff/queue-hand-on.html",
        status_of(error) if error else 200,
        row=row,
        people=await handing_on.colleagues_for(office, clerk, work_item_id),
        candidates=record["candidates"],
        may_hand_over=live and (row.mine or directs or row.held_for_name is not None),
        may_release=live and row.claimed_by is not None and directs and not row.mine,
        may_offer=directs and row.status == "open",
        may_prioritise=directs and live,
        priorities=PRIORITY_TEXT,
        typed=typed or {},
        **(error_context(error, language_of(request)) if error else {}),
    )
