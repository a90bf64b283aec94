"""Signed call-backs of a company: sent until they are received, and misbehaving as they are told to.

A call-back is a JSON body with the headers `X-Key-Id`, `X-Timestamp` (seconds since 1970), `X-Nonce` and `X-Signature`: base64 of the
Ed25519 signature (RFC 8032) over `timestamp\\nnonce\\nhex SHA-256 of the body`. Whatever is not answered with 2xx is sent again.
"""

import asyncio
import hashlib
import json
import math
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from simulators.journal import Journal
from simulators.signing import AuthorityKey
from simulators.web import json_bytes

RETRY_PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
HOLD_SECONDS = 10.0  # how long one that shall be overtaken waits for the next one of its order
MAX_DELAY_SECONDS = 3600.0
_TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a company misbehaves with its call-backs: shares from 0 to 1, and how long one is under way at most."""

    lost: float = 0
    repeated: float = 0
    reordered: float = 0
    forged: float = 0
    delay_seconds: float = 0

    def changed(self, values: Mapping[str, Any]) -> "Manner":
        """The same manner with some values replaced.

        Raises:
            ValueError: an unknown name, or a value out of its range.
        """
        return replace(self, **{name: _checked(name, value) for name, value in values.items()})


def _checked(name: str, value: object) -> float:
    if name not in {f.name for f in fields(Manner)}:
        raise ValueError(f"there is no misbehaviour named {name}")
    limit = MAX_DELAY_SECONDS if name == "delay_seconds" else 1
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or not 0 <= value <= limit:
        raise ValueError(f"{name} is a number from 0 to {limit:g}")
    return float(value)


@dataclass(frozen=True, slots=True)
class Event:
    """What changed; `event_id` comes again with every repetition."""

    event_id: str
    order_id: str
    state: str
    at: str  # ISO 8601, UTC
    address: str  # where it is told

    def body(self, provider: str, state: str | None = None) -> bytes:
        told = {"provider": provider, "event_id": self.event_id, "order_id": self.order_id, "state": state or self.state, "at": self.at}
        return json_bytes(told)


@dataclass(frozen=True, slots=True)
class Envelope:
    body: bytes
    headers: Mapping[str, str]


def sign(key: AuthorityKey, body: bytes, *, key_id: str | None = None, at: float | None = None) -> Envelope:
    """A body with its headers, signed now."""
    timestamp, nonce = str(int(time.time() if at is None else at)), uuid4().hex
    signed = f"{timestamp}\n{nonce}\n{hashlib.sha256(body).hexdigest()}".encode()
    return Envelope(
        body,
        {
            "Content-Type": "application/json",
            "X-Key-Id": key_id or key.key_id,
            "X-Timestamp": timestamp,
            "X-Nonce": nonce,
            "X-Signature": key.sign(signed),
        },
    )


class Callbacks:
    """One company's call-backs. What was told and not received goes on after a restart.

    `states` are those that a forger would like to have believed. `counts`: `told` and how each ended (`received`, `lost`, `given_up`);
    `attempts`, `copies`, `held` (to be overtaken), and of forgeries `forged`, `forged_refused` (401, 403), `forged_believed` (2xx),
    `forged_unanswered` (5xx, or nothing in time).
    """

    def __init__(
        self, provider: str, state_dir: Path, states: Sequence[str], *, pauses_seconds: Sequence[float] = RETRY_PAUSES_SECONDS
    ) -> None:
        self.provider = provider
        self.key = AuthorityKey.load_or_make(state_dir / "callbacks.pem")
        self.manner = Manner()
        self.counts: Counter[str] = Counter()
        self._impostor = AuthorityKey(Ed25519PrivateKey.generate())
        self._states = tuple(states)
        self._pauses = tuple(pauses_seconds)
        self._journal = Journal(state_dir / "callbacks.jsonl")
        self._pending: dict[str, Event] = {}
        self._passing: dict[str, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        for entry in self._journal.entries:
            self._take_in(entry)
        self._journal.entries.clear()

    @property
    def pending(self) -> int:
        return len(self._pending)

    def change(self, values: Mapping[str, Any]) -> None:
        """Raises ValueError for what cannot be; nothing is changed then."""
        self.manner = self.manner.changed(values)

    def as_json(self) -> dict[str, Any]:
        return {"manner": asdict(self.manner), "counts": dict(self.counts), "pending": self.pending}

    def tell(self, address: str, order_id: str, state: str, at: str) -> None:
        """Have a change told; must run in the event loop. Without an address nobody wants to know."""
        if not address:
            return
        event = Event(str(uuid4()), order_id, state, at, address)
        self._enter({"told": asdict(event)})
        self._start(event)

    def resume(self) -> None:
        """Go on with what an earlier process had not finished; in the event loop, once."""
        for event in list(self._pending.values()):
            self._start(event)

    async def aclose(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def forge(self, address: str, order_id: str, at: str) -> dict[str, int | None]:
        """Send one forgery of each kind about an order; the status that each was answered with, None without an answer."""
        event = Event(str(uuid4()), order_id, random.choice(self._states), at, address)
        return {kind: await self._send_forged(address, envelope) for kind, envelope in self._forgeries(event).items()}

    # --- the journal ---------------------------------------------------------------------------------------------

    def _enter(self, entry: dict[str, Any]) -> None:
        self._journal.append(entry)
        self._take_in(entry)

    def _take_in(self, entry: dict[str, Any]) -> None:
        if "told" in entry:
            event = Event(**entry["told"])
            self._pending[event.event_id] = event
            self.counts["told"] += 1
        else:
            self._pending.pop(entry["ended"], None)
            self.counts[entry["how"]] += 1

    # --- sending -------------------------------------------------------------------------------------------------

    def _start(self, event: Event) -> None:
        task = asyncio.create_task(self._see_to(event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _see_to(self, event: Event) -> None:
        manner = self.manner
        if _happens(manner.lost):
            self._enter({"ended": event.event_id, "how": "lost"})
            return
        how = "received" if await self._deliver(event, manner) else "given_up"
        self._enter({"ended": event.event_id, "how": how})
        if overtaken := self._passing.pop(event.order_id, None):
            overtaken.set()

    async def _deliver(self, event: Event, manner: Manner) -> bool:
        """True once it was received. What is late was signed before."""
        envelope = sign(self.key, event.body(self.provider))
        if manner.delay_seconds:
            await asyncio.sleep(random.uniform(0, manner.delay_seconds))
        if _happens(manner.reordered):
            await self._be_overtaken(event.order_id)
        if _happens(manner.forged):
            for forged in self._forgeries(event).values():
                await self._send_forged(event.address, forged)
        if not _happens(manner.repeated):
            return await self._until_received(event, envelope)
        # The same to the byte, and the same signed afresh, all at once.
        copies = [envelope, envelope, sign(self.key, event.body(self.provider))]
        self.counts["copies"] += len(copies) - 1
        return any(await asyncio.gather(*(self._until_received(event, copy) for copy in copies)))

    async def _be_overtaken(self, order_id: str) -> None:
        """Wait until a later one of the same order is through; not for ever, for there may be none."""
        self.counts["held"] += 1
        passed = self._passing[order_id] = asyncio.Event()
        try:
            await asyncio.wait_for(passed.wait(), HOLD_SECONDS)
        except TimeoutError:
            return

    async def _until_received(self, event: Event, envelope: Envelope) -> bool:
        for pause in (*self._pauses, None):
            self.counts["attempts"] += 1
            status = await self._post(event.address, envelope)
            if status is not None and 200 <= status < 300:
                return True
            if pause is None:
                return False
            await asyncio.sleep(pause)
            envelope = sign(self.key, event.body(self.provider))
        return False

    async def _post(self, address: str, envelope: Envelope) -> int | None:
        """The status of the answer; None without one."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT, connector=aiohttp.TCPConnector(limit=32), trust_env=False)
        try:
            async with self._session.post(address, data=envelope.body, headers=envelope.headers, allow_redirects=False) as reply:
                return reply.status
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return None

    # --- forgeries -----------------------------------------------------------------------------------------------

    def _forgeries(self, event: Event) -> dict[str, Envelope]:
        """By kind. The altered one has the genuine event's id, so that whoever remembers it would miss the genuine one."""
        wish = random.choice([state for state in self._states if state != event.state])
        genuine = event.body(self.provider)
        altered = json_bytes(json.loads(genuine) | {"state": wish})
        invented = replace(event, event_id=str(uuid4()), state=wish)
        return {
            "wrong_key": sign(self._impostor, invented.body(self.provider), key_id=self.key.key_id),
            "unknown_key": sign(self._impostor, invented.body(self.provider)),
            "altered_body": Envelope(altered, sign(self.key, genuine).headers),
        }

    async def _send_forged(self, address: str, envelope: Envelope) -> int | None:
        status = await self._post(address, envelope)
        self.counts["forged"] += 1
        if status in (401, 403):
            self.counts["forged_refused"] += 1
        elif status is not None and 200 <= status < 300:
            self.counts["forged_believed"] += 1
        elif status is None or status >= 500:
            self.counts["forged_unanswered"] += 1
        return status


def _happens(share: float) -> bool:
    return bool(share) and random.random() < share
