"""A portrait for the clerk who takes an identity check over; runs where the closed network is reached."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid5

from temporalio import activity

from domain.evidence import RegistryQuery
from domain.portraits import PortraitAsk, PortraitShown, seal_for
from domain.ports import RegistryConnector
from domain.reads import PersonalRead, ReadRecords
from domain.text import Bilingual

_SOURCE = "resident_population"
_PURPOSE = Bilingual(zh="窗口核验是否本人：由工作人员对照", en="Identity check at the counter: an officer compares")


@dataclass
class PortraitActivities:
    registries: RegistryConnector
    reads: ReadRecords

    @activity.defn
    async def show_portrait(self, ask: PortraitAsk) -> PortraitShown:
        """Ask the population registry and seal the answer for one look; nothing is kept. Its record's key: work item, clerk and day."""
        by = f"clerk:{ask.clerk_id}"
        # Before it happens: what cannot be recorded is not asked.
        await self.reads.record(
            PersonalRead(
                key=f"portrait:{ask.work_item_id}:{by}:{ask.day}",
                subject=ask.id_number,
                at=datetime.now(UTC),
                by=by,
                source=_SOURCE,
                purpose=_PURPOSE,
                fields=["portrait"],
                application_id=ask.application_id,
            )
        )
        picture = await self.registries.portrait(
            RegistryQuery(
                source=_SOURCE,
                id_number=ask.id_number,
                purpose="identity check by an officer",
                request_id=str(uuid5(ask.work_item_id, ask.reader)),
            )
        )
        return PortraitShown(sealed=seal_for(ask.reader, picture) if picture else None)
