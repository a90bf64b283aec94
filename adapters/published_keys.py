"""The public keys that authorities and companies sign with (Ed25519, JWK as in RFC 8037): fetched once, then pinned."""

import asyncio
import base64
import time
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from adapters.outbound import NoReply, OutboundClient


class BadSignature(NoReply):
    """Not signed by who it says: a bad signature, or a key that its owner does not publish."""


class PublishedKeys:
    """One owner's keys by key id. A key once seen under an id stays; an unknown id fetches the list at `address`
    again, at most once in `refetch_seconds`."""

    def __init__(self, client: OutboundClient, address: str, headers: Mapping[str, str], refetch_seconds: float) -> None:
        self._client = client
        self._address = address
        self._headers = headers
        self._refetch_seconds = refetch_seconds
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._fetched_at: float | None = None
        self._lock = asyncio.Lock()

    async def check(self, key_id: str, signed: bytes, signature: bytes) -> None:
        """Hold `signature` (64 bytes) over `signed` to the owner's key.

        Raises:
            BadSignature: the signature is bad, or its key unknown.
            NoReply: the keys cannot be fetched.
        """
        key = self._keys.get(key_id) or await self._fetch(key_id)
        try:
            key.verify(signature, signed)
        except (InvalidSignature, ValueError) as error:
            raise BadSignature("bad signature") from error

    async def published(self) -> dict[str, bytes]:
        """All keys known now, raw (32 bytes), by key id; fetched if none has been yet.

        Raises:
            NoReply: they cannot be fetched.
        """
        if not self._keys:
            async with self._lock:
                await self._fetch_list()
        return {key_id: key.public_bytes_raw() for key_id, key in self._keys.items()}

    async def _fetch(self, key_id: str) -> Ed25519PublicKey:
        async with self._lock:
            if key_id not in self._keys and self._may_fetch():
                await self._fetch_list()
            if key_id in self._keys:
                return self._keys[key_id]
        raise BadSignature("bad signature: unknown key")

    async def _fetch_list(self) -> None:
        reply = await self._client.get(self._address, self._headers)
        if reply.status != 200:
            raise NoReply(f"keys: status {reply.status}")
        _pin(self._keys, _read_keys(reply.json_object()))
        self._fetched_at = time.monotonic()

    def _may_fetch(self) -> bool:
        return self._fetched_at is None or time.monotonic() - self._fetched_at >= self._refetch_seconds


def _pin(known: dict[str, Ed25519PublicKey], fetched: Mapping[str, Ed25519PublicKey]) -> None:
    for key_id, key in fetched.items():
        if known.setdefault(key_id, key).public_bytes_raw() != key.public_bytes_raw():
            raise NoReply("keys: a known id came with another key")


def _read_keys(published: Mapping[str, Any]) -> dict[str, Ed25519PublicKey]:
    try:
        return {
            str(jwk["kid"]): Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "=" * (-len(jwk["x"]) % 4)))
            for jwk in published["keys"]
            if jwk["kty"] == "OKP" and jwk["crv"] == "Ed25519"
        }
    except (KeyError, TypeError, ValueError) as error:
        raise NoReply("keys: malformed") from error
