"""A person with a browser: Chromium with a camera that plays a clip, driven through the pages as they are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, Playwright, expect

from domain.identity import Movement
from domain.text import Language
from settings import PROJECT, Settings
from simulators.demo_clip import write_camera_files
from tests.e2e.program import one_time_password

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)
AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
VIOLATIONS = "async () => (await axe.run()).violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).join(', '))"
TRY_AGAIN = "form[action$='/face/code'] button.govuk-button"
CHECK_MS = 90_000  # an identity check on a busy machine


def launch(playwright: Playwright, chromium: str, camera: tuple[Path, Path] | None = None) -> Browser:
    """`camera`: the picture and sound files that the camera plays; they may be written later, before it is opened."""
    files = [] if camera is None else [f"--use-file-for-fake-video-capture={camera[0]}", f"--use-file-for-fake-audio-capture={camera[1]}"]
    return playwright.chromium.launch(executable_path=chromium, args=[*ARGUMENTS, *files])


def visit(browser: Browser, settings: Settings, viewport: dict[str, int], language: str) -> Page:
    context: BrowserContext = browser.new_context(
        viewport={"width": viewport["width"], "height": viewport["height"]},
        locale=language,
        base_url=settings.site_url,
        accept_downloads=True,
    )
    context.set_default_timeout(60_000)
    return context.new_page()


def go_on(page: Page) -> None:
    """Press the page's main button."""
    page.locator("main form button.govuk-button:not(.govuk-button--secondary)").first.click()


def sms_code(settings: Settings, phone: str) -> str:
    """The newest sign-in code that the simulated phone received."""
    messages = httpx.get(f"{settings.sms}/messages", params={"phone": phone}, timeout=10).json()["messages"]
    newest = max((m for m in messages if "登录验证码" in m["text"]), key=lambda m: m["at"])
    found = re.search(r"登录验证码 (\d{6})", newest["text"])
    assert found, newest["text"]
    return found[1]


def sign_in(page: Page, settings: Settings, person: dict[str, Any]) -> None:
    page.fill("[name=id_number]", person["id_number"])
    page.fill("[name=name]", person["name"])
    page.fill("[name=phone]", person["phone"])
    go_on(page)
    expect(page.locator("[name=code]")).to_be_visible()
    page.fill("[name=code]", sms_code(settings, person["phone"]))
    go_on(page)


def staff_sign_in(page: Page, clerk: dict[str, Any]) -> None:
    page.goto("/staff/sign-in")
    page.fill("[name=login]", clerk["login"])
    page.fill("[name=password]", clerk["password"])
    page.fill("[name=totp]", one_time_password(clerk["totp_secret"]))
    go_on(page)
    expect(page).not_to_have_url(re.compile("/sign-in"))


def use_demo_clip(page: Page) -> None:
    """From the case page through consent to the demonstration's clip, until the check has passed.

    A synthetic voice is misheard now and then; the page then offers another try, as it does to everybody.
    """
    page.locator("main a.govuk-button[href$='/face']").click()
    page.check("[name=consent]")
    go_on(page)
    for _ in range(3):
        page.locator("form[action$='/demo'] button").click()
        expect(page.locator(".ot-status--done, .ot-status--refused")).to_be_visible(timeout=CHECK_MS)
        if page.locator(".ot-status--done").count():
            break
        page.locator(TRY_AGAIN).click()
    page.goto(re.sub(r"/face.*", "", page.url))


# --- before the camera -----------------------------------------------------------------------------------------------

LEAD_SECONDS = 3.4  # from opening the camera to the first digit: aiming, and the recording has begun
AIM_MS = 1000  # longer than the page needs: a recording that begins too soon is over before the clip is
FINDER = "addEventListener('message', () => postMessage({ faces: [[.25, .2, .5, .5]] }))"


@dataclass(frozen=True)
class Asked:
    code: str
    language: Language
    movements: Sequence[Movement]


def consent(page: Page) -> None:
    """From the case page to the camera page."""
    page.locator("main a.govuk-button[href$='/face']").click()
    page.check("[name=consent]")
    go_on(page)
    expect(page.locator("#camera")).to_be_visible()


