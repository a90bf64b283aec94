"""Keeps one process's questions to one source at the rate that it can bear."""

import asyncio
import time

from adapters.outbound import NoReply


class Pace:
    """A token bucket (GCRA, as in ITU-T I.371): `per_second` on average, a tenth of a second's worth at once.

    Own code, because limiters of libraries queue without end: who cannot have a turn in time is told so at once and takes none.
    """

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._slack = max(0.1 - self._interval, 0.0)
        self._next = 0.0  # when the bucket will be full again, on the monotonic clock

    async def turn(self, longest_seconds: float) -> None:
        """Wait for one's turn.

        Raises:
            NoReply: it would take longer than that.
        """
        now = time.monotonic()
        due = max(self._next, now)
        wait = due - self._slack - now
        if wait > longest_seconds:
            raise NoReply("too many questions at once")
        self._next = due + self._interval
        if wait > 0:
            await asyncio.sleep(wait)
