"""A fee from the page that asks for it to the refund, on a phone, and every message about it by SMS and e-mail."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Playwright, expect

from settings import PROJECT, Settings
from tests.e2e import visitor
from tests.e2e.program import DemoAccess
from tests.e2e.test_browser import last_part
from tests.running import environment

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.identity]
LETTER = Path(__file__).parent / "address-letter.yaml"
EMAIL = "reader@example.com"


@pytest.fixture(scope="module")
def letter_with_a_fee(running_stack: Settings, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An item that costs 20.50 yuan and is always looked at by a person."""
    code = "address-letter-with-fee"
    text = LETTER.read_text(encoding="utf-8").replace("code: address-letter", f"code: {code}")
    text = text.replace("rules:\n", "fee: {fen: 2050, basis: {zh: 告知函工本费, en: Charge for the letter}}\nrules:\n")
    text = text.replace("household_members.size() > 0", "household_members.size() > 99")
    text = text.replace("path: [machine, online]", "decision: referred, path: [review, online]")
    file = tmp_path_factory.mktemp("items") / f"{code}.yaml"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "cli", "service", "publish", str(file)],
        cwd=PROJECT,
        env=environment(running_stack.onetrip_home, running_stack.onetrip_port),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return code


def apply_for(page: Page, settings: Settings, code: str, person: dict[str, Any]) -> str:
    """From the guide to the case, with an e-mail address; returns the case's id."""
    page.goto(f"/items/{code}/apply?lang=zh")
    visitor.sign_in(page, settings, person)
    page.check("[name=reason][value=other]")
    page.fill("[name=recipient]", "市图书馆")
    visitor.go_on(page)
    page.fill("[name=email]", EMAIL)
    visitor.go_on(page)
    return last_part(page)


def emails(settings: Settings, address: str) -> list[dict[str, Any]]:
    site = settings.sms.removesuffix("/sms")
    reply = httpx.get(f"{site}/mail/messages", params={"address": address}, timeout=10)
    messages: list[dict[str, Any]] = reply.json()["messages"]
    return messages


def test_a_fee_is_paid_the_case_withdrawn_and_the_money_comes_back(
    running_stack: Settings, access: DemoAccess, playwright: Playwright, chromium: str, letter_with_a_fee: str
) -> None:
    browser = visitor.launch(playwright, chromium)
    page = visitor.visit(browser, running_stack, visitor.PHONE, "zh-CN")
    case = apply_for(page, running_stack, letter_with_a_fee, access.people["no-record"])

    visitor.use_demo_clip(page)

    page.get_by_role("button", name="去缴费").click()
    expect(page.locator("main")).to_contain_text("20.50 元")
    expect(page.locator("main")).to_contain_text("告知函工本费")
    page.get_by_role("button", name="去支付").click()
    page.get_by_role("button", name=re.compile("支付 ¥20.50")).click()
    page.wait_for_url(f"**/applications/{case}")
    visitor.wait_for_status(page, "民警正在审核")  # the provider's word came, and the registries answered
    expect(page.locator("main")).to_contain_text("已缴费")
    expect(page.locator("main")).to_contain_text("承诺办结")

    page.get_by_role("link", name="查看收据").click()
    expect(page.locator("main")).to_contain_text("收据号")
    expect(page.locator("main")).to_contain_text("20.50 元")
    page.goto(f"/applications/{case}/withdraw")
    visitor.go_on(page)
    expect(page.locator("#status-sentence")).to_contain_text("您已撤回申请")
    for _ in range(60):  # what happens after the end is seen by loading the page again
        if page.get_by_text("已退款").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator("main")).to_contain_text("已退款")

    page.goto("/my-notices")
    expect(page.locator("main")).to_contain_text("已退费 20.50 元")
    for _ in range(40):
        if not page.get_by_text(re.compile("马上发到|暂时发不出去")).count():
            break
        page.wait_for_timeout(500)
        page.reload()
    log = page.locator("main").inner_text()
    assert "短信已于" in log and f"{EMAIL[0]}***@example.com" in log
    assert EMAIL not in log
    browser.close()

    written = emails(running_stack, EMAIL)
    assert len(written) == 4, "due, paid, the end, the refund: once each"
    assert all(running_stack.site_url in str(message) for message in written)
    order = next(o for o in _orders(running_stack) if case in o["order_id"])
    assert (order["state"], order["fen"]) == ("refunded", 2050)


def _orders(settings: Settings) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {settings.registries_token}"}
    reply = httpx.get(f"{settings.payments}/orders", headers=headers, timeout=10)
    orders: list[dict[str, Any]] = reply.json()["orders"]
    return orders
