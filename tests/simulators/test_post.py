"""The post office: one parcel per order, delivered or brought back after its time, with a label on it."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pypdfium2
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
    with serve(create_app(tmp_path, "t", 1000), lifespan="on") as base, httpx.Client(base_url=base, headers=BEARER) as client:
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


def test_a_parcel_is_ordered_then_under_way_and_then_delivered(post: httpx.Client) -> None:
    slow = order(post, "slow").json()
    assert (slow["state"], slow["at"]) == ("ordered", slow["ordered_at"])
    assert post.post("/post/_delivery", json={"delivery_seconds": 0}).status_code == 200
    fast = order(post, "fast").json()["tracking_number"]
    assert post.get(f"/post/parcels/{slow['tracking_number']}").json() == slow
    parcel = post.get(f"/post/parcels/{fast}").json()
    assert (parcel["state"], parcel["at"]) == ("delivered", parcel["ordered_at"])
    assert post.get("/post/parcels/EA000000000CN").status_code == 404


def test_the_next_parcel_comes_back_and_the_one_after_it_does_not(post: httpx.Client) -> None:
    assert post.post("/post/_delivery", json={"delivery_seconds": 0, "next_comes_back": True}).status_code == 200
    assert [order(post, name).json()["state"] for name in ("first", "second")] == ["returned", "delivered"]
    post.post("/post/_delivery", data={"delivery_seconds": "0", "returned_share": "1"})
    assert [order(post, name).json()["state"] for name in ("third", "fourth")] == ["returned", "returned"]


def test_a_parcel_is_made_to_come_back_or_arrive_now_and_then_stays(post: httpx.Client) -> None:
    number = order(post).json()["tracking_number"]
    assert post.post(f"/post/parcels/{number}/_end", json={"state": "in_transit"}).status_code == 409
    assert post.post(f"/post/parcels/{number}/_end", json={"state": "lost"}).status_code == 422
    assert post.post(f"/post/parcels/{number}/_end", data={"state": "returned"}).status_code == 303
    assert post.post(f"/post/parcels/{number}/_end", json={"state": "delivered"}).status_code == 409
    assert post.get(f"/post/parcels/{number}").json()["state"] == "returned"


@pytest.mark.parametrize("setting", [{"delivery_seconds": -1}, {"returned_share": 2}, {"next_comes_back": 1}, {"lost_share": 0.5}])
def test_a_delivery_that_cannot_be_changes_nothing(post: httpx.Client, setting: dict[str, object]) -> None:
    assert post.post("/post/_delivery", json={"delivery_seconds": 0} | setting).status_code == 422
    assert order(post).json()["state"] == "ordered"


def test_the_label_shows_number_and_addressee_and_its_code_reads_as_the_number(post: httpx.Client) -> None:
    number = order(post).json()["tracking_number"]
    reply = post.get(f"/post/parcels/{number}/label")
    assert reply.headers["content-type"] == "application/pdf"
    pdf = pypdfium2.PdfDocument(reply.content)
    text = "".join(pdf[0].get_textpage().get_text_bounded().split())
    assert all(shown in text for shown in (number, ADDRESSEE["name"], ADDRESSEE["phone"], ADDRESSEE["address"]))
    picture = np.asarray(pdf[0].render(scale=4).to_pil().convert("L"))
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == number
    assert post.get("/post/parcels/EA000000000CN/label").status_code == 404
    assert httpx.get(f"{post.base_url}/post/parcels/{number}/label").status_code == 401


def test_a_parcel_arrives_though_the_post_was_down_when_it_was_due(tmp_path: Path) -> None:
    with serve(create_app(tmp_path, "t", 0.2), lifespan="on") as base, httpx.Client(base_url=base, headers=BEARER) as client:
        number = order(client).json()["tracking_number"]
    with serve(create_app(tmp_path, "t", 1000), lifespan="on") as base, httpx.Client(base_url=base, headers=BEARER) as client:
        deadline = time.monotonic() + 60
        while (state := client.get(f"/post/parcels/{number}").json()["state"]) != "delivered":
            assert time.monotonic() < deadline, state
            time.sleep(0.02)


def test_the_journal_of_the_first_release_is_still_read(tmp_path: Path) -> None:
    with (tmp_path / "parcels.jsonl").open("w", encoding="utf-8") as file:
        times = {"ordered_at": "2026-01-01T00:00:00+00:00", "due_at": "2026-01-01T00:00:20+00:00"}
        file.write(
            json.dumps(
                {"order_id": "old", "tracking_number": "EA100000007CN", **ADDRESSEE, "document_sha256": "", "document_bytes": 9} | times
            )
        )
        file.write("\n")
    with serve(create_app(tmp_path, "t", 1000), lifespan="on") as base, httpx.Client(base_url=base, headers=BEARER) as client:
        parcel = client.get("/post/parcels/EA100000007CN").json()
    assert (parcel["state"], parcel["at"]) == ("delivered", times["due_at"])


def test_parcels_outlive_a_restart(tmp_path: Path) -> None:
    numbers = []
    for _ in range(2):
        with serve(create_app(tmp_path, "t", 1000), lifespan="on") as base, httpx.Client(base_url=base, headers=BEARER) as client:
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
