"""The real-name account: photograph both sides of the ID card or type it, correct what was read, go on to the face check."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import demo, following, real_name
from casework.actors import ApplicantActor
from casework.real_name import Difference
from casework.views import PrefilledForm
from domain.cards import CardSide
from domain.errors import DomainError, FieldError, InvalidInput, NotFound
from domain.text import Bilingual
from web.applicant.questions import Question, questions, read_answers, sections
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.texts import say
from web.visitor import Applicant, CheckedForm, case_home, file_of, form_channel, language_of, text_of

router = APIRouter(route_class=PageRoute)
HERE = "/my/identity"
DETAILS = f"{HERE}/details"
_NO_PHOTO = Bilingual(zh="请先拍照或选择一张照片", en="Take a photograph or choose one first")


@router.get("/items/real-name-account/apply")
async def from_the_guide(request: Request, actor: Applicant) -> RedirectResponse:
    """This item's form is filled in from photographs; a clerk at the counter has the ordinary one."""
    return RedirectResponse(HERE, 303)


@router.get("/my/identity", response_class=HTMLResponse)
async def my_identity(request: Request, actor: Applicant) -> HTMLResponse:
    rows = await following.my_applications(request.app.state.office, actor)
    return page(request, "identity-card.html", real_name=real_name.real_name(rows))


@router.get("/my/identity/card/{side}", response_class=HTMLResponse)
async def photo_page(request: Request, side: CardSide, actor: Applicant) -> HTMLResponse:
    return await _photo_page(request, actor, side)


@router.post("/my/identity/card/{side}", response_class=HTMLResponse)
async def read_photo(request: Request, side: CardSide, actor: Applicant, form: CheckedForm) -> Response:
    try:
        sent = await file_of(form, "photo")
        if sent is None:
            raise InvalidInput(fields=[FieldError(path="/photo", text=_NO_PHOTO)])
        await real_name.photograph(request.app.state.office, actor, side, *sent)
    except DomainError as error:
        return await _photo_page(request, actor, side, error)
    return RedirectResponse(_after(side), 303)


def _after(side: CardSide) -> str:
    return f"{HERE}/card/{CardSide.BACK.value}" if side is CardSide.FRONT else DETAILS


async def _photo_page(request: Request, actor: ApplicantActor, side: CardSide, error: DomainError | None = None) -> HTMLResponse:
    if error and not error.fields:
        error.fields = (FieldError(path="/photo", text=error.text),)
    problems = error_context(error, language_of(request)) if error else {}
    read = (await real_name.filled(request.app.state.office, actor)).read
    status = status_of(error) if error else 200
    return page(request, "identity-photo.html", status, side=side.value, read=side in read, onward=_after(side), **problems)


@router.post("/my/identity/demo", response_class=HTMLResponse)
async def demo_card(request: Request, actor: Applicant, form: CheckedForm) -> Response:
    """Both sides of the demo person's card, drawn and read as a photograph would be."""
    office = request.app.state.office
    if not office.settings_view.demo:
        raise NotFound()
    for side in CardSide:
        await real_name.photograph(office, actor, side, await demo.demo_card(office, actor, side), "image/jpeg")
    return RedirectResponse(DETAILS, 303)


@router.get("/my/identity/details", response_class=HTMLResponse)
async def details(request: Request, actor: Applicant) -> HTMLResponse:
    return await _details_page(request, actor, str(uuid4()))


@router.post("/my/identity/details", response_class=HTMLResponse)
async def apply(request: Request, actor: Applicant, form: CheckedForm) -> Response:
    """What differs from the registers is told once; whoever says that it is right so goes on."""
    office, key = request.app.state.office, text_of(form, "key") or str(uuid4())
    answers = read_answers(office.catalogue.get(real_name.ITEM), form)
    await real_name.keep(office, actor, answers)
    try:
        found = await real_name.differences(office, actor, answers)
        if not set(_told(found, answers)) <= set(text_of(form, "told").split()):
            return await _details_page(request, actor, key, differences=found)
        case = await real_name.begin(office, actor, answers, key, language_of(request), form_channel(request))
    except DomainError as error:
        return await _details_page(request, actor, key, error)
    return RedirectResponse(f"{case_home(request, case.id)}/face", 303)


def _told(differences: Iterable[Difference], answers: Mapping[str, Any]) -> list[str]:
    """What a page has told about, so that it is told again when another answer differs."""
    return [f"{d.field}:{sha256(str(answers.get(d.field)).encode()).hexdigest()[:16]}" for d in differences]


async def _details_page(
    request: Request, actor: ApplicantActor, key: str, error: DomainError | None = None, differences: list[Difference] | None = None
) -> HTMLResponse:
    office, language = request.app.state.office, language_of(request)
    item, form = office.catalogue.get(real_name.ITEM), await real_name.filled(office, actor)
    nothing_known = PrefilledForm(values={}, sources={}, read_at=office.now(), failed=[])
    answers = form.answers or {"name": actor.name}
    asked = questions(item, nothing_known, answers, language, myself=actor.masked_id_number)
    asked = [_marked(question, form.doubtful, say(language, "real_name.look")) for question in asked]
    return page(
        request,
        "identity-details.html",
        status_of(error) if error else 200,
        sections=sections(item, asked, language),
        labels={question.name: question.label for question in asked},
        doubtful=[question for question in asked if question.name in form.doubtful],
        read=bool(form.read),
        differences=differences or [],
        told=" ".join(_told(differences or [], form.answers)),
        key=key,
        **(error_context(error, language) if error else {}),
    )


def _marked(question: Question, doubtful: list[str], words: str) -> Question:
    """A field that was not read well says so where a screen reader hears it too."""
    return replace(question, hint=f"{words} {question.hint}".strip()) if question.name in doubtful else question
