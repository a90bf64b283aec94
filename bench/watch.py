"""Where every case stands, read from the database for all at once: asking the API for each would be most of its load."""

import asyncio
import logging

import asyncpg

from settings import Settings

log = logging.getLogger("onetrip.bench")
LOOK_SECONDS = 0.5
FINAL = frozenset({"completed", "refused", "void", "expired", "withdrawn", "abandoned"})


class Watch:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._statuses: dict[str, str] = {}

    def status(self, application_id: str) -> str:
        """As of the last look; a case that was not seen yet is `verifying`."""
        return self._statuses.get(application_id, "verifying")

    async def until_final(self, application_id: str) -> str:
        while True:
            status = self.status(application_id)
            if status in FINAL:
                return status
            await asyncio.sleep(LOOK_SECONDS)

    async def until_verified(self, application_id: str, seconds: float) -> bool:
        """Whether the case has left `verifying` within this time."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    if self.status(application_id) != "verifying":
                        return True
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            return False

    async def look(self) -> None:
        """Until cancelled. The database may go away and come back."""
        while True:
            try:
                connection = await asyncpg.connect(self._settings.database, timeout=5)
                try:
                    while True:
                        rows = await connection.fetch("select id, status from applications", timeout=10)
                        self._statuses = {str(row["id"]): row["status"] for row in rows}
                        await asyncio.sleep(LOOK_SECONDS)
                finally:
                    connection.terminate()
            except Exception as error:
                # A database that is killed ends a look in many ways; the next look tells whether it is back.
                log.warning("the database is away: %s", type(error).__name__)
                await asyncio.sleep(LOOK_SECONDS)
