"""The payment provider: takes an order, is paid on its own page, closes, refunds, and tells of each by a signed call-back.

No money moves: every page says that this is a stand-in.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.money import PaymentState
from simulators.callback_settings import CallbackSettings
from simulators.callbacks import Callbacks
from simulators.faults import Faults
from simulators.journal import Journal
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

SOURCE = "payments"
MAX_FEN = 100_000_000
_SHOWN = 200
_TOLD = (PaymentState.PAID, PaymentState.CLOSED, PaymentState.REFUNDED)


@dataclass(slots=True)
class Order:
    """`ticket` is the unguessable part of the pay page's address. Times are ISO 8601, UTC."""

    order_id: str
    fen: int
    subject_zh: str
    subject_en: str
    return_url: str
    notify_url: str
    ticket: str
    ordered_at: str
    receipt_number: str | None = None
    state: PaymentState = PaymentState.OPEN
    moves: list[tuple[PaymentState, str]] = field(default_factory=list)

    def moved_at(self, state: PaymentState) -> str | None:
        return next((at for reached, at in self.moves if reached is state), None)

    @property
    def yuan(self) -> str:
        return f"{self.fen // 100}.{self.fen % 100:02d}"


class Payments:
    """One order per `order_id`, paid at most once and refunded at most once, kept over a restart.

    `public_url` is how a payer's browser reaches this server; what the orderer used, where it is empty.
    """

    def __init__(self, state_dir: Path, token: str, *, public_url: str = "") -> None:
        self.faults = Faults((SOURCE,))
        self.callbacks = Callbacks(SOURCE, state_dir, _TOLD)
        self._public_url = public_url.rstrip("/")
        self._token = BearerToken(token)
        self._journal = Journal(state_dir / "orders.jsonl")
        self._orders: dict[str, Order] = {}
        self._by_ticket: dict[str, Order] = {}
        self._receipts = 0
        for entry in self._journal.entries:
            self._take_in(entry)
        self._journal.entries.clear()

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/payments/orders", self._order, methods=["POST"]),
            Route("/payments/orders", self._list, methods=["GET"]),
            Route("/payments/orders/{order_id}", self._look, methods=["GET"]),
            Route("/payments/orders/{order_id}/close", self._close, methods=["POST"]),
            Route("/payments/orders/{order_id}/refund", self._refund, methods=["POST"]),
            Route("/payments/pay/{ticket}", self._pay_page, methods=["GET"]),
            Route("/payments/pay/{ticket}", self._pay, methods=["POST"]),
            Route("/payments/_faults", self._show_faults, methods=["GET"]),
            Route("/payments/_faults", self._change_faults, methods=["PUT", "POST"]),
            *CallbackSettings("/payments", self.callbacks, self._address_of).routes(),
            Route("/payments/", self._page),
        ]

    async def begin(self) -> None:
        self.callbacks.resume()

    async def end(self) -> None:
        await self.callbacks.aclose()

    # --- the book ------------------------------------------------------------------------------------------------

    def _take_in(self, entry: dict[str, Any]) -> None:
        if "state" not in entry:
            order = Order(**entry)
            self._orders[order.order_id] = self._by_ticket[order.ticket] = order
            return
        order = self._orders[entry["order_id"]]
        order.state = PaymentState(entry["state"])
        order.moves.append((order.state, entry["at"]))
        if receipt := entry.get("receipt_number"):
            order.receipt_number = receipt
            self._receipts += 1

    def _enter(self, entry: dict[str, Any]) -> None:
        self._journal.append(entry)
        self._take_in(entry)

    def _open(self, terms: dict[str, Any]) -> Order:
        self._enter(terms | {"ticket": secrets.token_urlsafe(16), "ordered_at": datetime.now(UTC).isoformat()})
        return self._orders[terms["order_id"]]

    def _move(self, order: Order, state: PaymentState) -> None:
        """Journal the move, then tell of it: a kill in between loses a call-back, as the real world does."""
        at = datetime.now(UTC)
        receipt = {"receipt_number": f"SIM{at:%Y%m%d}{self._receipts + 1:08d}"} if state is PaymentState.PAID else {}
        self._enter({"order_id": order.order_id, "state": state, "at": at.isoformat(), **receipt})
        self.callbacks.tell(order.notify_url, order.order_id, state, at.isoformat())

    def _address_of(self, order_id: str) -> str | None:
        order = self._orders.get(order_id)
        return None if order is None else order.notify_url

    def _as_json(self, order: Order, request: Request) -> dict[str, Any]:
        return {
            "order_id": order.order_id,
            "state": order.state,
            "fen": order.fen,
            "pay_url": self._pay_url(order, request) if order.state is PaymentState.OPEN else None,
            "receipt_number": order.receipt_number,
            "paid_at": order.moved_at(PaymentState.PAID),
            "refunded_at": order.moved_at(PaymentState.REFUNDED),
        }

    def _pay_url(self, order: Order, request: Request) -> str:
        return f"{self._public_url or str(request.base_url).rstrip('/')}/payments/pay/{order.ticket}"

    # --- for whoever orders --------------------------------------------------------------------------------------

    async def _order(self, request: Request) -> Response:
        """201 with a new order; 200 with the one of this id; 409 when that one is about something else."""
        if refused := self._token.refuses(request):
            return refused
        status = await self.faults.strike(SOURCE)
        if status and not half_done(status):
            return struck(status)
        try:
            terms = _read_terms(await json_object(request))
        except ValueError as error:
            return refusal(400, "bad-request", str(error))
        before = self._orders.get(terms["order_id"])
        if before is not None and before.fen != terms["fen"]:
            return refusal(409, "order-differs", "there is an order of this id about another amount")
        order = before or self._open(terms)
        return struck(status) if status else json_response(self._as_json(order, request), 200 if before else 201)

    async def _look(self, request: Request) -> Response:
        return await self._with_order(request, lambda order: None)

    async def _close(self, request: Request) -> Response:
        """What was paid meanwhile stays paid."""

        def close(order: Order) -> Response | None:
            if order.state is PaymentState.OPEN:
                self._move(order, PaymentState.CLOSED)
            return None

        return await self._with_order(request, close)

    async def _refund(self, request: Request) -> Response:
        """All of it, once; 409 for what was never paid."""

        def refund(order: Order) -> Response | None:
            if order.state in (PaymentState.OPEN, PaymentState.CLOSED):
                return refusal(409, "never-paid", "this order was never paid")
            if order.state is PaymentState.PAID:
                self._move(order, PaymentState.REFUNDED)
            return None

        return await self._with_order(request, refund)

    async def _with_order(self, request: Request, act: Callable[[Order], Response | None]) -> Response:
        """Do something to the order that the path names, and answer how it stands."""
        if refused := self._token.refuses(request):
            return refused
        status = await self.faults.strike(SOURCE)
        if status and not half_done(status):
            return struck(status)
        order = self._orders.get(request.path_params["order_id"])
        if order is None:
            return refusal(404, "not-found", "there is no order of this id")
        refused = act(order)
        return struck(status) if status else refused or json_response(self._as_json(order, request))

    async def _list(self, request: Request) -> Response:
        """Every order, the newest first, with each move and its time."""
        if refused := self._token.refuses(request):
            return refused
        orders = [self._as_json(order, request) | {"moves": order.moves} for order in reversed(self._orders.values())]
        return json_response({"orders": orders})

    # --- for whoever pays ----------------------------------------------------------------------------------------

    async def _pay_page(self, request: Request) -> Response:
        order = self._by_ticket.get(request.path_params["ticket"])
        if order is None:
            return page("pay.html", order=None, status=404)
        return page("pay.html", order=order)

    async def _pay(self, request: Request) -> Response:
        """Pay or cancel. A form goes back to whoever ordered; JSON `{"action": "pay"}` is answered with the order."""
        if from_another_site(request):
            return refusal(403, "another-site", "an order is paid on its own page")
        order = self._by_ticket.get(request.path_params["ticket"])
        if order is None:
            return refusal(404, "not-found", "there is no such pay page")
        try:
            action = (await json_object(request)).get("action") if is_json(request) else await _action_form(request)
        except ValueError as error:
            return refusal(400, "bad-request", str(error))
        if action not in ("pay", "cancel"):
            return refusal(422, "invalid-action", "action is pay or cancel")
        if action == "pay" and order.state is PaymentState.OPEN:
            self._move(order, PaymentState.PAID)
        if is_json(request):
            payable = action == "cancel" or order.state is PaymentState.PAID
            return json_response(self._as_json(order, request), 200 if payable else 409)
        if action == "pay" and order.state is not PaymentState.PAID:
            return page("pay.html", order=order)  # closed while the page was open: it says so
        return RedirectResponse(order.return_url, 303)

    # --- for whoever looks in ------------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        return page(
            "payments.html",
            orders=list(reversed(self._orders.values()))[:_SHOWN],
            total=len(self._orders),
            callbacks=self.callbacks.as_json(),
            fault=self.faults.as_json()[SOURCE],
        )

    async def _show_faults(self, request: Request) -> Response:
        return await show_faults(self.faults)

    async def _change_faults(self, request: Request) -> Response:
        return await change_faults(request, self.faults, "/payments/")


