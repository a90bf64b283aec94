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
from domain.facts import facts_of, station_name
from domain.forms import asked_fields
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
        return await self.records.apply(change, due_at=self._due_at(change))

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
        )
        return MachineDecision(outcome=decision.outcome)

    @activity.defn
    async def locate(self, task: DecisionTask) -> None:
        """Settle whose territory a case is before it is decided, so that its counter can see it."""
        request, item = await self.records.request_of(task.application_id)
        facts = facts_of(request, await self.papers.evidence_of(task.application_id), today=day_in_china(task.at), item=item)
        station = self.service_items.station_of(item, facts, self.default_station)
        await self.records.set_station(task.application_id, station, station_name(facts, station))
