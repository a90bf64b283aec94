"""Asking for a service item: the form, how to receive the result, check your answers, submit."""

from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from casework import applying, filing, notices
from casework.actors import ApplicantActor, AttendedActor
from casework.counter import SignatureInput
from casework.views import ApplicationView
from catalogue.guide import guide_of
from domain.application import ApplicationRequest, DeliveryChoice
from domain.errors import DomainError, FieldError, InvalidInput, Unavailable
from domain.forms import fields_of
from domain.service_item import Delivery, IdentityLevel, ServiceItem
from domain.text import Bilingual
from web.applicant.known import fitting_values
from web.applicant.questions import answer_texts, called_on_form, known_values, questions, read_answers, sections
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import CheckedForm, Served, case_home, form_channel, language_of, text_of

router = APIRouter(route_class=PageRoute)  # mounted under an item, at the applicant's door and at the counter's


def _item(request: Request, code: str) -> ServiceItem:
    item: ServiceItem = request.app.state.office.catalogue.get(code)
    return item


def _here(request: Request) -> str:
    """The address that the pages of this form share."""
    return request.url.path.rpartition("/")[0]


async def _draft(request: Request, actor: ApplicantActor, code: str) -> dict[str, Any]:
    return await applying.load_draft(request.app.state.office, actor, code) or {}


@router.get("/apply", response_class=HTMLResponse)
async def show_form(request: Request, code: str, actor: Served) -> Response:
    item, draft = _item(request, code), await _draft(request, actor, code)
    if not item.can_be_applied_for:
        return RedirectResponse(f"/items/{code}", 303)
    if not fields_of(item.form) and len(item.delivery) == 1:  # nothing to ask
        if "answers" not in draft:
            draft = {"answers": {}, "delivery": {"method": item.delivery[0].value}}
            await applying.save_draft(request.app.state.office, actor, code, draft)
        return RedirectResponse(f"{_here(request)}/check", 303)
    return await _form_page(request, item, actor, draft.get("answers"))


@router.post("/apply", response_class=HTMLResponse)
async def keep_answers(request: Request, code: str, actor: Served, form: CheckedForm) -> Response:
    office, item = request.app.state.office, _item(request, code)
    prefilled = await applying.prefill(office, actor, item)
    answers = read_answers(item, form, known=fitting_values(item, prefilled))
    try:
        office.catalogue.check_answers(item, answers)
    except InvalidInput as error:
        return await _form_page(request, item, actor, answers, error)
    asked = questions(item, prefilled, answers, language_of(request), myself=actor.masked_id_number)
    draft = await _draft(request, actor, code) | {"answers": answers, "called": called_on_form(asked, answers)}
    if len(item.delivery) == 1:
        draft["delivery"] = {"method": item.delivery[0].value}
    await applying.save_draft(office, actor, code, draft)
    onward = "delivery" if "delivery" not in draft else "check"
    return RedirectResponse(f"{_here(request)}/{onward}", 303)


async def _form_page(
    request: Request, item: ServiceItem, actor: ApplicantActor, answers: dict[str, Any] | None, error: DomainError | None = None
) -> HTMLResponse:
    language, office = language_of(request), request.app.state.office
    prefilled = await applying.prefill(office, actor, item)
    asked = questions(item, prefilled, answers, language, myself=actor.masked_id_number)
    return page(
        request,
        "apply.html",
        status_of(error) if error else 200,
        item=item,
        here=_here(request),
        known=known_values(item, prefilled, office.catalogue.sources, language),
        failed=prefilled.failed,
        sections=sections(item, asked, language),
        **(error_context(error, language) if error else {}),
    )


@router.get("/delivery", response_class=HTMLResponse)
async def show_delivery(request: Request, code: str, actor: Served) -> Response:
    draft = await _draft(request, actor, code)
    if "answers" not in draft:
        return RedirectResponse(f"{_here(request)}/apply", 303)
    return _delivery_page(request, _item(request, code), draft.get("delivery", {}))


@router.post("/delivery", response_class=HTMLResponse)
async def keep_delivery(request: Request, code: str, actor: Served, form: CheckedForm) -> Response:
    item, draft = _item(request, code), await _draft(request, actor, code)
    typed = {"method": text_of(form, "method"), "address": text_of(form, "address")}
    try:
        choice = _delivery_choice(item, typed)
    except InvalidInput as error:
        return _delivery_page(request, item, typed, error)
    draft["delivery"] = choice.model_dump(mode="json", exclude_none=True)
    await applying.save_draft(request.app.state.office, actor, code, draft)
    return RedirectResponse(f"{_here(request)}/check", 303)


