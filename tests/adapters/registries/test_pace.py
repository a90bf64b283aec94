"""A source is asked no faster than it can bear, and who would wait too long is told so at once."""

import asyncio
import time

import pytest

from adapters.outbound import NoReply
from adapters.registries.pace import Pace


async def test_a_burst_is_spread_over_time() -> None:
    pace, begin = Pace(100), time.monotonic()
    await asyncio.gather(*(pace.turn(10) for _ in range(40)))
    assert 0.28 <= time.monotonic() - begin < 2  # a tenth of a second's worth goes at once


async def test_a_single_question_does_not_wait() -> None:
    pace, begin = Pace(0.5), time.monotonic()
    await pace.turn(10)
    assert time.monotonic() - begin < 0.1


async def test_who_would_wait_too_long_takes_no_turn() -> None:
    pace, begin = Pace(2), time.monotonic()
    await pace.turn(10)
    for _ in range(100):  # which would be 50 seconds of turns
        with pytest.raises(NoReply, match="too many questions"):
            await pace.turn(0)
    await pace.turn(10)
    assert 0.4 < time.monotonic() - begin < 5
