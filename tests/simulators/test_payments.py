"""The payment provider: paid once, refunded once, and what it tells of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulators.payments import create_app
from tests.serving import serve

BEARER = {"Authorization": "Bearer t"}
TERMS = {
    "order_id": "fee-1",
    "fen": 500,
    "subject": {"zh": "证件工本费", "en": "Fee for the card"},
    "return_url": "http://127.0.0.1:1/back",
    "notify_url": "http://127.0.0.1:1/nobody",
}


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[httpx.Client]:
    with serve(create_app(tmp_path, "t"), lifespan="on") as base, httpx.Client(base_url=base, headers=BEARER) as client:
        yield client


def order(client: httpx.Client, **changes: Any) -> httpx.Response:
    return client.post("/payments/orders", json=TERMS | changes)


def pay(client: httpx.Client, pay_url: str, action: str = "pay") -> httpx.Response:
    return client.post(pay_url, json={"action": action})


def moves(client: httpx.Client) -> list[list[str]]:
    return [[move[0] for move in each["moves"]] for each in client.get("/payments/orders").json()["orders"]]


def test_an_order_placed_again_is_the_same_order(provider: httpx.Client) -> None:
    first, again = order(provider), order(provider)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == provider.get("/payments/orders/fee-1").json()
    assert first.json()["state"] == "open"
    assert order(provider, fen=600).status_code == 409


def test_of_twenty_who_pay_at_once_one_pays_and_there_is_one_receipt(provider: httpx.Client) -> None:
    address = order(provider).json()["pay_url"]
    with ThreadPoolExecutor(20) as payers:
        answers = list(payers.map(lambda _: pay(provider, address), range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["receipt_number"] for answer in answers}) == 1
    assert moves(provider) == [["paid"]]


def test_money_is_given_back_once_and_only_what_was_paid(provider: httpx.Client) -> None:
    address = order(provider).json()["pay_url"]
    assert provider.post("/payments/orders/fee-1/refund").status_code == 409
    pay(provider, address)
    refunded = [provider.post("/payments/orders/fee-1/refund").json() for _ in range(2)]
    assert refunded[0] == refunded[1]
    assert (refunded[0]["state"], refunded[0]["refunded_at"] >= refunded[0]["paid_at"]) == ("refunded", True)
    assert pay(provider, address).status_code == 409
    assert moves(provider) == [["paid", "refunded"]]


def test_a_closed_order_cannot_be_paid_and_a_paid_one_not_be_closed(provider: httpx.Client) -> None:
    address = order(provider).json()["pay_url"]
    assert provider.post("/payments/orders/fee-1/close").json()["state"] == "closed"
    assert pay(provider, address).status_code == 409
    page = provider.post(address, data={"action": "pay"})
    assert "不能再支付" in page.text
    other = order(provider, order_id="fee-2").json()["pay_url"]
    pay(provider, other)
    assert provider.post("/payments/orders/fee-2/close").json()["state"] == "paid"
    assert moves(provider) == [["paid"], ["closed"]]


def test_the_pay_page_says_what_for_and_that_it_is_a_stand_in_and_leads_back(provider: httpx.Client) -> None:
    address = order(provider, subject={"zh": "工本费<b>", "en": "Card fee"}).json()["pay_url"]
    page = provider.get(address, headers={"Authorization": ""})
    assert all(text in page.text for text in ("工本费&lt;b&gt;", "Card fee", "¥5.00", "不产生真实扣款", "no money moves"))
    later = provider.post(address, data={"action": "cancel"})
    assert (later.status_code, later.headers["location"]) == (303, TERMS["return_url"])
    assert provider.get("/payments/orders/fee-1").json()["state"] == "open"
    assert provider.post(address, data={"action": "pay"}).status_code == 303
    assert provider.get("/payments/orders/fee-1").json()["receipt_number"] in provider.get(address).text


def test_nobody_pays_from_another_site_or_on_a_page_that_is_not_there(provider: httpx.Client) -> None:
    address = order(provider).json()["pay_url"]
    assert provider.post(address, data={"action": "pay"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert provider.get("/payments/pay/guess").status_code == 404
    assert provider.post("/payments/pay/guess", json={"action": "pay"}).status_code == 404
    assert moves(provider) == [[]]


def test_orders_and_receipts_outlive_a_restart(tmp_path: Path) -> None:
    def session(act: str) -> dict[str, Any]:
        with serve(create_app(tmp_path, "t"), lifespan="on") as base, httpx.Client(base_url=base, headers=BEARER) as client:
            if act == "pay":
                path = httpx.URL(order(client).json()["pay_url"]).path
                pay(client, f"{base}{path}")
            found: dict[str, Any] = client.get("/payments/orders/fee-1").json()
            assert found["receipt_number"] in client.get("/payments/").text
            return found

    assert session("pay") == session("look")


@pytest.mark.parametrize(
    "changes",
    [
        {"fen": 0},
        {"fen": 1.5},
        {"fen": True},
        {"subject": "fee"},
        {"order_id": "a/b"},
        {"return_url": "javascript:alert(1)"},
        {"notify_url": "file:///etc"},
    ],
)
def test_a_malformed_order_is_refused(provider: httpx.Client, changes: dict[str, Any]) -> None:
    assert order(provider, **changes).status_code == 400


def test_without_the_token_nothing_is_told(provider: httpx.Client) -> None:
    order(provider)
    for method, path in (("GET", "orders/fee-1"), ("GET", "orders"), ("POST", "orders/fee-1/refund"), ("POST", "orders")):
        assert httpx.request(method, f"{provider.base_url}/payments/{path}").status_code == 401


def test_an_answer_that_is_lost_after_the_deed_is_no_second_deed(provider: httpx.Client) -> None:
    provider.put("/payments/_faults", json={"payments": {"error_rate": 0.5}})
    placed = [order(provider) for _ in range(60)]
    answers = [each.json() for each in placed if each.status_code < 300]
    assert 5 < len(answers) < 55
    assert len({each["pay_url"] for each in answers}) == 1
    provider.put("/payments/_faults", json={"payments": {"outage": True}})
    assert order(provider, order_id="fee-2").status_code == 503
