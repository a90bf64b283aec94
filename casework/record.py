"""The record: its published heads for anybody; sealing, verifying, exporting and searching for the audit administrator."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any, Protocol

from pydantic import BaseModel

from casework.actors import ClerkActor
from casework.office import Office
from casework.responsible import Administrator, responsible
from domain.clock import CHINA, day_in_china
from domain.errors import FieldError, InvalidInput
from domain.jurisdiction import Role
from domain.record import SignedHead
from domain.record_checks import RecordCheck, Verification, check_heads
from domain.text import Bilingual

HEADS_A_PAGE = 100
LOOKS_A_PAGE = 50
MOST_VERIFIED_ON_A_PAGE = 500_000
"""Entries that a page may be kept waiting for; what is more is verified at the command line."""

_AUDIT = "audit"
_LONGEST_CURSOR = 18


class PublishedHead(BaseModel):
    """`jws` is what counts: the same as the fields, signed (compact JWS, Ed25519)."""

    number: int
    day: date
    sealed_at: datetime
    chains: int
    entries: int
    root: str
    prev: str
    jws: str

    @classmethod
    def of(cls, signed: SignedHead) -> "PublishedHead":
        return cls(**signed.head.model_dump(), jws=signed.token)


class HeadPage(BaseModel):
    items: list[PublishedHead]
    next_cursor: str | None


class LookView(BaseModel):
    """A look at personal data, as the audit administrator sees it: no name of an applicant, no value."""

    id: int
    at: datetime
    by: str
    clerk: str | None
    login: str | None
    role: str | None
    seat: str | None
    acceptance_number: str | None
    service_item: str | None
    source: str | None
    purpose: Bilingual
    fields: list[str]


class LookPage(BaseModel):
    items: list[LookView]
    next_cursor: str | None = None


class LookFilter(BaseModel):
    """`login` of a clerk, an acceptance number, a day in China; each may be empty."""

    login: str = ""
    number: str = ""
    day: str = ""

    @property
    def asks(self) -> bool:
        return bool(self.login or self.number or self.day)


# --- for anybody -----------------------------------------------------------------------------------------------------


async def published_heads(office: Office, cursor: str | None = None, *, limit: int = HEADS_A_PAGE) -> HeadPage:
    """From the first on, so that whoever has some asks for those that came since.

    Raises:
        InvalidInput: a cursor that is not ours.
    """
    signed = await office.record.heads(after=_number(cursor), limit=limit + 1)
    items = [PublishedHead.of(head) for head in signed[:limit]]
    return HeadPage(items=items, next_cursor=str(items[-1].number) if len(signed) > limit else None)


async def newest_heads(office: Office, before: str | None = None, *, limit: int = HEADS_A_PAGE) -> HeadPage:
    """The newest first, for people.

    Raises:
        InvalidInput: a cursor that is not ours.
    """
    newest = await office.record.newest_head()
    last = _number(before) - 1 if before else newest.head.number if newest else 0
    first = max(0, last - limit)
    signed = await office.record.heads(after=first, limit=last - first) if last > first else []
    items = [PublishedHead.of(head) for head in reversed(signed)]
    return HeadPage(items=items, next_cursor=str(first + 1) if first else None)


def _number(cursor: str | None) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _LONGEST_CURSOR):
        text = Bilingual(zh="翻页标记无效，请从第一页开始", en="This cursor is not one of ours. Begin with the first page")
        raise InvalidInput(fields=[FieldError(path="/cursor", text=text)])
    return int(cursor)


# --- sealing ---------------------------------------------------------------------------------------------------------


async def seal(office: Office, actor: Administrator) -> list[SignedHead]:
    """Vouch for everything up to now, this act included.

    Raises:
        NotAllowed: not the audit administrator. Unavailable: somebody keeps writing; try again.
    """
    await office.record.append("sealing", {"by": responsible(actor, Role.AUDIT_ADMIN)}, _AUDIT)
    return await office.record.seal(day_in_china(office.now()), office.now())


class _Sealing(Protocol):
    async def newest_head(self) -> SignedHead | None: ...

    async def seal(self, day: date, at: datetime) -> list[SignedHead]: ...


async def seal_ended_day(record: _Sealing, now: datetime) -> list[SignedHead]:
    """Seal the day that has ended, if no head was made since; call it as often as you like. The first head is made at once."""
    newest, today = await record.newest_head(), day_in_china(now)
    if newest is None:
        return await record.seal(today, now)
    if day_in_china(newest.head.sealed_at) < today:
        return await record.seal(today - timedelta(days=1), now)
    return []


# --- for the audit administrator -------------------------------------------------------------------------------------


async def export(office: Office, actor: Administrator, *, until: int | None = None, tail: bool = False) -> AsyncIterator[Sequence[bytes]]:
    """Lines of the export, some at a time; that it was made is entered first.

    Raises:
        NotAllowed: not the audit administrator.
    """
    by = responsible(actor, Role.AUDIT_ADMIN)
    await office.record.append("exporting", {"by": by, "until": until, "tail": tail}, _AUDIT)
    async for lines in office.record.export(office.now(), until=until, tail=tail):
        yield lines


async def may_verify_now(office: Office) -> bool:
    """Whether it takes no longer than a page may be waited for."""
    return await office.record.size() <= MOST_VERIFIED_ON_A_PAGE


async def verify_now(office: Office, actor: ClerkActor) -> Verification:
    """The record as it stands against the heads as they stand, and these against the office's key.

    Heads that somebody kept elsewhere prove more: `onetrip audit verify`.

    Raises:
        NotAllowed: not the audit administrator.
    """
    await office.record.append("verifying", {"by": responsible(actor, Role.AUDIT_ADMIN)}, _AUDIT)
    heads, forged = check_heads(await _all_tokens(office), office.heads)
    check = RecordCheck(heads)
    async for lines in office.record.export(office.now(), tail=True):
        check.feed(lines)
        await asyncio.sleep(0)
    found = check.finish()
    for finding in forged:
        found.add(finding)
    return found


async def _all_tokens(office: Office) -> list[str]:
    tokens: list[str] = []
    while some := await office.record.heads(after=len(tokens), limit=1000):
        tokens += [head.token for head in some]
    return tokens


async def looks(office: Office, actor: ClerkActor, wanted: LookFilter, cursor: str | None = None) -> LookPage:
    """Who looked at whose data, newest first. That it was searched is entered too.

    Raises:
        NotAllowed: not the audit administrator. InvalidInput: an unknown login or number, no date, or a cursor that is not ours.
    """
    by = responsible(actor, Role.AUDIT_ADMIN)
    conditions = await _conditions(office, wanted)
    await office.record.append("looks_searched", {"by": by, "for": {k: str(v) for k, v in conditions.items()}}, _AUDIT)
    rows = await office.record.looks(**conditions, before=_number(cursor) or None, limit=LOOKS_A_PAGE + 1)
    items = [_look(row) for row in rows[:LOOKS_A_PAGE]]
    return LookPage(items=items, next_cursor=str(items[-1].id) if len(rows) > LOOKS_A_PAGE else None)


async def _conditions(office: Office, wanted: LookFilter) -> dict[str, Any]:
    found: dict[str, Any] = {}
    problems: list[FieldError] = []
    if wanted.login:
        clerk = await office.record.clerk_named(wanted.login)
        found["by"] = f"clerk:{clerk}"
        if clerk is None:
            problems.append(_unknown("/login", "没有这个账号", "There is no such user name"))
    if wanted.number:
        found["application_id"] = await office.record.case_numbered(wanted.number)
        if found["application_id"] is None:
            problems.append(_unknown("/number", "没有这个受理编号", "There is no case of this acceptance number"))
    if wanted.day:
        try:
            begins = datetime.combine(date.fromisoformat(wanted.day), time_of_day(), CHINA)
            found |= {"since": begins.astimezone(UTC), "until": (begins + timedelta(days=1)).astimezone(UTC)}
        except (ValueError, OverflowError):
            problems.append(_unknown("/day", "请写成 2026-01-01 这样的日期", "Write the date as 2026-01-01"))
    if problems:
        raise InvalidInput(fields=problems)
    return found


def _unknown(path: str, zh: str, en: str) -> FieldError:
    return FieldError(path=path, text=Bilingual(zh=zh, en=en))


def _look(row: Mapping[str, Any]) -> LookView:
    return LookView(
        id=row["id"],
        at=row["at"],
        by=row["by"],
        clerk=row["name"],
        login=row["login"],
        role=row["role"],
        seat=row["station"] or row["county"],
        acceptance_number=row["acceptance_number"],
        service_item=row["service_item"],
        source=row["source"],
        purpose=Bilingual.model_validate(row["purpose"]),
        fields=list(row["fields"]),
    )


# --- what no row tells of --------------------------------------------------------------------------------------------


async def enter_sign_in(office: Office, who: str, subject: str) -> None:
    """An access token is given out; sessions of browsers are rows, which the database enters by itself."""
    chain = f"sign-ins:{hashlib.sha256(subject.encode()).hexdigest()[:2]}"
    await office.record.append("signed_in", {"who": who, "subject": subject, "by": "program"}, chain)
