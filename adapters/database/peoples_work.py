"""What a change of a case writes beside the case itself: clocks, questions, investigations, fees, parcels, and who is told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.appointments import change_appointment
from adapters.database.engine import Database
from adapters.database.inquiries import open_inquiry
from adapters.database.said import tell_staff
from adapters.database.tables import (
    appointments,
    case_people,
    clerks,
    investigations,
    parcels,
    payments,
    questions,
    work_items,
)
from domain.changes import CaseChange, ChangeResult, StaffNote
from domain.errors import WorkItemNotClaimed
from domain.jurisdiction import Role
from domain.limits import Clocks, Dates, Escalation, Timing
from domain.money import Payment
from domain.parcels import Parcel
from domain.service_item import StepKind
from domain.work_items import TASK_TEXT, WorkItemStatus

_LIVE = ["open", "claimed"]


async def write_peoples_work(
    db: Database, connection: AsyncConnection, change: CaseChange, result: ChangeResult, timing: Timing, station: str | None
) -> datetime | None:
    """Everything of a change that concerns people's work, inside its transaction. Returns the end of a booked slot."""
    case = change.application_id
    if change.clocks is not None and timing.dates is not None:
        await _set_clocks(connection, change.clocks, timing.dates, change.at)
    if change.question or change.question_closing:
        await _write_question(db, connection, change)
    if change.investigation or change.investigation_closing:
        await _write_investigation(db, connection, change, result, timing.task_limits, station)
    if change.payment:
        await _keep_payment(connection, case, change.payment, change.at)
    if change.parcel:
        await _keep_parcel(connection, case, change.parcel, change.at)
    if change.staff_note:
        await _tell_staff(connection, case, change.staff_note, change.key, change.at, station)
    if change.inquiry and station is not None:
        assert timing.inquiry_due_at is not None
        await open_inquiry(
            connection,
            key=f"{change.inquiry.pattern}:{case}",
            pattern=change.inquiry.pattern,
            application_id=case,
            clerk_id=None,
            county=station[:6],
            station=station,
            facts={},
            opened_by="machine",
            at=change.at,
            due_at=timing.inquiry_due_at,
        )
    if change.appointment is None:
        return None
    return await change_appointment(
        connection, case, change.appointment, change.at, by=change.by, working=timing.appointment_on_working_day
    )


async def note_people(db: Database, connection: AsyncConnection, case: UUID, id_numbers: Sequence[str], *, relation: str) -> None:
    """Keep whom a case concerns; whoever is known already stays as they were."""
    if not id_numbers:
        return
    rows = [{"application_id": case, "person_index": db.index(number), "relation": relation} for number in id_numbers]
    await connection.execute(insert(case_people).values(rows).on_conflict_do_nothing())


async def close_everything(connection: AsyncConnection, case: UUID, at: datetime) -> None:
    """At the end of a case nothing of it waits for anybody."""
    await connection.execute(
        update(work_items)
        .where(work_items.c.application_id == case, work_items.c.status.in_(_LIVE))
        .values(status=WorkItemStatus.CANCELLED.value, closed_at=at)
    )
    for table in (questions, investigations):
        await connection.execute(update(table).where(table.c.application_id == case, table.c.closed_at.is_(None)).values(closed_at=at))
    await connection.execute(
        update(appointments)
        .where(appointments.c.application_id == case, appointments.c.status == "booked")
        .values(status="cancelled", changed_at=at)
    )


# --- clocks and who is told ------------------------------------------------------------------------------------------


async def _set_clocks(connection: AsyncConnection, clocks: Clocks, dates: Dates, at: datetime) -> None:
    """The open step's limit; one that stands still keeps its last date, and says since when."""
    if clocks.work_item is None or clocks.work_item_id is None:
        return
    running = {"due_at": dates.work_item_due_at, "paused_at": None} if dates.work_item_due_at is not None else {"paused_at": at}
    await connection.execute(
        update(work_items)
        .where(work_items.c.id == clocks.work_item_id, work_items.c.status.in_(_LIVE))
        .values(clock=clocks.work_item.model_dump(mode="json"), **running)
    )


async def _tell_staff(connection: AsyncConnection, case: UUID, note: StaffNote, key: str, at: datetime, station: str | None) -> None:
    holder, role, jurisdiction = None, None, station
    if note.work_item_id is not None:
        row = (
            await connection.execute(
                select(work_items.c.claimed_by, work_items.c.role, work_items.c.jurisdiction).where(work_items.c.id == note.work_item_id)
            )
        ).one()
        holder, role, jurisdiction = row.claimed_by, row.role, row.jurisdiction
        if note.level:
            await connection.execute(
                update(work_items)
                .where(work_items.c.id == note.work_item_id, work_items.c.escalation < note.level.value)
                .values(escalation=note.level.value)
            )
    told = {holder} if holder is not None else set()
    told |= set((await connection.execute(_superiors(note.level, role, jurisdiction, held=holder is not None))).scalars())
    await tell_staff(
        connection, told, key=f"{case}:{key}", kind=note.kind, text=note.text, at=at, application_id=case, work_item_id=note.work_item_id
    )


