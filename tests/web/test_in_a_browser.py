"""What only a browser tells: accessibility by axe, narrow screens, the keyboard, the camera, live parts."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, ViewportSize, sync_playwright

import web
from domain.application import Status
from stack.doctor import CHROMIUM_NAMES
from tests.serving import serve
from tests.web import fake_office as fake
from tests.web.fake_office import CASE, CLERK_TOKEN, TOKEN, WORK, World, pages
from tests.web.sample_pages import ALL_PAGES, SamplePage

pytestmark = pytest.mark.browser

PROJECT = Path(web.__file__).parents[1]
AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
HERE = f"/applications/{CASE}"
PHONE, DESK, NARROW = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=900), ViewportSize(width=320, height=640)
SIGNED_IN = {"onetrip_session": TOKEN, "onetrip_staff": CLERK_TOKEN}
CONTRAST = 7.0
# Text on a plain background: its contrast by WCAG's formula, for each element that holds text of its own.
LOW_CONTRAST = """least => {
  const linear = v => v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const numbers = css => css.match(/[\\d.]+/g).map(Number);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const colour = numbers(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || e.closest('svg')) continue;
    const a = luminance(numbers(getComputedStyle(e).color).slice(0, 3)), b = luminance(behind(e).slice(0, 3));
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < least) found.push(`${e.tagName}.${e.className}: ${contrast.toFixed(1)}`);
  }
  return found;
}"""
# Controls are 44 px high; links inside sentences are excepted (WCAG 2.5.5).
SMALL_TARGETS = """() => {
  const fields = 'input:not([type=hidden]):not([type=radio]):not([type=checkbox])';
  return [...document.querySelectorAll(`button, ${fields}, select, summary, .ot-nav a, .ot-footer a, .govuk-back-link`)]
    .filter(e => e.checkVisibility() && !e.closest('.govuk-file-upload-wrapper'))
    .filter(e => e.getBoundingClientRect().height < 43.5).map(e => `${e.tagName}.${e.className} ${e.getBoundingClientRect().height}`);
}"""


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def fresh(world: World) -> None:
    world.__init__()  # type: ignore[misc]


@pytest.fixture(scope="module")
def address(world: World, patch: pytest.MonkeyPatch) -> Iterator[str]:
    assert (PROJECT / "web" / "static" / "dist" / "site.css").exists(), "run `make install`: the styles are not built"
    with serve(pages(world, patch)) as base:
        yield base


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = next(found for name in CHROMIUM_NAMES if (found := shutil.which(name)))
    arguments = [
        "--no-sandbox", "--disable-gpu",
        "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    ]  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def signed_in(chromium: Browser, address: str) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport=PHONE, base_url=address)
    context.add_cookies([{"name": name, "value": value, "url": address} for name, value in SIGNED_IN.items()])
    yield context
    context.close()


@pytest.fixture
def tab(signed_in: BrowserContext) -> Page:
    return signed_in.new_page()


@pytest.fixture(scope="module")
def walked(chromium: Browser, address: str) -> Iterator[Page]:
    """One tab that goes from page to page, as people's do: a fresh browser for each costs more than the looking."""
    context = chromium.new_context(base_url=address)
    yield context.new_page()
    context.close()


@pytest.fixture
def walk(walked: Page, address: str) -> Iterator[tuple[Page, list[str]]]:
    """The tab, signed in, and what pages complain of from now on."""
    walked.goto("about:blank")
    walked.context.add_cookies([{"name": name, "value": value, "url": address} for name, value in SIGNED_IN.items()])
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    def fail(error: Error) -> None:
        complaints.append(str(error))

    walked.on("console", hear)
    walked.on("pageerror", fail)
    yield walked, complaints
    walked.remove_listener("console", hear)
    walked.remove_listener("pageerror", fail)


