"""The supervisor's board, and a case as supervision sees it: who had it, what it waits for, its inquiries."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import following, inquiries, rating, supervising
from casework.actors import ClerkActor
from domain.errors import DomainError
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import CheckedForm, Clerk, language_of, text_of

router = APIRouter(route_class=PageRoute, prefix="/staff")


@router.get("/board", response_class=HTMLResponse)
async def board(request: Request, clerk: Clerk) -> HTMLResponse:
    """Drawn anew every few seconds by the page itself, unless `still` is asked for."""
    found = await supervising.board(request.app.state.office, clerk)
    return page(request, "staff/board.html", board=found, ages=supervising.AGES, still="still" in request.query_params)


@router.get("/cases/{application_id}", response_class=HTMLResponse)
async def case(request: Request, application_id: UUID, clerk: Clerk) -> HTMLResponse:
    return await _case_page(request, clerk, application_id)


@router.post("/cases/{application_id}/inquiries", response_class=HTMLResponse)
async def open_inquiry(request: Request, application_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    why = text_of(form, "why")
    try:
        opened = await inquiries.open_by_hand(request.app.state.office, clerk, application_id, why)
    except DomainError as error:
        if not error.fields:
            raise
        return await _case_page(request, clerk, application_id, status_of(error), why=why, **error_context(error, language_of(request)))
    return RedirectResponse(f"/staff/inquiries/{opened}", 303)


async def _case_page(request: Request, clerk: ClerkActor, application_id: UUID, status: int = 200, **more: Any) -> HTMLResponse:
    office = request.app.state.office
    inquiries.require_supervisor(clerk)
    case = await following.get_application(office, clerk, application_id)
    found = await inquiries.of_case(office, clerk, application_id)
    work = await supervising.work_of(office, clerk, application_id)
    return page(request, "staff/case.html", status, **{"case": case, "item": case.item, "inquiries": found, "work": work, "why": ""} | more)


@router.get("/ratings/{application_id}", response_class=HTMLResponse)
async def rating_of(request: Request, application_id: UUID, clerk: Clerk) -> HTMLResponse:
    found = await rating.read_rating(request.app.state.office, clerk, application_id)
    return page(request, "staff/rating.html", rating=found, application_id=application_id)
