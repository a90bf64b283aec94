"""How long the look-ups of one application take beside the slowest of its sources and beside their sum, on the whole stack."""

import asyncio
import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import aiohttp

from bench.figures import Figure
from bench.integrator import Integrator, Tries
from bench.requests import Body, People, clip_bytes
from bench.session import bearer, integrator_token, office_of
from bench.watch import Watch
from domain.service_item import EvidenceRequest, ServiceItem
from settings import Settings

# Milliseconds that each source takes, by item. The second asks about the spouse whom the first answer names.
LATENCIES = {
    "purchase-migration": {"resident_population": 300, "property": 400, "marriage": 500, "social_security": 600},
    "marital-status": {"resident_population": 300, "marriage": 400, "death": 500},
}
PATIENCE_SECONDS = 60.0


async def looking_up(settings: Settings, applications: int) -> list[Figure]:
    """One application after another, so that what is measured is waiting and no queue."""
    people = People(settings.registries_seed, settings.registries_population)
    bodies = {"purchase-migration": people.purchase_migration, "marital-status": people.marital_status}
    watch = Watch(settings)
    looking = asyncio.create_task(watch.look())
    figures = []
    try:
        async with office_of(settings) as office, aiohttp.ClientSession(settings.site_url) as session:
            integrator = Integrator(session, await integrator_token(office, session), Tries())
            for code, latencies in LATENCIES.items():
                await _decided_in(integrator, watch, bodies[code]())  # warm: connections, caches, the item's first case
                await set_faults(settings, {source: {"latency_ms": ms} for source, ms in latencies.items()})
                seconds = [await _decided_in(integrator, watch, bodies[code]()) for _ in range(applications)]
                await set_faults(settings, {"*": {"latency_ms": 0}})
                figures.append(_figure(office.catalogue.get(code), latencies, seconds))
    finally:
        looking.cancel()
    return figures


async def _decided_in(integrator: Integrator, watch: Watch, body: Body) -> float:
    """Seconds from the passed identity check to the decision, as the case's own timeline has them."""
    case = await integrator.apply(body)
    await integrator.prove_identity(case["id"], clip_bytes(), watch)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            timeline = (await integrator.ask("GET", f"/v1/applications/{case['id']}"))["timeline"]
            moments = {entry["event"]: datetime.fromisoformat(entry["at"]) for entry in timeline}
            if "decided" in moments:
                return (moments["decided"] - moments["identity_passed"]).total_seconds()
            await asyncio.sleep(0.1)


def _figure(item: ServiceItem, latencies: Mapping[str, int], seconds: Sequence[float]) -> Figure:
    slowest = max(_until_answered(request, item, latencies) for request in item.evidence)
    together = sum(latencies[request.source] for request in item.evidence)
    median = statistics.median(seconds) * 1000
    chain = "longest chain" if any(request.waits_for for request in item.evidence) else "slowest"
    limit = (slowest + together) / 2
    return Figure(
        f"look-ups of `{item.code}`: {len(item.evidence)} sources of {', '.join(str(ms) for ms in latencies.values())} ms",
        f"{median:.0f} ms ({min(seconds) * 1000:.0f}-{max(seconds) * 1000:.0f}; {len(seconds)} cases); {chain} {slowest}, sum {together}",
        f"< {limit:.0f} ms: nearer to the {chain}",
        median < limit,
    )


def _until_answered(request: EvidenceRequest, item: ServiceItem, latencies: Mapping[str, int]) -> int:
    before = [found for name in request.waits_for if (found := item.evidence_for(name)) is not None]
    return latencies[request.source] + max((_until_answered(other, item, latencies) for other in before), default=0)


async def set_faults(settings: Settings, faults: Mapping[str, Mapping[str, Any]]) -> None:
    async with (
        aiohttp.ClientSession(headers=bearer(settings.registries_token)) as session,
        session.put(f"{settings.registries}/_faults", json=faults) as reply,
    ):
        reply.raise_for_status()
