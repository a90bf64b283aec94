"""A clip sent in parts that go on where they stopped: the tus 1.0 protocol, for programs and for the camera page alike."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from email.utils import format_datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from api.access import OfficeHere, anybody, integrator, office_of
from api.problems import STATUS, problem
from casework import uploading
from casework.actors import Actor, ApplicantActor
from casework.uploading import CLIP_MAX_BYTES, PART_MAX_BYTES, UploadState
from domain.errors import (
    ChecksumMismatch,
    DomainError,
    FieldError,
    InvalidInput,
    NotAllowed,
    OffsetConflict,
    TooLarge,
    UnsupportedMedia,
)
from domain.text import Bilingual
from web.visitor import FORM_EXPIRED, know_applicant, know_clerk, language_of, person_served

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
PART_TYPE = "application/offset+octet-stream"
CSRF_HEADER = "X-CSRF-Token"
_CHECKSUMS: Mapping[str, Callable[[bytes], "hashlib._Hash"]] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
_CAN = {
    "Tus-Version": VERSION,
    "Tus-Extension": EXTENSIONS,
    "Tus-Max-Size": str(CLIP_MAX_BYTES),
    "Tus-Checksum-Algorithm": ",".join(_CHECKSUMS),
}
# Clients of the protocol take 409 for a wrong offset and try again: what else comes first has another status and the same type.
_NOT_NOW = 403


class OtherProtocolVersion(DomainError):
    kind = "protocol-version"
    default = Bilingual(zh="请使用 tus 1.0.0 协议上传。", en="Uploads here speak tus 1.0.0: say so in Tus-Resumable.")


class TusRoute(APIRoute):
    """A route whose answers, refusals among them, are the protocol's."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def speak(request: Request) -> Response:
            try:
                response = await handle(request)
            except DomainError as error:
                response = _refusal(error, request)
            except ClientDisconnect:
                response = Response(status_code=400)  # nobody reads it
            response.headers["Tus-Resumable"] = VERSION
            if response.status_code == 412:
                response.headers.update(_CAN)
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return speak


def _refusal(error: DomainError, request: Request) -> Response:
    """A problem; the camera page's in the language of the page."""
    status = STATUS.get(error.kind)
    headers: Mapping[str, str] = request.headers
    if hasattr(request.state, "language"):
        headers = {"accept-language": language_of(request)}
    return problem(error, headers, status=_NOT_NOW if status == 409 and not isinstance(error, OffsetConflict) else None)


def upload_routes(
    prefix: str, sender: Callable[..., Any], *, before: Callable[..., Any] | None = None, in_schema: bool = True
) -> APIRouter:
    """Uploads of a case under `prefix`, which names `application_id`. `sender` is the dependency that says who sends, after `before`."""
    router = APIRouter(route_class=TusRoute, dependencies=[Depends(before)] if before else [], tags=["clips"], include_in_schema=in_schema)
    Sender = Annotated[Actor, Depends(sender)]
    one = f"{prefix}/{{upload_id}}"

    @router.options(prefix, status_code=204, summary="What the upload protocol can here", dependencies=[Depends(anybody)])
    async def abilities(application_id: UUID) -> Response:
        return Response(status_code=204, headers=_CAN)

    @router.post(prefix, status_code=201, summary="Begin to send a clip in parts (tus 1.0)", response_class=Response, openapi_extra=_BEGIN)
    async def begin(application_id: UUID, request: Request, office: OfficeHere, actor: Sender) -> Response:
        """`Upload-Length` in bytes, at most 20 MB. `Upload-Metadata`: `filetype` (`video/webm` or `video/mp4`), and, where known,
        `seconds` (how long the clip is) and `challenge` (the id of what it answers to). `Location` is where the parts go.

        What counts is that the upload begins while the challenge is in force; ten minutes later it ends. A case has one upload: the newest.
        """
        _speaks(request)
        said = _metadata(request)
        state = await uploading.begin_upload(
            office,
            actor,
            application_id,
            size=_number(request, "Upload-Length"),
            media_type=said.get("filetype", ""),
            stated_seconds=_seconds(said),
            challenge_id=_challenge(said),
        )
        location = {"Location": f"{request.url.path}/{state.id}"}
        if request.headers.get("content-type") == PART_TYPE:
            state = await _receive(request, actor, application_id, state.id, 0)
        return Response(status_code=201, headers=location | _standing(state))

    @router.head(one, summary="How much of a clip has come", response_class=Response, openapi_extra=_told())
    async def stands(application_id: UUID, upload_id: UUID, request: Request, office: OfficeHere, actor: Sender) -> Response:
        """`Upload-Offset`: the bytes that lie safe. `Clip-State`: `arriving`, or `handed-in` once the case has the clip."""
        _speaks(request)
        state = await uploading.upload_state(office, actor, application_id, upload_id)
        said = f"filetype {_base64(state.media_type)}" + (f",seconds {_base64(str(state.stated_seconds))}" if state.stated_seconds else "")
        return Response(headers=_standing(state) | {"Upload-Length": str(state.size), "Upload-Metadata": said})

    @router.patch(one, status_code=204, summary="The next part of a clip", response_class=Response, openapi_extra=_PART)
    async def part(application_id: UUID, upload_id: UUID, request: Request, actor: Sender) -> Response:
        """From `Upload-Offset` on, of any length; with the last byte the clip is handed in and `Clip-State` says `handed-in`.

        `Upload-Checksum` (sha1 or sha256) is held against parts of up to 512 kB. What came of a part before its connection broke is kept.
        """
        _speaks(request)
        if request.headers.get("content-type") != PART_TYPE:
            raise UnsupportedMedia()
        state = await _receive(request, actor, application_id, upload_id, _number(request, "Upload-Offset"))
        return Response(status_code=204, headers=_standing(state))

    @router.delete(one, status_code=204, summary="Give an upload up", response_class=Response, openapi_extra=_told())
    async def give_up(application_id: UUID, upload_id: UUID, request: Request, office: OfficeHere, actor: Sender) -> Response:
        _speaks(request)
        await uploading.drop_upload(office, actor, application_id, upload_id)
        return Response(status_code=204)

    return router


