"""Sources that fail in three ways while people apply; then looks whether every case ended as it does when all is well."""

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID, uuid5

import aiohttp
import asyncpg
from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from bench.audit import Check
from bench.figures import load_now
from bench.integrator import Integrator, Tries
from bench.lookups import set_faults
from bench.requests import Body, People, clip_bytes, paper_bytes
from bench.session import IDENTITY_NOTE, bearer, clerk_token, integrator_token, office_of, stack_for_bench
from bench.staff import Clerk
from bench.watch import Watch
from casework.office import Office
from domain.ids import workflow_id
from domain.jurisdiction import Role
from settings import Settings
from simulators.territory import STATIONS

ERRING, SLOW, DOWN = "resident_population", "marriage", "property"
FAULTS: dict[str, dict[str, Any]] = {ERRING: {"error_rate": 0.3}, SLOW: {"latency_ms": 5000}, DOWN: {"outage": True}}
NO_FAULTS = {"*": {"latency_ms": 0, "error_rate": 0, "outage": False, "bad_signature_rate": 0}}
TRIES_WHILE_DOWN = 4  # of every case that asks the source that is down, before it comes back: pauses of 1, 2 and 4 s lie between
COUNTIES = frozenset(station.division for station in STATIONS)
WORKING_ROLES = (Role.PRE_REVIEWER, Role.APPROVER, Role.COUNTER)
PATIENCE_SECONDS = 600.0
LOOK_SECONDS = 0.5
Result = TypeVar("Result")


@dataclass
class Fared:
    """How one application ended: its last status, what the machine found, and which rules held."""

    application_id: UUID
    item: str
    status: str
    outcome: str
    rules: Mapping[str, bool | None]

    @property
    def told(self) -> tuple[Any, ...]:
        return (self.item, self.status, self.outcome, tuple(sorted(self.rules.items())))


@dataclass
class Outage:
    """What was seen of the cases that ask the source that is down, before it came back."""

    waited: set[UUID] = field(default_factory=set)
    mistold: Counter[str] = field(default_factory=Counter)
    least_tries: int = 0
    seconds: float = 0.0


class Town:
    """The people, programs and clerks of one run."""

    def __init__(self, settings: Settings, office: Office, integrator: Integrator, watch: Watch) -> None:
        self.settings = settings
        self._office = office
        self._integrator = integrator
        self._watch = watch
        self._clip, self._paper = clip_bytes(), paper_bytes()

    async def submit(self, body: Body) -> UUID:
        case = await self._integrator.apply(body)
        if body["service_item"] == "name-change":
            await self._integrator.upload(case["id"], "proof", self._paper)
        await self._integrator.prove_identity(case["id"], self._clip, self._watch)
        return UUID(case["id"])

    async def ended(self, case: UUID) -> Fared:
        status = await self._watch.until_final(str(case))
        view = await self.view(case)
        decided, _ = await self._office.past.decided_case(view["acceptance_number"])
        rules = {result["rule"]: result["holds"] for result in decided.decision["results"]}
        return Fared(case, view["service_item"], status, decided.decision["outcome"], rules)

    async def view(self, case: UUID) -> dict[str, Any]:
        view: dict[str, Any] = await self._integrator.ask("GET", f"/v1/applications/{case}")
        return view

    async def asks(self, case: UUID, source: str) -> bool:
        item = self._office.catalogue.get((await self.view(case))["service_item"])
        return any(request.source == source for request in item.evidence)


def mixed_items(people: People, applications: int) -> list[Body]:
    makers = (people.purchase_migration, people.no_criminal_record, people.marital_status, people.name_change)
    return [makers[number % len(makers)]() for number in range(applications)]


