"""A fee as the payment provider sees it: one order a case, paid once, refunded once."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel


class PaymentState(StrEnum):
    OPEN = "open"  # ordered, not paid
    PAID = "paid"
    CLOSED = "closed"  # can no longer be paid
    REFUNDED = "refunded"


class Payment(BaseModel):
    """What the provider says of an order. `order_id` is ours and the idempotency key; amounts are in fen (1/100 yuan)."""

    order_id: str
    state: PaymentState
    fen: int
    pay_url: str | None = None  # where the applicant pays, while it is open
    receipt_number: str | None = None  # once paid
    paid_at: datetime | None = None
    refunded_at: datetime | None = None
