"""Whether a provider signed a call-back: what it did sign is read, all else is forged, and keys that cannot be had are unavailable."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette

from adapters.callbacks import SignedCallbacks
from domain.callbacks import Callback
from domain.errors import ForgedCallback, Unavailable
from simulators.callbacks import Callbacks, Envelope, sign
from simulators.payments import Payments
from simulators.post import Post
from simulators.signing import AuthorityKey
from tests.serving import serve

TOLD = {"provider": "payments", "event_id": "e-1", "order_id": "fee-1", "state": "paid", "at": "2026-11-22T06:00:00+00:00"}


@dataclass
class Companies:
    payments: Callbacks
    post: Callbacks
    base: str


@pytest.fixture
def companies(tmp_path: Path) -> Iterator[Companies]:
    payments, post = Payments(tmp_path / "payments", "t"), Post(tmp_path / "post", "t", 1000)
    with serve(Starlette(routes=[*payments.routes(), *post.routes()])) as base:
        yield Companies(payments.callbacks, post.callbacks, base)


@pytest.fixture
async def reader(companies: Companies) -> AsyncIterator[SignedCallbacks]:
    reader = SignedCallbacks({"payments": f"{companies.base}/payments", "post": f"{companies.base}/post"})
    yield reader
    await reader.aclose()


def body(**changes: Any) -> bytes:
    return json.dumps(TOLD | changes).encode()


async def read(reader: SignedCallbacks, envelope: Envelope, **headers: str) -> Callback:
    sent = {name.lower(): value for name, value in envelope.headers.items()} | headers
    return await reader.read("payments", sent, envelope.body, now=datetime.now(UTC))


async def test_what_the_provider_signed_is_read(reader: SignedCallbacks, companies: Companies) -> None:
    callback = await read(reader, sign(companies.payments.key, body()))
    assert callback.model_dump(mode="json") == TOLD | {"at": "2026-11-22T06:00:00Z"}


async def test_a_late_one_is_read_and_one_older_than_three_days_or_of_tomorrow_is_not(
    reader: SignedCallbacks, companies: Companies
) -> None:
    def signed(ago: timedelta) -> Envelope:
        return sign(companies.payments.key, body(), at=(datetime.now(UTC) - ago).timestamp())

    assert (await read(reader, signed(timedelta(days=2, hours=23)))).event_id == "e-1"
    for ago in (timedelta(days=3, minutes=1), timedelta(minutes=-6)):
        with pytest.raises(ForgedCallback):
            await read(reader, signed(ago))


async def test_an_altered_body_time_or_nonce_is_forged(reader: SignedCallbacks, companies: Companies) -> None:
    genuine = sign(companies.payments.key, body())
    later = str(int(genuine.headers["X-Timestamp"]) + 1)
    with pytest.raises(ForgedCallback):
        await read(reader, Envelope(body(state="refunded"), genuine.headers))
    for headers in ({"x-timestamp": later}, {"x-nonce": "0"}):
        with pytest.raises(ForgedCallback):
            await read(reader, genuine, **headers)


async def test_another_key_is_forged_whatever_id_it_gives_itself(reader: SignedCallbacks, companies: Companies) -> None:
    impostor = AuthorityKey(Ed25519PrivateKey.generate())
    for envelope in (sign(impostor, body()), sign(impostor, body(), key_id=companies.payments.key.key_id)):
        with pytest.raises(ForgedCallback):
            await read(reader, envelope)


async def test_one_provider_cannot_speak_for_another(reader: SignedCallbacks, companies: Companies) -> None:
    for envelope in (sign(companies.post.key, body()), sign(companies.payments.key, body(provider="post"))):
        with pytest.raises(ForgedCallback):
            await read(reader, envelope)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-timestamp": ""},
        {"x-timestamp": "yesterday"},
        {"x-timestamp": "９９９９"},
        {"x-timestamp": "9" * 30},
        {"x-signature": ""},
        {"x-signature": "%%%"},
        {"x-signature": base64.b64encode(b"short").decode()},
        {"x-key-id": ""},
    ],
)
async def test_headers_that_cannot_be_are_forged(reader: SignedCallbacks, companies: Companies, headers: dict[str, str]) -> None:
    with pytest.raises(ForgedCallback):
        await read(reader, sign(companies.payments.key, body()), **headers)


@pytest.mark.parametrize(
    "signed",
    [
        b"",
        b"[]",
        b"\xff",
        body(event_id=""),
        body(order_id="x" * 101),
        body(at="2026-11-22T06:00:00"),
        body(state="paid\0"),
        body(at=None),
        body(provider="sms"),
    ],
)
async def test_what_is_signed_but_cannot_be_read_is_refused(reader: SignedCallbacks, companies: Companies, signed: bytes) -> None:
    with pytest.raises(ForgedCallback):
        await read(reader, sign(companies.payments.key, signed))


async def test_keys_that_cannot_be_had_are_unavailable_so_that_the_provider_tries_again(companies: Companies) -> None:
    reader = SignedCallbacks({"payments": "http://127.0.0.1:1/payments", "post": "http://127.0.0.1:1/post"})
    with pytest.raises(Unavailable):
        await read(reader, sign(companies.payments.key, body()))
    await reader.aclose()
