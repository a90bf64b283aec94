"""A clerk's question inside a case, and the applicant's answer."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import following, questions
from casework.case_views import QuestionView
from casework.views import ApplicationView
from domain.errors import DomainError, NotFound
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import Applicant, CheckedForm, language_of, text_of

router = APIRouter(route_class=PageRoute, prefix="/applications/{application_id}")


@router.get("/question", response_class=HTMLResponse)
async def question_page(request: Request, application_id: UUID, actor: Applicant) -> Response:
    case = await following.get_application(request.app.state.office, actor, application_id)
    asked = questions.open_question(case)
    if asked is None:
        return RedirectResponse(f"/applications/{application_id}", 303)
    return _page(request, case, asked, "")


@router.post("/question", response_class=HTMLResponse)
async def answer(request: Request, application_id: UUID, actor: Applicant, form: CheckedForm) -> Response:
    """The form names the question that was read, so that an answer never lands under a later one."""
    office, typed = request.app.state.office, text_of(form, "answer").replace("\r\n", "\n")
    try:
        await questions.answer(office, actor, application_id, _question_id(text_of(form, "question")), typed)
    except DomainError as error:
        case = await following.get_application(office, actor, application_id)
        asked = questions.open_question(case)
        if asked is None:
            raise
        return _page(request, case, asked, typed, error)
    return RedirectResponse(f"/applications/{application_id}", 303)


def _question_id(sent: str) -> UUID:
    try:
        return UUID(sent)
    except ValueError:
        raise NotFound() from None


def _page(request: Request, case: ApplicationView, asked: QuestionView, typed: str, error: DomainError | None = None) -> HTMLResponse:
    problems = error_context(error, language_of(request)) if error else {}
    status = status_of(error) if error else 200
    return page(request, "question.html", status, case=case, asked=asked, typed=typed, longest=questions.LONGEST, **problems)
