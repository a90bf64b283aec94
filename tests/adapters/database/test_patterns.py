"""Odd patterns, each planted in the real database beside its near misses."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, update

from adapters.database import tables
from adapters.database.callbacks import CallbackStore
from adapters.database.patterns import PatternStore
from casework.supervising import look
from domain.application import Status
from domain.changes import IdentityAnswer
from domain.identity import IdentityVerdict
from domain.ids import new_id
from domain.inquiries import Oddity, Pattern, Thresholds
from domain.jurisdiction import Role
from domain.service_item import StepKind
from tests.builders import make_application_request, make_id_number
from tests.filing import Cabinet, some_station

pytestmark = pytest.mark.stack
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def patterns(cabinet: Cabinet) -> PatternStore:
    return PatternStore(cabinet.wiring.database, Thresholds())


async def write(cabinet: Cabinet, *statements: Any) -> None:
    async with cabinet.wiring.database.transaction() as connection:
        for statement in statements:
            await connection.execute(statement)


async def add_clerk(cabinet: Cabinet, role: Role, *, county: str, station: str | None = None, active: bool = True) -> str:
    clerk_id = str(uuid4())
    row = {"id": clerk_id, "login": clerk_id, "name": "民警", "role": role.value, "county": county, "station": station}
    row_more: Mapping[str, Any] = {"password_hash": "x", "totp_secret_box": b"x", "active": active, "created_at": now()}
    await write(cabinet, insert(tables.clerks).values(**row, **row_more))
    return clerk_id


async def find(patterns: PatternStore, pattern: Pattern, of: Any, *, at: datetime | None = None) -> list[Oddity]:
    """Those of this pattern whose key or case names one of `of`; other tests' rows are in the same tables."""
    names = [str(one) for one in of] if isinstance(of, list | set | tuple) else [str(of)]
    found = await patterns.odd(at or now(), LONG_AGO)
    return [o for o in found if o.pattern is pattern and (any(n in o.key for n in names) or str(o.application_id) in names)]


# --- one clerk approving in seconds ---


async def approve(
    cabinet: Cabinet, clerk_id: str, seconds: Sequence[float], *, ended: timedelta = timedelta(), outcome: str = "approve"
) -> None:
    case = await cabinet.case(some_station())
    for lasted in seconds:
        closed = now() - ended - timedelta(seconds=1)
        row = {"id": new_id(), "application_id": case, "kind": "approval", "role": "approver", "jurisdiction": "330302", "name": {}}
        more = {"status": "completed", "claimed_by": clerk_id, "claimed_at": closed - timedelta(seconds=lasted), "closed_at": closed}
        rest = {"due_at": now(), "opened_at": closed - timedelta(hours=1), "outcome": outcome, "findings": {}}
        await write(cabinet, insert(tables.work_items).values(**row, **more, **rest))


async def test_five_approvals_within_an_hour_each_in_seconds_are_odd(cabinet: Cabinet, patterns: PatternStore) -> None:
    clerk = await add_clerk(cabinet, Role.APPROVER, county="330302")
    await approve(cabinet, clerk, [3, 19.9, 8, 1, 12])
    (odd,) = await find(patterns, Pattern.HASTY_APPROVALS, clerk)
    assert (odd.clerk_id, odd.county, odd.facts["approvals"]) == (clerk, "330302", 5)
    assert len(odd.facts["cases"]) == 1


@pytest.mark.parametrize(
    "planted",
    [
        {"seconds": [3, 4, 5, 6]},  # four
        {"seconds": [3, 4, 5, 6, 20]},  # the fifth took its time
        {"seconds": [3, 4, 5, 6, 7], "ended": timedelta(minutes=61)},  # over an hour ago
        {"seconds": [3, 4, 5, 6, 7], "outcome": "refuse"},  # nothing was approved
    ],
)
async def test_approvals_that_are_nearly_hasty_are_left_alone(cabinet: Cabinet, patterns: PatternStore, planted: dict[str, Any]) -> None:
    clerk = await add_clerk(cabinet, Role.APPROVER, county="330302")
    await approve(cabinet, clerk, **planted)
    assert await find(patterns, Pattern.HASTY_APPROVALS, clerk) == []


