"""The record: what an entry, a mark and a head are, byte for byte, so that anybody can hold them against each other."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

FORMAT = "onetrip-record-1"
NOTHING = "0" * 64
"""What stands for the hash before the first entry of a chain, and before the first head."""

# An export's lines. Every byte is fixed or hashed: a line that reads otherwise was not written by an export.
_HASH = rb"[0-9a-f]{64}"
_CHAIN = rb"[a-z0-9:-]{1,64}"
ENTRY_LINE = re.compile(
    rb'\{"hash":"(%b)","body":(\{"prev":"(%b)","chain":"(%b)","seq":([1-9][0-9]{0,18}),'
    rb'"at":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}Z","kind":"[a-z_.]{1,64}","entry":\{.*\}\})\}\n' % (_HASH, _HASH, _CHAIN)
)
MARK_LINE = re.compile(rb'\{"head":([1-9][0-9]{0,18}),"chain":"(%b)","seq":([1-9][0-9]{0,18}),"hash":"(%b)"\}\n' % (_CHAIN, _HASH))


class Head(BaseModel):
    """What one signature vouches for: `chains` chains, grown by `entries` entries since the head before.

    `root` is the Merkle tree hash (RFC 9162, 2.1.1) over `member_leaf` of each chain that grew, in the order of their names as bytes;
    `prev` the SHA-256 of the head before as it was published. Both as hexadecimal digits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    number: int = Field(ge=1)
    day: date
    sealed_at: datetime
    prev: str = Field(pattern="^[0-9a-f]{64}$")
    root: str = Field(pattern="^[0-9a-f]{64}$")
    chains: int = Field(ge=1)
    entries: int = Field(ge=1)

    def payload(self) -> bytes:
        """The bytes that are signed."""
        return canonical_json({"record": FORMAT, **self.model_dump(mode="json")})


def head_of(payload: bytes) -> Head | None:
    """The head that reads exactly so, or None."""
    try:
        raw = json.loads(payload)
        if not isinstance(raw, dict) or raw.pop("record", None) != FORMAT:
            return None
        head = Head.model_validate_json(json.dumps(raw))
    except (ValueError, ValidationError, RecursionError):
        return None
    return head if head.payload() == payload else None


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head with its `token`: the compact JWS that is published."""

    head: Head
    token: str

    @property
    def hash(self) -> str:
        """What the next head names as the one before."""
        return hash_of_token(self.token)


def hash_of_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class HeadSigner(Protocol):
    """The office's key for heads."""

    @property
    def key_id(self) -> str: ...

    def sign(self, payload: bytes) -> str:
        """The compact JWS."""
        ...


class HeadReader(Protocol):
    def read(self, token: str) -> bytes | None:
        """The payload of a compact JWS that a known key signed; None for anything else."""
        ...


def canonical_json(value: Any) -> bytes:
    """UTF-8, keys sorted, no spaces: one text for one value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogatepass")


def member_leaf(chain: bytes, seq: int, hash_: bytes) -> bytes:
    """`hash_` as hexadecimal digits."""
    return b"%b %d %b" % (chain, seq, hash_)


class MerkleTree:
    """The tree hash of RFC 9162, 2.1.1, of leaves that come one by one: as much memory as the tree is high."""

    def __init__(self) -> None:
        self.leaves = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        node = hashlib.sha256(b"\x00" + leaf).digest()
        size = self.leaves
        while size & 1:
            node = _node(self._peaks.pop(), node)
            size >>= 1
        self._peaks.append(node)
        self.leaves += 1

    def root(self) -> str:
        if not self._peaks:
            return hashlib.sha256(b"").hexdigest()
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = _node(peak, node)
        return node.hex()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


# --- an export's other lines -----------------------------------------------------------------------------------------


def entry_line(hash_: str, body: str) -> bytes:
    """`body` is the text that was hashed, to the byte; it is itself JSON."""
    return b'{"hash":"%b","body":%b}\n' % (hash_.encode(), body.encode())


def mark_line(head: int, chain: str, seq: int, hash_: str) -> bytes:
    """Says after an entry: the head of this number vouches for the chain up to here."""
    return b'{"head":%d,"chain":"%b","seq":%d,"hash":"%b"}\n' % (head, chain.encode(), seq, hash_.encode())


def first_line(until: int, tail: bool, exported_at: datetime) -> bytes:
    """`until` is the last head whose marks follow (0: none), `tail` whether entries follow that no head vouches for yet."""
    said = {"record": FORMAT, "until": until, "tail": tail, "exported_at": exported_at.isoformat()}
    return canonical_json(said) + b"\n"


def last_line(entries: int, marks: int, sha256: str) -> bytes:
    """`sha256` is of all lines before, in hexadecimal digits."""
    return canonical_json({"end": {"entries": entries, "marks": marks, "sha256": sha256}}) + b"\n"


def said_by(line: bytes) -> Mapping[str, Any] | None:
    """What a first or last line says; None when it is not written as exports write."""
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) and canonical_json(raw) + b"\n" == line else None
