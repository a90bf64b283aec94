"""The payment provider's HTTP service: one order a fee, which it keeps by our id."""

from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from adapters.outbound import NoReply, OutboundClient, Reply
from domain.errors import NotFound, Unavailable, WrongState
from domain.money import Payment
from domain.text import Bilingual

_DIFFERS = Bilingual(zh="同一订单号已用于另一金额，请核对。", en="There is an order of this id about another amount.")


class HttpCashier:
    """A `Cashier` for a provider that keeps orders under `<base_url>/orders`."""

    def __init__(self, base_url: str, token: str, timeout_seconds: float = 10.0) -> None:
        self._client = OutboundClient(base_url, token, timeout_seconds, max_connections=16)

    async def order(self, *, order_id: str, fen: int, subject: Bilingual, return_url: str, notify_url: str) -> Payment:
        """Place an order, or read the one of this id. Changes are told to `notify_url`, signed.

        Raises:
            WrongState: there is one of this id about another amount.
            Unavailable: not ordered, try again.
        """
        terms = {"order_id": order_id, "fen": fen, "subject": subject.model_dump(), "return_url": return_url, "notify_url": notify_url}
        payment = await self._ask("POST", "/orders", terms, conflict=WrongState(_DIFFERS))
        if payment.fen != fen:
            raise WrongState(_DIFFERS)
        return payment

    async def look(self, order_id: str) -> Payment:
        """How an order stands.

        Raises:
            NotFound: there is no such order.
            Unavailable: no answer, try again.
        """
        return await self._ask("GET", _path(order_id))

    async def close(self, order_id: str) -> Payment:
        """Make an open order unpayable. One that was paid meanwhile stays paid, and the answer says so.

        Raises:
            NotFound: there is no such order.
            Unavailable: no answer, try again.
        """
        return await self._ask("POST", f"{_path(order_id)}/close")

    async def refund(self, order_id: str) -> Payment:
        """Give all of it back; a second time changes nothing.

        Raises:
            WrongState: it was never paid.
            NotFound: there is no such order.
            Unavailable: no answer, try again.
        """
        return await self._ask("POST", f"{_path(order_id)}/refund", conflict=WrongState())

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _ask(self, method: str, path: str, body: Any = None, *, conflict: WrongState | None = None) -> Payment:
        """Raises NotFound for 404, `conflict` for 409, Unavailable for all else that is no payment."""
        try:
            if body is not None:
                reply = await self._client.post_json(path, body)
            else:
                reply = await self._client.send(method, path, None, {})
            if reply.status == 404:
                raise NotFound
            if reply.status == 409 and conflict is not None:
                raise conflict
            if reply.status not in (200, 201):
                raise NoReply(f"status {reply.status}")
            return _payment(reply)
        except NoReply as error:
            raise Unavailable from error


def _path(order_id: str) -> str:
    return f"/orders/{quote(order_id, safe='')}"


def _payment(reply: Reply) -> Payment:
    value = reply.json_object()
    try:
        payment = Payment.model_validate(value)
    except ValidationError as error:
        raise NoReply("malformed answer: no payment") from error
    if any(moment is not None and moment.tzinfo is None for moment in (payment.paid_at, payment.refunded_at)):
        raise NoReply("malformed answer: a time has no zone")
    return payment
