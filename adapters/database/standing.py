"""Where a case stands beside its status, read in one statement."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, and_, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from adapters.database.engine import Database
from adapters.database.tables import appointments, investigations, parcels, payments, ratings, work_items
from domain.service_item import StepKind
from domain.standing import Standing

_AT_COUNTER = [StepKind.COUNTER_CHECK.value, StepKind.IDENTITY_CHECK.value, StepKind.COLLECTION.value]
_LIVE = work_items.c.status.in_(["open", "claimed"])


class StandingStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def standing_of(self, application_id: UUID) -> Standing:
        async with self._db.statement() as connection:
            row = (await connection.execute(_standing(application_id))).one()
        return Standing.model_validate(_known(row.facts))


def _known(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def _standing(case: UUID) -> Select[Any]:
    step = select(work_items).where(work_items.c.application_id == case, _LIVE, work_items.c.investigation_id.is_(None))
    step_row = step.order_by(work_items.c.opened_at.desc()).limit(1).subquery()
    due_at = select(step_row.c.due_at).where(step_row.c.paused_at.is_(None)).scalar_subquery()
    paused = select(step_row.c.paused_at).scalar_subquery()
    visit = select(step_row.c.kind).where(step_row.c.kind.in_(_AT_COUNTER)).scalar_subquery()
    done = and_(work_items.c.application_id == case, work_items.c.status == "completed", work_items.c.kind.in_(_AT_COUNTER))
    kinds = aggregate_order_by(work_items.c.kind, work_items.c.closed_at)
    visits = select(func.coalesce(func.jsonb_agg(kinds), literal_column("'[]'::jsonb"))).where(done).scalar_subquery()
    open_investigation = select(investigations.c.id).where(investigations.c.application_id == case, investigations.c.closed_at.is_(None))
    facts = func.jsonb_build_object(
        "fee", _newest(payments, payments.c.application_id == case, payments.c.ordered_at),
        "parcel", _newest(parcels, parcels.c.application_id == case, parcels.c.ordered_at),
        "appointment", _newest(appointments, appointments.c.application_id == case, appointments.c.made_at),
        "looked_into", open_investigation.exists(),
        "step_due_at", due_at,
        "paused_since", paused,
        "visit", visit,
        "visits", visits,
        "grade", select(ratings.c.grade).where(ratings.c.application_id == case).scalar_subquery(),
    )  # fmt: skip
    return select(facts.label("facts"))


def _newest(table: Table, wanted: ColumnElement[bool], by: ColumnElement[Any]) -> Any:
    row = select(func.to_jsonb(table.table_valued())).where(wanted).order_by(by.desc()).limit(1)
    return row.scalar_subquery()
