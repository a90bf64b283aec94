"""Supervision in a real browser on the real database: from the board to a closed inquiry, by keyboard, at two widths."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyotp
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from sqlalchemy import insert, update

import web
from adapters.database import tables
from casework import accounts, supervising
from casework.accounts import NewClerk
from catalogue.loader import Catalogue
from domain.application import Status
from domain.changes import SupplementRequest
from domain.ids import new_id
from domain.inquiries import Pattern
from domain.jurisdiction import Role
from domain.service_item import StepKind
from settings import Settings
from stack.doctor import CHROMIUM_NAMES
from tests.builders import MemoryObjects, PlainDocuments, make_application_request
from tests.driving import TestWiring
from tests.filing import Cabinet, some_station
from tests.packaged import packaged_catalogue
from tests.serving import serve
from web import mount_static
from web.staff import staff_router

pytestmark = [pytest.mark.browser, pytest.mark.stack]
AXE = Path(web.__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
PASSWORD = "a long enough passphrase"
ITEM = "name-change"
DESK, TABLET = ViewportSize(width=1366, height=900), ViewportSize(width=768, height=1024)


@dataclass(frozen=True)
class County:
    """A county with something wrong in it, its supervisor, and the approver whom the supervisor asks."""

    code: str
    supervisor: str  # the tokens of their sessions
    approver: str
    stuck: UUID
    overdue: UUID


def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """The browser's driver runs a loop on this thread."""
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(asyncio.run, work).result()


