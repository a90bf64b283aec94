"""The cashier: one order a fee, whatever is asked twice, and an answer that is none is unavailable."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.payments.http import HttpCashier
from domain.errors import NotFound, Unavailable, WrongState
from domain.money import Payment, PaymentState
from domain.text import Bilingual
from simulators.payments import Payments
from simulators.web import running
from tests.serving import serve

SUBJECT = Bilingual(zh="证件工本费", en="Fee for the card")


@pytest.fixture
def provider(tmp_path: Path) -> Payments:
    return Payments(tmp_path, "t")


@pytest.fixture
async def cashier(provider: Payments) -> AsyncIterator[HttpCashier]:
    with serve(Starlette(routes=provider.routes(), lifespan=running(provider)), lifespan="on") as base:
        cashier = HttpCashier(f"{base}/payments", "t")
        yield cashier
        await cashier.aclose()


async def order(cashier: HttpCashier, order_id: str = "fee-1", fen: int = 500) -> Payment:
    return await cashier.order(
        order_id=order_id, fen=fen, subject=SUBJECT, return_url="http://127.0.0.1:1/back", notify_url="http://127.0.0.1:1/"
    )


async def pay(payment: Payment) -> None:
    assert payment.pay_url is not None
    async with httpx.AsyncClient() as client:
        (await client.post(payment.pay_url, json={"action": "pay"})).raise_for_status()


async def test_a_fee_is_ordered_paid_and_given_back_once(cashier: HttpCashier) -> None:
    opened = await order(cashier)
    assert opened == await order(cashier) == await cashier.look("fee-1")
    assert (opened.state, opened.fen, opened.receipt_number) == (PaymentState.OPEN, 500, None)
    with pytest.raises(WrongState):
        await cashier.refund("fee-1")
    await pay(opened)
    paid = await cashier.look("fee-1")
    assert (paid.state, paid.pay_url) == (PaymentState.PAID, None)
    assert paid.receipt_number and paid.paid_at
    assert (await cashier.close("fee-1")).state is PaymentState.PAID
    refunded = await cashier.refund("fee-1")
    assert refunded == await cashier.refund("fee-1")
    assert (refunded.state, refunded.receipt_number) == (PaymentState.REFUNDED, paid.receipt_number)


async def test_a_closed_order_stays_closed(cashier: HttpCashier) -> None:
    await order(cashier)
    assert (await cashier.close("fee-1")).state is PaymentState.CLOSED
    assert (await order(cashier)).state is PaymentState.CLOSED


async def test_the_same_order_about_another_amount_is_refused(cashier: HttpCashier) -> None:
    await order(cashier)
    with pytest.raises(WrongState):
        await order(cashier, fen=600)


async def test_an_unknown_order_is_not_found(cashier: HttpCashier) -> None:
    for call in (cashier.look, cashier.close, cashier.refund):
        with pytest.raises(NotFound):
            await call("fee-0/../orders")


async def test_an_outage_or_a_wrong_token_is_unavailable(cashier: HttpCashier, provider: Payments) -> None:
    await order(cashier)
    provider.faults.change({"payments": {"outage": True}})
    with pytest.raises(Unavailable):
        await order(cashier)
    with pytest.raises(Unavailable):
        await cashier.refund("fee-1")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"order_id": "fee-1", "state": "gone", "fen": 500},
        {"order_id": "fee-1", "state": "paid", "fen": 500, "paid_at": "2026-01-01T00:00:00"},
        [1],
    ],
)
async def test_an_answer_that_is_no_payment_is_unavailable(answer: object) -> None:
    async def odd(request: Request) -> Response:
        return JSONResponse(answer)

    with serve(Starlette(routes=[Route("/orders/fee-1", odd)])) as base:
        cashier = HttpCashier(base, "t")
        with pytest.raises(Unavailable):
            await cashier.look("fee-1")
        await cashier.aclose()
