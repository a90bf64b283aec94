"""/v1/work-items/…: what a clerk does inside a case before deciding, by program: ask the applicant, have it investigated."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field

from api.access import Clerk, OfficeHere
from casework import clerking, investigating, questions
from casework.views import WorkItemDetail
from domain.changes import InvestigationTask

router = APIRouter(prefix="/v1/work-items/{work_item_id}", tags=["work items"])
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewQuestion(_Body):
    text: str = Field(max_length=questions.LONGEST, description="The applicant reads it")


class NewInvestigation(_Body):
    reason: str = Field(max_length=investigating.LONGEST_REASON)
    tasks: list[InvestigationTask] = Field(
        max_length=investigating.MOST_TASKS, description="Each with an investigator of the county and a day"
    )


class Closing(_Body):
    finding: str = Field(max_length=investigating.LONGEST_FINDING)


@router.post("/questions", status_code=201, summary="Ask the applicant; the step's clock stands still until they answer")
async def ask(
    work_item_id: UUID, body: NewQuestion, office: OfficeHere, actor: Clerk, idempotency_key: IdempotencyKey = None
) -> WorkItemDetail:
    await questions.ask(office, actor, work_item_id, body.text, command_id=_command_id(actor.clerk_id, idempotency_key))
    return await clerking.work_item(office, actor, work_item_id)


@router.post("/investigations", status_code=201, summary="Open an investigation with its tasks")
async def investigate(
    work_item_id: UUID, body: NewInvestigation, office: OfficeHere, actor: Clerk, idempotency_key: IdempotencyKey = None
) -> WorkItemDetail:
    await investigating.open_investigation(
        office, actor, work_item_id, body.reason, body.tasks, command_id=_command_id(actor.clerk_id, idempotency_key)
    )
    return await clerking.work_item(office, actor, work_item_id)


@router.post("/investigations/close", summary="Close the open investigation with its finding")
async def close(
    work_item_id: UUID, body: Closing, office: OfficeHere, actor: Clerk, idempotency_key: IdempotencyKey = None
) -> WorkItemDetail:
    await investigating.close_investigation(
        office, actor, work_item_id, body.finding, command_id=_command_id(actor.clerk_id, idempotency_key)
    )
    return await clerking.work_item(office, actor, work_item_id)


def _command_id(clerk_id: str, key: str | None) -> str | None:
    """The same key again, of the same clerk, is the same command."""
    return f"{clerk_id}:{key}" if key else None