@pytest.mark.parametrize("sample", ALL_PAGES, ids=lambda sample: sample.name)
def test_everybody_can_use_the_page(sample: SamplePage, world: World, walk: tuple[Page, list[str]]) -> None:
    sample.arrange(world)
    tab, complaints = walk
    if not sample.signed_in:
        tab.context.clear_cookies()
    tab.set_viewport_size(DESK if sample.path.startswith("/staff") else PHONE)
    tab.goto(sample.path)
    tab.wait_for_selector("body.js-enabled")

    tab.evaluate(AXE.read_text(encoding="utf-8"))
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
    violations = tab.evaluate("async options => (await axe.run(document, options)).violations", rules)

    assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in violations] == []
    assert tab.evaluate(LOW_CONTRAST, CONTRAST) == []
    assert tab.evaluate(SMALL_TARGETS) == []
    tab.set_viewport_size(NARROW)
    assert tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, "no sideways scroll at 320 px"
    assert [c for c in complaints if "status of" not in c] == []


def test_an_error_summary_takes_the_focus_and_leads_to_its_field(tab: Page) -> None:
    tab.goto("/items/name-change/apply")
    tab.get_by_role("button", name="下一步").click()
    tab.wait_for_selector(".govuk-error-summary:focus")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "answers-new_name"


def test_a_field_is_asked_once_the_answer_that_it_depends_on_is_given(tab: Page) -> None:
    tab.goto("/items/residence-permit/apply")
    school = tab.locator("#answers-school")
    school.wait_for(state="hidden")
    assert tab.locator("[data-said-without-script]").first.is_hidden(), "the sentence is for who has no script"
    study = tab.locator('input[name="ground"][value="study"]')
    study.check()
    school.wait_for(state="visible")
    part = tab.evaluate("document.querySelector('#answers-school').closest('[data-asked-when]').id")
    assert part in (study.get_attribute("aria-controls") or "").split()
    assert tab.locator("[data-asked-more]").inner_text() == "下面多了要填写的内容"
    tab.locator('input[name="ground"]').first.check()
    school.wait_for(state="hidden")


def test_without_a_script_each_field_says_when_it_is_asked(chromium: Browser, address: str, world: World) -> None:
    context = chromium.new_context(viewport=PHONE, base_url=address, java_script_enabled=False)
    context.add_cookies([{"name": "onetrip_session", "value": TOKEN, "url": address}])
    tab = context.new_page()
    tab.goto("/items/residence-permit/apply")
    assert tab.locator("#answers-school").is_visible()
    assert tab.locator(".ot-when").first.inner_text().endswith("的才填")
    context.close()


def test_the_first_tab_stop_skips_to_the_content(tab: Page) -> None:
    tab.goto("/")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "跳到主要内容"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"


def test_a_clerk_decides_with_the_keyboard_alone(world: World, tab: Page) -> None:
    tab.set_viewport_size(DESK)
    tab.goto(f"/staff/work-items/{WORK}")
    tab.focus("#outcome")
    tab.keyboard.press("Space")
    tab.keyboard.press("ArrowDown")
    assert tab.locator("#supplement").is_visible(), "sending back asks what must be put right"
    tab.focus("#mark-materials-proof")
    tab.keyboard.press("Space")
    tab.keyboard.press("Tab")
    tab.keyboard.type("照片不清晰")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/staff?completed=*")
    completed = next(value for name, value in world.done if name == "complete")
    assert [(s.target, s.reason) for s in completed["supplement"]] == [("materials.proof", "照片不清晰")]


def test_a_reason_template_is_filled_in_and_can_be_changed(tab: Page) -> None:
    tab.set_viewport_size(DESK)
    tab.goto(f"/staff/work-items/{WORK}")
    tab.select_option("#template", index=2)
    assert "证明材料不清晰" in tab.input_value("#reason")
    assert tab.evaluate("document.activeElement.id") == "reason"


def test_the_case_page_follows_the_case_without_reloading(world: World, tab: Page) -> None:
    world.case = fake.case_view(Status.GATHERING)
    tab.goto(HERE)
    assert tab.get_by_text("正在向各部门查询").first.is_visible()
    tab.evaluate("window.stayed = true")
    world.case = fake.case_view(Status.COMPLETED, "no-criminal-record")
    tab.get_by_text("您的证明").wait_for()
    assert tab.evaluate("window.stayed")
