"""Who may act on a step now: its holder, and an investigator on their own task."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from casework.actors import ClerkActor
from casework.office import Office
from domain.errors import NotAllowed, WorkItemNotClaimed, WrongState
from domain.jurisdiction import Role
from domain.service_item import StepKind
from domain.work_items import DECIDING, WorkItemStatus, may_work


async def held_step(office: Office, actor: ClerkActor, work_item_id: UUID) -> dict[str, Any]:
    """The deciding step that this clerk holds.

    Raises:
        NotFound, NotAllowed: no such work item, or another role's or territory's.
        WorkItemNotClaimed: somebody else holds it, or nobody. WrongState: a step in which nobody asks or investigates.
    """
    record = await office.desk.work_item(work_item_id)
    if not may_work(actor.scope, role=Role(record["role"]), jurisdiction=record["jurisdiction"]):
        raise NotAllowed()
    if record["status"] != WorkItemStatus.CLAIMED.value or record["claimed_by"] != actor.clerk_id:
        raise WorkItemNotClaimed()
    if StepKind(record["kind"]) not in DECIDING:
        raise WrongState()
    return record


def is_theirs(actor: ClerkActor, record: Mapping[str, Any]) -> bool:
    """Whether an investigator's task is this clerk's; work of every other role is its role's."""
    if actor.scope.role is not Role.INVESTIGATOR:
        return True
    names = {actor.clerk_id, *(absent.clerk_id for absent in actor.scope.stands_in_for)}
    return bool(names & {record["claimed_by"], *record["candidates"]})
