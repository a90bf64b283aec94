"""An office's record in memory, as the database keeps it: for tests of its format and of the pages that show it."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.record import NOTHING, Head, MerkleTree, SignedHead, canonical_json, entry_line, first_line, last_line, mark_line, member_leaf
from tests.tampering import Lines

AT = datetime(2026, 11, 20, 16, 5, tzinfo=UTC)


class PlainSeal:
    """Signs by naming itself; whatever else was signed otherwise."""

    key_id = "plain"

    def sign(self, payload: bytes) -> str:
        return f"plain.{payload.hex()}"

    def read(self, token: str) -> bytes | None:
        name, _, rest = token.partition(".")
        return bytes.fromhex(rest) if name == "plain" else None

    def public_keys(self) -> dict[str, Any]:
        return {"keys": []}


class Ledger:
    """An office's record in memory: entries, heads, and exports of them, as the database makes them."""

    def __init__(self) -> None:
        self.chains: dict[str, list[tuple[str, str, int | None]]] = {}  # hash, body, the head that vouches so far
        self.heads: list[SignedHead] = []

    def enter(self, chain: str, said: str = '{"event": "noted"}') -> None:
        entries = self.chains.setdefault(chain, [])
        prev = entries[-1][0] if entries else NOTHING
        at = f"2026-11-20T08:00:{len(entries) % 60:02d}.000001Z"
        body = f'{{"prev":"{prev}","chain":"{chain}","seq":{len(entries) + 1},"at":"{at}","kind":"event","entry":{said}}}'
        entries.append((hashlib.sha256(body.encode()).hexdigest(), body, None))

    def seal(self) -> None:
        tree, grown = MerkleTree(), 0
        number = len(self.heads) + 1
        for chain in sorted(self.chains):
            new = [place for place, entry in enumerate(self.chains[chain]) if place >= self._vouched(chain)]
            if new:
                hash_, body, _ = self.chains[chain][-1]
                self.chains[chain][-1] = (hash_, body, number)
                tree.add(member_leaf(chain.encode(), len(self.chains[chain]), hash_.encode()))
                grown += len(new)
        prev = self.heads[-1].hash if self.heads else NOTHING
        head = Head(
            number=number,
            day=date(2026, 11, 20) + timedelta(days=number),
            sealed_at=AT + timedelta(days=number),
            prev=prev,
            root=tree.root(),
            chains=tree.leaves,
            entries=grown,
        )
        self.heads.append(SignedHead(head, PlainSeal().sign(head.payload())))

    def _vouched(self, chain: str) -> int:
        return max((place + 1 for place, (_, _, head) in enumerate(self.chains[chain]) if head), default=0)

    def export(self, *, tail: bool = False) -> Lines:
        lines, entries, marks = [first_line(len(self.heads), tail, AT)], 0, 0
        for chain in sorted(self.chains):
            upto = len(self.chains[chain]) if tail else self._vouched(chain)
            for place, (hash_, body, head) in enumerate(self.chains[chain][:upto]):
                lines.append(entry_line(hash_, body))
                entries += 1
                if head:
                    lines.append(mark_line(head, chain, place + 1, hash_))
                    marks += 1
        return [*lines, last_line(entries, marks, hashlib.sha256(b"".join(lines)).hexdigest())]


class MemoryRecord:
    """Implements `casework.ports.RecordKeeping`; `looked` are rows of looks, `asked` what they were searched for."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.looked: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.many = False

    async def append(self, kind: str, entry: Mapping[str, Any], chain: str) -> None:
        self.ledger.enter(chain, canonical_json({"kind": kind, **entry}).decode())

    async def heads(self, *, after: int = 0, limit: int) -> list[SignedHead]:
        return self.ledger.heads[after : after + limit]

    async def newest_head(self) -> SignedHead | None:
        return self.ledger.heads[-1] if self.ledger.heads else None

    async def size(self) -> int:
        return 10**9 if self.many else 10

    async def seal(self, day: date, at: datetime) -> list[SignedHead]:
        self.ledger.seal()
        return self.ledger.heads[-1:]

    async def export(self, at: datetime, *, until: int | None = None, tail: bool = False) -> AsyncIterator[list[bytes]]:
        yield self.ledger.export(tail=tail)

    async def case_numbered(self, acceptance_number: str) -> UUID | None:
        return UUID(int=1) if acceptance_number.isdecimal() else None

    async def clerk_named(self, login: str) -> str | None:
        return "clerk-1" if login == "zhou" else None

    async def looks(
        self,
        *,
        by: str | None = None,
        application_id: UUID | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: int | None = None,
        limit: int,
    ) -> list[dict[str, Any]]:
        self.asked.append({"by": by, "application_id": application_id, "since": since, "until": until, "before": before})
        return self.looked[:limit]
