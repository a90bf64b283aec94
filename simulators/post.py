"""The post office: prints a document, sends it, delivers it or brings it back, and tells of each move by a signed call-back."""

import asyncio
import base64
import hashlib
import random
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.parcels import ParcelState
from simulators.callback_settings import CallbackSettings
from simulators.callbacks import Callbacks
from simulators.faults import Faults
from simulators.journal import Journal
from simulators.labels import Labels
from simulators.web import (
    BearerToken,
    change_faults,
    from_another_site,
    half_done,
    is_json,
    json_object,
    json_response,
    page,
    refusal,
    running,
    show_faults,
    struck,
)

SOURCE = "post"
MAX_DOCUMENT_BYTES = 20_000_000
_ADDRESSEE = ("order_id", "name", "phone", "address")
_UNDER_WAY_AFTER = 1 / 3  # of the time until a parcel arrives
_TOLD = (ParcelState.IN_TRANSIT, ParcelState.DELIVERED, ParcelState.RETURNED)
_SHOWN = 200


@dataclass(slots=True)
class Parcel:
    """What was ordered and where it is; the document itself is not kept. Times are ISO 8601, UTC."""

    order_id: str
    tracking_number: str
    name: str
    phone: str
    address: str
    document_sha256: str
    document_bytes: int
    ordered_at: str
    due_at: str
    notify_url: str = ""
    comes_back: bool = False
    state: ParcelState = ParcelState.ORDERED
    at: str = ""  # when it came into this state

    @property
    def next_move(self) -> tuple[ParcelState, datetime] | None:
        """Where it will be next, and when; None once it has arrived or is back."""
        ordered, due = datetime.fromisoformat(self.ordered_at), datetime.fromisoformat(self.due_at)
        match self.state:
            case ParcelState.ORDERED:
                return ParcelState.IN_TRANSIT, ordered + (due - ordered) * _UNDER_WAY_AFTER
            case ParcelState.IN_TRANSIT:
                return ParcelState.RETURNED if self.comes_back else ParcelState.DELIVERED, due
        return None

    def as_json(self) -> dict[str, Any]:
        told = ("order_id", "tracking_number", "state", "at", "ordered_at")
        return {name: getattr(self, name) for name in told}


