"""What went wrong, as a page: field errors beside their fields, everything else as a page that says what to do."""

import logging
import traceback
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from domain.errors import (
    DomainError,
    FieldError,
    IdempotencyConflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    ObjectDamaged,
    TooLarge,
    TooManyAttempts,
    Unavailable,
    UnsupportedMedia,
    WorkItemAlreadyClaimed,
    WorkItemNotClaimed,
    WrongState,
)
from domain.text import Language
from web.rendering import page
from web.visitor import choose_language, local_address, remember

log = logging.getLogger("onetrip.pages")

STATUS: tuple[tuple[type[DomainError], int], ...] = (
    (NotFound, 404),
    (NotAllowed, 403),
    (NotSignedIn, 401),
    (TooLarge, 413),
    (UnsupportedMedia, 415),
    (InvalidInput, 422),
    (TooManyAttempts, 429),
    (Unavailable, 503),
    (ObjectDamaged, 500),
    (WrongState, 409),
    (WorkItemAlreadyClaimed, 409),
    (WorkItemNotClaimed, 409),
    (IdempotencyConflict, 409),
)
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    "Cache-Control": "no-store",
}


def status_of(error: DomainError) -> int:
    return next((status for kind, status in STATUS if isinstance(error, kind)), 400)


def field_id(path: str) -> str:
    """The id of the field that a JSON pointer names: `/applicant/id_number` → `applicant-id_number`.

    Places in a list belong to the list's field: `/answers/movers/0` → `answers-movers`.
    """
    return "-".join(part for part in path.strip("/").split("/") if not part.isdigit()) or "main"


def error_context(error: DomainError, language: Language) -> dict[str, Any]:
    """`errors` for the summary, `error_of` (field id → text) for the fields. One message a field."""
    fields = error.fields or (FieldError(path="/main", text=error.text),)
    error_of: dict[str, str] = {}
    for field in fields:
        error_of.setdefault(field_id(field.path), field.text.in_language(language))
    summary = [{"text": text, "href": f"#{name}"} if error.fields else {"text": text} for name, text in error_of.items()]
    return {"errors": summary, "error_of": error_of}


def problem_page(request: Request, error: DomainError) -> Response:
    """A whole page for an error; who is not signed in is sent to sign in and comes back."""
    staff = getattr(request.state, "area", "public") == "staff"
    if isinstance(error, NotSignedIn):
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "") if request.method == "GET" else ""
        door = "/staff/sign-in" if staff else "/sign-in"
        return RedirectResponse(f"{door}?next={quote(back)}" if back else door, 303)
    status = status_of(error)
    heading = {404: "problem.not_found", 403: "problem.not_allowed", 409: "problem.conflict", 503: "problem.busy"}.get(
        status, "problem.failed"
    )
    return page(request, "problem.html", status, heading=heading, text=error.text, staff=staff, came_from=_came_from(request))


def _came_from(request: Request) -> str:
    """The page of this site that led here, empty where there was none."""
    before = urlsplit(request.headers.get("referer", ""))
    if before.netloc != request.url.netloc or before.path == request.url.path:
        return ""
    return local_address(urlunsplit(("", "", before.path, before.query, "")), "")


def broken_page(request: Request) -> Response:
    staff = getattr(request.state, "area", "public") == "staff"
    return page(request, "problem.html", 500, heading="problem.broken", text=None, staff=staff, came_from=_came_from(request))


def missing_page(request: Request) -> Response:
    """For addresses that no route knows; the application that mounts the pages calls it."""
    choose_language(request)
    request.state.area = "staff" if request.url.path.startswith("/staff") else "public"
    return _finished(request, problem_page(request, NotFound()))


def _finished(request: Request, response: Response) -> Response:
    """With the security headers, and the cookies that the request asked for."""
    for name, value in SECURITY.items():
        response.headers.setdefault(name, value)
    remember(request, response)
    return response


class PageRoute(APIRoute):
    """A route whose errors are pages, whatever application it is mounted in, and whose answers carry the security headers."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def as_page(request: Request) -> Response:
            choose_language(request)
            try:
                response = await handle(request)
            except DomainError as error:
                response = problem_page(request, error)
            except RequestValidationError:
                response = problem_page(request, NotFound())
            except Exception as error:
                # Frames only: an exception's message may hold what somebody typed.
                log.error("page failed: %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
                response = broken_page(request)
            return _finished(request, response)

        return as_page
