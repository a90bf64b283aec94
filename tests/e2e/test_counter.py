"""A day at the counter: an application filled in for somebody without a phone, and originals that are not what was uploaded."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from settings import Settings
from tests.e2e import visitor
from tests.e2e.program import DemoAccess

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.identity]
TABLET = {"width": 820, "height": 1180}


def begin_filing(page: Page, person: dict[str, Any], item: str) -> None:
    """The first page, by keyboard alone."""
    page.goto("/staff/filing")
    visitor.is_accessible(page)
    visitor.tab_to(page, "#item")
    page.locator("#item").select_option(item)  # a list takes letters; which of them differs by system
    visitor.type_into(page, "#id_number", person["id_number"])
    visitor.type_into(page, "#name", person["name"])
    visitor.press(page, "#card_seen", "Space")
    visitor.press(page, "main form button.govuk-button")
    page.wait_for_url(re.compile("/apply$"))


@pytest.mark.parametrize("screen", [TABLET, visitor.DESKTOP], ids=["tablet", "desktop"])
def test_somebody_without_a_phone_is_served_and_leaves_with_the_paper(
    running_stack: Settings, access: DemoAccess, browser: Browser, screen: dict[str, int]
) -> None:
    person = access.people["no-record"]
    clerk = visitor.visit(browser, running_stack, screen, "zh-CN")
    visitor.staff_sign_in(clerk, access.clerks["lucheng-counter"])
    begin_filing(clerk, person, "no-criminal-record")
    visitor.is_accessible(clerk)
    visitor.press(clerk, "[name=reason]", "Space")
    visitor.press(clerk, "main form button.govuk-button")
    clerk.wait_for_url(re.compile("/check$"))
    expect(clerk.locator("main")).to_contain_text("没有手机")
    visitor.is_accessible(clerk)
    visitor.press(clerk, "main form button.govuk-button:not(.govuk-button--secondary)")
    expect(clerk.locator(".govuk-error-summary")).to_contain_text("签名")
    visitor.type_into(clerk, "#signed_name", person["name"])
    visitor.press(clerk, "main form button.govuk-button:not(.govuk-button--secondary)")
    clerk.wait_for_url(re.compile("/cases/.*submitted"))
    visitor.is_accessible(clerk)
    case = clerk.url.split("?")[0]

    clerk.goto(f"{case}/face")
    expect(clerk.locator("main")).to_contain_text("念给")
    visitor.is_accessible(clerk)
    visitor.press(clerk, "[name=consent]", "Space")
    visitor.press(clerk, "main form button.govuk-button:not(.govuk-button--secondary)")
    for _ in range(3):  # a synthetic voice is misheard now and then
        clerk.locator("form[action$='/demo'] button").click()
        expect(clerk.locator(".ot-status--done, .ot-status--refused")).to_be_visible(timeout=visitor.CHECK_MS)
        if clerk.locator(".ot-status--done").count():
            break
        clerk.locator("form[action$='/face/code'] button.govuk-button").click()
    clerk.goto(case)
    expect(clerk.locator(".ot-doc a")).to_be_visible(timeout=visitor.CHECK_MS)
    paper = clerk.request.get(str(clerk.locator(".ot-doc a").get_attribute("href")))
    assert paper.ok and paper.body().startswith(b"%PDF")
    clerk.goto(f"{case}/receipt")
    expect(clerk.locator(".ot-receipt")).to_contain_text("不用再来")
    visitor.is_accessible(clerk)


def test_a_case_filed_without_a_phone_is_in_the_persons_list_once_a_counter_entered_one(
    running_stack: Settings, access: DemoAccess, browser: Browser
) -> None:
    person = access.people["with-record"]
    clerk = visitor.visit(browser, running_stack, visitor.DESKTOP, "zh-CN")
    visitor.staff_sign_in(clerk, access.clerks["lucheng-counter"])
    begin_filing(clerk, person, "no-criminal-record")
    clerk.locator("[name=reason]").first.check()
    visitor.go_on(clerk)
    pad = clerk.locator("[data-signature-pad]")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None, "the applicant signs with a finger or a pen"
    clerk.mouse.move(box["x"] + 40, box["y"] + 40)
    clerk.mouse.down()
    clerk.mouse.move(box["x"] + 200, box["y"] + 90, steps=8)
    clerk.mouse.up()
    clerk.get_by_role("button", name="提交").click()
    clerk.wait_for_url(re.compile("/cases/.*submitted"))

    clerk.goto("/staff/filing/phone")
    visitor.is_accessible(clerk)
    for name in ("id_number", "name", "phone"):
        clerk.fill(f"[name={name}]", person[name])
    clerk.check("[name=card_seen]")
    visitor.go_on(clerk)
    expect(clerk.locator("[role=status]").first).to_contain_text("已登记")

    applicant = visitor.visit(browser, running_stack, visitor.PHONE, "zh-CN")
    applicant.goto("/sign-in")
    visitor.sign_in(applicant, running_stack, person)
    expect(applicant.locator(".ot-mine__row")).to_have_count(1)
    applicant.locator(".ot-mine__row a").first.click()
    expect(applicant.locator("main")).to_contain_text("无违法犯罪记录证明")


def test_originals_that_differ_at_another_counter_void_the_approval_and_open_an_inquiry(
    running_stack: Settings, access: DemoAccess, browser: Browser
) -> None:
    person = access.people["mover"]
    applicant = visitor.visit(browser, running_stack, visitor.PHONE, "zh-CN")
    applicant.goto("/items/purchase-migration/apply")
    visitor.sign_in(applicant, running_stack, person)
    applicant.locator("[name=property_certificate]").first.check()
    visitor.go_on(applicant)
    applicant.check("[name=method][value=counter]")
    visitor.go_on(applicant)
    visitor.go_on(applicant)
    number = applicant.locator(".govuk-panel__body strong").inner_text()
    case_url = applicant.url.split("?")[0]
    visitor.use_demo_clip(applicant)
    applicant.goto(case_url)
    expect(applicant.locator(".ot-visit")).to_be_visible(timeout=visitor.CHECK_MS)
    applicant.goto(f"{case_url}/appointment")
    applicant.locator(".ot-day").last.click()
    applicant.locator("[name=starts_at]").last.check()
    visitor.go_on(applicant)
    applicant.wait_for_url(re.compile("booked"))

    clerk = visitor.visit(browser, running_stack, TABLET, "zh-CN")
    visitor.staff_sign_in(clerk, access.clerks["ouhai-counter"])
    clerk.goto(f"/staff/counter?q={number}")
    expect(clerk.locator("form[action$='/check-in']")).to_have_count(0)  # a number alone opens nothing here
    clerk.goto("/staff/counter")
    visitor.is_accessible(clerk)
    visitor.type_into(clerk, "#q", person["id_number"])
    clerk.keyboard.press("Enter")
    clerk.wait_for_url(re.compile(r"\?q="))
    visitor.is_accessible(clerk)
    row = clerk.locator(".ot-visitor", has_text=number)
    expect(row).to_contain_text(person["name"])
    row.locator("form[action$='/check-in'] button").press("Enter")
    clerk.wait_for_url(re.compile(r"/staff/counter/[0-9a-f-]{36}$"))
    visitor.is_accessible(clerk)
    for choice in clerk.locator("input[type=radio][value=same]").all():
        choice.press("Space")
    clerk.locator("input[type=radio][value=different]").first.press("Space")
    visitor.type_into(clerk, "#reason", "不动产权证书编号与登记不一致")
    visitor.press(clerk, "#signed", "Space")
    clerk.locator(".ot-decide > button[type=submit]").press("Enter")
    clerk.wait_for_url(re.compile("/done"))
    expect(clerk.locator(".ot-verdict--bad")).to_contain_text(re.compile("[0-9]{10,}"), timeout=30_000)
    expect(clerk.locator("main")).to_contain_text("已自动立案核查")
    visitor.is_accessible(clerk)
    applicant.goto(case_url)
    expect(applicant.locator("main")).to_contain_text("不动产权证书编号与登记不一致")
