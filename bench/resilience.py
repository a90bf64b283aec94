"""Kills every part of a stack in turn, with -9, while applications are in flight; then looks whether anything was lost or doubled."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from bench.audit import Check, audit
from bench.integrator import Integrator, Refused, Tries
from bench.requests import Body, People, clip_bytes, mixed, paper_bytes
from bench.session import IDENTITY_NOTE, clerk_token, integrator_token, office_of, processes_of, stack_for_bench
from bench.staff import Clerk
from bench.watch import Watch
from domain.jurisdiction import Role
from settings import Settings
from stack.apart import StackProcess

VICTIMS = ("worker-cases", "worker-registries", "worker-identity", "api", "temporal", "postgres", "seaweedfs", "simulators")
SECONDS_BETWEEN = 5.0
# People record their clips at their own pace: some before the first kill, some after the last.
SPREAD_SECONDS = len(VICTIMS) * (SECONDS_BETWEEN + 1)
FIRST_KILL_AT = 0.9  # of the applications registered, so that submitting is hit too
RETURN_SECONDS = 60.0
PATIENCE_SECONDS = 900.0
COUNTIES = frozenset({"330302", "330303"})
WORKING_ROLES = (Role.PRE_REVIEWER, Role.APPROVER, Role.COUNTER)
SEED = 2026


@dataclass
class Kill:
    part: str
    at: float  # seconds after the first application
    in_flight: int
    back_after: float | None = None  # seconds until the supervisor had a new process


@dataclass
class Storm:
    """All that happened to one run's applications."""

    wanted: int
    began: float = field(default_factory=time.monotonic)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    registered: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    kills: list[Kill] = field(default_factory=list)
    tries: Tries = field(default_factory=Tries)

    def register(self) -> None:
        self.registered += 1
        if self.registered >= self.wanted * FIRST_KILL_AT:
            self.begun.set()

    @property
    def in_flight(self) -> int:
        return self.registered - self.ended.total()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


async def _one_application(storm: Storm, integrator: Integrator, watch: Watch, body: Body, clip: bytes, paper: bytes) -> None:
    """From submission to its end. The clip comes at a random moment of the storm, as people's do."""
    case = await integrator.apply(body)
    storm.register()
    if body["service_item"] == "name-change":
        await integrator.upload(case["id"], "proof", paper)
    await asyncio.sleep(random.uniform(0, SPREAD_SECONDS))  # noqa: S311
    await integrator.prove_identity(case["id"], clip, watch)
    storm.ended[await watch.until_final(case["id"])] += 1


async def _kill_in_turn(storm: Storm, stack: StackProcess) -> None:
    await storm.begun.wait()
    for part in VICTIMS:
        process = processes_of(stack).get(part)
        if process is None:
            raise RuntimeError(f"{part} is not running: the supervisor has lost it")
        kill = Kill(part, storm.seconds, storm.in_flight)
        storm.kills.append(kill)
        process.kill()
        await _await_return(stack, process, kill)
        await asyncio.sleep(SECONDS_BETWEEN)


async def _await_return(stack: StackProcess, dead: psutil.Process, kill: Kill) -> None:
    began = time.monotonic()
    while time.monotonic() - began < RETURN_SECONDS:
        alive = processes_of(stack).get(kill.part)
        if alive is not None and alive.pid != dead.pid:
            kill.back_after = time.monotonic() - began
            return
        await asyncio.sleep(0.1)