def asked_now(page: Page) -> Asked:
    """What the next recording shall show, as the page for the phone's own camera tells it: the clip that plays is made of it."""
    home = re.sub(r"/face.*", "", page.url)
    text = page.request.get(f"{home}/face/file").text()
    code = re.search(r'id="code">(\d+)<', text)
    language: Language = "en" if "in English" in text or "用英语" in text else "zh"
    movements: Any = re.findall(r'data-movement="(\w+)"', text)
    return Asked(code[1] if code else "", language, movements)


def play(camera: tuple[Path, Path], asked: Asked) -> None:
    """From the next time that the camera is opened, the demo person does what is asked."""
    write_camera_files(
        asked.code, asked.language, camera[0].parent, pause_seconds=5.0, lead_seconds=LEAD_SECONDS, movements=asked.movements
    )


def aim_at_once(page: Page) -> None:
    """The face finder takes seconds where no graphics card is; the clip that plays does not wait for it."""
    page.context.route("**/face-finder.js*", lambda route: route.fulfill(content_type="text/javascript", body=FINDER))


def record(page: Page, *, by_keyboard: bool = False) -> None:
    """Open the camera, aim, record and hand in; until the page of the result."""
    start, aimed = "#camera button[data-part=start]", page.locator("#camera[data-hint=good] button[aria-disabled=false]")
    if by_keyboard:
        press(page, start)
        expect(aimed).to_be_focused()
    else:
        page.locator(start).click()
        expect(aimed).to_be_visible()
    page.wait_for_timeout(AIM_MS)
    page.keyboard.press("Enter") if by_keyboard else aimed.click()
    page.wait_for_url(re.compile("/face/result"), timeout=60_000)


def passes(page: Page, camera: tuple[Path, Path], *, by_keyboard: bool = False) -> bool:
    """Do what is asked before the camera, until the check has passed or the tries of this application are over.

    A synthetic voice is misheard now and then, and a busy machine's camera drops pictures; people too are given three tries.
    """
    while True:
        play(camera, asked_now(page))
        record(page, by_keyboard=by_keyboard)
        if result_of_check(page):
            return True
        if not page.locator(TRY_AGAIN).count():
            return False
        try_again(page)


def result_of_check(page: Page) -> bool:
    """Whether the check passed, once the page tells by itself."""
    expect(page.locator(".ot-status--done, .ot-status--refused")).to_be_visible(timeout=CHECK_MS)
    return page.locator(".ot-status--done").count() > 0


def try_again(page: Page) -> None:
    page.locator(TRY_AGAIN).click()  # enabled when the pause is over
    expect(page.locator("#camera")).to_be_visible()


def wait_for_status(page: Page, text: str) -> None:
    """The case page moves by itself; nothing is reloaded."""
    expect(page.locator("#status-sentence")).to_contain_text(re.compile(text), timeout=CHECK_MS)


def submit_and_number(page: Page) -> str:
    go_on(page)
    number = page.locator(".govuk-panel__body strong").inner_text()
    assert re.fullmatch(r"\d{20}", number)
    return number


def apply_for_a_new_name(page: Page, settings: Settings, person: dict[str, Any], new_name: str, proof: FilePayload) -> tuple[str, str]:
    """From the form to a passed identity check; the acceptance number and the case's address."""
    page.goto("/items/name-change/apply")
    sign_in(page, settings, person)
    page.fill("[name=new_name]", new_name)
    page.check("[name=reason][value=same-name]")
    go_on(page)
    number, case_url = submit_and_number(page), page.url
    page.locator(".govuk-task-list__link").first.click()
    page.set_input_files("input[type=file]", files=[proof])
    go_on(page)
    page.goto(case_url)
    use_demo_clip(page)
    return number, case_url


# --- what every page must allow --------------------------------------------------------------------------------------


def is_accessible(page: Page) -> None:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(VIOLATIONS) == [], page.url
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{page.url} is wider than the screen"


def tab_to(page: Page, selector: str) -> None:
    """Reach something by the Tab key alone."""
    for _ in range(120):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector} on {page.url}")


def type_into(page: Page, selector: str, text: str) -> None:
    tab_to(page, selector)
    page.keyboard.insert_text(text)


def press(page: Page, selector: str, key: str = "Enter") -> None:
    tab_to(page, selector)
    page.keyboard.press(key)
