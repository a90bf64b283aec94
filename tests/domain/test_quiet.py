"""Quiet hours: when a notice may leave."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import CHINA
from domain.quiet import QUIET_FROM, QUIET_UNTIL, next_allowed


@pytest.mark.parametrize(
    ("moment", "leaves"),
    [
        ("2026-03-02T08:00:00", "2026-03-02T08:00:00"),
        ("2026-03-02T20:59:59", "2026-03-02T20:59:59"),
        ("2026-03-02T21:00:00", "2026-03-03T08:00:00"),
        ("2026-03-02T23:30:00", "2026-03-03T08:00:00"),
        ("2026-03-03T00:00:00", "2026-03-03T08:00:00"),
        ("2026-03-03T07:59:59", "2026-03-03T08:00:00"),
        ("2026-12-31T22:00:00", "2027-01-01T08:00:00"),
    ],
)
def test_a_notice_of_the_night_waits_for_the_morning(moment: str, leaves: str) -> None:
    assert next_allowed(datetime.fromisoformat(moment).replace(tzinfo=CHINA)) == datetime.fromisoformat(leaves).replace(tzinfo=CHINA)


@given(st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_no_moment_that_is_allowed_is_at_night_or_before_what_was_asked_or_half_a_day_late(moment: datetime) -> None:
    allowed = next_allowed(moment)
    assert QUIET_UNTIL <= allowed.astimezone(CHINA).time() < QUIET_FROM
    assert moment <= allowed <= moment + timedelta(hours=11)
    assert next_allowed(allowed) == allowed


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        next_allowed(datetime.fromisoformat("2026-03-02T12:00:00"))
