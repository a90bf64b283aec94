"""The ring of data keys: authenticated encryption with rotation, and the keyed hash for finding by ID number or phone."""

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import DomainError
from domain.text import Bilingual

KEY_BYTES = 32  # AES-256
NONCE_BYTES = 12  # 96 bits, random: NIST SP 800-38D allows 2**32 messages under one key
TAG_BYTES = 16
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")


class DecryptionFailed(DomainError):
    """The value was changed, moved to another place (`aad` differs), or its key is no longer on the ring."""

    kind: ClassVar[str] = "decryption-failed"
    passing: ClassVar[bool] = True  # a key that was left off the ring can be put back
    default: ClassVar[Bilingual] = Bilingual(
        zh="已存储的信息无法读取，请联系系统管理员。", en="A stored value cannot be read. Please tell the administrator."
    )


class Keyring:
    """AES-256-GCM keys by id. The first one encrypts, all of them decrypt, so a key is rotated by putting a new one in front.

    A box is: 1 byte length of the key id, the key id, 12 bytes nonce, ciphertext with its 16-byte tag.
    The key id is authenticated together with the caller's `aad`.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """`keys` in order, the encrypting one first.

        Raises:
            ValueError: no key, a malformed key id, or a key that is not 32 bytes.
        """
        if not keys:
            raise ValueError("a keyring needs at least one key")
        for key_id, key in keys.items():
            if not _KEY_ID.fullmatch(key_id):
                raise ValueError("a key id is 1 to 32 letters, digits, dots, dashes or underscores")
            if len(key) != KEY_BYTES:
                raise ValueError(f"key {key_id} has {len(key)} bytes; AES-256 needs {KEY_BYTES}")
        self._ciphers = MappingProxyType({key_id: AESGCM(key) for key_id, key in keys.items()})
        self._current = next(iter(keys))

    @classmethod
    def from_setting(cls, text: str) -> Self:
        """Read `key-id:base64,key-id:base64`.

        Raises:
            ValueError: not of that form. The message names key ids, never key material.
        """
        keys: dict[str, bytes] = {}
        for entry in filter(None, (part.strip() for part in text.split(","))):
            key_id, colon, encoded = entry.partition(":")
            if not colon:
                raise ValueError("each key of a keyring reads key-id:base64")
            if key_id in keys:
                raise ValueError(f"key id {key_id} is on the keyring twice")
            try:
                keys[key_id] = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                raise ValueError(f"key {key_id} is not base64") from None
        return cls(keys)

    @property
    def current_key_id(self) -> str:
        return self._current

    def encrypt(self, plain: bytes, aad: bytes) -> bytes:
        """Seal `plain` into a box that opens only with the same `aad` (say, the row and column, or the object key)."""
        header = _header(self._current)
        nonce = os.urandom(NONCE_BYTES)
        return header + nonce + self._ciphers[self._current].encrypt(nonce, plain, header + aad)

    def decrypt(self, box: bytes, aad: bytes) -> bytes:
        """Open a box.

        Raises:
            DecryptionFailed: changed, truncated, another `aad`, or an unknown key id.
        """
        header, nonce, sealed = _parts(box)
        cipher = self._ciphers.get(header[1:].decode("ascii", "replace"))
        if cipher is None:
            raise DecryptionFailed
        try:
            return cipher.decrypt(nonce, sealed, header + aad)
        except InvalidTag:
            raise DecryptionFailed from None


def key_id_of(box: bytes) -> str:
    """The id of the key that a box was sealed with, so that a rotation can find what is still under an old one.

    Raises:
        DecryptionFailed: not a box.
    """
    return _parts(box)[0][1:].decode("ascii", "replace")


def blind_index(key: bytes, text: str) -> bytes:
    """HMAC-SHA-256 (32 bytes) of `text` in UTF-8: equal texts can be found without being readable. Normalise before."""
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _header(key_id: str) -> bytes:
    return bytes([len(key_id)]) + key_id.encode("ascii")


def _parts(box: bytes) -> tuple[bytes, bytes, bytes]:
    header_bytes = 1 + (box[0] if box else 0)
    if len(box) < header_bytes + NONCE_BYTES + TAG_BYTES or header_bytes == 1:
        raise DecryptionFailed
    return box[:header_bytes], box[header_bytes : header_bytes + NONCE_BYTES], box[header_bytes + NONCE_BYTES :]
