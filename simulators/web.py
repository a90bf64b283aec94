"""What the simulators' HTTP handlers share: bearer tokens, JSON errors, fault forms, pages."""

import hmac
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from simulators.faults import ALL, OUTAGE, Faults

_PAGES = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined)


def json_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json_bytes(value), status, headers, "application/json")


def refusal(status: int, error: str, detail: str) -> Response:
    """An error as every simulator words it: a stable name and a sentence, without personal data."""
    return json_response({"error": error, "detail": detail}, status)


def struck(status: int) -> Response:
    return refusal(status, "simulated-fault", "this answer was made to fail; see the simulator's page")


class BearerToken:
    """Checks `Authorization: Bearer <token>` in constant time."""

    def __init__(self, token: str) -> None:
        if not token:
            raise ValueError("the simulators want a bearer token: set REGISTRIES_TOKEN")
        self._expected = f"Bearer {token}".encode()

    def refuses(self, request: Request) -> Response | None:
        if hmac.compare_digest(request.headers.get("authorization", "").encode("latin-1", "replace"), self._expected):
            return None
        return json_response(
            {"error": "not-authorised", "detail": "the bearer token is missing or wrong"}, 401, {"WWW-Authenticate": "Bearer"}
        )


async def json_object(request: Request, limit: int = 100_000) -> dict[str, Any]:
    """The request's body as a JSON object.

    Raises:
        ValueError: larger than `limit` bytes, not JSON, or not an object.
    """
    body = await limited_body(request, limit)
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError("the body is not JSON") from error
    if isinstance(value, dict):
        return value
    raise ValueError("the body is not a JSON object")


async def limited_body(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise ValueError(f"the body is larger than {limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def from_another_site(request: Request) -> bool:
    """Whether a browser sent this form from a page of another site; simulators have no sign-in to protect them."""
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


def is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/json")


async def show_faults(faults: Faults) -> Response:
    return json_response(faults.as_json())


async def change_faults(request: Request, faults: Faults, back_to: str) -> Response:
    """PUT takes JSON `{source: {name: value}}`; POST takes the page's form and returns to the page."""
    if from_another_site(request):
        return refusal(403, "another-site", "faults are set from the simulator's own page")
    try:
        if request.method == "PUT":
            faults.change(await json_object(request))
            return json_response(faults.as_json())
        faults.change(await _fault_form(request))
    except ValueError as error:
        return refusal(422, "invalid-fault", str(error))
    return RedirectResponse(back_to, 303)


async def _fault_form(request: Request) -> dict[str, dict[str, Any]]:
    async with request.form(max_files=0, max_fields=20) as form:
        source = str(form.get("source", ALL))
        if "repair" in form:
            return {source: {"latency_ms": 0, "error_rate": 0, "outage": False, "bad_signature_rate": 0}}
        rates = {name: float(str(form[name])) for name in ("latency_ms", "error_rate", "bad_signature_rate") if form.get(name)}
        return {source: {**rates, "outage": "outage" in form}}


def page(template: str, *, status: int = 200, **values: Any) -> Response:
    return HTMLResponse(_PAGES.get_template(template).render(values), status, headers={"Cache-Control": "no-store"})


def half_done(status: int) -> bool:
    """Whether an answer that shall fail does so after the deed: half of the errors, never an outage.

    Whoever asks again then finds it done, which is what idempotency is for.
    """
    return status != OUTAGE and random.random() < 0.5


class Lasting(Protocol):
    """What runs beside the requests; both in the event loop that serves."""

    async def begin(self) -> None: ...

    async def end(self) -> None: ...


def running(*parts: Lasting) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """The lifespan of an application whose parts begin and end with it."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        for part in parts:
            await part.begin()
        try:
            yield
        finally:
            for part in parts:
                await part.end()

    return lifespan
