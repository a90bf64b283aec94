"""Builders of requests, service items and people, and small in-memory ports, for tests that need no real authority."""

import asyncio
import copy
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence, Sized
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import yaml
from stdnum.cn import ric

from catalogue import documents, rules
from catalogue.loader import check_answers
from catalogue.sources import load_sources
from domain.application import ApplicationRequest
from domain.decision import Finding
from domain.documents import DocumentContent, DocumentText, SealedDocument, SealVerdict
from domain.errors import InvalidInput, NotFound, ObjectDamaged, RegistryUnavailable, Unavailable, UnknownServiceItem, WrongState
from domain.evidence import RegistryAnswer, RegistryQuery
from domain.identity import Asked, CheckResult, Examined, Handing, IdentityVerdict, Prints
from domain.money import Payment, PaymentState
from domain.notices import OutgoingNotice
from domain.parcels import Parcel, ParcelState
from domain.reads import PersonalRead
from domain.service_item import ServiceItem
from domain.source import Source
from domain.text import Bilingual

LIBRARY_CARD = Path(__file__).parent / "library-card.yaml"
# The real sources; the property registry lends its name to the library's shelves, which count books.
TEST_SOURCES = load_sources()
TEST_SOURCES["property"] = TEST_SOURCES["property"].model_copy(
    update={
        "record": {"type": "object", "properties": {"books": {"type": "integer"}}},
        "sample": {"books": 9},
        "asked_with": {"shelf_number": Bilingual(zh="书架号", en="Shelf")},
    }
)
STATION = "330302510000"
NAME = "虞书谣"


def make_id_number(serial: int = 1, *, born: str = "19900102", division: str = "330302") -> str:
    """A number with a right check digit; `serial` is 0 to 999."""
    head = f"{division}{born}{serial:03d}"
    return head + str(ric.calc_check_digit(head + "0"))


def make_application_request(
    service_item: str = "library-card",
    *,
    id_number: str | None = None,
    name: str = NAME,
    phone: str = "13800000001",
    answers: Mapping[str, Any] | None = None,
    delivery: str = "online",
    address: str | None = None,
    **others: Any,
) -> ApplicationRequest:
    """`address` is set by itself when the delivery is by post."""
    return ApplicationRequest.model_validate(
        {
            "service_item": service_item,
            "applicant": {"id_number": id_number or make_id_number(), "name": name, "phone": phone},
            "answers": dict(answers if answers is not None else {"genre": "novels", "shelf": "S-1"}),
            "delivery": {"method": delivery, "address": address or ("温州市鹿城区书院路1号" if delivery == "post" else None)},
            **others,
        }
    )


def library_card() -> dict[str, Any]:
    """The fictional service item as its file reads; the caller's own to change."""
    return copy.deepcopy(_read_library_card())


@cache
def _read_library_card() -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load(LIBRARY_CARD.read_text(encoding="utf-8"))
    return raw


def make_service_item(**changes: Any) -> ServiceItem:
    """`library-card` with some of its fields changed."""
    return ServiceItem.model_validate(library_card() | changes)


class Shelf:
    """A catalogue of items that tests put there."""

    def __init__(self, *items: ServiceItem) -> None:
        self._items = {item.code: item for item in items}

    def put(self, item: ServiceItem) -> None:
        self._items[item.code] = item

    def codes(self) -> list[str]:
        return sorted(self._items)

    def versions(self, code: str) -> list[ServiceItem]:
        return [self._items[code]] if code in self._items else []

    def all(self, on: date | None = None) -> list[ServiceItem]:
        return list(self._items.values())

    async def refresh(self, *, at_most_every: float = 0.0) -> None:
        """A test puts items on the shelf itself."""

    @property
    def sources(self) -> Mapping[str, Source]:
        return TEST_SOURCES

    def name_of(self, code: str) -> Bilingual:
        return self.get(code).name

    def get(self, code: str, on: date | None = None) -> ServiceItem:
        if code not in self._items:
            raise UnknownServiceItem()
        return self._items[code]

    def check_answers(self, item: ServiceItem, answers: Mapping[str, Any]) -> None:
        check_answers(item, answers)

    def decide(self, item: ServiceItem, facts: Mapping[str, Any]) -> Finding:
        return rules.decide(item, facts)

    def document_text(self, item: ServiceItem, facts: Mapping[str, Any]) -> DocumentText:
        return documents.document_text(item, facts)

    def station_of(self, item: ServiceItem, facts: Mapping[str, Any], default: str) -> str:
        return rules.station_of(item, facts, default)

    def source_name(self, source: str) -> Bilingual:
        return TEST_SOURCES[source].name