# --- one address with many movers ---


async def movers(cabinet: Cabinet, n: int, *, people: int | None = None, days_ago: int = 1, status: str = "completed") -> bytes:
    """`n` cases to one address by so many people."""
    address, station = uuid4().bytes * 2, some_station()
    for number in range(n):
        request = make_application_request(id_number=make_id_number(number % (people or n), born="19810304", division="330303"))
        case = await cabinet.case(station, request)
        opened = now() - timedelta(days=days_ago)
        change = update(tables.applications).where(tables.applications.c.id == case)
        await write(cabinet, change.values(address_index=address, opened_at=opened, status=status))
    return address


def named(address: bytes) -> str:
    return f"crowded_address:{address.hex()[:32]}"


async def test_ten_people_who_move_to_one_address_in_ninety_days_are_odd(cabinet: Cabinet, patterns: PatternStore) -> None:
    address = await movers(cabinet, 10, days_ago=89)
    (odd,) = await find(patterns, Pattern.CROWDED_ADDRESS, named(address))
    assert odd.facts["movers"] == 10 and len(odd.facts["cases"]) == 10
    assert odd.station is not None and odd.county == odd.station[:6]


@pytest.mark.parametrize("planted", [{"n": 9}, {"n": 11, "people": 9}, {"n": 10, "days_ago": 91}, {"n": 10, "status": "withdrawn"}])
async def test_an_address_that_is_nearly_crowded_is_left_alone(cabinet: Cabinet, patterns: PatternStore, planted: dict[str, Any]) -> None:
    address = await movers(cabinet, **planted)
    assert await find(patterns, Pattern.CROWDED_ADDRESS, named(address)) == []


async def test_an_address_is_looked_at_again_only_when_a_case_of_it_moved(cabinet: Cabinet, patterns: PatternStore) -> None:
    address = await movers(cabinet, 10)
    later = now() + timedelta(minutes=1)
    odd = await patterns.odd(later, later)
    assert [o for o in odd if o.key.startswith(named(address))] == []


# --- many tries of one face check ---


async def failed_clips(cabinet: Cabinet, cases: Sequence[UUID], n: int, *, passed: bool = False, ago: timedelta = timedelta()) -> None:
    """Handed in and judged as a case does it."""
    verdict = IdentityVerdict(passed=passed, checks=[], clip_seconds=3, frames_compared=3, face_model="test", speech_model="test")
    received_at = now() - ago - timedelta(seconds=1)
    for number in range(n):
        clip_id = await cabinet.clip(cases[number % len(cases)], at=received_at)
        await cabinet.wiring.identity.save_verdict(clip_id, IdentityAnswer(verdict=verdict).model_dump(mode="json"), None, received_at)


async def cases_of_one_person(cabinet: Cabinet) -> list[UUID]:
    number = make_id_number(int(uuid4()) % 1000, born=f"19{int(uuid4()) % 90 + 10}0{int(uuid4()) % 9 + 1}11")
    request = make_application_request(id_number=number)
    return [await cabinet.case(some_station(), request) for _ in range(2)]


async def test_six_failed_clips_of_one_person_in_a_day_over_all_cases_are_odd(cabinet: Cabinet, patterns: PatternStore) -> None:
    cases = await cases_of_one_person(cabinet)
    await failed_clips(cabinet, cases, 6)
    (odd,) = await find(patterns, Pattern.FACE_RETRIES, cases)
    assert odd.facts["failures"] == 6 and set(odd.facts["cases"]) == {str(case) for case in cases}


async def test_clips_that_are_nearly_too_many_are_left_alone(cabinet: Cabinet, patterns: PatternStore) -> None:
    five, old, passed = [await cases_of_one_person(cabinet) for _ in range(3)]
    await failed_clips(cabinet, five, 5)
    await failed_clips(cabinet, old, 6, ago=timedelta(hours=24))
    await failed_clips(cabinet, passed, 5)
    await failed_clips(cabinet, passed, 3, passed=True)
    assert await find(patterns, Pattern.FACE_RETRIES, [*five, *old, *passed]) == []


