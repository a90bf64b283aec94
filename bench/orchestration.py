"""Applications per second with everything real but the clip, beside a bare Temporal workflow of the same shape on the same server."""

import asyncio
import os
import platform
import statistics
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from rich.console import Console
from rich.table import Table
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from bench.bare import BARE_QUEUE, READY, Bare, Shape
from bench.consumption import BARE_WORKER, Consumption
from bench.documents import measure_documents
from bench.requests import CLIP_BYTES, Body, People, clip_bytes
from bench.session import IDENTITY_NOTE, bearer, integrator_token, office_of, stack_for_bench
from settings import Settings
from stack.apart import StackProcess

LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 300.0
HISTORIES = 5  # looked at after each round


@dataclass
class Row:
    """One service item, run until `status`, and the bare workflow of its shape."""

    item: str
    status: str
    shape: Shape
    target: float | None
    real: list[float] = field(default_factory=list)  # applications per second, one a round
    bare: list[float] = field(default_factory=list)
    real_histories: list[tuple[int, int]] = field(default_factory=list)  # events and workflow tasks, of a few cases
    bare_histories: list[tuple[int, int]] = field(default_factory=list)
    real_cpu: Consumption = field(init=False)
    bare_cpu: Consumption = field(init=False)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: each compares two neighbouring stretches of time."""
        return statistics.median(real / bare for real, bare in zip(self.real, self.bare, strict=True))


def rows() -> list[Row]:
    return [
        Row("purchase-migration", "awaiting_counter", Shape(sources=4, visit=True), 0.4),
        Row("no-criminal-record", "completed", Shape(sources=2, visit=False), None),
    ]


Run = Callable[[], Awaitable[None]]


async def _in_flight(tasks: Sequence[Run], concurrency: int) -> float:
    """Run all, `concurrency` at a time; the seconds it took."""
    waiting = iter(tasks)

    async def lane() -> None:
        for task in waiting:
            await task()

    began = time.perf_counter()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*(lane() for _ in range(concurrency)))
    return time.perf_counter() - began


class RealCases:
    """Applies through the API and looks into the database, once for all, for those that have arrived."""

    def __init__(self, session: aiohttp.ClientSession, database: asyncpg.Connection, token: str) -> None:
        self._session = session
        self._database = database
        self._headers = bearer(token)
        self._clip = clip_bytes()
        self._waiting: dict[uuid.UUID, asyncio.Event] = {}
        self.arrived: list[str] = []

    async def run(self, body: Body) -> None:
        async with self._session.post(
            "/v1/applications", json=body, headers={**self._headers, "Idempotency-Key": str(uuid.uuid4())}
        ) as reply:
            case = await _json(reply)
        application_id = uuid.UUID(case["id"])
        arrival = self._waiting[application_id] = asyncio.Event()
        async with self._session.post(
            f"/v1/applications/{application_id}/face-consent", json={"given": True}, headers=self._headers
        ) as reply:
            reply.raise_for_status()
        async with self._session.put(
            f"/v1/applications/{application_id}/identity-clip", data=self._clip, headers={**self._headers, "Content-Type": "video/webm"}
        ) as reply:
            await _json(reply)
        await arrival.wait()
        self.arrived.append(f"application-{application_id}")

    async def look(self, status: str) -> None:
        """Until cancelled: wake those that have come to `status`."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            found = await self._database.fetch("select id from applications where id = any($1) and status = $2", [*self._waiting], status)
            for record in found:
                self._waiting.pop(record["id"]).set()


async def _json(reply: aiohttp.ClientResponse) -> dict[str, Any]:
    if reply.status >= 300:
        raise RuntimeError(f"{reply.method} {reply.url.path} answered {reply.status}: {(await reply.text())[:300]}")
    body: dict[str, Any] = await reply.json()
    return body


class BareCases:
    """The bare workflow in a worker process of its own; its arrivals come through a pipe."""

    def __init__(self, client: Client, process: asyncio.subprocess.Process) -> None:
        self._client = client
        self._process = process
        self._waiting: dict[str, asyncio.Event] = {}
        self.arrived: list[str] = []

    @classmethod
    @asynccontextmanager
    async def served(cls, client: Client, settings: Settings) -> AsyncIterator["BareCases"]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.bare", settings.temporal, settings.temporal_namespace,
            cwd=Path(__file__).parent.parent, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        cases = cls(client, process)
        if (await process.stdout.readline()).decode().strip() != READY:
            raise RuntimeError("the bare worker did not start")
        listening = asyncio.create_task(cases._listen(process.stdout))
        try:
            yield cases
        finally:
            listening.cancel()
            process.terminate()
            await process.wait()

    @property
    def worker_pid(self) -> int:
        return self._process.pid

    async def _listen(self, lines: asyncio.StreamReader) -> None:
        while line := await lines.readline():
            if (arrival := self._waiting.pop(line.decode().strip(), None)) is not None:
                arrival.set()

    async def run(self, shape: Shape) -> None:
        workflow_id = f"bare-{uuid.uuid4()}"
        arrival = self._waiting[workflow_id] = asyncio.Event()
        operation: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            Bare.run, shape, id=workflow_id, task_queue=BARE_QUEUE, id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING
        )
        await self._client.execute_update_with_start_workflow(Bare.opened, start_workflow_operation=operation)
        await self._client.get_workflow_handle(workflow_id).execute_update(Bare.submit_clip)
        await arrival.wait()
        self.arrived.append(workflow_id)


