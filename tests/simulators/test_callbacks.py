"""Call-backs: signed, sent until received, and lost, repeated, late, out of order or forged as the company is told to."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from simulators import payments, post
from tests.serving import serve
from tests.simulators.ear import Ear, listening
from tests.simulators.test_payments import BEARER, order, pay
from tests.simulators.test_post import order as order_parcel


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listening() as ear:
        yield ear


@pytest.fixture
def provider(tmp_path: Path, ear: Ear) -> Iterator[httpx.Client]:
    with serve(payments.create_app(tmp_path, "t"), lifespan="on") as base, httpx.Client(base_url=base, headers=BEARER) as client:
        ear.provider = f"{base}/payments"
        yield client


def misbehave(client: httpx.Client, **manner: float) -> None:
    assert client.put("/payments/_callbacks", json=manner).status_code == 200


def counts(client: httpx.Client) -> dict[str, int]:
    found: dict[str, int] = client.get("/payments/_callbacks").json()["counts"]
    return found


def until_nothing_is_pending(client: httpx.Client) -> None:
    deadline = time.monotonic() + 60
    while client.get("/payments/_callbacks").json()["pending"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def paid_order(client: httpx.Client, ear: Ear, order_id: str = "fee-1") -> None:
    pay(client, order(client, order_id=order_id, notify_url=ear.address).json()["pay_url"])


def test_each_change_is_told_once_and_signed(provider: httpx.Client, ear: Ear) -> None:
    paid_order(provider, ear)
    provider.post("/payments/orders/fee-1/refund")
    heard = ear.wait_for(2)
    assert sorted(ear.states()) == ["paid", "refunded"]
    assert {each.body["order_id"] for each in heard} == {"fee-1"}
    assert {each.body["provider"] for each in heard} == {"payments"}
    assert len({each.body["event_id"] for each in heard}) == len({each.headers["x-nonce"] for each in heard}) == 2
    until_nothing_is_pending(provider)
    assert len(ear.heard) == 2


def test_a_closed_order_is_told_of(provider: httpx.Client, ear: Ear) -> None:
    order(provider, notify_url=ear.address)
    provider.post("/payments/orders/fee-1/close")
    ear.wait_for(1)
    assert ear.states() == ["closed"]


def test_it_is_sent_again_while_the_receiver_is_down_under_the_same_event(provider: httpx.Client, ear: Ear) -> None:
    ear.deaf_for = 2
    paid_order(provider, ear)
    ear.wait_for(1)
    until_nothing_is_pending(provider)
    assert ear.states() == ["paid"]
    assert counts(provider)["attempts"] == 3


def test_what_was_not_received_goes_on_after_a_restart(tmp_path: Path, ear: Ear) -> None:
    ear.deaf_for = 1
    with serve(payments.create_app(tmp_path, "t"), lifespan="on") as base, httpx.Client(base_url=base, headers=BEARER) as client:
        paid_order(client, ear)
        deadline = time.monotonic() + 60
        while ear.deaf_for and time.monotonic() < deadline:
            time.sleep(0.01)
    with serve(payments.create_app(tmp_path, "t"), lifespan="on") as base:
        ear.provider = f"{base}/payments"
        ear.wait_for(1)
        with httpx.Client(base_url=base) as client:
            until_nothing_is_pending(client)
    assert ear.states() == ["paid"]


def test_a_lost_one_is_never_sent(provider: httpx.Client, ear: Ear) -> None:
    misbehave(provider, lost=1)
    paid_order(provider, ear)
    misbehave(provider, lost=0)
    provider.post("/payments/orders/fee-1/refund")
    ear.wait_for(1)
    until_nothing_is_pending(provider)
    assert ear.states() == ["refunded"]
    assert (counts(provider)["lost"], counts(provider)["received"]) == (1, 1)


def test_a_repeated_one_has_the_same_event_and_partly_the_same_bytes(provider: httpx.Client, ear: Ear) -> None:
    misbehave(provider, repeated=1)
    paid_order(provider, ear)
    heard = ear.wait_for(3)
    assert len({each.body["event_id"] for each in heard}) == 1
    assert len({each.headers["x-nonce"] for each in heard}) == 2


def test_one_out_of_order_comes_after_the_next_of_its_order(provider: httpx.Client, ear: Ear) -> None:
    misbehave(provider, reordered=1)
    paid_order(provider, ear)
    misbehave(provider, reordered=0)
    provider.post("/payments/orders/fee-1/refund")
    ear.wait_for(2)
    assert ear.states() == ["refunded", "paid"]


def test_late_ones_arrive_in_no_order(provider: httpx.Client, ear: Ear) -> None:
    misbehave(provider, delay_seconds=0.5)
    for number in range(12):
        paid_order(provider, ear, f"fee-{number}")
    order_of_arrival = [each.body["order_id"] for each in ear.wait_for(12)]
    assert order_of_arrival != [f"fee-{number}" for number in range(12)]


def test_forgeries_of_each_kind_do_not_verify_and_claim_something_else(provider: httpx.Client, ear: Ear) -> None:
    misbehave(provider, forged=1)
    paid_order(provider, ear)
    ear.wait_for(4, genuine=False)
    until_nothing_is_pending(provider)
    forged = [each for each in ear.heard if not each.genuine]
    assert (len(forged), ear.states()) == (3, ["paid"])
    assert "paid" not in {each.body["state"] for each in forged}
    altered = [each for each in forged if each.body["event_id"] == ear.genuine[0].body["event_id"]]
    assert len(altered) == 1
    assert (counts(provider)["forged"], counts(provider)["forged_refused"]) == (3, 3)


def test_forgeries_can_be_sent_at_will(provider: httpx.Client, ear: Ear) -> None:
    order(provider, notify_url=ear.address)
    answered = provider.post("/payments/_forge", json={"order_id": "fee-1"}).json()["answered"]
    assert answered == {"wrong_key": 403, "unknown_key": 403, "altered_body": 403}
    assert provider.post("/payments/_forge", json={"order_id": "fee-9"}).status_code == 404
    assert provider.post("/payments/_forge", data={"order_id": "fee-1"}).status_code == 303


@pytest.mark.parametrize("manner", [{"lost": 1.1}, {"lost": True}, {"stolen": 0.5}, {"delay_seconds": -1}, {"forged": "all"}])
def test_a_manner_that_cannot_be_changes_nothing(provider: httpx.Client, manner: dict[str, object]) -> None:
    before = provider.get("/payments/_callbacks").json()["manner"]
    assert provider.put("/payments/_callbacks", json=manner).status_code == 422
    assert provider.get("/payments/_callbacks").json()["manner"] == before


def test_the_page_sets_and_repairs_the_manner(provider: httpx.Client) -> None:
    assert provider.post("/payments/_callbacks", data={"lost": "0.25", "delay_seconds": "3"}).status_code == 303
    assert 'name="lost" min="0" max="1" step="0.01" value="0.25"' in provider.get("/payments/").text
    provider.post("/payments/_callbacks", data={"lost": "0.25", "repair": "1"})
    assert set(provider.get("/payments/_callbacks").json()["manner"].values()) == {0}
    assert provider.post("/payments/_callbacks", data={"lost": "1"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_a_parcel_tells_of_its_way_and_of_its_return(tmp_path: Path, ear: Ear) -> None:
    with serve(post.create_app(tmp_path, "t", 0.3), lifespan="on") as base, httpx.Client(base_url=base, headers=BEARER) as client:
        ear.provider = f"{base}/post"
        order_parcel(client, "order-1", notify_url=ear.address)
        ear.wait_for(2)
        client.post("/post/_delivery", json={"next_comes_back": True})
        order_parcel(client, "order-2", notify_url=ear.address)
        ear.wait_for(4)
        told = {(each.body["order_id"], each.body["state"]) for each in ear.genuine}
        assert told == {("order-1", "in_transit"), ("order-1", "delivered"), ("order-2", "in_transit"), ("order-2", "returned")}
