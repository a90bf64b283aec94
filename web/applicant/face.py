"""The face check: why and consent, the recording, its result, and other ways for who has no camera."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from casework import applying, demo, following
from casework.actors import ApplicantActor
from casework.views import ApplicationView
from domain.application import Status
from domain.errors import DomainError, FieldError, InvalidInput, NotFound
from domain.text import Bilingual
from web.applicant.case import case_facts, live_stream
from web.problems import PageRoute, error_context, problem_page, status_of
from web.rendering import fragment, page
from web.visitor import CheckedForm, Served, case_home, file_of, language_of, set_cookie, text_of

router = APIRouter(route_class=PageRoute)  # mounted under a case, on the applicant's side and at the counter
CONSENT_COOKIE = "onetrip_face_consent"
CONSENT_SECONDS = 24 * 3600
NO_CONSENT = Bilingual(
    zh="请先勾选同意，再继续。不同意刷脸的，请看下方的其他办法",
    en="Tick the box to go on. If you do not agree, see the other way below",
)


def _here(request: Request, application_id: UUID, rest: str = "") -> str:
    return f"{case_home(request, application_id)}/face{rest}"


def _consented(request: Request, application_id: UUID) -> bool:
    return request.cookies.get(CONSENT_COOKIE) == str(application_id)


async def _case(request: Request, actor: ApplicantActor, application_id: UUID) -> ApplicationView:
    return await following.get_application(request.app.state.office, actor, application_id)


@router.get("", response_class=HTMLResponse)
async def explain(request: Request, application_id: UUID, actor: Served) -> Response:
    case = await _case(request, actor, application_id)
    if case.status is not Status.VERIFYING:
        return RedirectResponse(case_home(request, application_id), 303)
    return page(request, "face.html", **case_facts(request, case))


@router.post("", response_class=HTMLResponse)
async def consent(request: Request, application_id: UUID, actor: Served, form: CheckedForm) -> Response:
    case = await _case(request, actor, application_id)
    if text_of(form, "consent") != "yes":
        error = InvalidInput(fields=[FieldError(path="/consent", text=NO_CONSENT)])
        return page(request, "face.html", 422, **case_facts(request, case), **error_context(error, language_of(request)))
    await applying.consent_to_face_check(request.app.state.office, actor, application_id)
    response = RedirectResponse(_here(request, application_id, "/record"), 303)
    set_cookie(request, response, CONSENT_COOKIE, str(application_id), max_age=CONSENT_SECONDS, path=_here(request, application_id))
    return response


@router.get("/record", response_class=HTMLResponse)
async def record(request: Request, application_id: UUID, actor: Served) -> Response:
    case = await _case(request, actor, application_id)
    if case.status is not Status.VERIFYING:
        return RedirectResponse(case_home(request, application_id), 303)
    if not _consented(request, application_id):
        return RedirectResponse(_here(request, application_id), 303)
    return page(request, "record.html", **case_facts(request, case))


@router.post("/code", response_class=HTMLResponse)
async def new_code(request: Request, application_id: UUID, actor: Served, form: CheckedForm) -> Response:
    await applying.renew_challenge(request.app.state.office, actor, application_id, language_of(request))
    return RedirectResponse(_here(request, application_id, "/record"), 303)


@router.post("/counter")
async def to_counter(request: Request, application_id: UUID, actor: Served, form: CheckedForm) -> Response:
    """The other way: a clerk compares the person with the ID card."""
    await applying.choose_counter(request.app.state.office, actor, application_id)
    return RedirectResponse(case_home(request, application_id), 303)


@router.post("/clip", response_class=HTMLResponse)
async def hand_in(request: Request, application_id: UUID, actor: Served, form: CheckedForm) -> Response:
    """From the camera page's script (answers JSON, so that it can show progress) and from the plain form alike."""
    try:
        if not _consented(request, application_id):
            raise InvalidInput(NO_CONSENT)
        sent = await file_of(form, "clip")
        if sent is None:
            raise InvalidInput(
                fields=[FieldError(path="/clip", text=Bilingual(zh="请先录制或选择一段视频", en="Record or choose a video first"))]
            )
        await applying.hand_in_clip(request.app.state.office, actor, application_id, *sent)
    except DomainError as error:
        return await _not_taken(request, actor, application_id, error)
    onward = _here(request, application_id, "/result")
    return JSONResponse({"go": onward}) if _by_script(request) else RedirectResponse(onward, 303)


def _by_script(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


async def _not_taken(request: Request, actor: ApplicantActor, application_id: UUID, error: DomainError) -> Response:
    if _by_script(request):
        text = (error.fields[0].text if error.fields else error.text).in_language(language_of(request))
        return JSONResponse({"text": text}, status_of(error))
    if not error.fields:
        error.fields = (FieldError(path="/clip", text=error.text),)
    case = await _case(request, actor, application_id)
    if case.status is not Status.VERIFYING:
        return problem_page(request, error)
    return page(request, "record.html", status_of(error), **case_facts(request, case), **error_context(error, language_of(request)))


@router.post("/demo", response_class=HTMLResponse)
async def demo_clip(request: Request, application_id: UUID, actor: Served, form: CheckedForm) -> Response:
    office = request.app.state.office
    if not office.settings_view.demo:
        raise NotFound()
    await _case(request, actor, application_id)
    if not _consented(request, application_id):
        return RedirectResponse(_here(request, application_id), 303)
    data, media_type = await demo.demo_clip(office, actor, application_id)
    await applying.hand_in_clip(office, actor, application_id, data, media_type)
    return RedirectResponse(_here(request, application_id, "/result"), 303)


@router.get("/result", response_class=HTMLResponse)
async def result(request: Request, application_id: UUID, actor: Served) -> HTMLResponse:
    return page(request, "face-result.html", **case_facts(request, await _case(request, actor, application_id)))


@router.get("/live")
async def result_live(request: Request, application_id: UUID, actor: Served) -> Response:
    await _case(request, actor, application_id)

    async def draw() -> tuple[str, bool]:
        case = await _case(request, actor, application_id)
        ended = case.status.final or case.identity.passed
        return fragment(request, "parts/face-live.html", **case_facts(request, case)), ended

    return live_stream(request, actor, application_id, draw)
