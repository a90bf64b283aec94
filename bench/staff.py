"""A clerk who works by program: takes what is open, and approves."""

import asyncio
from typing import Any

import aiohttp

from bench.integrator import Caller, Refused, Tries

LOOK_SECONDS = 3.0
_OUTCOMES = {
    "pre_review": "pass",
    "review": "approve",
    "approval": "approve",
    "counter_check": "match",
    "identity_check": "same_person",
    "collection": "handed_over",
}


class Clerk(Caller):
    def __init__(self, session: aiohttp.ClientSession, token: str, tries: Tries) -> None:
        super().__init__(session, token, tries)
        self.completed = 0

    async def work(self) -> None:
        """Until cancelled. What was claimed before a part died is completed first."""
        while True:
            mine = (await self.ask("GET", "/v1/work-items", params={"view": "mine"}))["items"]
            items = mine or (await self.ask("GET", "/v1/work-items", params={"view": "open"}))["items"]
            for item in items:
                if outcome := self.outcome_of(item):
                    await self._finish(item, outcome)
            await asyncio.sleep(LOOK_SECONDS)

    def outcome_of(self, item: dict[str, Any]) -> str | None:
        """What comes of a work item; None leaves it lying."""
        return _OUTCOMES[item["kind"]]

    async def _finish(self, item: dict[str, Any], outcome: str) -> None:
        address = f"/v1/work-items/{item['id']}"
        try:
            await self.ask("POST", f"{address}/claim")
            detail = await self.ask("GET", address)  # as a clerk would, before deciding
            seen = "different" if outcome == "differ" else "same"
            originals = {material["code"]: seen for material in detail["originals"]}
            result = {"outcome": outcome, "reason": "bench", "originals": originals}
            await self.ask("POST", f"{address}/complete", json=result, headers={"Idempotency-Key": f"complete-{item['id']}"})
        except Refused as refused:
            if refused.status != 409:  # done already, though the answer was lost
                raise
            return
        self.completed += 1
