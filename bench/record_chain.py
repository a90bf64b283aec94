"""What the record costs: each event with and without its entry, a day sealed, an export written and verified."""

import asyncio
import resource
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
from rich.console import Console

from adapters.database.migrate import migrate
from bench.figures import Figure, load_now, print_figures
from bench.session import stack_for_bench
from catalogue.loader import Catalogue
from domain.application import Applicant, ApplicationRequest, DeliveryChoice
from domain.changes import OpenCase
from domain.clock import day_in_china
from domain.ids import new_id
from domain.record_checks import RecordCheck, check_heads
from domain.service_item import Delivery, ServiceItem
from settings import Settings
from wiring import Wiring

ROUNDS = 6
WRITERS = 8
EVENTS_A_ROUND = 4000
ENTRIES_A_CHAIN = 12  # what a case leaves, about
_ITEM, _DIVISION = "no-criminal-record", "330300"
_SECONDS_FOR_A_MILLION = 30.0


def run(entries: int = 1_000_000) -> int:
    """Measure, print. 1 where a target is missed."""
    console = Console(width=140)
    console.print(load_now(), highlight=False)
    with stack_for_bench(parts=("postgres",)) as (_, settings):
        figures = asyncio.run(_measure(settings, entries))
    print_figures(console, "The record", figures)
    console.print(load_now(), highlight=False)
    return 1 if any(figure.reached is False for figure in figures) else 0


async def _measure(settings: Settings, entries: int) -> list[Figure]:
    await migrate(settings.database_owner, settings.database)
    wiring = Wiring(settings, pool_size=WRITERS)
    owner = await asyncpg.connect(settings.database_owner)
    try:
        return [*await _cost_of_an_event(wiring, owner), *await _sealed_exported_verified(wiring, owner, settings.home, entries)]
    finally:
        await owner.close()
        await wiring.close()


# --- one event -------------------------------------------------------------------------------------------------------


async def _cost_of_an_event(wiring: Wiring, owner: asyncpg.Connection) -> list[Figure]:
    """Alternating rounds, so that whatever else the machine does touches both alike."""
    item = Catalogue().get(_ITEM)
    cases = [await _open_case(wiring, item) for _ in range(EVENTS_A_ROUND // ENTRIES_A_CHAIN)]
    with_entry, without = list[float](), list[float]()
    for number in range(ROUNDS):
        await owner.execute("alter table events enable trigger record_it")
        with_entry.append(await _write_events(wiring, cases, f"with-{number}"))
        await owner.execute("alter table events disable trigger record_it")
        without.append(await _write_events(wiring, cases, f"without-{number}"))
    await owner.execute("alter table events enable trigger record_it")
    entered, bare = statistics.median(with_entry), statistics.median(without)
    return [
        Figure(f"an event alone in its transaction, {WRITERS} writers", f"{bare * 1e6:.0f} µs"),
        Figure("the same with its entry", f"{entered * 1e6:.0f} µs"),
        Figure("ratio", f"{entered / bare:.2f}"),
    ]


async def _open_case(wiring: Wiring, item: ServiceItem) -> UUID:
    person = Applicant(id_number="11010519491231002X", name="甲", phone="13800000001")
    delivery = DeliveryChoice(method=Delivery.ONLINE)
    request = ApplicationRequest(service_item=_ITEM, applicant=person, answers={"reason": "abroad"}, delivery=delivery)
    opening = OpenCase(application_id=new_id(), request=request, at=datetime.now(UTC))
    await wiring.cases.open_case(opening, item, division=_DIVISION)
    return opening.application_id


async def _write_events(wiring: Wiring, cases: list[UUID], name: str) -> float:
    """Seconds an event."""
    numbers = iter(range(EVENTS_A_ROUND))

    async def write() -> None:
        for number in numbers:
            await wiring.desk.note_read(cases[number % len(cases)], "bench", f"{name}-{number}", datetime.now(UTC))

    began = time.perf_counter()
    await asyncio.gather(*(write() for _ in range(WRITERS)))
    return (time.perf_counter() - began) / EVENTS_A_ROUND


# --- many ------------------------------------------------------------------------------------------------------------

_MANY = """
select count(record_append(md5(((i * 7919) % $2)::text)::uuid::text, 'event', jsonb_build_object(
    'id', i, 'at', record_moment(now()), 'by', 'machine', 'key', 'decided:0', 'event', 'decided', 'result', null,
    'data', jsonb_build_object('outcome', 'approved', 'digest', md5(i::text)), 'text_sha256', md5(i::text) || md5(i::text))))
from generate_series($1::bigint, $3::bigint) i
"""


async def _sealed_exported_verified(wiring: Wiring, owner: asyncpg.Connection, folder: Path, entries: int) -> list[Figure]:
    chains = max(1, entries // ENTRIES_A_CHAIN)
    began = time.perf_counter()
    for start in range(0, entries, 50_000):
        await owner.execute(_MANY, start, chains, min(entries, start + 50_000) - 1, timeout=600)
    appended = time.perf_counter() - began
    await owner.execute("analyze record_entries")

    began = time.perf_counter()
    made = await wiring.record.seal(day_in_china(datetime.now(UTC)), datetime.now(UTC))
    sealed = time.perf_counter() - began

    file = folder / "record.jsonl"
    before, began = _peak_megabytes(), time.perf_counter()
    with file.open("wb") as out:
        async for lines in wiring.record.export(datetime.now(UTC)):
            out.writelines(lines)
    exported, grown = time.perf_counter() - began, _peak_megabytes() - before

    heads, forged = check_heads([head.token for head in await wiring.record.heads(limit=1000)], wiring.heads)
    before, began = _peak_megabytes(), time.perf_counter()
    check = RecordCheck(heads)
    with file.open("rb") as lines_read:
        check.feed(lines_read)
    found = check.finish()
    verified, grown_too = time.perf_counter() - began, _peak_megabytes() - before
    with file.open("rb") as lines_read:
        altered = RecordCheck(heads)
        altered.feed(_one_altered(lines_read, found.entries // 2))
        noticed = not altered.finish().whole
    whole = found.whole and not forged
    million = verified / found.entries * 1e6
    return [
        Figure("appended by one connection", f"{appended / entries * 1e6:.0f} µs an entry"),
        Figure(f"sealed: {found.entries:,} entries in {found.chains:,} chains", f"{sealed:.1f} s, {len(made)} heads"),
        Figure(f"exported, {file.stat().st_size / 1e6:.0f} MB", f"{exported:.1f} s, {grown:.0f} MB of memory more"),
        Figure("untouched, it verifies; with one entry altered it does not", f"{whole}, {noticed}", "both", whole and noticed),
        Figure("verified", f"{verified:.1f} s, {grown_too:.0f} MB of memory more"),
        Figure(
            "verifying a million entries", f"{million:.1f} s", f"at most {_SECONDS_FOR_A_MILLION:.0f} s", million <= _SECONDS_FOR_A_MILLION
        ),
    ]


def _one_altered(lines: Iterator[bytes], place: int) -> Iterator[bytes]:
    for number, line in enumerate(lines):
        yield line.replace(b"approved", b"referred") if number == place or number == place + 1 else line


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
