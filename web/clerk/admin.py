"""Accounts and roles of staff, for the system administrator and the security administrator; what was refused."""

from typing import Any

import segno
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import accounts, administering, kin
from casework.actors import ClerkActor
from casework.administering import Account, NewAccount, Secret
from domain.errors import DomainError, FieldError, InvalidInput, NotAllowed, WrongState
from domain.jurisdiction import ADMINISTRATORS, SEES_NO_CASE, Role
from domain.text import Bilingual
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import CheckedForm, Clerk, language_of, text_of

router = APIRouter(route_class=PageRoute, prefix="/staff")
NEW_ACCOUNT_FIELDS = ("login", "name", "county", "station", "id_number")


@router.get("/admin", response_class=HTMLResponse)
async def overview(request: Request, clerk: Clerk) -> HTMLResponse:
    if clerk.scope.role not in ADMINISTRATORS:
        raise NotAllowed()
    return page(request, "staff/admin.html")


# --- accounts --------------------------------------------------------------------------------------------------------


@router.get("/admin/accounts", response_class=HTMLResponse)
async def list_accounts(request: Request, clerk: Clerk, q: str = "") -> HTMLResponse:
    found = await administering.accounts(request.app.state.office, clerk, q)
    return page(request, "staff/admin-accounts.html", accounts=found, asked=q.strip()[:60], makes=_makes(clerk))


@router.get("/admin/accounts-new", response_class=HTMLResponse)
async def new_account_form(request: Request, clerk: Clerk) -> HTMLResponse:
    if not _makes(clerk):
        raise NotAllowed()
    return page(request, "staff/admin-account-new.html", typed=dict.fromkeys(NEW_ACCOUNT_FIELDS, ""))