class MemoryPublications:
    """Published versions and drafts as the database keeps them; `names` are the editors' names by id."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.texts: dict[tuple[str, str], tuple[str, datetime]] = {}
        self.names: dict[str, str] = {}

    async def newest(self) -> int:
        return len(self.rows)

    async def all(self) -> list[ServiceItem]:
        return [row["item"] for row in self.rows]

    async def publish(self, item: ServiceItem, digest: str, text: str, by: str, at: datetime) -> None:
        if any(row["code"] == item.code and row["version"] == item.version for row in self.rows):
            raise WrongState()
        row = {"code": item.code, "version": item.version, "digest": digest, "text": text, "published_by": by, "published_at": at}
        self.rows.append(row | {"item": item})

    async def history(self, code: str) -> list[dict[str, Any]]:
        return sorted((row for row in self.rows if row["code"] == code), key=lambda row: -int(row["version"]))

    async def newest_of_each(self) -> list[dict[str, Any]]:
        return [(await self.history(code))[0] for code in {row["code"] for row in self.rows}]

    async def save_draft(self, clerk_id: str, code: str, text: str, at: datetime) -> None:
        self.texts[clerk_id, code] = (text, at)

    async def draft(self, clerk_id: str, code: str) -> str | None:
        return self.texts.get((clerk_id, code), (None, None))[0]

    async def open_drafts(self) -> list[dict[str, Any]]:
        return [
            {"code": code, "clerk_id": clerk_id, "name": self.names.get(clerk_id), "updated_at": at}
            for (clerk_id, code), (_, at) in self.texts.items()
        ]

    async def drop_draft(self, clerk_id: str, code: str) -> None:
        self.texts.pop((clerk_id, code), None)


class FakeRegistries:
    """Answers from `records`; a source in `down` does not answer. `asked` keeps every question."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Everybody agrees: the machine approves a library card."""
        self.records: dict[str, dict[str, Any] | None] = {
            "resident_population": {"name": NAME, "status": "normal", "address": "书院路1号", "station_code": STATION},
            "property": {"books": 9},
        }
        self.portrait_jpeg: bytes | None = b"portrait"
        self.down: set[str] = set()
        self.down_for_look_ups: set[str] = set()  # portraits are still handed out
        self.asked: list[RegistryQuery] = []

    async def look_up(self, query: RegistryQuery) -> RegistryAnswer:
        self._ask(query)
        if query.source in self.down_for_look_ups:
            raise RegistryUnavailable(query.source, "down for this test")
        record = self.records.get(query.source)
        body = json.dumps({"found": record is not None, "record": record or {}, "request_id": query.request_id}).encode()
        return RegistryAnswer(
            source=query.source,
            request_id=query.request_id,
            found=record is not None,
            record=record or {},
            fetched_at=datetime.now(UTC),
            body=body,
            digest=hashlib.sha256(body).hexdigest(),
            signature="c2lnbmVk",
            key_id="fake",
        )

    async def portrait(self, query: RegistryQuery) -> bytes | None:
        self._ask(query)
        return self.portrait_jpeg

    def _ask(self, query: RegistryQuery) -> None:
        self.asked.append(query)
        if query.source in self.down:
            raise RegistryUnavailable(query.source, "down for this test")


def make_verdict(passed: bool) -> IdentityVerdict:
    reason = None if passed else Bilingual(zh="请正对镜头", en="Look at the camera")
    return IdentityVerdict(
        passed=passed,
        checks=[CheckResult(name="face", passed=passed, score=0.3 if passed else 0.9, threshold=0.58, reason=reason)],
        clip_seconds=4.0,
        frames_compared=3,
        face_model="none",
        speech_model="none",
    )


class _Asked(Protocol):
    @property
    def asked(self) -> Sized: ...


class ReadBook:
    """Looks at personal data by key, as the table keeps them; refuses while `full`. Notes how often `registries` had been asked by then."""

    def __init__(self, registries: _Asked) -> None:
        self.registries = registries
        self.rows: dict[str, PersonalRead] = {}
        self.asked_before: list[int] = []
        self.full = False

    async def record(self, read: PersonalRead) -> None:
        if self.full:
            raise Unavailable()
        self.asked_before.append(len(self.registries.asked))
        self.rows.setdefault(read.key, read)


