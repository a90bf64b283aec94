"""One authority as its file describes it: asked within its limits, believed only when signed."""

import asyncio
import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from adapters.outbound import NoReply, OutboundClient, Reply
from adapters.published_keys import PublishedKeys
from adapters.registries.pace import Pace
from adapters.registries.portraits import check_picture, check_statement, read_statement
from adapters.registries.reading import Reader, Reading, joined
from adapters.registries.request import Request, Requests
from domain.evidence import RegistryAnswer, RegistryQuery, SignedPage
from domain.source import Source

_MAX_PORTRAIT_BYTES = 10_000_000


class Authority:
    """Asks one source. Connections, rate and patience are its own, so that a slow one holds up no other."""

    def __init__(self, source: Source, variables: Mapping[str, str], *, longest_seconds: float, keys_refetch_seconds: float) -> None:
        """Raises TemplateError (MissingVariable when a setting is not set)."""
        connector = source.connector
        self._source = source
        self._seconds = min(connector.timeout_seconds, longest_seconds)
        self._requests = Requests(source, variables)
        self._reader = Reader(source)
        self._pace = Pace(connector.limits.per_second)
        # The pool's size is what holds `at_once`: a request waits for a connection.
        self._client = OutboundClient("", None, self._seconds, max_connections=connector.limits.at_once)
        self._keys = PublishedKeys(self._client, self._requests.keys_address, self._requests.keys_headers, keys_refetch_seconds)

    async def look_up(self, query: RegistryQuery) -> RegistryAnswer:
        """Raises NoReply."""
        if unknown := set(query.fields) - self._source.fields:
            raise NoReply(f"it has no fields {sorted(unknown)}")
        try:
            async with asyncio.timeout(self._seconds):
                pages, readings = await self._all_pages(query)
        except TimeoutError as error:
            raise NoReply(f"no answer within {self._seconds:g} s") from error
        found = readings[0].found
        record = self._reader.complete(query, joined(self._source, [reading.record for reading in readings])) if found else {}
        fetched_at = datetime.now(UTC)
        ours = self._source.connector.speaks_ours
        body = pages[0].body if ours else _translated(query, readings[0], record, pages, fetched_at)
        return RegistryAnswer(
            source=query.source,
            request_id=query.request_id,
            found=found,
            record=record,
            fetched_at=fetched_at,
            body=body,
            digest=hashlib.sha256(body).hexdigest(),
            signature=pages[0].signature,
            key_id=pages[0].key_id,
        )

    async def portrait(self, query: RegistryQuery) -> bytes | None:
        """Raises NoReply."""
        request, described = self._requests.portrait(query), self._source.connector.portrait
        if request is None or described is None:
            raise NoReply("it has no portraits")
        try:
            async with asyncio.timeout(self._seconds):
                return await self._portrait(query, request, described.statement_header)
        except TimeoutError as error:
            raise NoReply(f"no answer within {self._seconds:g} s") from error

    async def public_keys(self) -> dict[str, bytes]:
        """Raises NoReply."""
        return await self._keys.published()

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _all_pages(self, query: RegistryQuery) -> tuple[list[SignedPage], list[Reading]]:
        pages: list[SignedPage] = []
        readings: list[Reading] = []
        asked: set[str] = set()
        paging = self._source.connector.paging
        following: str | None = str(paging.first) if paging else ""
        while following is not None:
            if following in asked or (paging and len(asked) >= paging.most):
                raise NoReply("malformed answer: its pages do not end")
            asked.add(following)
            room = self._source.connector.limits.answer_bytes - sum(len(page.body) for page in pages)
            page, reading = await self._page(query, following, room)
            if readings and not reading.found:
                raise NoReply("malformed answer: its pages do not fit together")
            pages.append(page)
            readings.append(reading)
            following = reading.following if paging and self._wants(query, paging.join) else None
        return pages, readings

    def _wants(self, query: RegistryQuery, field: str) -> bool:
        return not query.fields or field in query.fields

    async def _page(self, query: RegistryQuery, number: str, room_bytes: int) -> tuple[SignedPage, Reading]:
        reply = await self._send(self._requests.look_up(query, number), room_bytes)
        self._reader.check_status(reply.status)
        page = await self._verified(reply, reply.body)
        return page, self._reader.read(query, reply.status, reply.body, number)

    async def _portrait(self, query: RegistryQuery, request: Request, statement_header: str) -> bytes | None:
        reply = await self._send(request, _MAX_PORTRAIT_BYTES)
        if reply.status == 404:
            await self._verified(reply, reply.body)
            check_statement(query, reply.body, found=False)
            return None
        if reply.status != 200:
            raise NoReply(f"status {reply.status}")
        signed = read_statement(reply.headers.get(statement_header, ""))
        await self._verified(reply, signed)
        check_picture(check_statement(query, signed, found=True), reply.body)
        return reply.body

    async def _send(self, request: Request, limit: int) -> Reply:
        await self._pace.turn(self._seconds)
        return await self._client.send(request.method, request.address, request.body, request.headers, limit=limit)

    async def _verified(self, reply: Reply, signed: bytes) -> SignedPage:
        """What was signed, once its signature has held."""
        described = self._source.connector.signature
        signature, key_id = reply.headers.get(described.header), reply.headers.get(described.key_header)
        if not signature or not key_id:
            raise NoReply(f"status {reply.status} without a signature")
        try:
            raw = bytes.fromhex(signature) if described.encoding == "hex" else base64.b64decode(signature, validate=True)
        except (ValueError, binascii.Error) as error:
            raise NoReply("bad signature") from error
        await self._keys.check(key_id, signed, raw)
        return SignedPage(body=signed, signature=base64.b64encode(raw).decode(), key_id=key_id)


def _translated(query: RegistryQuery, first: Reading, record: dict[str, object], pages: list[SignedPage], fetched_at: datetime) -> bytes:
    """The answer in our shape, with every page as it came; the same pages give the same bytes when they say when they are from."""
    answer = {
        "source": query.source,
        "request_id": query.request_id,
        "found": first.found,
        "record": record,
        "answered_at": (first.answered_at or fetched_at).isoformat(),
        "signed": [{"body": base64.b64encode(p.body).decode(), "signature": p.signature, "key_id": p.key_id} for p in pages],
    }
    return json.dumps(answer, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
