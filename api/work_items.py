"""/v1/work-items: a clerk's queue by program, held to the same role and jurisdiction as on the pages."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.access import Clerk, OfficeHere
from api.models import Completion, WorkItemPage
from casework import clerking, examining, handing_on, queueing
from casework.case_views import NoteView
from casework.examining import IdentityFile
from casework.handing_on import BulkResult, Colleague
from casework.views import WorkItemDetail, WorkItemRow
from domain.queues import Counts, Priority, QueueFilter, View

router = APIRouter(prefix="/v1/work-items", tags=["work items"])
Items = Annotated[list[UUID], Field(min_length=1, max_length=handing_on.AT_ONCE)]
ClerkId = Annotated[str, Field(max_length=40)]
Note = Annotated[str, Field(max_length=handing_on.NOTE_LENGTH)]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class QueueQuery(QueueFilter):
    view: View = View.STATION
    cursor: str | None = Field(default=None, max_length=200)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_nothing(cls, asked: Any) -> Any:
        return {name: value for name, value in asked.items() if value != ""} if isinstance(asked, Mapping) else asked


class Taken(BaseModel):
    """`item` None: there is nothing that this clerk may take."""

    item: WorkItemRow | None


class HandOver(_Body):
    to: ClerkId
    note: Note = ""


class Offer(_Body):
    to: list[ClerkId] = Field(max_length=handing_on.OFFERED_AT_MOST, description="Clerk ids; none: everybody of the role again")


class PriorityChange(_Body):
    priority: Priority = Field(description="0 normal, 1 soon, 2 urgent")
    reason: str = Field(min_length=1, max_length=handing_on.REASON_LENGTH)


class Wanted(_Body):
    text: str = Field(min_length=1, max_length=64)


class ManyItems(_Body):
    items: Items


class ManyHandOvers(_Body):
    items: Items
    to: ClerkId
    note: Note = ""


class NewNote(_Body):
    text: str = Field(min_length=1, max_length=handing_on.NOTE_LENGTH)


# --- the queue -------------------------------------------------------------------------------------------------------


@router.get("", summary="The queue: the urgent first, then the nearest limit")
async def queue(
    office: OfficeHere,
    actor: Clerk,
    asked: Annotated[QueueQuery, Query()],
) -> WorkItemPage:
    wanted = QueueFilter(**{name: getattr(asked, name) for name in QueueFilter.model_fields})
    page = await queueing.queue(office, actor, asked.view, wanted, cursor=asked.cursor or None)
    return WorkItemPage(items=page.items, next_cursor=page.next_cursor)


@router.get("/counts", summary="How many each view holds, counted to 1,000 and no further")
async def counts(office: OfficeHere, actor: Clerk) -> Counts:
    return await queueing.counts(office, actor)


@router.post("/search", summary="By acceptance number, ID number or the applicant's whole name, which must not stand in an address")
async def search(body: Wanted, office: OfficeHere, actor: Clerk) -> list[WorkItemRow]:
    return await queueing.search(office, actor, body.text)


@router.post("/take-next", summary="Claim the most pressing one; under the same Idempotency-Key the same again, while it is held")
async def take_next(office: OfficeHere, actor: Clerk, idempotency_key: IdempotencyKey = None) -> Taken:
    return Taken(item=await queueing.take_next(office, actor, key=idempotency_key))


@router.post("/release", summary="Put many back; each answers for itself")
async def release_many(body: ManyItems, office: OfficeHere, actor: Clerk) -> Sequence[BulkResult]:
    return await handing_on.release_many(office, actor, body.items)


@router.post("/hand-over", summary="Hand many over to a colleague; each answers for itself")
async def hand_over_many(body: ManyHandOvers, office: OfficeHere, actor: Clerk) -> Sequence[BulkResult]:
    return await handing_on.hand_over_many(office, actor, body.items, body.to, body.note)


# --- one of them -----------------------------------------------------------------------------------------------------


@router.get("/{work_item_id}", summary="One work item with answers, evidence and differences")
async def read(work_item_id: UUID, office: OfficeHere, actor: Clerk) -> WorkItemDetail:
    return await clerking.work_item(office, actor, work_item_id)


@router.get("/{work_item_id}/identity", summary="An identity check that is taken over: what each try came to, and why; to who holds it")
async def identity(work_item_id: UUID, office: OfficeHere, actor: Clerk) -> IdentityFile:
    return await examining.identity_file(office, actor, work_item_id)


@router.get("/{work_item_id}/identity/portrait", summary="The registry's portrait, as a JPEG", response_class=Response)
async def portrait(work_item_id: UUID, office: OfficeHere, actor: Clerk) -> Response:
    """Asked from the registry for this look, and kept nowhere."""
    return _face(await examining.portrait(office, actor, work_item_id))


@router.get(
    "/{work_item_id}/identity/{clip_id}/frames/{number}", summary="One of a try's clearest moments, as a JPEG", response_class=Response
)
async def frame(work_item_id: UUID, clip_id: UUID, number: Annotated[int, Path(ge=0, le=9)], office: OfficeHere, actor: Clerk) -> Response:
    return _face(await examining.frame(office, actor, work_item_id, clip_id, number))


def _face(picture: bytes) -> Response:
    return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


@router.post("/{work_item_id}/claim", summary="Claim; one clerk wins, the others read why")
async def claim(work_item_id: UUID, office: OfficeHere, actor: Clerk) -> WorkItemRow:
    return await queueing.claim(office, actor, work_item_id)


@router.post("/{work_item_id}/release", summary="Put it back into the queue")
async def release(work_item_id: UUID, office: OfficeHere, actor: Clerk) -> WorkItemRow:
    return await queueing.release(office, actor, work_item_id)


@router.post("/{work_item_id}/hand-over", summary="Hand it over to a colleague, who alone may claim it until they do or decline")
async def hand_over(work_item_id: UUID, body: HandOver, office: OfficeHere, actor: Clerk) -> WorkItemRow:
    return await handing_on.hand_over(office, actor, work_item_id, body.to, body.note)


@router.post("/{work_item_id}/offer", summary="Offer it to some people only; for team leaders and supervisors")
async def offer(work_item_id: UUID, body: Offer, office: OfficeHere, actor: Clerk) -> WorkItemRow:
    return await handing_on.offer(office, actor, work_item_id, body.to)


@router.post("/{work_item_id}/decline", summary="Decline what was offered")
async def decline(work_item_id: UUID, office: OfficeHere, actor: Clerk) -> WorkItemRow:
    return await handing_on.refuse(office, actor, work_item_id)


@router.post("/{work_item_id}/priority", summary="How urgent it is, with a reason; for team leaders and supervisors")
async def priority(work_item_id: UUID, body: PriorityChange, office: OfficeHere, actor: Clerk) -> WorkItemRow:
    return await handing_on.set_priority(office, actor, work_item_id, body.priority, body.reason)


@router.get("/{work_item_id}/colleagues", summary="Whom it may be handed to, and for whom it is not")
async def colleagues(work_item_id: UUID, office: OfficeHere, actor: Clerk) -> list[Colleague]:
    return await handing_on.colleagues_for(office, actor, work_item_id)


@router.get("/{work_item_id}/notes", summary="What colleagues noted about the case")
async def notes(work_item_id: UUID, office: OfficeHere, actor: Clerk) -> list[NoteView]:
    return await handing_on.notes_of(office, actor, work_item_id)


@router.post("/{work_item_id}/notes", status_code=201, summary="Note something about the case for colleagues")
async def add_note(work_item_id: UUID, body: NewNote, office: OfficeHere, actor: Clerk) -> None:
    await handing_on.add_note(office, actor, work_item_id, body.text)


@router.post("/{work_item_id}/complete", summary="Hand in the result")
async def complete(
    work_item_id: UUID,
    body: Completion,
    office: OfficeHere,
    actor: Clerk,
    idempotency_key: IdempotencyKey = None,
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