async def _run(settings: Settings, applications: int, down_seconds: float, console: Console) -> list[Check]:
    bodies = mixed_items(People(settings.registries_seed, settings.registries_population, COUNTIES), applications)
    async with office_of(settings) as office, aiohttp.ClientSession(settings.site_url, connector=aiohttp.TCPConnector(limit=64)) as session:
        tries, watch = Tries(), Watch(settings)
        town = Town(settings, office, Integrator(session, await integrator_token(office, session), tries), watch)
        posts = [(role, county) for county in sorted(COUNTIES) for role in WORKING_ROLES]
        clerks = [Clerk(session, await clerk_token(office, session, role, county), tries) for role, county in posts]
        beside = [asyncio.create_task(work) for work in (watch.look(), *(clerk.work() for clerk in clerks))]
        try:
            async with asyncio.timeout(PATIENCE_SECONDS + down_seconds):
                outage, well, ill = await first_error(_rounds(town, bodies, down_seconds, console), beside)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
        console.print(
            f"{DOWN} was down for {outage.seconds:.0f} s and at least {outage.least_tries} tries of each of {len(outage.waited)} cases; "
            f"{load_now()}",
            highlight=False,
        )
        return [
            *_compared(well, ill),
            _told(outage),
            *await _asked_once(settings, office, session, [fared.application_id for fared in ill]),
        ]


async def _rounds(town: Town, bodies: Sequence[Body], down_seconds: float, console: Console) -> tuple[Outage, list[Fared], list[Fared]]:
    well = await _all_is_well(town, bodies)
    console.print(f"without faults: {len(well)} ended; {load_now()}", highlight=False)
    outage, ill = await _under_faults(town, bodies, down_seconds)
    return outage, well, ill


async def first_error(work: Coroutine[Any, Any, Result], companions: Sequence["asyncio.Task[None]"]) -> Result:
    """What `work` gives; a companion that ends before it has failed.

    Raises: the first error.
    """
    working = asyncio.ensure_future(work)
    try:
        await asyncio.wait([working, *companions], return_when=asyncio.FIRST_COMPLETED)
        for companion in companions:
            if companion.done():
                companion.result()
        return await working
    finally:
        working.cancel()


async def _all_is_well(town: Town, bodies: Sequence[Body]) -> list[Fared]:
    return await asyncio.gather(*(town.ended(case) for case in await asyncio.gather(*(town.submit(body) for body in bodies))))


async def _under_faults(town: Town, bodies: Sequence[Body], down_seconds: float) -> tuple[Outage, list[Fared]]:
    """The same people ask for the same again."""
    await set_faults(town.settings, FAULTS)
    began = time.monotonic()
    cases = await asyncio.gather(*(town.submit(body) for body in bodies))
    ending = asyncio.gather(*(town.ended(case) for case in cases))
    outage = await _watched_outage(town, cases)
    await asyncio.sleep(max(0.0, down_seconds - (time.monotonic() - began)))
    await _look_again(town, outage)
    outage.seconds = time.monotonic() - began
    await set_faults(town.settings, {DOWN: {"outage": False}})
    try:
        return outage, await ending
    finally:
        await set_faults(town.settings, NO_FAULTS)


async def _watched_outage(town: Town, cases: Sequence[UUID]) -> Outage:
    """Until every case that asks the source has been told that it is late, and the engine has tried often enough."""
    outage = Outage(waited={case for case in cases if await town.asks(case, DOWN)})
    client = await Client.connect(town.settings.temporal, namespace=town.settings.temporal_namespace)
    while outage.least_tries < TRIES_WHILE_DOWN:
        await asyncio.sleep(LOOK_SECONDS)
        outage.least_tries = min([await _tries(client, case) for case in outage.waited], default=TRIES_WHILE_DOWN)
    return outage


async def _tries(client: Client, case: UUID) -> int:
    """How often the engine has tried whichever it waits for and has tried least."""
    description = await client.get_workflow_handle(workflow_id(case)).describe()
    return min((activity.attempt for activity in description.raw_description.pending_activities), default=0)


async def _look_again(town: Town, outage: Outage) -> None:
    """What the applicant is told while the source is down."""
    for case in outage.waited:
        view = await town.view(case)
        waiting = [entry for entry in view["waiting_for"] if entry["what"] == DOWN]
        outage.mistold["not said to wait for it"] += not waiting or waiting[0]["who"] != "registry"
        outage.mistold["not said to be late"] += not all(entry["late"] for entry in waiting)
        outage.mistold["not gathering"] += view["status"] != "gathering"
        told = [entry for entry in view["timeline"] if entry["event"] == "registry_late" and entry["by"] == f"registry:{DOWN}"]
        outage.mistold["not once on the timeline"] += len(told) != 1


