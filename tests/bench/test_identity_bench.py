"""The interval that stands beside each measured rate."""

import pytest

from bench.identity.rates import Rate


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (1, 1000, 0.0002, 0.0056)],
)
def test_wilson_intervals_agree_with_published_values(count: int, total: int, low: float, high: float) -> None:
    assert Rate("x", count, total).interval == pytest.approx((low, high), abs=5e-4)
