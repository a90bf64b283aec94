"""One authority's Ed25519 key (RFC 8032): made at first start, kept in the state folder, published as a JWK (RFC 8037)."""

import base64
import hashlib
import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class AuthorityKey:
    """Signs what one authority answers. `key_id` is the first 16 hex digits of the public key's SHA-256."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.key_id = hashlib.sha256(self._public).hexdigest()[:16]

    @classmethod
    def load_or_make(cls, path: Path) -> "AuthorityKey":
        """Raises ValueError or TypeError when the file holds no Ed25519 key."""
        if not path.exists():
            _write_secret(path, Ed25519PrivateKey.generate())
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{path.name} holds no Ed25519 key; delete it and start again")
        return cls(key)

    def sign(self, content: bytes) -> str:
        """Base64 of the 64 bytes of the signature."""
        return base64.b64encode(self._key.sign(content)).decode()

    def as_jwk(self) -> dict[str, str]:
        public = base64.urlsafe_b64encode(self._public).rstrip(b"=").decode()
        return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.key_id, "x": public}


def _write_secret(path: Path, key: Ed25519PrivateKey) -> None:
    """Write beside and rename, so that a kill leaves either no key or a whole one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    beside.replace(path)
