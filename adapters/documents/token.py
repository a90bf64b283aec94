"""The QR code's token: a compact Ed25519 JWT that says which document the office issued, when, and with what content."""

import base64
import hashlib
import json
import time
from datetime import UTC, datetime

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import BaseModel, ValidationError

from domain.documents import DocumentContent

MAX_TOKEN_CHARACTERS = 2_000
_ALGORITHM = "Ed25519"  # RFC 9864
_CLOCK_TOLERANCE_SECONDS = 300


class DocumentClaims(BaseModel):
    """What a token says. `digest` is base64url SHA-256 of the visible content, see `content_digest`; no personal data."""

    number: str
    template: str
    issued_at: int  # seconds since 1970, UTC
    digest: str

    @property
    def issued(self) -> datetime:
        return datetime.fromtimestamp(self.issued_at, UTC)


def content_digest(content: DocumentContent) -> str:
    """Base64url SHA-256 of everything a reader sees, as canonical JSON: sorted keys, no spaces, UTF-8, times as ISO 8601."""
    visible = content.model_dump(mode="json", include={"number", "title", "office", "issued_at", "fields", "statement", "table"})
    canonical = json.dumps(visible, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).digest()).rstrip(b"=").decode()


def sign_token(content: DocumentContent, key: OKPKey) -> str:
    """The compact JWT for this document."""
    claims = DocumentClaims(
        number=content.number, template=content.template, issued_at=int(content.issued_at.timestamp()), digest=content_digest(content)
    )
    return jwt.encode({"alg": _ALGORITHM, "kid": key.kid}, claims.model_dump(), key, algorithms=[_ALGORITHM])


def read_token(token: str, key: OKPKey) -> DocumentClaims | None:
    """What a token says, or None when it is not one that the holder of `key` signed."""
    if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
        return None
    try:
        claims = DocumentClaims.model_validate(jwt.decode(token, key, algorithms=[_ALGORITHM]).claims, strict=True)
    except (JoseError, ValidationError, ValueError, TypeError, RecursionError):
        return None
    return claims if claims.issued_at <= time.time() + _CLOCK_TOLERANCE_SECONDS else None
