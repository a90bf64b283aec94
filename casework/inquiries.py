"""Inquiries (一事一查): supervisors open, take over, ask, enter and close; whoever is asked may answer."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from casework.access import require_case, territory
from casework.actors import ClerkActor
from casework.office import Office
from casework.reads import enter_inquiry_look
from domain.application import STATUS_TEXT, Status
from domain.errors import FieldError, FourEyes, InvalidInput, NotAllowed, WrongState
from domain.ids import new_id
from domain.inquiries import FINDING_TEXT, PATTERN_TEXT, STUCK_TEXT, Finding, Pattern
from domain.jurisdiction import Role, county_of
from domain.text import Bilingual

PAGE_SIZE = 30
LONGEST_TEXT = 4000
NOT_YOURS = Bilingual(zh="请先接手该督查事项，再办理。", en="Take this inquiry over before working on it.")
View = Literal["open", "mine", "unowned", "closed"]
VIEWS: tuple[View, ...] = ("open", "mine", "unowned", "closed")


class InquiryRow(BaseModel):
    id: UUID
    number: str
    pattern: Pattern
    pattern_text: Bilingual
    what: Bilingual | None  # of a case that cannot go on: what keeps it
    application_id: UUID | None
    acceptance_number: str | None
    service_item_name: Bilingual | None
    clerk_name: str | None  # whom it concerns
    county: str
    station: str | None
    owner: str | None
    owner_name: str | None
    opened_by: str  # machine | applicant | clerk
    opened_at: datetime
    due_at: datetime
    late: bool
    closed_at: datetime | None
    finding_text: Bilingual | None


class EntryView(BaseModel):
    at: datetime
    by: str
    text: Bilingual  # a person's own words are the same in both


class CaseLine(BaseModel):
    id: UUID
    acceptance_number: str
    service_item_name: Bilingual
    status_text: Bilingual
    may_open: bool


class Colleague(BaseModel):
    id: str
    name: str
    role: Role
    station: str | None


class InquiryDetail(BaseModel):
    row: InquiryRow
    case: CaseLine | None
    cases: list[CaseLine]  # that the facts name
    facts: dict[str, Any]
    entries: list[EntryView]
    finding_words: str | None
    mine: bool
    may_take: bool
    may_work: bool  # enter, ask, close
    may_answer: bool  # was asked
    colleagues: list[Colleague]


class InquiryPage(BaseModel):
    """`next_cursor` is None on the last page."""

    items: list[InquiryRow]
    next_cursor: str | None = None


class InquiryCounts(BaseModel):
    open: int
    unowned: int
    mine: int
    late: int


def require_supervisor(actor: ClerkActor) -> None:
    """Raises: NotAllowed."""
    if actor.scope.role is not Role.SUPERVISOR:
        raise NotAllowed()


async def inquiries(
    office: Office, actor: ClerkActor, view: View = "open", *, pattern: Pattern | None = None, cursor: str | None = None
) -> InquiryPage:
    """Inquiries of the supervisor's territory: open ones nearest their limit first, closed ones newest first.

    Raises:
        NotAllowed: not a supervisor. InvalidInput: a cursor that is not ours.
    """
    require_supervisor(actor)
    rows = await office.inquiries.inquiries(
        territory(actor),
        open_only=view != "closed",
        pattern=pattern.value if pattern else None,
        owner={"mine": actor.clerk_id, "unowned": ""}.get(view),
        after=_read_cursor(cursor) if cursor else None,
        limit=PAGE_SIZE + 1,
    )
    items = [inquiry_row(office, row) for row in rows[:PAGE_SIZE]]
    return InquiryPage(items=items, next_cursor=_write_cursor(items[-1]) if len(rows) > PAGE_SIZE else None)


async def counts(office: Office, actor: ClerkActor) -> InquiryCounts:
    require_supervisor(actor)
    open_, unowned, mine, late = await office.inquiries.counts(territory(actor), actor.clerk_id, office.now())
    return InquiryCounts(open=open_, unowned=unowned, mine=mine, late=late)


async def inquiry(office: Office, actor: ClerkActor, inquiry_id: UUID) -> InquiryDetail:
    """One inquiry whole; that it was read is entered for the person whose case it is about.

    Raises:
        NotFound: no such inquiry. NotAllowed: another territory's, and this clerk was not asked.
    """
    record, asked = await _seen_by(office, actor, inquiry_id)
    case_ids = {UUID(case) for case in record["facts"].get("cases", [])} | ({record["application_id"]} - {None})
    for application_id in sorted(case_ids):
        await enter_inquiry_look(office, actor, application_id, record["number"])
    lines = {row["id"]: _case_line(office, actor, row) for row in await office.inquiries.cases(sorted(case_ids))} if case_ids else {}
    directs, open_ = _directs(actor, record), record["closed_at"] is None
    mine = record["owner"] == actor.clerk_id
    work = directs and open_ and mine
    return InquiryDetail(
        row=inquiry_row(office, record),
        case=lines.pop(record["application_id"], None),
        cases=list(lines.values()),
        facts={name: value for name, value in record["facts"].items() if name != "cases"},
        entries=[_entry(office, e) for e in record["entries"]],
        finding_words=record["finding_text"],
        mine=mine,
        may_take=directs and open_ and not mine,
        may_work=work,
        may_answer=asked and open_ and not work,
        colleagues=[Colleague(**row) for row in await office.inquiries.staff_of(record["county"])] if work else [],
    )


async def of_case(office: Office, actor: ClerkActor, application_id: UUID) -> list[InquiryRow]:
    """A case's inquiries, for a supervisor who may see the case; nothing for anybody else."""
    if actor.scope.role is not Role.SUPERVISOR:
        return []
    await require_case(office, actor, application_id)
    return [inquiry_row(office, row) for row in await office.inquiries.of_case(application_id)]


