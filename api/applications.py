"""/v1/applications: start, prove identity, upload, follow, supplement, withdraw."""

import json
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import StreamingResponse

from api.access import Integrator, OfficeHere, SignedIn
from api.models import AnswerBody, ApplicationCreated, FaceConsent, NewApplication, NewChallenge, SupplementBody, UploadAnswer
from casework import applying, following, notices, questions, showing_oneself
from casework.actors import Actor
from casework.casefile import timeline_entry
from casework.notices import NoticeView
from casework.office import Office
from casework.reads import ReadPage, reads_of_case
from casework.uploading import CLIP_MAX_BYTES, LONGEST_SECONDS
from casework.views import ApplicationView
from domain.application import ApplicationRequest, Challenge, DeliveryChoice
from domain.errors import TooLarge
from domain.service_item import Delivery

router = APIRouter(prefix="/v1/applications", tags=["applications"])
IdempotencyKey = Annotated[
    str | None, Header(min_length=1, max_length=200, description="The same key with the same body is the same application")
]
Code = Annotated[str, Path(max_length=64, pattern=r"^[a-z0-9-]+$")]
ClipSeconds = Annotated[float | None, Query(gt=0, le=LONGEST_SECONDS, description="How long the clip is, as its recorder says")]
UPLOAD_MAX_BYTES = 20_000_000
_BINARY = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}


@router.post("", status_code=201, summary="Apply")
async def apply(body: NewApplication, office: OfficeHere, actor: Integrator, idempotency_key: IdempotencyKey = None) -> ApplicationCreated:
    """Starts one durable case. The clip shows what `challenge` asks, within five minutes: a code read aloud, a movement."""
    ways = office.catalogue.get(body.service_item).delivery
    delivery = body.delivery or DeliveryChoice(method=ways[0] if ways else Delivery.ONLINE)
    request = ApplicationRequest(**dict(body) | {"delivery": delivery}, channel="api", client_id=actor.client_id)
    view = await applying.submit(office, actor, request, idempotency_key or str(uuid4()))
    return ApplicationCreated(**{name: getattr(view, name) for name in ApplicationCreated.model_fields})


@router.get("/{application_id}", summary="Where a case stands")
async def read(application_id: UUID, office: OfficeHere, actor: SignedIn) -> ApplicationView:
    return await following.get_application(office, actor, application_id)


@router.post("/{application_id}/face-consent", status_code=204, summary="The applicant agreed to the face check")
async def face_consent(application_id: UUID, body: FaceConsent, office: OfficeHere, actor: Integrator) -> None:
    """Ask them first, separately and in plain words, and tell them that a counter can check instead. Before it no clip is taken.

    For a child under 14 a guardian has to agree: name, ID number and relation. A parent is held against the population registry.
    """
    await showing_oneself.consent_to_face_check(office, actor, application_id, body.guardian)


@router.post("/{application_id}/challenge", summary="A new code and new movements")
async def renew(application_id: UUID, office: OfficeHere, actor: Integrator, body: NewChallenge | None = None) -> Challenge:
    """After a failed try there is a new one by itself. Between failed tries one has to wait, longer each time: `identity.wait_until`."""
    wanted = body or NewChallenge()
    return await showing_oneself.renew_challenge(office, actor, application_id, wanted.language, wanted.way)


@router.post("/{application_id}/challenge/show", summary="The code is on the screen from now on")
async def show(application_id: UUID, office: OfficeHere, actor: Integrator) -> Challenge:
    """Call it when the recording has begun, and show what it answers: a clip that is older than that is refused."""
    return await showing_oneself.show_challenge(office, actor, application_id)