async def _plant(settings: Settings, catalogue: Catalogue) -> County:
    item = catalogue.get(ITEM)
    wiring = TestWiring(settings, catalogue=catalogue, objects=MemoryObjects(), documents=PlainDocuments())
    cabinet = Cabinet(wiring, await wiring.office(), item)
    station = some_station()
    county, tokens = station[:6], {}
    for role, name in ((Role.SUPERVISOR, "陈督查"), (Role.APPROVER, "李审批")):
        secret, clerk = pyotp.random_base32(), NewClerk(login=f"{role.value}-{uuid4().hex[:8]}", name=name, role=role, county=county)
        clerk_id = await accounts.add_clerk(cabinet.office, clerk, password=PASSWORD, totp_secret=secret)
        tokens[role] = await accounts.clerk_sign_in(cabinet.office, clerk.login, PASSWORD, pyotp.TOTP(secret).now())
        if role is Role.APPROVER:
            await _hasty(cabinet, clerk_id, station)
    stuck, overdue = (
        await cabinet.case(station, make_application_request(ITEM)),
        await cabinet.case(station, make_application_request(ITEM)),
    )
    long_ago = datetime.now(UTC) - timedelta(days=2)
    waiting = [
        {
            "who": "registry",
            "what": "property",
            "text": {"zh": "等待不动产登记答复", "en": "Waiting"},
            "late": True,
            "since": long_ago.isoformat(),
        }
    ]
    late_item = await cabinet.work_item(overdue, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    async with wiring.database.transaction() as connection:
        change = update(tables.applications).where(tables.applications.c.id == stuck)
        await connection.execute(change.values(status=Status.GATHERING.value, updated_at=long_ago, waiting_for=waiting))
        late = update(tables.work_items).where(tables.work_items.c.id == late_item)
        await connection.execute(late.values(due_at=long_ago, opened_at=long_ago - timedelta(days=3)))
    await _ended(cabinet, station)
    # Others' cases that have no station go elsewhere: their service items are not in this catalogue.
    await supervising.look(wiring.patterns, wiring.inquiries, "000000", at_most_every=timedelta(0))
    await wiring.inquiries.open(
        key=f"bad_rating:{overdue}", pattern=Pattern.BAD_RATING, county=county, station=station, opened_by="applicant",
        at=datetime.now(UTC) - timedelta(days=20), application_id=overdue, facts={"grade": 1},
    )  # fmt: skip
    await wiring.close()
    return County(county, tokens[Role.SUPERVISOR], tokens[Role.APPROVER], stuck, overdue)


async def _ended(cabinet: Cabinet, station: str) -> None:
    """What the charts are drawn from."""
    now = datetime.now(UTC)
    for number in range(6):
        case = await cabinet.case(station, make_application_request(ITEM))
        async with cabinet.wiring.database.transaction() as connection:
            change = update(tables.applications).where(tables.applications.c.id == case)
            times = {"opened_at": now - timedelta(hours=number * 7 + 1), "ended_at": now}
            await connection.execute(change.values(status="completed", outcome="approved", supplement_round=number % 2, **times))
            grade = {"application_id": case, "grade": 5 - number % 3, "reasons": [], "at": now}
            await connection.execute(insert(tables.ratings).values(**grade))
    sent_back = await cabinet.case(station, make_application_request(ITEM))
    requests = [SupplementRequest(target="answers.reason", reason="写明")]
    await cabinet.apply(sent_back, "supplement_asked", supplement=requests, supplement_until=now)


async def _hasty(cabinet: Cabinet, clerk_id: str, station: str) -> None:
    now = datetime.now(UTC)
    for _ in range(5):
        case = await cabinet.case(station, make_application_request(ITEM))
        row = {
            "id": new_id(),
            "application_id": case,
            "kind": "approval",
            "role": "approver",
            "jurisdiction": station[:6],
            "name": {"zh": "审批", "en": "Approval"},
        }
        more = {
            "status": "completed",
            "claimed_by": clerk_id,
            "claimed_at": now - timedelta(seconds=9),
            "closed_at": now - timedelta(seconds=2),
        }
        rest = {"due_at": now, "opened_at": now - timedelta(hours=1), "outcome": "approve", "findings": {}}
        async with cabinet.wiring.database.transaction() as connection:
            await connection.execute(insert(tables.work_items).values(**row, **more, **rest))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return packaged_catalogue()


@pytest.fixture(scope="module")
def county(migrated: Settings, catalogue: Catalogue) -> County:
    planted: County = apart(_plant(migrated, catalogue))
    return planted


@pytest.fixture(scope="module")
def address(migrated: Settings, catalogue: Catalogue) -> Iterator[str]:
    @asynccontextmanager
    async def office_open(app: FastAPI) -> AsyncIterator[None]:
        wiring = TestWiring(migrated, catalogue=catalogue, objects=MemoryObjects(), documents=PlainDocuments())
        app.state.office = await wiring.office()
        yield
        await wiring.close()

    app = FastAPI(lifespan=office_open)
    app.include_router(staff_router())
    mount_static(app)
    with serve(app, lifespan="on") as base:
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
def desk(chromium: Browser, address: str) -> Iterator[Any]:
    """Opens a signed-in tab: `desk(token)`."""
    contexts = []

    def open_for(token: str, size: ViewportSize = DESK) -> Page:
        context = chromium.new_context(viewport=size, base_url=address)
        contexts.append(context)
        context.add_cookies([{"name": "onetrip_staff", "value": token, "url": address}])
        return context.new_page()

    yield open_for
    for context in contexts:
        context.close()


def violations(tab: Page) -> list[str]:
    tab.evaluate(AXE.read_text(encoding="utf-8"))
    found = tab.evaluate("() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    return [f"{v['id']}: {[n['target'] for n in v['nodes']]}" for v in found["violations"]]


def sideways(tab: Page) -> bool:
    return bool(tab.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"))


def focus(tab: Page, selector: str, *, at_most: int = 150) -> None:
    """By Tab alone."""
    for _ in range(at_most):
        if tab.evaluate("s => document.activeElement && document.activeElement.matches(s)", selector):
            return
        tab.keyboard.press("Tab")
    raise AssertionError(f"the keyboard never reaches {selector}")


def test_a_supervisor_goes_from_the_board_to_a_closed_inquiry_by_keyboard(desk: Any, county: County) -> None:
    tab = desk(county.supervisor)
    tab.goto("/staff/board?still=1")
    assert tab.locator(".ot-tile--urgent").count() >= 2
    assert violations(tab) == []
    stuck = tab.locator("#undoable ~ ul a").first
    stuck_id = stuck.get_attribute("id")
    assert stuck_id
    focus(tab, f"#{stuck_id}")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/staff/inquiries/*")
    assert "数据源长时间未答复" in tab.inner_text("h1")

    focus(tab, "form[action$='/take'] button")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#closing")
    assert violations(tab) == []

    focus(tab, "form[action$='/close'] button")
    tab.keyboard.press("Enter")  # nothing chosen, nothing written
    tab.wait_for_selector(".govuk-error-summary")
    assert tab.locator(".govuk-error-summary a").first.get_attribute("href") == "#finding"

    focus(tab, "#finding")
    tab.keyboard.press("Space")
    for _ in range(4):
        tab.keyboard.press("ArrowDown")
    focus(tab, "#words")
    tab.keyboard.type("数据源维护，已恢复，办件继续办理。")
    focus(tab, "form[action$='/close'] button")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".ot-ask .govuk-tag")
    assert "系统故障" in tab.inner_text(".ot-ask") and "数据源维护" in tab.inner_text(".ot-ask")
    tab.goto("/staff/inquiries?view=closed")
    assert "系统故障" in tab.inner_text("main")
    tab.goto(f"/staff/cases/{county.stuck}")
    assert "系统故障" in tab.inner_text("aside.ot-aside, main aside")
    assert violations(tab) == []


def test_a_colleague_who_is_asked_reads_the_inquiry_answers_in_it_and_can_do_no_more(desk: Any, county: County) -> None:
    tab = desk(county.supervisor)
    tab.goto("/staff/inquiries?pattern=overdue")
    tab.locator("table a").first.click()
    tab.wait_for_selector("h1")
    here = tab.url
    tab.click("form[action$='/take'] button")
    tab.click(".ot-more summary")
    tab.select_option("#asked", label=next(o for o in tab.locator("#asked option").all_inner_texts() if o.startswith("李审批")))
    tab.fill("#question", "为什么没有按期办理？")
    tab.click("form[action$='/ask'] button")
    tab.wait_for_selector(".ot-entries >> text=为什么没有按期办理")

    other = desk(county.approver)
    other.goto(here)
    assert "为什么没有按期办理" in other.inner_text(".ot-entries")
    assert other.locator("form[action$='/close'], form[action$='/take'], form[action$='/ask']").count() == 0
    assert violations(other) == []
    other.fill("#text", "当日系统维护，次日已办。")
    other.click("form[action$='/entries'] button")
    other.wait_for_selector(".ot-entries >> text=次日已办")
    other.goto("/staff/board")
    assert other.locator("h1").inner_text() != "督查看板"
    tab.reload()
    assert "次日已办" in tab.inner_text(".ot-entries")


@pytest.mark.parametrize("size", [DESK, TABLET], ids=["1366", "768"])
@pytest.mark.parametrize("path", ["/staff/board", "/staff/inquiries", "/staff/figures"])
def test_supervision_fits_a_desk_and_a_tablet(desk: Any, county: County, path: str, size: ViewportSize) -> None:
    tab = desk(county.supervisor, size)
    assert tab.goto(path).status == 200
    assert not sideways(tab)
    if shots := os.environ.get("ONETRIP_SHOTS"):
        tab.screenshot(path=f"{shots}/{path.rpartition('/')[2]}-{size['width']}.png", full_page=True)
    assert violations(tab) == []


def test_the_board_draws_itself_anew_and_leaves_the_keyboard_where_it_was(
    desk: Any, county: County, address: str, migrated: Settings
) -> None:
    tab = desk(county.supervisor)
    tab.goto("/staff/board")
    link = tab.locator("#undoable ~ ul a, #inquiries ~ ul a").first
    link.focus()
    name = link.get_attribute("id")
    with tab.expect_response(lambda answer: answer.url.endswith("/staff/board")):
        tab.evaluate("() => htmx.ajax('GET', '/staff/board', {source: '#board', target: '#board', select: '#board', swap: 'outerHTML'})")
    tab.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")
    assert tab.locator("#board").count() == 1
    assert tab.evaluate("() => document.activeElement.id") == name
