"""What only a demonstration has: its people, its clerks, and clips for whoever has no camera."""

import asyncio
import io
from time import monotonic
from typing import Any

import aiohttp

from domain.cards import CardSide
from domain.errors import NotFound, Unavailable
from domain.identity import Asked
from domain.text import Language
from simulators.demo_clip import CLIP_LANGUAGE, make_demo_clip
from simulators.territory import COUNTIES

# Counties whose stations get demo clerks: those where the demo people live and move to.
_STAFFED = {"330302": "lucheng", "330304": "ouhai"}
_STATION_ROLES = (("pre_reviewer", "review", "预审"), ("pre_reviewer", "review-lead", "预审组长"), ("counter", "counter", "窗口"))
_COUNTY_ROLES = (("approver", "approver", "审批"), ("investigator", "investigator", "调查"), ("supervisor", "supervisor", "督查"))
# Of the whole installation; they are entered under the first staffed county.
_OFFICE_ROLES = (
    ("catalogue_editor", "catalogue-editor", "事项目录编辑"),
    ("system_admin", "system-admin", "系统管理员"),
    ("security_admin", "security-admin", "安全保密管理员"),
    ("audit_admin", "audit-admin", "安全审计员"),
)
_LEADER = "review-lead"


async def record_clip(asked: Asked) -> bytes:
    """A webm of the demo person showing what is asked. Takes as long as a recording would: a clip that is longer than the time since
    its challenge was shown is refused."""
    began = monotonic()
    clip = await asyncio.to_thread(make_demo_clip, asked.code, asked.language, movements=asked.movements)
    await asyncio.sleep(max(0.0, _seconds(clip) - (monotonic() - began)))
    return clip


def _seconds(clip: bytes) -> float:
    import av

    with av.open(io.BytesIO(clip), "r") as file:
        return (file.duration or 0) / av.time_base


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
        found: list[dict[str, Any]] = (await self._entered())["people"]
        return found

    async def staff(self) -> list[dict[str, Any]]:
        """`id_number` and `name` of people who may be its members of staff: nobody's demo applicant, nor of their households.

        Raises:
            Unavailable: as above.
        """
        found: list[dict[str, Any]] = (await self._entered())["staff"]
        return found

    async def _entered(self) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with (
                aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=3)) as session,
                session.get(f"{self._registries_url}/_people") as reply,
            ):
                reply.raise_for_status()
                entered: dict[str, Any] = await reply.json()
                return entered
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable() from error

    async def card(self, id_number: str, side: CardSide) -> bytes:
        """A JPEG of a side of this person's ID card, marked as a sample.

        Raises:
            NotFound: nobody of the population, or without a card. Unavailable: the simulator does not answer.
        """
        headers = {"Authorization": f"Bearer {self._token}"}
        asked = {"id_number": id_number, "side": side.value}
        try:
            async with (
                aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=5)) as session,
                session.post(f"{self._registries_url}/_card", json=asked) as reply,
            ):
                if reply.status == 404:
                    raise NotFound()
                reply.raise_for_status()
                return await reply.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable() from error

    async def clip(self, asked: Asked) -> bytes:
        return await record_clip(asked)

    def clerks(self) -> list[dict[str, Any]]:
        """For each staffed county an approver, an investigator and a supervisor, for its first station a pre-reviewer, one who leads
        them, and a counter clerk; one catalogue editor and the three administrators."""
        staffed = [(county, _STAFFED[county.code]) for county in COUNTIES if county.code in _STAFFED]
        clerks = []
        for county, prefix in staffed:
            station = county.stations[0]
            for role, login, title in _STATION_ROLES:
                leads = login == _LEADER
                clerks.append(_clerk(f"{prefix}-{login}", f"{station.name_zh}{title}", role, county.code, station.code, leads=leads))
            for role, login, title in _COUNTY_ROLES:
                clerks.append(_clerk(f"{prefix}-{login}", f"{county.bureau_zh}{title}", role, county.code))
        county, _ = staffed[0]
        return clerks + [_clerk(login, f"{county.bureau_zh}{title}", role, county.code) for role, login, title in _OFFICE_ROLES]


def _clerk(login: str, name: str, role: str, county: str, station: str | None = None, *, leads: bool = False) -> dict[str, Any]:
    return {"login": login, "name": name, "role": role, "county": county, "station": station, "leads": leads}
