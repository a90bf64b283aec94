"""Call-backs of the payment provider and the post: whether the provider signed them, and what they say.

`X-Signature` is base64 of the Ed25519 signature (RFC 8032), by the key that `X-Key-Id` names, over
`X-Timestamp\\nX-Nonce\\nhex SHA-256 of the body`; `X-Timestamp` counts seconds since 1970.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from adapters.outbound import NoReply, OutboundClient
from adapters.published_keys import BadSignature, PublishedKeys
from domain.callbacks import Callback, Provider
from domain.errors import ForgedCallback, Unavailable

OLDEST = timedelta(days=3)  # call-backs may be late
NEWEST = timedelta(minutes=5)  # clocks differ
KEYS_REFETCH_SECONDS = 30.0
_LONGEST = {"event_id": 100, "order_id": 100, "state": 40}


class SignedCallbacks:
    """A `CallbackReader`. `base_urls` are where each provider publishes its keys, under `/.well-known/keys`."""

    def __init__(self, base_urls: Mapping[Provider, str], timeout_seconds: float = 5.0) -> None:
        self._clients = {provider: OutboundClient(url, None, timeout_seconds, max_connections=2) for provider, url in base_urls.items()}
        self._keys = {
            provider: PublishedKeys(client, "/.well-known/keys", {}, KEYS_REFETCH_SECONDS) for provider, client in self._clients.items()
        }

    async def read(self, provider: Provider, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Callback:
        """Check the signature and read it. `headers` are looked up in lower case.

        Raises:
            ForgedCallback: not signed by this provider, too old, or unreadable.
            Unavailable: the provider's keys cannot be fetched now.
        """
        timestamp = headers.get("x-timestamp", "")
        _check_age(timestamp, now)
        signed = f"{timestamp}\n{headers.get('x-nonce', '')}\n{hashlib.sha256(body).hexdigest()}".encode()
        try:
            await self._keys[provider].check(headers.get("x-key-id", ""), signed, _signature(headers))
        except BadSignature as error:
            raise _forged("signature") from error
        except NoReply as error:
            raise Unavailable from error
        return _read(provider, body)

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()


def _forged(why: str) -> ForgedCallback:
    forged = ForgedCallback()
    forged.why = why
    return forged


def _check_age(timestamp: str, now: datetime) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11):
        raise _forged("headers")
    age = now - datetime.fromtimestamp(int(timestamp), UTC)
    if not -NEWEST <= age <= OLDEST:
        raise _forged("age")


def _signature(headers: Mapping[str, str]) -> bytes:
    try:
        return base64.b64decode(headers.get("x-signature", ""), validate=True)
    except ValueError as error:
        raise _forged("headers") from error


def _read(provider: Provider, body: bytes) -> Callback:
    """What was signed, if it is about this provider's business and fits the record."""
    try:
        callback = Callback.model_validate_json(body)
    except ValidationError as error:
        raise _forged("body") from error
    fits = all(_fits(getattr(callback, name), longest) for name, longest in _LONGEST.items())
    if callback.provider != provider or callback.at.tzinfo is None or not fits:
        raise _forged("body")
    return callback


def _fits(text: str, longest: int) -> bool:
    return 1 <= len(text) <= longest and text.isprintable()
