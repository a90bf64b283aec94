"""An integrator as the API asks them to be: the same request again, under the same Idempotency-Key, until it is answered."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

from bench.requests import Body
from bench.session import bearer
from bench.watch import Watch

PAUSE_SECONDS = (0.2, 1.0)
TRY_SECONDS = 30.0
CHECK_SECONDS = 20.0


class Refused(Exception):
    """An answer that trying again does not change."""

    def __init__(self, where: str, status: int, problem: dict[str, Any]) -> None:
        self.status, self.kind = status, str(problem.get("type", "")).rsplit(":", 1)[-1]
        super().__init__(f"{where}: {status} {problem}")


@dataclass
class Tries:
    """What stood between a request and its answer: `no answer`, or a status."""

    again: Counter[str] = field(default_factory=Counter)


class Caller:
    """One account's requests."""

    def __init__(self, session: aiohttp.ClientSession, token: str, tries: Tries) -> None:
        self._session = session
        self._headers = bearer(token)
        self._tries = tries

    async def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **content: Any) -> Any:
        """The answer's JSON, however often it takes.

        Raises:
            Refused: 4xx.
        """
        while True:
            try:
                timeout = aiohttp.ClientTimeout(total=TRY_SECONDS)
                sending = self._session.request(method, path, headers={**self._headers, **(headers or {})}, timeout=timeout, **content)
                async with sending as reply:
                    body = await reply.json(content_type=None)
                    status = reply.status
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
                self._tries.again["no answer"] += 1
            else:
                if status < 300:
                    return body
                if status < 500:
                    raise Refused(f"{method} {path.split('/')[-1]}", status, body)
                self._tries.again[str(status)] += 1
            await asyncio.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311

    async def file(self, path: str) -> bytes:
        """A document. Raises aiohttp.ClientError."""
        async with self._session.get(path, headers=self._headers) as reply:
            reply.raise_for_status()
            return await reply.read()


class Integrator(Caller):
    async def apply(self, body: Body) -> dict[str, Any]:
        case: dict[str, Any] = await self.ask("POST", "/v1/applications", json=body, headers={"Idempotency-Key": str(uuid4())})
        return case

    async def upload(self, application_id: str, code: str, paper: bytes) -> None:
        await self.ask("PUT", f"/v1/applications/{application_id}/materials/{code}", data=paper, headers={"Content-Type": "image/png"})

    async def prove_identity(self, application_id: str, clip: bytes, watch: Watch) -> None:
        """Hand in clips, each for a code of its own, until the case has moved on."""
        while watch.status(application_id) == "verifying":
            try:
                await self.ask("PUT", f"/v1/applications/{application_id}/identity-clip", data=clip, headers={"Content-Type": "video/webm"})
            except Refused as refused:
                if refused.kind == "no-consent":
                    await self.ask("POST", f"/v1/applications/{application_id}/face-consent", json={"given": True})
                elif refused.kind == "challenge-expired":
                    await self._renew(application_id)
                elif refused.status != 409:
                    raise
            else:
                await watch.until_verified(application_id, CHECK_SECONDS)
            await asyncio.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311

    async def _renew(self, application_id: str) -> None:
        try:
            await self.ask("POST", f"/v1/applications/{application_id}/challenge")
        except Refused as refused:
            if refused.status != 409:  # a clip is being checked after all
                raise
