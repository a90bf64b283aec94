"""What a clerk does inside a case before deciding: a question that stops the clock, an investigation with tasks of its own."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from temporalio.testing import WorkflowEnvironment

from api import access, cases, work_items
from api.problems import install
from casework import clerking, following, investigating, questions, queueing
from casework.actors import ClerkActor
from casework.questions import open_question
from casework.views import WorkItemDetail
from domain.application import Status
from domain.changes import InvestigationTask
from domain.clock import day_in_china
from domain.errors import DomainError, InvalidInput, NotAllowed, WorkItemNotClaimed, WrongState
from domain.ids import new_id, workflow_id
from domain.jurisdiction import Role
from domain.service_item import StepKind
from tests.builders import STATION, make_application_request
from tests.driving import INTEGRATOR, FictionTown, make_clerk

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]


async def held(town: FictionTown, kind: StepKind = StepKind.PRE_REVIEW) -> tuple[UUID, UUID, ClerkActor]:
    """A referred case, its open step, and the clerk who holds it."""
    town.registries.records["property"] = None
    case = await town.begin(make_application_request())
    if kind is StepKind.APPROVAL:
        await town.work(case, StepKind.PRE_REVIEW, "pass")
    record = await town.open_work_item(case, kind)
    clerk = town.clerk_for(record)
    await queueing.claim(town.office, clerk, record["id"])
    return case, record["id"], clerk


async def investigator(town: FictionTown, name: str = "何志强") -> ClerkActor:
    """A clerk of the county bureau, with an account."""
    row = {"login": f"investigator-{new_id()}", "name": name, "role": Role.INVESTIGATOR.value, "county": STATION[:6], "station": None}
    clerk_id = await town.office.accounts.add_clerk(row | {"password_hash": "none", "created_at": town.office.now()}, "secret")
    return make_clerk(Role.INVESTIGATOR, station=None, county=STATION[:6], clerk_id=clerk_id)


def visit(town: FictionTown, clerk: ClerkActor, *, text: str = "上门核实书架", days: int = 3) -> InvestigationTask:
    day = day_in_china(town.office.now()) + timedelta(days=days)
    return InvestigationTask(kind="visit", clerk_id=clerk.clerk_id, day=day, text=text)


async def page(town: FictionTown, clerk: ClerkActor, item: UUID) -> WorkItemDetail:
    return await clerking.work_item(town.office, clerk, item)


async def refusal_of(asking: Awaitable[Any]) -> DomainError:
    with pytest.raises(DomainError) as refused:
        await asking
    return refused.value


# --- questions -------------------------------------------------------------------------------------------------------


async def test_while_the_applicant_is_asked_the_clock_stands_still_and_it_runs_on_with_the_answer(town: FictionTown) -> None:
    case, item, clerk = await held(town)
    before = (await page(town, clerk, item)).limits
    assert before is not None and before.paused_since is None and before.step.due_at is not None and before.legal.due_at is not None

    await questions.ask(town.office, clerk, item, "  您要看哪一层书架？ ")

    asked = await page(town, clerk, item)
    assert [(q.text, q.state) for q in asked.questions] == [("您要看哪一层书架？", "open")]
    assert asked.limits is not None and asked.limits.paused_for == "question" and asked.limits.step.due_at is None
    assert not asked.may_ask, "one question at a time"
    seen = await following.get_application(town.office, INTEGRATOR, case)
    question = open_question(seen)
    assert question is not None and question.text == "您要看哪一层书架？" and question.asked_by is None, "who asked is told to staff alone"
    assert [w.what for w in seen.waiting_for] == ["question"]

    await questions.answer(town.office, INTEGRATOR, case, question.id, "第三层")

    answered = await page(town, clerk, item)
    assert [(q.state, q.answer) for q in answered.questions] == [("answered", "第三层")]
    assert answered.limits is not None and answered.limits.paused_since is None and answered.limits.step.due_at is not None
    assert answered.may_ask and open_question(await following.get_application(town.office, INTEGRATOR, case)) is None


async def test_the_same_answer_twice_is_one_answer_and_another_one_comes_too_late(town: FictionTown) -> None:
    case, item, clerk = await held(town)
    await questions.ask(town.office, clerk, item, "几层？")
    question = (await page(town, clerk, item)).questions[0]
    await questions.answer(town.office, INTEGRATOR, case, question.id, "三层")
    await questions.answer(town.office, INTEGRATOR, case, question.id, "三层")
    refused = await refusal_of(questions.answer(town.office, INTEGRATOR, case, question.id, "四层"))
    assert isinstance(refused, WrongState) and "已经结束" in refused.text.zh
    assert [e.event for e in (await town.view(case)).timeline].count("question_answered") == 1


async def test_a_question_that_nobody_answers_lapses_and_the_clerk_goes_on(town: FictionTown, clock: WorkflowEnvironment) -> None:
    case, item, clerk = await held(town)
    await questions.ask(town.office, clerk, item, "几层？")
    client = await town.wiring.temporal()
    await clock.fast_forward(client.get_workflow_handle(workflow_id(case)), timedelta(days=11))
    await town.until_event(case, "question_lapsed")
    detail = await page(town, clerk, item)
    assert [q.state for q in detail.questions] == ["lapsed"]
    assert detail.limits is not None and detail.limits.paused_since is None
    await clerking.complete(town.office, clerk, item, outcome="pass")


async def test_completing_closes_a_question_that_is_still_open(town: FictionTown) -> None:
    case, item, clerk = await held(town)
    await questions.ask(town.office, clerk, item, "几层？")
    await clerking.complete(town.office, clerk, item, outcome="pass")
    assert [q.state for q in (await page(town, clerk, item)).questions] == ["closed"]
    record = await town.open_work_item(case, StepKind.APPROVAL)
    assert record["paused_at"] is None


async def test_a_second_question_waits_for_the_first_and_the_same_command_asks_once(town: FictionTown) -> None:
    _, item, clerk = await held(town)
    command = str(new_id())
    await questions.ask(town.office, clerk, item, "几层？", command_id=command)
    await questions.ask(town.office, clerk, item, "几层？", command_id=command)
    assert len((await page(town, clerk, item)).questions) == 1
    assert isinstance(await refusal_of(questions.ask(town.office, clerk, item, "还有呢？")), WrongState)


async def test_only_the_holder_of_a_deciding_step_asks(town: FictionTown) -> None:
    _, item, _ = await held(town)
    colleague, counter = make_clerk(Role.PRE_REVIEWER), make_clerk(Role.COUNTER)
    assert isinstance(await refusal_of(questions.ask(town.office, colleague, item, "几层？")), WorkItemNotClaimed)
    assert isinstance(await refusal_of(questions.ask(town.office, counter, item, "几层？")), NotAllowed)


@pytest.mark.parametrize("text", ["", "   ", "字" * (questions.LONGEST + 1)])
async def test_a_question_says_something_and_not_too_much(town: FictionTown, text: str) -> None:
    _, item, clerk = await held(town)
    refused = await refusal_of(questions.ask(town.office, clerk, item, text))
    assert [f.path for f in refused.fields] == ["/question"]


# --- investigations --------------------------------------------------------------------------------------------------


async def test_an_investigation_from_its_opening_to_its_finding(town: FictionTown) -> None:
    case, item, clerk = await held(town)
    first, second = await investigator(town), await investigator(town, "王芳")
    letter = visit(town, second, text="发函").model_copy(update={"kind": "letter"})

    await investigating.open_investigation(town.office, clerk, item, "邻居另有说法", [visit(town, first), letter])

    opened = (await page(town, clerk, item)).investigations[0]
    assert [(t.kind, t.clerk_name, t.text, t.status) for t in opened.tasks] == [
        ("visit", "何志强", "上门核实书架", "open"),
        ("letter", "王芳", "发函", "open"),
    ]
    assert isinstance(await refusal_of(clerking.complete(town.office, clerk, item, outcome="pass")), WrongState), "tasks are open"

    task = opened.tasks[0].id
    theirs = await page(town, first, task)
    assert theirs.task is not None and theirs.task.text == "上门核实书架" and theirs.may_complete
    assert [t.id for t in theirs.investigations[0].tasks] == [task], "an investigator sees their own task"
    assert theirs.evidence == [] and theirs.earlier.cases == [] and theirs.applicant_phone == "13800000001"
    await clerking.complete(town.office, first, task, outcome="done", reason="书架确实在")
    await town.until_event(case, "task_completed")

    after = (await page(town, clerk, item)).investigations[0]
    assert (after.tasks[0].outcome, after.tasks[0].finding, after.tasks_left) == ("done", "书架确实在", 1)
    await investigating.close_investigation(town.office, clerk, item, "邻居说错了")
    closed = (await page(town, clerk, item)).investigations[0]
    assert closed.finding == "邻居说错了" and closed.closed_at is not None
    assert [t.status for t in closed.tasks] == ["completed", "cancelled"]
    await clerking.complete(town.office, clerk, item, outcome="pass")
    await town.until_status(case, Status.APPROVING)


async def test_a_task_needs_words_on_what_was_found(town: FictionTown) -> None:
    _, item, clerk = await held(town)
    doer = await investigator(town)
    await investigating.open_investigation(town.office, clerk, item, "为什么", [visit(town, doer)])
    task = (await page(town, clerk, item)).investigations[0].tasks[0].id
    refused = await refusal_of(clerking.complete(town.office, doer, task, outcome="not_possible"))
    assert isinstance(refused, InvalidInput) and [f.path for f in refused.fields] == ["/reason"]


async def test_an_investigator_sees_the_case_of_their_own_task_only(town: FictionTown) -> None:
    case, item, clerk = await held(town)
    doer, other = await investigator(town), await investigator(town)
    await investigating.open_investigation(town.office, clerk, item, "为什么", [visit(town, doer)])
    task = (await page(town, clerk, item)).investigations[0].tasks[0].id

    assert isinstance(await refusal_of(page(town, other, task)), NotAllowed)
    assert isinstance(await refusal_of(clerking.complete(town.office, other, task, outcome="done", reason="x")), NotAllowed)
    assert isinstance(await refusal_of(following.get_application(town.office, other, case)), NotAllowed)
    assert (await following.get_application(town.office, doer, case)).id == case
    assert isinstance(await refusal_of(page(town, doer, item)), NotAllowed), "the step itself is not theirs"
    number = (await page(town, clerk, item)).row.acceptance_number
    assert [row.id for row in await clerking.find(town.office, doer, number)] == [task]
    assert await clerking.find(town.office, other, number) == []


async def test_an_investigation_whose_tasks_are_done_closes_with_the_decision(town: FictionTown) -> None:
    case, item, clerk = await held(town, StepKind.APPROVAL)
    doer = await investigator(town)
    await investigating.open_investigation(town.office, clerk, item, "为什么", [visit(town, doer)])
    task = (await page(town, clerk, item)).investigations[0].tasks[0].id
    await clerking.complete(town.office, doer, task, outcome="done", reason="都对")
    await clerking.complete(town.office, clerk, item, outcome="approve", reason="查明属实")
    await town.until_status(case, Status.COMPLETED)
    assert (await page(town, clerk, item)).investigations[0].finding == "查明属实"


async def test_what_is_wrong_with_an_investigation_is_named_where_it_is_wrong(town: FictionTown) -> None:
    _, item, clerk = await held(town)
    doer, stranger = await investigator(town), make_clerk(Role.INVESTIGATOR, station=None, county="330303")
    tasks = [visit(town, doer), visit(town, stranger), visit(town, doer, days=-1), visit(town, doer).model_copy(update={"text": " "})]
    refused = await refusal_of(investigating.open_investigation(town.office, clerk, item, " ", tasks))
    assert [f.path for f in refused.fields] == ["/why", "/tasks/1/clerk", "/tasks/2/day", "/tasks/3/text"]
    refused = await refusal_of(investigating.open_investigation(town.office, clerk, item, "为什么", []))
    assert [f.path for f in refused.fields] == ["/tasks"]
    assert (await page(town, clerk, item)).investigations == []


async def test_only_one_investigation_is_open_at_a_time(town: FictionTown) -> None:
    _, item, clerk = await held(town)
    doer = await investigator(town)
    await investigating.open_investigation(town.office, clerk, item, "一", [visit(town, doer)])
    again = investigating.open_investigation(town.office, clerk, item, "二", [visit(town, doer)])
    assert isinstance(await refusal_of(again), WrongState)
    assert not (await page(town, clerk, item)).may_investigate


# --- what came before -------------------------------------------------------------------------------------------------


async def test_the_approver_reads_what_the_pre_reviewer_said_and_why_it_was_referred(town: FictionTown) -> None:
    town.registries.records["property"] = None
    case = await town.begin(make_application_request())
    await town.work(case, StepKind.PRE_REVIEW, "pass", reason="看过了")
    record = await town.open_work_item(case, StepKind.APPROVAL)
    detail = await page(town, town.clerk_for(record), record["id"])
    assert [(s.kind, s.outcome, s.reason) for s in detail.steps] == [(StepKind.PRE_REVIEW, "pass", "看过了")]
    assert detail.referred_because is not None and "书架是空的" in detail.referred_because.zh
    assert "姓名一致" not in detail.referred_because.zh


# --- by program -------------------------------------------------------------------------------------------------------


def program_of(town: FictionTown, clerk: ClerkActor) -> httpx.AsyncClient:
    """The API with this clerk signed in."""
    app = FastAPI()
    install(app)
    app.state.office = town.office
    app.dependency_overrides[access.clerk] = lambda: clerk
    for part in (cases, work_items):
        app.include_router(part.router)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://office/v1/work-items")


async def test_a_program_asks_once_under_one_key_and_reads_all_that_the_page_shows(town: FictionTown) -> None:
    _, item, clerk = await held(town)
    async with program_of(town, clerk) as program:
        for _ in range(2):
            asked = await program.post(f"/{item}/questions", json={"text": "几层？"}, headers={"Idempotency-Key": "one"})
            assert asked.status_code == 201
        detail = (await program.get(f"/{item}")).json()
    assert [q["text"] for q in detail["questions"]] == ["几层？"]
    assert "书架是空的" in detail["referred_because"]["zh"]
    assert detail["limits"]["paused_for"] == "question" and detail["limits"]["legal"]["working_days"] == 20
    assert detail["earlier"]["elsewhere"] >= 0 and detail["investigations"] == [] and detail["may_ask"] is False


async def test_a_program_opens_and_closes_an_investigation(town: FictionTown) -> None:
    _, item, clerk = await held(town)
    doer = await investigator(town)
    task = visit(town, doer).model_dump(mode="json")
    async with program_of(town, clerk) as program:
        wrong = await program.post(f"/{item}/investigations", json={"reason": "", "tasks": [task]})
        assert wrong.status_code == 422 and [e["path"] for e in wrong.json()["errors"]] == ["/why"]
        opened = await program.post(f"/{item}/investigations", json={"reason": "另有说法", "tasks": [task]})
        assert opened.status_code == 201 and opened.json()["investigations"][0]["tasks"][0]["clerk_name"] == "何志强"
        closed = await program.post(f"/{item}/investigations/close", json={"finding": "属实"})
        assert closed.status_code == 200 and closed.json()["investigations"][0]["finding"] == "属实"
        assert (await program.post(f"/{item}/investigations/close", json={"finding": "再来"})).status_code == 409
