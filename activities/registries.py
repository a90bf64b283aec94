"""Questions to the registries; runs where the closed network is reached, and nowhere else."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5

from temporalio import activity

from domain.changes import EvidenceTask, LookUpAnswer, LookUpTask
from domain.errors import RegistryUnavailable
from domain.evidence import RegistryQuery
from domain.ids import new_id
from domain.ports import RegistryConnector, ServiceItems
from domain.records import CaseRecords, PaperRecords
from domain.service_item import EvidenceRequest
from domain.text import Bilingual

_PREFILL_PURPOSE = "prefill"


@dataclass
class RegistryActivities:
    records: CaseRecords
    papers: PaperRecords
    registries: RegistryConnector
    service_items: ServiceItems

    @activity.defn
    async def gather_evidence(self, task: EvidenceTask) -> None:
        """Ask one source and keep its signed answer. Idempotency key: application, source, supplement round.

        The request id is derived from that key, so the registry too sees a repeated question as the same one.
        """
        if not await self.papers.has_evidence(task.application_id, task.source, task.round):
            await self._ask(task)
        name = self.service_items.source_name(task.source)
        await self.records.waiting_note(
            task.application_id,
            task.source,
            at=datetime.now(UTC),
            event="registry_answered",
            key=f"registry:{task.source}:{task.round}",
            label=Bilingual(zh=f"{name.zh}已答复", en=f"{name.en} answered"),
            late=False,
        )

    async def _ask(self, task: EvidenceTask) -> None:
        request, item = await self.records.request_of(task.application_id)
        wanted = next((e for e in item.evidence if e.source == task.source), EvidenceRequest(source=task.source, purpose=item.name))
        query = RegistryQuery(
            source=task.source,
            id_number=request.applicant.id_number,
            purpose=f"{item.code}: {wanted.purpose.en}",
            request_id=str(uuid5(task.application_id, f"{task.source}:{task.round}")),
            parameters={parameter: str(request.answers.get(field, "")) for parameter, field in wanted.query.items()},
        )
        try:
            answer = await self.registries.look_up(query)
        except RegistryUnavailable:
            await self._say_late(task)
            raise
        await self.papers.keep_evidence(task.application_id, task.round, query.purpose, answer)

    async def _say_late(self, task: EvidenceTask) -> None:
        name = self.service_items.source_name(task.source)
        await self.records.waiting_note(
            task.application_id,
            task.source,
            at=datetime.now(UTC),
            event="registry_late",
            key=f"late:{task.source}:{task.round}",
            label=Bilingual(zh=f"{name.zh}暂时没有答复，系统会自动重试", en=f"{name.en} is not answering yet; we keep trying"),
            late=True,
        )

    @activity.defn
    async def look_up(self, task: LookUpTask) -> LookUpAnswer:
        """One question for filling in a form. Not kept as evidence; the registry logs its purpose."""
        query = RegistryQuery(
            source=task.source,
            id_number=task.id_number,
            purpose=f"{_PREFILL_PURPOSE}: {task.service_item}",
            request_id=str(new_id()),
        )
        answer = await self.registries.look_up(query)
        return LookUpAnswer(source=task.source, found=answer.found, record=answer.record)


def portrait_query(application_id: UUID, clip_id: UUID, id_number: str) -> RegistryQuery:
    """The question for the portrait that a clip is compared with."""
    return RegistryQuery(
        source="resident_population",
        id_number=id_number,
        purpose="identity verification",
        request_id=str(uuid5(application_id, f"portrait:{clip_id}")),
    )
