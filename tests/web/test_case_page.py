"""The case page's forms: a question, an investigation row by row, a finding, a note; refusals that say what to do."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from casework import handing_on, questions
from casework.case_views import ReasonTemplateView
from domain.errors import FourEyes, WrongState
from domain.jurisdiction import Role
from domain.service_item import StepKind
from tests.web import fake_office as fake
from tests.web.fake_office import CLERK_CSRF, WORK, World

ITEM = f"/staff/work-items/{WORK}"
TOKEN = {"csrf": CLERK_CSRF}
SOON = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()


def row(place: int, **changed: str) -> dict[str, str]:
    fields = {"kind": "visit", "clerk": "clerk-7", "day": SOON, "text": "上门核实"} | changed
    return {f"task-{place}-{name}": value for name, value in fields.items()}


def test_why_the_machine_referred_comes_before_everything_else(browser: TestClient) -> None:
    page = browser.get(ITEM).text
    assert page.index('id="because"') < page.index("ot-limits") < page.index("ot-compare") < page.index("ot-decide--foot")


def test_a_question_goes_to_the_applicant_and_the_page_comes_back_to_it(browser: TestClient, world: World) -> None:
    answer = browser.post(f"{ITEM}/questions", data=TOKEN | {"question": "用的是哪个名字？"})
    assert answer.headers["location"] == f"{ITEM}#questions"
    assert world.done == [("ask", "用的是哪个名字？")]


def test_an_empty_question_is_named_beside_its_field(browser: TestClient, world: World) -> None:
    answer = browser.post(f"{ITEM}/questions", data=TOKEN | {"question": "  "})
    assert answer.status_code == 422 and 'href="#question"' in answer.text and 'id="question-error"' in answer.text
    assert world.done == []


def test_what_was_asked_is_kept_when_the_case_refuses_it(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: Any) -> None:
        raise WrongState()

    monkeypatch.setattr(questions, "ask", refuse)
    answer = browser.post(f"{ITEM}/questions", data=TOKEN | {"question": "哪个名字？"})
    assert answer.status_code == 409 and "哪个名字？</textarea>" in answer.text


def test_an_investigation_is_opened_with_the_rows_that_were_filled_in(browser: TestClient, world: World) -> None:
    typed = TOKEN | {"why": "另有说法"} | row(0) | row(1, day="", text="") | row(2, kind="letter", clerk="clerk-8")
    answer = browser.post(f"{ITEM}/investigations", data=typed)
    assert answer.headers["location"] == f"{ITEM}#investigations"
    _, (why, tasks) = world.done[-1]
    assert why == "另有说法" and [(t.kind, t.clerk_id, t.day.isoformat()) for t in tasks] == [
        ("visit", "clerk-7", SOON),
        ("letter", "clerk-8", SOON),
    ]


def test_one_more_task_is_one_more_row_and_nothing_is_lost(browser: TestClient, world: World) -> None:
    answer = browser.post(f"{ITEM}/investigations", data=TOKEN | {"why": "另有说法", "more": "1"} | row(0))
    assert answer.status_code == 200 and world.done == []
    assert 'name="task-1-text"' in answer.text and 'name="task-2-text"' not in answer.text
    assert "上门核实</textarea>" in answer.text and "另有说法</textarea>" in answer.text and f'value="{SOON}"' in answer.text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"why": ""} | row(0), "why"),
        ({"why": "x"} | row(0, text=""), "task-0-text"),
        ({"why": "x"} | row(0, day="tomorrow"), "task-0-day"),
        ({"why": "x"} | row(0, text="", day="") | row(1, day="2020-01-01"), "task-1-day"),
    ],
)
def test_what_a_task_lacks_is_named_in_its_own_row(typed: dict[str, str], field: str, browser: TestClient, world: World) -> None:
    answer = browser.post(f"{ITEM}/investigations", data=TOKEN | typed)
    assert answer.status_code == 422 and f'href="#{field}"' in answer.text and f'id="{field}-error"' in answer.text
    assert re.search(r'<details class="ot-act" open><summary>发起调查', answer.text)
    assert world.done == []


def test_a_finding_closes_the_investigation(browser: TestClient, world: World) -> None:
    assert browser.post(f"{ITEM}/investigations/close", data=TOKEN | {"finding": "属实"}).headers["location"] == f"{ITEM}#investigations"
    assert world.done == [("close_investigation", "属实")]


def test_a_note_is_for_colleagues(browser: TestClient, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def add_note(office: Any, actor: Any, work_item_id: Any, text: str) -> None:
        world.done.append(("note", text))

    monkeypatch.setattr(handing_on, "add_note", add_note)
    assert browser.post(f"{ITEM}/notes", data=TOKEN | {"note": "已核对"}).headers["location"] == f"{ITEM}#notes"
    assert world.done == [("note", "已核对")]


def test_without_a_script_a_reason_is_inserted_by_a_button_and_stays_editable(browser: TestClient, world: World) -> None:
    text = "经核对，申请材料齐全，符合规定。"
    answer = browser.post(ITEM, data=TOKEN | {"insert": "1", "template": text, "outcome": "pass", "reason": "已看过。"})
    assert answer.status_code == 200 and world.done == []
    assert f"已看过。\n{text}</textarea>" in answer.text and re.search(r'value="pass"[^>]* checked', answer.text)


def test_reasons_of_the_county_stand_under_the_outcome_that_they_fit(browser: TestClient, world: World) -> None:
    kept = [
        ReasonTemplateView(outcome="supplement", title="缺页", text="请补充全部页面。"),
        ReasonTemplateView(outcome="pass", title="齐全", text="材料齐全。"),
        ReasonTemplateView(outcome="refuse", title="不属于本环节", text="x"),
    ]
    world.detail = fake.work_detail(templates=kept)
    select = browser.get(ITEM).text.split('id="template"')[1].split("</select>")[0]
    groups = re.findall(r'<optgroup label="([^"]+)"><option value="([^"]+)">', select)
    assert groups == [("材料齐全，报县级审批", "材料齐全。"), ("退回补正", "请补充全部页面。")]


def test_enter_completes_and_does_not_insert_though_that_button_is_drawn_first(browser: TestClient) -> None:
    form = browser.get(ITEM).text.split("ot-decide--foot")[1]
    buttons = re.findall(r"<button[^>]*>", form)
    assert 'name="insert"' not in buttons[0] and any('name="insert"' in button for button in buttons)


def test_open_tasks_keep_a_step_from_being_completed_and_the_page_says_so(browser: TestClient, world: World) -> None:
    world.detail = fake.work_detail(investigations=[fake.investigation_view()], may_investigate=False)
    page = browser.get(ITEM).text
    assert "还有 1 项任务没有办结" in page and page.split("ot-decide__do")[1].count("提交办理结果") == 0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"questions": [fake.open_question_view()]}, "现在提交将结束询问"),
        ({"investigations": [fake.investigation_view(tasks=[])]}, "您的意见即为调查结论"),
    ],
)
def test_the_page_says_what_completing_closes(changed: dict[str, Any], words: str, browser: TestClient, world: World) -> None:
    assert words not in browser.get(ITEM).text
    world.detail = fake.work_detail(**changed)
    assert words in browser.get(ITEM).text


def test_who_took_another_step_reads_why_they_may_not_claim(browser: TestClient, world: World) -> None:
    barred = fake.zh_en("您办理过本件的其他环节", "you took another step of this case")
    row = fake.work_row(StepKind.APPROVAL, status="open", mine=False, claimed_by=None, barred="four_eyes", barred_text=barred)
    world.detail = fake.work_detail(StepKind.APPROVAL, row=row, may_claim=False, may_complete=False, may_ask=False, may_investigate=False)
    page = browser.get(ITEM).text
    assert "您不能办理本件：您办理过本件的其他环节" in page and f"{ITEM}/claim" not in page


def test_a_claim_refused_by_four_eyes_is_said_calmly_on_the_page(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from casework import queueing

    async def refuse(*_: Any) -> None:
        raise FourEyes()

    monkeypatch.setattr(queueing, "claim", refuse)
    answer = browser.post(f"{ITEM}/claim", data=TOKEN)
    assert answer.status_code == 403 and "按回避和双人办理规定" in answer.text and "govuk-error-summary" not in answer.text


def test_an_investigators_task_is_completed_with_what_was_found(browser: TestClient, world: World) -> None:
    world.clerk = fake.clerk_actor(Role.INVESTIGATOR)
    world.detail = fake.work_detail(StepKind.INVESTIGATION, task=fake.task_view(), investigations=[fake.investigation_view()])
    page = unescape(browser.get(ITEM).text)
    assert "要查明什么" in page and "到解放街 12 号核实" in page and "数据源答复" not in page
    assert browser.post(ITEM, data=TOKEN | {"outcome": "done", "reason": "住在那里"}).status_code == 303
    assert world.done[-1][1]["outcome"] == "done" and world.done[-1][1]["reason"] == "住在那里"


def test_an_upload_of_several_pages_is_drawn_page_by_page(browser: TestClient, world: World) -> None:
    case = fake.case_view()
    case.materials[0].uploads = fake.uploads_to_compare()
    world.detail = fake.work_detail(application=case)
    page = browser.get(ITEM).text
    assert re.findall(r"uploads/[0-9a-f-]+/pages/(\d)", page) == ["1", "2", "3"]
    assert page.count('data-origin="counter"') == 1
    answer = browser.get(re.search(r'src="([^"]+/pages/2)"', page)[1])  # type: ignore[index]
    assert answer.headers["content-type"] == "image/jpeg" and answer.headers["content-disposition"] == "inline"
