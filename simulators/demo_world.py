"""What only a demonstration has: its people, its clerks, and clips for whoever has no camera."""

import asyncio
from typing import Any

import aiohttp

from domain.errors import Unavailable
from domain.text import Language
from simulators.demo_clip import CLIP_LANGUAGE, make_demo_clip
from simulators.territory import COUNTIES

# Counties whose stations get demo clerks: those where the demo people live and move to.
_STAFFED = {"330302": "lucheng", "330304": "ouhai"}
_STATION_ROLES = (("pre_reviewer", "review", "预审"), ("counter", "counter", "窗口"))
_COUNTY_ROLES = (("approver", "approver", "审批"), ("supervisor", "supervisor", "督查"))


class DemoWorld:
    """Implements `casework.office.DemoWorld` on the population simulator."""

    clip_language: Language = CLIP_LANGUAGE

    def __init__(self, registries_url: str, token: str) -> None:
        self._registries_url = registries_url
        self._token = token

    async def people(self) -> list[dict[str, Any]]:
        """Demo people of the running simulator.

        Raises:
            Unavailable: it does not answer.
        """
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with (
                aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=3)) as session,
                session.get(f"{self._registries_url}/_people") as reply,
            ):
                reply.raise_for_status()
                people: list[dict[str, Any]] = (await reply.json())["people"]
                return people
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable() from error

    async def clip(self, code: str) -> bytes:
        return await asyncio.to_thread(make_demo_clip, code, self.clip_language)

    def clerks(self) -> list[dict[str, Any]]:
        """For each staffed county an approver and a supervisor, for its first station a pre-reviewer and a counter clerk;
        one catalogue editor."""
        clerks: list[dict[str, Any]] = []
        for county in COUNTIES:
            if (prefix := _STAFFED.get(county.code)) is None:
                continue
            station = county.stations[0]
            for role, login, title in _STATION_ROLES:
                name = f"{station.name_zh}{title}"
                clerks.append({"login": f"{prefix}-{login}", "name": name, "role": role, "county": county.code, "station": station.code})
            for role, login, title in _COUNTY_ROLES:
                clerks.append(
                    {
                        "login": f"{prefix}-{login}",
                        "name": f"{county.bureau_zh}{title}",
                        "role": role,
                        "county": county.code,
                        "station": None,
                    }
                )
        return [*clerks, self._catalogue_editor()]

    @staticmethod
    def _catalogue_editor() -> dict[str, Any]:
        county = next(county for county in COUNTIES if county.code in _STAFFED)
        name = f"{county.bureau_zh}事项目录编辑"
        return {"login": "catalogue-editor", "name": name, "role": "catalogue_editor", "county": county.code, "station": None}
