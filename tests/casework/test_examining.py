"""Who takes an identity check over sees faces only while they hold it, and each look is told to the person."""

import base64
import dataclasses
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from adapters.database.tables import identity_clips
from casework import examining, queueing
from casework.actors import ClerkActor
from casework.office import Office
from casework.reads import reads_of_case
from domain.errors import NotAllowed, NotFound, Unavailable, WorkItemNotClaimed
from domain.identity import CheckResult, IdentityVerdict, Way
from domain.ids import new_id
from domain.jurisdiction import Role
from domain.object_keys import frame_key
from domain.portraits import OneLook, PortraitAsk, PortraitShown, seal_for
from domain.service_item import StepKind
from domain.text import Bilingual
from tests.builders import make_application_request, make_id_number
from tests.driving import make_clerk
from tests.filing import Cabinet, some_station

pytestmark = pytest.mark.stack
PORTRAIT, FRAME = b"\xff\xd8\xff portrait", b"\xff\xd8\xff frame"
DARK = Bilingual(zh="光线太暗", en="Too dark")
NOTE = Bilingual(zh="距离 0.71，门槛 0.58", en="Distance 0.71, threshold 0.58")


class ClosedNetwork:
    """The engine's side of a look: answers as the registries' worker does, or not at all."""

    def __init__(self, portrait: bytes | None = PORTRAIT) -> None:
        self.portrait_held = portrait
        self.asked: list[PortraitAsk] = []
        self.away = False

    async def portrait(self, ask: PortraitAsk) -> PortraitShown:
        if self.away:
            raise Unavailable()
        self.asked.append(ask)
        return PortraitShown(sealed=seal_for(ask.reader, self.portrait_held) if self.portrait_held else None)


@dataclasses.dataclass
class Check:
    """A case whose first try failed, its identity check open at a counter."""

    office: Office
    network: ClosedNetwork
    case: UUID
    item: UUID
    clip: UUID
    clerk: ClerkActor


async def a_check(
    cabinet: Cabinet, *, kind: StepKind = StepKind.IDENTITY_CHECK, deleted: bool = False, way: Way = "code_and_turn"
) -> Check:
    station, network = some_station(), ClosedNetwork()
    case = await cabinet.case(station, make_application_request(id_number=make_id_number(78)))
    item = await cabinet.work_item(case, kind, Role.COUNTER)
    clip = await a_failed_try(cabinet, case, deleted=deleted, way=way)
    office = dataclasses.replace(cabinet.office, engine=network)  # type: ignore[arg-type]
    return Check(office, network, case, item, clip, make_clerk(Role.COUNTER, station=station))


async def a_failed_try(cabinet: Cabinet, case: UUID, *, deleted: bool, way: Way) -> UUID:
    clip, now = new_id(), datetime.now(UTC)
    digest = await cabinet.wiring.objects.put(frame_key(clip, 0), FRAME, "image/jpeg")
    verdict = IdentityVerdict(
        passed=False,
        checks=[
            CheckResult(name="quality", passed=True),
            CheckResult(name="face", passed=False, reason=DARK, note=NOTE, score=0.71),
            CheckResult(name="spoofing", passed=None),
            CheckResult(name="code", passed=None),
        ],
        way=way,
        clip_seconds=6.9,
        frames_compared=3,
        face_model="Dlib",
        speech_model="whisper-base",
        frame_digests=[digest],
    )
    challenge = (await cabinet.office.desk.case_file(case))["challenge"]
    row: dict[str, Any] = {
        "id": clip,
        "application_id": case,
        "challenge_id": challenge["id"],
        "sha256": "0" * 64,
        "media_type": "video/webm",
        "size": 9,
        "received_at": now,
        "verdict": {"verdict": verdict.model_dump(mode="json")},
        "deleted_at": now if deleted else None,
    }
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(insert(identity_clips).values(**row))
    return clip


async def purposes(check: Check) -> list[str]:
    return [read.purpose.zh for read in (await reads_of_case(check.office, check.clerk, check.case)).items]


