"""`onetrip doctor`: what is up, what is down, and what to do about it."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from settings import PROJECT, Settings, home, load_settings
from stack import probes
from stack.home import holder
from stack.own import ROLES
from stack.parts import elsewhere

LEAST_DISK_GIB = 5
ANSWER_SECONDS = 5
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Finding:
    """One row. `needed` is false for what only tests or builds want: it never makes the exit code 1."""

    name: str
    address: str
    up: bool
    version: str = ""
    remedy: str = ""
    needed: bool = True


def doctor() -> int:
    """Print the table; 1 when something that must be up is down."""
    settings = load_settings()
    findings = asyncio.run(examine(settings))
    table = Table(title=f"OneTrip · {home()}", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("", "part", "address", "version", "what to do"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "part")
    for finding in findings:
        mark = "[green]✓[/]" if finding.up else ("[red]✗[/]" if finding.needed else "[yellow]![/]")
        table.add_row(mark, finding.name, escape(finding.address), escape(finding.version), "" if finding.up else escape(finding.remedy))
    Console().print(table)
    return 1 if any(finding.needed and not finding.up for finding in findings) else 0


async def examine(settings: Settings) -> list[Finding]:
    """Servers and our own processes side by side, then the machine."""
    served = await asyncio.gather(
        _database(settings),
        _temporal(settings),
        _objects(settings),
        _simulators(settings),
        _api(settings),
        *(_worker(role, settings) for role in ROLES),
    )
    return [*served, *machine(settings)]


# -- servers

Question = Callable[[], Awaitable[str]]


async def _ask(name: str, address: str, question: Question, remedy: str) -> Finding:
    """A part is up when the question is answered; the answer is its version."""
    try:
        return Finding(name, address, True, await question())
    except Exception as error:
        # Whatever it is, a doctor reports it.
        return Finding(name, address, False, f"no ({type(error).__name__})", remedy)


def _remedy(part: str, settings: Settings, variable: str) -> str:
    if part in elsewhere(settings):
        return f"{variable} points there: start that server, or unset {variable}"
    if holder(settings.home) is not None:
        return f"see {settings.home / 'logs' / f'{part}.log'}"
    return "start it with `make run` (or `onetrip up`)"


async def _database(settings: Settings) -> Finding:
    async def version() -> str:
        import asyncpg

        connection = await asyncpg.connect(settings.database, timeout=ANSWER_SECONDS)
        try:
            return f"PostgreSQL {await connection.fetchval('show server_version')}"
        finally:
            await connection.close()

    address = settings.database.rsplit("@", 1)[-1]
    return await _ask("postgres", address, version, _remedy("postgres", settings, "DATABASE_URL"))


async def _temporal(settings: Settings) -> Finding:
    async def version() -> str:
        from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
        from temporalio.client import Client

        async with asyncio.timeout(ANSWER_SECONDS):
            client = await Client.connect(settings.temporal, namespace=settings.temporal_namespace)
            answer = await client.workflow_service.get_system_info(GetSystemInfoRequest())
        # Python 3.11.7 may crash when the loop ends right after a call of the client's.
        await asyncio.sleep(0.3)
        return f"Temporal {answer.server_version}"

    return await _ask("temporal", settings.temporal, version, _remedy("temporal", settings, "TEMPORAL_ADDRESS"))


async def _objects(settings: Settings) -> Finding:
    url = settings.s3 if "//" in settings.s3 else f"http://{settings.s3}"

    async def version() -> str:
        # Any answer will do: 403 is how a store greets a stranger.
        await probes.http_status(url)
        return "S3"

    return await _ask("seaweedfs", settings.s3, version, _remedy("seaweedfs", settings, "S3_ENDPOINT"))


async def _simulators(settings: Settings) -> Finding:
    async def version() -> str:
        await probes.http_status(settings.registries)
        return ""

    return await _ask("simulators", settings.registries, version, _remedy("simulators", settings, "REGISTRIES_URL"))


async def _api(settings: Settings) -> Finding:
    address = f"http://127.0.0.1:{settings.onetrip_port}"

    async def version() -> str:
        status = await probes.http_status(f"{address}/healthz")
        if status != 200:
            raise ConnectionError(f"HTTP {status}")
        return ""

    return await _ask("api", address, version, _remedy("api", settings, "ONETRIP_PORT"))


async def _worker(role: str, settings: Settings) -> Finding:
    name = f"worker-{role}"

    async def version() -> str:
        if not (settings.home / "run" / f"{name}.ready").exists():
            raise ConnectionError("not ready")
        return ""

    return await _ask(name, f"task queue {role}", version, _remedy(name, settings, ""))


# -- the machine


def machine(settings: Settings) -> list[Finding]:
    """Disk, Python, Node and chromium."""
    folder = settings.home if settings.home.exists() else PROJECT
    free_gib = shutil.disk_usage(folder).free / 2**30
    python = ".".join(str(number) for number in sys.version_info[:3])
    node = shutil.which("node") or _tools_node()
    chromium = next((path for path in map(shutil.which, CHROMIUM_NAMES) if path), None)
    pages = PROJECT / "web" / "static" / "dist"
    return [
        Finding("disk", str(folder), free_gib >= LEAST_DISK_GIB, f"{free_gib:.0f} GiB free", f"free {LEAST_DISK_GIB} GiB"),
        Finding("python", sys.executable, sys.version_info[:2] == (3, 11), python, "install Python 3.11 and run `make install`"),
        Finding("static files", str(pages), pages.exists(), "", "run `make install`"),
        Finding("node", node or "-", node is not None, _first_line(node), "run `make install`", needed=False),
        Finding("chromium", chromium or "-", chromium is not None, _first_line(chromium), "apt-get install chromium", needed=False),
    ]


def _tools_node() -> str | None:
    path = PROJECT / ".tools" / "bin" / "node"
    return str(path) if os.access(path, os.X_OK) else None


def _first_line(program: str | Path | None) -> str:
    if program is None:
        return ""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "?"
    return answer.stdout.strip().split("\n", 1)[0]
