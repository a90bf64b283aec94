"""A machine decision made again from its record, with every rule's inputs: for whoever must answer for it."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from casework.redeciding import replay_decision
from domain.errors import NotFound
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import Clerk, language_of

router = APIRouter(route_class=PageRoute, prefix="/staff/decisions")


@router.get("", response_class=HTMLResponse)
async def replay(request: Request, clerk: Clerk, number: str = "") -> HTMLResponse:
    """By acceptance number; the empty form without one."""
    if not number.strip():
        return page(request, "staff/decision.html", number="", replay=None)
    try:
        again = await replay_decision(request.app.state.office, number.strip(), clerk)
    except NotFound as error:
        problems = error_context(error, language_of(request))
        return page(request, "staff/decision.html", status_of(error), number=number, replay=None, **problems)
    return page(request, "staff/decision.html", number=number, replay=again)