def _delivery_choice(item: ServiceItem, typed: dict[str, str]) -> DeliveryChoice:
    if typed["method"] not in {d.value for d in item.delivery}:
        raise _refuse("/method", "请选择怎样领取", "Choose how you want to receive it")
    by_post = typed["method"] == Delivery.POST
    try:
        return DeliveryChoice(method=Delivery(typed["method"]), address=typed["address"] if by_post else None)
    except ValidationError as error:
        raise _refuse("/address", "请填写收件地址，4 到 200 个字", "Enter the postal address, 4 to 200 characters") from error


def _refuse(path: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(fields=[FieldError(path=path, text=Bilingual(zh=zh, en=en))])


def _delivery_page(request: Request, item: ServiceItem, typed: dict[str, Any], error: DomainError | None = None) -> HTMLResponse:
    problems = error_context(error, language_of(request)) if error else {}
    return page(request, "delivery.html", status_of(error) if error else 200, item=item, here=_here(request), typed=typed, **problems)


@router.get("/check", response_class=HTMLResponse)
async def check_answers_page(request: Request, code: str, actor: Served) -> Response:
    item, draft = _item(request, code), await _draft(request, actor, code)
    if "answers" not in draft or "delivery" not in draft:
        return RedirectResponse(f"{_here(request)}/apply", 303)
    email = await notices.my_email(request.app.state.office, actor)
    return await _check_page(request, item, actor, draft, str(uuid4()), email or "")


@router.post("/check", response_class=HTMLResponse)
async def submit(request: Request, code: str, actor: Served, form: CheckedForm) -> Response:
    office, item, draft = request.app.state.office, _item(request, code), await _draft(request, actor, code)
    key, email = text_of(form, "key") or str(uuid4()), text_of(form, "email")
    if "answers" not in draft or "delivery" not in draft:
        return RedirectResponse("/staff/filing" if isinstance(actor, AttendedActor) else "/applications", 303)
    try:
        asked = await applying.request_of(
            office,
            actor,
            code,
            draft["answers"],
            DeliveryChoice.model_validate(draft["delivery"]),
            language_of(request),
            form_channel(request),
            notices.checked_email(email),
        )
        case = await _start(request, actor, asked, key, form)
    except DomainError as error:
        return await _check_page(request, item, actor, draft, key, email, error, _signature(form))
    return RedirectResponse(f"{case_home(request, case.id)}?submitted=1", 303)


async def _start(request: Request, actor: ApplicantActor, asked: ApplicationRequest, key: str, form: FormData) -> ApplicationView:
    """Somebody at a counter signs on the screen; whoever signed in has said who they are."""
    office = request.app.state.office
    if isinstance(actor, AttendedActor):
        return await filing.file(office, actor, asked, key, _signature(form))
    return await applying.submit(office, actor, asked, key)


def _signature(form: FormData) -> SignatureInput:
    return SignatureInput(drawing=text_of(form, "signature"), typed=text_of(form, "signed_name"))


async def _check_page(
    request: Request,
    item: ServiceItem,
    actor: ApplicantActor,
    draft: dict[str, Any],
    key: str,
    email: str,
    error: DomainError | None = None,
    signature: SignatureInput | None = None,
) -> HTMLResponse:
    office, language = request.app.state.office, language_of(request)
    problems = error_context(error, language) if error else {}
    for problem in problems.get("errors", []):
        # The fields live on the pages before this one.
        if problem.get("href", "").startswith("#answers-"):
            problem["href"] = f"{_here(request)}/apply{problem['href']}"
    return page(
        request,
        "check.html",
        status_of(error) if error else 200,
        item=item,
        here=_here(request),
        lines=answer_texts(item, draft["answers"], language, draft.get("called", {})),
        has_form=bool(fields_of(item.form)),
        delivery=draft["delivery"],
        face=item.identity is IdentityLevel.FACE or isinstance(actor, AttendedActor),
        served=isinstance(actor, AttendedActor),
        typed={"signature": signature.drawing if signature else "", "signed_name": signature.typed if signature else ""},
        registries=guide_of(item, office.catalogue.sources).registries,
        points=await applying.points_so_far(office, actor, item, draft["answers"]),
        key=key,
        email=email,
        email_stays=isinstance(error, Unavailable),  # the key may be used by now: it stands for this very request
        **problems,
    )
