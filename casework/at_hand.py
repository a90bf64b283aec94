"""What clerks keep at hand: reason templates, saved views of the queue, and what they were told."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ValidationError

from casework.access import require_case_staff
from casework.actors import ClerkActor
from casework.office import Office
from casework.views import Page
from domain.errors import FieldError, InvalidInput, NotAllowed, NotFound, WrongState
from domain.ids import new_id
from domain.jurisdiction import SEES_NO_CASE, Role
from domain.queues import QueueFilter, View
from domain.service_item import StepKind
from domain.text import Bilingual
from domain.work_items import OUTCOMES

TITLE_LENGTH, TEXT_LENGTH = 60, 2000
VIEWS_AT_MOST = 30
NOTICES_A_PAGE = 30
Owner = Literal["mine", "station", "county"]


class TemplateView(BaseModel):
    id: UUID
    owner: Owner
    kind: StepKind
    outcome: str
    title: str
    text: str
    may_edit: bool


class SavedView(BaseModel):
    """A filter under a name; `view` is the built-in one that it narrows."""

    id: UUID
    name: str
    view: View
    filter: QueueFilter


class NoticeView(BaseModel):
    id: UUID
    kind: str
    text: Bilingual
    acceptance_number: str | None
    work_item_id: UUID | None
    inquiry_id: UUID | None
    at: datetime
    read: bool


# --- reason templates ------------------------------------------------------------------------------------------------


async def templates(office: Office, actor: ClerkActor, kind: StepKind | None = None) -> list[TemplateView]:
    """The clerk's own, their station's and their county's."""
    require_case_staff(actor)
    if actor.scope.role in SEES_NO_CASE:
        return []
    rows = await office.staff.templates(list(_owners(actor).values()), kind.value if kind else None)
    names = {place: owner for owner, place in _owners(actor).items()}
    return [
        TemplateView(
            id=row["id"],
            owner=names[row["owner"]],
            kind=StepKind(row["kind"]),
            outcome=row["outcome"],
            title=row["title"],
            text=row["text"],
            may_edit=names[row["owner"]] in may_keep_for(actor),
        )
        for row in rows
        if row["kind"] in set(StepKind)
    ]


def may_keep_for(actor: ClerkActor) -> list[Owner]:
    """For oneself; leaders for their station, or for the county where they sit in its bureau; supervisors for the county."""
    if actor.scope.role in SEES_NO_CASE:
        return []
    if actor.scope.role is Role.SUPERVISOR or actor.scope.leads:
        return ["mine", "station" if actor.scope.station else "county"]
    return ["mine"]


async def save_template(
    office: Office, actor: ClerkActor, template_id: UUID | None, *, owner: Owner, kind: StepKind, outcome: str, title: str, text: str
) -> UUID:
    """Add one (`template_id` None, or an id that the caller chose, so that a retry adds no second), or change what is there.

    Raises:
        NotAllowed: for others than oneself without leading them. InvalidInput: an outcome that the step does not have; no title; no text.
    """
    require_case_staff(actor)
    if owner not in may_keep_for(actor):
        raise NotAllowed()
    if template_id is not None:
        await _check_may_edit(office, actor, template_id)
    if outcome not in OUTCOMES[kind]:
        allowed = ", ".join(OUTCOMES[kind])
        raise _refuse("outcome", f"办理结果应为：{allowed}", f"The outcome is one of: {allowed}")
    _check_text("title", title, TITLE_LENGTH)
    _check_text("text", text, TEXT_LENGTH)
    row = {
        "owner": _owners(actor)[owner],
        "kind": kind.value,
        "outcome": outcome,
        "title": title.strip(),
        "text": text.strip(),
        "updated_by": actor.clerk_id,
        "updated_at": office.now(),
    }
    saved = template_id or new_id()
    await office.staff.save_template(saved, row)
    return saved


async def drop_template(office: Office, actor: ClerkActor, template_id: UUID) -> None:
    """What is gone already stays gone.

    Raises:
        NotAllowed: somebody else's.
    """
    require_case_staff(actor)
    await _check_may_edit(office, actor, template_id)
    await office.staff.drop_template(template_id)