# --- forged call-backs ---


async def forged(cabinet: Cabinet, provider: Any, n: int, *, ago: timedelta = timedelta()) -> None:
    """As whoever takes in call-backs notes them."""
    for _ in range(n):
        await CallbackStore(cabinet.wiring.database).note_forged(provider, "bad signature", None, "ab", now() - ago - timedelta(seconds=1))


async def test_three_forged_callbacks_in_an_hour_are_odd_and_two_are_not(cabinet: Cabinet, patterns: PatternStore) -> None:
    three, two, old, others = (f"sender-{uuid4()}" for _ in range(4))
    await forged(cabinet, three, 3)
    await forged(cabinet, two, 2)
    await forged(cabinet, old, 3, ago=timedelta(minutes=60))
    await forged(cabinet, others, 2)
    for why in (None, "repeated"):
        row = {"provider": others, "received_at": now(), "accepted": why is None, "why": why, "body_sha256": ""}
        await write(cabinet, *(insert(tables.callbacks).values(**row, id=new_id(), event_id=str(uuid4())) for _ in range(4)))
    assert [o.facts["callbacks"] for o in await find(patterns, Pattern.FORGED_CALLBACKS, three)] == [3]
    assert await find(patterns, Pattern.FORGED_CALLBACKS, [two, old, others]) == []


# --- overdue ---


async def work_item(cabinet: Cabinet, kind: StepKind, role: Role, **changes: Any) -> tuple[UUID, UUID]:
    """A case with an open work item of this kind, changed so; case and work item."""
    station = changes.pop("station", None) or some_station()
    case = await cabinet.case(station, changes.pop("request", None))
    item = await cabinet.work_item(case, kind, role, changes.pop("level", "station"))
    if changes:
        await write(cabinet, update(tables.work_items).where(tables.work_items.c.id == item).values(**changes))
    return case, item


async def test_work_past_its_limit_is_odd_unless_its_clock_stands_still_or_the_applicant_is_awaited(
    cabinet: Cabinet, patterns: PatternStore
) -> None:
    past = now() - timedelta(minutes=11)
    late, _ = await work_item(cabinet, StepKind.PRE_REVIEW, Role.PRE_REVIEWER, due_at=past)
    not_yet, _ = await work_item(cabinet, StepKind.PRE_REVIEW, Role.PRE_REVIEWER, due_at=now() + timedelta(minutes=1))
    just_now, _ = await work_item(cabinet, StepKind.PRE_REVIEW, Role.PRE_REVIEWER, due_at=now() - timedelta(minutes=1))
    paused, _ = await work_item(cabinet, StepKind.PRE_REVIEW, Role.PRE_REVIEWER, due_at=past, paused_at=past)
    counter, _ = await work_item(cabinet, StepKind.COUNTER_CHECK, Role.COUNTER, due_at=past)
    done, _ = await work_item(cabinet, StepKind.PRE_REVIEW, Role.PRE_REVIEWER, due_at=past, status="completed")
    found = await find(patterns, Pattern.OVERDUE, [late, not_yet, just_now, paused, counter, done])
    assert [o.application_id for o in found] == [late]


async def test_a_case_past_its_legal_limit_is_odd_until_it_ends(cabinet: Cabinet, patterns: PatternStore) -> None:
    past, ended, near = [await cabinet.case(some_station()) for _ in range(3)]
    for case, due, end in ((past, -11, None), (ended, -11, now()), (near, 11, None)):
        change = update(tables.applications).where(tables.applications.c.id == case)
        await write(cabinet, change.values(legal_due_at=now() + timedelta(minutes=due), ended_at=end))
    assert [o.application_id for o in await find(patterns, Pattern.LEGAL_LIMIT, [past, ended, near])] == [past]


# --- cases that cannot go on ---


