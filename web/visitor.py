"""Who looks at a page: language, session and the token that every form carries."""

import hmac
import secrets
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData, UploadFile

from casework import accounts, at_hand, filing
from casework.actors import ApplicantActor, ClerkActor
from domain.errors import InvalidInput, NotAllowed, NotFound, NotSignedIn, TooLarge, UnsupportedMedia
from domain.text import Bilingual, Language

APPLICANT_COOKIE = "onetrip_session"
CLERK_COOKIE = "onetrip_staff"
LANGUAGE_COOKIE = "onetrip_language"
FORM_COOKIE = "onetrip_form"
YEAR = 31_536_000
MAX_UPLOAD = 20_000_000
MAX_BODY = MAX_UPLOAD + 64 * 1024  # the multipart frame and small fields around one file

FORM_EXPIRED = Bilingual(
    zh="页面停留太久或在别处退出了登录，出于安全没有提交。请返回上一页，刷新后再试。",
    en="This page was open too long, or you signed out elsewhere, so nothing was sent. Go back, reload the page and try again.",
)


def choose_language(request: Request) -> None:
    """`?lang=` wins and is remembered; then the cookie; Chinese otherwise."""
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    request.state.language = "en" if asked == "en" else "zh"


async def know_applicant(request: Request) -> None:
    """Put the signed-in citizen, if any, and the form token on the request."""
    choose_language(request)
    request.state.area = "public"
    request.state.applicant, request.state.csrf = None, _anonymous_token(request)
    if token := request.cookies.get(APPLICANT_COOKIE):
        office = request.app.state.office
        if actor := await accounts.applicant_of(office, token):
            request.state.applicant, request.state.csrf = actor, await accounts.csrf_of(office, token)


async def know_clerk(request: Request) -> None:
    """Put the signed-in clerk, if any, and the form token on the request."""
    choose_language(request)
    request.state.area = "staff"
    request.state.clerk, request.state.csrf = None, _anonymous_token(request)
    if token := request.cookies.get(CLERK_COOKIE):
        office = request.app.state.office
        if actor := await accounts.clerk_of(office, token):
            request.state.clerk, request.state.csrf = actor, await accounts.csrf_of(office, token)
            if request.method == "GET":
                request.state.unread_notices = await at_hand.unread(office, actor)


def _anonymous_token(request: Request) -> str:
    """Before sign-in the token is double-submitted: in a cookie that scripts cannot read, and in the form."""
    known = request.cookies.get(FORM_COOKIE, "")
    if len(known) >= 32:
        return known
    request.state.new_form_token = fresh = secrets.token_urlsafe(32)
    return fresh


def remember(request: Request, response: Response) -> None:
    """Set the cookies that this request asked for."""
    if request.query_params.get("lang") in ("zh", "en"):
        set_cookie(request, response, LANGUAGE_COOKIE, request.query_params["lang"], max_age=YEAR)
    if token := getattr(request.state, "new_form_token", None):
        set_cookie(request, response, FORM_COOKIE, token)


def set_cookie(request: Request, response: Response, name: str, value: str, *, max_age: int | None = None, path: str = "/") -> None:
    response.set_cookie(name, value, max_age=max_age, path=path, httponly=True, samesite="lax", secure=_over_https(request))


def _over_https(request: Request) -> bool:
    # Behind a proxy the inner hop is plain: the address that people use decides.
    return bool(request.app.state.office.settings_view.site_url.startswith("https:"))


def signed_in_applicant(request: Request) -> ApplicantActor:
    actor: ApplicantActor | None = request.state.applicant
    if actor is None:
        raise NotSignedIn()
    return actor


def signed_in_clerk(request: Request) -> ClerkActor:
    actor: ClerkActor | None = request.state.clerk
    if actor is None:
        raise NotSignedIn()
    return actor


async def person_served(request: Request) -> ApplicantActor:
    """Who applies on this page: the signed-in citizen, or the person who stands at the counter of the signed-in clerk.

    Raises:
        NotSignedIn. NotFound: this clerk serves no such person, or filed no such case today.
    """
    if request.state.area != "staff":
        return signed_in_applicant(request)
    office, clerk, path = request.app.state.office, signed_in_clerk(request), request.path_params
    actor = (
        await filing.attended_case(office, clerk, _uuid(path["application_id"]))
        if "application_id" in path
        else await filing.attended(office, clerk, _uuid(path["person_id"]))
    )
    request.state.applicant = actor
    return actor


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound() from None


def case_home(request: Request, application_id: UUID) -> str:
    """The page of a case, on the side where one is."""
    return f"/staff/filing/cases/{application_id}" if request.state.area == "staff" else f"/applications/{application_id}"


async def checked_form(request: Request) -> FormData:
    """The form that was sent, its token checked.

    Raises:
        TooLarge: over 20 MB, or of unknown length.
        NotAllowed: the token is missing or another session's.
        UnsupportedMedia: not a form.
    """
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MAX_BODY:
        raise TooLarge()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise UnsupportedMedia()
    form = await request.form(max_files=1, max_fields=200)
    sent = form.get("csrf")
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), request.state.csrf.encode()):
        raise NotAllowed(FORM_EXPIRED)
    for value in form.values():
        if isinstance(value, str):
            _refuse_unprintable(value)
    return form


def _refuse_unprintable(value: str) -> None:
    if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise InvalidInput()


def text_of(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def texts_of(form: FormData, name: str) -> list[str]:
    return [value.strip() for value in form.getlist(name) if isinstance(value, str) and value.strip()]


async def file_of(form: FormData, name: str) -> tuple[bytes, str] | None:
    """Bytes and declared media type of an uploaded file; None when nothing was chosen.

    Raises:
        TooLarge: over 20 MB.
    """
    sent = form.get(name)
    if not isinstance(sent, UploadFile) or not sent.filename:
        return None
    if sent.size is not None and sent.size > MAX_UPLOAD:
        raise TooLarge()
    data = await sent.read()
    return (data, (sent.content_type or "application/octet-stream").partition(";")[0].strip()) if data else None


def local_address(address: str, otherwise: str) -> str:
    """Where to go on after sign-in: an address of this site only."""
    parts = urlsplit(address)
    safe = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return address if safe else otherwise


def form_channel(request: Request) -> Literal["phone", "pc"]:
    """A phone says `Mobile` in its user agent, by long custom."""
    return "phone" if "Mobi" in request.headers.get("user-agent", "") else "pc"


def language_of(request: Request) -> Language:
    language: Language = request.state.language
    return language


Applicant = Annotated[ApplicantActor, Depends(signed_in_applicant)]
Served = Annotated[ApplicantActor, Depends(person_served)]
Clerk = Annotated[ClerkActor, Depends(signed_in_clerk)]
CheckedForm = Annotated[FormData, Depends(checked_form)]
