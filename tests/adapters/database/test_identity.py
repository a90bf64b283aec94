"""Challenges, clips and what is known of them, in the real database."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from adapters.database import tables
from domain.application import Status
from domain.changes import CaseChange, IdentityAnswer
from domain.identity import IdentityVerdict, Prints
from domain.ids import new_id
from tests.builders import make_application_request, make_id_number
from tests.filing import Cabinet, some_station

PRINTS = Prints("ab" * 32, b"course of sound", b"course of motion")


def now() -> datetime:
    return datetime.now(UTC)


async def challenge_of(cabinet: Cabinet, case: UUID) -> dict[str, Any]:
    found: dict[str, Any] = (await cabinet.office.desk.case_file(case))["challenge"]
    return found


async def renew(cabinet: Cabinet, case: UUID, **asked: Any) -> dict[str, Any]:
    change = CaseChange(
        application_id=case, key=f"renewed:{new_id()}", at=now(), event="challenge_renewed", by="applicant", text=None,
        issue_challenge=True, **asked,
    )  # fmt: skip
    await cabinet.wiring.cases.apply(change)
    return await challenge_of(cabinet, case)


async def clip_of(cabinet: Cabinet, case: UUID, *, at: datetime | None = None, seconds: float | None = None) -> UUID:
    return await cabinet.clip(case, challenge_id=(await renew(cabinet, case))["id"], at=at, seconds=seconds)


def verdict(*, passed: bool, frames: int = 3) -> dict[str, Any]:
    made = IdentityVerdict(
        passed=passed,
        checks=[],
        clip_seconds=3,
        frames_compared=3,
        face_model="test",
        speech_model="test",
        frame_digests=["0" * 64] * frames,
    )
    return IdentityAnswer(verdict=made).model_dump(mode="json")


async def test_a_new_challenge_keeps_the_way_and_the_language_until_another_is_chosen(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    first = await challenge_of(cabinet, case)
    assert (first["way"], len(first["code"]), len(first["movements"])) == ("code_and_turn", 4, 1)
    silent = await renew(cabinet, case, challenge_way="movements", challenge_language="en")
    assert (silent["code"], len(silent["movements"])) == ("", 5)
    again = await renew(cabinet, case)
    assert (again["way"], again["language"], again["id"] != silent["id"]) == ("movements", "en", True)


async def test_what_a_challenge_asks_rests_encrypted(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    asked = await renew(cabinet, case, challenge_way="movements")
    async with cabinet.wiring.database.statement() as connection:
        row = (await connection.execute(tables.challenges.select().where(tables.challenges.c.id == asked["id"]))).one()
    assert not [m for m in asked["movements"] if m.encode() in bytes(row.movements_box)]


async def test_a_challenge_is_shown_once_and_the_clip_is_judged_from_then_on(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    shown = now()
    challenge = (await challenge_of(cabinet, case))["id"]
    assert await cabinet.wiring.identity.show_challenge(challenge, shown) == shown
    assert await cabinet.wiring.identity.show_challenge(challenge, shown + timedelta(minutes=1)) == shown
    clip = await cabinet.clip(case, challenge_id=challenge, at=shown + timedelta(seconds=9), seconds=6.5)
    question = await cabinet.wiring.identity.clip_question(clip)
    assert (question.handing.shown_at, question.handing.stated_seconds) == (shown, 6.5)
    assert question.asked.way == "code_and_turn" and len(question.asked.code) == 4 and question.asked.movements
    assert await challenge_of(cabinet, case) is None, "a challenge that was answered is not shown again"


async def test_a_clip_is_known_again_in_every_case_of_its_person_and_in_nobody_elses(cabinet: Cabinet) -> None:
    request = make_application_request(id_number=make_id_number(517, born="19910203"))
    mine = [await cabinet.case(some_station(), request) for _ in range(2)]
    first, second = [await clip_of(cabinet, case) for case in mine]
    others = await clip_of(cabinet, await cabinet.case(some_station()))
    for _ in range(2):  # an activity may come twice
        await cabinet.wiring.identity.save_verdict(first, verdict(passed=False), PRINTS, now())
    assert PRINTS in await cabinet.wiring.identity.earlier_prints(second)
    assert PRINTS not in await cabinet.wiring.identity.earlier_prints(first), "a clip is not its own replay"
    assert PRINTS not in await cabinet.wiring.identity.earlier_prints(others)


async def test_tries_are_counted_over_all_cases_of_a_person(cabinet: Cabinet) -> None:
    request = make_application_request(id_number=make_id_number(518, born="19920304"))
    cases = [await cabinet.case(some_station(), request) for _ in range(2)]
    began = now()
    clips = [await clip_of(cabinet, case, at=began + timedelta(seconds=n)) for n, case in enumerate(cases)]
    await cabinet.wiring.identity.save_verdict(clips[0], verdict(passed=False), None, now())
    tries = await cabinet.wiring.identity.tries_of(cases[1], began)
    assert [(made.application_id, made.passed) for made in tries] == [(cases[0], False), (cases[1], None)]
    assert await cabinet.wiring.identity.tries_of(cases[1], began + timedelta(minutes=1)) == []


async def test_clips_are_due_for_deletion_when_their_case_has_ended_and_once(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    clip = await clip_of(cabinet, case, at=datetime(2020, 1, 1, tzinfo=UTC))  # the oldest come first
    await cabinet.wiring.identity.save_verdict(clip, verdict(passed=True, frames=2), PRINTS, now())
    assert clip not in [kept.id for kept in await cabinet.wiring.identity.clips_to_delete()]
    await cabinet.apply(case, "withdrawn", status=Status.WITHDRAWN)
    assert (clip, 2) in await cabinet.wiring.identity.clips_to_delete()
    await cabinet.wiring.identity.clip_deleted(clip, now())
    assert clip not in [kept.id for kept in await cabinet.wiring.identity.clips_to_delete()]


async def test_what_clips_are_known_by_is_forgotten_after_its_time(cabinet: Cabinet) -> None:
    request = make_application_request(id_number=make_id_number(519, born="19930405"))
    old, new = [await clip_of(cabinet, await cabinet.case(some_station(), request)) for _ in range(2)]
    await cabinet.wiring.identity.save_verdict(old, verdict(passed=False), PRINTS, now() - timedelta(days=400))
    assert PRINTS in await cabinet.wiring.identity.earlier_prints(new)
    assert await cabinet.wiring.identity.forget_prints(now() - timedelta(days=300)) >= 1
    assert await cabinet.wiring.identity.earlier_prints(new) == []
