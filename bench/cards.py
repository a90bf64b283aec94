"""How often ID cards are read right, field by field, from photographs that are made of sample cards of the simulated population.

`onetrip bench cards`. Real cards cannot be had: their print, lamination and holograms are missing here, so these figures
are a ceiling.
"""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

import psutil
from rich.console import Console

from adapters.cards.reader import CardReadingProcess
from bench.figures import Figure, load_now, print_figures
from domain.cards import BACK_FIELDS, FRONT_FIELDS, LONG_TERM, CardSide
from domain.errors import InvalidInput
from simulators.card_photos import Shot, chance_shot, photographed
from simulators.id_cards import PrintedCard, draw_back, draw_front, printed_card
from simulators.population import Population

SEED = 20260
_TARGETS = {"id_number": 0.98}  # every other field is shown for correction: it has no target


@dataclass
class Score:
    """Counts over photographs of one side."""

    photos: int = 0
    unread: int = 0
    right: Counter[str] = field(default_factory=Counter)
    marked: Counter[str] = field(default_factory=Counter)  # wrong or unread, and the person is told to look
    seconds: list[float] = field(default_factory=list)


def sample_cards(people: int, *, seed: int = SEED) -> list[PrintedCard]:
    """Cards of people drawn from a simulated population."""
    population = Population.generate(seed, 4 * people + 200)
    numbers = sorted(person.id_number for person in population if person.registered_here)
    Random(seed).shuffle(numbers)  # noqa: S311  (a sample, not a secret)
    cards = (printed_card(population, number) for number in numbers)
    return [card for card in cards if card is not None][:people]


def printed_values(card: PrintedCard) -> dict[str, str]:
    """What a right reading of both sides holds."""
    return {
        "name": card.name,
        "sex": card.sex,
        "ethnicity": card.ethnicity.removesuffix("族"),
        "birth_date": card.birth_date.isoformat(),
        "address": card.address,
        "id_number": card.id_number,
        "issuer": card.issuer,
        "valid_from": card.issued_on.isoformat(),
        "valid_until": card.valid_until.isoformat() if card.valid_until else LONG_TERM,
    }


# One fault at a time, far beyond what a person who looks at the picture would send.
HARD = {
    "blurred, sigma 2.5 of 1,600": Shot(blur=2.5),
    "20 degrees aslant": Shot(slant=20),
    "corners moved by 8 %": Shot(perspective=0.08),
    "far away, 42 % of the width": Shot(size=0.5),
    "dark end at a tenth": Shot(shadow=0.9, noise=8),
    "JPEG quality 15": Shot(quality=15),
}


def shots(cards: Sequence[PrintedCard]) -> Iterator[tuple[PrintedCard, CardSide, Shot, Random]]:
    for number, card in enumerate(cards):
        for side in CardSide:
            random = Random(f"{SEED}:{number}:{side}")  # noqa: S311
            yield card, side, chance_shot(random), random


async def measure(cards: Sequence[PrintedCard], reader: CardReadingProcess) -> dict[CardSide, Score]:
    """Each card photographed by chance, once a side."""
    scores = {side: Score() for side in CardSide}
    for card, side, shot, random in shots(cards):
        drawn = draw_front(card) if side is CardSide.FRONT else draw_back(card)
        await _read(reader, scores[side], side, photographed(drawn, shot, random), printed_values(card))
    return scores


async def measure_hard(cards: Sequence[PrintedCard], reader: CardReadingProcess) -> list[Figure]:
    """Both sides of each card under each fault: whole sides right, and wrong fields that nobody is told to look at."""
    found = []
    for what, shot in HARD.items():
        scores = {side: Score() for side in CardSide}
        for number, card in enumerate(cards):
            for side, draw in ((CardSide.FRONT, draw_front), (CardSide.BACK, draw_back)):
                random = Random(f"{SEED}:{what}:{number}:{side}")  # noqa: S311
                await _read(reader, scores[side], side, photographed(draw(card), shot, random), printed_values(card))
        fields = sum(len(_fields(side)) * score.photos for side, score in scores.items())
        right = sum(score.right.total() for score in scores.values())
        unread = sum(len(_fields(side)) * score.unread for side, score in scores.items())
        silent = fields - right - unread - sum(score.marked.total() for score in scores.values())
        found.append(
            Figure(what, f"{right} of {fields} fields right; {unread} on pictures where no card was recognised; {silent} wrong unnoticed")
        )
    return found


def _fields(side: CardSide) -> tuple[str, ...]:
    return FRONT_FIELDS if side is CardSide.FRONT else BACK_FIELDS


async def _read(reader: CardReadingProcess, score: Score, side: CardSide, photo: bytes, printed: dict[str, str]) -> None:
    score.photos += 1
    began = time.perf_counter()
    try:
        read = await reader.read(photo, "image/jpeg")
    except InvalidInput:
        score.unread += 1
        return
    finally:
        score.seconds.append(time.perf_counter() - began)
    for name in _fields(side):
        right = read.values.get(name) == printed[name]
        score.right[name] += right
        score.marked[name] += not right and name in read.unsure


def figures_of(scores: dict[CardSide, Score]) -> list[Figure]:
    found = []
    for side, score in scores.items():
        for name in _fields(side):
            rate, wrong = score.right[name] / score.photos, score.photos - score.right[name] - score.unread
            said = f"{rate:.1%} ({score.right[name]} of {score.photos}); {score.marked[name]} of {wrong} wrong ones marked as doubtful"
            target = _TARGETS.get(name)
            found.append(Figure(f"{side}: {name}", said, f">= {target:.0%}" if target else "-", rate >= target if target else None))
        found.append(Figure(f"{side}: no card recognised", f"{score.unread} of {score.photos}"))
        slow = max(score.seconds)
        found.append(Figure(f"{side}: seconds a photograph", f"median {statistics.median(score.seconds):.1f}, slowest {slow:.1f}"))
    return found


def run(people: int, hard: int) -> int:
    """Prints the tables; 1 when a target is missed."""
    return asyncio.run(_run(people, hard))


async def _run(people: int, hard: int) -> int:
    reader, cards = CardReadingProcess(seconds=180), sample_cards(people)
    try:
        scores = await measure(cards, reader)
        process = psutil.Process(reader.pid)
        times, memory = process.cpu_times(), process.memory_info().rss
        faults = await measure_hard(cards[:hard], reader)
    finally:
        await reader.aclose()
    figures = figures_of(scores)
    cpu = (times.user + times.system) / (2 * people)
    figures.append(Figure("the reading process", f"{cpu:.1f} s of CPU a photograph, loading included; {memory / 1e6:.0f} MB at the end"))
    print_figures(Console(), f"{people} sample cards, both sides, any way up ({load_now()})", figures)
    print_figures(Console(), f"One fault at a time, both sides of {len(cards[:hard])} cards", faults)
    return 1 if any(figure.reached is False for figure in figures) else 0