async def open_by_hand(office: Office, actor: ClerkActor, application_id: UUID, why: str) -> UUID:
    """A supervisor opens an inquiry into a case, and owns it.

    Raises:
        NotAllowed, NotFound: not a supervisor of this case's territory. InvalidInput: no reason was given.
    """
    require_supervisor(actor)
    access = await require_case(office, actor, application_id)
    at, words = office.now(), _words("why", why, Bilingual(zh="请写明立案原因", en="Say why it is opened"))
    opened = await office.inquiries.open(
        key=f"by_hand:{application_id}:{new_id()}",
        pattern=Pattern.BY_HAND,
        county=county_of(access["station"]),
        station=access["station"],
        application_id=application_id,
        opened_by=f"clerk:{actor.clerk_id}",
        at=at,
        why=words,
    )
    assert opened is not None, "its key is new"
    await office.inquiries.take_over(opened[0], actor.clerk_id, at)
    return opened[0]


async def take_over(office: Office, actor: ClerkActor, inquiry_id: UUID) -> None:
    """Raises: NotAllowed: not a supervisor of its territory, or it concerns them. WrongState: it is closed."""
    await _directed_by(office, actor, inquiry_id)
    await office.inquiries.take_over(inquiry_id, actor.clerk_id, office.now())


async def add_entry(office: Office, actor: ClerkActor, inquiry_id: UUID, text: str) -> None:
    """By its owner, or by somebody who was asked.

    Raises:
        NotAllowed: neither. InvalidInput: nothing was written. WrongState: it is closed.
    """
    record, asked = await _seen_by(office, actor, inquiry_id)
    if not asked:
        _require_owner(actor, record)
    words = _words("text", text, Bilingual(zh="请写明核查情况", en="Write what was found or done"))
    await office.inquiries.add_entry(inquiry_id, actor.clerk_id, words, office.now())


async def ask(office: Office, actor: ClerkActor, inquiry_id: UUID, asked: str, text: str) -> None:
    """Ask a member of the county's staff, who is told and may answer in the inquiry.

    Raises:
        InvalidInput: nobody of the county was chosen, or nothing was asked. NotAllowed, WrongState: as above.
    """
    record = await _directed_by(office, actor, inquiry_id)
    _require_owner(actor, record)
    if asked not in {row["id"] for row in await office.inquiries.staff_of(record["county"])}:
        raise _invalid("asked", Bilingual(zh="请选择要询问的人员", en="Choose whom to ask"))
    words = _words("question", text, Bilingual(zh="请写明要询问的内容", en="Write what you ask"))
    await office.inquiries.ask(inquiry_id, actor.clerk_id, asked, words, office.now())


async def close(office: Office, actor: ClerkActor, inquiry_id: UUID, finding: str, text: str) -> None:
    """End an inquiry. It is never opened again: something new opens another.

    Raises:
        InvalidInput: no finding, or no words. NotAllowed: not its owner. WrongState: it is closed.
    """
    record = await _directed_by(office, actor, inquiry_id)
    _require_owner(actor, record)
    if finding not in set(Finding):
        raise _invalid("finding", Bilingual(zh="请选择处理结论", en="Choose the finding"))
    words = _words("words", text, Bilingual(zh="请写明核查结论", en="Write what was found"))
    await office.inquiries.close(inquiry_id, actor.clerk_id, Finding(finding), words, office.now())


