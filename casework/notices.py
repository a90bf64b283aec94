"""What was sent to a person, when and where to; and the address that e-mails go to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from casework.access import require_own_case
from casework.actors import Actor, ApplicantActor
from casework.office import Office
from domain.errors import FieldError, InvalidInput
from domain.notices import Channel, NoticeState, NotSent, clean_email, masked_email, masked_phone, state_of
from domain.text import Bilingual

PAGE_SIZE = 30
_NO_ADDRESS = Bilingual(
    zh="电子邮箱格式不对，请核对，例如 name@example.com", en="This is not an e-mail address. It looks like name@example.com"
)
_BAD_CURSOR = Bilingual(zh="翻页标记无效，请从第一页开始", en="This cursor is not one of ours. Begin with the first page")


class NoticeView(BaseModel):
    """One message. `to` is masked; None: there is nowhere to send it."""

    id: UUID
    application_id: UUID
    acceptance_number: str
    channel: Channel
    to: str | None
    text: Bilingual
    state: NoticeState
    why: NotSent | None = None  # of `not_sent`
    created_at: datetime
    sent_at: datetime | None = None
    next_try_at: datetime | None = None  # while it has not gone


class NoticePage(BaseModel):
    """`next_cursor` is None on the last page."""

    items: list[NoticeView]
    next_cursor: str | None = None


async def notices_of_case(office: Office, actor: Actor, application_id: UUID) -> list[NoticeView]:
    """Every message about one case, the newest first.

    Raises:
        NotFound, NotAllowed: not theirs to see; clerks do not see where a person is reached.
    """
    await require_own_case(office, actor, application_id)
    return _views(await office.notices.notices_of_case(application_id), office.now())


async def my_notices(office: Office, actor: ApplicantActor, cursor: str | None = None) -> NoticePage:
    """Every message to a signed-in person, the newest first.

    Raises:
        InvalidInput: a cursor that is not ours.
    """
    before = _position(cursor)
    rows = await office.notices.notices_of_person(actor.person_id, actor.phone_index, before=before, limit=PAGE_SIZE + 1)
    items = _views(rows[:PAGE_SIZE], office.now())
    return NoticePage(items=items, next_cursor=str(items[-1].id) if len(rows) > PAGE_SIZE else None)


def _position(cursor: str | None) -> UUID | None:
    if not cursor:
        return None
    try:
        return UUID(cursor)
    except ValueError:
        raise InvalidInput(fields=[FieldError(path="/cursor", text=_BAD_CURSOR)]) from None


def _views(rows: Sequence[Mapping[str, Any]], now: datetime) -> list[NoticeView]:
    return [_view(row, now) for row in rows]


def _view(row: Mapping[str, Any], now: datetime) -> NoticeView:
    state = state_of(row, now)
    return NoticeView(
        id=row["id"],
        application_id=row["application_id"],
        acceptance_number=row["acceptance_number"],
        channel=row["channel"],
        to=_destination(row),
        text=Bilingual.model_validate(row["text"]),
        state=state,
        why=row["not_sent"],
        created_at=row["created_at"],
        sent_at=row["sent_at"],
        next_try_at=row["next_try_at"] if state in ("quiet_hours", "gateway_away", "soon") else None,
    )


def _destination(row: Mapping[str, Any]) -> str | None:
    if row["channel"] == Channel.SMS:
        return masked_phone(row["phone"]) if row["phone"] else None
    return masked_email(row["email"]) if row["email"] else None


# --- the e-mail address ----------------------------------------------------------------------------------------------


def checked_email(typed: str) -> str | None:
    """The address as it is kept; None for nothing typed.

    Raises:
        InvalidInput: at `/email`.
    """
    if not typed.strip():
        return None
    address = clean_email(typed)
    if address is None:
        raise InvalidInput(fields=[FieldError(path="/email", text=_NO_ADDRESS)])
    return address


async def my_email(office: Office, actor: ApplicantActor) -> str | None:
    """Where this person wants e-mails about later applications."""
    email: str | None = (await office.accounts.person(actor.person_id)).get("email")
    return email


async def set_my_email(office: Office, actor: ApplicantActor, typed: str) -> None:
    """Keep, change or (nothing typed) forget it. Applications that were handed in keep the address they were given.

    Raises:
        InvalidInput: at `/email`.
    """
    await office.accounts.set_email(actor.person_id, checked_email(typed))
