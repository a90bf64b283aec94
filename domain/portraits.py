"""A portrait on its way from the closed network to one clerk's screen: sealed for that one look, readable nowhere else.

X25519 (RFC 7748), HKDF with SHA-256 (RFC 5869) and AES-256-GCM. The asking process makes a key pair for one look and forgets it, so
that what the engine keeps of the answer can be opened by nobody.
"""

import base64
import os
from datetime import date
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import BaseModel

_KEY_BYTES, _NONCE_BYTES = 32, 12
_PURPOSE = b"onetrip portrait for one look"


class PortraitAsk(BaseModel):
    """Whose portrait, for which clerk's work item, and the public key of the look (base64)."""

    work_item_id: UUID
    application_id: UUID
    clerk_id: str
    id_number: str
    day: date
    reader: str


class PortraitShown(BaseModel):
    """`sealed` (base64): the sender's public key, nonce and ciphertext. None: the registry has no portrait."""

    sealed: str | None


class OneLook:
    """The reader's side."""

    def __init__(self) -> None:
        self._key = X25519PrivateKey.generate()

    @property
    def public(self) -> str:
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def open(self, sealed: str) -> bytes:
        """
        Raises:
            ValueError: it was not sealed for this look.
        """
        raw = base64.b64decode(sealed, validate=True)
        sender, nonce, box = raw[:_KEY_BYTES], raw[_KEY_BYTES : _KEY_BYTES + _NONCE_BYTES], raw[_KEY_BYTES + _NONCE_BYTES :]
        secret = self._key.exchange(X25519PublicKey.from_public_bytes(sender))
        try:
            return AESGCM(_key_of(secret, sender, base64.b64decode(self.public))).decrypt(nonce, box, None)
        except InvalidTag as error:
            raise ValueError("sealed for another look") from error


def seal_for(reader: str, picture: bytes) -> str:
    """
    Raises:
        ValueError: `reader` is no public key.
    """
    own, to = X25519PrivateKey.generate(), base64.b64decode(reader, validate=True)
    sender, nonce = own.public_key().public_bytes_raw(), os.urandom(_NONCE_BYTES)
    key = _key_of(own.exchange(X25519PublicKey.from_public_bytes(to)), sender, to)
    return base64.b64encode(sender + nonce + AESGCM(key).encrypt(nonce, picture, None)).decode()


def _key_of(secret: bytes, sender: bytes, reader: bytes) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=sender + reader, info=_PURPOSE).derive(secret)
