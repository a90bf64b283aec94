"""The mail company: takes messages by SMTP, keeps one per Message-ID, and shows them."""

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from simulators.mail import create_app
from tests.serving import serve


@dataclass
class Mailbox:
    web: httpx.Client
    smtp: tuple[str, int]

    def send(self, message_id: str = "<m-1@onetrip>", to: str = "xu@example.org", text: str = "您的办件已办结。\n请查收。") -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"], message["Message-ID"] = "a@onetrip.example", to, "办件进度<b>", message_id
        message.set_content(text)
        with smtplib.SMTP(*self.smtp, timeout=10) as connection:
            connection.send_message(message)


@contextmanager
def open_mailbox(state: Path) -> Iterator[Mailbox]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with serve(create_app(state, port), lifespan="on") as base, httpx.Client(base_url=base) as web:
        yield Mailbox(web, ("127.0.0.1", port))


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with open_mailbox(tmp_path) as box:
        yield box


def test_a_message_is_kept_as_it_was_written_and_a_repeated_one_is_counted(mailbox: Mailbox) -> None:
    for _ in range(3):
        mailbox.send()
    mailbox.send("<m-2@onetrip>", "other@example.org")
    shown = mailbox.web.get("/mail/messages", params={"address": "XU@example.org"}).json()
    (message,) = shown["messages"]
    assert (message["subject"], message["text"].strip(), message["to"]) == ("办件进度<b>", "您的办件已办结。\n请查收。", ["xu@example.org"])
    assert (shown["delivered"], shown["duplicates_dropped"]) == (2, 2)


def test_messages_outlive_a_restart(tmp_path: Path) -> None:
    for expected in ((1, 0), (1, 1)):
        with open_mailbox(tmp_path) as box:
            box.send()
            shown = box.web.get("/mail/messages").json()
        assert (shown["delivered"], shown["duplicates_dropped"]) == expected


def test_an_outage_refuses_for_the_moment_and_keeps_nothing(mailbox: Mailbox) -> None:
    mailbox.web.put("/mail/_faults", json={"mail": {"outage": True}})
    with pytest.raises(smtplib.SMTPDataError) as refused:
        mailbox.send()
    assert refused.value.smtp_code == 451
    mailbox.web.put("/mail/_faults", json={"mail": {"outage": False}})
    mailbox.send()
    assert mailbox.web.get("/mail/messages").json()["delivered"] == 1


def test_what_is_no_address_or_too_large_is_refused_for_good(mailbox: Mailbox) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        mailbox.send(to="nobody")
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        mailbox.send(text="x" * 60 + "\n" + "长" * 600_000)
    assert refused.value.smtp_code == 552
    assert mailbox.web.get("/mail/messages").json()["delivered"] == 0


def test_the_page_shows_a_mailbox_and_escapes_it(mailbox: Mailbox) -> None:
    mailbox.send()
    mailbox.send("<m-2@onetrip>", "other@example.org", "别人的")
    page = mailbox.web.get("/mail/", params={"address": "xu@example.org"}).text
    assert "办件进度&lt;b&gt;" in page
    assert "您的办件已办结" in page
    assert "别人的" not in page
    assert "别人的" in mailbox.web.get("/mail/").text
