"""The queue: what waits for a clerk, who takes it, and how it is handed on."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from casework.access import territory, working_role
from casework.actors import ClerkActor
from casework.office import Office
from casework.views import Page, QueueCounts, WorkItemRow
from domain.errors import FieldError, InvalidInput, NotAllowed
from domain.jurisdiction import Role
from domain.service_item import StepKind
from domain.text import Bilingual
from domain.work_items import KIND_TEXT, WorkItemStatus, may_see, may_work

PAGE_SIZE = 30
NEAR_DEADLINE = timedelta(days=2)
LIVE = (WorkItemStatus.OPEN.value, WorkItemStatus.CLAIMED.value)


async def queue(
    office: Office,
    actor: ClerkActor,
    *,
    status: str | None = None,
    kind: str | None = None,
    cursor: str | None = None,
    mine: bool = False,
    near_deadline: bool = False,
) -> Page:
    """The clerk's own queue, nearest limit first.

    Raises:
        InvalidInput: an unknown status or kind, or a cursor that is not ours.
    """
    _check_filter("status", status, [s.value for s in WorkItemStatus])
    _check_filter("kind", kind, [k.value for k in StepKind])
    rows = await office.desk.queue(
        jurisdiction=territory(actor),
        role=working_role(actor),
        statuses=[WorkItemStatus.CLAIMED.value] if mine else [status] if status else LIVE,
        kind=kind,
        claimed_by=actor.clerk_id if mine else None,
        due_before=office.now() + NEAR_DEADLINE if near_deadline else None,
        after=_read_cursor(cursor) if cursor else None,
        limit=PAGE_SIZE + 1,
    )
    more = len(rows) > PAGE_SIZE
    items = [work_item_row(office, actor, row) for row in rows[:PAGE_SIZE]]
    return Page(items=items, next_cursor=_write_cursor(items[-1]) if more else None)


def _check_filter(name: str, value: str | None, known: Sequence[str]) -> None:
    if value is not None and value not in known:
        allowed = ", ".join(known)
        raise InvalidInput(fields=[FieldError(path=f"/{name}", text=Bilingual(zh=f"可用的值：{allowed}", en=f"One of: {allowed}"))])


def _write_cursor(row: WorkItemRow) -> str:
    return base64.urlsafe_b64encode(f"{row.due_at.isoformat()}|{row.id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        moment, _, work_item_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        return datetime.fromisoformat(moment), UUID(work_item_id)
    except (ValueError, binascii.Error, UnicodeDecodeError) as error:
        text = Bilingual(zh="翻页标记无效，请从第一页开始", en="This cursor is not one of ours. Begin with the first page")
        raise InvalidInput(fields=[FieldError(path="/cursor", text=text)]) from error


async def counts(office: Office, actor: ClerkActor) -> QueueCounts:
    mine, open_, near = await office.desk.counts(
        jurisdiction=territory(actor), role=working_role(actor), clerk_id=actor.clerk_id, due_before=office.now() + NEAR_DEADLINE
    )
    return QueueCounts(mine=mine, open=open_, near_deadline=near)


async def seen_by(office: Office, actor: ClerkActor, work_item_id: UUID) -> dict[str, Any]:
    record = await office.desk.work_item(work_item_id)
    if not may_see(actor.scope, role=Role(record["role"]), jurisdiction=record["jurisdiction"]):
        raise NotAllowed()
    return record


async def worked_by(office: Office, actor: ClerkActor, work_item_id: UUID) -> dict[str, Any]:
    record = await office.desk.work_item(work_item_id)
    if not may_work(actor.scope, role=Role(record["role"]), jurisdiction=record["jurisdiction"]):
        raise NotAllowed()
    return record


async def claim(office: Office, actor: ClerkActor, work_item_id: UUID) -> WorkItemRow:
    """Take a work item.

    Raises:
        WorkItemAlreadyClaimed: another clerk was first, or it is done.
    """
    await worked_by(office, actor, work_item_id)
    await office.desk.claim(work_item_id, actor.clerk_id, office.now())
    return work_item_row(office, actor, await office.desk.work_item(work_item_id))


async def take_next(office: Office, actor: ClerkActor) -> WorkItemRow | None:
    """Claim the open work item with the nearest limit."""
    role = working_role(actor)
    if role is None:
        raise NotAllowed()
    taken = await office.desk.claim_next(jurisdiction=territory(actor), role=role, clerk_id=actor.clerk_id, at=office.now())
    return None if taken is None else work_item_row(office, actor, await office.desk.work_item(taken))


async def release(office: Office, actor: ClerkActor, work_item_id: UUID) -> WorkItemRow:
    await worked_by(office, actor, work_item_id)
    await office.desk.release(work_item_id, actor.clerk_id, office.now())
    return work_item_row(office, actor, await office.desk.work_item(work_item_id))


def work_item_row(office: Office, actor: ClerkActor, record: Mapping[str, Any]) -> WorkItemRow:
    kind = StepKind(record["kind"])
    return WorkItemRow(
        id=record["id"],
        kind=kind,
        kind_text=KIND_TEXT[kind],
        name=Bilingual.model_validate(record["name"]),
        status=record["status"],
        application_id=record["application_id"],
        acceptance_number=record["acceptance_number"],
        service_item=record["service_item"],
        service_item_name=office.catalogue.name_of(record["service_item"]),
        applicant_name=record["applicant_name"],
        jurisdiction=record["jurisdiction"],
        claimed_by=record["claimed_by"],
        claimed_by_name=record["claimed_by_name"],
        mine=record["claimed_by"] == actor.clerk_id,
        due_at=record["due_at"],
        overdue=record["status"] in LIVE and record["due_at"] < office.now(),
        opened_at=record["opened_at"],
    )
