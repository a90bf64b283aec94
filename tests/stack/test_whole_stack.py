"""Everything that `onetrip up` starts, together."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from settings import PROJECT, Settings
from stack import probes
from stack.doctor import examine
from stack.home import holder
from stack.own import demo_accounts
from tests.running import environment

pytestmark = [pytest.mark.stack, pytest.mark.long]


async def test_every_part_is_up_and_the_demo_accounts_are_written_down(running_stack: Settings) -> None:
    down = [finding.name for finding in await examine(running_stack) if finding.needed and not finding.up]
    assert down == []
    assert "onetrip-demo" in demo_accounts(running_stack).read_text(encoding="utf-8")


async def test_a_killed_api_comes_back(running_stack: Settings) -> None:
    supervisor = psutil.Process(holder(running_stack.home) or 0)
    api = next(child for child in supervisor.children() if child.cmdline()[-1] == "api")
    os.kill(api.pid, signal.SIGKILL)
    health = probes.http(f"{running_stack.site_url}/healthz")
    async with asyncio.timeout(60):
        while True:
            try:
                if await health():
                    break
            except OSError:
                await asyncio.sleep(0.1)
    assert next(child for child in supervisor.children() if child.cmdline()[-1] == "api").pid != api.pid


async def failing_start(home: Path, port: int) -> str:
    """What `onetrip up` prints when it refuses to start."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "up"),
        cwd=PROJECT, env=environment(home, port), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(60):
        printed, _ = await process.communicate()
    assert process.returncode == 1
    return printed.decode()


async def test_a_second_start_on_the_same_home_says_who_holds_it(running_stack: Settings) -> None:
    printed = await failing_start(running_stack.home, running_stack.onetrip_port)
    assert f"OneTrip already runs on {running_stack.home} (process {holder(running_stack.home)})" in printed


async def test_a_start_on_taken_ports_names_one_and_makes_no_data(running_stack: Settings, tmp_path: Path) -> None:
    printed = await failing_start(tmp_path / "home", running_stack.onetrip_port)
    assert "is in use by " in printed
    assert "set ONETRIP_PORT to another number" in printed
    assert not (tmp_path / "home" / "postgres").exists()