async def _lengths(client: Client, workflow_id: str) -> tuple[int, int]:
    """How many events and completed workflow tasks a history holds. Fewer tasks: more answers came in while one ran."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    return len(history.events), sum(e.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED for e in history.events)


async def _measure(
    stack: StackProcess, settings: Settings, applications: int, rounds: int, concurrency: int, only: str | None, console: Console
) -> bool:
    """Whether every target was reached."""
    load_before = os.getloadavg()[0]
    table_rows = [row for row in rows() if only in (None, row.item)]
    people = People(settings.registries_seed, settings.registries_population)
    bodies: dict[str, Callable[[], Body]] = {
        "purchase-migration": people.purchase_migration,
        "no-criminal-record": people.no_criminal_record,
    }
    client = await Client.connect(settings.temporal, namespace=settings.temporal_namespace)
    database = await asyncpg.connect(settings.database)
    # Let go of a connection before the server does (after 5 s).
    connector = aiohttp.TCPConnector(limit=concurrency, keepalive_timeout=3)
    async with (
        office_of(settings) as office,
        aiohttp.ClientSession(settings.site_url, connector=connector) as session,
        BareCases.served(client, settings) as bare,
    ):
        real = RealCases(session, database, await integrator_token(office, session))

        async def real_round(row: Row, number: int) -> float:
            looking = asyncio.create_task(real.look(row.status))
            try:
                tasks = [partial(real.run, bodies[row.item]()) for _ in range(number)]
                return number / await _in_flight(tasks, concurrency)
            finally:
                looking.cancel()

        async def bare_round(row: Row, number: int) -> float:
            return number / await _in_flight([partial(bare.run, row.shape)] * number, concurrency)

        for row in table_rows:
            row.real_cpu, row.bare_cpu = (Consumption(stack, {BARE_WORKER: bare.worker_pid}) for _ in range(2))
        for row in table_rows:  # warm up: caches, prepared statements, connections
            await bare_round(row, concurrency)
            await real_round(row, concurrency)
        for number in range(1, rounds + 1):
            for row in table_rows:
                with row.real_cpu.measured():
                    row.real.append(await real_round(row, applications))
                with row.bare_cpu.measured():
                    row.bare.append(await bare_round(row, applications))
                console.print(f"round {number} {row.item}: {row.real[-1]:.1f}/s, bare {row.bare[-1]:.1f}/s", highlight=False)
                row.real_histories += [await _lengths(client, workflow_id) for workflow_id in real.arrived[-HISTORIES:]]
                row.bare_histories += [await _lengths(client, workflow_id) for workflow_id in bare.arrived[-HISTORIES:]]
        documents = await measure_documents(settings, client, database) if any(row.status == "completed" for row in table_rows) else None
        server = await _versions(client, database)
    await database.close()
    _print(console, table_rows, applications * rounds)
    if documents is not None:
        console.print(documents, highlight=False)
    console.print(
        f"{concurrency} in flight, {rounds} rounds of {applications}, clips of {CLIP_BYTES // 1000} kB; {IDENTITY_NOTE}\n"
        f"{os.cpu_count()} cores, load before {load_before:.1f}; {server}",
        highlight=False,
    )
    return all(row.target is None or row.ratio >= row.target for row in table_rows)


async def _versions(client: Client, database: asyncpg.Connection) -> str:
    from temporalio.api.workflowservice.v1 import GetSystemInfoRequest

    engine = await client.workflow_service.get_system_info(GetSystemInfoRequest())
    postgres = await database.fetchval("show server_version")
    ours = f"Python {platform.python_version()}, temporalio {version('temporalio')}"
    return f"{ours}, Temporal {engine.server_version}, PostgreSQL {postgres}"


def _print(console: Console, table_rows: Sequence[Row], total: int) -> None:
    speed = Table(title="Applications per second (median of the rounds)", title_justify="left")
    for heading in ("service item", "until", "real/s", "bare/s", "ratio", "target", "events real/bare", "workflow tasks real/bare"):
        speed.add_column(heading)
    for row in table_rows:
        real_events, real_tasks = (statistics.median(lengths) for lengths in zip(*row.real_histories, strict=True))
        bare_events, bare_tasks = (statistics.median(lengths) for lengths in zip(*row.bare_histories, strict=True))
        speed.add_row(
            row.item,
            row.status,
            f"{statistics.median(row.real):.1f} ({min(row.real):.1f}-{max(row.real):.1f})",
            f"{statistics.median(row.bare):.1f} ({min(row.bare):.1f}-{max(row.bare):.1f})",
            f"{row.ratio:.2f}",
            f"{row.target}" if row.target else "-",
            f"{real_events:g}/{bare_events:g}",
            f"{real_tasks:g}/{bare_tasks:g}",
        )
    console.print(speed)
    cpu = Table(title="CPU milliseconds per application, by part", title_justify="left")
    cpu.add_column("part")
    columns = []
    for row in table_rows:
        columns += [row.real_cpu.seconds, row.bare_cpu.seconds]
        cpu.add_column(row.item, justify="right")
        cpu.add_column("its bare one", justify="right")
    parts = sorted({part for column in columns for part in column}, key=lambda part: -max(column[part] for column in columns))
    for part in parts:
        cpu.add_row(part, *(f"{column[part] / total * 1000:.1f}" for column in columns))
    cpu.add_section()
    cpu.add_row("together", *(f"{sum(column.values()) / total * 1000:.1f}" for column in columns))
    console.print(cpu)


def run(applications: int = 100, rounds: int = 5, concurrency: int = 24, only: str | None = None) -> int:
    """Start a stack, measure, print. 1 where a target is missed."""
    console = Console(width=140)
    with stack_for_bench() as (stack, settings):
        console.print(IDENTITY_NOTE, highlight=False)
        reached = asyncio.run(_measure(stack, settings, applications, rounds, concurrency, only, console))
    return 0 if reached else 1
