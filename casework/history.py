"""What came before: the earlier steps of a case, and the earlier applications of those whom it concerns."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from casework.actors import ClerkActor
from casework.case_views import EarlierCase, EarlierView, StepView
from casework.office import Office
from casework.reads import enter_history_look
from domain.application import STATUS_TEXT, Status
from domain.service_item import StepKind
from domain.text import Bilingual
from domain.work_items import OUTCOME_TEXT, WorkItemStatus

SHOWN = 12


async def earlier_applications(office: Office, actor: ClerkActor, application_id: UUID) -> EarlierView:
    """Number, item, day and state of those in the clerk's territory, each look entered before; the others are only counted."""
    records = await office.investigations.earlier_of(application_id)
    here = [r for r in records if r["station"] is not None and actor.scope.covers(r["station"])]
    shown = here[:SHOWN]
    await enter_history_look(office, actor, [r["id"] for r in shown])
    return EarlierView(
        cases=[_earlier(office, record) for record in shown],
        elsewhere=len(records) - len(here),
        more=len(here) - len(shown),
    )


def _earlier(office: Office, record: Mapping[str, Any]) -> EarlierCase:
    status = Status(record["status"])
    return EarlierCase(
        acceptance_number=record["acceptance_number"],
        service_item=record["service_item"],
        service_item_name=office.catalogue.name_of(record["service_item"]),
        status=status,
        status_text=STATUS_TEXT[status],
        opened_at=record["opened_at"],
        as_applicant=record["as_applicant"],
    )


def earlier_steps(records: Iterable[Mapping[str, Any]], work_item_id: UUID) -> list[StepView]:
    """What people found before, the newest first; tasks are told with their investigation."""
    ended = [
        r
        for r in records
        if r["status"] == WorkItemStatus.COMPLETED.value and r["id"] != work_item_id and r["kind"] != StepKind.INVESTIGATION.value
    ]
    return [_step(record) for record in sorted(ended, key=lambda r: r["closed_at"], reverse=True)]


def _step(record: Mapping[str, Any]) -> StepView:
    return StepView(
        kind=StepKind(record["kind"]),
        name=Bilingual.model_validate(record["name"]),
        outcome=record["outcome"],
        outcome_text=OUTCOME_TEXT[record["outcome"]],
        reason=record["reason"],
        by=record["claimed_by_name"],
        at=record["closed_at"],
    )