def _superiors(level: Escalation, role: str | None, jurisdiction: str | None, *, held: bool) -> Any:
    """The leaders of a role, from "due tomorrow" on or when nobody holds the item; the supervisors once it is overdue."""
    place = jurisdiction or ""
    here = or_(clerks.c.station == place, and_(clerks.c.station.is_(None), clerks.c.county == place[:6]))
    wanted = []
    if role is not None and (level >= Escalation.DUE_TOMORROW or (level and not held)):
        wanted.append(and_(clerks.c.leads, clerks.c.role == role))
    if level >= Escalation.OVERDUE:
        wanted.append(clerks.c.role == Role.SUPERVISOR.value)
    nobody = clerks.c.id == ""
    return select(clerks.c.id).where(clerks.c.active, here, or_(*wanted) if wanted else nobody)


# --- questions and investigations ------------------------------------------------------------------------------------


async def _write_question(db: Database, connection: AsyncConnection, change: CaseChange) -> None:
    if (question := change.question) is not None:
        await _require_holder(connection, question.work_item_id, question.clerk_id)
        await connection.execute(
            insert(questions).values(
                id=question.id,
                application_id=change.application_id,
                work_item_id=question.work_item_id,
                asked_by=question.clerk_id,
                asked_at=change.at,
                until=question.until,
                text_box=db.seal(question.text, "questions.text", question.id),
            )
        )
    if (closing := change.question_closing) is not None:
        answer = db.seal(closing.answer, "questions.answer", closing.id) if closing.answer is not None else None
        await connection.execute(
            update(questions)
            .where(questions.c.id == closing.id, questions.c.closed_at.is_(None))
            .values(closed_at=change.at, answer_box=answer, answered_at=change.at if answer is not None else None)
        )


async def _require_holder(connection: AsyncConnection, work_item_id: UUID, clerk_id: str) -> None:
    held = await connection.execute(
        select(work_items.c.id)
        .where(work_items.c.id == work_item_id, work_items.c.status == WorkItemStatus.CLAIMED.value, work_items.c.claimed_by == clerk_id)
        .with_for_update()
    )
    if held.first() is None:
        raise WorkItemNotClaimed()


async def _write_investigation(
    db: Database, connection: AsyncConnection, change: CaseChange, result: ChangeResult, limits: Sequence[datetime], station: str | None
) -> None:
    if (opening := change.investigation) is not None:
        assert station is not None, "a case has a station before anybody works on it"
        await _require_holder(connection, opening.work_item_id, opening.clerk_id)
        await connection.execute(
            insert(investigations).values(
                id=opening.id,
                application_id=change.application_id,
                work_item_id=opening.work_item_id,
                opened_by=opening.clerk_id,
                opened_at=change.at,
                reason_box=db.seal(opening.reason, "investigations.reason", opening.id),
            )
        )
        for task_id, task, limit in zip(result.task_ids, opening.tasks, limits, strict=True):
            await connection.execute(
                insert(work_items).values(
                    id=task_id,
                    application_id=change.application_id,
                    kind=StepKind.INVESTIGATION.value,
                    role=Role.INVESTIGATOR.value,
                    jurisdiction=station[:6],
                    name=TASK_TEXT[task.kind].model_dump(),
                    status=WorkItemStatus.OPEN.value,
                    candidates=[task.clerk_id],
                    due_at=limit,
                    opened_at=change.at,
                    findings={},
                    investigation_id=opening.id,
                    task=task.kind,
                    task_box=db.seal(task.text, "work_items.task", task_id),
                )
            )
    if (closing := change.investigation_closing) is not None:
        await connection.execute(
            update(work_items)
            .where(work_items.c.investigation_id == closing.id, work_items.c.status.in_(_LIVE))
            .values(status=WorkItemStatus.CANCELLED.value, closed_at=change.at)
        )
        await connection.execute(
            update(investigations)
            .where(investigations.c.id == closing.id, investigations.c.closed_at.is_(None))
            .values(
                closed_at=change.at,
                closed_by=closing.clerk_id,
                finding_box=db.seal(closing.finding, "investigations.finding", closing.id),
            )
        )


# --- fees and parcels ------------------------------------------------------------------------------------------------


async def _keep_payment(connection: AsyncConnection, case: UUID, payment: Payment, at: datetime) -> None:
    said = {
        "state": payment.state.value,
        "pay_url": payment.pay_url,
        "receipt_number": payment.receipt_number,
        "paid_at": payment.paid_at,
        "refunded_at": payment.refunded_at,
    }
    await connection.execute(
        insert(payments)
        .values(order_id=payment.order_id, application_id=case, fen=payment.fen, ordered_at=at, **said)
        .on_conflict_do_update(index_elements=["order_id"], set_=said)
    )


async def _keep_parcel(connection: AsyncConnection, case: UUID, parcel: Parcel, at: datetime) -> None:
    said = {"state": parcel.state.value, "at": parcel.at}
    await connection.execute(
        insert(parcels)
        .values(order_id=parcel.order_id, application_id=case, tracking_number=parcel.tracking_number, ordered_at=at, **said)
        .on_conflict_do_update(index_elements=["order_id"], set_=said)
    )
