"""Fees and parcels while both companies lose, repeat, delay, reorder and forge their call-backs; then looks whether any moved twice."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from bench.audit import Check
from bench.books import Books, audit_callbacks, audit_fees, audit_parcels
from bench.figures import load_now
from bench.integrator import Integrator, Refused, Tries
from bench.requests import People, clip_bytes
from bench.session import IDENTITY_NOTE, bearer, clerk_token, integrator_token, office_of, stack_for_bench
from bench.sources import first_error
from bench.staff import Clerk
from bench.watch import FINAL, Watch
from bench.ways import WAYS, Way
from casework.editing import publish
from casework.office import Office
from domain.jurisdiction import Role
from settings import PROJECT, Settings

ITEM = PROJECT / "bench" / "library-card.yaml"
COMPANIES = ("payments", "post")
MANNER = {"lost": 0.2, "repeated": 0.3, "reordered": 0.3, "forged": 0.5, "delay_seconds": 5}
FAULTS = {"error_rate": 0.15}  # half of these come after the deed
DELIVERY = {"delivery_seconds": 4, "returned_share": 0.3}
COUNTIES = ("330302", "330303")
PATIENCE_SECONDS = 1800.0
LOOK_SECONDS = 0.3


@dataclass
class Town:
    """The people and clerks of one run, and which way each case goes."""

    settings: Settings
    integrator: Integrator
    watch: Watch
    session: aiohttp.ClientSession  # of no address: for the companies
    ways: dict[str, Way] = field(default_factory=dict)

    async def live(self, way: Way, body: dict[str, Any], clip: bytes) -> None:
        """One application from its submission to its end."""
        case = (await self.integrator.apply(body))["id"]
        self.ways[case] = way
        await self.integrator.prove_identity(case, clip, self.watch)
        acts = [self._pay(case), self._pay(case)] if way.pays else []  # a second tab, or an impatient finger
        if way.withdraws == "now":
            acts.append(self._withdraw(case))
        await self._until(case, "paying")
        await asyncio.gather(*acts)
        if way.withdraws == "later":
            await self._until(case, "awaiting_counter")
            await self._withdraw(case)
        await self.watch.until_final(case)

    async def _until(self, case: str, status: str) -> None:
        while True:
            if self.watch.status(case) == status:
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _pay(self, case: str) -> None:
        """Open the pay page, if there is one and it can still be paid, and pay."""
        address = f"{self.settings.payments}/orders/fee-{case}"
        while True:
            async with self.session.get(address, headers=bearer(self.settings.registries_token)) as reply:
                order = await reply.json() if reply.status == 200 else None
            if order is not None:
                break
            if self.watch.status(case) in FINAL:
                return  # withdrawn before anything was ordered
            await asyncio.sleep(LOOK_SECONDS)  # not ordered yet, or one of the faults
        if order["pay_url"]:
            async with self.session.post(order["pay_url"], json={"action": "pay"}) as reply:
                await reply.read()

    async def _withdraw(self, case: str) -> None:
        try:
            await self.integrator.ask("POST", f"/v1/applications/{case}/withdraw")
        except Refused as refused:
            if refused.status != 409:  # withdrawn already, though the answer was lost
                raise


class Librarian(Clerk):
    """Refuses maps, finds another card than the one it should be, or lets lie what will be withdrawn; each as the case's way has it."""

    ways: dict[str, Way]

    def outcome_of(self, item: dict[str, Any]) -> str | None:
        way = self.ways[item["application_id"]]
        if way.withdraws:
            return None
        return way.outcomes.get(item["kind"]) or super().outcome_of(item)


async def _set(session: aiohttp.ClientSession, settings: Settings) -> None:
    """Have both companies misbehave from now on."""
    addresses = {"payments": settings.payments, "post": settings.post}
    for company in COMPANIES:
        for what, value in (("_callbacks", MANNER), ("_faults", {company: FAULTS})):
            async with session.put(f"{addresses[company]}/{what}", json=value) as reply:
                reply.raise_for_status()
    async with session.post(f"{settings.post}/_delivery", json=DELIVERY) as reply:
        reply.raise_for_status()


