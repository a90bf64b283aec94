"""A doubtful case, in browsers: the applicant is asked and answers, an investigator visits, the station and the county decide."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Page, Playwright, expect

from settings import Settings
from tests.e2e import visitor
from tests.e2e.program import DemoAccess
from tests.e2e.test_browser import complete_at_the_desk

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.identity]
TABLET = {"width": 768, "height": 1024}


def two_pages() -> bytes:
    """A scan of two pages, red and blue."""
    pages = [Image.new("RGB", (600, 850), colour) for colour in ("mistyrose", "lightblue")]
    for number, page in enumerate(pages, 1):
        ImageDraw.Draw(page).text((60, 60), f"Page {number}", fill="black")
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:])
    return out.getvalue()


def open_case(page: Page, number: str) -> None:
    page.goto(f"/staff/counter?q={number}")
    page.locator(".ot-mine__row a").first.click()


def test_a_question_and_an_investigation_before_a_decision(
    running_stack: Settings, access: DemoAccess, playwright: Playwright, chromium: str
) -> None:
    browser = visitor.launch(playwright, chromium)
    applicant = visitor.visit(browser, running_stack, visitor.PHONE, "zh-CN")
    proof = FilePayload(name="证明.pdf", mimeType="application/pdf", buffer=two_pages())
    number, case_url = visitor.apply_for_a_new_name(applicant, running_stack, access.people["new-name"], "马安宁", proof)

    reviewer = visitor.visit(browser, running_stack, visitor.DESKTOP, "zh-CN")
    visitor.staff_sign_in(reviewer, access.clerks["lucheng-review"])
    open_case(reviewer, number)
    reviewer.locator("form[action$='/claim'] button").click()
    expect(reviewer.locator("#because")).to_contain_text("转人工办理，因为")
    reviewer.focus(".ot-viewer__stage")
    reviewer.keyboard.press("n")
    expect(reviewer.locator("[data-part=said]")).to_contain_text("第 2 页，共 2 页")
    assert reviewer.locator(".ot-viewer__page:not([hidden]) img").evaluate("image => image.naturalWidth") > 0

    reviewer.locator("summary", has_text="向申请人提问").click()
    reviewer.fill("#question", "毕业证上是哪个名字？")
    reviewer.get_by_role("button", name="发出询问").click()
    expect(reviewer.locator(".ot-limits")).to_contain_text("等待申请人答复询问")
    applicant.goto(re.sub(r"\?.*", "", case_url) + "/question")
    expect(applicant.locator("main")).to_contain_text("毕业证上是哪个名字？")
    applicant.fill("[name=answer]", "是现在的名字。")
    visitor.go_on(applicant)
    reviewer.reload()
    expect(reviewer.locator("section[aria-labelledby=questions]")).to_contain_text("是现在的名字。")
    expect(reviewer.locator(".ot-limits")).not_to_contain_text("已暂停")

    reviewer.locator("summary", has_text="发起调查").click()
    reviewer.fill("#why", "邻居称其另有曾用名。")
    reviewer.fill("#task-0-day", (datetime.now(UTC) + timedelta(days=5)).date().isoformat())
    reviewer.fill("#task-0-text", "上门核实邻里如何称呼申请人。")
    reviewer.get_by_role("button", name="发起调查").click()
    expect(reviewer.locator(".ot-tasks")).to_contain_text("上门走访")
    expect(reviewer.get_by_role("button", name="提交办理结果")).to_have_count(0)

    doer = visitor.visit(browser, running_stack, TABLET, "zh-CN")
    visitor.staff_sign_in(doer, access.clerks["lucheng-investigator"])
    doer.goto("/staff")
    doer.locator("a", has_text=number).first.click()
    expect(doer.locator("main")).to_contain_text("上门核实邻里如何称呼申请人。")
    doer.check("[name=outcome][value=done]")
    doer.fill("[name=reason]", "走访两户邻居，均未听说曾用名。")
    doer.get_by_role("button", name="提交调查结果").click()
    expect(doer.locator("main")).to_contain_text(number)

    open_case(reviewer, number)
    expect(reviewer.locator(".ot-tasks")).to_contain_text("均未听说曾用名")
    reviewer.fill("#finding", "查明没有曾用名。")
    reviewer.get_by_role("button", name="结束调查").click()
    expect(reviewer.locator("section[aria-labelledby=investigations]")).to_contain_text("查明没有曾用名。")
    reviewer.check("[name=outcome][value=pass]")
    reviewer.fill("[name=reason]", "调查属实，材料齐全。")
    reviewer.get_by_role("button", name="提交办理结果").click()
    expect(reviewer).to_have_url(re.compile("completed="))

    approver = visitor.visit(browser, running_stack, visitor.DESKTOP, "zh-CN")
    visitor.staff_sign_in(approver, access.clerks["lucheng-approver"])
    open_case(approver, number)
    expect(approver.locator("section[aria-labelledby=steps]")).to_contain_text("调查属实，材料齐全。")
    complete_at_the_desk(approver, number, "approve", "同意变更。")
    applicant.goto(case_url)
    expect(applicant.locator(".ot-visit")).to_be_visible(timeout=30_000)
    browser.close()
