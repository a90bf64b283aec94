"""How many events and workflow tasks a case takes: the figures that the design is held to, on the real servers."""

from collections import Counter
from collections.abc import Callable
from uuid import UUID

import pytest
from temporalio.api.enums.v1 import EventType

from domain.application import Status
from settings import Settings
from tests.driving import RealTown, real_town

pytestmark = pytest.mark.stack

EVENTS_OF_A_ZERO_TRIP_CASE = 45
WORKFLOW_TASKS_OF_A_ZERO_TRIP_CASE = 12
# Two more registries than a zero-trip case, and no document yet.
EVENTS_UNTIL_THE_COUNTER = 48
WORKFLOW_TASKS_UNTIL_THE_COUNTER = 12


async def counted(town: RealTown, case: UUID) -> tuple[int, int]:
    """Events, and workflow tasks among them."""
    kinds = Counter(event.event_type for event in (await town.history(case)).events)
    assert kinds[EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED] == 0
    return sum(kinds.values()), kinds[EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED]


async def test_a_zero_trip_case_takes_at_most_45_events_and_12_workflow_tasks(
    migrated: Settings, record_property: Callable[[str, object], None]
) -> None:
    async with real_town(migrated) as town:
        for run in range(3):
            case = await town.begin(await town.request("no-record", "no-criminal-record"))
            view = await town.until_status(case, Status.COMPLETED)
            events, tasks = await counted(town, case)
            record_property(f"zero-trip run {run + 1}", f"{events} events, {tasks} workflow tasks")
            print(f"zero-trip run {run + 1}: {events} events, {tasks} workflow tasks")
            assert len(view.documents) == 1
            assert events <= EVENTS_OF_A_ZERO_TRIP_CASE
            assert tasks <= WORKFLOW_TASKS_OF_A_ZERO_TRIP_CASE


async def test_a_migration_reaches_the_counter_within_its_own_ceiling(
    migrated: Settings, record_property: Callable[[str, object], None]
) -> None:
    async with real_town(migrated) as town:
        case = await town.begin(await town.request("mover", "purchase-migration"))
        await town.until_status(case, Status.AWAITING_COUNTER)
        events, tasks = await counted(town, case)
        record_property("purchase-migration until the counter", f"{events} events, {tasks} workflow tasks")
        print(f"purchase-migration until the counter: {events} events, {tasks} workflow tasks")
        assert events <= EVENTS_UNTIL_THE_COUNTER
        assert tasks <= WORKFLOW_TASKS_UNTIL_THE_COUNTER
