"""The post office: one parcel per order, where it is, and its label."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette

from adapters.post.http import HttpPost
from domain.errors import NotFound, Unavailable
from domain.parcels import Parcel, ParcelState
from simulators.post import Post
from simulators.web import running
from tests.serving import serve

PDF = b"%PDF-1.7 a household page"


@pytest.fixture
def office(tmp_path: Path) -> Post:
    return Post(tmp_path, "t", delivery_seconds=1000)


@pytest.fixture
async def post(office: Post) -> AsyncIterator[HttpPost]:
    with serve(Starlette(routes=office.routes(), lifespan=running(office)), lifespan="on") as base:
        post = HttpPost(f"{base}/post", "t")
        yield post
        await post.aclose()


async def order(post: HttpPost, order_id: str) -> Parcel:
    return await post.order(
        order_id=order_id,
        name="许桂荣",
        phone="19900000003",
        address="浙江省温州市鹿城区公园路1号",
        document=PDF,
        notify_url="http://127.0.0.1:1/",
    )


async def test_an_order_placed_again_is_the_same_parcel_and_arrives_after_its_time(post: HttpPost, office: Post) -> None:
    slow = await order(post, "slow")
    assert slow == await order(post, "slow") == await post.look(slow.tracking_number)
    assert slow.state is ParcelState.ORDERED

    office.delivery.change({"delivery_seconds": 0})
    arrived = await order(post, "fast")
    assert arrived.state is ParcelState.DELIVERED
    assert abs((datetime.now(UTC) - arrived.at).total_seconds()) < 60


async def test_a_parcel_that_came_back_says_so(post: HttpPost, office: Post) -> None:
    office.delivery.change({"delivery_seconds": 0, "next_comes_back": True})
    parcel = await order(post, "order-1")
    assert (await post.look(parcel.tracking_number)).state is ParcelState.RETURNED


async def test_the_label_is_a_pdf(post: HttpPost) -> None:
    parcel = await order(post, "order-1")
    assert (await post.label(parcel.tracking_number)).startswith(b"%PDF-")


async def test_an_unknown_parcel_is_not_found_and_an_outage_is_unavailable(post: HttpPost, office: Post) -> None:
    for call in (post.look, post.label):
        with pytest.raises(NotFound):
            await call("EA000000000CN")
    office.faults.change({"post": {"error_rate": 1}})
    with pytest.raises(Unavailable):
        await order(post, "order-1")
    for call in (post.look, post.label):
        with pytest.raises(Unavailable):
            await call("EA000000000CN")
