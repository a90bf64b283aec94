"""Every write of the read model may come twice, and a transaction that dies leaves nothing."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from adapters.database import tables
from domain.application import Status, WaitingFor
from domain.changes import NoticeText, OpenCase, WorkItemClosing, WorkItemOpening
from domain.decision import Outcome
from domain.errors import WorkItemNotClaimed, WrongState
from domain.ids import new_id
from domain.jurisdiction import Role
from domain.limits import Timing
from domain.service_item import StepKind
from tests.builders import FakeRegistries, make_application_request, make_id_number
from tests.filing import DIVISION, TEXT, Cabinet, make_change, some_station

pytestmark = pytest.mark.stack
SOON = timedelta(days=3)


def now() -> datetime:
    return datetime.now(UTC)


async def rows_of(cabinet: Cabinet, table: Any, case: UUID) -> int:
    column = table.c.id if table is tables.applications else table.c.application_id
    async with cabinet.wiring.database.transaction() as connection:
        return int((await connection.execute(select(func.count()).select_from(table).where(column == case))).scalar_one())


async def row_of(cabinet: Cabinet, case: UUID) -> Any:
    async with cabinet.wiring.database.transaction() as connection:
        return (await connection.execute(select(tables.applications).where(tables.applications.c.id == case))).one()


# --- twice -------------------------------------------------------------------------------------------------------


async def test_opening_a_case_twice_answers_the_same(cabinet: Cabinet) -> None:
    opening = OpenCase(application_id=new_id(), request=make_application_request(), at=now())
    first = await cabinet.wiring.cases.open_case(opening, cabinet.item, division=DIVISION)
    later = opening.model_copy(update={"at": now() + timedelta(hours=1)})
    assert await cabinet.wiring.cases.open_case(later, cabinet.item, division=DIVISION) == first
    for table in (tables.applications, tables.events, tables.challenges):
        assert await rows_of(cabinet, table, opening.application_id) == 1


async def test_opening_a_case_many_times_at_once_makes_one(cabinet: Cabinet) -> None:
    request = make_application_request(id_number=make_id_number(7, born="19770707"))
    opening = OpenCase(application_id=new_id(), request=request, at=now())
    opened = await asyncio.gather(*(cabinet.wiring.cases.open_case(opening, cabinet.item, division=DIVISION) for _ in range(8)))
    assert len({o.acceptance_number for o in opened}) == 1
    assert len({o.challenge.id for o in opened}) == 1
    assert await rows_of(cabinet, tables.events, opening.application_id) == 1


async def test_acceptance_numbers_of_many_cases_at_once_differ_and_carry_the_day_in_china(cabinet: Cabinet) -> None:
    at = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)  # half past midnight of the 2nd in China
    openings = [OpenCase(application_id=new_id(), request=make_application_request(), at=at) for _ in range(12)]
    opened = await asyncio.gather(*(cabinet.wiring.cases.open_case(o, cabinet.item, division=DIVISION) for o in openings))
    numbers = {o.acceptance_number for o in opened}
    assert len(numbers) == 12
    assert {n[:14] for n in numbers} == {"33030020260302"}


async def test_a_change_twice_is_written_once_and_answers_the_same(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    opening = WorkItemOpening(kind=StepKind.PRE_REVIEW, role=Role.PRE_REVIEWER, level="station", name=TEXT)
    change = make_change(
        case,
        open_work_item=opening,
        issue_challenge=True,
        status=Status.REVIEWING,
        notices=[NoticeText(key="once", text=TEXT)],
        answers_patch={"genre": "maps"},
    )
    events = await rows_of(cabinet, tables.events, case)
    first = await cabinet.wiring.cases.apply(change, timing=Timing(work_item_due_at=now() + SOON))
    second = await cabinet.wiring.cases.apply(change, timing=Timing(work_item_due_at=now() + SOON))
    assert first == second
    assert first.work_item_id and first.challenge
    assert await rows_of(cabinet, tables.events, case) == events + 1
    assert await rows_of(cabinet, tables.work_items, case) == 1
    assert await rows_of(cabinet, tables.notices, case) == 1
    assert await rows_of(cabinet, tables.challenges, case) == 2  # the first one is the opening's
    assert (await cabinet.office.desk.case_file(case))["answers"]["genre"] == "maps"


async def test_a_supplement_asked_for_twice_uses_one_round(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    change = make_change(case, supplement=[{"target": "answers.genre", "reason": "请更正"}], supplement_until=now() + SOON)
    for _ in range(2):
        await cabinet.wiring.cases.apply(change)
    assert (await row_of(cabinet, case)).supplement_round == 1


async def test_the_end_told_twice_is_one_end(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    end = make_change(case, "completed", status=Status.COMPLETED, notices=[NoticeText(key="end", text=TEXT)])
    for _ in range(2):
        await cabinet.wiring.cases.apply(end)
    assert await rows_of(cabinet, tables.notices, case) == 1


async def test_a_decision_twice_keeps_the_first(cabinet: Cabinet) -> None:
    case, station = await cabinet.case(some_station()), some_station()
    waiting = WaitingFor(who="system", what="document", text=TEXT)
    await cabinet.wiring.cases.save_machine_decision(
        case, now(), {}, key="decided:0", outcome=Outcome.APPROVED, station=station, waiting_for=waiting, event_text=TEXT
    )
    row = await row_of(cabinet, case)
    assert (row.outcome, row.status) == ("referred", "verifying")
    assert row.station != station


async def test_a_clips_verdict_and_a_parcels_number_twice_stay(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    clip = await cabinet.clip(case, challenge_id=(await cabinet.office.desk.case_file(case))["challenge"]["id"])
    for _ in range(2):
        await cabinet.wiring.identity.save_verdict(clip, {"verdict": None}, None, now())
        await cabinet.wiring.papers.set_tracking_number(case, "EM1CN")
    assert (await cabinet.wiring.identity.clip_question(clip)).verdict == {"verdict": None}
    assert (await row_of(cabinet, case)).tracking_number == "EM1CN"


async def test_the_first_answer_of_a_registry_stays(cabinet: Cabinet) -> None:
    from domain.evidence import RegistryQuery

    case, registries = await cabinet.case(some_station()), FakeRegistries()
    query = RegistryQuery(source="property", id_number="x", purpose="p", request_id="r")
    await cabinet.wiring.papers.keep_evidence(case, 0, "p", await registries.look_up(query))
    registries.records["property"] = {"books": 0}
    await cabinet.wiring.papers.keep_evidence(case, 0, "p", await registries.look_up(query))
    (kept,) = await cabinet.wiring.papers.evidence_of(case)
    assert '"books": 9' in kept["body"]
    await cabinet.wiring.papers.keep_evidence(case, 1, "p", await registries.look_up(query))
    (newest,) = await cabinet.wiring.papers.evidence_of(case)
    assert '"books": 0' in newest["body"], "a later round is another question"


async def test_a_document_keeps_its_first_number(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    papers = cabinet.wiring.papers
    first = await papers.begin_document(case, "certificate", f"OT{uuid4().hex}")
    assert await papers.begin_document(case, "certificate", f"OT{uuid4().hex}") == first
    events = await rows_of(cabinet, tables.events, case)
    for size in (10, 20):
        await papers.finish_document(first[0], sha256=f"{size}", size=size, at=now(), text=TEXT)
    (issued,) = await papers.documents_of(case)
    assert (issued.size, issued.sha256) == (10, "10")
    assert await rows_of(cabinet, tables.events, case) == events + 1
    assert (await papers.begin_document(case, "certificate", "OTx"))[2], "it is made already"


async def test_a_registry_is_late_once_and_answers_once(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    waiting = [WaitingFor(who="registry", what=source, text=TEXT) for source in ("property", "marriage")]
    await cabinet.apply(case, waiting_for=waiting)

    async def note(late: bool) -> list[tuple[str, bool]]:
        event = "registry_late" if late else "registry_answered"
        for _ in range(2):
            await cabinet.wiring.cases.waiting_note(
                case, "property", at=now(), event=event, key=f"{event}:property:0", label=TEXT, late=late
            )
        return [(w["what"], w["late"]) for w in (await row_of(cabinet, case)).waiting_for]

    assert await note(late=True) == [("property", True), ("marriage", False)]
    assert await note(late=False) == [("marriage", False)]
    events = [e["event"] for e in await cabinet.office.desk.events_after(case, 0)]
    assert (events.count("registry_late"), events.count("registry_answered")) == (1, 1)


async def test_an_idempotency_key_stands_for_one_case_and_one_request(cabinet: Cabinet) -> None:
    key, owner = str(uuid4()), "client:test"
    first, same = await cabinet.office.desk.application_for_key(owner, key, b"digest", now())
    assert same
    assert await cabinet.office.desk.application_for_key(owner, key, b"digest", now()) == (first, True)
    assert await cabinet.office.desk.application_for_key(owner, key, b"other", now()) == (first, False)
    assert (await cabinet.office.desk.application_for_key("client:other", key, b"digest", now()))[0] != first


# --- after the end -----------------------------------------------------------------------------------------------


async def test_nothing_changes_a_case_that_has_ended(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    document, _, _ = await cabinet.wiring.papers.begin_document(case, "certificate", f"OT{uuid4().hex}")
    await cabinet.apply(case, "withdrawn", status=Status.WITHDRAWN)
    with pytest.raises(WrongState):
        await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    with pytest.raises(WrongState):
        await cabinet.wiring.cases.save_machine_decision(
            case, now(), {}, key="decided:1", outcome=Outcome.REFERRED, station=some_station(), waiting_for=None, event_text=TEXT
        )
    with pytest.raises(WrongState):
        await cabinet.wiring.papers.finish_document(document, sha256="0", size=1, at=now(), text=TEXT)
    assert (await row_of(cabinet, case)).status == "withdrawn"
    assert await rows_of(cabinet, tables.work_items, case) == 0
    assert [e["event"] for e in await cabinet.office.desk.events_after(case, 0)][-1] == "withdrawn"


# --- killed in between -------------------------------------------------------------------------------------------


async def test_a_change_that_is_refused_half_way_leaves_nothing(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    item = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    before, events = await row_of(cabinet, case), await rows_of(cabinet, tables.events, case)
    closing = WorkItemClosing(id=item, outcome="pass", clerk_id="nobody")
    with pytest.raises(WorkItemNotClaimed):
        await cabinet.apply(case, status=Status.APPROVING, close_work_item=closing, notices=[NoticeText(key="never", text=TEXT)])
    assert await row_of(cabinet, case) == before
    assert await rows_of(cabinet, tables.events, case) == events
    assert await rows_of(cabinet, tables.notices, case) == 0


async def test_a_connection_that_dies_before_the_commit_leaves_nothing_and_the_retry_writes_all(
    cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await cabinet.case(some_station())
    events = await rows_of(cabinet, tables.events, case)
    change = make_change(case, status=Status.REVIEWING, notices=[NoticeText(key="dies", text=TEXT)])
    store = cabinet.wiring.cases

    async def die(*_: object, **__: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as broken:
        broken.setattr(store, "_post_notice", die)
        with pytest.raises(Exception, match="busy"):
            await store.apply(change)
    assert await rows_of(cabinet, tables.events, case) == events
    assert (await row_of(cabinet, case)).status == "verifying"
    await store.apply(change)
    assert (await row_of(cabinet, case)).status == "reviewing"
    assert await rows_of(cabinet, tables.notices, case) == 1