@router.put(
    "/{application_id}/identity-clip",
    status_code=202,
    summary="The clip in one piece: webm or mp4, at most 20 MB and 15 s",
    openapi_extra=_BINARY,
)
async def identity_clip(
    application_id: UUID, request: Request, office: OfficeHere, actor: Integrator, seconds: ClipSeconds = None
) -> ApplicationView:
    """Over a line that may break, send it in parts: `POST /v1/applications/{application_id}/clips`."""
    data = await _body(request, CLIP_MAX_BYTES)
    return await showing_oneself.hand_in_clip(office, actor, application_id, data, request.headers.get("content-type", ""), seconds)


@router.post("/{application_id}/identity-at-counter", summary="A person compares at the counter, instead of the face check")
async def identity_at_counter(application_id: UUID, office: OfficeHere, actor: Integrator) -> ApplicationView:
    return await showing_oneself.choose_counter(office, actor, application_id)


@router.put("/{application_id}/materials/{code}", status_code=201, summary="One uploaded material: photo or PDF", openapi_extra=_BINARY)
async def material(application_id: UUID, code: Code, request: Request, office: OfficeHere, actor: Integrator) -> UploadAnswer:
    data = await _body(request, UPLOAD_MAX_BYTES)
    view = await applying.upload_material(office, actor, application_id, code, data, request.headers.get("content-type", ""))
    return UploadAnswer(**{name: getattr(view, name) for name in UploadAnswer.model_fields})


@router.post("/{application_id}/supplement", summary="Hand in what was asked for")
async def supplement(application_id: UUID, body: SupplementBody, office: OfficeHere, actor: Integrator) -> ApplicationView:
    return await applying.supplement(office, actor, application_id, body.answers)


@router.post("/{application_id}/answers", summary="Answer a clerk's question, once")
async def answer(application_id: UUID, body: AnswerBody, office: OfficeHere, actor: Integrator) -> ApplicationView:
    """The open question is in `questions`; until it is answered, or its time is over, the clock stands still."""
    await questions.answer(office, actor, application_id, body.question_id, body.text)
    return await following.get_application(office, actor, application_id)


@router.get("/{application_id}/notices", summary="What was sent to the applicant, newest first")
async def sent_notices(application_id: UUID, office: OfficeHere, actor: Integrator) -> list[NoticeView]:
    """By text message and by e-mail, to which masked number or address, and why one has not gone yet."""
    return await notices.notices_of_case(office, actor, application_id)


@router.post("/{application_id}/withdraw", summary="Withdraw, at any time before the end")
async def withdraw(application_id: UUID, office: OfficeHere, actor: Integrator) -> ApplicationView:
    return await applying.withdraw(office, actor, application_id)


@router.get("/{application_id}/reads", summary="Who read personal data for this case, newest first")
async def reads(
    application_id: UUID, office: OfficeHere, actor: Integrator, cursor: Annotated[str | None, Query(max_length=20)] = None
) -> ReadPage:
    """Every question to a registry with its purpose and fields, every look by a clerk (office and role) or a program."""
    return await reads_of_case(office, actor, application_id, cursor)


@router.get("/{application_id}/events", summary="The timeline as it happens (server-sent events)", response_class=StreamingResponse)
async def events(application_id: UUID, request: Request, office: OfficeHere, actor: SignedIn) -> StreamingResponse:
    """`Last-Event-ID` goes on where a broken stream ended; the stream ends with the case."""
    last = request.headers.get("last-event-id", "")
    after = int(last) if last.isdecimal() and len(last) < 19 else 0
    await following.get_application(office, actor, application_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(office, actor, application_id, after), media_type="text/event-stream", headers=headers)


async def _stream(office: Office, actor: Actor, application_id: UUID, after: int) -> AsyncIterator[str]:
    async for _ in following.changes(office, actor, application_id, after):
        for event in await office.desk.events_after(application_id, after):
            after = event["id"]
            if event["text"] is not None:
                entry = timeline_entry(event).model_dump(mode="json")
                yield f"id: {after}\nevent: timeline\ndata: {json.dumps(entry, ensure_ascii=False)}\n\n"


async def _body(request: Request, limit: int) -> bytes:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > limit:
            raise TooLarge()
    return bytes(data)
