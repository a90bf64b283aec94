"""/v1/work-items: a clerk's queue by program, held to the same role and jurisdiction as on the pages."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query

from api.access import Clerk, OfficeHere
from api.models import Completion, WorkItemPage
from casework import clerking, queueing
from casework.views import WorkItemDetail, WorkItemRow

router = APIRouter(prefix="/v1/work-items", tags=["work items"])
Filter = Annotated[str | None, Query(max_length=40)]


@router.get("", summary="The queue, nearest limit first")
async def queue(
    office: OfficeHere,
    actor: Clerk,
    status: Filter = None,
    kind: Filter = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    mine: bool = False,
) -> WorkItemPage:
    page = await queueing.queue(office, actor, status=status or None, kind=kind or None, cursor=cursor or None, mine=mine)
    return WorkItemPage(items=page.items, next_cursor=page.next_cursor)


@router.get("/{work_item_id}", summary="One work item with answers, evidence and differences")
async def read(work_item_id: UUID, office: OfficeHere, actor: Clerk) -> WorkItemDetail:
    return await clerking.work_item(office, actor, work_item_id)


@router.post("/{work_item_id}/claim", summary="Claim; one clerk wins, the others read why")
async def claim(work_item_id: UUID, office: OfficeHere, actor: Clerk) -> WorkItemRow:
    return await queueing.claim(office, actor, work_item_id)


@router.post("/{work_item_id}/release", summary="Put it back into the queue")
async def release(work_item_id: UUID, office: OfficeHere, actor: Clerk) -> WorkItemRow:
    return await queueing.release(office, actor, work_item_id)


@router.post("/{work_item_id}/complete", summary="Hand in the result")
async def complete(
    work_item_id: UUID,
    body: Completion,
    office: OfficeHere,
    actor: Clerk,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> WorkItemRow:
    return await clerking.complete(
        office,
        actor,
        work_item_id,
        outcome=body.outcome,
        reason=body.reason,
        supplement=body.supplement,
        originals=body.originals,
        command_id=f"{actor.clerk_id}:{idempotency_key}" if idempotency_key else None,
    )
