"""The post office: prints a document, sends it, and delivers it after some seconds."""

import base64
import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from simulators.faults import Faults
from simulators.journal import Journal
from simulators.web import (
    BearerToken,
    change_faults,
    from_another_site,
    json_object,
    json_response,
    page,
    refusal,
    show_faults,
    struck,
)

SOURCE = "post"
MAX_DOCUMENT_BYTES = 20_000_000
_ADDRESSEE = ("order_id", "name", "phone", "address")


@dataclass(frozen=True, slots=True)
class Parcel:
    """What was ordered; the document itself is not kept. Times are ISO 8601, UTC."""

    order_id: str
    tracking_number: str
    name: str
    phone: str
    address: str
    document_sha256: str
    document_bytes: int
    ordered_at: str
    due_at: str

    def delivered_at(self, now: datetime) -> str | None:
        return self.due_at if datetime.fromisoformat(self.due_at) <= now else None


def tracking_number(serial: int) -> str:
    """EA, eight digits, a check digit and CN, as UPU S10 has it."""
    digits = f"{serial:08d}"
    check = 11 - sum(int(d) * w for d, w in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return f"EA{digits}{ {10: 0, 11: 5}.get(check, check) }CN"


class Post:
    """One parcel per `order_id`, kept over a restart."""

    def __init__(self, state_dir: Path, token: str, delivery_seconds: float) -> None:
        self.faults = Faults((SOURCE,))
        self.delivery_seconds = delivery_seconds
        self._token = BearerToken(token)
        self._journal = Journal(state_dir / "parcels.jsonl")
        self._by_order: dict[str, Parcel] = {}
        self._by_tracking: dict[str, Parcel] = {}
        for entry in self._journal.entries:
            self._take_in(Parcel(**entry))
        self._journal.entries.clear()

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/post/orders", self._order, methods=["POST"]),
            Route("/post/parcels/{tracking}", self._parcel, methods=["GET"]),
            Route("/post/_faults", self._show_faults, methods=["GET"]),
            Route("/post/_faults", self._change_faults, methods=["PUT", "POST"]),
            Route("/post/_delivery", self._change_delivery, methods=["POST"]),
            Route("/post/", self._page),
        ]

    def _take_in(self, parcel: Parcel) -> None:
        self._by_order[parcel.order_id] = parcel
        self._by_tracking[parcel.tracking_number] = parcel

    def _send(self, addressee: dict[str, str], document: bytes) -> Parcel:
        now = datetime.now(UTC)
        parcel = Parcel(
            **addressee,
            tracking_number=tracking_number(10_000_000 + len(self._by_order)),
            document_sha256=hashlib.sha256(document).hexdigest(),
            document_bytes=len(document),
            ordered_at=now.isoformat(),
            due_at=(now + timedelta(seconds=self.delivery_seconds)).isoformat(),
        )
        self._journal.append(asdict(parcel))
        self._take_in(parcel)
        return parcel

    async def _order(self, request: Request) -> Response:
        """201 with the tracking number; 200 with the same one for an order that was placed before."""
        if refused := self._token.refuses(request):
            return refused
        if status := await self.faults.strike(SOURCE):
            return struck(status)
        try:
            addressee, document = await _read_order(request)
        except ValueError as error:
            return refusal(400, "bad-request", str(error))
        placed_before = self._by_order.get(addressee["order_id"])
        parcel = placed_before or self._send(addressee, document)
        answer = {"order_id": parcel.order_id, "tracking_number": parcel.tracking_number}
        return json_response(answer, 200 if placed_before else 201)

    async def _parcel(self, request: Request) -> Response:
        if refused := self._token.refuses(request):
            return refused
        if status := await self.faults.strike(SOURCE):
            return struck(status)
        parcel = self._by_tracking.get(request.path_params["tracking"])
        if parcel is None:
            return refusal(404, "not-found", "there is no parcel of this number")
        delivered_at = parcel.delivered_at(datetime.now(UTC))
        return json_response(
            {
                "tracking_number": parcel.tracking_number,
                "status": "delivered" if delivered_at else "in_transit",
                "ordered_at": parcel.ordered_at,
                "delivered_at": delivered_at,
            }
        )

    async def _page(self, request: Request) -> Response:
        now = datetime.now(UTC)
        return page(
            "post.html",
            parcels=[(parcel, parcel.delivered_at(now)) for parcel in reversed(self._by_order.values())][:200],
            total=len(self._by_order),
            delivery_seconds=self.delivery_seconds,
            fault=self.faults.as_json()[SOURCE],
        )

    async def _show_faults(self, request: Request) -> Response:
        return await show_faults(self.faults)

    async def _change_faults(self, request: Request) -> Response:
        return await change_faults(request, self.faults, "/post/")

    async def _change_delivery(self, request: Request) -> Response:
        """How long parcels ordered from now on take; a form field or JSON `{"delivery_seconds": n}`."""
        if from_another_site(request):
            return refusal(403, "another-site", "delivery is set from the simulator's own page")
        try:
            if _is_json(request):
                self.delivery_seconds = _seconds((await json_object(request)).get("delivery_seconds"))
                return json_response({"delivery_seconds": self.delivery_seconds})
            async with request.form(max_files=0, max_fields=5) as form:
                self.delivery_seconds = _seconds(float(str(form.get("delivery_seconds"))))
        except ValueError as error:
            return refusal(422, "invalid-delivery", str(error))
        return RedirectResponse("/post/", 303)


def _seconds(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 10_000_000:
        return float(value)
    raise ValueError("delivery_seconds is a number from 0 to 10,000,000")


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/json")


async def _read_order(request: Request) -> tuple[dict[str, str], bytes]:
    """JSON with the document in base64, or a multipart form with it as a file.

    Raises:
        ValueError: a field is missing, or the document is no PDF.
    """
    if _is_json(request):
        order = await json_object(request, MAX_DOCUMENT_BYTES * 4 // 3 + 100_000)
        document = base64.b64decode(str(order.get("document", "")), validate=True)
    else:
        async with request.form(max_files=1, max_fields=10) as form:
            order = {field: form.get(field) for field in _ADDRESSEE}
            upload = form.get("document")
            document = await upload.read(MAX_DOCUMENT_BYTES + 1) if isinstance(upload, UploadFile) else b""
    if not document.startswith(b"%PDF-") or len(document) > MAX_DOCUMENT_BYTES:
        raise ValueError("document is a PDF of at most 20 MB")
    return {field: _required(order, field) for field in _ADDRESSEE}, document


def _required(order: dict[str, Any], field: str) -> str:
    value = order.get(field)
    if isinstance(value, str) and 1 <= len(value) <= 300:
        return value
    raise ValueError(f"{field} is required: a string of 1 to 300 characters")


def create_app(state_dir: Path, token: str, delivery_seconds: float = 20) -> Starlette:
    """The post office alone; `state_dir` keeps the parcels."""
    return Starlette(routes=Post(state_dir, token, delivery_seconds).routes())
