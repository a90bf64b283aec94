"""Signed call-backs of the payment provider and the post: hints that something changed, never the last word.

They are lost, repeated, late and out of order. Whoever acts on one asks the provider how things stand.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

Provider = Literal["payments", "post"]


class Callback(BaseModel):
    """A call-back whose signature verified. `event_id` is the provider's; it comes again with a repetition."""

    provider: Provider
    event_id: str
    order_id: str  # ours: what names the case
    state: str  # as the provider saw it when it sent this
    at: datetime
