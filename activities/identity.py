"""The identity check of one clip; CPU-heavy, in a process of its own. Portraits and codes live in memory only."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio import activity

from activities.registries import portrait_query
from domain.changes import ClipRef, IdentityAnswer
from domain.errors import NotFound, ObjectDamaged, RegistryUnavailable
from domain.identity import CheckResult, Examined, IdentityVerdict
from domain.object_keys import clip_key, frame_key
from domain.ports import IdentityVerifier, ObjectStore, RegistryConnector
from domain.reads import IDENTITY, PersonalRead, ReadRecords
from domain.records import CaseRecords, ClipQuestion, IdentityRecords
from domain.text import Bilingual

HEARTBEAT_SECONDS = 2.0

_LATE = Bilingual(zh="常住人口信息暂时没有答复，系统会自动重试", en="The resident population registry is not answering yet; we keep trying")

_PURPOSE = Bilingual(zh="核验是否本人：与您录制的视频比对", en="Identity check: to compare with the clip that you recorded")

_LOST = Bilingual(zh="视频没有保存好，请重新录制", en="The clip was not kept in order. Please record it again")


def _lost_clip() -> Examined:
    check = CheckResult(name="clip", passed=False, reason=_LOST)
    verdict = IdentityVerdict(passed=False, checks=[check], clip_seconds=0, frames_compared=0, face_model="-", speech_model="-")
    return Examined(verdict, [], None)


async def _beat() -> None:
    """Tell the engine that this worker is alive, so that a dead one's clip goes to another soon."""
    while activity.in_activity():
        activity.heartbeat()
        await asyncio.sleep(HEARTBEAT_SECONDS)


@dataclass
class IdentityActivities:
    """`keep_clips`: clips and their clearest frames stay, encrypted, until the case has its decision; else they go with the verdict."""

    records: CaseRecords
    identity: IdentityRecords
    objects: ObjectStore
    registries: RegistryConnector
    verifier: IdentityVerifier
    reads: ReadRecords
    keep_clips: bool = True

    @activity.defn
    async def verify_identity(self, ref: ClipRef) -> IdentityAnswer:
        """Compare a clip with the registry's portrait and what was asked. Idempotency key: the clip.

        The verdict is kept first; only then does the clip go, so that a repeated call answers the same.
        """
        beating = asyncio.create_task(_beat())
        try:
            return await self._answer(ref)
        finally:
            beating.cancel()

    async def _answer(self, ref: ClipRef) -> IdentityAnswer:
        question = await self.identity.clip_question(ref.clip_id)
        if question.verdict is not None:
            return IdentityAnswer.model_validate(question.verdict)
        query = portrait_query(ref.application_id, ref.clip_id, question.id_number)
        # Before it happens: what cannot be recorded is not asked.
        await self.reads.record(
            PersonalRead(
                key=f"portrait:{ref.clip_id}",
                subject=query.id_number,
                at=datetime.now(UTC),
                by=IDENTITY,
                source=query.source,
                purpose=_PURPOSE,
                fields=["portrait"],
                application_id=ref.application_id,
            )
        )
        try:
            portrait = await self.registries.portrait(query)
        except RegistryUnavailable:
            await self._say_late(ref)
            raise
        examined = await self._examine(ref, portrait, question) if portrait is not None else None
        answer = IdentityAnswer(verdict=examined.verdict if examined else None)
        if examined and answer.verdict and self.keep_clips:
            answer.verdict.frame_digests = await self._keep_frames(ref, examined.frames)
        now = datetime.now(UTC)
        await self.identity.save_verdict(ref.clip_id, answer.model_dump(mode="json"), examined.prints if examined else None, now)
        if not self.keep_clips:
            await self.objects.delete(clip_key(ref.clip_id))
            await self.identity.clip_deleted(ref.clip_id, now)
        return answer

    async def _examine(self, ref: ClipRef, portrait: bytes, question: ClipQuestion) -> Examined:
        try:
            clip = await self.objects.get(clip_key(ref.clip_id), question.sha256)
        except (NotFound, ObjectDamaged):  # never the end of a case: another clip can be recorded
            return _lost_clip()
        earlier = await self.identity.earlier_prints(ref.clip_id)
        return await self.verifier.verify(clip, portrait, question.asked, question.handing, earlier)

    async def _keep_frames(self, ref: ClipRef, frames: list[bytes]) -> list[str]:
        """For the clerk who takes over. Returns their digests."""
        return [await self.objects.put(frame_key(ref.clip_id, number), frame, "image/jpeg") for number, frame in enumerate(frames)]

    async def _say_late(self, ref: ClipRef) -> None:
        await self.records.waiting_note(
            ref.application_id,
            "identity-check",
            at=datetime.now(UTC),
            event="registry_late",
            key=f"late:portrait:{ref.clip_id}",
            label=_LATE,
            late=True,
        )
