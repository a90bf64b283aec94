"""What a registry answered for one application: signed, kept, and read for a stated purpose."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class RegistryQuery(BaseModel):
    """One question to one source. `request_id` is the same when the question is asked again after a failure.

    `fields` are the top-level fields of the record that are wanted; empty means all.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    id_number: str
    purpose: str
    request_id: str
    parameters: dict[str, str] = {}
    fields: list[str] = []


class RegistryAnswer(BaseModel):
    """A verified answer. `found` False is an answer too: the source has no record of this person or thing.

    `body` is UTF-8 JSON: `source`, `request_id`, `found`, `record`, `answered_at`. From an authority that speaks this shape it
    holds the exact bytes that were signed. From any other it is our translation, with `signed`: every page as it came, its
    signature and key id. `digest` is the SHA-256 of `body` in hex; `signature` (Ed25519, base64) and `key_id` are the
    authority's, of the first page. `verify_evidence` checks both kinds.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    request_id: str
    found: bool
    record: dict[str, Any]
    fetched_at: datetime
    body: bytes
    digest: str
    signature: str
    key_id: str


def verify_evidence(body: bytes, signature: str, key_id: str, keys: Mapping[str, bytes]) -> bool:
    """Whether what is stored is what the authority signed; for a translated answer, whether every page is.

    `keys` are the authority's public keys (Ed25519, raw, 32 bytes) by key id. That a translation says what its pages say
    is checked by `adapters.registries.reading.says_what_was_signed`, which needs the source's description.
    """
    if _signed_by(keys.get(key_id), body, signature):
        return True
    pages = signed_pages(body)
    return (
        bool(pages)
        and (pages[0].signature, pages[0].key_id) == (signature, key_id)
        and all(_signed_by(keys.get(page.key_id), page.body, page.signature) for page in pages)
    )


class SignedPage(BaseModel):
    """One body as an authority sent it. `signature` is Ed25519 over `body`, base64."""

    model_config = ConfigDict(frozen=True)

    body: bytes
    signature: str
    key_id: str


def signed_pages(body: bytes) -> list[SignedPage]:
    """The pages within a translated answer, in order; none when the body is as it was signed, or damaged."""
    try:
        pages = json.loads(body)["signed"]
        return [
            SignedPage(body=base64.b64decode(page["body"], validate=True), signature=page["signature"], key_id=page["key_id"])
            for page in pages
        ]
    except (ValueError, KeyError, TypeError):
        return []


def _signed_by(key: bytes | None, signed: bytes, signature: str) -> bool:
    # Imported here: this module is also a workflow's, which has no use for it.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if key is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(base64.b64decode(signature, validate=True), signed)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
