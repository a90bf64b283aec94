"""Cases as the procedure writes them: every method is one transaction, and may come twice."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, func, select, text, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.appointments import change_appointment
from adapters.database.engine import Database
from adapters.database.identity import issue_challenge, new_challenge
from adapters.database.opening import OpeningStore
from adapters.database.peoples_work import close_everything, note_people, write_peoples_work
from adapters.database.tables import (
    applications,
    events,
    notices,
    persons,
    work_items,
)
from domain.application import (
    Applicant,
    ApplicationRequest,
    DeliveryChoice,
    FiledBy,
    Status,
    WaitingFor,
)
from domain.changes import (
    CaseChange,
    ChangeResult,
    DecisionByPerson,
    NoticeText,
    WorkItemClosing,
    WorkItemOpening,
)
from domain.decision import Outcome
from domain.errors import NotFound, WorkItemNotClaimed, WrongState
from domain.ids import new_id
from domain.limits import Timing
from domain.quiet import next_allowed
from domain.service_item import ServiceItem
from domain.text import Bilingual
from domain.work_items import WorkItemStatus

_SUBJECT = Bilingual(zh="最多跑一次：办件进度", en="OneTrip: news of your application")


class CaseStore(OpeningStore):
    """The read model's writer, for the activities of a procedure."""

    def __init__(self, database: Database, *, quiet_hours: bool = True) -> None:
        super().__init__(database)
        self._quiet_hours = quiet_hours

    # --- changes -------------------------------------------------------------------------------------------------

    async def apply(self, change: CaseChange, *, timing: Timing | None = None) -> ChangeResult:
        """Write one change with its event; the same key a second time writes nothing and answers as the first did.

        Raises:
            WrongState: the case has ended, and this is not its end told again.
            SlotTaken, WorkItemNotClaimed: as the parts of the change are refused.
        """
        result = self._result_of(change)
        async with self._db.transaction() as connection:
            event_id = (
                await connection.execute(
                    insert(events)
                    .values(
                        application_id=change.application_id,
                        key=change.key,
                        at=change.at,
                        event=change.event,
                        by=change.by,
                        text=change.text.model_dump() if change.text else None,
                        data=change.data | self._decision_digest(change.decision) | _marked(change),
                        result=result.model_dump(mode="json") if result != ChangeResult() else None,
                    )
                    .on_conflict_do_nothing(index_elements=["application_id", "key"])
                    .returning(events.c.id)
                )
            ).scalar_one_or_none()
            if event_id is None:
                return await self._earlier_result(connection, change)
            ends_at = await self._write(connection, change, result, timing or Timing())
        return result.model_copy(update={"appointment_ends_at": ends_at})

    def _decision_digest(self, decision: DecisionByPerson | None) -> dict[str, str]:
        """The event binds a decision that rests encrypted elsewhere, by a keyed digest."""
        return {"digest": self._db.digest(decision.model_dump(mode="json"))} if decision else {}

    def _result_of(self, change: CaseChange) -> ChangeResult:
        """Named before anything is written: an event is never touched again."""
        return ChangeResult(
            work_item_id=new_id() if change.open_work_item else None,
            challenge=new_challenge(change.at) if change.issue_challenge else None,
            task_ids=[new_id() for _ in change.investigation.tasks] if change.investigation else [],
        )

    async def _earlier_result(self, connection: AsyncConnection, change: CaseChange) -> ChangeResult:
        found = (
            await connection.execute(
                select(events.c.result).where(events.c.application_id == change.application_id, events.c.key == change.key)
            )
        ).scalar_one()
        result = ChangeResult.model_validate(found or {})
        if change.appointment is not None:
            ends_at = await change_appointment(connection, change.application_id, change.appointment, change.at)
            return result.model_copy(update={"appointment_ends_at": ends_at})
        return result

    async def _write(self, connection: AsyncConnection, change: CaseChange, result: ChangeResult, timing: Timing) -> datetime | None:
        """The end of a booked slot, if the change books one."""
        open_case = [] if change.after_end else [applications.c.ended_at.is_(None)]
        row = (
            await connection.execute(
                update(applications)
                .where(applications.c.id == change.application_id, *open_case)
                .values(**self._changed_columns(change, timing))
                .returning(applications.c.station, applications.c.language, applications.c.email_box)
            )
        ).first()
        if row is None:  # a command or a cancelled step that came in while the case ended: the event is rolled back too
            raise WrongState()
        if change.close_work_item:
            await self._close_work_item(connection, change.close_work_item, change.at)
        if change.open_work_item and result.work_item_id:
            assert timing.work_item_due_at is not None
            await self._open_work_item(connection, change, change.open_work_item, result.work_item_id, row.station, timing.work_item_due_at)
        if result.challenge:
            await issue_challenge(
                self._db, connection, change.application_id, result.challenge, change.at,
                language=change.challenge_language, way=change.challenge_way,
            )  # fmt: skip
        for notice in change.notices:
            await self._post_notice(connection, change.application_id, notice, change.at, by_email=row.email_box is not None)
        if change.answers_patch:
            await self._merge_answers(connection, change.application_id, change.answers_patch, change.answers_dropped)
        ends_at = await write_peoples_work(self._db, connection, change, result, timing, row.station)
        if change.status is not None and change.status.final:
            await close_everything(connection, change.application_id, change.at)
        return ends_at

    def _changed_columns(self, change: CaseChange, timing: Timing) -> dict[str, Any]:
        columns: dict[str, Any] = {"updated_at": change.at}
        if timing.dates is not None:
            columns |= {"promised_due_at": timing.dates.promised_due_at, "legal_due_at": timing.dates.legal_due_at}
        if change.parcel is not None:
            columns["tracking_number"] = change.parcel.tracking_number
        if change.status is not None:
            columns["status"] = change.status.value
            if change.status.final:
                columns |= {"ended_at": change.at, "waiting_for": []}
        if change.waiting_for is not None:
            columns["waiting_for"] = [w.model_dump(mode="json") for w in change.waiting_for]
        if change.window_closes_at is not None:
            columns["window_closes_at"] = change.window_closes_at
        if change.supplement is not None:
            requests = [s.model_dump() for s in change.supplement]
            columns |= {
                "supplement_box": self._db.seal(requests, "applications.supplement", change.application_id),
                "supplement_until": change.supplement_until,
                "supplement_round": applications.c.supplement_round + 1,
            }
        if change.decision is not None:
            decision = change.decision.model_dump(mode="json") | {"decided_at": change.at.isoformat()}
            columns |= {
                "outcome": change.decision.outcome.value,
                "person_decision_box": self._db.seal(decision, "applications.person_decision", change.application_id),
            }
        return columns

    async def _open_work_item(
        self,
        connection: AsyncConnection,
        change: CaseChange,
        opening: WorkItemOpening,
        work_item_id: UUID,
        station: str | None,
        due_at: datetime,
    ) -> None:
        assert station is not None, "a case has a station before anybody works on it"
        await connection.execute(
            insert(work_items).values(
                id=work_item_id,
                application_id=change.application_id,
                kind=opening.kind.value,
                role=opening.role.value,
                jurisdiction=station if opening.level == "station" else station[:6],
                name=opening.name.model_dump(),
                status=WorkItemStatus.OPEN.value,
                due_at=due_at,
                opened_at=change.at,
                findings={},
                clock=opening.clock.model_dump(mode="json") if opening.clock else None,
                escalation=opening.escalation.value,
            )
        )

    async def _close_work_item(self, connection: AsyncConnection, closing: WorkItemClosing, at: datetime) -> None:
        status = WorkItemStatus.COMPLETED if closing.outcome else WorkItemStatus.CANCELLED
        holder = (
            [work_items.c.status == WorkItemStatus.CLAIMED.value, work_items.c.claimed_by == closing.clerk_id] if closing.outcome else []
        )
        closed = await connection.execute(
            update(work_items)
            .where(work_items.c.id == closing.id, *holder)
            .values(
                status=status.value,
                closed_at=at,
                outcome=closing.outcome,
                reason_box=self._db.seal(closing.reason, "work_items.reason", closing.id) if closing.reason else None,
                findings=closing.findings,
            )
            .returning(work_items.c.id)
        )
        if closed.first() is None:  # rolls the event back too
            raise WorkItemNotClaimed()

    async def _merge_answers(
        self, connection: AsyncConnection, application_id: UUID, patch: Mapping[str, Any], dropped: Sequence[str]
    ) -> None:
        place = "applications.answers"
        box = (await connection.execute(select(applications.c.answers_box).where(applications.c.id == application_id))).scalar_one()
        merged = self._db.open(box, place, application_id) | dict(patch)
        merged = {name: value for name, value in merged.items() if name not in dropped}
        await connection.execute(
            update(applications).where(applications.c.id == application_id).values(answers_box=self._db.seal(merged, place, application_id))
        )

    async def _post_notice(
        self, connection: AsyncConnection, application_id: UUID, notice: NoticeText, at: datetime, *, by_email: bool
    ) -> None:
        now = datetime.now(UTC)  # the real clock: a case may run under skipped time
        row = {
            "application_id": application_id,
            "text": notice.text.model_dump(),
            "created_at": at,
            "next_try_at": next_allowed(now) if self._quiet_hours else now,
        }
        rows = [row | {"id": new_id(), "key": notice.key, "channel": "sms", "subject": None}]
        if by_email:
            rows.append(row | {"id": new_id(), "key": f"{notice.key}:email", "channel": "email", "subject": _SUBJECT.model_dump()})
        await connection.execute(insert(notices).values(rows).on_conflict_do_nothing(index_elements=["application_id", "key"]))

    # --- what the procedure decides on ---------------------------------------------------------------------------

    async def request_of(self, application_id: UUID) -> tuple[ApplicationRequest, ServiceItem]:
        """The application as it stands now (answers may have been supplemented) and its pinned service item.

        Raises:
            NotFound: there is no such case.
        """
        async with self._db.statement() as connection:
            row = (await connection.execute(_STANDING, {"wanted": application_id})).first()
            if row is None:
                raise NotFound()
            item = await self._items.get(connection, row.service_item, row.item_digest)
        id_number = str(self._db.open(row.id_number_box, "persons.id_number", row.person_id))
        request = ApplicationRequest(
            service_item=row.service_item,
            applicant=Applicant(
                id_number=id_number,
                name=self._db.open(row.applicant_name_box, "applications.applicant_name", row.id),
                phone=self._db.open(row.phone_box, "applications.phone", row.id) if row.phone_box else None,
                email=self._db.open(row.email_box, "applications.email", row.id) if row.email_box else None,
            ),
            answers=self._db.open(row.answers_box, "applications.answers", row.id),
            delivery=DeliveryChoice(
                method=row.delivery, address=self._db.open(row.address_box, "applications.address", row.id) if row.address_box else None
            ),
            language=row.language,
            channel=row.channel,
            client_id=row.client_id,
            filed_by=FiledBy(clerk_id=row.filed_by, station=row.filed_at) if row.filed_by else None,
        )
        return request, item

    async def station_of(self, application_id: UUID) -> str | None:
        async with self._db.statement() as connection:
            return (
                await connection.execute(select(applications.c.station).where(applications.c.id == application_id))
            ).scalar_one_or_none()

    async def save_machine_decision(
        self,
        application_id: UUID,
        at: datetime,
        decision: Mapping[str, Any],
        *,
        key: str,
        outcome: Outcome,
        station: str,
        station_name: str | None = None,
        waiting_for: WaitingFor | None,
        event_text: Bilingual,
        people: Sequence[str] = (),
        address: str | None = None,
    ) -> None:
        """Keep the machine's decision with its rule results and inputs, and whose territory the case is.

        `waiting_for` is given when it approved: the case then goes straight to issuing. `people`: ID numbers of others whom the case is
        about; `address`: where it leads; only their keyed hashes are kept.

        Raises:
            WrongState: the case has ended.
        """
        async with self._db.transaction() as connection:
            event = await connection.execute(
                insert(events)
                .values(
                    application_id=application_id,
                    key=key,
                    at=at,
                    event="decided",
                    by="machine",
                    text=event_text.model_dump(),
                    data={"outcome": outcome.value, "digest": self._db.digest(decision)},
                )
                .on_conflict_do_nothing(index_elements=["application_id", "key"])
                .returning(events.c.id)
            )
            if event.first() is None:
                return
            approved = (
                {
                    "status": Status.ISSUING.value,
                    "waiting_for": [waiting_for.model_dump(mode="json")],
                    "promised_due_at": None,
                    "legal_due_at": None,
                }
                if waiting_for
                else {}
            )
            changed = await connection.execute(
                update(applications)
                .where(applications.c.id == application_id, applications.c.ended_at.is_(None))
                .values(
                    decision_box=self._db.seal(decision, "applications.decision", application_id),
                    outcome=outcome.value,
                    station=station,
                    station_name=station_name,
                    address_index=self._db.index(address) if address else None,
                    updated_at=at,
                    **approved,
                )
                .returning(applications.c.id)
            )
            if changed.first() is None:
                raise WrongState()
            await note_people(self._db, connection, application_id, people, relation="subject")

    async def set_station(self, application_id: UUID, station: str, station_name: str | None = None) -> None:
        values = {"station": station, "station_name": station_name}
        async with self._db.statement() as connection:
            await connection.execute(update(applications).where(applications.c.id == application_id).values(**values))

    async def waiting_note(
        self, application_id: UUID, source: str, *, at: datetime, event: str, key: str, label: Bilingual, late: bool
    ) -> None:
        """A registry answered (its entry goes from `waiting_for`) or is late (the entry says so); once per key."""
        noted = (
            insert(events)
            .values(application_id=application_id, key=key, at=at, event=event, by=f"registry:{source}", text=label.model_dump(), data={})
            .on_conflict_do_nothing(index_elements=["application_id", "key"])
            .returning(events.c.id)
            .cte("noted")
        )
        # An answer of an earlier round counts again after a supplement, so its entry goes although it was noted before.
        counts = exists(select(noted.c.id)) if late else true()
        async with self._db.statement() as connection:
            await connection.execute(
                update(applications)
                .where(applications.c.id == application_id, counts)
                .values(updated_at=func.now(), waiting_for=(_LATE if late else _ANSWERED).bindparams(source=source))
                .add_cte(noted)
            )


_ANSWERED = text("coalesce((select jsonb_agg(w) from jsonb_array_elements(waiting_for) w where w->>'what' <> :source), '[]'::jsonb)")
_LATE = text(
    "coalesce((select jsonb_agg(case when w->>'what' = :source then w || '{\"late\": true}'::jsonb else w end)"
    " from jsonb_array_elements(waiting_for) w), '[]'::jsonb)"
)
# A case as it stands, with its person's number.
_STANDING = (
    select(applications, persons.c.id_number_box)
    .join(persons, persons.c.id == applications.c.person_id)
    .where(applications.c.id == bindparam("wanted"))
)


def _marked(change: CaseChange) -> dict[str, Any]:
    """Which questions and materials were sent back: names of the form, which tell where it misleads, and no reasons."""
    return {"marked": [request.target for request in change.supplement]} if change.supplement else {}
