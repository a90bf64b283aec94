"""The queue: mine, open, near the deadline; take the next one."""

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import queueing
from domain.service_item import StepKind
from domain.work_items import KIND_TEXT
from web.clerk.navigation import QUEUE, home_of
from web.problems import PageRoute
from web.rendering import page
from web.visitor import CheckedForm, Clerk

router = APIRouter(route_class=PageRoute, prefix="/staff")
Tab = Literal["mine", "open", "near"]


@router.get("", response_class=HTMLResponse)
async def queue(request: Request, clerk: Clerk, tab: str = "open", kind: str = "", cursor: str | None = None) -> Response:
    if (home := home_of(clerk.scope.role)) != QUEUE.path:  # who sees no case has no queue
        return RedirectResponse(home, 303)
    office = request.app.state.office
    chosen: Tab = "mine" if tab == "mine" else "near" if tab == "near" else "open"
    wanted = StepKind(kind) if kind in set(StepKind) else None
    rows = await queueing.queue(
        office,
        clerk,
        status="claimed" if chosen == "mine" else "open" if chosen == "open" else None,
        kind=wanted,
        cursor=cursor,
        mine=chosen == "mine",
        near_deadline=chosen == "near",
    )
    counts = await queueing.counts(office, clerk)
    return page(
        request,
        "staff/queue.html",
        tab=chosen,
        kind=kind,
        kinds=KIND_TEXT,
        rows=rows.items,
        next_cursor=rows.next_cursor,
        counts=counts,
        paged=cursor is not None,
        emptied="emptied" in request.query_params,
        completed=request.query_params.get("completed"),
    )


@router.post("/take-next")
async def take_next(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    row = await queueing.take_next(request.app.state.office, clerk)
    return RedirectResponse(f"/staff/work-items/{row.id}" if row else "/staff?emptied=1", 303)
