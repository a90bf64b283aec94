"""Filling in a form: asks the registries from inside the closed network, for a signed-in person."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel

    from activities.registries import RegistryActivities
    from domain.changes import LookUpAnswer, LookUpTask
    from domain.reads import PREFILL as PREFILL_READ
    from domain.text import Bilingual
    from workflows.policies import PREFILL


class PrefillRequest(BaseModel):
    service_item: str
    id_number: str
    sources: list[str]
    fields: dict[str, list[str]] = {}  # by source: what is asked for; all of the record when left out
    by: str = PREFILL_READ  # who the person reads did it
    purpose: Bilingual | None = None  # where it is no item's


class PrefillResult(BaseModel):
    """`failed` sources did not answer within three seconds; the form is then filled in by hand."""

    answers: list[LookUpAnswer]
    failed: list[str]


@workflow.defn(name="prefill")
class Prefill:
    @workflow.run
    async def run(self, request: PrefillRequest) -> PrefillResult:
        found = await asyncio.gather(*(self._ask(source, request) for source in request.sources))
        return PrefillResult(
            answers=[answer for answer in found if answer],
            failed=[source for source, answer in zip(request.sources, found, strict=True) if answer is None],
        )

    async def _ask(self, source: str, request: PrefillRequest) -> LookUpAnswer | None:
        task = LookUpTask(
            source=source,
            id_number=request.id_number,
            service_item=request.service_item,
            fields=request.fields.get(source, []),
            by=request.by,
            purpose=request.purpose,
        )
        try:
            return await workflow.execute_activity_method(RegistryActivities.look_up, task, **PREFILL)
        except ActivityError:
            return None
