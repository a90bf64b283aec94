"""Inquiries (一事一查): the list, one of them, and what is done with it."""

from collections.abc import Awaitable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import inquiries
from casework.actors import ClerkActor
from domain.errors import DomainError
from domain.inquiries import FINDING_TEXT, PATTERN_TEXT, Pattern
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import CheckedForm, Clerk, language_of, text_of

router = APIRouter(route_class=PageRoute, prefix="/staff/inquiries")


@router.get("", response_class=HTMLResponse)
async def listed(request: Request, clerk: Clerk, view: str = "open", pattern: str = "", cursor: str | None = None) -> HTMLResponse:
    office = request.app.state.office
    chosen: inquiries.View = next((v for v in inquiries.VIEWS if v == view), "open")
    wanted = Pattern(pattern) if pattern in set(Pattern) else None
    found = await inquiries.inquiries(office, clerk, chosen, pattern=wanted, cursor=cursor)
    return page(
        request,
        "staff/inquiries.html",
        view=chosen,
        pattern=pattern,
        patterns=PATTERN_TEXT,
        rows=found.items,
        next_cursor=found.next_cursor,
        paged=cursor is not None,
        counts=await inquiries.counts(office, clerk),
    )


@router.get("/{inquiry_id}", response_class=HTMLResponse)
async def show(request: Request, inquiry_id: UUID, clerk: Clerk) -> HTMLResponse:
    return await _inquiry_page(request, clerk, inquiry_id)


@router.post("/{inquiry_id}/take")
async def take(request: Request, inquiry_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    return await _done(request, clerk, inquiry_id, inquiries.take_over(request.app.state.office, clerk, inquiry_id))


@router.post("/{inquiry_id}/entries", response_class=HTMLResponse)
async def add_entry(request: Request, inquiry_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    text = text_of(form, "text")
    return await _done(request, clerk, inquiry_id, inquiries.add_entry(request.app.state.office, clerk, inquiry_id, text), text=text)


@router.post("/{inquiry_id}/ask", response_class=HTMLResponse)
async def ask(request: Request, inquiry_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    asked, question = text_of(form, "asked"), text_of(form, "question")
    act = inquiries.ask(request.app.state.office, clerk, inquiry_id, asked, question)
    return await _done(request, clerk, inquiry_id, act, asked=asked, question=question)


@router.post("/{inquiry_id}/close", response_class=HTMLResponse)
async def close(request: Request, inquiry_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    finding, words = text_of(form, "finding"), text_of(form, "words")
    act = inquiries.close(request.app.state.office, clerk, inquiry_id, finding, words)
    return await _done(request, clerk, inquiry_id, act, finding=finding, words=words)


async def _done(request: Request, clerk: ClerkActor, inquiry_id: UUID, act: Awaitable[None], **typed: str) -> Response:
    """After an act, the inquiry; what was refused is said there, with everything that was typed."""
    try:
        await act
    except DomainError as error:
        return await _inquiry_page(request, clerk, inquiry_id, status_of(error), typed=typed, **error_context(error, language_of(request)))
    return RedirectResponse(f"/staff/inquiries/{inquiry_id}", 303)


async def _inquiry_page(request: Request, clerk: ClerkActor, inquiry_id: UUID, status: int = 200, **more: Any) -> HTMLResponse:
    detail = await inquiries.inquiry(request.app.state.office, clerk, inquiry_id)
    typed: dict[str, str] = more.pop("typed", {})
    return page(request, "staff/inquiry.html", status, detail=detail, row=detail.row, findings=FINDING_TEXT, typed=typed, **more)
