"""Cases, work items and papers written straight into the read model, as the activities of a procedure write them."""

import hashlib
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from adapters.database import tables
from casework.office import Office
from domain.application import ApplicationRequest, Status
from domain.changes import CaseChange, ChangeResult, NoticeText, OpenCase, WorkItemOpening
from domain.decision import Outcome
from domain.ids import new_id
from domain.jurisdiction import Role
from domain.limits import Timing
from domain.object_keys import document_key, material_key
from domain.service_item import ServiceItem, StepKind
from domain.text import Bilingual
from tests.builders import make_application_request
from wiring import Wiring

TEXT = Bilingual(zh="测试", en="Test")
DIVISION = "330300"


def some_station() -> str:
    """A station that no other test uses."""
    return f"9{random.randrange(10**11):011d}"


def make_change(case: UUID, event: str = "noted", **changes: Any) -> CaseChange:
    fields: dict[str, Any] = {
        "application_id": case,
        "key": f"{event}:{uuid4()}",
        "at": datetime.now(UTC),
        "event": event,
        "by": "machine",
        "text": TEXT,
    }
    return CaseChange(**fields | changes)


class Cabinet:
    """Files cases without a workflow."""

    def __init__(self, wiring: Wiring, office: Office, item: ServiceItem) -> None:
        self.wiring = wiring
        self.office = office
        self.item = item

    async def case(self, station: str, request: ApplicationRequest | None = None, *, people: Sequence[str] = ()) -> UUID:
        """Open and referred, in this station's territory; it concerns `people` too, by ID number."""
        case = new_id()
        opening = OpenCase(application_id=case, request=request or make_application_request(), at=datetime.now(UTC))
        await self.wiring.cases.open_case(opening, self.item, division=DIVISION)
        await self.refer(case, station, people=people)
        return case

    async def refer(self, case: UUID, station: str, *, people: Sequence[str] = ()) -> None:
        await self.wiring.cases.save_machine_decision(
            case,
            datetime.now(UTC),
            {},
            key="decided:0",
            outcome=Outcome.REFERRED,
            station=station,
            waiting_for=None,
            event_text=TEXT,
            people=people,
        )

    async def apply(self, case: UUID, event: str = "noted", **changes: Any) -> ChangeResult:
        timing = Timing(work_item_due_at=datetime.now(UTC) + timedelta(days=3))
        return await self.wiring.cases.apply(make_change(case, event, **changes), timing=timing)

    async def work_item(self, case: UUID, kind: StepKind, role: Role, level: str = "station") -> UUID:
        opening = WorkItemOpening(kind=kind, role=role, level=level, name=TEXT)
        result = await self.apply(case, f"{kind}_opened", open_work_item=opening, status=Status.REVIEWING)
        assert result.work_item_id is not None
        return result.work_item_id

    async def clip(self, case: UUID, *, challenge_id: UUID | None = None, at: datetime | None = None, seconds: float | None = None) -> UUID:
        """A clip that was handed in for a challenge; nothing of it lies in the store."""
        clip_id = new_id()
        row: dict[str, Any] = {"id": clip_id, "application_id": case, "challenge_id": challenge_id or new_id(), "stated_seconds": seconds}
        row |= {"sha256": "0" * 64, "media_type": "video/webm", "size": 4, "received_at": at or datetime.now(UTC)}
        async with self.wiring.database.transaction() as connection:
            await connection.execute(tables.identity_clips.insert().values(**row))
        return clip_id

    async def notice(self, case: UUID, key: str = "note") -> None:
        await self.apply(case, notices=[NoticeText(key=key, text=TEXT)])

    async def document(self, case: UUID) -> str:
        """An issued document's number."""
        number = f"OT{uuid4().hex[:16].upper()}"
        document_id, number, _ = await self.wiring.papers.begin_document(case, "certificate", number)
        sha256 = hashlib.sha256(b"%PDF test").hexdigest()
        await self.wiring.objects.put(document_key(document_id, sha256), b"%PDF test", "application/pdf")
        await self.wiring.papers.finish_document(document_id, sha256=sha256, size=9, at=datetime.now(UTC), text=TEXT)
        return number

    async def material(self, case: UUID) -> UUID:
        material_id = new_id()
        sha256 = await self.wiring.objects.put(material_key(material_id), b"a photo", "image/png")
        row = {"code": "photo", "media_type": "image/png", "size": 7, "pages": 1, "round": 0, "uploaded_at": datetime.now(UTC)}
        await self.office.desk.add_material(row | {"id": material_id, "application_id": case, "sha256": sha256})
        return material_id
