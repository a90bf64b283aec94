"""The catalogue's pages: every button keeps the text; what comes of it is told on the page; publishing is confirmed."""

import html
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from catalogue.skeleton import packaged_file
from domain.jurisdiction import Role
from tests.web import fake_office as fake
from tests.web.fake_office import CLERK_CSRF, NUMBER, World

Response = Any  # of whichever client starlette tests with
CODE = "no-criminal-record"
HERE = f"/staff/catalogue/{CODE}"


def packaged(**replaced: str) -> str:
    """The packaged file with its version raised, as an editor would begin."""
    path = packaged_file(CODE)
    assert path is not None
    text = path.read_text(encoding="utf-8").replace("version: 1", "version: 2").replace("2026-01-01", "2026-02-01")
    for before, after in replaced.items():
        text = text.replace(before, after)
    return text


@pytest.fixture
def editor(world: World, browser: TestClient) -> TestClient:
    world.clerk = fake.clerk_actor(Role.CATALOGUE_EDITOR)
    return browser


def press(browser: TestClient, action: str, text: str | None = None, path: str = HERE, **more: Any) -> Response:
    sent = {"csrf": CLERK_CSRF, "editor:action": action, "editor:since": "2026-01-01"} | more
    return browser.post(path, data=sent | ({"editor:text": text.replace("\n", "\r\n")} if text is not None else {}))


def text_in(page: Response) -> str:
    found = re.search(r'<textarea[^>]*id="file-text"[^>]*>\n(.*?)</textarea>', page.text, re.DOTALL)
    assert found, "the file is on the page"
    return html.unescape(found.group(1))


# --- who -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.PRE_REVIEWER, Role.COUNTER, Role.APPROVER])
def test_clerks_of_cases_neither_see_nor_find_the_workshop(world: World, browser: TestClient, role: Role) -> None:
    world.clerk = fake.clerk_actor(role)
    assert browser.get("/staff/catalogue").status_code == 403
    assert browser.get(HERE).status_code == 403
    assert 'href="/staff/catalogue"' not in browser.get("/staff").text


def test_a_stranger_signs_in_first(stranger: TestClient) -> None:
    assert stranger.get(HERE).headers["location"] == f"/staff/sign-in?next={HERE}"


def test_an_editor_is_led_to_the_catalogue_and_not_to_the_counter(editor: TestClient) -> None:
    led = editor.get("/staff")
    assert (led.status_code, led.headers["location"]) == (303, "/staff/catalogue")
    home = editor.get(led.headers["location"]).text
    assert 'href="/staff/catalogue"' in home and 'href="/staff/counter"' not in home


def test_a_supervisor_reads_and_tries_but_writes_nothing(world: World, browser: TestClient) -> None:
    world.clerk = fake.clerk_actor(Role.SUPERVISOR)
    page = browser.get(HERE)
    assert page.status_code == 200 and "readonly" in page.text
    assert 'value="publish"' not in page.text and 'value="save"' not in page.text
    tried = press(browser, "simulate", "code: mine")
    assert tried.status_code == 200 and "nobody-on-record" in tried.text, "what they sent is not looked at"
    assert press(browser, "save", "code: mine").status_code == 200
    assert world.publications.texts == {}
    for path in ("/staff/catalogue-new", f"{HERE}/publish"):
        assert browser.get(path).status_code == 403
    assert browser.post("/staff/catalogue-new", data={"csrf": CLERK_CSRF, "code": "a", "kind": "query"}).status_code == 403


# --- the list, a new file --------------------------------------------------------------------------------------------


def test_the_list_shows_versions_periods_drafts_and_publishers(world: World, editor: TestClient) -> None:
    press(editor, "save", packaged())
    world.publications.texts["clerk-2", CODE] = ("", fake.NOW)
    world.publications.names["clerk-2"] = "李娜"
    page = editor.get("/staff/catalogue?q=犯罪记录").text
    assert CODE in page and "name-change" not in page
    for words in ("第 1 版", "2026年1月1日", "我的草稿", "李娜", "随系统提供"):
        assert words in page, words
    assert "没有找到这样的事项" in editor.get("/staff/catalogue?q=xyzzy").text


