"""The face check as a person meets it, on a phone with a recorded clip as its camera: what fails, what helps, and the other ways."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, Route, expect

from settings import Settings
from simulators.demo_clip import write_camera_files
from tests.e2e import visitor
from tests.e2e.program import DemoAccess
from tests.e2e.visitor import Asked

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.identity]
Camera = tuple[Path, Path]


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Camera:
    """Picture and sound files; each test writes what shall be played before it opens the camera."""
    folder = tmp_path_factory.mktemp("camera")
    return folder / "camera.mjpeg", folder / "microphone.wav"


@pytest.fixture(scope="module")
def phone(playwright: Playwright, chromium: str, camera: Camera) -> Iterator[Browser]:
    browser = visitor.launch(playwright, chromium, camera)
    yield browser
    browser.close()


def filed(page: Page, settings: Settings, person: dict[str, Any], language: str) -> str:
    """A certificate is applied for; the case's address."""
    page.goto(f"/items/no-criminal-record/apply?lang={language}")
    visitor.sign_in(page, settings, person)
    page.check("[name=reason][value=abroad]")
    visitor.go_on(page)
    visitor.go_on(page)
    page.wait_for_url(re.compile("/applications/"))
    return page.url.split("?")[0]


def test_a_wrong_code_fails_with_words_that_help_and_an_upload_that_was_cut_off_goes_on(
    running_stack: Settings, access: DemoAccess, phone: Browser, camera: Camera
) -> None:
    page = visitor.visit(phone, running_stack, visitor.PHONE, "en-GB")
    case = filed(page, running_stack, access.people["driver"], "en")
    visitor.aim_at_once(page)
    visitor.consent(page)
    visitor.is_accessible(page)
    asked = visitor.asked_now(page)
    other = "".join(str((int(digit) + 5) % 10) for digit in asked.code)
    visitor.play(camera, Asked(other, asked.language, asked.movements))
    visitor.record(page)
    assert not visitor.result_of_check(page)
    said = page.locator(".ot-status--refused").inner_text()
    assert "digits" in said and "Tries left: 2" in said and re.search(r"0\.\d", said) is None, "words, never a score"
    visitor.is_accessible(page)

    visitor.try_again(page)
    again = visitor.asked_now(page)
    assert (again.code, again.movements) != (asked.code, asked.movements) or again.code != asked.code
    visitor.play(camera, again)
    cut = cut_off(page)
    visitor.record(page)
    assert cut["parts"] > 2 and cut["asked_where_it_stopped"] >= 1
    if not visitor.result_of_check(page):
        visitor.try_again(page)
        assert visitor.passes(page, camera), page.locator("main").inner_text()
    page.goto(case)
    expect(page.locator(".ot-doc")).to_be_visible(timeout=visitor.CHECK_MS)
    page.context.close()


def cut_off(page: Page) -> dict[str, int]:
    """The connection breaks in the second part, for as long as the page needs to notice."""
    seen = {"parts": 0, "asked_where_it_stopped": 0}

    def watch(route: Route) -> None:
        method = route.request.method
        seen["parts"] += method == "PATCH"
        seen["asked_where_it_stopped"] += method == "HEAD"
        if method == "PATCH" and seen["parts"] == 2:
            page.context.set_offline(True)
            route.abort("internetdisconnected")
            page.context.set_offline(False)
        else:
            route.continue_()

    page.route(re.compile("/face/uploads/"), watch)
    return seen


def test_who_does_not_speak_passes_by_movements_with_the_keyboard_alone(
    running_stack: Settings, access: DemoAccess, phone: Browser, camera: Camera
) -> None:
    page = visitor.visit(phone, running_stack, visitor.PHONE, "zh-CN")
    filed(page, running_stack, access.people["renamed"], "zh")
    visitor.aim_at_once(page)
    visitor.press(page, "main a[href$='/face']")
    page.wait_for_url(re.compile("/face$"))
    visitor.is_accessible(page)
    visitor.press(page, "[name=consent]", "Space")
    visitor.press(page, "main form[action$='/face'] button.govuk-button")
    page.wait_for_url(re.compile("/face/record"))
    visitor.press(page, "form:has([name=way][value=movements]) button")
    expect(page.locator("main")).to_contain_text("五个头部动作")
    visitor.is_accessible(page)
    assert visitor.passes(page, camera, by_keyboard=True), page.locator("main").inner_text()
    visitor.is_accessible(page)
    page.context.close()


