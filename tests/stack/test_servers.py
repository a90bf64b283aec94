"""`onetrip up` with the real servers: what survives, what is left behind."""

import asyncio
import io
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from minio import Minio

from settings import PORT_OFFSETS, Settings
from tests.running import StackProcess
from tests.stack.processes import mentioning, wait_until_gone

pytestmark = [pytest.mark.stack, pytest.mark.long]

SERVERS = ("postgres", "temporal", "seaweedfs")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[StackProcess]:
    process = StackProcess(tmp_path / "home", SERVERS)
    yield process
    process.stop()


def store_of(settings: Settings) -> Minio:
    return Minio(settings.s3, settings.s3_access_key, settings.s3_secret_key, secure=False)


def leave_marks(settings: Settings) -> None:
    async def in_database() -> None:
        connection = await asyncpg.connect(settings.database_owner)
        await connection.execute("create table marks (word text)")
        await connection.execute("insert into marks values ('kept')")
        await connection.close()

    asyncio.run(in_database())
    store_of(settings).put_object(settings.s3_bucket, "mark", io.BytesIO(b"kept"), 4)


def find_marks(settings: Settings) -> tuple[str, bytes]:
    async def in_database() -> str:
        connection = await asyncpg.connect(settings.database_owner)
        word = await connection.fetchval("select word from marks")
        await connection.close()
        return str(word)

    answer = store_of(settings).get_object(settings.s3_bucket, "mark")
    return asyncio.run(in_database()), answer.read()


def leftovers(stack: StackProcess) -> list[str]:
    """Processes, sockets and pid files of this stack."""
    processes = [str(pid) for pid in mentioning(str(stack.home))]
    ports = range(stack.port, stack.port + 1 + max(PORT_OFFSETS.values()))
    sockets = [str(path) for port in ports for path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock")]
    files = [str(path) for pattern in ("run/*.sock", "run/*.ready", "postgres/postmaster.pid") for path in stack.home.glob(pattern)]
    return processes + sockets + files


def test_a_second_start_finds_what_the_first_one_stored_and_a_stop_leaves_nothing(stack: StackProcess) -> None:
    leave_marks(stack.start())
    assert stack.stop() == 0
    assert leftovers(stack) == []
    assert find_marks(stack.start()) == ("kept", b"kept")


def test_killing_the_supervisor_leaves_no_process_and_the_next_start_goes_on(stack: StackProcess) -> None:
    leave_marks(stack.start())
    pids = mentioning(str(stack.home))
    assert len(pids) >= 3
    stack.kill()
    assert not wait_until_gone(pids)
    assert find_marks(stack.start()) == ("kept", b"kept")
    assert stack.stop() == 0
    assert leftovers(stack) == []


def test_a_killed_server_is_started_again_with_its_data(stack: StackProcess) -> None:
    settings = stack.start()
    leave_marks(settings)
    for name in ("postgres", "weed", "temporal"):
        before = stack.printed().count(": ready")
        victim = next(child for child in psutil.Process(stack.pid).children() if child.name() == name)
        os.kill(victim.pid, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while stack.printed().count(": ready") == before and time.monotonic() < deadline:
            time.sleep(0.05)
    assert find_marks(settings) == ("kept", b"kept")
    assert stack.printed().count("was killed by SIGKILL") == 3


def test_no_server_listens_anywhere_but_on_this_machine(stack: StackProcess) -> None:
    stack.start()
    family = [psutil.Process(stack.pid), *psutil.Process(stack.pid).children(recursive=True)]
    listening = {
        (process.name(), connection.laddr.ip)
        for process in family
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert {name for name, _ in listening} == {"postgres", "temporal", "weed"}
    assert {ip for _, ip in listening} == {"127.0.0.1"}
