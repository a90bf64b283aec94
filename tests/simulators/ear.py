"""A receiver of call-backs for tests: keeps what it is sent, and checks each signature as a stranger to our code would."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.serving import serve

PATIENCE_SECONDS = 60.0


@dataclass
class Heard:
    body: dict[str, Any]
    raw: bytes
    headers: dict[str, str]
    genuine: bool


@dataclass
class Ear:
    """`deaf_for` requests are answered with 500 first. Forgeries are answered with 403 once `provider` is known."""

    address: str = ""
    provider: str = ""  # where its keys are
    deaf_for: int = 0
    heard: list[Heard] = field(default_factory=list)

    @property
    def genuine(self) -> list[Heard]:
        return [each for each in self.heard if each.genuine]

    def states(self) -> list[str]:
        return [each.body["state"] for each in self.genuine]

    def wait_for(self, count: int, *, genuine: bool = True) -> list[Heard]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(found := self.genuine if genuine else self.heard) < count:
            assert time.monotonic() < deadline, f"heard {len(found)} of {count}"
            time.sleep(0.01)
        return found

    async def hear(self, request: Request) -> Response:
        raw = await request.body()
        if self.deaf_for:
            self.deaf_for -= 1
            return Response(status_code=500)
        headers = dict(request.headers)
        genuine = await self._is_signed(headers, raw)
        self.heard.append(Heard(json.loads(raw), raw, headers, genuine))
        return Response(status_code=200 if genuine else 403)

    async def _is_signed(self, headers: dict[str, str], raw: bytes) -> bool:
        async with httpx.AsyncClient() as client:
            (jwk,) = (await client.get(f"{self.provider}/.well-known/keys")).json()["keys"]
        if headers["x-key-id"] != jwk["kid"]:
            return False
        key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "=="))
        signed = f"{headers['x-timestamp']}\n{headers['x-nonce']}\n{hashlib.sha256(raw).hexdigest()}".encode()
        try:
            key.verify(base64.b64decode(headers["x-signature"]), signed)
        except InvalidSignature:
            return False
        return abs(time.time() - int(headers["x-timestamp"])) < 120


@contextmanager
def listening() -> Iterator[Ear]:
    ear = Ear()
    with serve(Starlette(routes=[Route("/here", ear.hear, methods=["POST"])])) as base:
        ear.address = f"{base}/here"
        yield ear