def tracking_number(serial: int) -> str:
    """EA, eight digits, a check digit and CN, as UPU S10 has it."""
    digits = f"{serial:08d}"
    check = 11 - sum(int(d) * w for d, w in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return f"EA{digits}{ {10: 0, 11: 5}.get(check, check) }CN"


@dataclass(slots=True)
class Delivery:
    """How parcels fare that are ordered from now on."""

    delivery_seconds: float
    returned_share: float = 0.0
    next_comes_back: bool = False  # the very next one, once

    def comes_back(self) -> bool:
        if self.next_comes_back:
            self.next_comes_back = False
            return True
        return random.random() < self.returned_share

    def change(self, values: dict[str, Any]) -> None:
        """Raises ValueError for what cannot be; nothing is changed then."""
        if unknown := values.keys() - {"delivery_seconds", "returned_share", "next_comes_back"}:
            raise ValueError(f"there is no setting named {min(unknown)}")
        seconds = _number(values, "delivery_seconds", self.delivery_seconds, 10_000_000)
        share = _number(values, "returned_share", self.returned_share, 1)
        once = values.get("next_comes_back", self.next_comes_back)
        if not isinstance(once, bool):
            raise ValueError("next_comes_back is true or false")
        self.delivery_seconds, self.returned_share, self.next_comes_back = seconds, share, once


class Post:
    """One parcel per `order_id`, kept over a restart."""

    def __init__(self, state_dir: Path, token: str, delivery_seconds: float) -> None:
        self.faults = Faults((SOURCE,))
        self.callbacks = Callbacks(SOURCE, state_dir, _TOLD)
        self.delivery = Delivery(delivery_seconds)
        self._token = BearerToken(token)
        self._labels = Labels()
        self._journal = Journal(state_dir / "parcels.jsonl")
        self._by_order: dict[str, Parcel] = {}
        self._by_tracking: dict[str, Parcel] = {}
        self._carriers: set[asyncio.Task[None]] = set()
        for entry in self._journal.entries:
            self._take_in(entry)
        self._journal.entries.clear()

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/post/orders", self._order, methods=["POST"]),
            Route("/post/parcels", self._list, methods=["GET"]),
            Route("/post/parcels/{tracking}", self._parcel, methods=["GET"]),
            Route("/post/parcels/{tracking}/label", self._label, methods=["GET"]),
            Route("/post/parcels/{tracking}/_end", self._end, methods=["POST"]),
            Route("/post/_faults", self._show_faults, methods=["GET"]),
            Route("/post/_faults", self._change_faults, methods=["PUT", "POST"]),
            Route("/post/_delivery", self._change_delivery, methods=["POST"]),
            *CallbackSettings("/post", self.callbacks, self._address_of).routes(),
            Route("/post/", self._page),
        ]

    async def begin(self) -> None:
        """Go on with what is under way."""
        self.callbacks.resume()
        for parcel in self._by_order.values():
            self._carry(parcel)

    async def end(self) -> None:
        for carrier in list(self._carriers):
            carrier.cancel()
        await asyncio.gather(*self._carriers, return_exceptions=True)
        await self.callbacks.aclose()

    # --- parcels on their way ------------------------------------------------------------------------------------

    def _take_in(self, entry: dict[str, Any]) -> None:
        if "order_id" in entry:
            parcel = Parcel(**entry)
            parcel.at = parcel.ordered_at
            self._by_order[parcel.order_id] = self._by_tracking[parcel.tracking_number] = parcel
            return
        parcel = self._by_tracking[entry["tracking_number"]]
        parcel.state, parcel.at = ParcelState(entry["state"]), entry["at"]

    def _send(self, order: dict[str, str], document: bytes) -> Parcel:
        now = datetime.now(UTC)
        entry: dict[str, Any] = {
            **order,
            "tracking_number": tracking_number(10_000_000 + len(self._by_order)),
            "document_sha256": hashlib.sha256(document).hexdigest(),
            "document_bytes": len(document),
            "ordered_at": now.isoformat(),
            "due_at": (now + timedelta(seconds=self.delivery.delivery_seconds)).isoformat(),
            "comes_back": self.delivery.comes_back(),
        }
        self._journal.append(entry)
        self._take_in(entry)
        parcel = self._by_order[order["order_id"]]
        self._carry(parcel)
        return parcel

    def _carry(self, parcel: Parcel) -> None:
        if self._advance(parcel) is None:
            return
        carrier = asyncio.create_task(self._on_its_way(parcel))
        self._carriers.add(carrier)
        carrier.add_done_callback(self._carriers.discard)

    async def _on_its_way(self, parcel: Parcel) -> None:
        while (at := self._advance(parcel)) is not None:  # noqa: ASYNC110 — its own moves are what it waits for
            await asyncio.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))

    def _advance(self, parcel: Parcel) -> datetime | None:
        """Make every move that is due; when the next one will be, None after the last."""
        while (move := parcel.next_move) is not None:
            state, at = move
            if at > datetime.now(UTC):
                return at
            self._move(parcel, state, at)
        return None

    def _move(self, parcel: Parcel, state: ParcelState, at: datetime) -> None:
        entry = {"tracking_number": parcel.tracking_number, "state": state, "at": at.isoformat()}
        self._journal.append(entry)
        self._take_in(entry)
        self.callbacks.tell(parcel.notify_url, parcel.order_id, state, at.isoformat())

    def _address_of(self, order_id: str) -> str | None:
        parcel = self._by_order.get(order_id)
        return None if parcel is None else parcel.notify_url

    # --- for whoever orders --------------------------------------------------------------------------------------

    async def _order(self, request: Request) -> Response:
        """201 with the parcel; 200 with the same one for an order that was placed before."""
        if refused := self._token.refuses(request):
            return refused
        status = await self.faults.strike(SOURCE)
        if status and not half_done(status):
            return struck(status)
        try:
            order, document = await _read_order(request)
        except ValueError as error:
            return refusal(400, "bad-request", str(error))
        placed_before = self._by_order.get(order["order_id"])
        parcel = placed_before or self._send(order, document)
        return struck(status) if status else json_response(parcel.as_json(), 200 if placed_before else 201)

    async def _parcel(self, request: Request) -> Response:
        found = await self._found(request)
        return found if isinstance(found, Response) else json_response(found.as_json())

    async def _label(self, request: Request) -> Response:
        """The label to stick on it, PDF."""
        found = await self._found(request)
        if isinstance(found, Response):
            return found
        ordered_at = datetime.fromisoformat(found.ordered_at)
        pdf = await asyncio.to_thread(
            self._labels.print,
            number=found.tracking_number,
            name=found.name,
            phone=found.phone,
            address=found.address,
            ordered_at=ordered_at,
        )
        return Response(pdf, 200, {"Cache-Control": "no-store"}, "application/pdf")

    async def _found(self, request: Request) -> Parcel | Response:
        """The parcel that the path names, or why it is not told."""
        if refused := self._token.refuses(request):
            return refused
        if status := await self.faults.strike(SOURCE):
            return struck(status)
        parcel = self._by_tracking.get(request.path_params["tracking"])
        return parcel or refusal(404, "not-found", "there is no parcel of this number")

    async def _list(self, request: Request) -> Response:
        """Every parcel, the newest first."""
        if refused := self._token.refuses(request):
            return refused
        return json_response({"parcels": [parcel.as_json() for parcel in reversed(self._by_order.values())]})

    # --- for whoever looks in ------------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        return page(
            "post.html",
            parcels=list(reversed(self._by_order.values()))[:_SHOWN],
            total=len(self._by_order),
            delivery=self.delivery,
            callbacks=self.callbacks.as_json(),
            fault=self.faults.as_json()[SOURCE],
        )

    async def _show_faults(self, request: Request) -> Response:
        return await show_faults(self.faults)

    async def _change_faults(self, request: Request) -> Response:
        return await change_faults(request, self.faults, "/post/")

    async def _change_delivery(self, request: Request) -> Response:
        """How parcels fare that are ordered from now on; form fields, or JSON with any of `Delivery`'s fields."""
        if from_another_site(request):
            return refusal(403, "another-site", "delivery is set from the simulator's own page")
        try:
            if is_json(request):
                self.delivery.change(await json_object(request))
                return json_response(asdict(self.delivery))
            self.delivery.change(await _delivery_form(request))
        except ValueError as error:
            return refusal(422, "invalid-delivery", str(error))
        return RedirectResponse("/post/", 303)

    async def _end(self, request: Request) -> Response:
        """Have one parcel arrive, or come back, now: form or JSON `{"state": "delivered"}` or `"returned"`."""
        if from_another_site(request):
            return refusal(403, "another-site", "parcels are moved from the simulator's own page")
        parcel = self._by_tracking.get(request.path_params["tracking"])
        if parcel is None:
            return refusal(404, "not-found", "there is no parcel of this number")
        try:
            state = ParcelState(str((await json_object(request)).get("state")) if is_json(request) else await _state_form(request))
        except ValueError:
            return refusal(422, "invalid-state", "state is delivered or returned")
        if not state.final or parcel.state.final:
            return refusal(409, "wrong-state", "this parcel cannot go there any more")
        if parcel.state is ParcelState.ORDERED:
            self._move(parcel, ParcelState.IN_TRANSIT, datetime.now(UTC))
        self._move(parcel, state, datetime.now(UTC))
        return json_response(parcel.as_json()) if is_json(request) else RedirectResponse("/post/", 303)


