"""What an applicant does: fill in, submit, prove who they are, upload, supplement, withdraw."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from casework.access import require_own_case
from casework.actors import Actor, ApplicantActor, AttendedActor, ClerkActor
from casework.following import get_application
from casework.office import Office
from casework.prefilling import READ, draft_key, points_so_far, prefill
from casework.showing_oneself import choose_counter, consent_to_face_check, hand_in_clip, renew_challenge, show_challenge
from casework.uploading import CLIP_MAX_BYTES
from casework.views import ApplicationView, UploadView
from domain.admission import admit
from domain.application import Applicant, ApplicationRequest, DeliveryChoice, FiledBy
from domain.changes import AttachMaterial, Supplement, Withdraw
from domain.clock import day_in_china
from domain.errors import (
    DomainError,
    IdempotencyConflict,
    NotAllowed,
    Unavailable,
    WrongState,
)
from domain.ids import new_id
from domain.object_keys import material_key
from domain.text import Language

DRAFT_LIFE = timedelta(days=30)  # nobody comes back for an older one
__all__ = [  # parts of applying that have modules of their own
    "CLIP_MAX_BYTES",
    "choose_counter",
    "consent_to_face_check",
    "hand_in_clip",
    "points_so_far",
    "prefill",
    "renew_challenge",
    "show_challenge",
]


async def save_draft(office: Office, actor: ApplicantActor, code: str, body: Mapping[str, Any]) -> None:
    """Keep what was filled in; what registries said for the form stays beside it."""
    await office.desk.drop_old_drafts(DRAFT_LIFE)
    kept_under = draft_key(actor, office.catalogue.get(code).code)
    kept = await office.desk.load_draft(actor.person_id, kept_under) or {}
    read = {READ: kept[READ]} if READ in kept else {}
    await office.desk.save_draft(actor.person_id, kept_under, {**body, **read}, office.now())


async def load_draft(office: Office, actor: ApplicantActor, code: str) -> dict[str, Any] | None:
    """What was filled in; None when nothing was."""
    draft = await office.desk.load_draft(actor.person_id, draft_key(actor, code)) or {}
    return {name: value for name, value in draft.items() if name != READ} or None


async def request_of(
    office: Office,
    actor: ApplicantActor,
    code: str,
    answers: Mapping[str, Any],
    delivery: DeliveryChoice,
    language: Language,
    channel: str = "phone",
    email: str | None = None,
) -> ApplicationRequest:
    """The request of a signed-in citizen: number, name and phone are those they proved; `email` is checked before.

    Of somebody at a counter, they are those that the clerk read off the ID card and was told.
    """
    person = await office.accounts.person(actor.person_id)
    if isinstance(actor, AttendedActor):
        applicant = Applicant(id_number=person["id_number"], name=actor.name, phone=actor.phone, email=actor.email)
        filed_by = FiledBy(clerk_id=actor.clerk.clerk_id, station=actor.clerk.scope.station)
    else:
        applicant = Applicant(id_number=person["id_number"], name=person["name"], phone=person["phone"], email=email)
        filed_by = None
    return ApplicationRequest(
        service_item=office.catalogue.get(code).code,
        applicant=applicant,
        answers=dict(answers),
        delivery=delivery,
        language=language,
        channel="counter" if filed_by else "pc" if channel == "pc" else "phone",
        filed_by=filed_by,
    )


async def submit(office: Office, actor: Actor, request: ApplicationRequest, idempotency_key: str) -> ApplicationView:
    """Start a case. The same key with the same request answers with the same case.

    Raises:
        UnknownServiceItem, InvalidInput: what to correct.
        IdempotencyConflict: the key was used for another request.
        Unavailable: nothing was lost; send again with the same key.
    """
    if isinstance(actor, ClerkActor):
        raise NotAllowed()
    await office.catalogue.refresh()
    item = office.catalogue.get(request.service_item)
    request = admit(request, item, today=day_in_china(office.now()), check_answers=office.catalogue.check_answers)
    owner = f"person:{actor.person_id}" if isinstance(actor, ApplicantActor) else f"client:{actor.client_id}"
    digest = hashlib.sha256(to_json(request)).digest()
    application_id, same = await office.desk.application_for_key(owner, idempotency_key, digest, office.now())
    if not same:
        raise IdempotencyConflict()
    with suppress(WrongState):  # begun under this key before, and ended since: the view below tells how
        await office.engine.start(application_id, request)
    if isinstance(actor, ApplicantActor) and not isinstance(actor, AttendedActor):  # who is attended to signs first
        await office.desk.drop_draft(actor.person_id, item.code)
    return await get_application(office, actor, application_id)


async def upload_material(office: Office, actor: Actor, application_id: UUID, code: str, data: bytes, media_type: str) -> UploadView:
    """Redraw an upload, store it and attach it to the case.

    Raises:
        TooLarge, UnsupportedMedia: with what to do; WrongState when the case takes no upload of this code now.
    """
    await require_own_case(office, actor, application_id)
    clean = await office.clean_upload(data, media_type)
    round_ = (await office.desk.case_file(application_id))["supplement_round"]
    material_id = new_id()
    await office.objects.put(material_key(material_id), clean.data, clean.media_type)
    view = UploadView(
        id=material_id,
        code=code,
        media_type=clean.media_type,
        size=len(clean.data),
        pages=clean.pages,
        round=round_,
        uploaded_at=office.now(),
    )
    await office.desk.add_material(view.model_dump() | {"application_id": application_id, "sha256": clean.sha256})
    try:
        command = AttachMaterial(material_id=material_id, code=code)
        await office.engine.command(application_id, "attach_material", command, command_id=f"material-{material_id}")
    except Unavailable:
        raise
    except DomainError:
        await office.desk.drop_material(material_id)
        await office.objects.delete(material_key(material_id))
        raise
    return view


async def supplement(office: Office, actor: Actor, application_id: UUID, answers: Mapping[str, Any]) -> ApplicationView:
    """Send new answers for the marked fields; marked materials were uploaded before."""
    await require_own_case(office, actor, application_id)
    await office.engine.command(application_id, "supplement", Supplement(answers=dict(answers)))
    return await get_application(office, actor, application_id)


async def withdraw(office: Office, actor: Actor, application_id: UUID) -> ApplicationView:
    await require_own_case(office, actor, application_id)
    by = "applicant" if isinstance(actor, ApplicantActor) else "client"
    await office.engine.command(application_id, "withdraw", Withdraw(by=by))
    return await get_application(office, actor, application_id)