async def _run(settings: Settings, cases: int, console: Console) -> list[Check]:
    async with (
        office_of(settings) as office,
        aiohttp.ClientSession(settings.site_url, connector=aiohttp.TCPConnector(limit=64)) as session,
        aiohttp.ClientSession() as outside,
    ):
        await publish(office, ITEM.read_text(encoding="utf-8"), by="command:bench", file=ITEM.name)
        await _set(outside, settings)
        tries, watch = Tries(), Watch(settings)
        town = Town(settings, Integrator(session, await integrator_token(office, session), tries), watch, outside)
        clerks = await _clerks(office, session, tries, town)
        beside = [asyncio.create_task(work) for work in (watch.look(), *(clerk.work() for clerk in clerks))]
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await first_error(_everybody(town, cases), beside)
                console.print(f"{cases} applications ended after {time.monotonic() - began:.0f} s; {load_now()}", highlight=False)
                await _until_all_is_said(settings, outside)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
        books = await Books.opened(settings, outside)
    ended = {case: watch.status(case) for case in town.ways}
    _print_callbacks(console, books)
    return [_ends(town.ways, ended), *audit_fees(town.ways, books), *audit_parcels(town.ways, books), *audit_callbacks(books)]


async def _clerks(office: Office, session: aiohttp.ClientSession, tries: Tries, town: Town) -> list[Librarian]:
    clerks = []
    for county in COUNTIES:
        for role in (Role.APPROVER, Role.COUNTER):
            clerk = Librarian(session, await clerk_token(office, session, role, county), tries)
            clerk.ways = town.ways
            clerks.append(clerk)
    return clerks


async def _everybody(town: Town, cases: int) -> None:
    people = People(town.settings.registries_seed, town.settings.registries_population, frozenset(COUNTIES))
    clip, at_once = clip_bytes(), asyncio.Semaphore(100)

    async def one(way: Way) -> None:
        body = people.of_anybody("library-card", {"genre": way.genre}, way.delivery)
        async with at_once:
            await town.live(way, body, clip)

    await asyncio.gather(*(one(way) for way in islice(cycle(WAYS), cases)))


async def _until_all_is_said(settings: Settings, session: aiohttp.ClientSession) -> None:
    """Every case has settled its fee, and no call-back is under way any more."""
    client = await Client.connect(settings.temporal, namespace=settings.temporal_namespace)
    while True:
        if not (await client.count_workflows('ExecutionStatus = "Running" AND WorkflowType = "library-card"')).count:
            break
        await asyncio.sleep(LOOK_SECONDS)
    for address in (settings.payments, settings.post):
        pending = 1
        while pending:
            await asyncio.sleep(LOOK_SECONDS)
            async with session.get(f"{address}/_callbacks") as reply:
                pending = (await reply.json())["pending"]


def _ends(ways: dict[str, Way], ended: dict[str, str]) -> Check:
    wrong = sum(ended[case] != way.end for case, way in ways.items())
    counts = Counter(f"{way.name}: {ended[case]}" for case, way in ways.items())
    return Check("every case ends, and as it should", ", ".join(f"{n} {how}" for how, n in sorted(counts.items())), wrong)


def _print_callbacks(console: Console, books: Books) -> None:
    table = Table(title="Call-backs", title_justify="left")
    names = ("told", "received", "lost", "given_up", "attempts", "copies", "held", "forged", "forged_refused", "forged_believed")
    for heading in ("company", *names):
        table.add_column(heading.replace("_", " "), justify="left" if heading == "company" else "right")
    for company in COMPANIES:
        table.add_row(company, *(str(books.counts[company].get(name, 0)) for name in names))
    console.print(table)


def _print_checks(console: Console, checks: Sequence[Check]) -> None:
    table = Table(title="Afterwards", title_justify="left")
    for heading in ("", "what must hold", "found", "violations"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        table.add_row("[red]✗[/]" if check.violations else "[green]✓[/]", check.what, check.found, str(check.violations))
    console.print(table)


def run(cases: int = 500, people: int | None = None) -> int:
    """0 when no money and no parcel moved twice, every case ended as it should, and every forgery was refused; 1 otherwise."""
    console = Console(width=140)
    began = time.monotonic()
    with stack_for_bench(people=people) as (_, settings):
        checks = asyncio.run(_run(settings, cases, console))
    _print_checks(console, checks)
    console.print(f"{time.monotonic() - began:.0f} s in all; {IDENTITY_NOTE}; {load_now()}", highlight=False)
    return 1 if any(check.violations for check in checks) else 0
