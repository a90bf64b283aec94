"""Assisted filing (A2): the clerk fills in, the person signs and proves themselves at the counter; and their phone."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from casework import counter, filing, following
from casework.actors import AttendedActor
from casework.filing import PersonTyped
from catalogue.wording import BRANCH_NAMES
from domain.application import Status
from domain.errors import DomainError, FieldError, InvalidInput, UnknownServiceItem
from domain.service_item import Branch, Delivery, ServiceItem
from domain.text import Bilingual
from web.applicant import face, request_form, uploads
from web.applicant.case import case_facts, live_stream, qr_picture
from web.doors import at
from web.problems import PageRoute, error_context, status_of
from web.rendering import fragment, page
from web.visitor import CheckedForm, Clerk, Served, language_of, text_of

router = APIRouter(route_class=PageRoute)
START, CASE = "/staff/filing", "/staff/filing/cases/{application_id}"
_CHOOSE = Bilingual(zh="请选择事项", en="Choose a service")


@router.get(START, response_class=HTMLResponse)
async def start(request: Request, clerk: Clerk, item: str = "") -> HTMLResponse:
    counter.require_counter(clerk)
    return _start_page(request, PersonTyped(id_number="", name=""), item)


@router.post(START, response_class=HTMLResponse)
async def begin(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    typed, code = _typed(form), text_of(form, "item")
    try:
        person_id = await filing.begin(request.app.state.office, clerk, code, typed)
    except UnknownServiceItem:
        return _start_page(request, typed, code, InvalidInput(fields=[FieldError(path="/item", text=_CHOOSE)]))
    except DomainError as error:
        return _start_page(request, typed, code, error)
    return RedirectResponse(f"{START}/{person_id}/{code}/apply", 303)


def _typed(form: FormData) -> PersonTyped:
    return PersonTyped(
        id_number=text_of(form, "id_number"),
        name=text_of(form, "name"),
        phone=text_of(form, "phone"),
        email=text_of(form, "email"),
        card_seen=text_of(form, "card_seen") == "yes",
        replace_phone=text_of(form, "replace_phone") == "yes",
    )


def _start_page(request: Request, typed: PersonTyped, code: str, error: DomainError | None = None) -> HTMLResponse:
    return page(
        request,
        "staff/filing.html",
        status_of(error) if error else 200,
        typed=typed,
        chosen=code,
        branches=_by_branch(request.app.state.office.catalogue.all()),
        **(error_context(error, language_of(request)) if error else {}),
    )


def _by_branch(items: list[ServiceItem]) -> list[tuple[Bilingual, list[ServiceItem]]]:
    asked = [item for item in items if item.can_be_applied_for]
    return [(BRANCH_NAMES[branch.value], found) for branch in Branch if (found := [item for item in asked if item.branch == branch])]


@router.get(f"{START}/phone", response_class=HTMLResponse)
async def phone_form(request: Request, clerk: Clerk) -> HTMLResponse:
    counter.require_counter(clerk)
    saved = "saved" in request.query_params
    return page(request, "staff/filing-phone.html", typed=PersonTyped(id_number="", name=""), saved=saved)


@router.post(f"{START}/phone", response_class=HTMLResponse)
async def enter_phone(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    typed = _typed(form)
    try:
        await filing.enter_phone(request.app.state.office, clerk, typed)
    except DomainError as error:
        problems = error_context(error, language_of(request))
        return page(request, "staff/filing-phone.html", status_of(error), typed=typed, saved=False, **problems)
    return RedirectResponse(f"{START}/phone?saved=1", 303)


# --- the case that was filed -----------------------------------------------------------------------------------------


@router.get(CASE, response_class=HTMLResponse)
async def case_page(request: Request, application_id: UUID, actor: Served) -> HTMLResponse:
    submitted = "submitted" in request.query_params
    return page(request, "staff/filing-case.html", submitted=submitted, **await _facts(request, actor, application_id))


async def _facts(request: Request, actor: Any, application_id: UUID) -> dict[str, Any]:
    office = request.app.state.office
    case = await following.get_application(office, actor, application_id)
    identity = await filing.identity_work(office, actor, application_id)
    return case_facts(request, case) | {"identity_work": identity, "ready": case.status is Status.COMPLETED}


@router.get(f"{CASE}/live")
async def case_live(request: Request, application_id: UUID, actor: Served) -> Response:
    await following.get_application(request.app.state.office, actor, application_id)

    async def draw() -> tuple[str, bool]:
        facts = await _facts(request, actor, application_id)
        return fragment(request, "parts/filing-live.html", **facts), facts["final"]

    return live_stream(request, actor, application_id, draw)


@router.post(f"{CASE}/identity")
async def check_identity(request: Request, application_id: UUID, actor: Served, form: CheckedForm) -> Response:
    """The other way: this clerk compares the person with the ID card, here and now."""
    assert isinstance(actor, AttendedActor)
    work_item_id = await filing.check_identity_here(request.app.state.office, actor, application_id)
    return RedirectResponse(f"/staff/work-items/{work_item_id}", 303)


@router.get(f"{CASE}/receipt", response_class=HTMLResponse)
async def receipt(request: Request, application_id: UUID, actor: Served, clerk: Clerk) -> HTMLResponse:
    office = request.app.state.office
    facts = await _facts(request, actor, application_id)
    code = counter.visit_code(office, facts["case"].acceptance_number, filing.RECEIPT_CODE_LIFE)
    return page(
        request,
        "staff/filing-receipt.html",
        **facts,
        code=qr_picture(code),
        counter_name=await counter.counter_name(office, clerk),
        to_come=facts["case"].delivery == Delivery.COUNTER.value,
    )


# The applicant's own forms, uploads and face check, with the person at the counter as the one who applies.
_FILLED_IN = at(f"{START}/{{person_id}}/{{code}}", request_form.router)
_UPLOADED = at(CASE, uploads.materials)
for part in (_FILLED_IN, _UPLOADED, at(f"{CASE}/face", face.router)):
    router.include_router(part)