async def test_the_holder_sees_each_tries_frames_and_why_each_check_came_out_so(cabinet: Cabinet) -> None:
    check = await a_check(cabinet)
    await queueing.claim(check.office, check.clerk, check.item)
    (tried,) = (await examining.identity_file(check.office, check.clerk, check.item)).tries
    assert (tried.clip_id, tried.passed, tried.frames) == (check.clip, False, 1)
    assert [(c.name, c.outcome) for c in tried.checks] == [
        ("quality", "passed"),
        ("face", "failed"),
        *[(name, "not_performed") for name in ("spoofing", "code")],
    ]
    assert (tried.checks[1].note, tried.checks[1].told) == (NOTE, DARK)
    assert await examining.frame(check.office, check.clerk, check.item, check.clip, 0) == FRAME
    assert await examining.portrait(check.office, check.clerk, check.item) == PORTRAIT
    (asked,) = check.network.asked
    assert (asked.id_number, asked.clerk_id) == (make_id_number(78), check.clerk.clerk_id)


@pytest.mark.parametrize(("way", "note"), [("movements", examining.NOTHING_READ), ("code_and_turn", None)])
async def test_what_a_way_does_not_ask_for_says_so(cabinet: Cabinet, way: Way, note: Bilingual | None) -> None:
    check = await a_check(cabinet, way=way)
    await queueing.claim(check.office, check.clerk, check.item)
    (tried,) = (await examining.identity_file(check.office, check.clerk, check.item)).tries
    assert [(c.name, c.note) for c in tried.checks if c.outcome == "not_performed"] == [("spoofing", None), ("code", note)]


async def test_a_look_is_told_once_a_day_and_stands_there_before_it_happens(cabinet: Cabinet) -> None:
    check = await a_check(cabinet)
    await queueing.claim(check.office, check.clerk, check.item)
    check.network.away = True
    with pytest.raises(Unavailable):
        await examining.portrait(check.office, check.clerk, check.item)
    assert (await purposes(check)).count("窗口核验是否本人：查看核验视频中的画面") == 1
    for number in (0, 0):
        await examining.frame(check.office, check.clerk, check.item, check.clip, number)
    assert (await purposes(check)).count("窗口核验是否本人：查看核验视频中的画面") == 1


async def test_nobody_sees_a_face_who_does_not_hold_the_check(cabinet: Cabinet) -> None:
    check = await a_check(cabinet)
    colleague = make_clerk(Role.COUNTER, station=check.clerk.scope.station)
    for clerk in (check.clerk, colleague):  # nobody has claimed it
        with pytest.raises(WorkItemNotClaimed):
            await examining.portrait(check.office, clerk, check.item)
    await queueing.claim(check.office, check.clerk, check.item)
    with pytest.raises(WorkItemNotClaimed):
        await examining.frame(check.office, colleague, check.item, check.clip, 0)
    for stranger in (make_clerk(Role.COUNTER, station=some_station()), make_clerk(Role.PRE_REVIEWER, station=check.clerk.scope.station)):
        with pytest.raises(NotAllowed):
            await examining.identity_file(check.office, stranger, check.item)
    assert check.network.asked == []
    assert "窗口核验是否本人：查看核验视频中的画面" not in await purposes_as(check, colleague)


async def purposes_as(check: Check, clerk: ClerkActor) -> list[str]:
    reads = (await reads_of_case(check.office, clerk, check.case)).items
    return [read.purpose.zh for read in reads]


async def test_other_work_shows_no_faces(cabinet: Cabinet) -> None:
    check = await a_check(cabinet, kind=StepKind.COUNTER_CHECK)
    await queueing.claim(check.office, check.clerk, check.item)
    with pytest.raises(NotFound):
        await examining.identity_file(check.office, check.clerk, check.item)


async def test_frames_that_are_gone_or_another_cases_are_not_found(cabinet: Cabinet) -> None:
    check, other = await a_check(cabinet, deleted=True), await a_check(cabinet)
    await queueing.claim(check.office, check.clerk, check.item)
    assert (await examining.identity_file(check.office, check.clerk, check.item)).tries[0].frames == 0
    for clip, number in ((check.clip, 0), (other.clip, 0), (new_id(), 0)):
        with pytest.raises(NotFound):
            await examining.frame(check.office, check.clerk, check.item, clip, number)


async def test_somebody_without_a_portrait_has_none(cabinet: Cabinet) -> None:
    check = await a_check(cabinet)
    await queueing.claim(check.office, check.clerk, check.item)
    check.network.portrait_held = None
    with pytest.raises(NotFound):
        await examining.portrait(check.office, check.clerk, check.item)


def test_what_the_engine_keeps_of_a_portrait_is_unreadable() -> None:
    shown = PortraitShown(sealed=seal_for(OneLook().public, PORTRAIT))
    assert shown.sealed and PORTRAIT not in base64.b64decode(shown.sealed)
