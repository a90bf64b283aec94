"""Signing in: ID number, name and phone, then the code from the SMS."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import accounts, demo
from domain.errors import DomainError
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import APPLICANT_COOKIE, CheckedForm, language_of, local_address, set_cookie, text_of

router = APIRouter(route_class=PageRoute)
HOME = "/applications"
_AS_ASKED = ("name", "id_number", "phone")  # from top to bottom


@router.get("/sign-in", response_class=HTMLResponse)
async def sign_in_form(request: Request, next: str = "") -> HTMLResponse:
    return await _details(request, {"id_number": "", "name": "", "phone": ""}, local_address(next, HOME))


@router.post("/sign-in", response_class=HTMLResponse)
async def send_code(request: Request, form: CheckedForm) -> Response:
    typed = {name: text_of(form, name) for name in ("id_number", "name", "phone")}
    onward = local_address(text_of(form, "next"), HOME)
    try:
        sent = await accounts.request_code(request.app.state.office, **typed)
    except DomainError as error:
        return await _details(request, typed, onward, error)
    return RedirectResponse(f"/sign-in/code?{urlencode({'request': str(sent), 'next': onward})}", 303)


@router.get("/sign-in/code", response_class=HTMLResponse)
async def code_form(request: Request) -> HTMLResponse:
    sent = UUID(request.query_params["request"]) if _is_uuid(request.query_params.get("request", "")) else None
    return page(request, "sign-in-code.html", sent=sent, onward=local_address(request.query_params.get("next", ""), HOME), code="")


@router.post("/sign-in/code", response_class=HTMLResponse)
async def confirm_code(request: Request, form: CheckedForm) -> Response:
    onward, code, sent = local_address(text_of(form, "next"), HOME), text_of(form, "code"), text_of(form, "request")
    if not _is_uuid(sent):
        return RedirectResponse("/sign-in", 303)
    try:
        token = await accounts.confirm_code(request.app.state.office, UUID(sent), code)
    except DomainError as error:
        problems = _code_problems(request, error)
        return page(request, "sign-in-code.html", status_of(error), sent=sent, onward=onward, code=code, **problems)
    response = RedirectResponse(onward, 303)
    set_cookie(request, response, APPLICANT_COOKIE, token)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, form: CheckedForm) -> RedirectResponse:
    if token := request.cookies.get(APPLICANT_COOKIE):
        await accounts.sign_out(request.app.state.office, token)
    response = RedirectResponse("/", 303)
    response.delete_cookie(APPLICANT_COOKIE)
    return response


async def _details(request: Request, typed: dict[str, str], onward: str, error: DomainError | None = None) -> HTMLResponse:
    office = request.app.state.office
    people = await demo.people(office) if office.settings_view.demo else []
    problems = _named_as_typed(error_context(error, language_of(request))) if error else {}
    return page(request, "sign-in.html", status_of(error) if error else 200, typed=typed, onward=onward, people=people, **problems)


def _named_as_typed(problems: dict[str, Any]) -> dict[str, Any]:
    """`/applicant/phone` and `/phone` are the same field here."""
    found = {name.removeprefix("applicant-"): text for name, text in problems["error_of"].items()}
    short = {name: found.pop(name) for name in _AS_ASKED if name in found} | found
    links = [{"text": text, "href": f"#{name}"} if name != "main" else {"text": text} for name, text in short.items()]
    return {"errors": links, "error_of": short}


def _code_problems(request: Request, error: DomainError) -> dict[str, Any]:
    text = error.fields[0].text if error.fields else error.text
    said = text.in_language(language_of(request))
    return {"errors": [{"text": said, "href": "#code"}], "error_of": {"code": said}}


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
