"""The viewer of uploads in a browser: keys that count only inside it, pages, turning, and the original's scan beside."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.web import fake_office as fake
from tests.web.fake_office import CLERK_TOKEN, WORK, World
from tests.web.test_in_a_browser import address, chromium, patch, world  # noqa: F401  (fixtures)

pytestmark = pytest.mark.browser
ITEM = f"/staff/work-items/{WORK}"
DESK = ViewportSize(width=1366, height=768)
SHOWN = ".ot-viewer__page:not([hidden])"


@pytest.fixture(autouse=True)
def case(world: World) -> None:  # noqa: F811
    """A scan of the original first, then the applicant's PDF of three pages."""
    world.__init__()  # type: ignore[misc]
    application = fake.case_view()
    application.materials[0].uploads = fake.uploads_to_compare()
    world.detail = fake.work_detail(application=application)


def context_of(chromium: Browser, address: str, **options: object) -> BrowserContext:  # noqa: F811
    context = chromium.new_context(viewport=DESK, base_url=address, **options)  # type: ignore[arg-type]
    context.add_cookies([{"name": "onetrip_staff", "value": CLERK_TOKEN, "url": address}])
    return context


@pytest.fixture
def tab(chromium: Browser, address: str) -> Iterator[Page]:  # noqa: F811
    context = context_of(chromium, address)
    page = context.new_page()
    page.goto(ITEM)
    page.wait_for_selector(".ot-viewer--live")
    page.wait_for_function("document.querySelector('.ot-viewer__page:not([hidden]) img').naturalWidth > 0")
    yield page
    context.close()


def picture(tab: Page) -> dict[str, float]:
    box = tab.locator(f"{SHOWN} img").first.bounding_box()
    assert box is not None
    return {"width": box["width"], "height": box["height"]}


def said(tab: Page) -> str:
    return tab.locator("[data-part=said]").inner_text()


def test_plus_and_minus_zoom_and_zero_fits(tab: Page) -> None:
    tab.focus(".ot-viewer__stage")
    whole = picture(tab)["width"]
    tab.keyboard.press("+")
    assert picture(tab)["width"] == pytest.approx(whole * 1.25, abs=1) and "125%" in said(tab)
    tab.keyboard.press("-")
    tab.keyboard.press("-")
    assert picture(tab)["width"] == pytest.approx(whole * 0.8, abs=1)
    tab.keyboard.press("0")
    assert picture(tab)["width"] == pytest.approx(whole, abs=1)


def test_r_turns_a_page_and_it_still_fits_whole(tab: Page) -> None:
    tab.focus(".ot-viewer__stage")
    before = picture(tab)
    assert before["width"] > before["height"]
    tab.keyboard.press("r")
    turned = picture(tab)
    assert turned["height"] > turned["width"] and "90°" in said(tab)
    stage = tab.locator(".ot-viewer__stage").bounding_box()
    assert stage is not None and turned["height"] <= stage["height"] + 1


def test_next_and_previous_go_through_pages_and_stop_at_the_ends(tab: Page) -> None:
    tab.focus(".ot-viewer__stage")
    assert said(tab).startswith("第 1 页，共 4 页")
    assert tab.get_by_role("button", name="上一页").is_disabled()
    for number in (2, 3, 4, 4):
        tab.keyboard.press("n")
        assert said(tab).startswith(f"第 {number} 页")
    assert tab.locator(SHOWN).get_attribute("data-number") == "3" and tab.locator(SHOWN).count() == 1
    tab.keyboard.press("p")
    assert said(tab).startswith("第 3 页")
    tab.locator("[data-part=list] button").first.click()
    assert said(tab).startswith("第 1 页")


def test_the_scan_of_the_original_stands_beside_the_upload_and_both_turn(tab: Page) -> None:
    tab.get_by_role("button", name="与原件扫描并排").click()
    assert tab.locator(SHOWN).count() == 2
    assert {page.get_attribute("data-origin") for page in tab.locator(SHOWN).all()} == {"counter", "applicant"}
    left, right = (page.bounding_box() for page in tab.locator(SHOWN).all())
    assert left is not None and right is not None and left["x"] + left["width"] <= right["x"] and left["y"] == right["y"]
    tab.keyboard.press("r")
    assert all("rotate(90deg)" in (image.get_attribute("style") or "") for image in tab.locator(f"{SHOWN} img").all())
    tab.get_by_role("button", name="下一页").click()
    tab.get_by_role("button", name="下一页").click()
    assert tab.get_by_role("button", name="与原件扫描并排").is_hidden(), "the second page has no scan"


def test_the_keys_mean_nothing_to_the_viewer_while_a_reason_is_typed(tab: Page) -> None:
    before = said(tab)
    tab.focus("#reason")
    tab.keyboard.type("rn+-0")
    assert tab.input_value("#reason") == "rn+-0" and said(tab) == before


def test_without_a_script_every_page_is_there_with_a_link_to_the_file(chromium: Browser, address: str) -> None:  # noqa: F811
    context = context_of(chromium, address, java_script_enabled=False)
    page = context.new_page()
    page.goto(ITEM)
    assert page.locator(".ot-viewer__page img").count() == 4
    assert all(image.is_visible() for image in page.locator(".ot-viewer__page img").all())
    assert page.locator(".ot-viewer__page figcaption a").count() == 4
    assert page.locator("[data-part=tools]").is_hidden()
    page.select_option("#template", index=1)
    page.get_by_role("button", name="填入").click()
    assert "申请材料齐全" in page.input_value("#reason"), "a reason is inserted without a script too"
    context.close()


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (768, 1024)])
def test_the_decision_stays_at_the_foot_and_leaves_room_to_read(tab: Page, width: int, height: int) -> None:
    tab.set_viewport_size(ViewportSize(width=width, height=height))
    for scrolled in (0, 700):
        tab.evaluate(f"window.scrollTo(0, {scrolled})")
        foot = tab.locator(".ot-decide--foot").bounding_box()
        assert foot is not None and foot["y"] + foot["height"] == pytest.approx(height, abs=2)
        assert foot["height"] < height * 0.34
    assert tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