class ScriptedVerifier:
    """Passes every clip, but for `failures` first ones; holds a clip while `gate` is closed."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.failures = 0
        self.seen = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def verify(self, clip: bytes, portrait: bytes, asked: Asked, handing: Handing, earlier: Sequence[Prints]) -> Examined:
        self.seen += 1
        self.asked, self.earlier = asked, list(earlier)
        await self.gate.wait()
        prints = Prints(str(self.seen), b"sound", b"picture")
        if self.failures > 0:
            self.failures -= 1
            return Examined(make_verdict(False), [b"frame"] * 3, prints)
        return Examined(make_verdict(True), [b"frame"] * 3, prints)


class MemoryObjects:
    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}

    async def put(self, key: str, data: bytes, media_type: str) -> str:
        self.stored[key] = data
        return hashlib.sha256(data).hexdigest()

    async def get(self, key: str, sha256: str) -> bytes:
        if key not in self.stored:
            raise NotFound()
        if hashlib.sha256(self.stored[key]).hexdigest() != sha256:
            raise ObjectDamaged()
        return self.stored[key]

    async def delete(self, key: str) -> None:
        self.stored.pop(key, None)


class PlainDocuments:
    """A document maker without typesetting or seal; does not answer while `away`."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.away = False
        self.made: list[DocumentContent] = []

    async def make(self, content: DocumentContent) -> SealedDocument:
        if self.away:
            raise Unavailable()
        self.made.append(content)
        pdf = f"%PDF {content.number}".encode()
        return SealedDocument(pdf=pdf, sha256=hashlib.sha256(pdf).hexdigest())

    def verify(self, pdf: bytes) -> SealVerdict:
        return SealVerdict(result="genuine", text=Bilingual(zh="真", en="Genuine"))

    def verify_token(self, token: str) -> SealVerdict:
        return SealVerdict(result="genuine", text=Bilingual(zh="真", en="Genuine"))


class FakePost:
    """One parcel per order; in the state that `state` says when it is looked at."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.state = ParcelState.DELIVERED
        self.orders: dict[str, Parcel] = {}
        self.asked = 0

    async def order(self, *, order_id: str, name: str, phone: str | None, address: str, document: bytes, notify_url: str) -> Parcel:
        number = f"EM{len(self.orders):05d}{zlib.crc32(order_id.encode()) % 10**8:08d}CN"  # a number of its own in every test
        parcel = Parcel(order_id=order_id, tracking_number=number, state=ParcelState.ORDERED, at=datetime.now(UTC))
        return self.orders.setdefault(order_id, parcel)

    async def look(self, tracking_number: str) -> Parcel:
        self.asked += 1
        parcel = next(p for p in self.orders.values() if p.tracking_number == tracking_number)
        return parcel.model_copy(update={"state": self.state, "at": datetime.now(UTC)})

    async def label(self, tracking_number: str) -> bytes:
        return b"%PDF label"


class FakeCashier:
    """One order per case, in memory; `pay` stands for the applicant at the provider's page."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.orders: dict[str, Payment] = {}
        self.calls: list[tuple[str, str]] = []
        self.away = False

    def pay(self, order_id: str) -> None:
        receipt = f"R{len(self.orders):08d}"
        self._change(order_id, state=PaymentState.PAID, pay_url=None, receipt_number=receipt, paid_at=datetime.now(UTC))

    async def order(self, *, order_id: str, fen: int, subject: Bilingual, return_url: str, notify_url: str) -> Payment:
        self._called("order", order_id)
        fresh = Payment(order_id=order_id, state=PaymentState.OPEN, fen=fen, pay_url=f"http://127.0.0.1/pay/{order_id}")
        return self.orders.setdefault(order_id, fresh)

    async def look(self, order_id: str) -> Payment:
        self._called("look", order_id)
        return self._order(order_id)

    async def close(self, order_id: str) -> Payment:
        self._called("close", order_id)
        if self._order(order_id).state is PaymentState.OPEN:
            self._change(order_id, state=PaymentState.CLOSED, pay_url=None)
        return self.orders[order_id]

    async def refund(self, order_id: str) -> Payment:
        self._called("refund", order_id)
        if self._order(order_id).state is PaymentState.PAID:
            self._change(order_id, state=PaymentState.REFUNDED, refunded_at=datetime.now(UTC))
        if self.orders[order_id].state is not PaymentState.REFUNDED:
            raise WrongState()
        return self.orders[order_id]

    def _called(self, what: str, order_id: str) -> None:
        self.calls.append((what, order_id))
        if self.away:
            raise Unavailable()

    def _order(self, order_id: str) -> Payment:
        if order_id not in self.orders:
            raise NotFound()
        return self.orders[order_id]

    def _change(self, order_id: str, **changes: Any) -> None:
        self.orders[order_id] = self.orders[order_id].model_copy(update=changes)


class NoticeBox:
    """A gateway that keeps what it is handed; it is gone while `away`, and takes nothing for whom it `refuses`."""

    def __init__(self) -> None:
        self.sent: list[OutgoingNotice] = []
        self.away = False
        self.refuses: set[str] = set()

    async def take(self, notice: OutgoingNotice) -> None:
        if self.away:
            raise Unavailable()
        if notice.to in self.refuses:
            raise InvalidInput()
        self.sent.append(notice)


def texts_of(errors: Sequence[Any]) -> list[str]:
    """Paths of field errors, as a test compares them."""
    return sorted(e.path for e in errors)