def _number(values: dict[str, Any], name: str, default: float, most: float) -> float:
    value = values.get(name, default)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= most:
        return float(value)
    raise ValueError(f"{name} is a number from 0 to {most:,}")


async def _delivery_form(request: Request) -> dict[str, Any]:
    async with request.form(max_files=0, max_fields=5) as form:
        numbers = {name: float(str(form[name])) for name in ("delivery_seconds", "returned_share") if form.get(name)}
        return numbers | {"next_comes_back": "next_comes_back" in form}


async def _state_form(request: Request) -> str:
    async with request.form(max_files=0, max_fields=5) as form:
        return str(form.get("state", ""))


async def _read_order(request: Request) -> tuple[dict[str, str], bytes]:
    """JSON with the document in base64, or a multipart form with it as a file.

    Raises:
        ValueError: a field is missing, or the document is no PDF.
    """
    if is_json(request):
        order = await json_object(request, MAX_DOCUMENT_BYTES * 4 // 3 + 100_000)
        document = base64.b64decode(str(order.get("document", "")), validate=True)
    else:
        async with request.form(max_files=1, max_fields=10) as form:
            order = {field: form.get(field) for field in (*_ADDRESSEE, "notify_url")}
            upload = form.get("document")
            document = await upload.read(MAX_DOCUMENT_BYTES + 1) if isinstance(upload, UploadFile) else b""
    if not document.startswith(b"%PDF-") or len(document) > MAX_DOCUMENT_BYTES:
        raise ValueError("document is a PDF of at most 20 MB")
    notify = {"notify_url": _required(order, "notify_url")} if order.get("notify_url") else {}
    return {field: _required(order, field) for field in _ADDRESSEE} | notify, document


def _required(order: dict[str, Any], field: str) -> str:
    value = order.get(field)
    if isinstance(value, str) and 1 <= len(value) <= 300:
        return value
    raise ValueError(f"{field} is required: a string of 1 to 300 characters")


def create_app(state_dir: Path, token: str, delivery_seconds: float = 20) -> Starlette:
    """The post office alone; `state_dir` keeps the parcels and its key."""
    post = Post(state_dir, token, delivery_seconds)
    return Starlette(routes=post.routes(), lifespan=running(post))
