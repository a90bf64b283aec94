"""The companies' pages in a browser: a fee is paid on a phone, a parcel is sent back, forgeries are sent; and axe finds nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from starlette.applications import Starlette

from settings import PROJECT
from simulators.mail import Mail
from simulators.payments import Payments
from simulators.post import Post
from simulators.web import running
from stack.doctor import CHROMIUM_NAMES
from tests.serving import serve
from tests.simulators.ear import Ear, listening
from tests.simulators.test_payments import BEARER, order
from tests.simulators.test_post import order as order_parcel

pytestmark = pytest.mark.browser
AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
PHONE = ViewportSize(width=390, height=844)


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listening() as ear:
        yield ear


@pytest.fixture
def companies(tmp_path: Path) -> Iterator[httpx.Client]:
    payments, post, mail = Payments(tmp_path / "payments", "t"), Post(tmp_path / "post", "t", 1000), Mail(tmp_path / "mail")
    routes = [*payments.routes(), *post.routes(), *mail.routes()]
    with (
        serve(Starlette(routes=routes, lifespan=running(payments, post, mail)), lifespan="on") as base,
        httpx.Client(base_url=base, headers=BEARER) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(found for name in CHROMIUM_NAMES if (found := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE)
    yield context.new_page()
    context.close()


def complaints(page: Page) -> list[str]:
    page.add_script_tag(path=str(AXE))
    found: list[str] = page.evaluate("async () => (await axe.run()).violations.map(v => `${v.id}: ${v.nodes[0].html}`)")
    return found


def test_a_fee_is_paid_on_a_phone_and_leads_back(companies: httpx.Client, phone: Page, ear: Ear) -> None:
    ear.provider = f"{companies.base_url}/payments"
    back = f"{companies.base_url}/mail/"
    address = order(companies, return_url=back, notify_url=ear.address).json()["pay_url"]
    phone.goto(address)
    assert complaints(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    phone.get_by_role("button", name="暂不支付").click()
    assert phone.url == back
    phone.goto(address)
    phone.get_by_role("button", name="Pay").click()
    assert phone.url == back
    ear.wait_for(1)
    assert ear.states() == ["paid"]
    phone.goto(address)
    assert phone.get_by_role("button").count() == 0
    assert companies.get("/payments/orders/fee-1").json()["receipt_number"] in phone.inner_text("main")
    assert complaints(phone) == []


def test_a_parcel_is_sent_back_and_forgeries_are_sent_from_the_pages(companies: httpx.Client, phone: Page, ear: Ear) -> None:
    ear.provider = f"{companies.base_url}/post"
    order_parcel(companies, notify_url=ear.address)
    phone.goto(f"{companies.base_url}/post/")
    assert complaints(phone) == []
    phone.get_by_role("button", name="退回 Return").click()
    assert "已退回 Returned" in phone.inner_text("main")
    ear.wait_for(2)
    assert sorted(ear.states()) == ["in_transit", "returned"]
    phone.get_by_role("button", name="伪造回调").click()
    assert len(ear.wait_for(5, genuine=False)) - len(ear.genuine) == 3


def test_misbehaviour_is_set_on_the_page(companies: httpx.Client, phone: Page) -> None:
    phone.goto(f"{companies.base_url}/payments/")
    assert complaints(phone) == []
    phone.get_by_label("丢失率").fill("0.2")
    phone.get_by_label("最长延迟").fill("5")
    phone.get_by_role("group", name="回调失常").get_by_role("button", name="设置 Set").click()
    assert companies.get("/payments/_callbacks").json()["manner"]["lost"] == 0.2
    assert companies.get("/payments/_callbacks").json()["manner"]["delay_seconds"] == 5
