"""The one table that turns errors into RFC 9457 problems; `type` is stable, texts are in the reader's language."""

import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from domain.errors import DomainError, FieldError, InvalidInput, TooManyAttempts
from domain.text import Bilingual, Language

log = logging.getLogger("onetrip.api")

STATUS: Mapping[str, int] = {
    "not-found": 404,
    "unknown-service-item": 404,
    "invalid-input": 422,
    "too-large": 413,
    "unsupported-media": 415,
    "not-signed-in": 401,
    "not-allowed": 403,
    "four-eyes": 403,
    "forged-callback": 403,
    "wrong-state": 409,
    "slot-taken": 409,
    "material-missing": 409,
    "challenge-expired": 409,
    "no-consent": 409,
    "no-guardian-consent": 409,
    "offset-conflict": 409,
    "upload-gone": 410,
    "protocol-version": 412,
    "checksum-mismatch": 460,  # of the upload protocol; no number of HTTP's own
    "work-item-already-claimed": 409,
    "work-item-not-claimed": 409,
    "idempotency-conflict": 409,
    "too-many-attempts": 429,
    "unavailable": 503,
    "registry-unavailable": 503,
    "object-damaged": 500,
    "decryption-failed": 500,
    "error": 400,
}
PROBLEM = "application/problem+json"
RETRY_SECONDS = "3"


class FieldProblem(BaseModel):
    path: str
    zh: str
    en: str


class Problem(BaseModel):
    """RFC 9457. `errors` lists each bad field as a JSON pointer; `wait_until` says when to try again, as `Retry-After` does in seconds."""

    type: str
    title: str
    status: int
    detail: str
    detail_zh: str | None = None
    detail_en: str | None = None
    errors: list[FieldProblem] = []
    wait_until: datetime | None = None


_PROMISED_PROBLEMS: tuple[tuple[int | str, str], ...] = (
    ("4XX", "The request cannot be carried out; the problem says what to do"),
    (422, "The request is not valid; the problem names each field"),
    ("5XX", "Nothing was lost; try again"),
)
# What every route may answer instead, for the OpenAPI document.
RESPONSES: dict[int | str, dict[str, Any]] = {
    code: {"description": description, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for code, description in _PROMISED_PROBLEMS
}


def language_of(headers: Mapping[str, str]) -> Language:
    return "en" if headers.get("accept-language", "").strip().lower().startswith("en") else "zh"


def problem(error: DomainError, headers: Mapping[str, str], *, status: int | None = None) -> JSONResponse:
    """`errors` lists each bad field as a JSON pointer with its text in both languages."""
    code = status or STATUS.get(error.kind, 500)
    body: dict[str, Any] = {
        "type": f"urn:onetrip:problem:{error.kind}",
        "title": _phrase(code),
        "status": code,
        "detail": error.text.in_language(language_of(headers)),
        "detail_zh": error.text.zh,
        "detail_en": error.text.en,
    }
    if error.fields:
        body["errors"] = [{"path": f.path, "zh": f.text.zh, "en": f.text.en} for f in error.fields]
    extra = {"Retry-After": RETRY_SECONDS} if code == 503 else {"WWW-Authenticate": "Bearer"} if code == 401 else {}
    if isinstance(error, TooManyAttempts) and error.until is not None:
        body["wait_until"] = error.until.isoformat()
        extra = {"Retry-After": str(max(1, ceil((error.until - datetime.now(UTC)).total_seconds())))}
    return JSONResponse(body, code, headers={"Cache-Control": "no-store", **extra}, media_type=PROBLEM)


def _phrase(code: int) -> str:
    return HTTPStatus(code).phrase if code in set(HTTPStatus) else "Refused"


def from_validation(error: RequestValidationError) -> InvalidInput:
    fields = []
    for item in error.errors():
        loc = item["loc"][1:] if item["loc"] and item["loc"][0] in ("body", "query", "path", "header") else item["loc"]
        path = "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in loc)
        message = str(item["msg"])
        fields.append(FieldError(path=path, text=Bilingual(zh=f"此项有误：{message}", en=message)))
    return InvalidInput(fields=fields)


def install(app: FastAPI) -> None:
    @app.exception_handler(DomainError)
    async def of_domain(request: Request, error: DomainError) -> Response:
        return problem(error, request.headers)

    @app.exception_handler(RequestValidationError)
    async def of_validation(request: Request, error: RequestValidationError) -> Response:
        return problem(from_validation(error), request.headers)

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> Response:
        phrase = HTTPStatus(error.status_code).phrase
        kind = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "http")
        body = {"type": f"urn:onetrip:problem:{kind}", "title": phrase, "status": error.status_code, "detail": str(error.detail)}
        return JSONResponse(body, error.status_code, headers=dict(error.headers or {}), media_type=PROBLEM)

    @app.exception_handler(Exception)
    async def of_anything(request: Request, error: Exception) -> Response:
        # Frames only: an exception's message may hold what somebody typed.
        log.error("request failed: %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
        return problem(DomainError(), request.headers, status=500)
