"""E-mail by SMTP (RFC 5321): one message a connection, plain text in UTF-8."""

import asyncio
import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, localtime
from urllib.parse import unquote, urlsplit

from adapters.outbound import NoReply
from domain.errors import InvalidInput, Unavailable

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class SmtpEmail:
    """An `EmailGateway`. `url` is `smtp://host:port`, `smtp+starttls://` or `smtps://`, with `user:password@` where the server asks for it.

    Raises:
        ValueError: another scheme, or no host.
    """

    def __init__(self, url: str, sender: str, timeout_seconds: float = 15.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"SMTP_URL begins with {', '.join(_PORTS)} and names a host")
        self._scheme, self._host, self._port = parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender = sender
        self._timeout_seconds = timeout_seconds

    async def send(self, *, message_id: str, address: str, subject: str, text: str) -> None:
        """Hand over one message; its Message-ID is `<message_id@onetrip>`, by which a second one can be told.

        Raises:
            InvalidInput: nothing can be sent to such an address.
            Unavailable: not handed over, try again.
        """
        message = self._message(message_id, address, subject, text)
        if why := await asyncio.to_thread(self._hand_over, message):
            raise Unavailable from NoReply(why)

    def _message(self, message_id: str, address: str, subject: str, text: str) -> EmailMessage:
        message = EmailMessage(policy=SMTP_POLICY)
        message["From"] = self._sender
        message["To"] = _checked(address)
        message["Subject"] = " ".join(subject.split())
        message["Message-ID"] = f"<{message_id}@onetrip>"
        message["Date"] = format_datetime(localtime())
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        message.set_content(text, charset="utf-8", cte="base64")
        return message

    def _hand_over(self, message: EmailMessage) -> str | None:
        """Why it could not be handed over, without the address that the library's errors quote."""
        try:
            with self._connection() as connection:
                if self._user:
                    connection.login(self._user, self._password)
                connection.send_message(message)
        except smtplib.SMTPResponseException as error:
            return f"SMTP {error.smtp_code}"
        except smtplib.SMTPRecipientsRefused as error:
            return f"SMTP {next(iter(error.recipients.values()))[0]} for the recipient"
        except (smtplib.SMTPException, OSError) as error:
            return f"connection failed: {type(error).__name__}"
        return None

    def _connection(self) -> smtplib.SMTP:
        if self._scheme == "smtps":
            return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout_seconds, context=ssl.create_default_context())
        connection = smtplib.SMTP(self._host, self._port, timeout=self._timeout_seconds)
        if self._scheme == "smtp+starttls":
            connection.starttls(context=ssl.create_default_context())
        return connection


def _checked(address: str) -> Address:
    """One address and nothing else.

    Raises:
        InvalidInput: it is none.
    """
    try:
        found = Address(addr_spec=address)
    except (ValueError, IndexError, MessageError):
        found = None
    if found is None or not found.username or not found.domain or any(c.isspace() for c in address):
        raise InvalidInput
    return found
