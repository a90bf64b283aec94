"""A source is asked no faster than it can bear, and who would wait too long is told so at once."""

import asyncio
from types import SimpleNamespace

import pytest

from adapters.outbound import NoReply
from adapters.registries import pace as room
from adapters.registries.pace import Pace


class Clock:
    """Stands still but for what a sole sleeper sleeps; `waits` are the sleeps in seconds."""

    def __init__(self, *, passes: bool) -> None:
        self.now = 1000.0
        self.passes = passes
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds if self.passes else 0.0


def set_clock(monkeypatch: pytest.MonkeyPatch, *, passes: bool) -> Clock:
    clock = Clock(passes=passes)
    monkeypatch.setattr(room, "time", clock)
    monkeypatch.setattr(room, "asyncio", SimpleNamespace(sleep=clock.sleep))
    return clock


async def test_a_burst_is_spread_over_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, pace = set_clock(monkeypatch, passes=False), Pace(100)
    await asyncio.gather(*(pace.turn(10) for _ in range(40)))
    assert clock.waits == pytest.approx([turn / 100 for turn in range(1, 31)])  # a tenth of a second's worth goes at once


async def test_a_single_question_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = set_clock(monkeypatch, passes=True)
    await Pace(0.5).turn(10)
    assert clock.waits == []


async def test_who_would_wait_too_long_takes_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, pace = set_clock(monkeypatch, passes=True), Pace(2)
    await pace.turn(10)
    for _ in range(100):  # which would be 50 seconds of turns
        with pytest.raises(NoReply, match="too many questions"):
            await pace.turn(0)
    await pace.turn(10)
    assert clock.waits == pytest.approx([0.5])