def _told(*headers: tuple[str, dict[str, Any], bool]) -> dict[str, Any]:
    """For the OpenAPI document: the protocol's headers, each with its schema and whether it must be there."""
    every: tuple[str, dict[str, Any], bool] = ("Tus-Resumable", {"type": "string", "enum": [VERSION]}, True)
    return {"parameters": [{"name": n, "in": "header", "required": must, "schema": schema} for n, schema, must in (every, *headers)]}


_BYTES = {"type": "integer", "minimum": 0, "maximum": CLIP_MAX_BYTES}
_CHECKED = ("Upload-Checksum", {"type": "string", "pattern": "^(sha1|sha256) [A-Za-z0-9+/]+=*$"}, False)
_BEGIN = _told(("Upload-Length", _BYTES, True), ("Upload-Metadata", {"type": "string", "pattern": "^[ -~]*$"}, False))
_PART = _told(("Upload-Offset", _BYTES, True), _CHECKED) | {
    "requestBody": {"required": True, "content": {PART_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
}


# --- who sends -----------------------------------------------------------------------------------------------------------


async def visitor(request: Request) -> ApplicantActor:
    """Who applies on a page, whose form token is in a header.

    Raises:
        NotSignedIn, NotFound. NotAllowed: the token is missing or another session's.
    """
    actor = await person_served(request)
    if not hmac.compare_digest(request.headers.get(CSRF_HEADER, "").encode(), request.state.csrf.encode()):
        raise NotAllowed(FORM_EXPIRED)
    return actor


router = upload_routes("/v1/applications/{application_id}/clips", integrator)


def page_uploads() -> list[APIRouter]:
    """The same for the camera page, the applicant's own and a counter's: its session says who sends, `X-CSRF-Token` that it is the page."""
    doors = (("/applications", know_applicant), ("/staff/filing/cases", know_clerk))
    return [upload_routes(f"{home}/{{application_id}}/face/uploads", visitor, before=know, in_schema=False) for home, know in doors]


# --- reading ------------------------------------------------------------------------------------------------------------


async def _receive(request: Request, actor: Actor, application_id: UUID, upload_id: UUID, offset: int) -> UploadState:
    """Store the body in pieces from `offset` on. What came before a connection broke is kept."""
    office = office_of(request)
    state: UploadState | None = None
    async for piece in _pieces(request):
        state = await uploading.add_part(office, actor, application_id, upload_id, offset, piece)
        offset += len(piece)
    return state or await uploading.add_part(office, actor, application_id, upload_id, offset, b"")


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes, at most `PART_MAX_BYTES` at a time; in one piece where a checksum is held against it.

    Raises:
        ChecksumMismatch, InvalidInput: of what came as a whole, before any of it counts.
    """
    if (checksum := request.headers.get("upload-checksum")) is not None:
        yield _checked(await _at_once(request), checksum)
        return
    waiting = bytearray()
    with suppress(ClientDisconnect):  # nobody reads an answer; what waits is stored below
        async for chunk in request.stream():
            waiting += chunk
            while len(waiting) >= PART_MAX_BYTES:
                yield bytes(waiting[:PART_MAX_BYTES])
                del waiting[:PART_MAX_BYTES]
    if waiting:
        yield bytes(waiting)


async def _at_once(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > PART_MAX_BYTES:
            raise TooLarge()
    return bytes(body)


def _checked(body: bytes, checksum: str) -> bytes:
    name, _, stated = checksum.partition(" ")
    if name not in _CHECKSUMS:
        raise _invalid("Upload-Checksum")
    if not hmac.compare_digest(_CHECKSUMS[name](body).digest(), _plain(stated, "Upload-Checksum")):
        raise ChecksumMismatch()
    return body


def _speaks(request: Request) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise OtherProtocolVersion()


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise _invalid(header)
    return int(text)


def _metadata(request: Request) -> dict[str, str]:
    """`key base64,key base64`; a key may stand alone."""
    pairs = [pair.strip().partition(" ") for pair in request.headers.get("upload-metadata", "").split(",") if pair.strip()]
    try:
        return {key: _plain(value, "Upload-Metadata").decode() for key, _, value in pairs}
    except UnicodeDecodeError as error:
        raise _invalid("Upload-Metadata") from error


def _seconds(said: Mapping[str, str]) -> float | None:
    text = said.get("seconds")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,6})?", text):
        raise _invalid("Upload-Metadata/seconds")
    return float(text)


def _challenge(said: Mapping[str, str]) -> UUID | None:
    try:
        return UUID(said["challenge"]) if said.get("challenge") else None
    except ValueError as error:
        raise _invalid("Upload-Metadata/challenge") from error


def _plain(text: str, header: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise _invalid(header) from error


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _invalid(header: str) -> InvalidInput:
    text = Bilingual(zh="此请求头缺失或有误", en="This header is missing or not valid")
    return InvalidInput(fields=[FieldError(path=f"/{header}", text=text)])


def _standing(state: UploadState) -> dict[str, str]:
    return {
        "Upload-Offset": str(state.received),
        "Upload-Expires": format_datetime(state.expires_at, usegmt=True),
        "Clip-State": "handed-in" if state.handed_in else "arriving",
    }
