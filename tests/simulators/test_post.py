"""The post office: one parcel per order, delivered after its time."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.post import create_app, tracking_number
from tests.serving import serve

BEARER = {"Authorization": "Bearer t"}
ADDRESSEE = {"name": "许桂荣", "phone": "19900000003", "address": "浙江省温州市鹿城区五马街道公园路1号"}
PDF = b"%PDF-1.7 a household page"


@pytest.fixture
def post(tmp_path: Path) -> Iterator[httpx.Client]:
    with serve(create_app(tmp_path, "t", 1000)) as base, httpx.Client(base_url=base, headers=BEARER) as client:
        yield client


def order(client: httpx.Client, order_id: str = "order-1", **changes: Any) -> httpx.Response:
    body = {"order_id": order_id, **ADDRESSEE, "document": base64.b64encode(PDF).decode(), **changes}
    return client.post("/post/orders", json=body)


def test_an_order_placed_again_has_the_same_parcel(post: httpx.Client) -> None:
    first, again = order(post), order(post)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert order(post, "order-2").json()["tracking_number"] != first.json()["tracking_number"]


def test_a_form_with_a_file_is_the_same_order_as_json(post: httpx.Client) -> None:
    form = post.post("/post/orders", data={"order_id": "order-1", **ADDRESSEE}, files={"document": ("d.pdf", PDF, "application/pdf")})
    assert form.status_code == 201
    assert order(post).json() == form.json()


def test_a_parcel_is_in_transit_and_then_delivered(post: httpx.Client) -> None:
    slow = order(post, "slow").json()["tracking_number"]
    assert post.post("/post/_delivery", json={"delivery_seconds": 0}).status_code == 200
    fast = order(post, "fast").json()["tracking_number"]
    assert post.get(f"/post/parcels/{slow}").json()["status"] == "in_transit"
    assert post.get(f"/post/parcels/{slow}").json()["delivered_at"] is None
    parcel = post.get(f"/post/parcels/{fast}").json()
    assert (parcel["status"], parcel["delivered_at"]) == ("delivered", parcel["ordered_at"])
    assert post.get("/post/parcels/EA000000000CN").status_code == 404


def test_parcels_outlive_a_restart(tmp_path: Path) -> None:
    numbers = []
    for _ in range(2):
        with serve(create_app(tmp_path, "t", 1000)) as base, httpx.Client(base_url=base, headers=BEARER) as client:
            numbers.append(order(client).json()["tracking_number"])
            assert numbers[0] in client.get("/post/").text
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize("changes", [{"document": ""}, {"document": "%%"}, {"document": "R0lGODlh"}, {"name": ""}])
def test_an_order_without_a_pdf_or_an_addressee_is_refused(post: httpx.Client, changes: dict[str, str]) -> None:
    assert order(post, **changes).status_code == 400


def test_an_outage_takes_no_order(post: httpx.Client) -> None:
    post.put("/post/_faults", json={"post": {"outage": True}})
    assert order(post).status_code == 503
    post.put("/post/_faults", json={"post": {"outage": False}})
    assert order(post).status_code == 201


def test_without_the_token_nothing_is_told(post: httpx.Client) -> None:
    number = order(post).json()["tracking_number"]
    assert httpx.get(f"{post.base_url}/post/parcels/{number}").status_code == 401


@given(st.integers(0, 99_999_999))
def test_a_tracking_number_has_the_check_digit_of_upu_s10(serial: int) -> None:
    number = tracking_number(serial)
    digits = number[2:11]
    total = sum(int(d) * w for d, w in zip(digits[:8], (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    expected = {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)
    assert (number[:2], int(digits[8]), number[11:]) == ("EA", expected, "CN")


def test_the_s10_standards_own_example_has_its_check_digit() -> None:
    assert tracking_number(47312482) == "EA473124829CN"
