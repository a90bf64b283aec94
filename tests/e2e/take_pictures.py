"""The README's picture, from the pages as they are: `python -m tests.e2e.take_pictures` beside a running stack."""

import io
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from settings import PROJECT, Settings, load_settings
from simulators.demo_clip import write_camera_files
from tests.e2e import visitor
from tests.e2e.program import DemoAccess, Integrator, demo_access

FRAME, GAP, BACK = 3, 36, (233, 237, 244)


def shot(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def phone_pages(page: Page, settings: Settings, access: DemoAccess) -> list[Image.Image]:
    page.goto("/items/no-criminal-record")
    pictures = [shot(page)]
    page.goto("/items/no-criminal-record/apply")
    visitor.sign_in(page, settings, access.people["no-record"])
    page.check("[name=reason][value=abroad]")
    pictures.append(shot(page))
    visitor.go_on(page)
    visitor.go_on(page)
    page.locator("main a.govuk-button[href$='/face']").click()
    page.check("[name=consent]")
    visitor.go_on(page)
    page.locator("[data-part=start]").click()
    page.wait_for_timeout(1500)
    page.evaluate("window.scrollTo(0, 260)")
    pictures.append(shot(page))
    page.reload()
    page.locator("form[action$='/demo'] button").click()
    expect(page.locator(".ot-status--done")).to_be_visible(timeout=visitor.CHECK_MS)
    page.goto(re.sub(r"/face.*", "", page.url))
    expect(page.locator(".ot-doc")).to_be_visible(timeout=visitor.CHECK_MS)
    page.evaluate("window.scrollTo(0, 120)")
    pictures.append(shot(page))
    return pictures


def desk_page(page: Page, settings: Settings, access: DemoAccess) -> Image.Image:
    integrator = Integrator(settings, access)
    answers = {"property_certificate": access.people["mover-disagreement"]["certificate_number"], "movers": []}
    case = integrator.apply("purchase-migration", "mover-disagreement", answers, {"method": "counter"})
    integrator.record_clip(case)
    integrator.wait_for(case, "reviewing")
    visitor.staff_sign_in(page, access.clerks["lucheng-review"])
    page.goto(f"/staff/counter?q={case['acceptance_number']}")
    page.locator(".ot-mine__row a").first.click()
    page.locator("form[action$='/claim'] button").click()
    expect(page).to_have_url(re.compile("/staff/work-items/"))
    return shot(page)


def composed(phones: list[Image.Image], desk: Image.Image) -> Image.Image:
    width = desk.width + 2 * GAP
    phone_width = (width - (len(phones) + 1) * GAP) // len(phones)
    small = [p.resize((phone_width, p.height * phone_width // p.width), Image.Resampling.LANCZOS) for p in phones]
    sheet = Image.new("RGB", (width, small[0].height + desk.height + 3 * GAP), BACK)
    for index, picture in enumerate(small):
        sheet.paste(picture, (GAP + index * (phone_width + GAP), GAP))
    sheet.paste(desk, (GAP, small[0].height + 2 * GAP))
    return sheet


def main() -> None:
    settings = load_settings()
    access = demo_access(settings)
    with sync_playwright() as playwright, TemporaryDirectory() as camera:
        browser = visitor.launch(playwright, shutil.which("chromium") or "chromium", write_camera_files("0000", "en", Path(camera)))
        phones = phone_pages(visitor.visit(browser, settings, visitor.PHONE, "zh-CN"), settings, access)
        desk = desk_page(visitor.visit(browser, settings, visitor.DESKTOP, "zh-CN"), settings, access)
        browser.close()
    folder = PROJECT / "docs" / "pictures"
    folder.mkdir(exist_ok=True)
    composed(phones, desk).quantize(128).save(folder / "pages.png", optimize=True)


if __name__ == "__main__":
    main()
