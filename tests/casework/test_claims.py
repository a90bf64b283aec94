"""Claiming: one clerk at a time, and only what role and jurisdiction allow."""

import asyncio
from uuid import UUID

import pytest

from casework import clerking, following, queueing
from casework.actors import ClerkActor, ClientActor
from domain.errors import DomainError, NotAllowed, NotFound, WorkItemAlreadyClaimed, WorkItemNotClaimed
from domain.jurisdiction import SEES_NO_CASE, Role
from domain.service_item import StepKind
from tests.driving import make_clerk
from tests.filing import Cabinet, some_station

pytestmark = pytest.mark.stack


async def pre_review(cabinet: Cabinet, station: str) -> UUID:
    return await cabinet.work_item(await cabinet.case(station), StepKind.PRE_REVIEW, Role.PRE_REVIEWER)


def reviewers(station: str, number: int = 2) -> list[ClerkActor]:
    return [make_clerk(Role.PRE_REVIEWER, station=station) for _ in range(number)]


# --- two at once -------------------------------------------------------------------------------------------------


async def test_of_two_clerks_who_claim_at_once_one_wins_and_the_other_reads_why_100_times(cabinet: Cabinet) -> None:
    station = some_station()
    first, second = reviewers(station)
    case = await cabinet.case(station)
    winners = set()
    for _ in range(100):
        item = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
        claims = await asyncio.gather(*(queueing.claim(cabinet.office, c, item) for c in (first, second)), return_exceptions=True)
        won = [c for c in claims if not isinstance(c, BaseException)]
        lost = [c for c in claims if isinstance(c, BaseException)]
        assert len(won) == 1
        assert [type(e) for e in lost] == [WorkItemAlreadyClaimed]
        holder = (await cabinet.office.desk.work_item(item))["claimed_by"]
        assert holder == won[0].claimed_by
        winners.add(holder)
    events = await cabinet.office.desk.events_after(case, 0)
    assert [e["event"] for e in events].count("work_item_claimed") == 100


async def test_two_clerks_who_take_the_next_one_never_take_the_same(cabinet: Cabinet) -> None:
    station = some_station()
    case = await cabinet.case(station)
    items = [await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER) for _ in range(20)]
    clerks = reviewers(station)

    async def take_all(clerk: ClerkActor) -> list[UUID]:
        taken = []
        while (row := await queueing.take_next(cabinet.office, clerk)) is not None:
            assert row.mine
            taken.append(row.id)
        return taken

    first, second = await asyncio.gather(*(take_all(c) for c in clerks))
    assert sorted(first + second) == sorted(items)


async def test_the_next_one_is_the_one_with_the_nearest_limit(cabinet: Cabinet) -> None:
    station = some_station()
    items = [await pre_review(cabinet, station) for _ in range(3)]
    row = await queueing.take_next(cabinet.office, reviewers(station)[0])
    assert row is not None
    assert row.id == items[0]


async def test_claiming_again_what_one_holds_changes_nothing(cabinet: Cabinet) -> None:
    station = some_station()
    clerk = reviewers(station)[0]
    item = await pre_review(cabinet, station)
    first = await queueing.claim(cabinet.office, clerk, item)
    again = await queueing.claim(cabinet.office, clerk, item)
    assert first == again


async def test_only_the_holder_releases_and_the_other_can_claim_then(cabinet: Cabinet) -> None:
    station = some_station()
    holder, other = reviewers(station)
    item = await pre_review(cabinet, station)
    await queueing.claim(cabinet.office, holder, item)
    with pytest.raises(WorkItemNotClaimed):
        await queueing.release(cabinet.office, other, item)
    row = await queueing.release(cabinet.office, holder, item)
    assert (row.status, row.claimed_by) == ("open", None)
    with pytest.raises(WorkItemNotClaimed):
        await queueing.release(cabinet.office, holder, item)
    assert (await queueing.claim(cabinet.office, other, item)).mine


async def test_completing_needs_the_claim(cabinet: Cabinet) -> None:
    station = some_station()
    holder, other = reviewers(station)
    item = await pre_review(cabinet, station)
    with pytest.raises(WorkItemNotClaimed):
        await clerking.complete(cabinet.office, other, item, outcome="pass")
    await queueing.claim(cabinet.office, holder, item)
    with pytest.raises(WorkItemNotClaimed):
        await clerking.complete(cabinet.office, other, item, outcome="pass")


async def test_a_supervisor_takes_nothing(cabinet: Cabinet) -> None:
    station = some_station()
    await pre_review(cabinet, station)
    with pytest.raises(NotAllowed):
        await queueing.take_next(cabinet.office, make_clerk(Role.SUPERVISOR, station=None, county=station[:6]))


# --- role and jurisdiction ---------------------------------------------------------------------------------------

