"""A clip on its way: begun while its challenge is in force, sent in parts, handed in when it is whole, given up when it is not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256 as sha256_of
from typing import Any
from uuid import UUID

from casework.access import require_own_case
from casework.actors import Actor
from casework.attempts import require_a_try
from casework.clips import hand_over
from casework.consenting import require_consent
from casework.engine import CaseEngine
from casework.identity_ports import IdentityDesk
from casework.office import Office
from domain.application import Challenge, Status
from domain.attempts import UPLOAD_PATIENCE, begin_of_day, require_room
from domain.changes import SubmitClip
from domain.clock import day_in_china
from domain.errors import (
    ChallengeExpired,
    DomainError,
    FieldError,
    InvalidInput,
    MaterialMissing,
    OffsetConflict,
    TooLarge,
    Unavailable,
    UnsupportedMedia,
    UploadGone,
    WrongState,
)
from domain.guardians import needs_guardian
from domain.ids import new_id
from domain.object_keys import clip_key, part_key
from domain.ports import ObjectStore
from domain.records import NewUpload, StoredUpload, UploadPart
from domain.service_item import ServiceItem
from domain.text import Bilingual

CLIP_MAX_BYTES = 20_000_000
CLIP_TYPES = ("video/webm", "video/mp4", "video/quicktime")
PART_MAX_BYTES = 512 * 1024  # what is stored at once: so much is sent again at most when a connection breaks
PARTS_MAX = 400
LONGEST_SECONDS = 3600.0
KEPT_FOR = timedelta(hours=1)  # how long an upload answers, once it has ended


@dataclass(frozen=True)
class UploadState:
    """`handed_in`: the clip is whole and its case has it."""

    id: UUID
    size: int
    received: int
    media_type: str
    stated_seconds: float | None
    expires_at: datetime
    handed_in: bool


async def begin_upload(
    office: Office,
    actor: Actor,
    application_id: UUID,
    *,
    size: int,
    media_type: str,
    stated_seconds: float | None = None,
    challenge_id: UUID | None = None,
) -> UploadState:
    """Announce a clip of `size` bytes; an upload of the case that lacks bytes is given up for it.

    `challenge_id`: what it answers to, where the sender says so; it has to be the case's newest one, which is what others answer to.

    Raises:
        TooLarge, UnsupportedMedia, InvalidInput: it would not be a clip.
        WrongState, NoConsent, NoGuardianConsent, MaterialMissing, ChallengeExpired, TooManyAttempts: what comes first.
    """
    upload = await _announce(office, actor, application_id, size, media_type, stated_seconds, challenge_id)
    return _state(upload, await office.identity.upload(application_id, upload.id))


async def upload_state(office: Office, actor: Actor, application_id: UUID, upload_id: UUID) -> UploadState:
    """Where an upload stands. One that is whole is handed in now, if whoever received its end could not.

    Raises:
        NotFound. UploadGone: it has ended. Others as when a clip is handed in.
    """
    await require_own_case(office, actor, application_id)
    return await _seen_through(office, await office.identity.upload(application_id, upload_id))


async def add_part(office: Office, actor: Actor, application_id: UUID, upload_id: UUID, offset: int, data: bytes) -> UploadState:
    """Store the next part, of at most `PART_MAX_BYTES`; with the last one the clip is handed in.

    Raises:
        NotFound, UploadGone. OffsetConflict: this is not where the upload stands; ask.
        TooLarge: more than was announced, or in too many pieces. Others as when a clip is handed in.
    """
    await require_own_case(office, actor, application_id)
    upload = await office.identity.upload(application_id, upload_id)
    if upload.whole and offset + len(data) == upload.size:
        return await _seen_through(office, upload)
    _may_go_on(upload, offset, len(data), office.now())
    if data:
        part = UploadPart(offset, len(data), sha256_of(data).hexdigest())
        await office.identity.begin_part(upload.id, part)
        await office.objects.put(part_key(upload.id, offset, part.sha256), data, "application/octet-stream")
        await office.identity.keep_part(upload.id, part)
    return await _seen_through(office, await office.identity.upload(application_id, upload_id))


async def drop_upload(office: Office, actor: Actor, application_id: UUID, upload_id: UUID) -> None:
    """Give an upload up.

    Raises:
        NotFound. WrongState: its case has the clip.
    """
    await require_own_case(office, actor, application_id)
    upload = await office.identity.upload(application_id, upload_id)
    if upload.clip is not None:
        raise WrongState()
    await _discard(office.identity, office.objects, upload)


async def hand_in_at_once(
    office: Office, actor: Actor, application_id: UUID, data: bytes, media_type: str, stated_seconds: float | None = None,
    challenge_id: UUID | None = None,
) -> None:  # fmt: skip
    """A clip in one piece: the same rules, without parts.

    Raises:
        As `begin_upload`, and what the case refuses with.
    """
    announced = await _announce(office, actor, application_id, len(data), media_type, stated_seconds, challenge_id)
    await _hand_in(office.engine, office.identity, office.objects, announced, data, office.now())


# --- for the worker ----------------------------------------------------------------------------------------------------


async def hand_in_whole(engine: CaseEngine, desk: IdentityDesk, objects: ObjectStore, now: datetime, began_before: datetime) -> int:
    """Hand in what is whole and was not handed in: who received the last part may have died. Returns how many there were."""
    whole = await desk.whole_uploads(began_before)
    for upload in whole:
        try:
            await _hand_in(engine, desk, objects, upload, await _joined(desk, objects, upload), now)
        except Unavailable:
            continue  # at the next turn
        except DomainError:
            await _discard(desk, objects, upload)
    return len(whole)


async def drop_spent(desk: IdentityDesk, objects: ObjectStore, now: datetime) -> int:
    """Delete what is left of uploads that nobody can go on with. Returns how many there were."""
    spent = await desk.spent_uploads(now - KEPT_FOR)
    for upload in spent:
        await _discard(desk, objects, upload)
    return len(spent)


# --- beginning ---------------------------------------------------------------------------------------------------------


async def _announce(
    office: Office, actor: Actor, application_id: UUID, size: int, media_type: str, stated_seconds: float | None,
    challenge_id: UUID | None = None,
) -> NewUpload:  # fmt: skip
    await require_own_case(office, actor, application_id)
    _check_announced(size, media_type, stated_seconds)
    challenge = await awaited_challenge(office, application_id)
    if challenge_id not in (None, challenge.id):
        raise ChallengeExpired()
    for earlier in await office.identity.unfinished_uploads(application_id):
        await _discard(office.identity, office.objects, earlier)
    upload = NewUpload(new_id(), application_id, challenge.id, _plain(media_type), size, stated_seconds, office.now())
    await office.identity.begin_upload(upload)
    return upload


def _plain(media_type: str) -> str:
    return media_type.split(";")[0].strip().lower()


def _check_announced(size: int, media_type: str, stated_seconds: float | None) -> None:
    if size > CLIP_MAX_BYTES:
        raise TooLarge(Bilingual(zh="视频不能超过 20 MB，请缩短后重新录制。", en="A clip has at most 20 MB. Record a shorter one."))
    if _plain(media_type) not in CLIP_TYPES:
        raise UnsupportedMedia(Bilingual(zh="请上传 webm 或 mp4 视频。", en="Send the clip as webm or mp4."))
    if size <= 0:
        raise _invalid("/clip", "视频是空的，请重新录制", "The clip is empty. Record it again")
    if stated_seconds is not None and not 0 < stated_seconds <= LONGEST_SECONDS:
        raise _invalid("/seconds", "视频时长有误", "This is no length of a clip, in seconds")


def _invalid(path: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(fields=[FieldError(path=path, text=Bilingual(zh=zh, en=en))])


async def awaited_challenge(office: Office, application_id: UUID) -> Challenge:
    """What a clip of this case has to show now.

    Raises:
        WrongState, TooManyAttempts, NoConsent, NoGuardianConsent, MaterialMissing, ChallengeExpired: what comes first.
    """
    case = await office.desk.case_file(application_id)
    if case["status"] != Status.VERIFYING.value or any(clip["verdict"] is None for clip in case["clips"]):
        raise WrongState()
    await require_a_try(office, application_id)
    id_number = await office.desk.id_number_of(case["person_id"])
    require_consent(case["events"], by_guardian=needs_guardian(id_number, day_in_china(office.now())))
    sent = {material["code"] for material in case["materials"]}
    if any(m.required and m.code not in sent for m in ServiceItem.model_validate(case["item"]).uploads):
        raise MaterialMissing()
    return in_force(case["challenge"], office.now())


def in_force(challenge: Any, now: datetime) -> Challenge:
    """
    Raises:
        ChallengeExpired: it was answered, or its time is over.
    """
    if challenge is None or challenge["expires_at"] < now:
        raise ChallengeExpired()
    return Challenge(**challenge)


# --- going on ----------------------------------------------------------------------------------------------------------


def _may_go_on(upload: StoredUpload, offset: int, size: int, now: datetime) -> None:
    if upload.clip is None and (now > upload.expires_at + UPLOAD_PATIENCE or not upload.in_force):
        raise UploadGone()
    if upload.clip == "dropped":
        raise UploadGone()
    if offset != upload.received:
        raise OffsetConflict()
    if offset + size > upload.size or size > PART_MAX_BYTES or len(upload.parts) >= PARTS_MAX:
        raise TooLarge()


async def _seen_through(office: Office, upload: StoredUpload) -> UploadState:
    """An upload as it stands, handed in if it is whole."""
    now = office.now()
    if upload.clip == "dropped" or (upload.clip is None and now > upload.expires_at + UPLOAD_PATIENCE):
        raise UploadGone()
    if not upload.whole or upload.clip == "judged":
        return _state(upload, upload)
    if upload.clip == "waiting":
        await _give(office.engine, office.identity, office.objects, upload)
    else:
        await _hand_in(office.engine, office.identity, office.objects, upload, await _joined(office.identity, office.objects, upload), now)
    return _state(upload, await office.identity.upload(upload.application_id, upload.id))


async def _joined(desk: IdentityDesk, objects: ObjectStore, upload: StoredUpload) -> bytes:
    kept = sorted((part for part in upload.parts if part.kept), key=lambda part: part.offset)
    try:
        return b"".join([await objects.get(part_key(upload.id, part.offset, part.sha256), part.sha256) for part in kept])
    except Unavailable:
        raise
    except DomainError as error:  # a part is damaged or lost: the clip has to be sent anew
        await _discard(desk, objects, upload)
        raise UploadGone() from error


async def _hand_in(engine: CaseEngine, desk: IdentityDesk, objects: ObjectStore, upload: NewUpload, data: bytes, now: datetime) -> None:
    """Make the clip and hand it over. Idempotency key: the upload, which the clip and its command are named after."""
    since = begin_of_day(now)
    try:
        digest = await objects.put(clip_key(upload.id), data, upload.media_type)
        await desk.make_clip(upload.id, digest, now, since, partial(require_room, now=now, pauses=False))
    except Unavailable:
        raise
    except DomainError:
        await objects.delete(clip_key(upload.id))
        raise
    if isinstance(upload, StoredUpload):
        await _forget_parts(objects, upload)
    await _give(engine, desk, objects, upload)


async def _give(engine: CaseEngine, desk: IdentityDesk, objects: ObjectStore, upload: NewUpload) -> None:
    clip = SubmitClip(clip_id=upload.id, challenge_id=upload.challenge_id)
    await hand_over(engine, desk, objects, upload.application_id, clip)


async def _forget_parts(objects: ObjectStore, upload: StoredUpload) -> None:
    for part in upload.parts:
        await objects.delete(part_key(upload.id, part.offset, part.sha256))


async def _discard(desk: IdentityDesk, objects: ObjectStore, upload: StoredUpload) -> None:
    """The store first: what is forgotten is gone. A clip that was made of it is its case's."""
    await _forget_parts(objects, upload)
    if upload.clip is None:
        await objects.delete(clip_key(upload.id))
    await desk.drop_upload(upload.id)


def _state(upload: NewUpload, stored: StoredUpload) -> UploadState:
    return UploadState(
        id=upload.id,
        size=upload.size,
        received=stored.received,
        media_type=upload.media_type,
        stated_seconds=upload.stated_seconds,
        expires_at=stored.expires_at + UPLOAD_PATIENCE,
        handed_in=stored.clip in ("waiting", "judged"),
    )
