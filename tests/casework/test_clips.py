"""A clip reaches its case although the API or the engine died in between."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from casework.clips import delete_spent, hand_over, hand_over_waiting
from casework.engine import CaseEngine
from casework.identity_ports import IdentityDesk
from domain.changes import SubmitClip
from domain.errors import ChallengeExpired, DomainError, Unavailable
from domain.ids import new_id
from domain.object_keys import clip_key, frame_key
from domain.ports import ObjectStore
from domain.records import KeptClip


class Case:
    """The engine's side: answers with `refusal` where there is one, and remembers what it was told."""

    def __init__(self, refusal: DomainError | None = None) -> None:
        self.refusal = refusal
        self.told: list[tuple[UUID, str | None]] = []

    async def command(self, application_id: UUID, name: str, command: SubmitClip, *, command_id: str | None = None) -> None:
        assert name == "submit_identity_clip"
        if self.refusal is not None:
            raise self.refusal
        self.told.append((application_id, command_id))


class Shelf:
    """Desk and store in one: the clips that lie there."""

    def __init__(self, *clips: SubmitClip) -> None:
        self.rows = [{"id": c.clip_id, "application_id": new_id(), "challenge_id": c.challenge_id} for c in clips]
        self.deleted: list[str] = []

    async def clips_without_verdict(self, received_before: datetime) -> list[dict[str, Any]]:
        return list(self.rows)

    async def drop_clip(self, clip_id: UUID) -> None:
        self.rows = [row for row in self.rows if row["id"] != clip_id]

    async def delete(self, key: str) -> None:
        self.deleted.append(key)

    async def clips_to_delete(self, at_most: int = 100) -> list[KeptClip]:
        return [KeptClip(row["id"], 2) for row in self.rows]

    async def clip_deleted(self, clip_id: UUID, at: datetime) -> None:
        assert clip_key(clip_id) in self.deleted, "what is marked as deleted is gone"
        await self.drop_clip(clip_id)

    async def forget_prints(self, made_before: datetime) -> int:
        self.forgotten_before = made_before
        return 0


def clip() -> SubmitClip:
    return SubmitClip(clip_id=new_id(), challenge_id=new_id())


async def hand_over_all(case: Case, shelf: Shelf) -> int:
    return await hand_over_waiting(cast(CaseEngine, case), cast(IdentityDesk, shelf), cast(ObjectStore, shelf), datetime.now(UTC))


async def test_a_clip_that_lies_there_is_handed_to_its_case_under_its_own_command_id() -> None:
    lost = clip()
    case, shelf = Case(), Shelf(lost)
    assert await hand_over_all(case, shelf) == 1
    assert case.told == [(shelf.rows[0]["application_id"], f"clip-{lost.clip_id}")]


async def test_a_clip_stays_while_the_engine_is_away() -> None:
    shelf = Shelf(clip(), clip())
    await hand_over_all(Case(Unavailable()), shelf)
    assert len(shelf.rows) == 2
    assert shelf.deleted == []


async def test_a_clip_that_came_too_late_is_forgotten_and_the_next_one_still_handed_over() -> None:
    late, other = clip(), clip()
    shelf = Shelf(late, other)
    await hand_over_all(Case(ChallengeExpired()), shelf)
    assert shelf.rows == []
    assert shelf.deleted == [clip_key(late.clip_id), clip_key(other.clip_id)]


async def test_who_hands_in_a_clip_reads_why_the_case_refused_it() -> None:
    shelf, refused = Shelf(), clip()
    with pytest.raises(ChallengeExpired):
        await hand_over(cast(CaseEngine, Case(ChallengeExpired())), cast(IdentityDesk, shelf), cast(ObjectStore, shelf), new_id(), refused)
    assert shelf.deleted == [clip_key(refused.clip_id)]


async def test_clips_of_ended_cases_go_with_their_frames_and_old_fingerprints_after_their_days() -> None:
    spent, now = clip(), datetime.now(UTC)
    shelf = Shelf(spent)
    assert await delete_spent(cast(IdentityDesk, shelf), cast(ObjectStore, shelf), now, prints_kept=timedelta(days=180)) == 1
    assert shelf.deleted == [clip_key(spent.clip_id), frame_key(spent.clip_id, 0), frame_key(spent.clip_id, 1)]
    assert (shelf.rows, shelf.forgotten_before) == ([], now - timedelta(days=180))
