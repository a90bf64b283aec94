"""E-mail: handed over once, in whatever language, and nobody's address in an error."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from starlette.applications import Starlette

from adapters.notices.email import SmtpEmail
from domain.errors import InvalidInput, Unavailable
from simulators.mail import Mail
from simulators.web import running
from tests.serving import serve

SENDER = "OneTrip <no-reply@onetrip.example>"
XU = "xu@example.org"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Mail]:
    mail = Mail(tmp_path, port=free_port())
    with serve(Starlette(routes=mail.routes(), lifespan=running(mail)), lifespan="on"):
        yield mail


def gateway_of(mail: Mail) -> SmtpEmail:
    return SmtpEmail(f"smtp://127.0.0.1:{mail.port}", SENDER)


async def test_a_message_handed_over_twice_is_kept_once_and_reads_as_it_was_written(company: Mail) -> None:
    text = "您的办件已办结。\n\nYour application is complete.\n" + "长" * 2000
    for _ in range(2):
        await gateway_of(company).send(message_id="m-1", address=XU, subject="办件进度\n更新", text=text)
    (message,) = company.delivered(XU)
    assert company.duplicates == 1
    assert (message["message_id"], message["from"], message["subject"]) == ("<m-1@onetrip>", SENDER, "办件进度 更新")
    assert message["text"].strip() == text


async def test_an_outage_is_unavailable_and_does_not_quote_the_address(company: Mail) -> None:
    company.faults.change({"mail": {"outage": True}})
    for gateway in (gateway_of(company), SmtpEmail("smtp://127.0.0.1:1", SENDER)):
        with pytest.raises(Unavailable) as refused:
            await gateway.send(message_id="m-1", address=XU, subject="s", text="t")
        error: BaseException | None = refused.value
        while error is not None:
            assert XU not in str(error)
            error = error.__cause__ or error.__context__
    assert company.delivered() == []


async def test_a_refused_recipient_is_unavailable_and_not_quoted() -> None:
    class Refusing:
        async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
            return f"550 no mailbox {address}"

    with running_server(Refusing()) as port:
        with pytest.raises(Unavailable) as refused:
            await SmtpEmail(f"smtp://127.0.0.1:{port}", SENDER).send(message_id="m", address=XU, subject="s", text="t")
        assert XU not in f"{refused.value!r} {refused.value.__cause__!r} {refused.value.__context__!r}"


@pytest.mark.parametrize(
    "address", ["", "xu", "@example.org", "xu@", "xu@example.org\nBcc: all@example.org", "a@example.org, b@example.org"]
)
async def test_what_is_no_address_is_never_sent(company: Mail, address: str) -> None:
    with pytest.raises(InvalidInput):
        await gateway_of(company).send(message_id="m-1", address=address, subject="s", text="t")
    assert company.delivered() == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_it_signs_in_where_the_address_has_a_user() -> None:
    seen: list[tuple[bytes, bytes]] = []

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        seen.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss:word", handled=False)

    class Keeping:
        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
            return "250 OK"

    options = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    with running_server(Keeping(), **options) as port:
        await SmtpEmail(f"smtp://office:p%40ss%3Aword@127.0.0.1:{port}", SENDER).send(message_id="m", address=XU, subject="s", text="t")
        with pytest.raises(Unavailable):
            await SmtpEmail(f"smtp://office:wrong@127.0.0.1:{port}", SENDER).send(message_id="m", address=XU, subject="s", text="t")
    assert seen[0] == (b"office", b"p@ss:word")


@contextmanager
def running_server(handler: object, **options: Any) -> Iterator[int]:
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "mail.example:25"])
def test_a_url_that_is_none_is_said_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP_URL begins with smtp, smtp"):
        SmtpEmail(url, SENDER)
