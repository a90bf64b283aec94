"""While somebody is away a colleague works their queue; it ends by itself, and nothing is lost."""

import asyncio
import contextlib
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from casework import accounts, queueing, standing_in
from casework.actors import ClerkActor
from casework.office import Office
from domain.errors import DomainError, InvalidInput, NotAllowed, WorkItemAlreadyClaimed, WrongState
from domain.jurisdiction import Role
from domain.queues import View
from domain.service_item import StepKind
from tests.casework.staffing import hire, hire_one
from tests.filing import Cabinet, some_station

pytestmark = pytest.mark.stack


class LaterOffice(Office):
    """The same office at another time."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def later(office: Office, **ahead: float) -> Office:
    fields: dict[str, Any] = {f.name: getattr(office, f.name) for f in dataclasses.fields(office)}
    moved = LaterOffice(**fields)
    object.__setattr__(moved, "at", datetime.now(UTC) + timedelta(**ahead))
    return moved


async def as_signed_in(office: Office, clerk: ClerkActor) -> ClerkActor:
    """As the next request of this clerk finds them."""
    record = await office.accounts.clerk(clerk.clerk_id)
    assert record is not None
    return await accounts._clerk_actor(office, record)


async def pre_review(cabinet: Cabinet, station: str) -> UUID:
    return await cabinet.work_item(await cabinet.case(station), StepKind.PRE_REVIEW, Role.PRE_REVIEWER)


async def two_stations(cabinet: Cabinet) -> tuple[ClerkActor, ClerkActor, ClerkActor]:
    """Who goes away, a colleague of the next station in the county, and the county's supervisor."""
    station = some_station()
    next_station = station[:6] + str((int(station[6:]) + 1) % 10**6).zfill(6)
    team = await hire(cabinet, station, pre_reviewers=1)
    colleague = await hire_one(cabinet, Role.PRE_REVIEWER, next_station)
    return team.pre_reviewers[0], colleague, team.supervisor


async def go_away(cabinet: Cabinet, by: ClerkActor, absent: ClerkActor, stand_in: ClerkActor, days: float = 5) -> UUID:
    ends_at = datetime.now(UTC) + timedelta(days=days)
    return await standing_in.delegate(
        cabinet.office, by, absent=absent.clerk_id, stand_in=stand_in.clerk_id, begins_at=None, ends_at=ends_at, reason="年休假"
    )


async def test_the_stand_in_sees_and_works_the_absent_clerks_queue_until_the_end(cabinet: Cabinet) -> None:
    absent, colleague, _ = await two_stations(cabinet)
    held, waiting = [await pre_review(cabinet, absent.scope.station or "") for _ in range(2)]
    await queueing.claim(cabinet.office, absent, held)
    with pytest.raises(NotAllowed):
        await queueing.claim(cabinet.office, colleague, waiting)
    await go_away(cabinet, absent, absent, colleague)
    stand_in = await as_signed_in(cabinet.office, colleague)
    assert {row.id for row in (await queueing.queue(cabinet.office, stand_in)).items} == {held, waiting}
    assert [row.id for row in (await queueing.queue(cabinet.office, stand_in, View.MINE)).items] == [held]
    taken = await queueing.take_next(cabinet.office, stand_in)
    assert taken is not None and (taken.id, taken.held_for_name) == (waiting, absent.name)
    assert (await queueing.claim(cabinet.office, stand_in, held)).mine
    record = await cabinet.office.desk.work_item(held)
    event = (await cabinet.office.desk.events_after(record["application_id"], 0))[-1]
    assert (event["data"]["clerk"], event["data"]["for"]) == (stand_in.clerk_id, absent.clerk_id)

    after = later(cabinet.office, days=6)
    back_to_work = await as_signed_in(after, colleague)
    assert back_to_work.scope.stands_in_for == ()
    with pytest.raises(NotAllowed):
        await queueing.worked_by(after, back_to_work, held)
    assert (await queueing.queue(after, back_to_work, View.MINE)).items == []
    assert {row.id for row in (await queueing.queue(after, absent, View.MINE)).items} == {held, waiting}, (
        "they are the absent clerk's again"
    )
    row = await queueing.claim(after, absent, held)
    assert row.mine and row.held_for_name is None


async def test_an_absence_that_ends_early_ends_at_once(cabinet: Cabinet) -> None:
    absent, colleague, supervisor = await two_stations(cabinet)
    item = await pre_review(cabinet, absent.scope.station or "")
    delegation = await go_away(cabinet, supervisor, absent, colleague)
    assert len((await as_signed_in(cabinet.office, colleague)).scope.stands_in_for) == 1
    with pytest.raises(NotAllowed):
        await standing_in.end_early(cabinet.office, colleague, delegation)
    await standing_in.end_early(cabinet.office, absent, delegation)
    await standing_in.end_early(cabinet.office, absent, delegation)
    with pytest.raises(NotAllowed):
        await queueing.claim(cabinet.office, await as_signed_in(cabinet.office, colleague), item)
    assert [d.id for d in await standing_in.delegations(cabinet.office, absent)] == []


async def test_a_claim_races_with_the_end_of_an_absence_and_one_of_the_two_has_it(cabinet: Cabinet) -> None:
    for _ in range(10):
        absent, colleague, _ = await two_stations(cabinet)
        item = await pre_review(cabinet, absent.scope.station or "")
        await queueing.claim(cabinet.office, absent, item)
        delegation = await go_away(cabinet, absent, absent, colleague)
        stand_in = await as_signed_in(cabinet.office, colleague)

        async def come_back(delegation: UUID = delegation, absent: ClerkActor = absent, item: UUID = item) -> None:
            await standing_in.end_early(cabinet.office, absent, delegation)
            await queueing.claim(cabinet.office, absent, item)

        async def take_over(stand_in: ClerkActor = stand_in, item: UUID = item) -> None:
            with contextlib.suppress(WorkItemAlreadyClaimed):
                await queueing.claim(cabinet.office, stand_in, item)

        await asyncio.gather(come_back(), take_over())
        record = await cabinet.office.desk.work_item(item)
        assert record["claimed_by"] in (absent.clerk_id, colleague.clerk_id)
        assert (await queueing.claim(cabinet.office, absent, item)).mine, "whoever came back can always go on"


async def test_who_may_be_named_and_who_may_name(cabinet: Cabinet) -> None:
    absent, colleague, supervisor = await two_stations(cabinet)
    approver = await hire_one(cabinet, Role.APPROVER, None, county=absent.scope.county)
    stranger = await hire_one(cabinet, Role.PRE_REVIEWER, some_station())
    refusals: list[tuple[ClerkActor, ClerkActor, ClerkActor, type[DomainError]]] = [
        (colleague, absent, colleague, NotAllowed),
        (absent, absent, absent, InvalidInput),
        (absent, absent, approver, InvalidInput),
        (absent, absent, stranger, InvalidInput),
        (supervisor, stranger, colleague, NotAllowed),
    ]
    for by, away, stand_in, why in refusals:
        with pytest.raises(why):
            await go_away(cabinet, by, away, stand_in)
    with pytest.raises(InvalidInput):
        await go_away(cabinet, absent, absent, colleague, days=-1)
    with pytest.raises(InvalidInput):
        await go_away(cabinet, absent, absent, colleague, days=91)
    await go_away(cabinet, supervisor, absent, colleague)
    another = await hire_one(cabinet, Role.PRE_REVIEWER, absent.scope.station)
    with pytest.raises(WrongState):
        await go_away(cabinet, absent, absent, another)
