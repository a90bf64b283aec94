"""A clip on its way into its case: stored and written down first, then handed over, however often it takes."""

from datetime import datetime, timedelta
from uuid import UUID

from casework.engine import CaseEngine
from casework.identity_ports import IdentityDesk
from domain.changes import SubmitClip
from domain.errors import DomainError, Unavailable
from domain.object_keys import clip_key, frame_key
from domain.ports import ObjectStore


async def hand_over(engine: CaseEngine, desk: IdentityDesk, objects: ObjectStore, application_id: UUID, clip: SubmitClip) -> None:
    """Give a case its clip. Idempotency key: the clip. One that the case refuses is forgotten.

    Raises:
        Unavailable: the case may have taken it, so the clip stays.
        DomainError: why the case refused it.
    """
    try:
        await engine.command(application_id, "submit_identity_clip", clip, command_id=f"clip-{clip.clip_id}")
    except Unavailable:
        raise
    except DomainError:
        await desk.drop_clip(clip.clip_id)
        await objects.delete(clip_key(clip.clip_id))
        raise


async def hand_over_waiting(engine: CaseEngine, desk: IdentityDesk, objects: ObjectStore, received_before: datetime) -> int:
    """Hand over again what lies without a verdict in a case that awaits one: who took it may have died before the case heard of it.

    Returns how many lay there. A case that has its clip already answers as it did before.
    """
    waiting = await desk.clips_without_verdict(received_before)
    for row in waiting:
        clip = SubmitClip(clip_id=row["id"], challenge_id=row["challenge_id"])
        try:
            await hand_over(engine, desk, objects, row["application_id"], clip)
        except Unavailable:
            return len(waiting)
        except DomainError:
            continue
    return len(waiting)


async def delete_spent(desk: IdentityDesk, objects: ObjectStore, now: datetime, *, prints_kept: timedelta) -> int:
    """Delete the clips and frames of cases that have ended, and forget what older clips are known by.

    Returns how many clips were deleted. The store first: what is marked as deleted is gone.
    """
    spent = await desk.clips_to_delete()
    for clip in spent:
        for key in (clip_key(clip.id), *(frame_key(clip.id, number) for number in range(clip.frames))):
            await objects.delete(key)
        await desk.clip_deleted(clip.id, now)
    await desk.forget_prints(now - prints_kept)
    return len(spent)