# --- who may ---------------------------------------------------------------------------------------------------------


async def _seen_by(office: Office, actor: ClerkActor, inquiry_id: UUID) -> tuple[dict[str, Any], bool]:
    """The inquiry, and whether this clerk was asked about it."""
    record = await office.inquiries.get(inquiry_id)
    asked = await office.inquiries.was_asked(inquiry_id, actor.clerk_id)
    if not asked and not _supervises(actor, record):
        raise NotAllowed()
    return record, asked


async def _directed_by(office: Office, actor: ClerkActor, inquiry_id: UUID) -> dict[str, Any]:
    record = await office.inquiries.get(inquiry_id)
    if not _supervises(actor, record):
        raise NotAllowed()
    if not _directs(actor, record):
        raise FourEyes()
    return record


def _supervises(actor: ClerkActor, record: Mapping[str, Any]) -> bool:
    return actor.scope.role is Role.SUPERVISOR and actor.scope.covers(record["station"] or record["county"])


def _directs(actor: ClerkActor, record: Mapping[str, Any]) -> bool:
    """Nobody looks into what they did themselves."""
    return _supervises(actor, record) and record["clerk_id"] != actor.clerk_id


def _require_owner(actor: ClerkActor, record: Mapping[str, Any]) -> None:
    if record["closed_at"] is not None:
        raise WrongState()
    if record["owner"] != actor.clerk_id:
        raise NotAllowed(NOT_YOURS)


def _words(path: str, text: str, missing: Bilingual) -> str:
    words = text.strip()
    if not words:
        raise _invalid(path, missing)
    if len(words) > LONGEST_TEXT:
        raise _invalid(path, Bilingual(zh=f"最多 {LONGEST_TEXT} 字", en=f"At most {LONGEST_TEXT} characters"))
    return words


def _invalid(path: str, text: Bilingual) -> InvalidInput:
    return InvalidInput(fields=[FieldError(path=f"/{path}", text=text)])


# --- pictures --------------------------------------------------------------------------------------------------------


def inquiry_row(office: Office, record: Mapping[str, Any]) -> InquiryRow:
    pattern = Pattern(record["pattern"])
    what = STUCK_TEXT.get(str(record["facts"].get("what"))) if pattern is Pattern.UNDOABLE else None
    return InquiryRow(
        id=record["id"],
        number=record["number"],
        pattern=pattern,
        pattern_text=PATTERN_TEXT[pattern],
        what=what,
        application_id=record["application_id"],
        acceptance_number=record["acceptance_number"],
        service_item_name=office.catalogue.name_of(record["service_item"]) if record["service_item"] else None,
        clerk_name=record["clerk_name"],
        county=record["county"],
        station=record["station"],
        owner=record["owner"],
        owner_name=record["owner_name"],
        opened_by=record["opened_by"].partition(":")[0],
        opened_at=record["opened_at"],
        due_at=record["due_at"],
        late=record["closed_at"] is None and record["due_at"] < office.now(),
        closed_at=record["closed_at"],
        finding_text=FINDING_TEXT[Finding(record["finding"])] if record["finding"] else None,
    )


def _case_line(office: Office, actor: ClerkActor, row: Mapping[str, Any]) -> CaseLine:
    return CaseLine(
        id=row["id"],
        acceptance_number=row["acceptance_number"],
        service_item_name=office.catalogue.name_of(row["service_item"]),
        status_text=STATUS_TEXT[Status(row["status"])],
        may_open=actor.scope.role is Role.SUPERVISOR and row["station"] is not None and actor.scope.covers(row["station"]),
    )


def _entry(office: Office, entry: Mapping[str, Any]) -> EntryView:
    text = entry["text"]
    words = Bilingual.model_validate(text) if isinstance(text, Mapping) else Bilingual(zh=text, en=text)
    return EntryView(at=entry["at"], by=entry["by_name"] or entry["by"].partition(":")[0], text=words)


def _write_cursor(row: InquiryRow) -> str:
    moment = row.closed_at or row.due_at
    return base64.urlsafe_b64encode(f"{moment.isoformat()}|{row.id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        moment, _, inquiry_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        return datetime.fromisoformat(moment), UUID(inquiry_id)
    except (ValueError, binascii.Error, UnicodeDecodeError) as error:
        raise _invalid(
            "cursor", Bilingual(zh="翻页标记无效，请从第一页开始", en="This cursor is not one of ours. Begin with the first page")
        ) from error