async def _storm(stack: StackProcess, settings: Settings, applications: int, console: Console) -> tuple[Storm, list[Check]]:
    people = People(SEED, settings.registries_population, COUNTIES)
    bodies = list(mixed(people, applications))
    clip, paper = clip_bytes(), paper_bytes()
    async with office_of(settings) as office, aiohttp.ClientSession(settings.site_url, connector=aiohttp.TCPConnector(limit=64)) as session:
        storm = Storm(applications)
        integrator = Integrator(session, await integrator_token(office, session), storm.tries)
        posts = [(role, county) for county in sorted(COUNTIES) for role in WORKING_ROLES]
        clerks = [Clerk(session, await clerk_token(office, session, role, county), storm.tries) for role, county in posts]
        working = [asyncio.create_task(clerk.work()) for clerk in clerks]
        watch = Watch(settings)
        beside = [asyncio.create_task(watch.look()), asyncio.create_task(_tell(storm, console))]
        storm.began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await _all_or_first_error(
                    [_kill_in_turn(storm, stack)] + [_one_application(storm, integrator, watch, body, clip, paper) for body in bodies],
                    [*working, *beside],
                )
        except (TimeoutError, Refused) as error:
            console.print(f"stopped waiting with {storm.in_flight} in flight: {type(error).__name__} {error}", highlight=False)
        finally:
            for task in (*working, *beside):
                task.cancel()
        await _quiet(settings, session)
        client = await Client.connect(settings.temporal, namespace=settings.temporal_namespace)
        checks = await audit(settings, client, session, integrator, office.seals, applications)
        return storm, [*checks, _honest_answers(storm)]


def _honest_answers(storm: Storm) -> Check:
    """A part that is away is a 503, which says that nothing was lost; a 500 says that we did not think of it."""
    unthought = storm.tries.again["500"]
    return Check("no request was answered with a 500", f"{storm.tries.again['503']} with a 503", unthought)


async def _all_or_first_error(work: Sequence[Coroutine[Any, Any, None]], companions: Sequence["asyncio.Task[None]"]) -> None:
    """Wait for all of `work`; a companion that fails is an error too.

    Raises: the first error.
    """
    everything: asyncio.Future[Any] = asyncio.gather(*work)
    await asyncio.wait([everything, *companions], return_when=asyncio.FIRST_COMPLETED)
    for companion in companions:
        if companion.done():
            everything.cancel()
            companion.result()
    await everything


async def _quiet(settings: Settings, session: aiohttp.ClientSession) -> None:
    """Give the last notices the seconds that their sender needs."""
    before = -1
    for _ in range(10):
        await asyncio.sleep(3)
        async with session.get(f"{settings.sms}/messages", params={"phone": "none"}) as reply:
            now = (await reply.json())["delivered"]
        if now == before:
            return
        before = now


async def _tell(storm: Storm, console: Console) -> None:
    while True:
        await asyncio.sleep(10)
        killed = ", ".join(kill.part for kill in storm.kills) or "nothing yet"
        console.print(
            f"{storm.seconds:4.0f} s  registered {storm.registered}, ended {storm.ended.total()}, killed {killed}", highlight=False
        )


def _print(console: Console, storm: Storm, checks: list[Check]) -> None:
    kills = Table(title="Killed with -9, one after another", title_justify="left")
    for heading in ("part", "at second", "in flight", "new process after"):
        kills.add_column(heading, justify="left" if heading == "part" else "right")
    for kill in storm.kills:
        back = f"{kill.back_after:.1f} s" if kill.back_after is not None else "never"
        kills.add_row(kill.part, f"{kill.at:.0f}", str(kill.in_flight), back)
    console.print(kills)
    table = Table(title="Afterwards", title_justify="left")
    for heading in ("", "what must hold", "found", "violations"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        table.add_row("[red]✗[/]" if check.violations else "[green]✓[/]", check.what, check.found, str(check.violations))
    console.print(table)
    again = ", ".join(f"{n} × {why}" for why, n in storm.tries.again.most_common()) or "none"
    console.print(f"requests sent again: {again}; {storm.seconds:.0f} s", highlight=False)
    console.print(IDENTITY_NOTE, highlight=False)


def run(applications: int = 200, home: Path | None = None) -> int:
    """0 when nothing was lost, doubled or out of order; 1 otherwise."""
    console = Console(width=140)
    with stack_for_bench(home) as (stack, settings):
        console.print(IDENTITY_NOTE, highlight=False)
        storm, checks = asyncio.run(_storm(stack, settings, applications, console))
    _print(console, storm, checks)
    all_killed = len(storm.kills) == len(VICTIMS) and all(kill.back_after is not None and kill.in_flight for kill in storm.kills)
    return 0 if all_killed and not any(check.violations for check in checks) else 1