async def _check_may_edit(office: Office, actor: ClerkActor, template_id: UUID) -> None:
    try:
        there = await office.staff.template(template_id)
    except NotFound:
        return
    if there["owner"] not in {_owners(actor)[owner] for owner in may_keep_for(actor)}:
        raise NotAllowed()


def _owners(actor: ClerkActor) -> dict[Owner, str]:
    owners: dict[Owner, str] = {"mine": actor.clerk_id, "county": actor.scope.county}
    return owners | ({"station": actor.scope.station} if actor.scope.station else {})


# --- saved views -----------------------------------------------------------------------------------------------------


async def views(office: Office, actor: ClerkActor) -> list[SavedView]:
    """By name; one that an older version saved and that no longer reads is left out."""
    require_case_staff(actor)
    saved = []
    for row in await office.staff.views_of(actor.clerk_id):
        try:
            saved.append(SavedView(id=row["id"], name=row["name"], **row["filters"]))
        except ValidationError:
            continue
    return saved


async def save_view(office: Office, actor: ClerkActor, name: str, view: View, wanted: QueueFilter) -> None:
    """Keep a filter under a name; the same name again replaces it.

    Raises:
        InvalidInput: no name, or too many views already.
    """
    require_case_staff(actor)
    _check_text("name", name, TITLE_LENGTH)
    filters = {"view": view.value, "filter": wanted.model_dump(mode="json", exclude_none=True)}
    try:
        await office.staff.save_view(actor.clerk_id, name.strip(), filters, office.now(), at_most=VIEWS_AT_MOST)
    except WrongState as error:
        raise _refuse(
            "name", f"最多保存 {VIEWS_AT_MOST} 个视图，请先删除不用的", f"At most {VIEWS_AT_MOST} views: delete one first"
        ) from error


async def drop_view(office: Office, actor: ClerkActor, view_id: UUID) -> None:
    require_case_staff(actor)
    await office.staff.drop_view(actor.clerk_id, view_id)


# --- what they were told ---------------------------------------------------------------------------------------------


async def unread(office: Office, actor: ClerkActor) -> int:
    return await office.staff.unread_notices(actor.clerk_id)


async def notices(office: Office, actor: ClerkActor, cursor: str | None = None) -> Page:
    """The newest first.

    Raises:
        InvalidInput: a cursor that is not ours.
    """
    before = _read_cursor(cursor) if cursor else None
    rows = await office.staff.notices_to(actor.clerk_id, before=before, limit=NOTICES_A_PAGE + 1)
    items = [
        NoticeView(
            id=row["id"],
            kind=row["kind"],
            text=Bilingual.model_validate(row["text"]),
            acceptance_number=row["acceptance_number"],
            work_item_id=row["work_item_id"],
            inquiry_id=row["inquiry_id"],
            at=row["at"],
            read=row["read_at"] is not None,
        )
        for row in rows[:NOTICES_A_PAGE]
    ]
    more = len(rows) > NOTICES_A_PAGE
    return Page(items=items, next_cursor=_write_cursor(items[-1]) if more else None)


async def mark_read(office: Office, actor: ClerkActor, notice_ids: Sequence[UUID] | None = None) -> None:
    """These, or everything up to now; others' notices stay as they are."""
    await office.staff.mark_read(actor.clerk_id, notice_ids, office.now())


def _write_cursor(notice: NoticeView) -> str:
    return base64.urlsafe_b64encode(f"{notice.at.isoformat()}|{notice.id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        moment, _, notice_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None:
            raise ValueError("a moment has its offset")
        return at, UUID(notice_id)
    except (ValueError, binascii.Error, UnicodeDecodeError) as error:
        raise _refuse("cursor", "翻页标记无效，请从第一页开始", "This cursor is not one of ours. Begin with the first page") from error


# --- what was typed --------------------------------------------------------------------------------------------------


def _check_text(field: str, text: str, at_most: int) -> None:
    if not text.strip():
        raise _refuse(field, "此项不能为空", "This must not be empty")
    if len(text) > at_most:
        raise _refuse(field, f"最多 {at_most} 字，请精简", f"At most {at_most} characters. Please shorten it")


def _refuse(path: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(fields=[FieldError(path=f"/{path}", text=Bilingual(zh=zh, en=en))])
