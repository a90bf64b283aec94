"""Faster draws for making many people: a seeded source with one floating-point number a draw, and weighted choice."""

from bisect import bisect
from collections.abc import Sequence
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")


class QuickRandom(Random):
    """Draws with a bias below 2⁻³⁰ for ranges of under a million, which a made-up population does not notice."""

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        if stop is None:
            start, stop = 0, start
        if stop <= start or step != 1:
            raise ValueError("an empty range, or one with steps")
        return start + int(self.random() * (stop - start))

    def choice(self, seq: Any) -> Any:
        return seq[int(self.random() * len(seq))]


def weighted(random: Random, options: Sequence[T], cumulative: Sequence[float]) -> T:
    """One of the options, as `random.choices` draws it with these cumulative weights."""
    return options[bisect(cumulative, random.random() * (cumulative[-1] + 0.0), 0, len(options) - 1)]