async def _action_form(request: Request) -> str:
    async with request.form(max_files=0, max_fields=5) as form:
        return str(form.get("action", ""))


def _read_terms(value: dict[str, Any]) -> dict[str, Any]:
    """The fields of a new order.

    Raises:
        ValueError: one is missing or cannot be.
    """
    fen, subject = value.get("fen"), value.get("subject")
    if not isinstance(fen, int) or isinstance(fen, bool) or not 1 <= fen <= MAX_FEN:
        raise ValueError(f"fen is a whole number from 1 to {MAX_FEN}")
    if not isinstance(subject, dict):
        raise ValueError("subject is an object with zh and en")
    order_id = _text(value, "order_id", 100)
    if quote(order_id, safe="") != order_id:
        raise ValueError("order_id holds letters, digits, - . _ and ~ only")
    return {
        "order_id": order_id,
        "fen": fen,
        "subject_zh": _text(subject, "zh", 200),
        "subject_en": _text(subject, "en", 200),
        "return_url": _address(value, "return_url"),
        "notify_url": _address(value, "notify_url"),
    }


def _text(value: dict[str, Any], name: str, longest: int) -> str:
    text = value.get(name)
    if isinstance(text, str) and 1 <= len(text) <= longest and text.isprintable():
        return text
    raise ValueError(f"{name} is required: a text of 1 to {longest} characters")


def _address(value: dict[str, Any], name: str) -> str:
    address = _text(value, name, 500)
    if urlsplit(address).scheme in ("http", "https"):
        return address
    raise ValueError(f"{name} is an http or https address")


def create_app(state_dir: Path, token: str) -> Starlette:
    """The payment provider alone; `state_dir` keeps its orders and its key."""
    payments = Payments(state_dir, token)
    return Starlette(routes=payments.routes(), lifespan=running(payments))
