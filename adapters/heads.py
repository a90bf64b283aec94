"""Heads of the record: signed with the office's Ed25519 key, as compact JWS (RFC 7515, RFC 8037), and read again."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

_ALGORITHM = "Ed25519"  # RFC 9864
# Keeps a head from being taken for a document's token, which the same key signs, and the other way round.
_TYPE = "onetrip-head+jws"
_LONGEST = 4_000


class KeysUnreadable(RuntimeError):
    """The file holds no Ed25519 key."""


class OfficeHeads:
    """Implements `domain.record.HeadSigner` and `HeadReader` with the office's own key."""

    def __init__(self, key: OKPKey) -> None:
        self._key = key
        self._keys = HeadKeys([key])

    @property
    def key_id(self) -> str:
        return str(self._key.kid)

    def sign(self, payload: bytes) -> str:
        return jws.serialize_compact({"alg": _ALGORITHM, "kid": self.key_id, "typ": _TYPE}, payload, self._key, algorithms=[_ALGORITHM])

    def read(self, token: str) -> bytes | None:
        return self._keys.read(token)

    def public_keys(self) -> dict[str, Any]:
        """A JWK set (RFC 7517) for whoever verifies."""
        return {"keys": [self._key.as_dict(private=False)]}


class HeadKeys:
    """Implements `domain.record.HeadReader` with published keys."""

    def __init__(self, keys: Sequence[OKPKey]) -> None:
        self._by_id = {str(key.kid): key for key in keys}

    @classmethod
    def of_file(cls, file: Path) -> "HeadKeys":
        """A JWK, as the office publishes it, or a set of them (RFC 7517), where keys have changed over the years.

        Raises:
            KeysUnreadable: neither of them. OSError: no such file.
        """
        try:
            raw = json.loads(file.read_bytes())
            return cls([OKPKey.import_key(key) for key in raw.get("keys", [raw])])
        except (ValueError, TypeError, AttributeError, JoseError) as error:
            raise KeysUnreadable(f"{file} holds no Ed25519 key as the office publishes it") from error

    def read(self, token: str) -> bytes | None:
        if len(token) > _LONGEST or not _is_canonical(token):
            return None
        try:
            kid = jws.extract_compact(token.encode()).headers().get("kid")
            key = self._by_id.get(str(kid))
            if key is None:
                return None
            read = jws.deserialize_compact(token, key, algorithms=[_ALGORITHM])
        except (JoseError, ValueError, TypeError, RecursionError):
            return None
        return read.payload if read.headers().get("typ") == _TYPE and read.payload is not None else None


def _is_canonical(token: str) -> bool:
    """Base64 leaves bits unused at the end of a part: with any of them set it would read the same, and be another text."""
    try:
        return all(_again(part) == part for part in token.split("."))
    except ValueError:
        return False


def _again(part: str) -> str:
    return base64.urlsafe_b64encode(base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True)).rstrip(b"=").decode()
