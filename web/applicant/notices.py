"""What was sent to a person, and the address that their e-mails go to."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import notices
from casework.actors import ApplicantActor
from domain.errors import DomainError
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import Applicant, CheckedForm, language_of, text_of

router = APIRouter(route_class=PageRoute)


@router.get("/my-notices", response_class=HTMLResponse)
async def my_notices(request: Request, actor: Applicant, cursor: Annotated[str, Query(max_length=40)] = "") -> HTMLResponse:
    found = await notices.my_notices(request.app.state.office, actor, cursor)
    return page(request, "my-notices.html", notices=found.items, next_cursor=found.next_cursor, paged=bool(cursor))


@router.get("/my-data/email", response_class=HTMLResponse)
async def email_page(request: Request, actor: Applicant) -> HTMLResponse:
    email = await notices.my_email(request.app.state.office, actor)
    return _email_page(request, actor, email or "", kept="kept" in request.query_params)


@router.post("/my-data/email", response_class=HTMLResponse)
async def keep_email(request: Request, actor: Applicant, form: CheckedForm) -> Response:
    typed = text_of(form, "email")
    try:
        await notices.set_my_email(request.app.state.office, actor, typed)
    except DomainError as error:
        return _email_page(request, actor, typed, error)
    return RedirectResponse("/my-data/email?kept=1", 303)


def _email_page(
    request: Request, actor: ApplicantActor, email: str, error: DomainError | None = None, *, kept: bool = False
) -> HTMLResponse:
    problems = error_context(error, language_of(request)) if error else {}
    return page(request, "my-email.html", status_of(error) if error else 200, email=email, kept=kept, **problems)
