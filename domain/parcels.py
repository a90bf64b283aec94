"""A parcel as the post sees it."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel

from domain.text import Bilingual


class ParcelState(StrEnum):
    ORDERED = "ordered"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    RETURNED = "returned"  # came back to the office: the applicant fetches it at the counter

    @property
    def final(self) -> bool:
        return self in (ParcelState.DELIVERED, ParcelState.RETURNED)


PARCEL_TEXT: dict[ParcelState, Bilingual] = {
    ParcelState.ORDERED: Bilingual(zh="邮政已收单", en="The post has the order"),
    ParcelState.IN_TRANSIT: Bilingual(zh="邮件运输中", en="The parcel is on its way"),
    ParcelState.DELIVERED: Bilingual(zh="邮件已送达", en="The parcel was delivered"),
    ParcelState.RETURNED: Bilingual(zh="邮件被退回", en="The parcel came back"),
}


class Parcel(BaseModel):
    """What the post says of an order. `order_id` is ours and the idempotency key."""

    order_id: str
    tracking_number: str
    state: ParcelState
    at: datetime  # when it came into this state
