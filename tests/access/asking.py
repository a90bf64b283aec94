"""One request by one caller about one case, and which secrets of whose case its answer told."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from tests.access.world import ITEM, Caller, SecretCase, World

_STREAM_SECONDS = 3.0
WORK = ("work_item_id", "approval", "visit", "task")  # a path that names a work item is asked about each kind


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    told: frozenset[tuple[str, str]]  # (whose case: own, other station, other county; field)

    @property
    def refused(self) -> bool:
        """Not signed in, not allowed, nothing there, nothing done, or sent to where one signs in."""
        return 400 <= self.status < 500 or (self.status == 303 and self.location.startswith(("/sign-in", "/staff/sign-in")))


def addresses(route: str, case: SecretCase, caller: Caller) -> list[str]:
    """The addresses of a route for one case: one, or for staff one a kind of work item."""
    path = route.split(" ", 1)[1]
    if "{work_item_id}" not in path:
        return [_filled(path, case, "")]
    return [_filled(path, case, case.ids[kind]) for kind in (WORK if caller.role else WORK[:1])]


def names_a_case(route: str) -> bool:
    return any(f"{{{name}}}" in route for name in ("application_id", "work_item_id", "inquiry_id", "upload_id", "person_id", "number"))


def _filled(path: str, case: SecretCase, work_item_id: str) -> str:
    code = "proof" if "/materials/{code}" in path else ITEM
    known = case.ids | {"work_item_id": work_item_id, "code": code, "name": "mine", "provider": "post", "side": "front"}
    number = "1" if "/pages/{number}" in path else case.ids["number"]
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda m: number if m[1] == "number" else known.get(m[1], str(uuid4())), path)


def of_a_program(route: str) -> bool:
    return route.split(" ")[1].startswith(("/v1", "/oauth"))


async def ask(http: httpx.AsyncClient, world: World, caller: Caller, route: str, address: str, search: str = "") -> Answer:
    """Send it as this caller would: session and form token, or an access token; `search` is what a search box would hold."""
    method = route.split(" ", 1)[0]
    program = of_a_program(route)
    headers = {"Authorization": f"Bearer {caller.bearer}"} if program and caller.bearer else {}
    http.cookies.clear()
    for name, value in ({} if program else caller.cookies).items():
        http.cookies.set(name, value)
    body: dict[str, Any] = {} if method == "GET" else {"json": {}} if program else {"data": {"csrf": caller.csrf, "q": search}}
    request = http.build_request(method, address, params={"q": search} if search else None, headers=headers, **body)
    try:
        reply = await asyncio.wait_for(http.send(request), _STREAM_SECONDS)
    except TimeoutError:  # a stream that would go on for ever was opened
        return Answer(200, "", frozenset())
    told = {(case.relation, name) for case in world.cases for name, secret in case.secrets.items() if secret in reply.text}
    return Answer(reply.status_code, reply.headers.get("location", ""), frozenset(told))
