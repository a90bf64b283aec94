"""Counts of cases, and how sure they make us: Wilson's score interval at 95 %."""

from dataclasses import dataclass
from math import sqrt

CONFIDENCE = 1.96  # standard deviations, 95 %


@dataclass(frozen=True)
class Rate:
    """`count` of `total` cases. `target`: the largest share (`at_most`) or else the smallest that is asked for; None where none is."""

    what: str
    count: int
    total: int
    target: float | None = None
    at_most: bool = True

    @property
    def share(self) -> float:
        """Raises ZeroDivisionError for no cases."""
        return self.count / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval at 95 %; 0..1 for no cases."""
        if not self.total:
            return 0.0, 1.0
        n, z = self.total, CONFIDENCE
        middle = (self.share + z * z / (2 * n)) / (1 + z * z / n)
        half = z * sqrt(self.share * (1 - self.share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - half), min(1.0, middle + half)

    @property
    def reached(self) -> bool | None:
        """Whether the share itself, not its interval, is within the target."""
        if self.target is None or not self.total:
            return None
        return self.share <= self.target if self.at_most else self.share >= self.target

    @property
    def percent(self) -> str:
        return f"{100 * self.share:.1f} %" if self.total else "-"

    @property
    def between(self) -> str:
        low, high = self.interval
        return f"{100 * low:.1f} to {100 * high:.1f} %"
