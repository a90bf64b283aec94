"""Short writes to the read model, run as local activities: open, change, decide."""

from dataclasses import dataclass
from datetime import UTC, datetime, time

from temporalio import activity

from domain.admission import admit
from domain.application import WaitingFor
from domain.changes import CaseChange, CaseOpened, ChangeResult, DecisionTask, MachineDecision, OpenCase
from domain.clock import CHINA as CHINA
from domain.clock import day_in_china
from domain.decision import Decision, Outcome
from domain.facts import address_led_to, facts_of, people_of, station_name
from domain.forms import asked_fields
from domain.inquiries import INQUIRY_WORKING_DAYS
from domain.limits import Clock, Clocks, IsWorkingDay, Mark, Timing, case_marks, dates_of, due_at, end_of, task_marks
from domain.ports import ServiceItems, WorkingDays
from domain.records import CaseRecords, PaperRecords
from domain.text import Bilingual

_APPROVED = Bilingual(zh="系统自动审批通过", en="Approved by the machine")
_REFERRED = Bilingual(zh="转人工审核", en="Passed to a person for review")
_MAKING = Bilingual(zh="正在制作证明", en="Making your document")


@dataclass
class CaseActivities:
    """Every method is idempotent: by application, by `change.key`, by supplement round."""

    records: CaseRecords
    papers: PaperRecords
    service_items: ServiceItems
    working_days: WorkingDays
    division: str
    default_station: str

    @activity.defn
    async def open_case(self, opening: OpenCase) -> CaseOpened:
        """Check the request as every door does, and register the case under the service item in force."""
        await self.service_items.refresh()
        today = day_in_china(opening.at)
        item = self.service_items.get(opening.request.service_item, today).model_copy(update={"examples": []})
        request = admit(opening.request, item, today=today, check_answers=self.service_items.check_answers)
        return await self.records.open_case(opening.model_copy(update={"request": request}), item, division=self.division)

    @activity.defn
    async def record_change(self, change: CaseChange) -> ChangeResult:
        if change.answers_patch:
            request, item = await self.records.request_of(change.application_id)
            answers = request.answers | change.answers_patch
            asked = asked_fields(item.form, answers)
            dropped = [name for name in request.answers if name in item.form.get("properties", {}) and name not in asked]
            self.service_items.check_answers(item, {name: value for name, value in answers.items() if name not in dropped})
            change = change.model_copy(update={"answers_dropped": dropped})
        is_working = await self._calendar_for(change)
        result = await self.records.apply(change, timing=self._timing(change, is_working))
        return result if is_working is None else result.model_copy(update={"marks": _marks(change, result, is_working)})

    async def _calendar_for(self, change: CaseChange) -> IsWorkingDay | None:
        """The working days where the case is; None for a change that needs none."""
        booked = change.appointment is not None and change.appointment.status == "booked"
        if not (change.clocks or change.investigation or change.inquiry or booked):
            return None
        station = await self.records.station_of(change.application_id)
        return await self.working_days.working_day_test(station[:6] if station else None)

    def _timing(self, change: CaseChange, is_working: IsWorkingDay | None) -> Timing:
        if is_working is None:
            return Timing(work_item_due_at=self._due_at(change))
        dates = dates_of(change.clocks, is_working) if change.clocks is not None else None
        timed = dates is not None and change.open_work_item is not None and change.open_work_item.clock is not None
        starts_at = change.appointment.starts_at if change.appointment else None
        inquiry = Clock(working_days=INQUIRY_WORKING_DAYS, started_at=change.at)
        return Timing(
            work_item_due_at=dates.work_item_due_at if dates and timed else self._due_at(change),
            dates=dates,
            task_limits=[end_of(task.day) for task in change.investigation.tasks] if change.investigation else [],
            appointment_on_working_day=starts_at is None or is_working(day_in_china(starts_at)),
            inquiry_due_at=due_at(inquiry, is_working) if change.inquiry else None,
        )

    def _due_at(self, change: CaseChange) -> datetime | None:
        opening = change.open_work_item
        if opening is None:
            return None
        if opening.until is not None:
            return opening.until
        last_day = self.working_days.add(day_in_china(change.at), opening.working_days or 1)
        return datetime.combine(last_day, time(23, 59, 59), CHINA).astimezone(UTC)

    @activity.defn
    async def decide(self, task: DecisionTask) -> MachineDecision:
        """Approve or refer on what the registries answered; settles whose territory the case is."""
        request, item = await self.records.request_of(task.application_id)
        evidence = await self.papers.evidence_of(task.application_id)
        facts = facts_of(request, evidence, today=day_in_china(task.at), item=item)
        finding = self.service_items.decide(item, facts)
        # A case that a person has looked at stays with people, whatever the new facts say.
        approved = finding.outcome is Outcome.APPROVED and task.round == 0
        decision = Decision(
            outcome=Outcome.APPROVED if approved else Outcome.REFERRED,
            decided_at=task.at,
            by="machine",
            service_item=item.code,
            version=item.version,
            results=finding.results,
            points=finding.points,
            evidence={row["source"]: row["digest"] for row in evidence},
        )
        station = self.service_items.station_of(item, facts, self.default_station)
        await self.records.save_machine_decision(
            task.application_id,
            task.at,
            decision.model_dump(mode="json"),
            key=f"decided:{task.round}",
            outcome=decision.outcome,
            station=station,
            station_name=station_name(facts, station),
            waiting_for=WaitingFor(who="system", what="document", text=_MAKING, since=task.at) if approved else None,
            event_text=_APPROVED if approved else _REFERRED,
            people=people_of(item, facts),
            address=address_led_to(facts),
        )
        return MachineDecision(outcome=decision.outcome)

    @activity.defn
    async def locate(self, task: DecisionTask) -> None:
        """Settle whose territory a case is before it is decided, so that its counter can see it."""
        request, item = await self.records.request_of(task.application_id)
        facts = facts_of(request, await self.papers.evidence_of(task.application_id), today=day_in_china(task.at), item=item)
        station = self.service_items.station_of(item, facts, self.default_station)
        await self.records.set_station(task.application_id, station, station_name(facts, station))


def _marks(change: CaseChange, result: ChangeResult, is_working: IsWorkingDay) -> list[Mark]:
    """When somebody must be told, by the clocks that the change leaves running and the tasks that it opens, in order."""
    clocks, tasks = change.clocks or Clocks(), change.investigation.tasks if change.investigation else []
    marks = case_marks(clocks, result.work_item_id or clocks.work_item_id, is_working)
    for task_id, task in zip(result.task_ids, tasks, strict=True):
        marks += task_marks(task_id, end_of(task.day), is_working)
    return sorted(marks, key=lambda mark: mark.at)
