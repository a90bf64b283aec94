"""What CEL conditions may call beside the language's own: dates as registries write them, sums, the smaller and the larger.

Dates are ISO 8601 texts, `2026-06-01` or a longer moment that begins so. Anything else raises, which leaves a rule undecided.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

Number = int | float


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def months_between(earlier: str, later: str) -> int:
    """Whole months from one date to another; below zero when the order is reversed."""
    first, last = _day(earlier), _day(later)
    if last < first:
        return -months_between(later, earlier)
    return (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)


def years_between(earlier: str, later: str) -> int:
    """Whole years from one date to another, as ages are counted."""
    months = months_between(earlier, later)
    return months // 12 if months >= 0 else -(-months // 12)


def days_between(earlier: str, later: str) -> int:
    return (_day(later) - _day(earlier)).days


def total(numbers: Sequence[Number]) -> Number:
    """The sum of a list of numbers; 0 for none."""
    return sum(numbers)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "years_between": years_between,
    "months_between": months_between,
    "days_between": days_between,
    "sum": total,
    "min": min,
    "max": max,
}
