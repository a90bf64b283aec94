"""The clerk who takes an identity check over: frames of each try beside the registry's portrait, and why each check came out so."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from casework.actors import ClerkActor
from casework.holding import is_theirs
from casework.office import Office
from casework.queueing import worked_by
from casework.reads import enter_identity_look
from domain.clock import day_in_china
from domain.errors import FourEyes, NotAllowed, NotFound, WorkItemNotClaimed
from domain.identity import CheckName, CheckResult, IdentityVerdict, Way
from domain.object_keys import frame_key
from domain.portraits import OneLook, PortraitAsk
from domain.service_item import StepKind
from domain.text import Bilingual
from domain.work_items import WorkItemStatus

CHECK_TEXT: Mapping[CheckName, Bilingual] = {
    "clip": Bilingual(zh="视频能打开", en="The clip opens"),
    "fresh": Bilingual(zh="当场录制", en="Recorded just then"),
    "quality": Bilingual(zh="画面清楚", en="The picture is clear"),
    "one_person": Bilingual(zh="只有一个人", en="One person"),
    "face": Bilingual(zh="与户籍照片是同一人", en="Same person as the portrait"),
    "spoofing": Bilingual(zh="不是照片或屏幕", en="No photo, no screen"),
    "movement": Bilingual(zh="按要求做动作", en="Moved as asked"),
    "code": Bilingual(zh="读出的数字", en="The digits read aloud"),
    "lips": Bilingual(zh="嘴唇与声音一致", en="Lips move with the sound"),
}
WAY_TEXT: Mapping[Way, Bilingual] = {
    "code_and_turn": Bilingual(zh="读数字加转头", en="Digits and a turn of the head"),
    "movements": Bilingual(zh="只做动作", en="Movements only"),
    "digits": Bilingual(zh="读数字、移动手机", en="Digits, and moving the phone"),
}
NOTHING_READ = Bilingual(zh="这种录法不读数字。", en="In this way nothing is read aloud.")
Outcome = Literal["passed", "failed", "not_performed"]


class CheckView(BaseModel):
    """One question of the check. `note`: what was looked at; `told`: what the applicant was told to do better."""

    name: CheckName
    text: Bilingual
    outcome: Outcome
    note: Bilingual | None
    told: Bilingual | None


class TryView(BaseModel):
    """One clip. `passed` None: nobody to compare with, or no answer yet. `frames`: how many pictures can be looked at."""

    clip_id: UUID
    received_at: datetime
    way_text: Bilingual
    passed: bool | None
    frames: int
    checks: list[CheckView]
    policy: str


class IdentityFile(BaseModel):
    """Newest try first."""

    work_item_id: UUID
    tries: list[TryView]


async def identity_file(office: Office, actor: ClerkActor, work_item_id: UUID) -> IdentityFile:
    """What the machine found in each try. The look is entered first.

    Raises:
        NotFound, NotAllowed, FourEyes: no identity check of this clerk's counter. WorkItemNotClaimed: they do not hold it.
    """
    record = await _held(office, actor, work_item_id)
    clips = (await office.desk.case_file(record["application_id"]))["clips"]
    return IdentityFile(work_item_id=work_item_id, tries=[_try(clip) for clip in reversed(clips)])


async def frame(office: Office, actor: ClerkActor, work_item_id: UUID, clip_id: UUID, number: int) -> bytes:
    """A JPEG of one of a try's clearest moments, from 0.

    Raises:
        NotFound: none is kept under this number. Others as above.
    """
    record = await _held(office, actor, work_item_id)
    clips = (await office.desk.case_file(record["application_id"]))["clips"]
    verdict = next((_verdict(clip) for clip in clips if clip["id"] == clip_id and clip["deleted_at"] is None), None)
    if verdict is None or not 0 <= number < len(verdict.frame_digests):
        raise NotFound()
    return await office.objects.get(frame_key(clip_id, number), verdict.frame_digests[number])


async def portrait(office: Office, actor: ClerkActor, work_item_id: UUID) -> bytes:
    """The registry's portrait, asked for now and kept nowhere.

    Raises:
        NotFound: the registry has none. Unavailable: it does not answer. Others as above.
    """
    record = await _held(office, actor, work_item_id)
    case = await office.desk.case_file(record["application_id"])
    look = OneLook()
    shown = await office.engine.portrait(
        PortraitAsk(
            work_item_id=work_item_id,
            application_id=record["application_id"],
            clerk_id=actor.clerk_id,
            id_number=await office.desk.id_number_of(case["person_id"]),
            day=day_in_china(office.now()),
            reader=look.public,
        )
    )
    if shown.sealed is None:
        raise NotFound()
    return look.open(shown.sealed)


async def _held(office: Office, actor: ClerkActor, work_item_id: UUID) -> Mapping[str, Any]:
    """The work item, whose look is entered: faces are shown to nobody but who holds it."""
    record = await worked_by(office, actor, work_item_id)
    if record["kind"] != StepKind.IDENTITY_CHECK.value:
        raise NotFound()
    if not is_theirs(actor, record):
        raise NotAllowed()
    if record["barred"]:
        raise FourEyes()
    if record["status"] != WorkItemStatus.CLAIMED.value or record["claimed_by"] != actor.clerk_id:
        raise WorkItemNotClaimed()
    await enter_identity_look(office, actor, record["application_id"])
    return record


def _try(clip: Mapping[str, Any]) -> TryView:
    verdict = _verdict(clip)
    gone = clip["deleted_at"] is not None
    return TryView(
        clip_id=clip["id"],
        received_at=clip["received_at"],
        way_text=WAY_TEXT[verdict.way if verdict else "code_and_turn"],
        passed=verdict.passed if verdict else None,
        frames=len(verdict.frame_digests) if verdict and not gone else 0,
        checks=[_check(check, verdict.way) for check in verdict.checks] if verdict else [],
        policy=verdict.policy if verdict else "",
    )


def _verdict(clip: Mapping[str, Any]) -> IdentityVerdict | None:
    stored = (clip["verdict"] or {}).get("verdict")
    return IdentityVerdict.model_validate(stored) if stored else None


def _check(check: CheckResult, way: Way) -> CheckView:
    outcomes: Mapping[bool | None, Outcome] = {True: "passed", False: "failed", None: "not_performed"}
    unasked = check.passed is None and way == "movements" and check.name in ("code", "lips")
    note = check.note or (NOTHING_READ if unasked else None)
    return CheckView(name=check.name, text=CHECK_TEXT[check.name], outcome=outcomes[check.passed], note=note, told=check.reason)
