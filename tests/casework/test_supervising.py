"""The supervisor's board on the real database: what it counts, whose it is, and what it never shows."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, update

from adapters.database import tables
from casework import inquiries, supervising
from casework.supervising import Board
from domain.application import Status
from domain.errors import NotAllowed
from domain.ids import new_id
from domain.inquiries import Pattern
from domain.jurisdiction import Role
from domain.service_item import StepKind
from tests.builders import NAME, make_id_number
from tests.driving import make_clerk
from tests.filing import Cabinet, some_station

pytestmark = pytest.mark.stack


def now() -> datetime:
    return datetime.now(UTC)


async def change_case(cabinet: Cabinet, case: UUID, **values: Any) -> None:
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(update(tables.applications).where(tables.applications.c.id == case).values(**values))


async def change_work(cabinet: Cabinet, item: UUID, **values: Any) -> None:
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(update(tables.work_items).where(tables.work_items.c.id == item).values(**values))


async def board_of(cabinet: Cabinet, station: str, *, only_station: bool = False) -> Board:
    supervising._kept.clear()
    actor = make_clerk(Role.SUPERVISOR, station=station if only_station else None, county=station[:6])
    return await supervising.board(cabinet.office, actor)


async def test_open_cases_are_counted_by_state_and_age_and_ended_ones_are_not(cabinet: Cabinet) -> None:
    here = some_station()
    for days, status in ((0, "reviewing"), (2, "reviewing"), (6, "reviewing"), (29, "awaiting_counter"), (31, "awaiting_counter")):
        await change_case(cabinet, await cabinet.case(here), status=status, opened_at=now() - timedelta(days=days, minutes=1))
    await change_case(cabinet, await cabinet.case(here), status="completed", ended_at=now())
    board = await board_of(cabinet, here)
    assert {line.status: line.by_age for line in board.states} == {
        Status.REVIEWING: [1, 1, 1, 0, 0],
        Status.AWAITING_COUNTER: [0, 0, 0, 1, 1],
    }
    assert board.open_cases == 5


async def test_limits_that_passed_and_come_near_are_listed_with_who_has_the_work(cabinet: Cabinet) -> None:
    here = some_station()
    late, near, far, paused = [await cabinet.case(here) for _ in range(4)]
    items = {case: await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER) for case in (late, near, far, paused)}
    for case, hours in ((late, -1), (near, 47), (far, 49), (paused, -1)):
        await change_work(cabinet, items[case], due_at=now() + timedelta(hours=hours))
        due = now() + timedelta(hours=hours)
        await change_case(cabinet, case, legal_due_at=due, promised_due_at=due)
    await change_work(cabinet, items[paused], paused_at=now())
    await change_case(cabinet, paused, legal_due_at=None, promised_due_at=None)
    board = await board_of(cabinet, here)
    for dues in (board.steps, board.legal, board.promised):
        assert (dues.passed, dues.near) == (1, 1)
        assert [(row.application_id, row.passed, row.work_item_id) for row in dues.rows] == [
            (late, True, items[late]),
            (near, False, items[near]),
        ]


async def test_queues_are_counted_by_office_and_by_person(cabinet: Cabinet) -> None:
    here = some_station()
    clerk_id = str(uuid4())
    secret = cabinet.wiring.database.seal("", "clerks.totp", UUID(clerk_id))
    row: dict[str, Any] = {"id": clerk_id, "login": clerk_id, "name": "预审员", "role": "pre_reviewer", "county": here[:6], "station": here}
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(
            insert(tables.clerks).values(**row, password_hash="", totp_secret_box=secret, active=False, created_at=now())
        )
    held = [await cabinet.work_item(await cabinet.case(here), StepKind.PRE_REVIEW, Role.PRE_REVIEWER) for _ in range(3)]
    await change_work(cabinet, held[0], status="claimed", claimed_by=clerk_id, claimed_at=now(), due_at=now() - timedelta(hours=1))
    await change_work(cabinet, held[1], paused_at=now())
    await cabinet.work_item(await cabinet.case(here), StepKind.APPROVAL, Role.APPROVER, "county")
    board = await board_of(cabinet, here)
    offices = {(line.jurisdiction, line.role): (line.open, line.held, line.paused, line.overdue) for line in board.offices}
    assert offices == {(here, Role.PRE_REVIEWER): (2, 1, 1, 1), (here[:6], Role.APPROVER): (1, 0, 0, 0)}
    assert [(line.name, line.held, line.overdue, line.active) for line in board.people] == [("预审员", 1, 1, False)]


async def answer(cabinet: Cabinet, case: UUID, source: str, at: datetime) -> None:
    row_id = new_id()
    row = {"id": row_id, "application_id": case, "source": source, "round": 0, "request_id": "", "purpose": "", "found": True}
    body = cabinet.wiring.database.seal("{}", "evidence.body", row_id)
    more: dict[str, Any] = {"body_box": body, "digest": "", "signature": "", "key_id": "", "fetched_at": at}
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(insert(tables.evidence).values(**row, **more))


async def test_a_registry_that_is_awaited_in_vain_is_away_and_one_that_answers_some_is_slow(cabinet: Cabinet) -> None:
    here = some_station()
    away, slow, well = (f"registry_{uuid4().hex[:8]}" for _ in range(3))
    since = now() - timedelta(minutes=20)

    def waits(source: str, late: bool) -> list[dict[str, Any]]:
        text = {"zh": "等待", "en": "waiting"}
        return [{"who": "registry", "what": source, "text": text, "late": late, "since": since.isoformat()}]

    for source, late in ((away, True), (slow, True), (well, False)):
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)  # the first that are read, whatever other tests left waiting
        await change_case(cabinet, await cabinet.case(here), status="gathering", waiting_for=waits(source, late), updated_at=long_ago)
    done = await cabinet.case(here)
    await answer(cabinet, done, away, since - timedelta(minutes=1))
    await answer(cabinet, done, slow, now() - timedelta(minutes=1))
    await answer(cabinet, done, well, now() - timedelta(minutes=1))
    found = {line.source: (line.health, line.waiting, line.answers) for line in (await board_of(cabinet, here)).sources}
    assert (found[away], found[slow], found[well]) == (("away", 1, 1), ("slow", 1, 1), ("answering", 1, 1))


async def test_open_inquiries_are_counted_by_pattern_and_owner_the_late_ones_first(cabinet: Cabinet) -> None:
    here = some_station()
    owner = make_clerk(Role.SUPERVISOR, station=None, county=here[:6])
    ids = []
    for pattern, days in ((Pattern.UNDOABLE, 0), (Pattern.UNDOABLE, 30), (Pattern.HASTY_APPROVALS, 0)):
        opened = await cabinet.wiring.inquiries.open(
            key=f"k:{uuid4()}", pattern=pattern, county=here[:6], opened_by="machine", at=now() - timedelta(days=days)
        )
        assert opened
        ids.append(opened[0])
    await inquiries.take_over(cabinet.office, owner, ids[2])
    board = await board_of(cabinet, here)
    assert [(line.pattern, line.open, line.unowned, line.late) for line in board.patterns] == [
        (Pattern.UNDOABLE, 2, 2, 1),
        (Pattern.HASTY_APPROVALS, 1, 0, 0),
    ]
    assert [(line.owner, line.open, line.late) for line in board.owners] == [(None, 2, 1), (owner.clerk_id, 1, 0)]
    assert [row.id for row in board.inquiries] == [ids[2]] and [row.id for row in board.undoable] == [ids[1], ids[0]]
    assert (board.open_of(Pattern.UNDOABLE), board.open_of(Pattern.OVERDUE)) == (2, 0)
    assert (board.open_inquiries, board.unowned, board.late_inquiries) == (3, 2, 1)


async def test_another_county_and_another_station_see_nothing_of_it(cabinet: Cabinet) -> None:
    here = some_station()
    case = await cabinet.case(here)
    await change_work(cabinet, await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER), due_at=now())
    next_door = f"{here[:6]}{(int(here[6:]) + 1) % 10**6:06d}"
    assert (await board_of(cabinet, here)).open_cases == 1
    assert (await board_of(cabinet, here, only_station=True)).steps.passed == 1
    for board in (await board_of(cabinet, next_door, only_station=True), await board_of(cabinet, some_station())):
        assert (board.open_cases, board.steps.rows, board.offices) == (0, [], [])


async def test_a_case_without_a_territory_is_on_the_board_where_it_would_end_up(cabinet: Cabinet) -> None:
    supervising._kept.clear()
    default = cabinet.office.settings_view.default_county
    before = (await board_of(cabinet, f"{default}000000")).open_cases
    await change_case(cabinet, await cabinet.case(some_station()), station=None)
    assert (await board_of(cabinet, f"{default}000000")).open_cases == before + 1


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SUPERVISOR])
async def test_only_supervisors_see_a_board(cabinet: Cabinet, role: Role) -> None:
    with pytest.raises(NotAllowed):
        await supervising.board(cabinet.office, make_clerk(role))


async def test_the_board_names_nobody_of_the_public(cabinet: Cabinet) -> None:
    here = some_station()
    case = await cabinet.case(here)
    await change_work(cabinet, await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER), due_at=now() - timedelta(days=1))
    shown = (await board_of(cabinet, here)).model_dump_json()
    assert NAME not in shown and make_id_number() not in shown and "13800000001" not in shown
