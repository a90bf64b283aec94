"""What a benchmark of the whole stack begins with: a stack of its own, an integrator's token, clerks' tokens."""

import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pyotp

from casework import accounts
from casework.office import Office
from domain.jurisdiction import Role
from settings import Settings
from stack.apart import StackProcess, start_apart
from wiring import Wiring

# Identity passes unseen, and nothing of the demonstration runs.
_ENVIRONMENT = {
    "ONETRIP_BENCH": "1",
    "BENCH_IDENTITY": "true",
    "ONETRIP_DEMO": "false",
    # A shell that forbids byte code would have every module compiled at every import.
    "PYTHONDONTWRITEBYTECODE": "",
}
IDENTITY_NOTE = "identity: bench-only adapter, every clip passes unseen; all else is real"


@contextmanager
def stack_for_bench(
    home: Path | None = None, parts: Sequence[str] = (), people: int | None = None, *, real_identity: bool = False
) -> Iterator[tuple[StackProcess, Settings]]:
    """The whole stack, or the named parts of it, on free ports, ended afterwards; its home is kept only where the caller named it.

    `people` is how many the simulated authorities know, where it is not the usual number. With `real_identity` clips are looked at,
    and there is a demonstration person to make them of.
    """
    extra = _ENVIRONMENT | ({"REGISTRIES_POPULATION": str(people)} if people else {})
    extra |= {"BENCH_IDENTITY": "false", "ONETRIP_DEMO": "true"} if real_identity else {}
    with tempfile.TemporaryDirectory(prefix="onetrip-bench-") as folder:
        process, settings = start_apart(home or Path(folder) / "home", parts, extra=extra)
        if people:  # the process has it from its environment, which is not ours
            settings = settings.model_copy(update={"registries_population": people})
        try:
            yield process, settings
        finally:
            process.stop()


@asynccontextmanager
async def office_of(settings: Settings) -> AsyncIterator[Office]:
    """The same office as the stack's API has, for making accounts."""
    wiring = Wiring(settings, pool_size=2)
    try:
        yield await wiring.office()
    finally:
        await wiring.close()


async def integrator_token(office: Office, session: aiohttp.ClientSession) -> str:
    """The access token of a new integrator. `session` has the site as its base."""
    credentials = await accounts.add_client(office, "onetrip bench")
    form = {"grant_type": "client_credentials", "client_id": credentials.client_id, "client_secret": credentials.client_secret}
    return await _token(session, form)


async def clerk_token(office: Office, session: aiohttp.ClientSession, role: Role, county: str) -> str:
    """The access token of a new clerk of the county bureau, signed in with password and one-time password."""
    login, password, secret = f"bench-{role}-{county}", secrets.token_urlsafe(12), pyotp.random_base32()
    clerk = accounts.NewClerk(login=login, name=f"bench {role}", role=role, county=county)
    await accounts.add_clerk(office, clerk, password=password, totp_secret=secret)
    return await _token(session, {"grant_type": "password", "username": login, "password": password, "totp": pyotp.TOTP(secret).now()})


async def _token(session: aiohttp.ClientSession, form: dict[str, str]) -> str:
    async with session.post("/oauth/token", data=form) as reply:
        reply.raise_for_status()
        return str((await reply.json())["access_token"])


def processes_of(stack: StackProcess) -> dict[str, psutil.Process]:
    """The stack's running processes by part name."""
    found: dict[str, psutil.Process] = {}
    for process in psutil.Process(stack.pid).children():
        try:
            name = _part_name(process.cmdline())
        except psutil.Error:
            continue
        if name is not None:
            found[name] = process
    return found


def _part_name(words: Sequence[str]) -> str | None:
    if not words:
        return None
    program = Path(words[0]).name
    if program in ("postgres", "temporal"):
        return program
    if program == "weed":
        return "seaweedfs"
    if "simulators" in words:
        return "simulators"
    if "worker" in words or "worker.py" in words:  # behind a gate, or by itself
        return f"worker-{words[-1]}"
    return "api" if words[-1] == "api" else None


def bearer(token: str) -> dict[str, Any]:
    return {"Authorization": f"Bearer {token}"}
