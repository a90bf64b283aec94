"""The public keys that authorities sign with (Ed25519, JWK as in RFC 8037): fetched once, then pinned."""

import asyncio
import base64
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from adapters.outbound import NoReply, OutboundClient


class AuthorityKeys:
    """Keys by source and key id. A key once seen under an id stays; an unknown id fetches the list again, at most
    once in `refetch_seconds`."""

    def __init__(self, client: OutboundClient, refetch_seconds: float) -> None:
        self._client = client
        self._refetch_seconds = refetch_seconds
        self._keys: defaultdict[str, dict[str, Ed25519PublicKey]] = defaultdict(dict)
        self._fetched_at: dict[str, float] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def check(self, source: str, key_id: str, signed: bytes, signature: str) -> None:
        """Hold `signature` (base64, 64 bytes) over `signed` to the authority's key.

        Raises:
            NoReply: the signature is bad, its key unknown, or the keys cannot be fetched.
        """
        key = self._keys[source].get(key_id) or await self._fetch(source, key_id)
        try:
            key.verify(base64.b64decode(signature, validate=True), signed)
        except (InvalidSignature, ValueError) as error:
            raise NoReply("bad signature") from error

    async def _fetch(self, source: str, key_id: str) -> Ed25519PublicKey:
        async with self._locks[source]:
            known = self._keys[source]
            if key_id not in known and self._may_fetch(source):
                reply = await self._client.get(f"/{source}/.well-known/keys")
                if reply.status != 200:
                    raise NoReply(f"keys: status {reply.status}")
                _pin(known, _read_keys(reply.json_object()))
                self._fetched_at[source] = time.monotonic()
            if key_id in known:
                return known[key_id]
        raise NoReply("bad signature: unknown key")

    def _may_fetch(self, source: str) -> bool:
        fetched_at = self._fetched_at.get(source)
        return fetched_at is None or time.monotonic() - fetched_at >= self._refetch_seconds


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
