"""What is refused at the door: bodies over their limit, and JSON that later parts cannot hold.

FastAPI lets NaN, NUL, lone surrogates and bodies of any size through.
"""

import json
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem
from domain.errors import DomainError, FieldError, InvalidInput, TooLarge
from domain.text import Bilingual
from web.problems import problem_page
from web.visitor import choose_language

JSON_MAX_BYTES = 256_000
BODY_MAX_BYTES = 21_000_000
_NOT_JSON = Bilingual(zh="请求内容不是有效的 JSON，请检查后再发送", en="The body is not valid JSON. Check it and send again")
_BAD_TEXT = Bilingual(
    zh="文字中有无法保存的字符（NUL 或不成对的代理项），请删除后再发送", en="A text holds NUL or a lone surrogate. Remove it and send again"
)
_BAD_ADDRESS = Bilingual(zh="网址中有无效字符", en="The address holds characters that are not text")


class Door:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            _check_address(scope)
            receive = _replay(await _read_json(headers, receive), receive) if _is_json(headers) else _counted(headers, receive)
        except DomainError as error:
            await _refusal(error, headers, scope)(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except TooLarge as error:
            if started:
                raise
            await _refusal(error, headers, scope)(scope, receive, send)


def _refusal(error: DomainError, headers: Headers, scope: Scope) -> Response:
    """A page for people, a problem for programs."""
    if "html" not in headers.get("accept", ""):
        return problem(error, headers)
    request = Request(scope)
    choose_language(request)
    return problem_page(request, error)


def _check_address(scope: Scope) -> None:
    for raw in (scope.get("raw_path") or b"", scope.get("query_string") or b""):
        plain = unquote_to_bytes(raw)
        try:
            bad = "\0" in plain.decode()
        except UnicodeDecodeError:
            bad = True
        if bad:
            raise InvalidInput(_BAD_ADDRESS)


def _is_json(headers: Headers) -> bool:
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _announced(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() else 0


async def _read_json(headers: Headers, receive: Receive) -> bytes:
    if _announced(headers) > JSON_MAX_BYTES:
        raise TooLarge()
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > JSON_MAX_BYTES:
            raise TooLarge()
        chunks.append(chunk)
        if not message.get("more_body"):
            break
    body = b"".join(chunks)
    if body:
        check_json(body)
    return body


def check_json(body: bytes) -> None:
    """Strict JSON (RFC 8259) whose texts a database can hold.

    Raises:
        InvalidInput: what is wrong with it.
    """
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        _check_texts(value)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(_NOT_JSON) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _check_texts(value: Any, path: str = "") -> None:
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _check_text(key, path)
            _check_texts(item, f"{path}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_texts(item, f"{path}/{index}")
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")


def _check_text(text: str, path: str) -> None:
    if "\0" in text or any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise InvalidInput(fields=[FieldError(path=path.encode("utf-8", "replace").decode().replace("\0", "?") or "/", text=_BAD_TEXT)])


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hand the body on as one message; what comes after it (a disconnect) comes from the connection."""
    handed = False

    async def replay() -> Message:
        nonlocal handed
        if handed:
            return await receive()
        handed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _counted(headers: Headers, receive: Receive) -> Receive:
    if _announced(headers) > BODY_MAX_BYTES:
        raise TooLarge()
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_MAX_BYTES:
            raise TooLarge()
        return message

    return counted
