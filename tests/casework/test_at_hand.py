"""Reason templates, saved views and notices: each clerk's own, leaders' for their station."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from casework import at_hand, handing_on, queueing
from domain.errors import InvalidInput, NotAllowed, WrongState
from domain.jurisdiction import Role
from domain.queues import Priority, QueueFilter, View
from domain.service_item import StepKind
from domain.text import Bilingual
from tests.casework.staffing import hire, hire_one
from tests.filing import Cabinet, some_station

pytestmark = pytest.mark.stack
STEP = {"kind": StepKind.PRE_REVIEW, "outcome": "supplement"}


async def test_a_template_is_seen_by_those_it_is_kept_for_and_edited_by_its_keeper(cabinet: Cabinet) -> None:
    team = await hire(cabinet, some_station(), pre_reviewers=2)
    clerk, colleague = team.pre_reviewers
    office = cabinet.office
    own = await at_hand.save_template(office, clerk, None, owner="mine", title="不清晰", text="照片不清晰，请重拍。", **STEP)  # type: ignore[arg-type]
    shared = await at_hand.save_template(office, team.leader, None, owner="station", title="缺页", text="缺第二页。", **STEP)  # type: ignore[arg-type]
    assert {t.id: t.may_edit for t in await at_hand.templates(office, clerk)} == {own: True, shared: False}
    assert {t.id for t in await at_hand.templates(office, colleague, StepKind.PRE_REVIEW)} == {shared}
    assert await at_hand.templates(office, colleague, StepKind.APPROVAL) == []
    for refused in (
        at_hand.save_template(office, colleague, own, owner="mine", title="x", text="y", **STEP),  # type: ignore[arg-type]
        at_hand.save_template(office, clerk, None, owner="station", title="x", text="y", **STEP),  # type: ignore[arg-type]
        at_hand.drop_template(office, clerk, shared),
    ):
        with pytest.raises(NotAllowed):
            await refused
    with pytest.raises(InvalidInput):
        await at_hand.save_template(office, clerk, own, owner="mine", kind=StepKind.PRE_REVIEW, outcome="match", title="x", text="y")
    await at_hand.save_template(office, clerk, own, owner="mine", title="不清晰", text="看不清，请重拍。", **STEP)  # type: ignore[arg-type]
    assert [t.text for t in await at_hand.templates(office, clerk) if t.id == own] == ["看不清，请重拍。"]
    await at_hand.drop_template(office, clerk, own)
    await at_hand.drop_template(office, clerk, own)
    assert {t.id for t in await at_hand.templates(office, clerk)} == {shared}


async def test_a_saved_view_is_a_clerks_own_and_its_name_stands_once(cabinet: Cabinet) -> None:
    team = await hire(cabinet, some_station(), pre_reviewers=2)
    clerk, colleague = team.pre_reviewers
    wanted = QueueFilter(service_item="library-card", priority=Priority.URGENT)
    await at_hand.save_view(cabinet.office, clerk, "加急的", View.OPEN, wanted)
    await at_hand.save_view(cabinet.office, clerk, "加急的", View.STATION, wanted)
    (view,) = await at_hand.views(cabinet.office, clerk)
    assert (view.name, view.view, view.filter) == ("加急的", View.STATION, wanted)
    assert await at_hand.views(cabinet.office, colleague) == []
    await at_hand.drop_view(cabinet.office, colleague, view.id)
    assert len(await at_hand.views(cabinet.office, clerk)) == 1
    for number in range(at_hand.VIEWS_AT_MOST - 1):
        await at_hand.save_view(cabinet.office, clerk, f"视图{number}", View.OPEN, wanted)
    with pytest.raises(InvalidInput):
        await at_hand.save_view(cabinet.office, clerk, "再一个", View.OPEN, wanted)


async def test_whoever_is_handed_work_is_told_and_alone_may_claim_or_decline_it(cabinet: Cabinet) -> None:
    team = await hire(cabinet, some_station(), pre_reviewers=3)
    giver, taker, other = team.pre_reviewers
    office = cabinet.office
    item = await cabinet.work_item(await cabinet.case(team.station), StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    await queueing.claim(office, giver, item)
    row = await handing_on.hand_over(office, giver, item, taker.clerk_id, "材料齐了，请接着办")
    await handing_on.hand_over(office, giver, item, taker.clerk_id)
    assert (row.status, row.offered, row.offered_to_me) == ("open", True, False)
    assert await at_hand.unread(office, taker) == 1
    assert await queueing.take_next(office, other) is None
    with pytest.raises(WrongState):
        await handing_on.refuse(office, other, item)
    assert [n.text for n in await handing_on.notes_of(office, taker, item)] == ["材料齐了，请接着办"]
    await handing_on.refuse(office, taker, item)
    assert [n.kind for n in (await at_hand.notices(office, giver)).items] == ["declined"]
    assert (await queueing.claim(office, other, item)).mine, "what was declined is everybody's"


async def test_a_note_rests_sealed_and_says_nothing_in_the_events(cabinet: Cabinet) -> None:
    team = await hire(cabinet, some_station(), pre_reviewers=1)
    case = await cabinet.case(team.station)
    item = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    said = "申请人来电说下周出国"
    await handing_on.add_note(cabinet.office, team.pre_reviewers[0], item, said)
    async with cabinet.wiring.database.statement() as connection:
        box = (await connection.exec_driver_sql("select text_box from case_notes where application_id = $1", (case,))).scalar_one()
    assert said.encode() not in bytes(box)
    assert all(said not in str(e["data"]) for e in await cabinet.office.desk.events_after(case, 0))
    with pytest.raises(InvalidInput):
        await handing_on.add_note(cabinet.office, team.pre_reviewers[0], item, " ")


async def test_only_leaders_and_supervisors_set_a_priority_and_say_why(cabinet: Cabinet) -> None:
    team = await hire(cabinet, some_station(), pre_reviewers=1)
    item = await cabinet.work_item(await cabinet.case(team.station), StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    with pytest.raises(NotAllowed):
        await handing_on.set_priority(cabinet.office, team.pre_reviewers[0], item, Priority.URGENT, "急")
    with pytest.raises(InvalidInput):
        await handing_on.set_priority(cabinet.office, team.supervisor, item, Priority.URGENT, " ")
    row = await handing_on.set_priority(cabinet.office, team.supervisor, item, Priority.URGENT, "市长热线交办")
    assert row.priority is Priority.URGENT
    elsewhere = await hire_one(cabinet, Role.SUPERVISOR, None, county=some_station()[:6])
    with pytest.raises(NotAllowed):
        await handing_on.set_priority(cabinet.office, elsewhere, item, Priority.NORMAL, "不急")


async def test_notices_come_newest_first_page_by_page_and_are_read_by_their_own_clerk_only(cabinet: Cabinet) -> None:
    team = await hire(cabinet, some_station(), pre_reviewers=2)
    clerk, colleague = team.pre_reviewers
    at = datetime.now(UTC)
    for number in range(at_hand.NOTICES_A_PAGE + 5):
        await cabinet.office.staff.notify(clerk.clerk_id, f"n{number}", "due", Bilingual(zh=f"第{number}", en=f"No. {number}"), at)
    first = await at_hand.notices(cabinet.office, clerk)
    assert first.next_cursor is not None
    second = await at_hand.notices(cabinet.office, clerk, first.next_cursor)
    ids = [n.id for n in (*first.items, *second.items)]
    assert len(set(ids)) == at_hand.NOTICES_A_PAGE + 5
    await at_hand.mark_read(cabinet.office, colleague, ids)
    assert await at_hand.unread(cabinet.office, clerk) == len(ids)
    await at_hand.mark_read(cabinet.office, clerk, ids[:3])
    assert await at_hand.unread(cabinet.office, clerk) == len(ids) - 3
    await at_hand.mark_read(cabinet.office, clerk)
    assert await at_hand.unread(cabinet.office, clerk) == 0
    with pytest.raises(InvalidInput):
        await at_hand.notices(cabinet.office, clerk, str(uuid4()))
