"""A bare Temporal workflow of the shape of a case: as many activities, local activities, updates and timers, and no work in them.

`python -m bench.bare ADDRESS NAMESPACE` serves it in a process of its own. It prints `ready`, then the id of every workflow that
has come as far as the case it is compared with.
"""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow

BARE_QUEUE = "bench-bare"
READY = "ready"


@dataclass
class Shape:
    """`sources` registries are asked; `visit`: it then waits at the counter, otherwise it makes a document and ends."""

    sources: int
    visit: bool


@activity.defn
async def nothing() -> None:
    """Stands for every piece of work."""


@activity.defn
async def arrived(workflow_id: str) -> None:
    # One write of less than a pipe's buffer: lines never mix.
    os.write(sys.stdout.fileno(), f"{workflow_id}\n".encode())


@workflow.defn(name="bench-bare")
class Bare:
    @workflow.init
    def __init__(self, shape: Shape) -> None:
        self._open = False
        self._clip = False

    @workflow.run
    async def run(self, shape: Shape) -> None:
        await self._local()
        self._open = True
        await workflow.wait_condition(lambda: self._clip, timeout=timedelta(hours=24))
        await self._elsewhere()
        await self._local()
        await asyncio.gather(*(self._elsewhere() for _ in range(shape.sources)))
        await self._local()
        if not shape.visit:
            await self._elsewhere()
        await workflow.execute_local_activity(arrived, workflow.info().workflow_id, start_to_close_timeout=timedelta(seconds=10))
        if shape.visit:
            await workflow.sleep(timedelta(days=30))

    async def _local(self) -> None:
        await workflow.execute_local_activity(nothing, start_to_close_timeout=timedelta(seconds=10))

    async def _elsewhere(self) -> None:
        await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(seconds=15))

    @workflow.update
    async def opened(self) -> bool:
        await workflow.wait_condition(lambda: self._open)
        return True

    @workflow.update
    async def submit_clip(self) -> bool:
        self._clip = True
        return True

    @submit_clip.validator
    def _may_submit(self) -> None:
        if not self._open:
            raise ValueError("not open yet")


async def serve(address: str, namespace: str) -> None:
    """Until SIGTERM."""
    from temporalio.client import Client
    from temporalio.worker import Worker

    leave = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, leave.set)
    client = await Client.connect(address, namespace=namespace)
    worker = Worker(
        client,
        task_queue=BARE_QUEUE,
        workflows=[Bare],
        activities=[nothing, arrived],
        max_cached_workflows=2000,
        max_concurrent_workflow_tasks=50,
    )
    async with worker:
        print(READY, flush=True)
        await leave.wait()
    # Python 3.11.7 may crash when the loop ends right after the worker.
    await asyncio.sleep(0.3)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2]))
