"""好差评: one page on which the applicant of an ended case says how it went, once."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import following, rating
from casework.actors import ApplicantActor
from domain.errors import DomainError
from domain.ratings import GRADE_TEXT, LONGEST_COMMENT, REASON_TEXT
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import Applicant, CheckedForm, language_of, text_of, texts_of

router = APIRouter(route_class=PageRoute, prefix="/applications/{application_id}/rating")


@router.get("", response_class=HTMLResponse)
async def ask(request: Request, application_id: UUID, actor: Applicant) -> Response:
    """The question, or what was answered; a case that has not ended leads back to itself."""
    return await _rating_page(request, application_id, actor)


@router.post("", response_class=HTMLResponse)
async def rate(request: Request, application_id: UUID, actor: Applicant, form: CheckedForm) -> Response:
    grade, reasons, comment = text_of(form, "grade"), texts_of(form, "reasons"), text_of(form, "comment")
    typed = {"grade": grade, "reasons": reasons, "comment": comment}
    try:
        wanted = rating.typed_rating(grade, reasons, comment)
        await rating.rate(request.app.state.office, actor, application_id, wanted)
    except DomainError as error:
        problems = error_context(error, language_of(request))
        return await _rating_page(request, application_id, actor, status_of(error), typed=typed, **problems)
    return RedirectResponse(f"/applications/{application_id}/rating", 303)


async def _rating_page(request: Request, application_id: UUID, actor: ApplicantActor, status: int = 200, **more: Any) -> Response:
    office = request.app.state.office
    case = await following.get_application(office, actor, application_id)
    if not case.status.final:
        return RedirectResponse(f"/applications/{application_id}", 303)
    given = await rating.my_rating(office, actor, application_id)
    facts = {"case": case, "given": given, "grades": GRADE_TEXT, "reasons": REASON_TEXT, "longest": LONGEST_COMMENT, "typed": {}}
    return page(request, "rating.html", status, **facts | more)
