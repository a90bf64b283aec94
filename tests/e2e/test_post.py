"""A parcel that comes back: posted, returned, fetched at the counter."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, expect

from settings import Settings
from tests.e2e import visitor
from tests.e2e.program import DemoAccess, Integrator

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.identity]
TABLET = {"width": 820, "height": 1180}


def test_a_parcel_that_comes_back_is_handed_over_at_the_counter(
    running_stack: Settings, access: DemoAccess, integrator: Integrator, browser: Browser
) -> None:
    person = access.people["mover"]
    answers = {"property_certificate": person["certificate_number"], "movers": []}
    httpx.post(f"{running_stack.post}/_delivery", json={"next_comes_back": True}).raise_for_status()
    case = integrator.apply("purchase-migration", "mover", answers, {"method": "post", "address": "温州市鹿城区公园路1号"})
    integrator.record_clip(case)
    view = integrator.wait_for(case, "awaiting_counter")
    clerk = visitor.visit(browser, running_stack, TABLET, "zh-CN")
    visitor.staff_sign_in(clerk, access.clerks["lucheng-counter"])
    clerk.goto("/staff/parcels")
    visitor.is_accessible(clerk)
    row = clerk.locator("tr", has_text=case["acceptance_number"])
    expect(row).to_contain_text("邮件被退回")
    label = clerk.request.get(str(row.locator("a[href$='/label']").get_attribute("href")))
    assert label.body().startswith(b"%PDF-")
    clerk.goto("/staff/counter")
    visitor.type_into(clerk, "#q", person["id_number"])
    clerk.keyboard.press("Enter")
    clerk.wait_for_url(re.compile(r"\?q="))
    clerk.locator(".ot-visitor", has_text=case["acceptance_number"]).locator("form[action$='/check-in'] button").press("Enter")
    clerk.wait_for_url(re.compile(r"/staff/counter/[0-9a-f-]{36}$"))
    visitor.is_accessible(clerk)
    visitor.type_into(clerk, "#signed_name", person["name"])
    visitor.press(clerk, "#signed", "Space")
    clerk.locator(".ot-decide > button[type=submit]").press("Enter")
    clerk.wait_for_url(re.compile("/done"))
    ended = integrator.wait_for(case, "completed")
    assert view["tracking_number"] == ended["tracking_number"]
    assert "parcel_returned" in {entry["event"] for entry in ended["timeline"]}
