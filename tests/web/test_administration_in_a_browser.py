"""Two administrators and a new colleague in a browser, on the real database: a corrected day, an account, its role, its first sign-in."""

import asyncio
import os
import re
import shutil
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyotp
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

import web
from api.main import create_app
from casework import accounts
from casework.accounts import NewClerk
from domain.clock import day_in_china
from domain.jurisdiction import Role
from settings import Settings
from stack.doctor import CHROMIUM_NAMES
from tests.builders import make_id_number
from tests.filing import some_station
from tests.serving import serve
from wiring import Wiring

pytestmark = [pytest.mark.browser, pytest.mark.stack]
AXE = Path(web.__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
PASSWORD, CHOSEN = "a long enough passphrase", "my own long passphrase"
DESK, TABLET = ViewportSize(width=1366, height=900), ViewportSize(width=768, height=1024)
Keys = dict[Role, tuple[str, str]]  # login and secret of the second factor


def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """The browser's driver runs a loop on this thread."""
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(asyncio.run, work).result()


async def _administrators(settings: Settings) -> Keys:
    wiring = Wiring(settings, pool_size=1)
    office, keys = await wiring.office(), Keys()
    for role, name in ((Role.SYSTEM_ADMIN, "陈静"), (Role.SECURITY_ADMIN, "林涛")):
        login, secret = f"{role.value.replace('_', '-')}-{uuid4().hex[:8]}", pyotp.random_base32()
        await accounts.add_clerk(
            office, NewClerk(login=login, name=name, role=role, county="330302"), password=PASSWORD, totp_secret=secret
        )
        keys[role] = (login, secret)
    await wiring.close()
    return keys


@pytest.fixture(scope="module")
def keys(migrated: Settings) -> Keys:
    made: Keys = apart(_administrators(migrated))
    return made


@pytest.fixture(scope="module")
def address(migrated: Settings) -> Iterator[str]:
    with serve(create_app(migrated), lifespan="on") as base:
        yield base


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = next(found for name in CHROMIUM_NAMES if (found := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Browser, address: str) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_one(size: ViewportSize = DESK) -> Page:
        context = chromium.new_context(viewport=size, base_url=address)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


def sign_in(page: Page, login: str, password: str, totp: str) -> None:
    page.goto("/staff/sign-in?lang=zh")
    page.fill("#login", login)
    page.fill("#password", password)
    page.fill("#totp", totp)
    page.keyboard.press("Enter")
    page.wait_for_selector(".ot-nav__who")


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    return [f"{v['id']}: {[n['target'] for n in v['nodes']]}" for v in found["violations"]]


def fits(page: Page) -> bool:
    return not page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1")


def looked_at(page: Page, name: str) -> None:
    """Clean for axe, no sideways scrolling; ONETRIP_PICTURES keeps a picture for people."""
    assert violations(page) == [], name
    assert fits(page), name
    if folder := os.environ.get("ONETRIP_PICTURES"):
        page.screenshot(path=f"{folder}/admin-{name}.png", full_page=True)


def focus(page: Page, selector: str, *, at_most: int = 150) -> None:
    """By Tab alone."""
    for _ in range(at_most):
        if page.evaluate("s => document.activeElement && document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard never reaches {selector}")


def test_a_day_is_corrected_by_keyboard_and_taken_back(tab: Callable[..., Page], keys: Keys) -> None:
    page = tab()
    login, secret = keys[Role.SYSTEM_ADMIN]
    sign_in(page, login, PASSWORD, pyotp.TOTP(secret).now())
    assert page.url.endswith("/staff/admin"), "an administrator has no queue"
    looked_at(page, "system")
    county, day = some_station()[:6], day_in_china(datetime.now(UTC)) + timedelta(days=60)
    while day.weekday() > 4:
        day += timedelta(days=1)
    page.goto(f"/staff/admin/calendar?county={county}&day={day}")
    looked_at(page, "calendar")

    focus(page, "#zh")
    page.keyboard.type("台风停办")
    focus(page, "form[action='/staff/admin/calendar'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".govuk-error-summary")
    assert page.locator(".govuk-error-summary a").get_attribute("href") == "#en"
    assert page.input_value("#zh") == "台风停办"
    looked_at(page, "calendar-refused")
    focus(page, "#en")
    page.keyboard.type("Closed for a typhoon")
    page.keyboard.press("Enter")
    page.wait_for_selector(".ot-month__corrected")
    cell = page.locator(".ot-month__corrected")
    assert "休息" in cell.inner_text() and "台风停办" in cell.inner_text() and "本区县" in cell.inner_text()
    page.set_viewport_size(TABLET)
    looked_at(page, "calendar-tablet")
    page.locator("tr", has_text=county).locator("button").click()
    page.wait_for_selector(".ot-month__corrected", state="detached")

    station = some_station()
    page.goto(f"/staff/admin/hours?station={station}")
    page.locator("[name=opens-0]").fill("noon")
    page.get_by_role("button", name="保存时间").click()
    assert "第 1 行" in page.locator(".govuk-error-summary").inner_text()
    page.locator("[name=opens-0]").fill("09:00")
    page.get_by_role("button", name="保存时间").click()
    page.wait_for_selector("[role=status]")
    assert page.locator("[name=opens-0]").input_value() == "09:00"
    looked_at(page, "hours-tablet")


def test_an_account_comes_to_life_through_two_administrators_and_its_owner(tab: Callable[..., Page], keys: Keys) -> None:
    system, security, owner = tab(), tab(TABLET), tab()
    for page, role in ((system, Role.SYSTEM_ADMIN), (security, Role.SECURITY_ADMIN)):
        login, secret = keys[role]
        used = 30 if role is Role.SYSTEM_ADMIN else 0  # each one-time password works once; the test before used this half minute's
        sign_in(page, login, PASSWORD, pyotp.TOTP(secret).at(int(time.time()) + used))
    login, station = f"wang-{uuid4().hex[:8]}", some_station()
    system.goto("/staff/admin/accounts-new")
    system.get_by_role("button", name="建立账号").click()
    system.wait_for_selector(".govuk-error-summary")
    assert system.locator(".govuk-error-summary a").count() == 4
    looked_at(system, "account-new")
    number = make_id_number(int(uuid4().int % 999), born="19770707")
    for name, value in {"login": login, "name": "王伟", "county": station[:6], "station": station, "id_number": number}.items():
        system.fill(f"#{name}", value)
    system.get_by_role("button", name="建立账号").click()
    system.wait_for_selector(".ot-note")
    first = system.locator("dd").nth(1).inner_text()
    assert number not in system.content()
    looked_at(system, "first-password")
    system.get_by_role("link", name=login).click()
    system.wait_for_url(re.compile("/staff/admin/accounts/"))
    assert first not in system.content() and "还在用初始密码" in system.inner_text("main"), "shown once"

    security.goto(f"/staff/admin/accounts?q={login}")
    looked_at(security, "accounts-tablet")
    security.get_by_role("link", name=login).click()
    looked_at(security, "account-tablet")
    security.check("input[name=role][value=pre_reviewer]")
    security.get_by_role("button", name="授予角色并启用").click()
    security.wait_for_selector("img.ot-factor")
    factor = security.locator("dd").nth(1).inner_text()
    looked_at(security, "second-factor-tablet")

    owner.goto("/staff/first-sign-in?lang=zh")
    looked_at(owner, "first-sign-in")
    totp = pyotp.TOTP(factor)
    for name, value in {"login": login, "first": first, "totp": totp.now(), "chosen": CHOSEN, "again": CHOSEN}.items():
        owner.fill(f"#{name}", value)
    owner.keyboard.press("Enter")
    owner.wait_for_url(re.compile("/staff/sign-in"))
    sign_in(owner, login, CHOSEN, totp.at(int(time.time()) + 30))
    assert owner.url.endswith("/staff")
    assert owner.goto("/staff/admin").status == 403  # type: ignore[union-attr]

    security.goto("/staff/admin/refused")
    looked_at(security, "refused-tablet")
    security.goto(f"/staff/admin/accounts?q={login}")
    security.get_by_role("link", name=login).click()
    security.get_by_role("button", name="收回角色并停用").click()
    security.wait_for_selector("[role=status]")
    owner.goto("/staff")
    assert "/staff/sign-in" in owner.url, "signed out at once"
