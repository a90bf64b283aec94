"""The workshop in a browser: what each button shows is accessible, lines are jumped to, and it all works without a script."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, sync_playwright

from domain.jurisdiction import Role
from stack.doctor import CHROMIUM_NAMES
from tests.serving import serve
from tests.web import fake_office as fake
from tests.web.fake_office import CLERK_TOKEN, World, pages
from tests.web.test_catalogue import CODE, HERE, packaged
from tests.web.test_in_a_browser import AXE, CONTRAST, DESK, LOW_CONTRAST, NARROW, SMALL_TARGETS

pytestmark = pytest.mark.browser
CHOSEN = "() => { const e = document.getElementById('file-text'); return e.value.slice(e.selectionStart, e.selectionEnd) }"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def fresh(world: World) -> None:
    world.__init__()  # type: ignore[misc]
    world.clerk = fake.clerk_actor(Role.CATALOGUE_EDITOR)


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, serve(pages(world, patch)) as base:
        yield base


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = next(found for name in CHROMIUM_NAMES if (found := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", "--no-first-run"])
        yield browser
        browser.close()


def opened(chromium: Browser, address: str, *, script: bool = True) -> BrowserContext:
    context = chromium.new_context(viewport=DESK, base_url=address, java_script_enabled=script)
    context.add_cookies([{"name": "onetrip_staff", "value": CLERK_TOKEN, "url": address}])
    return context


@pytest.fixture
def tab(chromium: Browser, address: str) -> Iterator[Page]:
    context = opened(chromium, address)
    yield context.new_page()
    context.close()


def press(tab: Page, action: str) -> None:
    with tab.expect_navigation():
        tab.click(f'button[value="{action}"]')
    tab.wait_for_selector("body.js-enabled")


@pytest.mark.parametrize("action", ["save", "check", "refused", "simulate", "by-hand", "guide", "diff", "try", "publish"])
def test_everybody_can_use_what_a_button_shows(tab: Page, action: str) -> None:
    tab.goto(HERE)
    text = packaged().replace("branch:", "brunch:") if action == "refused" else packaged().replace("不用跑", "不用来")
    tab.fill("#file-text", text)
    if action == "by-hand":
        press(tab, "simulate")
    press(tab, "check" if action == "refused" else action)

    tab.evaluate(AXE.read_text(encoding="utf-8"))
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
    violations = tab.evaluate("async options => (await axe.run(document, options)).violations", rules)
    assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in violations] == []
    assert tab.evaluate(LOW_CONTRAST, CONTRAST) == []
    assert tab.evaluate(SMALL_TARGETS) == []
    tab.set_viewport_size(NARROW)
    assert tab.evaluate(OVERFLOW) <= 0, "no sideways scroll at 320 px"


def test_a_refusal_jumps_to_its_line_by_keyboard(tab: Page) -> None:
    tab.goto(HERE)
    tab.fill("#file-text", packaged().replace("branch:", "brunch:"))
    press(tab, "check")
    assert tab.evaluate("document.activeElement.id || document.querySelector(':target').id") == "result", "what came of it is gone to"
    tab.focus("[data-line]")
    tab.keyboard.press("Enter")
    assert tab.evaluate(CHOSEN) == "brunch: criminal"
    assert tab.evaluate("document.activeElement.id") == "file-text"


def test_lines_are_numbered_as_one_writes(tab: Page) -> None:
    tab.goto(HERE)
    lines = packaged().count("\n") + 1
    assert tab.locator(".ot-editor__numbers > div").count() == lines
    tab.focus("#file-text")
    tab.keyboard.press("Control+End")
    tab.keyboard.type("# one\n# two\n")
    assert tab.locator(".ot-editor__numbers > div").count() == lines + 2


def test_the_keyboard_saves_and_leaving_unsaved_text_is_asked_about(world: World, tab: Page) -> None:
    tab.goto(HERE)
    tab.focus("#file-text")
    tab.keyboard.type("# mine\n")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    tab.once("dialog", stay)
    tab.click(".govuk-back-link", no_wait_after=True)
    tab.wait_for_timeout(200)
    assert asked == ["beforeunload"] and tab.url.endswith(HERE)
    with tab.expect_navigation():
        tab.focus("#file-text")
        tab.keyboard.press("Control+s")
    assert "# mine" in world.publications.texts["clerk-1", CODE][0]


def test_a_version_is_written_and_published_with_the_keyboard_alone(world: World, tab: Page) -> None:
    tab.goto(HERE)
    tab.fill("#file-text", packaged())
    tab.focus('button[value="publish"]')
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".ot-confirm")
    tab.focus(".ot-confirm form button")
    tab.keyboard.press("Enter")
    tab.get_by_text("第 2 版已发布").wait_for()
    assert [row["version"] for row in world.publications.rows] == [2]


def test_without_a_script_the_file_is_written_checked_and_saved(world: World, chromium: Browser, address: str) -> None:
    context = opened(chromium, address, script=False)
    tab = context.new_page()
    tab.goto(HERE)
    tab.fill("#file-text", packaged().replace("branch:", "brunch:"))
    tab.click('button[value="check"]')
    assert tab.get_by_text("brunch: criminal").last.is_visible(), "the line is shown beside its refusal"
    assert world.publications.texts["clerk-1", CODE][0] == packaged().replace("branch:", "brunch:")
    context.close()