SEATS = ("station", "county", "other station", "other county", "station of another county")
KINDS = {
    StepKind.PRE_REVIEW: (Role.PRE_REVIEWER, "station"),
    StepKind.COUNTER_CHECK: (Role.COUNTER, "station"),
    StepKind.APPROVAL: (Role.APPROVER, "county"),
}
# Who works a station's and a county's items beside having the right role; supervisors of these seats look on.
SEATS_THAT_COVER = {"station": ("station", "county"), "county": ("county",)}


def clerk_at(seat: str, role: Role, station: str) -> ClerkActor:
    stations = {
        "station": station,
        "county": None,
        "other station": station[:6] + str((int(station[6:]) + 1) % 10**6).zfill(6),
        "other county": None,
        "station of another county": "8" + station[1:],
    }
    county = {"other county": "8" + station[1:6], "station of another county": "8" + station[1:6]}.get(seat, station[:6])
    actor = make_clerk(role, station=stations[seat], county=county)
    scope = actor.scope.model_copy(update={"station": stations[seat]})  # an approver who sits in a station, too
    return ClerkActor(scope=scope, login=actor.login, name=actor.name)


async def refusal_of(asking: object) -> type[DomainError] | None:
    try:
        await asking  # type: ignore[misc]
    except DomainError as error:
        return type(error)
    return None


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("seat", SEATS)
@pytest.mark.parametrize("role", list(Role))
async def test_a_clerk_sees_and_does_what_role_and_jurisdiction_allow(cabinet: Cabinet, role: Role, seat: str, kind: StepKind) -> None:
    wanted_role, level = KINDS[kind]
    station = some_station()
    case = await cabinet.case(station)
    item = await cabinet.work_item(case, kind, wanted_role, level)
    number = (await cabinet.office.desk.case_file(case))["acceptance_number"]
    clerk = clerk_at(seat, role, station)
    covers = seat in SEATS_THAT_COVER[level]
    sees, works = covers and role in (wanted_role, Role.SUPERVISOR), covers and role is wanted_role
    office = cabinet.office

    if role in SEES_NO_CASE:
        assert await refusal_of(queueing.queue(office, clerk)) is NotAllowed
    else:
        assert (item in [row.id for row in (await queueing.queue(office, clerk)).items]) is sees
    assert ([row.id for row in await clerking.find(office, clerk, number)] == [item]) is sees
    assert (await refusal_of(clerking.work_item(office, clerk, item)) is None) is sees
    assert await refusal_of(clerking.complete(office, clerk, item, outcome="pass")) is (WorkItemNotClaimed if works else NotAllowed)
    assert await refusal_of(queueing.release(office, clerk, item)) is (WorkItemNotClaimed if sees else NotAllowed)
    assert await refusal_of(queueing.claim(office, clerk, item)) is (None if works else NotAllowed)
    assert (await office.desk.work_item(item))["status"] == ("claimed" if works else "open")


@pytest.mark.parametrize("seat", SEATS)
@pytest.mark.parametrize("role", list(Role))
async def test_a_clerk_reads_papers_of_their_territory_only(cabinet: Cabinet, role: Role, seat: str) -> None:
    station = some_station()
    case = await cabinet.case(station)
    document, material = await cabinet.document(case), await cabinet.material(case)
    clerk = clerk_at(seat, role, station)
    no_case = SEES_NO_CASE | {Role.INVESTIGATOR}  # who sees those of their tasks, and has none here
    expected = None if seat in ("station", "county") and role not in no_case else NotAllowed
    assert await refusal_of(following.document_file(cabinet.office, clerk, document)) is expected
    assert await refusal_of(following.material_file(cabinet.office, clerk, case, material)) is expected
    assert await refusal_of(following.get_application(cabinet.office, clerk, case)) is expected
    read = [e for e in await cabinet.office.desk.events_after(case, 0) if e["event"] == "read"]
    assert len(read) == (3 if expected is None else 0), "what a clerk reads is recorded"


async def test_another_integrator_finds_nothing(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    document, material = await cabinet.document(case), await cabinet.material(case)
    stranger = ClientActor("another")
    for asking in (
        following.get_application(cabinet.office, stranger, case),
        following.document_file(cabinet.office, stranger, document),
        following.material_file(cabinet.office, stranger, case, material),
    ):
        assert await refusal_of(asking) is NotFound


async def test_a_material_is_not_read_through_another_case(cabinet: Cabinet) -> None:
    station = some_station()
    mine, other = await cabinet.case(station), await cabinet.case(some_station())
    material = await cabinet.material(other)
    clerk = make_clerk(Role.PRE_REVIEWER, station=station)
    assert await refusal_of(following.material_file(cabinet.office, clerk, mine, material)) is NotFound
