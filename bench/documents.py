"""What making documents costs: the activity as the engine saw it, and typesetting and sealing alone."""

import asyncio
import statistics
import time
from datetime import UTC, datetime

import asyncpg
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from adapters.documents.office import OfficeDocuments
from domain.documents import DocumentContent, DocumentField
from domain.text import Bilingual
from settings import Settings
from wiring import FONTS

HISTORIES = 30
ALONE = 30


async def measure_documents(settings: Settings, client: Client, database: asyncpg.Connection) -> str:
    """One line for the report."""
    query = "select application_id from documents where issued_at is not null order by issued_at desc limit $1"
    rows = await database.fetch(query, HISTORIES)
    waits = [seconds for row in rows if (seconds := await _activity_seconds(client, f"application-{row['application_id']}")) is not None]
    inside = f"{statistics.median(waits) * 1000:.0f} ms (median of {len(waits)})" if waits else "-"
    alone = await asyncio.to_thread(_alone_ms, settings)  # sealing wants a thread without a loop
    return f"documents: inside issue_document {inside} by the clock; typesetting and sealing alone {alone:.1f} ms of CPU"


async def _activity_seconds(client: Client, workflow_id: str) -> float | None:
    """Seconds from start to completion of `issue_document`."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    scheduled = {e.event_id for e in history.events if e.activity_task_scheduled_event_attributes.activity_type.name == "issue_document"}
    started = {
        e.event_id: e.event_time.ToDatetime(UTC)
        for e in history.events
        if e.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
        and e.activity_task_started_event_attributes.scheduled_event_id in scheduled
    }
    for event in history.events:
        begun = started.get(event.activity_task_completed_event_attributes.started_event_id)
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED and begun is not None:
            return (event.event_time.ToDatetime(UTC) - begun).total_seconds()
    return None


def _alone_ms(settings: Settings) -> float:
    """CPU milliseconds of this thread a document, after one to warm up."""
    office = Bilingual(zh=settings.office_name_zh, en=settings.office_name_en)
    maker = OfficeDocuments(settings.home, office, FONTS, settings.site_url)
    content = DocumentContent(
        number="OT20260101AAAAAAAAAA",
        template="certificate",
        title=Bilingual(zh="无违法犯罪记录证明", en="Certificate of No Criminal Record"),
        office=office,
        issued_at=datetime.now(UTC),
        fields=[DocumentField(label=Bilingual(zh="姓名", en="Name"), value="张安然")],
        statement=[Bilingual(zh="特此证明。", en="This is hereby certified.")],
        table=None,
        verify_url=f"{settings.site_url}/verify?n=OT20260101AAAAAAAAAA",
    )
    maker.make_now(content)
    began = time.thread_time()
    for _ in range(ALONE):
        maker.make_now(content)
    return (time.thread_time() - began) / ALONE * 1000