def test_who_cannot_turn_the_head_is_told_of_the_phone_and_passes_once_it_is_carried_to_the_side(
    running_stack: Settings, access: DemoAccess, phone: Browser, camera: Camera
) -> None:
    page = visitor.visit(phone, running_stack, visitor.PHONE, "en-GB")
    filed(page, running_stack, access.people["mover"], "en")
    visitor.aim_at_once(page)
    visitor.consent(page)
    visitor.press(page, "form:has([name=way][value=digits]):not(:has([name=aloud])) button")
    expect(page.locator("main")).to_contain_text("six digits")
    visitor.is_accessible(page)
    asked = visitor.asked_now(page)
    visitor.play(camera, Asked(asked.code, asked.language, []))
    visitor.record(page)
    assert not visitor.result_of_check(page)
    said = page.locator(".ot-status--refused").inner_text()
    assert "The phone was moved too little" in said and "Turn" not in said

    visitor.try_again(page)
    assert visitor.passes(page, camera), page.locator("main").inner_text()
    page.context.close()


def test_nobody_before_the_camera_is_told_while_aiming_and_the_counter_sees_the_tries(
    running_stack: Settings, access: DemoAccess, phone: Browser, browser: Browser, camera: Camera
) -> None:
    page = visitor.visit(phone, running_stack, visitor.PHONE, "zh-CN")
    case = filed(page, running_stack, access.people["returnee"], "zh")
    visitor.consent(page)
    show_nobody(camera)
    page.locator("#camera button[data-part=start]").click()
    expect(page.locator("[data-part=say]")).to_contain_text("没有看到脸", timeout=30_000)  # the finder itself, which is slow here
    expect(page.locator("#camera button[data-part=start]")).to_have_text("仍然录制", timeout=30_000)
    page.locator("#camera button[data-part=start]").click()
    page.wait_for_url(re.compile("/face/result"), timeout=60_000)
    assert not visitor.result_of_check(page)
    assert "脸" in page.locator(".ot-status--refused").inner_text()
    page.get_by_role("button", name="改到窗口核验身份").click()
    expect(page.locator(".ot-visit")).to_be_visible(timeout=30_000)
    number = re.search(r"\d{20}", page.locator("main").inner_text())
    assert number and page.url.startswith(case)
    page.context.close()

    clerk = visitor.visit(browser, running_stack, visitor.DESKTOP, "zh-CN")
    visitor.staff_sign_in(clerk, access.clerks["lucheng-counter"])
    clerk.goto(f"/staff/counter?q={number[0]}")
    clerk.locator(".ot-mine__row a").first.click()
    clerk.locator("form[action$='/claim'] button").click()
    look = clerk.locator(".ot-look")
    expect(look.locator(".ot-look__try")).to_have_count(1)
    expect(look).to_contain_text("未通过")
    clerk.wait_for_function("() => document.querySelector('.ot-look__portrait img').naturalWidth > 0")
    visitor.is_accessible(clerk)
    clerk.check("[name=outcome][value=same_person]")
    clerk.locator(".ot-decide form button[type=submit]:visible").last.click()
    clerk.wait_for_url(re.compile("completed="))
    clerk.context.close()


def show_nobody(camera: Camera) -> None:
    """A wall, in silence."""
    import io

    from PIL import Image

    write_camera_files("", "en", camera[0].parent, pause_seconds=1.0)
    wall = io.BytesIO()
    Image.linear_gradient("L").resize((480, 640)).point(lambda grey: 90 + grey // 4).convert("RGB").save(wall, "JPEG")
    camera[0].write_bytes(wall.getvalue() * 60)


def test_a_camera_that_is_refused_leaves_the_phones_own_and_the_counter(
    running_stack: Settings, access: DemoAccess, playwright: Playwright, chromium: str
) -> None:
    refusing = playwright.chromium.launch(executable_path=chromium, args=[a for a in visitor.ARGUMENTS if "media-stream" not in a])
    page = visitor.visit(refusing, running_stack, visitor.PHONE, "en-GB")
    filed(page, running_stack, access.people["permit-holder"], "en")
    visitor.consent(page)
    page.locator("#camera button[data-part=start]").click()
    problem = page.locator("[data-part=problem]")
    expect(problem).to_be_focused()
    expect(problem).to_contain_text(re.compile("was not allowed|No camera"))
    visitor.is_accessible(page)
    page.get_by_role("link", name="Record with the phone's own camera app").click()
    expect(page.locator("#code")).to_have_text(re.compile(r"^\d{4}$"))
    page.get_by_role("button", name="Have it checked at the counter").click()
    expect(page.locator(".ot-visit")).to_be_visible(timeout=30_000)
    refusing.close()
