"""Starts parts in the order of their needs, keeps them alive, and ends them in reverse."""

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from stack.errors import StackProblem
from stack.leash import leash
from stack.part import Part, PartStatus, State

PROBE_EVERY_SECONDS = 0.1
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
# After so long in good health an end counts as the first again.
HEALTHY_SECONDS = 60.0
TRIES_AT_START = 3
KEPT_LOGS = 3


class Supervisor:
    """One run of a set of parts. `changed` is called at every change of a part's state."""

    def __init__(self, parts: Sequence[Part], logs: Path, changed: Callable[[PartStatus], None] = lambda status: None) -> None:
        self.statuses = {part.name: PartStatus(part, logs=logs / f"{part.name}.log") for part in parts}
        self._changed = changed
        self._processes: dict[str, Process] = {}
        self._ready = {part.name: asyncio.Event() for part in parts}
        self._ended = {part.name: asyncio.Event() for part in parts}
        self._stopping = False
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._openers: list[asyncio.Task[None]] = []
        _require_an_order(parts)

    async def start(self) -> None:
        """Return when every part is ready.

        Raises:
            StackProblem: a part could not be started; the others still run, so call `stop`.
        """
        for name, status in self.statuses.items():
            self._keepers[name] = asyncio.create_task(self._keep(status), name=name)
        readiness = asyncio.create_task(self._until_all_ready())
        watched = {readiness, *self._keepers.values()}
        try:
            while not readiness.done():
                done, watched = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            readiness.cancel()

    async def watch(self) -> None:
        """Keep the parts alive until cancelled or until one cannot be kept.

        Raises:
            StackProblem: what a part needs is missing.
        """
        # Not gather: its cancellation would cancel the keepers, which kill what they keep.
        done, _ = await asyncio.wait(self._keepers.values(), return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """End all parts, those that need others first; return when every process is gone."""
        self._stopping = True
        for opener in self._openers:
            opener.cancel()
        await asyncio.gather(*(self._end(status) for status in self.statuses.values()))

    async def _until_all_ready(self) -> None:
        for event in self._ready.values():
            await event.wait()

    # -- one part's life

    async def _keep(self, status: PartStatus) -> None:
        part = status.part
        if part.gate is None:
            await self._needs_ready(part)
        else:
            part.gate.unlink(missing_ok=True)
            self._openers.append(asyncio.create_task(self._open_gate(part, part.gate)))
        pause = FIRST_PAUSE_SECONDS
        attempts = 0
        rotate(status.logs)
        while not self._stopping:
            launched = time.monotonic()
            problem = await self._live_once(status)
            if part.once and problem is None:
                return
            if self._stopping:
                return
            attempts += 1
            if not self._ready[part.name].is_set() and (part.once or attempts >= TRIES_AT_START):
                self._set(status, State.FAILED, problem or "")
                raise StackProblem(f"{part.name} did not start: {problem}.{_last_words(status.logs)}")
            if time.monotonic() - launched > HEALTHY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            status.restarts += 1
            self._set(status, State.RESTARTING, f"{problem}, again in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _needs_ready(self, part: Part) -> None:
        for name in part.needs:
            await self._ready[name].wait()

    async def _open_gate(self, part: Part, gate: Path) -> None:
        await self._needs_ready(part)
        gate.touch()

    async def _live_once(self, status: PartStatus) -> str | None:
        """One process from launch to end. Returns what went wrong; None when a `once` part did its work."""
        part = status.part
        self._set(status, State.STARTING)
        status.started_at = time.monotonic()
        if part.prepare is not None:
            await asyncio.to_thread(part.prepare)
        if self._stopping:
            return None
        process = await self._launch(status)
        try:
            problem = await self._until_ready(status, process)
            if problem is not None:
                return problem
            self._announce(status)
            if part.once:
                return None
            return _how_it_ended(await process.wait())
        finally:
            # Also when cancelled, or given up: no process of ours outlives its keeper.
            if process.returncode is None and not self._stopping:
                _kill_group(process.pid)
                await process.wait()
            if process.returncode is not None:
                self._forget(status)

    async def _launch(self, status: PartStatus) -> Process:
        part = status.part
        with _opened(status.logs) as log:
            try:
                # Its own session: Ctrl-C reaches us alone, and we end the parts in order.
                process = await asyncio.create_subprocess_exec(
                    *part.argv, cwd=part.cwd, env=dict(part.env), stdin=DEVNULL, stdout=log, stderr=STDOUT,
                    start_new_session=True, preexec_fn=leash(part.death_signal),
                )  # fmt: skip
            except OSError as error:
                raise StackProblem(f"{part.name} cannot run ({part.argv[0]}: {error.strerror}): run `make install`.") from error
        self._processes[part.name] = process
        status.pid = process.pid
        return process

    async def _until_ready(self, status: PartStatus, process: Process) -> str | None:
        part = status.part
        end = asyncio.create_task(process.wait())
        probing = asyncio.create_task(self._probe_until_good(part)) if part.probe else None
        waiting = {end} | ({probing} if probing else set())
        try:
            done, _ = await asyncio.wait(waiting, timeout=part.ready_seconds, return_when=asyncio.FIRST_COMPLETED)
            if end in done:
                return None if part.once and end.result() == 0 else _how_it_ended(end.result())
            if not done:
                return f"not ready after {part.ready_seconds:g} s"
            if probing is not None:
                probing.result()
            return None
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _probe_until_good(self, part: Part) -> None:
        assert part.probe is not None
        while True:
            with contextlib.suppress(OSError, TimeoutError):
                if await part.probe():
                    break
            await asyncio.sleep(PROBE_EVERY_SECONDS)
        if part.finish is not None:
            await part.finish()

    def _announce(self, status: PartStatus) -> None:
        if status.ready_after is None:
            status.ready_after = time.monotonic() - status.started_at
        self._set(status, State.DONE if status.part.once else State.READY)
        self._ready[status.part.name].set()

    # -- the end

    async def _end(self, status: PartStatus) -> None:
        part = status.part
        dependents = [other for other in self.statuses.values() if part.name in other.part.needs]
        for other in dependents:
            await self._ended[other.part.name].wait()
        process = self._processes.get(part.name)
        if process is not None and process.returncode is None:
            self._set(status, State.STOPPING)
            await _end_process(process, part)
            self._forget(status)
        keeper = self._keepers.get(part.name)
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        if part.gate is not None:
            part.gate.unlink(missing_ok=True)
        if status.state not in (State.DONE, State.FAILED):
            self._set(status, State.STOPPED)
        self._ended[part.name].set()

    def _forget(self, status: PartStatus) -> None:
        self._processes.pop(status.part.name, None)
        status.pid = None
        if status.part.clean is not None:
            status.part.clean()

    def _set(self, status: PartStatus, state: State, detail: str = "") -> None:
        status.state, status.detail = state, detail
        self._changed(status)


async def _end_process(process: Process, part: Part) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(part.stop_signal)
    try:
        async with asyncio.timeout(part.stop_seconds):
            await process.wait()
    except TimeoutError:
        pass
    # Also what it may have started itself.
    _kill_group(process.pid)
    await process.wait()


def _kill_group(pid: int) -> None:
    """Every part leads a process group of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def rotate(log: Path | None) -> None:
    """`part.log` → `part.log.1` → … so that every start begins a new file."""
    if log is None or not log.exists():
        return
    for number in range(KEPT_LOGS, 1, -1):
        older = log.with_name(f"{log.name}.{number - 1}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number}"))
    log.replace(log.with_name(f"{log.name}.1"))


def _opened(log: Path | None) -> IO[bytes]:
    return (log or Path(os.devnull)).open("ab")


def _last_words(log: Path | None, lines: int = 6) -> str:
    if log is None or not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        text = file.read().decode(errors="replace").strip().splitlines()[-lines:]
    return f" Its log {log} ends:\n" + "\n".join(f"  {line}" for line in text)


def _require_an_order(parts: Sequence[Part]) -> None:
    """Raises:
    ValueError: needs that name no part, or that go in a circle.
    """
    from graphlib import TopologicalSorter

    names = {part.name for part in parts}
    for part in parts:
        if unknown := set(part.needs) - names:
            raise ValueError(f"{part.name} needs unknown parts: {sorted(unknown)}")
    TopologicalSorter({part.name: part.needs for part in parts}).prepare()
