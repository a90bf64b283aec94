"""The queue: the next thing on top, views with counts, filters, and many pieces of work at once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from casework import at_hand, handing_on, queueing
from casework.access import working_role
from casework.actors import ClerkActor
from casework.views import Page, WorkItemRow
from domain.clock import day_in_china
from domain.errors import DomainError
from domain.limits import Escalation
from domain.queues import COUNT_AT_MOST, PRIORITY_TEXT, QueueFilter, View
from domain.text import Language
from domain.work_items import KIND_TEXT
from web.clerk.navigation import QUEUE, home_of
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.texts import say
from web.visitor import CheckedForm, Clerk, language_of, text_of, texts_of

router = APIRouter(route_class=PageRoute, prefix="/staff")
FILTERS = ("service_item", "kind", "status", "priority", "escalation", "holder", "jurisdiction", "paused", "due_before")
ESCALATIONS = {
    Escalation.HALF_USED: "queue.escalation_half_used",
    Escalation.DUE_TOMORROW: "queue.escalation_due_tomorrow",
    Escalation.OVERDUE: "queue.escalation_overdue",
}


@router.get("", response_class=HTMLResponse)
async def queue(request: Request, clerk: Clerk, tab: str = "open", cursor: str | None = None) -> Response:
    if home_of(clerk.scope.role) != QUEUE.path:
        return RedirectResponse(home_of(clerk.scope.role), 303)
    view = View(tab) if tab in set(View) else View.OPEN
    return await _page(request, clerk, view, read_filter(request.query_params), cursor)


@router.post("/take-next")
async def take_next(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    row = await queueing.take_next(request.app.state.office, clerk)
    return RedirectResponse(f"/staff/work-items/{row.id}" if row else "/staff?emptied=1", 303)


@router.post("/search", response_class=HTMLResponse)
async def search(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    """By form, not by address: a name or number must not stand in a log."""
    asked = text_of(form, "text")
    rows = await queueing.search(request.app.state.office, clerk, asked)
    return await _page(request, clerk, View.STATION, QueueFilter(), found=Page(items=rows, next_cursor=None), asked=asked)


@router.post("/bulk", response_class=HTMLResponse)
async def bulk(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    """Release or hand over what was marked; the page says of each what became of it."""
    office = request.app.state.office
    marked = [UUID(text) for text in texts_of(form, "item") if _is_id(text)]
    view = View(tab) if (tab := text_of(form, "tab")) in set(View) else View.OPEN
    try:
        if text_of(form, "act") == "hand_over":
            results = await handing_on.hand_over_many(office, clerk, marked, text_of(form, "to"), text_of(form, "note"))
        else:
            results = await handing_on.release_many(office, clerk, marked)
    except DomainError as error:
        return await _page(request, clerk, view, QueueFilter(), error=error, marked=marked, note=text_of(form, "note"))
    return await _page(request, clerk, view, QueueFilter(), results=results)


@router.post("/views")
async def save_view(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    view = View(tab) if (tab := text_of(form, "tab")) in set(View) else View.OPEN
    wanted = read_filter({name: text_of(form, name) for name in FILTERS})
    try:
        await at_hand.save_view(request.app.state.office, clerk, text_of(form, "name"), view, wanted)
    except DomainError as error:
        return await _page(request, clerk, view, wanted, error=error)
    return RedirectResponse(address(view, wanted), 303)


@router.post("/views/{view_id}/drop")
async def drop_view(request: Request, clerk: Clerk, view_id: UUID, form: CheckedForm) -> Response:
    await at_hand.drop_view(request.app.state.office, clerk, view_id)
    return RedirectResponse("/staff", 303)


# --- the page --------------------------------------------------------------------------------------------------------


async def _page(
    request: Request,
    clerk: ClerkActor,
    view: View,
    wanted: QueueFilter,
    cursor: str | None = None,
    *,
    found: Page | None = None,
    error: DomainError | None = None,
    **more: Any,
) -> HTMLResponse:
    office, language = request.app.state.office, language_of(request)
    rows = found or await queueing.queue(office, clerk, view, wanted, cursor=cursor)
    now = office.now()
    return page(
        request,
        "staff/queue.html",
        status_of(error) if error else 200,
        tab=view.value,
        tabs=_tabs(view if found is None else None, await queueing.counts(office, clerk)),
        saved=[(v, address(v.view, v.filter)) for v in await at_hand.views(office, clerk)],
        here=address(view, wanted),
        wanted=wanted,
        narrowed=wanted != QueueFilter(),
        rows=[(row, when(row, now, language)) for row in rows.items],
        next_page=address(view, wanted, rows.next_cursor) if rows.next_cursor else None,
        paged=cursor is not None,
        found=found,
        colleagues=await handing_on.colleagues_of(office, clerk),
        kinds=KIND_TEXT,
        priorities=PRIORITY_TEXT,
        escalations=ESCALATIONS,
        service_items=sorted(((item.code, item.name) for item in office.catalogue.all()), key=lambda pair: pair[1].in_language(language)),
        takes=working_role(clerk) is not None,
        directs=queueing.seat_of(clerk).directs,
        emptied="emptied" in request.query_params,
        completed=request.query_params.get("completed"),
        **more,
        **(error_context(error, language) if error else {}),
    )


def _tabs(current: View | None, counts: Any) -> list[dict[str, Any]]:
    return [
        {
            "view": view.value,
            "href": address(view, QueueFilter()),
            "current": view is current,
            "count": count_text(getattr(counts, view.value)),
            "urgent": view is View.OVER and getattr(counts, view.value) > 0,
        }
        for view in (View.OPEN, View.MINE, View.STATION, View.NEAR, View.OVER)
    ]


def count_text(count: int) -> str:
    return f"{COUNT_AT_MOST - 1}+" if count >= COUNT_AT_MOST else str(count)


def address(view: View, wanted: QueueFilter, cursor: str | None = None) -> str:
    """The page of a view, a filter and a place in the list."""
    asked: dict[str, Any] = {} if view is View.OPEN else {"tab": view.value}
    asked |= wanted.model_dump(mode="json", exclude_none=True) | ({"cursor": cursor} if cursor else {})
    return f"/staff?{urlencode(asked)}" if asked else "/staff"


def read_filter(asked: Mapping[str, str]) -> QueueFilter:
    """What of an address can be understood; the rest narrows nothing."""
    wanted = QueueFilter()
    for name in FILTERS:
        if value := asked.get(name, "").strip():
            try:
                one = QueueFilter.model_validate({name: value}, strict=False)
            except ValidationError:
                continue
            wanted = wanted.model_copy(update={name: getattr(one, name)})
    return wanted


def when(row: WorkItemRow, now: datetime, language: Language) -> str:
    """How far the limit is, in words."""
    if row.paused:
        return say(language, "queue.paused")
    if row.status not in queueing.LIVE:
        return ""
    days = (day_in_china(row.due_at) - day_in_china(now)).days
    if row.overdue:
        return say(language, "queue.over_today") if days == 0 else say(language, "queue.over_days", n=-days)
    near = {0: "queue.due_today", 1: "queue.due_tomorrow"}
    return say(language, near[days]) if days in near else say(language, "queue.due_in", n=days)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
