"""A town whose clock can be moved: the real procedure, engine and database; authorities in memory."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from adapters.payloads import encrypted_converter
from settings import Settings
from tests.builders import make_service_item
from tests.driving import FictionTown, fiction_wiring, workers


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clock(migrated: Settings) -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        dev_server_existing_path=str(Path(sys.executable).parent / "temporal"),
        dev_server_extra_args=["--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"],
        data_converter=encrypted_converter(migrated.payload_keys),
    ) as environment:
        yield environment


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fiction(migrated: Settings, clock: WorkflowEnvironment) -> AsyncIterator[FictionTown]:
    wiring = fiction_wiring(migrated, clock.client, make_service_item())
    async with workers(wiring):
        yield FictionTown(wiring, await wiring.office())
    await wiring.close()


@pytest.fixture
def town(fiction: FictionTown) -> FictionTown:
    fiction.reset()
    return fiction
