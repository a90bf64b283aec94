"""People with browsers, from the first page to the end, on a running stack with real face and speech."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, Playwright, expect

from settings import Settings
from tests.e2e import visitor
from tests.e2e.program import DemoAccess

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.identity]


def last_part(page: Page) -> str:
    return page.url.split("?")[0].rsplit("/", 1)[-1]


def test_a_newcomer_reads_a_code_to_the_camera_and_downloads_a_certificate_that_verifies(
    running_stack: Settings, access: DemoAccess, playwright: Playwright, chromium: str, tmp_path: Path
) -> None:
    camera = (tmp_path / "camera.mjpeg", tmp_path / "microphone.wav")
    browser = visitor.launch(playwright, chromium, camera)
    page = visitor.visit(browser, running_stack, visitor.PHONE, "en-GB")
    page.goto("/?lang=en")
    page.get_by_role("link", name="Certificate of no criminal record").first.click()
    page.get_by_role("button", name="Start now").click()
    visitor.sign_in(page, running_stack, access.people["no-record"])
    expect(page.locator(".ot-known")).to_contain_text("温州市")  # filled in from the registry
    page.check("[name=reason][value=abroad]")
    visitor.go_on(page)
    visitor.go_on(page)  # check your answers
    application = last_part(page)
    visitor.aim_at_once(page)
    visitor.consent(page)
    assert visitor.passes(page, camera), page.locator("main").inner_text()
    page.goto(f"/applications/{application}")
    expect(page.locator(".ot-doc")).to_be_visible(timeout=visitor.CHECK_MS)
    with page.expect_download() as download:
        page.locator(".ot-doc a[href*=download]").click()
    certificate = tmp_path / "certificate.pdf"
    download.value.save_as(certificate)

    stranger = visitor.visit(browser, running_stack, visitor.PHONE, "zh-CN")
    stranger.goto("/verify")
    stranger.set_input_files("input[type=file]", certificate)
    stranger.locator("form:has(input[type=file]) button[type=submit]").click()
    expect(stranger.locator("main")).to_contain_text("验证通过")
    browser.close()


def a_photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (700, 900), "lightgrey").save(out, "JPEG")
    return out.getvalue()


def complete_at_the_desk(page: Page, number: str, outcome: str, reason: str) -> None:
    """Find by acceptance number, claim, decide."""
    page.goto(f"/staff/counter?q={number}")
    page.locator(".ot-mine__row a").first.click()
    page.locator("form[action$='/claim'] button").click()
    page.check(f"[name=outcome][value={outcome}]")
    page.fill("[name=reason]", reason)
    page.locator(".ot-decide form button[type=submit]").click()
    expect(page.locator(".ot-decide--foot")).to_have_count(0)


def compare_originals(page: Page, number: str, name: str) -> None:
    page.goto(f"/staff/counter?q={number}")
    page.locator(".ot-mine__row a").first.click()
    page.locator("form[action$='/claim'] button").click()
    expect(page.locator("input[type=radio][value=same]").first).to_be_visible()  # the claimed page has come
    for choice in page.locator("input[type=radio][value=same]").all():
        choice.check()
    page.fill("[name=signed_name]", name)
    page.check("[name=signed]")
    page.locator("form:has(input[value=same]) button[type=submit]").last.click()
    expect(page).to_have_url(re.compile("/done"))


def test_a_name_change_goes_through_station_county_and_counter(
    running_stack: Settings, access: DemoAccess, playwright: Playwright, chromium: str, tmp_path: Path
) -> None:
    browser = visitor.launch(playwright, chromium)
    applicant = visitor.visit(browser, running_stack, visitor.PHONE, "zh-CN")
    proof = FilePayload(name="证明.jpg", mimeType="image/jpeg", buffer=a_photo())
    number, case_url = visitor.apply_for_a_new_name(applicant, running_stack, access.people["new-name"], "马安然", proof)

    reviewer = visitor.visit(browser, running_stack, visitor.DESKTOP, "zh-CN")
    visitor.staff_sign_in(reviewer, access.clerks["lucheng-review"])
    expect(applicant.locator("#status-sentence")).not_to_be_empty()
    applicant.goto(case_url)
    applicant.wait_for_timeout(500)
    complete_at_the_desk(reviewer, number, "pass", "材料齐全，符合规定。")
    approver = visitor.visit(browser, running_stack, visitor.DESKTOP, "zh-CN")
    visitor.staff_sign_in(approver, access.clerks["lucheng-approver"])
    complete_at_the_desk(approver, number, "approve", "同意变更。")
    expect(applicant.locator(".ot-visit")).to_be_visible(timeout=30_000)  # the page followed by itself
    counter = visitor.visit(browser, running_stack, visitor.DESKTOP, "zh-CN")
    visitor.staff_sign_in(counter, access.clerks["lucheng-counter"])
    compare_originals(counter, number, access.people["new-name"]["name"])
    expect(applicant.locator(".ot-doc")).to_be_visible(timeout=30_000)
    browser.close()


def test_a_purchase_migration_is_approved_by_the_machine_and_ends_at_the_counter(
    running_stack: Settings, access: DemoAccess, playwright: Playwright, chromium: str
) -> None:
    browser = visitor.launch(playwright, chromium)
    applicant = visitor.visit(browser, running_stack, visitor.PHONE, "zh-CN")
    applicant.goto("/items/purchase-migration/apply")
    visitor.sign_in(applicant, running_stack, access.people["mover"])
    applicant.locator("[name=property_certificate]").first.check()
    for member in applicant.locator("input[type=checkbox][name=movers]").all():
        member.check()
    visitor.go_on(applicant)
    applicant.check("[name=method][value=counter]")
    visitor.go_on(applicant)
    number = visitor.submit_and_number(applicant)
    case_url = applicant.url
    visitor.use_demo_clip(applicant)
    applicant.goto(case_url)
    expect(applicant.locator(".ot-visit")).to_be_visible(timeout=visitor.CHECK_MS)
    counter = visitor.visit(browser, running_stack, visitor.DESKTOP, "zh-CN")
    visitor.staff_sign_in(counter, access.clerks["lucheng-counter"])
    compare_originals(counter, number, access.people["mover"]["name"])
    expect(applicant.locator(".ot-doc")).to_be_visible(timeout=30_000)
    browser.close()
