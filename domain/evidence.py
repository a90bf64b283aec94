"""What a registry answered for one application: signed, kept, and read for a stated purpose."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class RegistryQuery(BaseModel):
    """One question to one source. `request_id` is the same when the question is asked again after a failure."""

    model_config = ConfigDict(frozen=True)

    source: str
    id_number: str
    purpose: str
    request_id: str
    parameters: dict[str, str] = {}


class RegistryAnswer(BaseModel):
    """A verified answer. `found` False is an answer too: the source has no record of this person or thing.

    `body` holds the exact bytes that were signed (UTF-8 JSON); `digest` is their SHA-256 in hex;
    `signature` is Ed25519 over them, base64; `key_id` names the authority's key.
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
