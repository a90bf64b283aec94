"""SMS through the operator's HTTP gateway, which drops a message id that it has seen."""

from adapters.outbound import NoReply, OutboundClient
from domain.errors import Unavailable


class HttpSms:
    """An `SmsGateway` for an operator that takes messages under `<base_url>/messages`."""

    def __init__(self, base_url: str, token: str, timeout_seconds: float = 5.0) -> None:
        self._client = OutboundClient(base_url, token, timeout_seconds, max_connections=16)

    async def send(self, *, message_id: str, phone: str, text: str) -> None:
        """Hand over one message; sending it again with the same id delivers nothing.

        Raises:
            Unavailable: not handed over, try again.
        """
        try:
            reply = await self._client.post_json("/messages", {"message_id": message_id, "phone": phone, "text": text})
        except NoReply as error:
            raise Unavailable from error
        if reply.status not in (200, 202):
            raise Unavailable from NoReply(f"status {reply.status}")

    async def aclose(self) -> None:
        await self._client.aclose()
