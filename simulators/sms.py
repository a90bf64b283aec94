"""The SMS operator: takes messages, drops repeated ones, and shows what each phone would show."""

import re
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulators.faults import Faults
from simulators.journal import Journal
from simulators.web import (
    BearerToken,
    change_faults,
    json_object,
    json_response,
    page,
    refusal,
    show_faults,
    struck,
)

SOURCE = "sms"
_PHONE = re.compile(r"1[3-9][0-9]{9}")
_SHOWN = 200


class Sms:
    """Messages are delivered once per `message_id`; both deliveries and repetitions are kept over a restart."""

    def __init__(self, state_dir: Path, token: str) -> None:
        self.faults = Faults((SOURCE,))
        self._token = BearerToken(token)
        self._journal = Journal(state_dir / "messages.jsonl")
        self._delivered: dict[str, dict[str, Any]] = {}
        self._by_phone: dict[str, deque[dict[str, Any]]] = {}
        self.duplicates = 0
        for entry in self._journal.entries:
            self._take_in(entry)
        self._journal.entries.clear()

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/sms/messages", self._receive, methods=["POST"]),
            Route("/sms/messages", self._list, methods=["GET"]),
            Route("/sms/_faults", self._show_faults, methods=["GET"]),
            Route("/sms/_faults", self._change_faults, methods=["PUT", "POST"]),
            Route("/sms/", self._page),
        ]

    def delivered(self, phone: str) -> list[dict[str, Any]]:
        """What this phone has received, newest first."""
        return list(self._by_phone.get(phone, ()))

    def _take_in(self, entry: dict[str, Any]) -> None:
        if "duplicate_of" in entry:
            self.duplicates += 1
            return
        self._delivered[entry["message_id"]] = entry
        self._by_phone.setdefault(entry["phone"], deque()).appendleft(entry)

    def _deliver(self, message_id: str, phone: str, text: str) -> bool:
        """False when a message of this id was delivered before."""
        at = datetime.now(UTC).isoformat()
        new = message_id not in self._delivered
        entry = {"message_id": message_id, "phone": phone, "text": text, "at": at} if new else {"duplicate_of": message_id, "at": at}
        self._journal.append(entry)
        self._take_in(entry)
        return new

    async def _receive(self, request: Request) -> Response:
        if refused := self._token.refuses(request):
            return refused
        if status := await self.faults.strike(SOURCE):
            return struck(status)
        try:
            message = await json_object(request)
            message_id, phone, text = (_required(message, field) for field in ("message_id", "phone", "text"))
        except ValueError as error:
            return refusal(400, "bad-request", str(error))
        if not _PHONE.fullmatch(phone):
            return refusal(400, "bad-request", "phone is a mainland mobile number of 11 digits")
        if self._deliver(message_id, phone, text):
            return json_response({"message_id": message_id, "delivered": True}, 202)
        return json_response({"message_id": message_id, "delivered": False, "duplicate": True}, 200)

    async def _list(self, request: Request) -> Response:
        """Newest first; of one phone with `?phone=`."""
        phone = request.query_params.get("phone")
        messages = list(reversed(self._delivered.values())) if phone is None else self.delivered(phone)
        return json_response({"messages": messages, "delivered": len(self._delivered), "duplicates_dropped": self.duplicates})

    async def _page(self, request: Request) -> Response:
        wanted = request.query_params.get("phone", "").strip()
        phones = self._by_phone if not wanted else {wanted: self._by_phone.get(wanted, deque())}
        newest_first = sorted(phones.items(), key=lambda item: item[1][0]["at"] if item[1] else "", reverse=True)
        return page(
            "sms.html",
            wanted=wanted,
            phones=[(phone, list(messages)[:_SHOWN]) for phone, messages in newest_first[:50]],
            delivered=len(self._delivered),
            duplicates=self.duplicates,
            fault=self.faults.as_json()[SOURCE],
        )

    async def _show_faults(self, request: Request) -> Response:
        return await show_faults(self.faults)

    async def _change_faults(self, request: Request) -> Response:
        return await change_faults(request, self.faults, "/sms/")


def _required(message: dict[str, Any], field: str) -> str:
    value = message.get(field)
    if not isinstance(value, str) or not 1 <= len(value) <= 2000:
        raise ValueError(f"{field} is required: a string of 1 to 2,000 characters")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{field} holds a lone surrogate") from error
    return value


def create_app(state_dir: Path, token: str) -> Starlette:
    """The SMS operator alone; `state_dir` keeps the messages."""
    return Starlette(routes=Sms(state_dir, token).routes())
