"""An office on the real database, with cases put there without a workflow: what claims and access stand on."""

from collections.abc import AsyncIterator

import pytest_asyncio

from settings import Settings
from tests.builders import FakePost, MemoryObjects, PlainDocuments, Shelf, make_service_item
from tests.driving import TestWiring
from tests.filing import Cabinet


@pytest_asyncio.fixture
async def cabinet(migrated: Settings) -> AsyncIterator[Cabinet]:
    item = make_service_item()
    wiring = TestWiring(migrated, catalogue=Shelf(item), objects=MemoryObjects(), documents=PlainDocuments(), post=FakePost())
    yield Cabinet(wiring, await wiring.office(), item)
    await wiring.close()
