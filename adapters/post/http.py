"""The post office's HTTP service: order a printed document, ask where it is, get its label."""

from urllib.parse import quote

import aiohttp
from pydantic import ValidationError

from adapters.outbound import NoReply, OutboundClient, Reply
from domain.errors import NotFound, Unavailable
from domain.parcels import Parcel


class HttpPost:
    """A `PostOffice` that takes orders under `<base_url>/orders` and tells of parcels under `<base_url>/parcels`."""

    def __init__(self, base_url: str, token: str, timeout_seconds: float = 15.0) -> None:
        self._client = OutboundClient(base_url, token, timeout_seconds, max_connections=8)

    async def order(self, *, order_id: str, name: str, phone: str | None, address: str, document: bytes, notify_url: str) -> Parcel:
        """Have a PDF printed and posted; idempotent by `order_id`. Changes are told to `notify_url`, signed.

        Raises:
            Unavailable: not ordered, try again.
        """
        addressee = {"order_id": order_id, "name": name, "phone": phone or "无", "address": address}
        form = aiohttp.FormData(addressee | {"notify_url": notify_url})
        form.add_field("document", document, filename="document.pdf", content_type="application/pdf")
        try:
            reply = await self._client.post("/orders", form)
            if reply.status not in (200, 201):
                raise NoReply(f"status {reply.status}")
            return _parcel(reply)
        except NoReply as error:
            raise Unavailable from error

    async def look(self, tracking_number: str) -> Parcel:
        """Where a parcel is now.

        Raises:
            NotFound: the post office knows no such parcel.
            Unavailable: no answer, try again.
        """
        try:
            return _parcel(await self._get(tracking_number))
        except NoReply as error:
            raise Unavailable from error

    async def label(self, tracking_number: str) -> bytes:
        """The label to stick on it, PDF.

        Raises:
            NotFound: the post office knows no such parcel.
            Unavailable: no answer, try again.
        """
        try:
            reply = await self._get(tracking_number, "/label")
            if not reply.body.startswith(b"%PDF-"):
                raise NoReply("malformed answer: the label is no PDF")
            return reply.body
        except NoReply as error:
            raise Unavailable from error

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _get(self, tracking_number: str, what: str = "") -> Reply:
        """Raises NotFound, or NoReply for whatever is not a 200."""
        reply = await self._client.get(f"/parcels/{quote(tracking_number, safe='')}{what}")
        if reply.status == 404:
            raise NotFound
        if reply.status != 200:
            raise NoReply(f"status {reply.status}")
        return reply


def _parcel(reply: Reply) -> Parcel:
    value = reply.json_object()
    try:
        parcel = Parcel.model_validate(value)
    except ValidationError as error:
        raise NoReply("malformed answer: no parcel") from error
    if parcel.at.tzinfo is None or not parcel.tracking_number:
        raise NoReply("malformed answer: no tracking number, or a time without a zone")
    return parcel
