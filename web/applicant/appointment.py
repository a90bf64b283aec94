"""Booking a visit: pick a day, pick a time; move it, give it back."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from casework import appointments
from casework.appointments import BookingView, DayView
from domain.errors import DomainError
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import Applicant, CheckedForm, language_of, text_of

router = APIRouter(route_class=PageRoute, prefix="/applications/{application_id}/appointment")


@router.get("", response_class=HTMLResponse)
async def choose(request: Request, application_id: UUID, actor: Applicant, day: str = "") -> HTMLResponse:
    offer = await appointments.booking(request.app.state.office, actor, application_id)
    return page(request, "appointment.html", **slot_facts(offer, day), home=f"/applications/{application_id}")


@router.post("", response_class=HTMLResponse)
async def book(request: Request, application_id: UUID, actor: Applicant, form: CheckedForm) -> Response:
    office = request.app.state.office
    try:
        await appointments.book(office, actor, application_id, chosen_time(form))
    except DomainError as error:
        offer = await appointments.booking(office, actor, application_id)
        facts = slot_facts(offer, text_of(form, "day"), error, request)
        return page(request, "appointment.html", status_of(error), **facts, home=f"/applications/{application_id}")
    return RedirectResponse(f"/applications/{application_id}?booked=1", 303)


@router.post("/cancel")
async def cancel(request: Request, application_id: UUID, actor: Applicant, form: CheckedForm) -> Response:
    await appointments.cancel(request.app.state.office, actor, application_id)
    return RedirectResponse(f"/applications/{application_id}", 303)


def chosen_time(form: FormData) -> datetime | None:
    try:
        return datetime.fromisoformat(text_of(form, "starts_at"))
    except ValueError:
        return None


def slot_facts(offer: BookingView, day: str, error: DomainError | None = None, request: Request | None = None) -> dict[str, Any]:
    """What the pages of applicant and clerk draw: the offer, the day that was picked, and what went wrong."""
    problems: dict[str, Any] = {}
    if error is not None and request is not None:
        problems = error_context(error, language_of(request))
        if not error.fields:
            problems["error_of"] = {"starts_at": problems["error_of"]["main"]}
            problems["errors"] = [{"text": problems["error_of"]["starts_at"], "href": "#starts_at"}]
    return {"offer": offer, "picked": _picked(offer, day), **problems}


def _picked(offer: BookingView, day: str) -> DayView | None:
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        return None
    return next((one for one in offer.days if one.day == wanted), None)
