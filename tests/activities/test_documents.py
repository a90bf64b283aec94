"""Two attempts at one document, the first of which was thought dead."""

import asyncio
import hashlib
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from activities.documents import DocumentActivities
from domain.changes import DocumentTask
from domain.documents import DocumentContent, SealedDocument
from domain.ids import new_id
from domain.object_keys import document_key
from domain.text import Bilingual
from tests.builders import Shelf, make_application_request, make_service_item


class Papers:
    """One document, which counts as its first attempt to finish says."""

    def __init__(self) -> None:
        self.id = new_id()
        self.sha256: str | None = None

    async def evidence_of(self, application_id: UUID) -> list[dict[str, Any]]:
        return []

    async def begin_document(self, application_id: UUID, template: str, number: str) -> tuple[UUID, str, bool]:
        return self.id, "OT20260101AAAAAAAAAA", self.sha256 is not None

    async def finish_document(self, document_id: UUID, *, sha256: str, **_: Any) -> None:
        self.sha256 = self.sha256 or sha256


class SlowStore:
    """Each object is stored only when it is let go."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.let_go: list[asyncio.Event] = []
        self.both_wait = asyncio.Event()

    async def put(self, key: str, data: bytes, media_type: str) -> str:
        gate = asyncio.Event()
        self.let_go.append(gate)
        if len(self.let_go) == 2:
            self.both_wait.set()
        await gate.wait()
        self.objects[key] = data
        return hashlib.sha256(data).hexdigest()


class Maker:
    """As the real one: no two signatures are the same."""

    def __init__(self) -> None:
        self.made = 0

    async def make(self, content: DocumentContent) -> SealedDocument:
        self.made += 1
        pdf = b"%%PDF %d" % self.made
        return SealedDocument(pdf=pdf, sha256=hashlib.sha256(pdf).hexdigest())


async def test_an_attempt_that_was_thought_dead_does_not_replace_the_file_that_counts() -> None:
    papers, store = Papers(), SlowStore()
    request, item = make_application_request(), make_service_item()

    async def request_of(application_id: UUID) -> Any:
        return request, item

    activities = DocumentActivities(
        service_items=Shelf(),
        records=cast(Any, SimpleNamespace(request_of=request_of)),
        papers=cast(Any, papers),
        objects=cast(Any, store),
        maker=cast(Any, Maker()),
        post=cast(Any, None),
        callbacks_url="",
        office=Bilingual(zh="局", en="Bureau"),
        site_url="http://127.0.0.1",
    )
    task = DocumentTask(application_id=new_id(), at=datetime.now(UTC))
    attempts = [asyncio.create_task(activities.issue_document(task)) for _ in range(2)]
    await store.both_wait.wait()
    for gate, attempt in zip(reversed(store.let_go), reversed(attempts), strict=True):
        gate.set()
        await attempt
    assert papers.sha256 is not None
    kept = store.objects[document_key(papers.id, papers.sha256)]
    assert hashlib.sha256(kept).hexdigest() == papers.sha256
