"""The mail company: a real SMTP server that delivers nothing further, and shows what each mailbox holds."""

import asyncio
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulators.faults import Faults
from simulators.journal import Journal
from simulators.web import change_faults, json_response, page, running, show_faults

SOURCE = "mail"
MAX_MESSAGE_BYTES = 1_000_000
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_SHOWN = 200


class Mail:
    """Takes messages by SMTP on `host`:`port`, keeps one per Message-ID, and counts repeated ones; kept over a restart.

    An outage or an error of `faults` refuses for the moment (4yz), so that the sender tries again.
    """

    def __init__(self, state_dir: Path, *, host: str = "127.0.0.1", port: int | None = None) -> None:
        self.faults = Faults((SOURCE,))
        self.duplicates = 0
        self.port = port  # None: no SMTP at all; 0: whatever is free, told here once it listens
        self._host = host
        self._server: asyncio.Server | None = None
        self._journal = Journal(state_dir / "mail.jsonl")
        self._delivered: dict[str, dict[str, Any]] = {}
        for entry in self._journal.entries:
            self._take_in(entry)
        self._journal.entries.clear()

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/mail/messages", self._list, methods=["GET"]),
            Route("/mail/_faults", self._show_faults, methods=["GET"]),
            Route("/mail/_faults", self._change_faults, methods=["PUT", "POST"]),
            Route("/mail/", self._page),
        ]

    async def begin(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        if self.port is None:
            return
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._conversation, self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def end(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _conversation(self) -> SMTP:
        return SMTP(
            self, hostname="mail.simulator", ident="OneTrip mail simulator", data_size_limit=MAX_MESSAGE_BYTES, enable_SMTPUTF8=True
        )

    # --- called by the SMTP server, by these names ---------------------------------------------------------------

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]) -> str:
        if not _ADDRESS.fullmatch(address):
            return "553 5.1.3 this is no address"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if await self.faults.strike(SOURCE):
            return "451 4.3.0 this message was made to fail; try again"
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        self._deliver(_read(content), list(envelope.rcpt_tos))
        return "250 2.0.0 OK"

    # --- the mailboxes -------------------------------------------------------------------------------------------

    def _take_in(self, entry: dict[str, Any]) -> None:
        if "duplicate_of" in entry:
            self.duplicates += 1
        else:
            self._delivered[entry["message_id"]] = entry

    def _deliver(self, message: dict[str, str], to: list[str]) -> None:
        at = datetime.now(UTC).isoformat()
        seen = message["message_id"] in self._delivered
        entry = {"duplicate_of": message["message_id"], "at": at} if seen else {**message, "to": to, "at": at}
        self._journal.append(entry)
        self._take_in(entry)

    def delivered(self, address: str | None = None) -> list[dict[str, Any]]:
        """What has come, newest first; to one address, without regard to case."""
        wanted = (address or "").casefold()
        return [m for m in reversed(self._delivered.values()) if not wanted or wanted in (to.casefold() for to in m["to"])]

    # --- for whoever looks in ------------------------------------------------------------------------------------

    async def _list(self, request: Request) -> Response:
        """Newest first; of one mailbox with `?address=`."""
        messages = self.delivered(request.query_params.get("address"))
        return json_response({"messages": messages, "delivered": len(self._delivered), "duplicates_dropped": self.duplicates})

    async def _page(self, request: Request) -> Response:
        wanted = request.query_params.get("address", "").strip()
        return page(
            "mail.html",
            wanted=wanted,
            messages=self.delivered(wanted)[:_SHOWN],
            delivered=len(self._delivered),
            duplicates=self.duplicates,
            fault=self.faults.as_json()[SOURCE],
        )

    async def _show_faults(self, request: Request) -> Response:
        return await show_faults(self.faults)

    async def _change_faults(self, request: Request) -> Response:
        return await change_faults(request, self.faults, "/mail/")


def _read(content: bytes) -> dict[str, str]:
    """Message-ID, sender, subject and plain text of an RFC 5322 message; one without a Message-ID gets one."""
    message = message_from_bytes(content, policy=policy.SMTPUTF8)
    assert isinstance(message, EmailMessage)
    plain = message.get_body(("plain",))
    return {
        "message_id": str(message["Message-ID"] or f"<{uuid4()}@mail.simulator>").strip(),
        "from": str(message["From"] or ""),
        "subject": str(message["Subject"] or ""),
        "text": "\n".join(plain.get_content().splitlines()) if plain is not None else "",  # CRLF on the wire
    }


def create_app(state_dir: Path, port: int | None = None) -> Starlette:
    """The mail company alone; `state_dir` keeps the messages."""
    mail = Mail(state_dir, port=port)
    return Starlette(routes=mail.routes(), lifespan=running(mail))
