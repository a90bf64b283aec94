"""The repositories on the real database."""

from collections.abc import AsyncIterator

import pytest_asyncio

from settings import Settings
from tests.builders import MemoryObjects, PlainDocuments, Shelf, make_service_item
from tests.driving import TestWiring
from tests.filing import Cabinet


@pytest_asyncio.fixture
async def cabinet(migrated: Settings) -> AsyncIterator[Cabinet]:
    item = make_service_item()
    wiring = TestWiring(migrated, catalogue=Shelf(item), objects=MemoryObjects(), documents=PlainDocuments())
    yield Cabinet(wiring, await wiring.office(), item)
    await wiring.close()
