"""What the queue costs as it grows: its first page with the counts, and taking the next, alone and with 20 clerks at work; the board."""

import asyncio
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field

import asyncpg
from rich.console import Console

from adapters.database.migrate import migrate
from bench.figures import Figure, load_now, percentile, print_figures
from bench.queue_cases import clerk, plant, supervisor
from bench.session import stack_for_bench
from casework import at_hand, figures, queueing, supervising
from casework.actors import ClerkActor
from casework.office import Office
from domain.queues import View
from settings import Settings
from wiring import Wiring

ITEM = "name-change"
ROUNDS = 6  # sizes take turns, so that what else the machine does falls on all of them
ALONE = 40  # of each act, a round
CLERKS, ACTS, PAUSE_SECONDS = 20, 6, 1.0  # at work together: acts a clerk and round, with a pause of up to twice this between
P99_MS, RATIO = 50.0, 1.3
_WARM = 8


@dataclass
class Place:
    """One size of the queue, with what was measured on it in ms."""

    size: int
    office: Office
    owner: asyncpg.Connection
    taken: int = 0
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def run(sizes: Sequence[int]) -> int:
    """Measure, print. 1 where a target is missed."""
    console = Console(width=140)
    console.print(load_now(), highlight=False)
    with ExitStack() as stacks:
        settings = [stacks.enter_context(stack_for_bench(parts=("postgres",)))[1] for _ in sizes]
        found = asyncio.run(_measure(sizes, settings, console))
    print_figures(console, "The queue", found)
    console.print(load_now(), highlight=False)
    return 1 if any(figure.reached is False for figure in found) else 0


async def _measure(sizes: Sequence[int], settings: Sequence[Settings], console: Console) -> list[Figure]:
    async with AsyncExitStack() as exits:
        places = [await _place(size, one, exits, console) for size, one in zip(sizes, settings, strict=True)]
        for round_ in range(ROUNDS):
            for place in places:
                await _round(place, random.Random(round_), warm=round_ == 0)  # noqa: S311
                await _supervise(place, round_)
        for place in places:
            await _check_taken_once(place)
    return [*_figures(places), *_ratios(places), *_supervision(places)]


async def _place(size: int, settings: Settings, exits: AsyncExitStack, console: Console) -> Place:
    await migrate(settings.database_owner, settings.database)
    wiring = Wiring(settings, pool_size=CLERKS)
    exits.push_async_callback(wiring.close)
    office = await wiring.office()
    began = time.perf_counter()
    await plant(wiring.database, settings.database_owner, office.catalogue.get(ITEM), size)
    owner = await asyncpg.connect(settings.database_owner)
    exits.push_async_callback(owner.close)
    gigabytes = await owner.fetchval("select pg_database_size(current_database())") / 1e9
    console.print(f"{size:,} work items: {gigabytes:.2f} GB, planted in {time.perf_counter() - began:.0f} s; {load_now()}", highlight=False)
    return Place(size, office, owner)


async def _round(place: Place, chance: random.Random, *, warm: bool) -> None:
    for _ in range(_WARM if warm else 2):
        await _open_page(place.office, clerk(0))
    for number in range(ALONE):
        await _timed(place, "page", "alone", _open_page, clerk(number))
        await _timed(place, "take", "alone", _take, clerk(number))

    async def at_work(number: int) -> None:
        mine = random.Random(chance.random() * 1000 + number)  # noqa: S311
        actor = clerk(1000 + number)
        for act in range(ACTS):
            await asyncio.sleep(mine.random() * 2 * PAUSE_SECONDS)
            if act % 2:
                await _timed(place, "take", "together", _take, actor)
            else:
                await _timed(place, "page", "together", _open_page, actor)

    await asyncio.gather(*(at_work(number) for number in range(CLERKS)))


async def _supervise(place: Place, round_: int) -> None:
    """What supervisors look at, of another county each round: what was made is kept for a while."""
    actor = supervisor(round_)
    for name, look in _LOOKS.items():
        began = time.perf_counter()
        await look(place.office, actor)
        place.seconds[name].append(time.perf_counter() - began)


async def _timed(place: Place, what: str, how: str, act: Callable[[Office, ClerkActor], Awaitable[int]], actor: ClerkActor) -> None:
    began = time.perf_counter()
    taken = await act(place.office, actor)
    place.seconds[f"{what} {how}"].append(time.perf_counter() - began)
    place.taken += taken


async def _open_page(office: Office, actor: ClerkActor) -> int:
    """What the first page asks for, and the bell beside it."""
    await queueing.queue(office, actor, View.OPEN)
    await queueing.counts(office, actor)
    await at_hand.unread(office, actor)
    return 0


async def _take(office: Office, actor: ClerkActor) -> int:
    return 0 if await queueing.take_next(office, actor) is None else 1


async def _check_taken_once(place: Place) -> None:
    claims = await place.owner.fetchval("select count(*) from events where event = 'work_item_claimed'")
    held = await place.owner.fetchval("select count(*) from work_items where status = 'claimed' and claimed_by like 'bench-%'")
    assert claims == held == place.taken, f"{claims} claims, {held} held, {place.taken} taken"


_ACTS = {
    "page alone": "first page with counts",
    "take alone": "take next",
    "page together": f"first page, {CLERKS} clerks at work",
    "take together": f"take next, {CLERKS} clerks at work",
}


_LOOKS: dict[str, Callable[[Office, ClerkActor], Awaitable[object]]] = {
    "a county's board": supervising.board,
    "a county's figures over 12 months": figures.figures,
}


def _figures(places: Sequence[Place]) -> list[Figure]:
    return [
        Figure(
            f"{words}: {place.size:,} items",
            f"median {statistics.median(ms):.1f} ms, 99th percentile {percentile(ms, 99):.1f} ms ({len(ms)})",
            f"< {P99_MS:.0f} ms",
            percentile(ms, 99) < P99_MS,
        )
        for act, words in _ACTS.items()
        for place in places
        for ms in [[s * 1000 for s in place.seconds[act]]]
    ]


def _ratios(places: Sequence[Place]) -> list[Figure]:
    """From the smallest to the largest."""
    found = []
    for act, words in _ACTS.items():
        first, last = places[0].seconds[act], places[-1].seconds[act]
        medians, tails = statistics.median(last) / statistics.median(first), percentile(last, 99) / percentile(first, 99)
        said = f"median {medians:.2f} times, 99th percentile {tails:.2f} times"
        found.append(
            Figure(f"{words}: {places[-1].size:,} beside {places[0].size:,}", said, f"≤ {RATIO} times", max(medians, tails) <= RATIO)
        )
    return found


def _supervision(places: Sequence[Place]) -> list[Figure]:
    return [
        Figure(f"{name}: {place.size:,} items", f"median {statistics.median(ms):.0f} ms, slowest {max(ms):.0f} ms ({len(ms)})")
        for name in _LOOKS
        for place in places
        for ms in [[s * 1000 for s in place.seconds[name]]]
    ]
