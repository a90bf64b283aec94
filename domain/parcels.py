"""A parcel as the post sees it."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel


class ParcelState(StrEnum):
    ORDERED = "ordered"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    RETURNED = "returned"  # came back to the office: the applicant fetches it at the counter

    @property
    def final(self) -> bool:
        return self in (ParcelState.DELIVERED, ParcelState.RETURNED)


class Parcel(BaseModel):
    """What the post says of an order. `order_id` is ours and the idempotency key."""

    order_id: str
    tracking_number: str
    state: ParcelState
    at: datetime  # when it came into this state
