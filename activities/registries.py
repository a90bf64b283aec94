"""Questions to the registries; runs where the closed network is reached, and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from temporalio import activity

from domain.application import ApplicationRequest
from domain.changes import EvidenceTask, LookUpAnswer, LookUpTask
from domain.clock import day_in_china
from domain.errors import RegistryUnavailable, UnknownServiceItem
from domain.evidence import RegistryQuery
from domain.facts import facts_of, origin_path, subject_of
from domain.ids import new_id
from domain.ports import RegistryConnector, ServiceItems
from domain.reads import MACHINE, PersonalRead, ReadRecords
from domain.records import CaseRecords, PaperRecords
from domain.service_item import EvidenceRequest, ServiceItem
from domain.source import Source
from domain.text import Bilingual

_TO_FILL_IN = Bilingual(zh="替您填好申请表", en="To fill in the form for you")
_WHOSE_FORM = Bilingual(zh="核对填表人的姓名", en="To check the name of whoever fills in the form")


@dataclass
class RegistryActivities:
    records: CaseRecords
    papers: PaperRecords
    registries: RegistryConnector
    service_items: ServiceItems
    reads: ReadRecords
    sources: Mapping[str, Source]

    @activity.defn
    async def gather_evidence(self, task: EvidenceTask) -> None:
        """Ask one question and keep its signed answer. Idempotency key: application, fact (`task.source`), supplement round.

        The request id is derived from that key, so the registry too sees a repeated question as the same one.
        """
        request, item = await self.records.request_of(task.application_id)
        wanted = item.evidence_for(task.source) or EvidenceRequest(source=task.source, purpose=item.name)
        name = wanted.label or self.service_items.source_name(wanted.source)
        asked = await self.papers.has_evidence(task.application_id, task.source, task.round) or await self._ask(task, request, wanted, item)
        await self.records.waiting_note(
            task.application_id,
            task.source,
            at=datetime.now(UTC),
            event="registry_answered" if asked else "registry_not_asked",
            key=f"registry:{task.source}:{task.round}",
            label=Bilingual(zh=f"{name.zh}已答复", en=f"{name.en} answered")
            if asked
            else Bilingual(zh=f"{name.zh}：无需查询", en=f"{name.en}: nobody to ask about"),
            late=False,
        )

    async def _ask(self, task: EvidenceTask, request: ApplicationRequest, wanted: EvidenceRequest, item: ServiceItem) -> bool:
        """Ask, and keep the answer. False: the other answers name nobody whom this question could be about."""
        known = await self._facts_needed(task, request, wanted)
        subject = subject_of(wanted.about, known) if wanted.about else request.applicant.id_number
        parameters = {parameter: subject_of(origin_path(origin), known) for parameter, origin in wanted.query.items()}
        if subject is None or None in parameters.values():
            return False
        query = RegistryQuery(
            source=wanted.source,
            id_number=subject,
            purpose=f"{item.code}: {wanted.purpose.en}",
            request_id=str(uuid5(task.application_id, f"{task.source}:{task.round}")),
            parameters={parameter: value for parameter, value in parameters.items() if value is not None},
            fields=wanted.fields,
        )
        # Before it happens: what cannot be recorded is not asked.
        await self.reads.record(
            PersonalRead(
                key=f"registry:{task.application_id}:{task.source}:{task.round}",
                subject=subject,
                at=datetime.now(UTC),
                by=MACHINE,
                source=query.source,
                purpose=wanted.purpose,
                fields=self._fields(query),
                service_item=item.code,
                application_id=task.application_id,
            )
        )
        try:
            answer = await self.registries.look_up(query)
        except RegistryUnavailable:
            await self._say_late(task, wanted)
            raise
        await self.papers.keep_evidence(task.application_id, task.round, query.purpose, answer, fact=wanted.name)
        return True

    async def _facts_needed(self, task: EvidenceTask, request: ApplicationRequest, wanted: EvidenceRequest) -> Mapping[str, Any]:
        """Answers of the form, and of those registries that this question waits for."""
        rows = await self.papers.evidence_of(task.application_id) if wanted.waits_for else []
        return facts_of(request, rows, today=day_in_china(datetime.now(UTC)))

    async def _say_late(self, task: EvidenceTask, wanted: EvidenceRequest) -> None:
        name = wanted.label or self.service_items.source_name(wanted.source)
        await self.records.waiting_note(
            task.application_id,
            task.source,
            at=datetime.now(UTC),
            event="registry_late",
            key=f"late:{task.source}:{task.round}",
            label=Bilingual(zh=f"{name.zh}暂时没有答复，系统会自动重试", en=f"{name.en} is not answering yet; we keep trying"),
            late=True,
        )

    def _fields(self, query: RegistryQuery) -> list[str]:
        """The fields that the source hands out: all that its record may have when none are named."""
        source = self.sources.get(query.source)
        return list(query.fields) or sorted(source.fields if source else [])

    @activity.defn
    async def look_up(self, task: LookUpTask) -> LookUpAnswer:
        """One question for filling in a form. Not kept as evidence; the person and the registry see its purpose.

        Idempotency key of its record: the workflow that fills in, and the source.
        """
        query = RegistryQuery(
            source=task.source,
            id_number=task.id_number,
            purpose=f"{task.by}: {task.purpose.en if task.purpose else task.service_item}",
            request_id=str(new_id()),
            fields=task.fields,
        )
        await self.reads.record(
            PersonalRead(
                key=f"{task.by}:{activity.info().workflow_id}:{task.source}",
                subject=task.id_number,
                at=datetime.now(UTC),
                by=task.by,
                source=task.source,
                purpose=await self._why_filled_in(task),
                fields=self._fields(query),
                service_item=task.service_item or None,
            )
        )
        answer = await self.registries.look_up(query)
        return LookUpAnswer(source=task.source, found=answer.found, record=answer.record)

    async def _why_filled_in(self, task: LookUpTask) -> Bilingual:
        """The purposes that the item's file gives for this source, each once; or what the question says itself."""
        if task.purpose is not None:
            return task.purpose
        await self.service_items.refresh()
        try:
            item = self.service_items.get(task.service_item)
        except UnknownServiceItem:
            return _TO_FILL_IN
        fills = [fill for fill in item.prefill if fill.source == task.source]
        if not fills:
            return _WHOSE_FORM
        purposes = {p.en: p for p in (fill.purpose or _TO_FILL_IN for fill in fills)}
        return Bilingual(zh="；".join(p.zh for p in purposes.values()), en="; ".join(purposes))


def portrait_query(application_id: UUID, clip_id: UUID, id_number: str) -> RegistryQuery:
    """The question for the portrait that a clip is compared with."""
    return RegistryQuery(
        source="resident_population",
        id_number=id_number,
        purpose="identity verification",
        request_id=str(uuid5(application_id, f"portrait:{clip_id}")),
    )