@router.post("/admin/accounts-new", response_class=HTMLResponse)
async def make_account(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    typed = {name: text_of(form, name) for name in NEW_ACCOUNT_FIELDS}
    login, name, county, station, id_number = typed.values()
    new = NewAccount(login=login, name=name, county=county, station=station or None, id_number=id_number)
    try:
        secret = await administering.make_account(request.app.state.office, clerk, new)
    except (InvalidInput, WrongState) as error:
        shown = error if error.fields else InvalidInput(fields=[FieldError(path="/login", text=error.text)])
        context = error_context(shown, language_of(request))
        return page(request, "staff/admin-account-new.html", status_of(error), typed=typed, **context)
    return _secret_page(request, secret)


@router.get("/admin/accounts/{clerk_id}", response_class=HTMLResponse)
async def show_account(request: Request, clerk_id: str, clerk: Clerk) -> HTMLResponse:
    found = await administering.account(request.app.state.office, clerk, clerk_id)
    return _account_page(request, clerk, found, said=request.query_params.get("said", ""))


@router.post("/admin/accounts/{clerk_id}/move", response_class=HTMLResponse)
async def move_account(request: Request, clerk_id: str, clerk: Clerk, form: CheckedForm) -> Response:
    office = request.app.state.office
    name, county, station = text_of(form, "name"), text_of(form, "county"), text_of(form, "station") or None
    try:
        await administering.move_account(office, clerk, clerk_id, name=name, county=county, station=station)
    except InvalidInput as error:
        return _account_page(request, clerk, await administering.account(office, clerk, clerk_id), error=error)
    return _said(clerk_id, "moved")


@router.post("/admin/accounts/{clerk_id}/password", response_class=HTMLResponse)
async def renew_password(request: Request, clerk_id: str, clerk: Clerk, form: CheckedForm) -> Response:
    return _secret_page(request, await administering.renew_password(request.app.state.office, clerk, clerk_id))


@router.post("/admin/accounts/{clerk_id}/household", response_class=HTMLResponse)
async def refresh_household(request: Request, clerk_id: str, clerk: Clerk, form: CheckedForm) -> Response:
    await kin.refresh_household(request.app.state.office, clerk, clerk_id)
    return _said(clerk_id, "household")


# --- roles -----------------------------------------------------------------------------------------------------------


@router.post("/admin/accounts/{clerk_id}/role", response_class=HTMLResponse)
async def give_role(request: Request, clerk_id: str, clerk: Clerk, form: CheckedForm) -> Response:
    office, chosen = request.app.state.office, text_of(form, "role")
    try:
        if chosen not in set(Role):
            raise InvalidInput(fields=[FieldError(path="/role", text=Bilingual(zh="请选择角色", en="Choose a role"))])
        secret = await administering.appoint(office, clerk, clerk_id, Role(chosen), leads=text_of(form, "leads") == "yes")
    except (InvalidInput, WrongState) as error:
        shown = error if error.fields else InvalidInput(fields=[FieldError(path="/role", text=error.text)])
        return _account_page(request, clerk, await administering.account(office, clerk, clerk_id), error=shown)
    return _secret_page(request, secret) if secret.totp_secret else _said(clerk_id, "role")


@router.post("/admin/accounts/{clerk_id}/dismiss", response_class=HTMLResponse)
async def take_role(request: Request, clerk_id: str, clerk: Clerk, form: CheckedForm) -> Response:
    await administering.dismiss(request.app.state.office, clerk, clerk_id)
    return _said(clerk_id, "dismissed")


@router.post("/admin/accounts/{clerk_id}/second-factor", response_class=HTMLResponse)
async def renew_second_factor(request: Request, clerk_id: str, clerk: Clerk, form: CheckedForm) -> Response:
    return _secret_page(request, await administering.renew_second_factor(request.app.state.office, clerk, clerk_id))


@router.get("/admin/refused", response_class=HTMLResponse)
async def show_refused(request: Request, clerk: Clerk) -> HTMLResponse:
    return page(request, "staff/admin-refused.html", refused=await administering.refused(request.app.state.office, clerk))


# --- the owner of a first password -----------------------------------------------------------------------------------


@router.get("/first-sign-in", response_class=HTMLResponse)
async def first_sign_in_form(request: Request) -> HTMLResponse:
    return page(request, "staff/first-sign-in.html", login="")


@router.post("/first-sign-in", response_class=HTMLResponse)
async def first_sign_in(request: Request, form: CheckedForm) -> Response:
    login, first, chosen, again = (_as_typed(form.get(name)) for name in ("login", "first", "chosen", "again"))
    try:
        if chosen != again:
            text = Bilingual(zh="两次输入的新密码不一样", en="The two new passwords are not the same")
            raise InvalidInput(fields=[FieldError(path="/again", text=text)])
        await accounts.choose_password(request.app.state.office, login, first, text_of(form, "totp"), chosen)
    except DomainError as error:
        context = error_context(error, language_of(request))
        return page(request, "staff/first-sign-in.html", status_of(error), login=login, **context)
    return RedirectResponse("/staff/sign-in", 303)


def _as_typed(value: Any) -> str:
    """A password keeps its spaces."""
    return value if isinstance(value, str) else ""


# --- pages -----------------------------------------------------------------------------------------------------------


def _makes(clerk: ClerkActor) -> bool:
    return clerk.scope.role is Role.SYSTEM_ADMIN


def _said(clerk_id: str, what: str) -> RedirectResponse:
    return RedirectResponse(f"/staff/admin/accounts/{clerk_id}?said={what}", 303)


def _account_page(request: Request, clerk: ClerkActor, found: Account, *, said: str = "", error: DomainError | None = None) -> HTMLResponse:
    context: dict[str, Any] = {
        "account": found,
        "makes": _makes(clerk),
        "own": found.id == clerk.clerk_id,
        "roles": list(Role),
        "leading": [role.value for role in Role if role not in SEES_NO_CASE],
        "said": said if said in ("moved", "household", "role", "dismissed") else "",
    }
    problems = error_context(error, language_of(request)) if error else {}
    return page(request, "staff/admin-account.html", status_of(error) if error else 200, **(context | problems))


def _secret_page(request: Request, secret: Secret) -> HTMLResponse:
    """Answered at once, never under an address of its own: what is shown once cannot be loaded again."""
    address = secret.totp_address
    code = segno.make(address, error="m").svg_data_uri(scale=5, border=2, dark="#10233f") if address else None
    return page(request, "staff/admin-secret.html", secret=secret, code=code)