async def stand_still(cabinet: Cabinet, status: Status, ago: timedelta, waiting: Sequence[Mapping[str, Any]] = ()) -> UUID:
    case = await cabinet.case(some_station())
    change = update(tables.applications).where(tables.applications.c.id == case)
    await write(cabinet, change.values(status=status.value, updated_at=now() - ago, waiting_for=list(waiting)))
    return case


async def test_a_case_that_has_not_moved_while_the_machine_is_awaited_is_odd(cabinet: Cabinet, patterns: PatternStore) -> None:
    for_registry = [{"who": "registry", "what": "property", "text": {"zh": "等待", "en": "waiting"}, "late": True}]
    registry = await stand_still(cabinet, Status.GATHERING, timedelta(hours=25), for_registry)
    system = await stand_still(cabinet, Status.GATHERING, timedelta(hours=25))
    document = await stand_still(cabinet, Status.ISSUING, timedelta(minutes=61))
    left_alone = [
        await stand_still(cabinet, Status.GATHERING, timedelta(hours=23), for_registry),
        await stand_still(cabinet, Status.ISSUING, timedelta(minutes=59)),
        await stand_still(cabinet, Status.REVIEWING, timedelta(days=30)),  # a person is awaited
        await stand_still(cabinet, Status.AWAITING_COUNTER, timedelta(days=30)),  # the applicant is
    ]
    found = {o.application_id: o.facts["what"] for o in await find(patterns, Pattern.UNDOABLE, [registry, system, document, *left_alone])}
    assert found == {registry: "registry", system: "system", document: "document"}


async def test_a_case_that_moved_and_stands_still_again_is_another_inquiry(cabinet: Cabinet, patterns: PatternStore) -> None:
    case = await stand_still(cabinet, Status.GATHERING, timedelta(hours=50))
    (first,) = await find(patterns, Pattern.UNDOABLE, case)
    await cabinet.wiring.inquiries.open(
        key=first.key, pattern=first.pattern, county="330302", opened_by="machine", at=now(), application_id=case
    )
    assert await find(patterns, Pattern.UNDOABLE, case) == []
    moved = update(tables.applications).where(tables.applications.c.id == case).values(updated_at=now() - timedelta(hours=26))
    await write(cabinet, moved)
    assert [o.application_id for o in await find(patterns, Pattern.UNDOABLE, case)] == [case]


LONG = timedelta(minutes=61)


async def test_work_that_nobody_active_may_do_is_odd(cabinet: Cabinet, patterns: PatternStore) -> None:
    here, elsewhere = some_station(), some_station()
    await add_clerk(cabinet, Role.PRE_REVIEWER, county=here[:6], station=elsewhere)
    await add_clerk(cabinet, Role.APPROVER, county=here[:6])
    await add_clerk(cabinet, Role.PRE_REVIEWER, county=here[:6], station=here, active=False)
    case, _ = await work_item(cabinet, StepKind.PRE_REVIEW, Role.PRE_REVIEWER, station=here, opened_at=now() - LONG)
    assert [o.facts["what"] for o in await find(patterns, Pattern.UNDOABLE, case)] == ["unstaffed"]
    await add_clerk(cabinet, Role.PRE_REVIEWER, county=here[:6], station=here)
    assert await find(patterns, Pattern.UNDOABLE, case) == []


async def test_work_that_is_new_or_held_or_paused_is_not_undoable(cabinet: Cabinet, patterns: PatternStore) -> None:
    new, _ = await work_item(cabinet, StepKind.PRE_REVIEW, Role.PRE_REVIEWER, opened_at=now() - timedelta(minutes=59))
    held, _ = await work_item(cabinet, StepKind.PRE_REVIEW, Role.PRE_REVIEWER, opened_at=now() - LONG, status="claimed", claimed_by="x")
    paused, _ = await work_item(cabinet, StepKind.PRE_REVIEW, Role.PRE_REVIEWER, opened_at=now() - LONG, paused_at=now())
    assert await find(patterns, Pattern.UNDOABLE, [new, held, paused]) == []


