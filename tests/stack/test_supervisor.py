"""The supervisor with small real processes as parts."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from settings import PROJECT
from stack import probes
from stack.errors import StackProblem
from stack.part import Part, PartStatus, State
from stack.supervisor import Supervisor, rotate
from tests.stack.parts import DEAF, SERVER, command, kill, order, pid_of, server
from tests.stack.processes import alive, wait_until_gone


@asynccontextmanager
async def started(folder: Path, *parts: Part, changed: Callable[[PartStatus], None] = lambda status: None) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(parts, folder, changed)
    try:
        async with asyncio.timeout(60):
            await supervisor.start()
        yield supervisor
    finally:
        async with asyncio.timeout(60):
            await supervisor.stop()


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what it looks at changes in other processes
            await asyncio.sleep(0.02)


async def test_a_part_begins_after_those_it_needs_and_ends_before_them(tmp_path: Path) -> None:
    parts = (server(tmp_path, "web", needs=["store"]), server(tmp_path, "store", needs=["disk"]), server(tmp_path, "disk"))
    async with started(tmp_path, *parts):
        assert order(tmp_path) == ["begin disk", "begin store", "begin web"]
    assert order(tmp_path)[3:] == ["end web", "end store", "end disk"]


async def test_a_command_must_end_well_before_those_that_need_it_begin(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    code = f"import pathlib, time; time.sleep(0.3); pathlib.Path({str(tables)!r}).touch()"
    web = server(tmp_path, "web", needs=["migrate"], code=f"import os; assert os.path.exists({str(tables)!r})\n" + SERVER)
    async with started(tmp_path, web, command(tmp_path, "migrate", code)) as supervisor:
        assert supervisor.statuses["migrate"].state is State.DONE
        assert supervisor.statuses["web"].restarts == 0


async def test_a_gated_part_imports_at_once_and_runs_when_its_needs_are_ready(tmp_path: Path) -> None:
    (tmp_path / "slow_import.py").write_text("import pathlib; pathlib.Path('imported').touch()", encoding="utf-8")
    (tmp_path / "gated_part.py").write_text(SERVER, encoding="utf-8")
    gate = tmp_path / "gate"
    gate.touch()  # of a run that was killed
    argv = (sys.executable, "-m", "stack.gated", str(gate), "slow_import", "gated_part", "worker", str(tmp_path))
    plain = server(tmp_path, "worker", needs=["tables"])
    worker = replace(plain, argv=argv, gate=gate, env={**plain.env, "PYTHONPATH": f"{PROJECT}:{tmp_path}"})
    # The command ends only when the import has happened, so it proves that both went on at once.
    code = "import os, time\nwhile not os.path.exists('imported'): time.sleep(0.02)\nopen('order', 'a').write('tables\\n')"
    tables = command(tmp_path, "tables", code)
    async with started(tmp_path, worker, tables):
        assert order(tmp_path) == ["tables", "begin worker"]
    assert not gate.exists()


async def test_a_failing_command_stops_the_start_and_shows_its_last_words(tmp_path: Path) -> None:
    failing = command(tmp_path, "migrate", "import sys; print('no such column'); sys.exit(3)")
    supervisor = Supervisor([failing, server(tmp_path, "web", needs=["migrate"])], tmp_path)
    with pytest.raises(StackProblem, match=r"(?s)migrate did not start: ended with code 3.*no such column"):
        await supervisor.start()
    await supervisor.stop()
    assert not (tmp_path / "order").exists()


async def test_a_part_that_never_gets_ready_is_a_problem_and_leaves_no_process(tmp_path: Path) -> None:
    silent = "import os, sys, time; open(os.path.join(sys.argv[2], sys.argv[1] + '.pid'), 'a').write(f'{os.getpid()} '); time.sleep(60)"
    supervisor = Supervisor([server(tmp_path, "mute", code=silent, ready_seconds=0.4)], tmp_path)
    with pytest.raises(StackProblem, match="mute did not start: not ready after"):
        await supervisor.start()
    await supervisor.stop()
    pids = [int(pid) for pid in (tmp_path / "mute.pid").read_text(encoding="utf-8").split()]
    assert len(pids) == 3
    assert not wait_until_gone(pids)


async def test_a_killed_part_comes_back_with_growing_pauses_and_others_stay(tmp_path: Path) -> None:
    said: list[str] = []
    async with started(
        tmp_path, server(tmp_path, "store"), server(tmp_path, "web", needs=["store"]), changed=lambda status: said.append(status.detail)
    ) as supervisor:
        web = pid_of(tmp_path, "web")
        for restarts in (1, 2):
            kill(pid_of(tmp_path, "store"))
            status = supervisor.statuses["store"]
            await until(lambda status=status, restarts=restarts: status.restarts == restarts and status.state is State.READY)  # type: ignore[misc]
        assert alive(pid_of(tmp_path, "store"))
        assert pid_of(tmp_path, "web") == web
        assert alive(web)
    assert [words for words in said if words] == [f"was killed by SIGKILL, again in {pause} s" for pause in ("0.5", "1")]


async def test_a_part_that_ignores_the_signal_is_killed_with_its_children(tmp_path: Path) -> None:
    with_child = (
        "import subprocess, sys, os\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open(os.path.join(sys.argv[2], 'child.pid'), 'w').write(str(child.pid))\n"
    )
    async with started(tmp_path, server(tmp_path, "deaf", code=with_child + DEAF, stop_seconds=0.3)):
        pids = [pid_of(tmp_path, "deaf"), pid_of(tmp_path, "child")]
        assert all(alive(pid) for pid in pids)
    assert not wait_until_gone(pids)


async def test_stopping_while_a_part_still_starts_leaves_nothing(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    slow = server(tmp_path, "slow")
    supervisor = Supervisor([replace(slow, probe=never)], tmp_path)
    starting = asyncio.create_task(supervisor.start())
    await until((tmp_path / "slow.pid").exists)
    await until(lambda: bool((tmp_path / "slow.pid").read_text(encoding="utf-8")))
    await supervisor.stop()
    starting.cancel()
    assert not wait_until_gone([pid_of(tmp_path, "slow")])


async def test_a_missing_program_is_a_sentence(tmp_path: Path) -> None:
    part = Part(name="tool", argv=(str(tmp_path / "no-such-tool"),), cwd=tmp_path, env={})
    supervisor = Supervisor([part], tmp_path)
    with pytest.raises(StackProblem, match=r"tool cannot run .*No such file.*make install"):
        await supervisor.start()
    await supervisor.stop()


def test_needs_that_name_nobody_or_go_in_a_circle_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs unknown parts"):
        Supervisor([server(tmp_path, "web", needs=["ghost"])], tmp_path)
    with pytest.raises(ValueError, match="cycle"):
        Supervisor([server(tmp_path, "a", needs=["b"]), server(tmp_path, "b", needs=["a"])], tmp_path)


def test_nothing_is_left_when_the_supervisor_itself_is_killed(tmp_path: Path) -> None:
    script = (
        "import asyncio, pathlib, sys\n"
        "from stack.supervisor import Supervisor\n"
        "from tests.stack.parts import DEAF, server\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "async def main():\n"
        "    supervisor = Supervisor([server(folder, 'one'), server(folder, 'two', code=DEAF)], folder)\n"
        "    await supervisor.start()\n"
        "    (folder / 'started').touch()\n"
        "    await supervisor.watch()\n"
        "asyncio.run(main())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=PROJECT)
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    pids = [pid_of(tmp_path, "one"), pid_of(tmp_path, "two")]
    assert all(alive(pid) for pid in pids)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not wait_until_gone(pids)


def test_each_start_begins_a_new_log_and_keeps_three_old_ones(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    for number in range(6):
        rotate(log)
        log.write_text(str(number), encoding="utf-8")
    kept = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert kept == {"web.log": "5", "web.log.1": "4", "web.log.2": "3", "web.log.3": "2"}


async def test_http_probe_tells_an_answer_from_silence_and_from_another_protocol(unused_tcp_port_factory: Callable[[], int]) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: bytes) -> None:
        await reader.readline()
        writer.write(reply)
        writer.close()

    for reply, outcome in ((b"HTTP/1.1 204 No Content\r\n\r\n", True), (b"HTTP/1.1 503 Busy\r\n\r\n", False)):
        port = unused_tcp_port_factory()
        async with await asyncio.start_server(lambda r, w, reply=reply: answer(r, w, reply), "127.0.0.1", port):  # type: ignore[misc]
            assert await probes.http(f"http://127.0.0.1:{port}/healthz")() is outcome
    port = unused_tcp_port_factory()
    async with await asyncio.start_server(lambda r, w: answer(r, w, b"+OK POP3\r\n"), "127.0.0.1", port):
        with pytest.raises(OSError, match="does not speak HTTP"):
            await probes.http(f"http://127.0.0.1:{port}/healthz")()
    with pytest.raises(OSError, match=r"Connect call failed|refused"):
        await probes.http(f"http://127.0.0.1:{unused_tcp_port_factory()}/")()