def test_a_new_item_begins_with_a_file_that_passes(world: World, editor: TestClient) -> None:
    begun = editor.post("/staff/catalogue-new", data={"csrf": CLERK_CSRF, "code": "reading-permit", "kind": "query"})
    assert (begun.status_code, begun.headers["location"]) == (303, "/staff/catalogue/reading-permit")
    page = editor.get("/staff/catalogue/reading-permit")
    assert "code: reading-permit" in text_in(page) and "还没有发布过" in page.text
    checked = press(editor, "check", text_in(page), "/staff/catalogue/reading-permit")
    assert checked.status_code == 200 and "检查通过" in checked.text


def test_a_code_that_is_taken_is_told_beside_its_field(editor: TestClient) -> None:
    refused = editor.post("/staff/catalogue-new", data={"csrf": CLERK_CSRF, "code": "name-change", "kind": "query"})
    assert refused.status_code == 422
    assert 'id="code-error"' in refused.text and 'value="name-change"' in refused.text


# --- the editor ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["save", "check", "simulate", "guide", "diff", "try", "by-hand", "publish"])
def test_every_button_keeps_the_text_whether_the_file_can_be_or_not(world: World, editor: TestClient, action: str) -> None:
    for text in (packaged(), "half a file: [", packaged() + "\n\n  # 注 & <b>\n"):
        answer = press(editor, action, text)
        assert world.publications.texts["clerk-1", CODE][0] == text
        if answer.status_code != 303:
            assert text_in(answer) == text
        assert text_in(editor.get(HERE)) == text


def test_looking_without_a_change_makes_no_draft(world: World, editor: TestClient) -> None:
    press(editor, "simulate", text_in(editor.get(HERE)))
    assert world.publications.texts == {}


def test_an_unknown_button_is_no_button(editor: TestClient) -> None:
    assert press(editor, "explode", packaged()).status_code == 404


def test_a_form_without_its_token_keeps_nothing(world: World, editor: TestClient) -> None:
    assert editor.post(HERE, data={"editor:action": "save", "editor:text": "x"}).status_code == 403
    assert world.publications.texts == {}


@pytest.mark.parametrize(("language", "cure"), [("zh", "是不是 branch？"), ("en", "did you mean branch?")])
def test_a_refusal_leads_to_its_line_with_the_cure(editor: TestClient, language: str, cure: str) -> None:
    text = packaged().replace("branch:", "brunch:")
    editor.cookies.set("onetrip_language", language)
    page = press(editor, "simulate", text)
    line = text.split("\n").index("brunch: criminal") + 1
    assert page.status_code == 422
    assert f'href="#file-text" data-line="{line}"' in page.text
    assert cure in page.text and "brunch: criminal</pre>" in page.text, "the line itself is shown where no script jumps to it"


def test_a_simulation_shows_each_example_as_a_path_with_truth_inputs_and_law(editor: TestClient) -> None:
    page = press(editor, "simulate", packaged()).text
    for words in (
        "nobody-on-record",
        "registry-down",
        "无记录",
        "没有答复",
        "成立",
        "无法判断",
        "criminal_records.found",
        "公安机关办理犯罪记录查询工作规定",
    ):
        assert words in page, words
    assert "未发现林晓梅" in page, "the words of the document"


@pytest.mark.parametrize(("said", "outcome"), [("none", "审批通过"), ("sample", "转人工"), ("down", "转人工")])
def test_answers_by_hand_and_what_registries_say_decide(editor: TestClient, said: str, outcome: str) -> None:
    page = press(editor, "by-hand", packaged(), **{"reason": "abroad", "registry:criminal_records": said}).text
    heading = re.search(r"手工填写的结果 <strong[^>]*>([^<]*)<", page)
    assert heading and heading.group(1) == outcome
    assert re.search(r'value="abroad"[^>]*checked', page), "the answers stay"
    assert re.search(rf'<option value="{said}" selected>', page)


def test_answers_by_hand_are_held_to_the_form(editor: TestClient) -> None:
    page = press(editor, "by-hand", packaged())
    assert page.status_code == 422
    assert 'href="#answers-reason"' in page.text and 'id="answers-reason-error"' in page.text


def test_the_guide_is_shown_in_both_languages_and_is_no_markup(editor: TestClient) -> None:
    text = packaged().replace("zh: 用于出国", 'zh: "<script>alert(1)</script>用于出国').replace("不用跑。", '不用跑。"')
    page = press(editor, "guide", text).text
    assert 'lang="zh-CN"' in page and "Certificate of no criminal record" in page
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def test_a_difference_is_told_place_by_place(editor: TestClient) -> None:
    text = packaged().replace('when: "!criminal_records.found"', "when: criminal_records.found == false")
    page = html.unescape(str(press(editor, "diff", text).text))
    assert "第 1 版 → 第 2 版" in page and "规则：改动规则“no-record-found”" in page
    assert "<del>!criminal_records.found</del>" in page and "<ins>criminal_records.found == false</ins>" in page