async def test_work_whose_only_clerk_is_of_the_household_is_odd(cabinet: Cabinet, patterns: PatternStore) -> None:
    station, index = some_station(), os.urandom(32)
    clerk = await add_clerk(cabinet, Role.PRE_REVIEWER, county=station[:6], station=station)
    case, _ = await work_item(cabinet, StepKind.PRE_REVIEW, Role.PRE_REVIEWER, station=station, opened_at=now() - LONG)
    assert await find(patterns, Pattern.UNDOABLE, case) == []
    await write(
        cabinet,
        insert(tables.case_people).values(application_id=case, person_index=index, relation="subject"),
        insert(tables.clerk_kin).values(clerk_id=clerk, person_index=index, relation="household"),
    )
    assert [o.facts["what"] for o in await find(patterns, Pattern.UNDOABLE, case)] == ["barred"]


async def test_work_whose_only_approver_pre_reviewed_the_case_is_odd(cabinet: Cabinet, patterns: PatternStore) -> None:
    station = some_station()
    approver = await add_clerk(cabinet, Role.APPROVER, county=station[:6])
    case, earlier = await work_item(cabinet, StepKind.PRE_REVIEW, Role.PRE_REVIEWER, station=station)
    item = await cabinet.work_item(case, StepKind.APPROVAL, Role.APPROVER, "county")
    await write(cabinet, update(tables.work_items).where(tables.work_items.c.id == item).values(opened_at=now() - LONG))
    assert await find(patterns, Pattern.UNDOABLE, case) == []
    done = {"status": "completed", "claimed_by": approver, "claimed_at": now(), "closed_at": now()}
    await write(cabinet, update(tables.work_items).where(tables.work_items.c.id == earlier).values(**done))
    assert [o.facts["what"] for o in await find(patterns, Pattern.UNDOABLE, case)] == ["barred"]


async def test_work_offered_only_to_somebody_who_left_is_odd(cabinet: Cabinet, patterns: PatternStore) -> None:
    station = some_station()
    stays = await add_clerk(cabinet, Role.INVESTIGATOR, county=station[:6], station=station)
    left = await add_clerk(cabinet, Role.INVESTIGATOR, county=station[:6], station=station, active=False)
    planted = {"station": station, "opened_at": now() - LONG}
    gone, _ = await work_item(cabinet, StepKind.INVESTIGATION, Role.INVESTIGATOR, **planted, candidates=[left])
    fine, _ = await work_item(cabinet, StepKind.INVESTIGATION, Role.INVESTIGATOR, **planted, candidates=[stays])
    assert [o.application_id for o in await find(patterns, Pattern.UNDOABLE, [gone, fine])] == [gone]


# --- looking ---


async def test_what_is_odd_gets_one_inquiry_however_often_it_is_looked_for(cabinet: Cabinet, patterns: PatternStore) -> None:
    clerk = await add_clerk(cabinet, Role.APPROVER, county="330302")
    await approve(cabinet, clerk, [1, 2, 3, 4, 5])
    at_once = timedelta(0)
    opened = [await look(patterns, cabinet.wiring.inquiries, "330302", now(), at_most_every=at_once) or [] for _ in range(2)]
    assert [pattern for pattern, _ in opened[0]].count(Pattern.HASTY_APPROVALS) >= 1
    assert [pattern for pattern, _ in opened[1]].count(Pattern.HASTY_APPROVALS) == 0
    rows = await cabinet.wiring.inquiries.inquiries("330302", open_only=True, pattern="hasty_approvals", owner=None, after=None, limit=1000)
    assert [row["clerk_id"] for row in rows].count(clerk) == 1


async def test_of_several_processes_one_looks_a_minute(patterns: PatternStore) -> None:
    at = now() + timedelta(days=1)
    assert await patterns.begin_look(at, at_most_every=timedelta(seconds=50)) is not None
    assert await patterns.begin_look(at + timedelta(seconds=49), at_most_every=timedelta(seconds=50)) is None
    assert await patterns.begin_look(at + timedelta(seconds=51), at_most_every=timedelta(seconds=50)) == at
    await patterns.begin_look(now(), at_most_every=timedelta(days=-9))  # as it was, for the other tests
