"""The post office: one parcel per order, and the time it arrived."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette

from adapters.post.http import HttpPost
from domain.errors import NotFound, Unavailable
from simulators.post import Post
from tests.serving import serve

PDF = b"%PDF-1.7 a household page"


async def order(post: HttpPost, order_id: str) -> str:
    return await post.order(order_id=order_id, name="许桂荣", phone="19900000003", address="浙江省温州市鹿城区公园路1号", document=PDF)


async def test_an_order_placed_again_is_the_same_parcel_and_arrives_after_its_time(tmp_path: Path) -> None:
    office = Post(tmp_path, "t", delivery_seconds=1000)
    with serve(Starlette(routes=office.routes())) as base:
        post = HttpPost(f"{base}/post", "t")
        slow = await order(post, "slow")
        assert await order(post, "slow") == slow
        assert await post.delivered_at(slow) is None

        office.delivery_seconds = 0
        arrived = await post.delivered_at(await order(post, "fast"))
        assert arrived is not None
        assert abs((datetime.now(UTC) - arrived).total_seconds()) < 60
        await post.aclose()


async def test_an_unknown_parcel_is_not_found_and_an_outage_is_unavailable(tmp_path: Path) -> None:
    office = Post(tmp_path, "t", delivery_seconds=1000)
    with serve(Starlette(routes=office.routes())) as base:
        post = HttpPost(f"{base}/post", "t")
        with pytest.raises(NotFound):
            await post.delivered_at("EA000000000CN")
        office.faults.change({"post": {"error_rate": 1}})
        with pytest.raises(Unavailable):
            await order(post, "order-1")
        with pytest.raises(Unavailable):
            await post.delivered_at("EA000000000CN")
        await post.aclose()
