"""How long other applications wait while two face clips are checked at once, beside how long they wait otherwise; in one run, in turns."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from bench.integrator import Integrator, Tries
from bench.requests import People
from bench.session import integrator_token, office_of, stack_for_bench
from casework import demo
from casework.office import Office
from domain.identity import Asked
from settings import Settings

TARGET_MILLISECONDS = 100.0
AT_ONCE, CLIPS = 2, 6  # a round: so many clips, of which so many are checked at a time
QUIET_SECONDS = 6.0
PAUSE_SECONDS = 0.1  # between two applications
PEOPLE = 3000
APPLICANT = ("id_number", "name", "phone")


def run(rounds: int) -> int:
    """0 when the 95th percentile grows by at most 100 ms."""
    with stack_for_bench(people=PEOPLE, real_identity=True) as (_, settings):
        quiet, busy, checks = asyncio.run(_measure(settings, rounds))
    added = _percentile(busy, 95) - _percentile(quiet, 95)
    table = Table(
        "",
        "applications",
        "median ms",
        "95 % ms",
        title="From request to opened case, through the API, the engine, a worker and the database",
    )
    for name, waits in (("nothing else", quiet), (f"{AT_ONCE} clips checked at once", busy)):
        table.add_row(name, str(len(waits)), f"{statistics.median(waits):.0f}", f"{_percentile(waits, 95):.0f}")
    console = Console()
    console.print(table)
    console.print(f"added at the 95th percentile: {added:.0f} ms (at most {TARGET_MILLISECONDS:.0f})")
    console.print(
        f"a clip, from the request to its verdict, {AT_ONCE} at a time: median {statistics.median(checks):.1f} s of {len(checks)}"
    )
    return 0 if added <= TARGET_MILLISECONDS else 1


async def _measure(settings: Settings, rounds: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of applications, quiet and busy; seconds of checks."""
    quiet: list[float] = []
    busy: list[float] = []
    checks: list[float] = []
    people = People(settings.registries_seed, PEOPLE)
    async with office_of(settings) as office, aiohttp.ClientSession(settings.site_url) as session:
        integrator = Integrator(session, await integrator_token(office, session), Tries())
        await _applications(integrator, people, [], partial(asyncio.sleep, 3))  # the first ones pay for what is loaded once
        for _ in range(rounds):
            clips = [await _clip(office, integrator) for _ in range(CLIPS)]
            await _applications(integrator, people, quiet, partial(asyncio.sleep, QUIET_SECONDS))
            await _applications(integrator, people, busy, partial(_check_all, integrator, clips, checks))
    return quiet, busy, checks


async def _applications(integrator: Integrator, people: People, waits: list[float], until: Callable[[], Awaitable[Any]]) -> None:
    """One after the other, until that is over."""
    meanwhile = asyncio.ensure_future(until())
    while not meanwhile.done():
        began = time.perf_counter()
        await integrator.apply(people.no_criminal_record())
        waits.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(PAUSE_SECONDS)
    await meanwhile


async def _clip(office: Office, integrator: Integrator) -> tuple[str, bytes]:
    """A case of the demonstration person, and what its challenge asks for, as a clip."""
    assert office.demo_world is not None
    person = next(p for p in await demo.people(office) if p["key"] == "no-record")
    applicant = {name: person[name] for name in APPLICANT}
    language = office.demo_world.clip_language
    body = {"service_item": "no-criminal-record", "applicant": applicant, "answers": {"reason": "abroad"}, "delivery": {"method": "online"}}
    case = await integrator.apply(body | {"language": language})
    await integrator.ask("POST", f"/v1/applications/{case['id']}/face-consent", json={"given": True})
    return case["id"], await office.demo_world.clip(Asked.model_validate(case["challenge"]))


async def _check_all(integrator: Integrator, clips: list[tuple[str, bytes]], checks: list[float]) -> None:
    free = asyncio.Semaphore(AT_ONCE)

    async def check(case: str, clip: bytes) -> None:
        async with free:
            began = time.perf_counter()
            await integrator.ask("PUT", f"/v1/applications/{case}/identity-clip", data=clip, headers={"Content-Type": "video/webm"})
            while not (await integrator.ask("GET", f"/v1/applications/{case}"))["identity"]["attempts_used"]:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            checks.append(time.perf_counter() - began)

    await asyncio.gather(*(check(case, clip) for case, clip in clips))


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
