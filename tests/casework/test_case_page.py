"""What the case page tells beside the evidence: why it was referred, until when, and what came before; each look entered."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from casework import clerking
from casework.actors import ClerkActor
from casework.casefile import limits, referred_because
from casework.history import SHOWN
from casework.views import WorkItemDetail
from domain.clock import CHINA
from domain.decision import Decision, Outcome, RuleResult
from domain.jurisdiction import Role
from domain.limits import Clock, Pause
from domain.service_item import LegalReference, RuleOutcome, StepKind
from domain.text import Bilingual
from tests.builders import make_application_request, make_id_number, make_service_item
from tests.driving import make_clerk
from tests.filing import Cabinet, some_station

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
BASIS = LegalReference(title=Bilingual(zh="借阅规则", en="Rules of the library"))


# --- why it was referred ----------------------------------------------------------------------------------------------


def rule(name: str, holds: bool | None, outcome: RuleOutcome = RuleOutcome.APPROVE) -> RuleResult:
    text = Bilingual(zh=f"{name}。", en=f"{len(name)} signs.")
    return RuleResult(rule=name, holds=holds, text=text, sources=[], legal_basis=BASIS, outcome=outcome)


def decided(*results: RuleResult, outcome: Outcome = Outcome.REFERRED) -> dict[str, Any]:
    decision = Decision(outcome=outcome, decided_at=NOW, by="machine", service_item="library-card", version=1, results=list(results))
    return {"decision": decision.model_dump(mode="json")}


def test_the_reason_for_referring_is_one_sentence_of_what_speaks_against() -> None:
    case = decided(rule("姓名一致", True), rule("书架是空的", False), rule("有人投诉", True, RuleOutcome.REFER))
    said = referred_because(case, make_service_item())
    assert said is not None
    assert said.zh == "转人工办理，因为：书架是空的；有人投诉。"
    assert said.en == "Referred to a person because: 5 signs; 4 signs."


def test_a_rule_that_could_not_be_told_is_not_told_as_false() -> None:
    said = referred_because(decided(rule("甲", None), rule("乙", None)), make_service_item())
    assert said is not None and "核验信息不全" in said.zh and "甲" not in said.zh
    assert said.zh.count("核验信息不全") == 1, "the same words once"


def test_an_item_that_people_always_decide_says_so() -> None:
    said = referred_because(decided(rule("姓名一致", True)), make_service_item(machine_may_approve=False))
    assert said is not None and said.zh == "转人工办理，因为：这个事项一律由民警决定。"


def test_what_the_machine_approved_or_has_not_decided_was_not_referred() -> None:
    assert referred_because(decided(rule("姓名一致", True), outcome=Outcome.APPROVED), make_service_item()) is None
    assert referred_because({"decision": None}, make_service_item()) is None


# --- until when -------------------------------------------------------------------------------------------------------


def step(clock: Clock | None, **changed: Any) -> dict[str, Any]:
    base = {
        "clock": clock.model_dump(mode="json") if clock else None,
        "status": "claimed",
        "due_at": NOW + timedelta(days=1),
        "escalation": 1,
    }
    return base | changed


def test_while_the_clock_stands_still_no_limit_is_shown_and_it_says_for_whom() -> None:
    clock = Clock(working_days=2, started_at=NOW - timedelta(days=1), pauses=[Pause(why="question", since=NOW)])
    view = limits({"promised_due_at": None, "legal_due_at": None}, step(clock), make_service_item(), NOW)
    assert (view.step.due_at, view.paused_for, view.paused_since) == (None, "question", NOW)
    assert view.paused_text is not None and "申请人" in view.paused_text.zh
    assert (view.step.working_days, view.promised.working_days, view.legal.working_days) == (2, 7, 20)


def test_a_passed_limit_is_overdue_and_a_closed_step_is_not() -> None:
    clock = Clock(working_days=2, started_at=NOW - timedelta(days=9))
    case = {"promised_due_at": NOW - timedelta(hours=1), "legal_due_at": NOW + timedelta(days=9)}
    late = {"due_at": NOW - timedelta(days=1)}
    view = limits(case, step(clock, **late), make_service_item(), NOW)
    assert (view.step.overdue, view.promised.overdue, view.legal.overdue) == (True, True, False)
    assert not limits(case, step(clock, status="completed", **late), make_service_item(), NOW).step.overdue


def test_a_step_from_before_clocks_has_its_date() -> None:
    view = limits({"promised_due_at": None, "legal_due_at": None}, step(None), make_service_item(), NOW)
    assert view.step.due_at == NOW + timedelta(days=1) and view.step.working_days is None and view.paused_since is None


# --- what came before -------------------------------------------------------------------------------------------------


async def looked_at(cabinet: Cabinet, case: UUID, clerk: ClerkActor) -> WorkItemDetail:
    item = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    return await clerking.work_item(cabinet.office, clerk, item)


def somebody() -> str:
    born = date(1950, 1, 1) + timedelta(days=uuid4().int % 20_000)
    return make_id_number(uuid4().int % 999, born=f"{born:%Y%m%d}")


@pytest.mark.stack
async def test_earlier_applications_are_shown_inside_the_territory_counted_outside_and_entered(cabinet: Cabinet) -> None:
    station, elsewhere = some_station(), some_station()
    request = make_application_request(id_number=somebody())
    mine, other = await cabinet.case(station, request), await cabinet.case(elsewhere, request)
    strangers = await cabinet.case(station, make_application_request(id_number=somebody()))
    now = await cabinet.case(station, request)
    later = await cabinet.case(station, request)
    clerk = make_clerk(Role.PRE_REVIEWER, station=station)

    detail = await looked_at(cabinet, now, clerk)

    numbers = {case: (await cabinet.office.desk.case_file(case))["acceptance_number"] for case in (mine, other, strangers, later)}
    assert [e.acceptance_number for e in detail.earlier.cases] == [numbers[mine]]
    assert (detail.earlier.elsewhere, detail.earlier.more) == (1, 0)
    assert set(detail.earlier.cases[0].model_dump()) == {
        "acceptance_number", "service_item", "service_item_name", "status", "status_text", "opened_at", "as_applicant",
    }  # fmt: skip
    for case, looks in ((mine, 1), (other, 0), (strangers, 0), (later, 0)):
        entered = [r for r in await cabinet.office.reads.reads_of_case(case, limit=10) if r["fields"] == ["history"]]
        assert [r["by"] for r in entered] == [f"clerk:{clerk.clerk_id}"] * looks
    again = await looked_at(cabinet, now, clerk)
    assert again.earlier == detail.earlier
    assert len(await cabinet.office.reads.reads_of_case(mine, limit=10)) == 1, "once a day"


@pytest.mark.stack
async def test_a_case_about_the_same_person_is_an_earlier_one_though_another_applied(cabinet: Cabinet) -> None:
    station = some_station()
    child, mother, father = somebody(), somebody(), somebody()
    await cabinet.case(station, make_application_request(id_number=mother), people=[child])
    second = await cabinet.case(station, make_application_request(id_number=father), people=[child])
    detail = await looked_at(cabinet, second, make_clerk(Role.PRE_REVIEWER, station=station))
    assert [e.as_applicant for e in detail.earlier.cases] == [False]


@pytest.mark.stack
async def test_a_long_history_is_cut_and_says_so(cabinet: Cabinet) -> None:
    station = some_station()
    request = make_application_request(id_number=somebody())
    for _ in range(SHOWN + 2):
        await cabinet.case(station, request)
    detail = await looked_at(cabinet, await cabinet.case(station, request), make_clerk(Role.PRE_REVIEWER, station=station))
    assert (len(detail.earlier.cases), detail.earlier.more, detail.earlier.elsewhere) == (SHOWN, 2, 0)


@pytest.mark.stack
async def test_the_counter_is_not_shown_what_only_who_decides_needs(cabinet: Cabinet) -> None:
    station = some_station()
    request = make_application_request(id_number=somebody())
    await cabinet.case(station, request)
    case = await cabinet.case(station, request)
    item = await cabinet.work_item(case, StepKind.COUNTER_CHECK, Role.COUNTER)
    detail = await clerking.work_item(cabinet.office, make_clerk(Role.COUNTER, station=station), item)
    assert detail.earlier.cases == [] and detail.earlier.elsewhere == 0 and detail.notes == [] and not detail.may_ask


@pytest.mark.stack
async def test_notes_and_the_reasons_of_the_county_are_beside_the_case(cabinet: Cabinet) -> None:
    station = some_station()
    clerk = make_clerk(Role.PRE_REVIEWER, station=station)
    case = await cabinet.case(station)
    await cabinet.office.desk.add_note(case, clerk.clerk_id, "pre_reviewer", "已电话核对", datetime.now(CHINA))
    words = {"kind": "pre_review", "outcome": "pass", "title": "齐全", "updated_by": "x", "updated_at": datetime.now(CHINA)}
    await cabinet.office.staff.save_template(uuid4(), words | {"owner": station, "text": "材料齐全。"})
    await cabinet.office.staff.save_template(uuid4(), words | {"owner": some_station(), "text": "别处的理由"})
    detail = await looked_at(cabinet, case, clerk)
    assert [n.text for n in detail.notes] == ["已电话核对"]
    assert [(t.outcome, t.text) for t in detail.templates] == [("pass", "材料齐全。")]