def test_past_cases_are_tried_from_a_day(world: World, editor: TestClient) -> None:
    page = press(editor, "try", packaged()).text
    assert NUMBER in page and "no-record-found" in page
    _, (item, since) = next(entry for entry in world.done if entry[0] == "try_service_item")
    assert (item.version, since.isoformat()) == (2, "2026-01-01T00:00:00+08:00")
    refused = press(editor, "try", packaged(), **{"editor:since": "yesterday"})
    assert refused.status_code == 422 and 'href="#since"' in refused.text


def test_a_file_is_handed_out_as_it_stands(editor: TestClient) -> None:
    press(editor, "save", packaged())
    file = editor.get(f"{HERE}/file")
    assert file.text == packaged() and file.headers["content-disposition"] == f'attachment; filename="{CODE}.yaml"'
    assert editor.get(f"{HERE}/file?version=9").status_code == 404


def test_a_draft_is_discarded_on_demand_only(world: World, editor: TestClient) -> None:
    press(editor, "save", packaged())
    assert editor.post(f"{HERE}/discard", data={"csrf": CLERK_CSRF}).headers["location"] == HERE
    assert world.publications.texts == {} and "version: 1" in text_in(editor.get(HERE))


# --- publishing ------------------------------------------------------------------------------------------------------


def confirmed(editor: TestClient) -> dict[str, str]:
    page = editor.get(f"{HERE}/publish")
    digest = re.search(r'name="editor:digest" value="([0-9a-f]{64})"', page.text)
    assert digest, page.text
    return {"csrf": CLERK_CSRF, "editor:digest": digest.group(1)}


def test_publishing_is_confirmed_with_what_changes_and_from_when(world: World, editor: TestClient) -> None:
    asked = press(editor, "publish", packaged())
    assert asked.headers["location"].startswith(f"{HERE}/publish")
    question = editor.get(f"{HERE}/publish").text
    assert "发布有无违法犯罪记录证明第 2 版" in question and "即刻起" in question and "effective_from" in question
    assert world.publications.rows == [], "nothing is live before it is confirmed"

    published = editor.post(f"{HERE}/publish", data=confirmed(editor))

    assert published.headers["location"] == f"{HERE}?published=2"
    (row,) = world.publications.rows
    assert (row["version"], row["published_by"], row["text"]) == (2, "zhou", packaged())
    page = editor.get(f"{HERE}?published=2")
    assert "第 2 版已发布" in page.text and row["digest"] in page.text
    assert text_in(page) == packaged(), "the published text is what is edited next"
    assert editor.get(f"{HERE}/file?version=2").text == packaged()


def test_a_version_that_begins_later_says_so(editor: TestClient) -> None:
    press(editor, "save", packaged().replace("2026-02-01", "2999-02-01"))
    assert "自2999年2月1日起" in editor.get(f"{HERE}/publish").text


def test_what_does_not_pass_is_not_confirmed(world: World, editor: TestClient) -> None:
    for text, told in ((packaged().replace("version: 2", "version: 1"), "已有第 1 版"), ("code: [", "不是 YAML")):
        assert told in press(editor, "publish", text).text
        assert told in editor.get(f"{HERE}/publish").text
    assert world.publications.rows == []


def test_what_was_confirmed_is_what_is_published(world: World, editor: TestClient) -> None:
    press(editor, "save", packaged())
    sent = confirmed(editor)
    press(editor, "save", packaged().replace("不用跑", "不用来"))
    refused = editor.post(f"{HERE}/publish", data=sent)
    assert refused.status_code == 422 and "确认之后文件又有改动" in refused.text
    assert world.publications.rows == []


def test_a_version_that_somebody_else_published_meanwhile_is_told(world: World, editor: TestClient) -> None:
    press(editor, "save", packaged())
    sent = confirmed(editor)
    world.publications.rows.append(
        {"code": CODE, "version": 2, "text": "theirs", "published_by": "li", "published_at": fake.NOW, "digest": ""}
    )
    refused = editor.post(f"{HERE}/publish", data=sent)
    assert refused.status_code == 409 and "刚刚已由他人发布" in refused.text
