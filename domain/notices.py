"""Notices to people: by which channel, to whom, and how far one has come."""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol
from uuid import UUID

from pydantic import BaseModel

from domain.text import Bilingual, Language

EMAIL_LONGEST = 254  # RFC 5321, 4.5.3.1.3 less the angle brackets
LOCAL_PART_LONGEST = 64  # RFC 5321, 4.5.3.1.1; in bytes
# RFC 5321's dot-string with the letters of RFC 6531; no quoted strings and no address literals, which nobody types.
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>{_LABEL}(?:\.{_LABEL})+)")


class Channel(StrEnum):
    SMS = "sms"
    EMAIL = "email"


class NotSent(StrEnum):
    """Why a notice will never be sent."""

    NO_PHONE = "no_phone"  # filed at a counter by somebody without a phone
    NO_ADDRESS = "no_address"
    REFUSED = "refused"  # the gateway takes nothing for this number or address


class OutgoingNotice(BaseModel):
    """One message as a gateway gets it, in the language of its case. `to` is a phone or an address."""

    message_id: str
    to: str
    subject: str | None
    text: str
    language: Language


HandOver = Callable[[OutgoingNotice], Awaitable[None]]


_FOOTER = Bilingual(
    zh="登录 {site} 查看办件。本邮件由系统自动发出，请勿回复；我们不会在邮件里向您索要密码、验证码或银行卡信息。",
    en="Sign in at {site} to see your application. This message was sent automatically; please do not reply. "
    "We never ask for passwords, codes or card details by e-mail.",
)


def email_body(notice: OutgoingNotice, office: Bilingual, site_url: str) -> str:
    """What the SMS says too, who sends it, and where to look."""
    footer = _FOOTER.filled(site=site_url).in_language(notice.language)
    return f"{notice.text}\n\n-- \n{office.in_language(notice.language)}\n{footer}\n"


class NoticeRecords(Protocol):
    """The outbox as its readers see it."""

    async def notices_of_case(self, application_id: UUID) -> list[dict[str, Any]]:
        """Newest first, with the case's `acceptance_number`, `phone` and `email`."""
        ...

    async def notices_of_person(self, person_id: UUID, phone_index: bytes, *, before: UUID | None, limit: int) -> list[dict[str, Any]]:
        """The same over the cases that this phone's owner may see; `before` goes on after a page's last notice."""
        ...


NoticeState = Literal["sent", "quiet_hours", "gateway_away", "soon", "not_sent"]


def state_of(notice: Mapping[str, Any], now: datetime) -> NoticeState:
    """How far a row of the outbox has come."""
    if notice["sent_at"] is not None:
        return "sent"
    if notice["not_sent"] is not None:
        return "not_sent"
    if notice["attempts"] > 0:
        return "gateway_away"
    return "quiet_hours" if notice["next_try_at"] > now else "soon"


def clean_email(typed: str) -> str | None:
    """An e-mail address in NFC, its domain in small letters; None for what is not exactly one address."""
    address = unicodedata.normalize("NFC", typed.strip())
    found = _ADDRESS.fullmatch(address)
    if found is None or len(address) > EMAIL_LONGEST or len(found["local"].encode()) > LOCAL_PART_LONGEST:
        return None
    return f"{found['local']}@{found['domain'].lower()}"


def masked_phone(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}"


def masked_email(address: str) -> str:
    """`l***@example.com`: enough to tell one's own address by."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}***@{domain}"
