"""Clerks sign in with login, password and the code of their second factor."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import accounts, demo
from domain.errors import DomainError
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import CLERK_COOKIE, CheckedForm, language_of, local_address, set_cookie, text_of

router = APIRouter(route_class=PageRoute, prefix="/staff")
HOME = "/staff"


def _onward(address: str) -> str:
    onward = local_address(address, HOME)
    return onward if onward == HOME or onward.startswith((f"{HOME}/", f"{HOME}?")) else HOME


@router.get("/sign-in", response_class=HTMLResponse)
async def sign_in_form(request: Request, next: str = "") -> HTMLResponse:
    return await _form_page(request, "", _onward(next))


@router.post("/sign-in", response_class=HTMLResponse)
async def sign_in(request: Request, form: CheckedForm) -> Response:
    office, login, onward = request.app.state.office, text_of(form, "login"), _onward(text_of(form, "next"))
    password = form.get("password")
    try:
        token = await accounts.clerk_sign_in(office, login, password if isinstance(password, str) else "", text_of(form, "totp"))
    except DomainError as error:
        return await _form_page(request, login, onward, error)
    response = RedirectResponse(onward, 303)
    set_cookie(request, response, CLERK_COOKIE, token)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, form: CheckedForm) -> RedirectResponse:
    if token := request.cookies.get(CLERK_COOKIE):
        await accounts.sign_out(request.app.state.office, token)
    response = RedirectResponse(f"{HOME}/sign-in", 303)
    response.delete_cookie(CLERK_COOKIE)
    return response


async def _form_page(request: Request, login: str, onward: str, error: DomainError | None = None) -> HTMLResponse:
    office = request.app.state.office
    clerks = await demo.clerks(office) if office.settings_view.demo else []
    problems = error_context(error, language_of(request)) if error else {}
    return page(request, "staff/sign-in.html", status_of(error) if error else 200, login=login, onward=onward, clerks=clerks, **problems)
