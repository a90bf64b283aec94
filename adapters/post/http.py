"""The post office's HTTP service: order a printed document, ask where it is."""

from datetime import datetime
from urllib.parse import quote

import aiohttp

from adapters.outbound import NoReply, OutboundClient, Reply
from domain.errors import NotFound, Unavailable


class HttpPost:
    """A `PostOffice` that takes orders under `<base_url>/orders` and tells of parcels under `<base_url>/parcels`."""

    def __init__(self, base_url: str, token: str, timeout_seconds: float = 15.0) -> None:
        self._client = OutboundClient(base_url, token, timeout_seconds, max_connections=8)

    async def order(self, *, order_id: str, name: str, phone: str, address: str, document: bytes) -> str:
        """Have a PDF printed and posted; idempotent by `order_id`. Returns the tracking number.

        Raises:
            Unavailable: not ordered, try again.
        """
        form = aiohttp.FormData({"order_id": order_id, "name": name, "phone": phone, "address": address})
        form.add_field("document", document, filename="document.pdf", content_type="application/pdf")
        try:
            reply = await self._client.post("/orders", form)
            if reply.status not in (200, 201):
                raise NoReply(f"status {reply.status}")
            return _tracking_number(reply)
        except NoReply as error:
            raise Unavailable from error

    async def delivered_at(self, tracking_number: str) -> datetime | None:
        """When the parcel was delivered; None while it is on its way.

        Raises:
            NotFound: the post office knows no such parcel.
            Unavailable: no answer, try again.
        """
        try:
            reply = await self._client.get(f"/parcels/{quote(tracking_number, safe='')}")
            if reply.status == 404:
                raise NotFound
            if reply.status != 200:
                raise NoReply(f"status {reply.status}")
            return _delivered_at(reply)
        except NoReply as error:
            raise Unavailable from error

    async def aclose(self) -> None:
        await self._client.aclose()


def _tracking_number(reply: Reply) -> str:
    number = reply.json_object().get("tracking_number")
    if isinstance(number, str) and number:
        return number
    raise NoReply("malformed answer: no tracking number")


def _delivered_at(reply: Reply) -> datetime | None:
    value = reply.json_object().get("delivered_at")
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise NoReply("malformed answer: delivered_at is no time") from error
    if moment.tzinfo is None:
        raise NoReply("malformed answer: delivered_at has no zone")
    return moment