def _compared(well: Sequence[Fared], ill: Sequence[Fared]) -> list[Check]:
    unended = sum(fared.status != "completed" for fared in (*well, *ill))
    wrongly = [(a, b) for a, b in zip(well, ill, strict=True) if a.told != b.told]
    outcomes = Counter(f"{fared.item} {fared.outcome}" for fared in ill)
    return [
        Check("every application ended", f"{len(ill)} under faults, {len(well)} without", unended),
        Check("none wrongly: what the machine found, rule by rule, and the end are as without faults", _listed(outcomes), len(wrongly)),
    ]


def _told(outage: Outage) -> Check:
    """An outage that nobody met would prove nothing."""
    return Check(
        f"while {DOWN} is down, its cases say that they wait for it, that it is late, once on the timeline",
        f"{len(outage.waited)} cases; {_listed(+outage.mistold) or 'all told'}",
        outage.mistold.total() + (not outage.waited),
    )


async def _asked_once(settings: Settings, office: Office, session: aiohttp.ClientSession, cases: Sequence[UUID]) -> list[Check]:
    """By request id: one entry in the authority's own log, one kept answer, one entry under "who read my data"."""
    database = await asyncpg.connect(settings.database)
    try:
        kept = await database.fetch("select application_id, source, round, request_id from evidence where application_id = any($1)", cases)
        noted = await database.fetch(
            "select application_id, key from data_reads where application_id = any($1) and key like 'registry:%'", cases
        )
        items = {
            row["id"]: row["service_item"]
            for row in await database.fetch("select id, service_item from applications where id = any($1)", cases)
        }
    finally:
        await database.close()
    wanted = Counter((case, request.name) for case in cases for request in office.catalogue.get(items[case]).evidence)
    had = Counter((row["application_id"], row["source"]) for row in kept)
    foreign = sum(row["request_id"] != str(uuid5(row["application_id"], f"{row['source']}:{row['round']}")) for row in kept)
    reads = Counter((row["application_id"], row["key"]) for row in noted)
    logged = [len(await _entries(settings, session, row["request_id"])) for row in kept]
    return [
        Check(
            "every answer is kept once",
            f"{len(kept)} answers to {wanted.total()} questions",
            sum((had - wanted).values()) + _lacking(wanted, had),
        ),
        Check(
            "every question has one request id, under which the authority acted once",
            f"{sum(logged)} entries in its log for {len(kept)} request ids",
            foreign + sum(entries != 1 for entries in logged),
        ),
        Check('"who read my data" has each look-up once', f"{len(noted)} entries", abs(len(reads) - len(kept)) + len(noted) - len(reads)),
    ]


def _lacking(wanted: Counter[tuple[UUID, str]], had: Counter[tuple[UUID, str]]) -> int:
    return (wanted - had).total()


async def _entries(settings: Settings, session: aiohttp.ClientSession, request_id: str) -> list[dict[str, str]]:
    address = f"{settings.registries}/_log"
    async with session.get(address, params={"request_id": request_id}, headers=bearer(settings.registries_token)) as reply:
        reply.raise_for_status()
        entries: list[dict[str, str]] = (await reply.json())["entries"]
        return entries


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def run(applications: int = 30, down_seconds: float = 60, people: int | None = None) -> int:
    """0 when every application ended, none wrongly; 1 otherwise."""
    console = Console(width=140)
    began = time.monotonic()
    with stack_for_bench(people=people) as (_, settings):
        checks = asyncio.run(_run(settings, applications, down_seconds, console))
    table = Table(title=f"{ERRING}: 30 % errors; {SLOW}: 5 s; {DOWN}: down", title_justify="left")
    for heading in ("", "what must hold", "found", "violations"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        table.add_row("[red]✗[/]" if check.violations else "[green]✓[/]", check.what, check.found, str(check.violations))
    console.print(table)
    console.print(f"{time.monotonic() - began:.0f} s in all; {IDENTITY_NOTE}; {load_now()}", highlight=False)
    return 1 if any(check.violations for check in checks) else 0
