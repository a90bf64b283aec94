"""Taking work when many do so at once: each piece goes to one clerk, and what nobody may take stays."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from adapters.database.tables import case_people, clerk_kin, work_items
from casework import handing_on, queueing
from casework.actors import ClerkActor
from domain.errors import DomainError, FourEyes, InvalidInput, NotAllowed, Unavailable, WorkItemAlreadyClaimed, WorkItemNotClaimed
from domain.ids import new_id
from domain.jurisdiction import Role
from domain.limits import Escalation
from domain.queues import Priority, QueueFilter, View
from domain.service_item import StepKind
from tests.casework.staffing import hire
from tests.driving import make_clerk
from tests.filing import Cabinet, some_station

pytestmark = pytest.mark.stack


async def pre_reviews(cabinet: Cabinet, station: str, number: int) -> list[UUID]:
    case = await cabinet.case(station)
    return [await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER) for _ in range(number)]


async def change(cabinet: Cabinet, work_item_id: UUID, **values: object) -> None:
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(update(work_items).where(work_items.c.id == work_item_id).values(**values))


@pytest.mark.long
async def test_a_hundred_clerks_who_take_the_next_of_a_thousand_at_once_get_each_once(cabinet: Cabinet) -> None:
    station = some_station()
    case = await cabinet.case(station)
    first = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    items = [first, *(new_id() for _ in range(999))]
    async with cabinet.wiring.database.transaction() as connection:
        row = dict((await connection.execute(select(work_items).where(work_items.c.id == first))).one()._mapping)
        row.pop("county")  # made by the database
        await connection.execute(work_items.insert(), [row | {"id": item} for item in items[1:]])

    async def take_all(clerk: ClerkActor) -> list[UUID]:
        taken: list[UUID] = []
        while True:
            try:
                row = await queueing.take_next(cabinet.office, clerk, key=str(len(taken)))
            except Unavailable:  # no connection was free for 5 s, perhaps after it was taken: the same key gives the same again
                continue
            if row is None:
                return taken
            taken.append(row.id)

    takes = await asyncio.gather(*(take_all(make_clerk(Role.PRE_REVIEWER, station=station)) for _ in range(100)))
    assert sorted(item for taken in takes for item in taken) == sorted(items)
    async with cabinet.wiring.database.statement() as connection:
        query = select(work_items.c.status, work_items.c.claimed_by).where(work_items.c.application_id == case)
        rows = (await connection.execute(query)).all()
    assert {row.status for row in rows} == {"claimed"}
    assert len(rows) == 1000
    events = [e["data"] for e in await cabinet.office.desk.events_after(case, 0) if e["event"] == "work_item_claimed"]
    assert len({e["work_item"] for e in events}) == len(events) == 1000


async def test_claims_hand_overs_releases_and_refusals_at_once_leave_each_piece_with_one_clerk(cabinet: Cabinet) -> None:
    """Whatever comes out on top, an item is either open, or held by whoever took it last by the record."""
    team = await hire(cabinet, some_station(), pre_reviewers=4)
    items = await pre_reviews(cabinet, team.station, 8)
    case = (await cabinet.office.desk.work_item(items[0]))["application_id"]
    chance = random.Random(7)

    async def act(clerk: ClerkActor, item: UUID) -> None:
        other = next(c for c in team.pre_reviewers if c.clerk_id != clerk.clerk_id)
        verbs: list[Callable[[], Awaitable[Any]]] = [
            lambda: queueing.claim(cabinet.office, clerk, item),
            lambda: queueing.release(cabinet.office, clerk, item),
            lambda: handing_on.hand_over(cabinet.office, clerk, item, other.clerk_id),
            lambda: handing_on.refuse(cabinet.office, clerk, item),
            lambda: queueing.take_next(cabinet.office, clerk),
        ]
        with contextlib.suppress(DomainError):
            await chance.choice(verbs)()

    for _ in range(12):
        await asyncio.gather(*(act(clerk, item) for clerk in team.pre_reviewers for item in items))
    held: dict[str, str | None] = {}
    for entry in [e for e in await cabinet.office.desk.events_after(case, 0) if e["event"].startswith("work_item_")]:
        item, kind = entry["data"]["work_item"], entry["event"].removeprefix("work_item_")
        if kind == "claimed":
            assert held.get(item) is None, "nobody claims what another holds"
            held[item] = entry["data"]["clerk"]
        elif kind in ("released", "handed_over"):
            assert held.get(item) is not None, "only what is held is given back"
            held[item] = None
    for item in items:
        record = await cabinet.office.desk.work_item(item)
        assert record["claimed_by"] == held.get(str(item))


async def test_the_urgent_comes_before_what_is_due_first(cabinet: Cabinet) -> None:
    team = await hire(cabinet, some_station(), pre_reviewers=1)
    first, second, third = await pre_reviews(cabinet, team.station, 3)
    await handing_on.set_priority(cabinet.office, team.leader, third, Priority.URGENT, "学校开学在即")
    await handing_on.set_priority(cabinet.office, team.leader, second, Priority.SOON, "出差")
    assert [row.id for row in (await queueing.queue(cabinet.office, team.leader, View.OPEN)).items] == [third, second, first]
    taken = [await queueing.take_next(cabinet.office, team.pre_reviewers[0]) for _ in range(3)]
    assert [row.id for row in taken if row] == [third, second, first]


async def test_what_stands_still_or_is_offered_to_others_is_not_the_next(cabinet: Cabinet) -> None:
    team = await hire(cabinet, some_station(), pre_reviewers=2)
    mine, other = team.pre_reviewers
    paused, offered, free = await pre_reviews(cabinet, team.station, 3)
    await change(cabinet, paused, paused_at=datetime.now(UTC))
    with pytest.raises(InvalidInput) as refusal:
        await handing_on.offer(cabinet.office, team.leader, offered, [f"clerk-{n}" for n in range(handing_on.OFFERED_AT_MOST + 1)])
    assert str(handing_on.OFFERED_AT_MOST) in refusal.value.fields[0].text.en
    await handing_on.offer(cabinet.office, team.leader, offered, [other.clerk_id])
    row = await queueing.take_next(cabinet.office, mine)
    assert row is not None and row.id == free
    assert await queueing.take_next(cabinet.office, mine) is None
    with pytest.raises(WorkItemAlreadyClaimed):
        await queueing.claim(cabinet.office, mine, offered)
    assert (await queueing.claim(cabinet.office, mine, paused)).mine, "one may still take up what stands still"
    assert (await queueing.claim(cabinet.office, other, offered)).mine


async def test_under_one_key_a_program_takes_one(cabinet: Cabinet) -> None:
    station = some_station()
    await pre_reviews(cabinet, station, 3)
    clerk = make_clerk(Role.PRE_REVIEWER, station=station)
    rows = await asyncio.gather(*(queueing.take_next(cabinet.office, clerk, key="once") for _ in range(5)))
    assert len({row.id for row in rows if row}) == 1
    another = await queueing.take_next(cabinet.office, clerk, key="twice")
    assert another is not None and another.id != rows[0].id  # type: ignore[union-attr]


# --- who may not -----------------------------------------------------------------------------------------------------


async def test_whoever_pre_reviewed_neither_claims_nor_takes_the_approval(cabinet: Cabinet) -> None:
    station = some_station()
    case = await cabinet.case(station)
    done = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    clerk, colleague = (make_clerk(Role.APPROVER, county=station[:6], station=station) for _ in range(2))
    await change(cabinet, done, status="completed", claimed_by=clerk.clerk_id)
    approval = await cabinet.work_item(case, StepKind.APPROVAL, Role.APPROVER, "county")
    with pytest.raises(FourEyes):
        await queueing.claim(cabinet.office, clerk, approval)
    assert await queueing.take_next(cabinet.office, clerk) is None
    row = next(row for row in (await queueing.queue(cabinet.office, clerk)).items if row.id == approval)
    assert (row.barred, row.may_claim) == ("four_eyes", False)
    taken = await queueing.take_next(cabinet.office, colleague)
    assert taken is not None and taken.id == approval


async def test_the_same_step_again_after_a_supplement_is_for_whoever_did_it_before(cabinet: Cabinet) -> None:
    station = some_station()
    case = await cabinet.case(station)
    clerk = make_clerk(Role.PRE_REVIEWER, station=station)
    first = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    await change(cabinet, first, status="completed", claimed_by=clerk.clerk_id)
    again = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    assert (await queueing.claim(cabinet.office, clerk, again)).mine


async def test_nobody_handles_their_own_or_their_households_case(cabinet: Cabinet) -> None:
    team = await hire(cabinet, some_station(), pre_reviewers=2)
    related, colleague = team.pre_reviewers
    (item,) = await pre_reviews(cabinet, team.station, 1)
    case = (await cabinet.office.desk.work_item(item))["application_id"]
    brother = cabinet.wiring.database.index("a brother of nobody else")
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(case_people.insert().values(application_id=case, person_index=brother, relation="subject"))
        await connection.execute(clerk_kin.insert().values(clerk_id=related.clerk_id, person_index=brother, relation="household"))
    with pytest.raises(FourEyes):
        await queueing.claim(cabinet.office, related, item)
    assert await queueing.take_next(cabinet.office, related) is None
    row = (await queueing.queue(cabinet.office, related)).items[0]
    assert (row.barred, row.may_claim) == ("household", False)
    with pytest.raises(FourEyes):
        await queueing.seen_by(cabinet.office, related, item)
    with pytest.raises(FourEyes):
        await handing_on.offer(cabinet.office, team.leader, item, [related.clerk_id])
    shown = {c.id: c.barred for c in await handing_on.colleagues_for(cabinet.office, team.leader, item)}
    assert (shown[related.clerk_id], shown[colleague.clerk_id]) == ("household", None)
    assert (await queueing.claim(cabinet.office, colleague, item)).mine
    with pytest.raises(FourEyes):
        await handing_on.hand_over(cabinet.office, colleague, item, related.clerk_id)


async def test_a_supervisor_takes_and_claims_nothing(cabinet: Cabinet) -> None:
    team = await hire(cabinet, some_station(), pre_reviewers=1)
    (item,) = await pre_reviews(cabinet, team.station, 1)
    for refused in (queueing.take_next(cabinet.office, team.supervisor), queueing.claim(cabinet.office, team.supervisor, item)):
        with pytest.raises(NotAllowed):
            await refused


# --- pages, counts, finding ------------------------------------------------------------------------------------------


async def test_pages_go_on_where_the_last_one_ended_with_nothing_twice(cabinet: Cabinet) -> None:
    team = await hire(cabinet, some_station(), pre_reviewers=1)
    items = await pre_reviews(cabinet, team.station, 70)
    chance = random.Random(3)
    for item in items:
        due = datetime.now(UTC) + timedelta(days=chance.randrange(-3, 4))
        await change(cabinet, item, priority=chance.choice([0, 0, 1, 2]), due_at=due)
    for actor in (team.pre_reviewers[0], team.supervisor):
        seen, cursor = [], None
        while True:
            found = await queueing.queue(cabinet.office, actor, View.STATION, cursor=cursor)
            seen += found.items
            if (cursor := found.next_cursor) is None:
                break
        assert sorted(row.id for row in seen) == sorted(items)
        assert [(-row.priority, row.due_at) for row in seen] == sorted((-row.priority, row.due_at) for row in seen)


async def test_views_and_their_counts_agree(cabinet: Cabinet) -> None:
    team = await hire(cabinet, some_station(), pre_reviewers=2)
    clerk, colleague = team.pre_reviewers
    over, near, paused, _far, mine, others = await pre_reviews(cabinet, team.station, 6)
    now = datetime.now(UTC)
    far = now + timedelta(days=9)
    for item in (mine, others, _far):
        await change(cabinet, item, due_at=far)
    await change(cabinet, over, due_at=now - timedelta(hours=1))
    await change(cabinet, near, due_at=now + timedelta(days=1))
    await change(cabinet, paused, due_at=now - timedelta(days=1), paused_at=now)
    await queueing.claim(cabinet.office, clerk, mine)
    await queueing.claim(cabinet.office, colleague, others)
    counts = await queueing.counts(cabinet.office, clerk)
    assert (counts.open, counts.mine, counts.station, counts.near, counts.over) == (3, 1, 6, 1, 1)
    for view in View:
        rows = (await queueing.queue(cabinet.office, clerk, view)).items
        assert len(rows) == getattr(counts, view.value), view
    assert [row.id for row in (await queueing.queue(cabinet.office, clerk, View.OVER)).items] == [over]


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (QueueFilter(status="claimed"), "held"),
        (QueueFilter(priority=Priority.URGENT), "urgent"),
        (QueueFilter(escalation=Escalation.OVERDUE), "late"),
        (QueueFilter(paused=True), "paused"),
        (QueueFilter(due_before=datetime(2020, 1, 1).date()), "old"),  # noqa: DTZ001
        (QueueFilter(service_item="library-card", status="claimed"), "held"),
        (QueueFilter(service_item="nothing-of-the-kind"), None),
        (QueueFilter(kind=StepKind.APPROVAL), None),
        (QueueFilter(jurisdiction="110101000000"), None),
    ],
)
async def test_a_filter_keeps_what_it_names(cabinet: Cabinet, wanted: QueueFilter, kept: str | None) -> None:
    team = await hire(cabinet, some_station(), pre_reviewers=1)
    items = dict(zip(("held", "urgent", "late", "paused", "old"), await pre_reviews(cabinet, team.station, 5), strict=True))
    await queueing.claim(cabinet.office, team.pre_reviewers[0], items["held"])
    await change(cabinet, items["urgent"], priority=2)
    await change(cabinet, items["late"], escalation=3)
    await change(cabinet, items["paused"], paused_at=datetime.now(UTC))
    await change(cabinet, items["old"], due_at=datetime(2019, 12, 31, 23, tzinfo=UTC))
    # The end of 2019 in UTC is a new year in China: only what is due before that.
    if kept == "old":
        wanted = QueueFilter(due_before=datetime(2020, 1, 1, tzinfo=UTC).date())
    found = (await queueing.queue(cabinet.office, team.supervisor, View.STATION, wanted)).items
    assert [row.id for row in found] == ([items[kept]] if kept else [])


async def test_a_case_is_found_by_its_applicants_whole_name_in_ones_own_territory_only(cabinet: Cabinet) -> None:
    station, elsewhere = some_station(), some_station()
    (item,) = await pre_reviews(cabinet, station, 1)
    here, there = (make_clerk(Role.PRE_REVIEWER, station=place) for place in (station, elsewhere))
    assert [row.id for row in await queueing.search(cabinet.office, here, " 虞 书谣 ")] == [item]
    assert await queueing.search(cabinet.office, here, "虞书") == []
    assert await queueing.search(cabinet.office, there, "虞书谣") == []
    case = (await cabinet.office.desk.work_item(item))["application_id"]
    reads = await cabinet.office.reads.reads_of_case(case, limit=50)
    assert [r["by"] for r in reads if r["by"].startswith("clerk:")] == [f"clerk:{here.clerk_id}"], "the look is entered"


async def test_releasing_many_tells_of_each_what_became_of_it(cabinet: Cabinet) -> None:
    team = await hire(cabinet, some_station(), pre_reviewers=2)
    clerk, colleague = team.pre_reviewers
    mine, others, free = await pre_reviews(cabinet, team.station, 3)
    await queueing.claim(cabinet.office, clerk, mine)
    await queueing.claim(cabinet.office, colleague, others)
    results = await handing_on.release_many(cabinet.office, clerk, [mine, others, free, UUID(int=1)])
    assert [r.problem is None for r in results] == [True, False, False, False]
    assert [(await cabinet.office.desk.work_item(i))["status"] for i in (mine, others, free)] == ["open", "claimed", "open"]
    again = await handing_on.hand_over_many(cabinet.office, team.leader, [mine, others], clerk.clerk_id, "请接手")
    assert [r.problem for r in again] == [None, None], "a leader hands on what is open and what others hold"
    assert (await queueing.claim(cabinet.office, clerk, others)).mine
    with pytest.raises(WorkItemNotClaimed):
        await handing_on.hand_over(cabinet.office, clerk, free, colleague.clerk_id)
