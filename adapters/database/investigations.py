"""What the case page reads beside the case file: questions, investigations with their tasks, earlier applications."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, any_, bindparam, cast, exists, func, literal, null, or_, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from adapters.database.engine import Database
from adapters.database.tables import applications, case_people, clerks, data_reads, investigations, persons, questions, work_items
from domain.clock import day_in_china
from domain.jurisdiction import Role
from domain.service_item import StepKind
from domain.work_items import WorkItemStatus

_LIVE = [WorkItemStatus.OPEN.value, WorkItemStatus.CLAIMED.value]
_MOST_EARLIER = 200
Record = dict[str, Any]


class InvestigationStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    # --- questions -----------------------------------------------------------------------------------------------

    async def questions_of(self, application_id: UUID) -> list[Record]:
        """Every question of a case, the newest first, boxes opened as `text` and `answer`, with `asked_by_name`."""
        query = (
            select(questions, clerks.c.name.label("asked_by_name"))
            .outerjoin(clerks, clerks.c.id == questions.c.asked_by)
            .where(questions.c.application_id == application_id)
            .order_by(questions.c.asked_at.desc())
        )
        async with self._db.statement() as connection:
            rows = (await connection.execute(query)).all()
        return [self._opened(row, "questions", "text", "answer") for row in rows]

    def _opened(self, row: Any, table: str, *columns: str) -> Record:
        record = dict(row._mapping)
        for column in columns:
            box = record.pop(f"{column}_box")
            record[column] = self._db.open(box, f"{table}.{column}", row.id) if box is not None else None
        return record

    # --- investigations ------------------------------------------------------------------------------------------

    async def investigations_of(self, application_id: UUID) -> list[Record]:
        """Every investigation of a case, the newest first, with `opened_by_name`, `closed_by_name` and `tasks` in their order."""
        opener, closer = clerks.alias("opener"), clerks.alias("closer")
        query = (
            select(investigations, opener.c.name.label("opened_by_name"), closer.c.name.label("closed_by_name"))
            .outerjoin(opener, opener.c.id == investigations.c.opened_by)
            .outerjoin(closer, closer.c.id == investigations.c.closed_by)
            .where(investigations.c.application_id == application_id)
            .order_by(investigations.c.opened_at.desc())
        )
        async with self._db.statement() as connection:
            rows = (await connection.execute(query)).all()
            tasks = (await connection.execute(_tasks_of(application_id))).all() if rows else []
        found = [self._opened(row, "investigations", "reason", "finding") for row in rows]
        opened = [self._task(row) for row in tasks]
        return [record | {"tasks": [t for t in opened if t["investigation_id"] == record["id"]]} for record in found]

    def _task(self, row: Any) -> Record:
        record = self._opened(row, "work_items", "reason", "task")
        record["text"] = record.pop("task")
        record["task"] = row.kind_of_task
        record["clerk_id"] = row.claimed_by or next(iter(row.candidates), None)
        return record

    async def task_text(self, work_item_id: UUID) -> str | None:
        """What to do; None where the work item is no task."""
        async with self._db.statement() as connection:
            box = (await connection.execute(select(work_items.c.task_box).where(work_items.c.id == work_item_id))).scalar_one_or_none()
        return None if box is None else str(self._db.open(box, "work_items.task", work_item_id))

    async def has_task(self, application_id: UUID, clerk_id: str) -> bool:
        """Whether some task of the case is, or was, this clerk's."""
        query = select(
            exists().where(
                work_items.c.application_id == application_id,
                work_items.c.kind == StepKind.INVESTIGATION.value,
                or_(work_items.c.claimed_by == clerk_id, literal(clerk_id) == any_(work_items.c.candidates)),
            )
        )
        async with self._db.statement() as connection:
            return bool((await connection.execute(query)).scalar_one())

    async def investigators(self, county: str) -> list[Record]:
        """`id`, `name` and `open_tasks` of the active investigators at a county bureau, who has least to do first."""
        load = (
            select(func.count())
            .where(work_items.c.status.in_(_LIVE), work_items.c.county == county, work_items.c.role == Role.INVESTIGATOR.value)
            .where(or_(work_items.c.claimed_by == clerks.c.id, clerks.c.id == any_(work_items.c.candidates)))
            .correlate(clerks)
            .scalar_subquery()
        )
        query = (
            select(clerks.c.id, clerks.c.name, load.label("open_tasks"))
            .where(clerks.c.role == Role.INVESTIGATOR.value, clerks.c.county == county, clerks.c.station.is_(None), clerks.c.active)
            .order_by(load, clerks.c.name)
            .limit(200)
        )
        async with self._db.statement() as connection:
            return [dict(row._mapping) for row in (await connection.execute(query)).all()]

    # --- earlier applications --------------------------------------------------------------------------------------

    async def earlier_of(self, application_id: UUID) -> list[Record]:
        """Other cases of those whom this one concerns, opened before it, the newest first, at most 200.

        `as_applicant`: the same person applied. No boxes.
        """
        here = applications.alias("here")
        this = select(here.c.person_id, here.c.opened_at).where(here.c.id == application_id).subquery()
        same_people = select(case_people.c.person_index).where(case_people.c.application_id == application_id)
        about = select(case_people.c.application_id).where(case_people.c.person_index.in_(same_people))
        applied: ColumnElement[bool] = applications.c.person_id == this.c.person_id
        columns = ("id", "acceptance_number", "service_item", "status", "station", "opened_at")
        query = (
            select(*(applications.c[name] for name in columns), applied.label("as_applicant"))
            .join(this, applications.c.opened_at <= this.c.opened_at)
            .where(applications.c.id != application_id, or_(applied, applications.c.id.in_(about)))
            .order_by(applications.c.opened_at.desc())
            .limit(_MOST_EARLIER)
        )
        async with self._db.statement() as connection:
            return [dict(row._mapping) for row in (await connection.execute(query)).all()]

    async def record_history_look(self, application_ids: Sequence[UUID], by: str, purpose: dict[str, str], at: datetime) -> None:
        """Say, in one statement, that somebody is about to see that these cases were; once per reader, case and day in China."""
        if not application_ids:
            return
        seen = (
            select(
                literal("look:").concat(cast(applications.c.id, String)).concat(literal(f":{by}:history:{day_in_china(at)}")),
                persons.c.id_number_index,
                bindparam("look_at", at, type_=data_reads.c.at.type),
                literal(by),
                cast(null(), String),
                bindparam("look_purpose", purpose, type_=JSONB),
                bindparam("look_fields", ["history"], type_=JSONB),
                applications.c.service_item,
                applications.c.id,
            )
            .join(persons, persons.c.id == applications.c.person_id)
            .where(applications.c.id.in_(application_ids))
        )
        columns = ["key", "subject_index", "at", "by", "source", "purpose", "fields", "service_item", "application_id"]
        async with self._db.statement() as connection:
            await connection.execute(insert(data_reads).from_select(columns, seen).on_conflict_do_nothing(index_elements=["key"]))


def _tasks_of(application_id: UUID) -> Any:
    doer = clerks.alias("doer")
    names = ("id", "investigation_id", "status", "candidates", "claimed_by", "due_at", "closed_at", "outcome", "reason_box", "task_box")
    return (
        select(*(work_items.c[name] for name in names), work_items.c.task.label("kind_of_task"), doer.c.name.label("clerk_name"))
        .outerjoin(doer, doer.c.id == func.coalesce(work_items.c.claimed_by, work_items.c.candidates[1]))
        .where(work_items.c.application_id == application_id, work_items.c.investigation_id.is_not(None))
        .order_by(work_items.c.opened_at, work_items.c.id)
    )
