"""Materials that the applicant uploads, and the supplement that a clerk asked for."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import applying, following
from casework.actors import ApplicantActor
from casework.views import ApplicationView, MaterialView, SupplementRequestView
from domain.errors import DomainError, FieldError, InvalidInput, NotFound
from domain.forms import with_dependents
from domain.text import Bilingual
from web.applicant.questions import questions, read_answers
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import Applicant, CheckedForm, Served, case_home, file_of, language_of

router = APIRouter(route_class=PageRoute, prefix="/applications/{application_id}")
materials = APIRouter(route_class=PageRoute)  # mounted under a case, on the applicant's side and at the counter
FIELD, MATERIAL = "answers.", "materials."


@materials.get("/materials/{code}", response_class=HTMLResponse)
async def upload_form(request: Request, application_id: UUID, code: str, actor: Served) -> HTMLResponse:
    case = await following.get_application(request.app.state.office, actor, application_id)
    return _upload_page(request, case, code)


@materials.post("/materials/{code}", response_class=HTMLResponse)
async def upload(request: Request, application_id: UUID, code: str, actor: Served, form: CheckedForm) -> Response:
    office = request.app.state.office
    case = await following.get_application(office, actor, application_id)
    try:
        sent = await file_of(form, "file")
        if sent is None:
            raise InvalidInput(
                fields=[FieldError(path="/file", text=Bilingual(zh="请选择照片或 PDF 文件", en="Choose a photo or a PDF file"))]
            )
        await applying.upload_material(office, actor, application_id, code, *sent)
    except DomainError as error:
        return _upload_page(request, case, code, error)
    return RedirectResponse(f"{case_home(request, application_id)}/materials/{code}?sent=1", 303)


def _upload_page(request: Request, case: ApplicationView, code: str, error: DomainError | None = None) -> HTMLResponse:
    material = next((m for m in case.materials if m.code == code), None)
    if material is None:
        raise NotFound()
    if error and not error.fields:
        error.fields = (FieldError(path="/file", text=error.text),)
    return page(
        request,
        "upload.html",
        status_of(error) if error else 200,
        case=case,
        home=case_home(request, case.id),
        material=material,
        sent="sent" in request.query_params,
        asked=_asked_of(case, MATERIAL + code),
        may_upload="upload" in case.actions,
        **(error_context(error, language_of(request)) if error else {}),
    )


def _asked_of(case: ApplicationView, target: str) -> SupplementRequestView | None:
    asked = case.supplement.requests if case.supplement else []
    return next((r for r in asked if r.target == target), None)


@materials.get("/uploads/{upload_id}")
async def upload_file(request: Request, application_id: UUID, upload_id: UUID, actor: Served) -> Response:
    data, media_type = await following.material_file(request.app.state.office, actor, application_id, upload_id)
    return inline_file(data, media_type)


def inline_file(data: bytes, media_type: str) -> Response:
    """Uploads were re-encoded when they came; still only images and PDF are shown in place."""
    shown = media_type in ("image/jpeg", "image/png", "image/webp", "application/pdf")
    headers = {"Content-Security-Policy": "frame-ancestors 'self'", "Content-Disposition": "inline" if shown else "attachment"}
    return Response(data, media_type=media_type if shown else "application/octet-stream", headers=headers)


@router.get("/supplement", response_class=HTMLResponse)
async def supplement_form(request: Request, application_id: UUID, actor: Applicant) -> Response:
    case = await following.get_application(request.app.state.office, actor, application_id)
    if case.supplement is None or "supplement" not in case.actions:
        return RedirectResponse(f"/applications/{application_id}", 303)
    return await _supplement_page(request, actor, case, case.answers)


@router.post("/supplement", response_class=HTMLResponse)
async def send_supplement(request: Request, application_id: UUID, actor: Applicant, form: CheckedForm) -> Response:
    office = request.app.state.office
    case = await following.get_application(office, actor, application_id)
    if case.supplement is None:
        return RedirectResponse(f"/applications/{application_id}", 303)
    answers = read_answers(case.item, form, only=_marked_fields(case), beside=case.answers)
    try:
        _refuse_missing(case)
        await applying.supplement(office, actor, application_id, answers)
    except DomainError as error:
        return await _supplement_page(request, actor, case, case.answers | answers, error)
    return RedirectResponse(f"/applications/{application_id}", 303)


def _marked_fields(case: ApplicationView) -> set[str]:
    """What was marked, and what is asked after it."""
    asked = case.supplement.requests if case.supplement else []
    return with_dependents(case.item.form, (r.target.removeprefix(FIELD) for r in asked if r.target.startswith(FIELD)))


def _marked_materials(case: ApplicationView) -> list[tuple[MaterialView, bool]]:
    """Each marked material, and whether a new one came in this round."""
    asked = {r.target.removeprefix(MATERIAL) for r in case.supplement.requests} if case.supplement else set()
    this_round = case.supplement.round if case.supplement else 0
    return [(m, any(u.round >= this_round for u in m.uploads)) for m in case.materials if m.code in asked]


def _refuse_missing(case: ApplicationView) -> None:
    missing = [m for m, came in _marked_materials(case) if not came]
    if missing:
        raise InvalidInput(
            fields=[
                FieldError(path=f"/materials-{m.code}", text=Bilingual(zh=f"请重新上传：{m.name.zh}", en=f"Upload this again: {m.name.en}"))
                for m in missing
            ]
        )


async def _supplement_page(
    request: Request, actor: ApplicantActor, case: ApplicationView, answers: dict[str, object], error: DomainError | None = None
) -> HTMLResponse:
    office, language = request.app.state.office, language_of(request)
    item, marked = case.item, _marked_fields(case)
    prefilled = await applying.prefill(office, actor, item)
    why = {r.target: r.reason for r in case.supplement.requests} if case.supplement else {}
    return page(
        request,
        "supplement.html",
        status_of(error) if error else 200,
        case=case,
        why=why,
        materials=_marked_materials(case),
        questions=questions(item, prefilled, answers, language, myself=actor.masked_id_number, only=marked),
        **(error_context(error, language) if error else {}),
    )
