"""What the supervisor must know of one process."""

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

Probe = Callable[[], Awaitable[bool]]


class State(StrEnum):
    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    DONE = "done"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Port:
    """A TCP port on 127.0.0.1 that a part wants, and how an operator avoids wanting it."""

    number: int
    moved_by: str = "ONETRIP_PORT"


@dataclass(frozen=True)
class Part:
    """One long-lived process, or with `once` a command that must end well before others start.

    `probe` answers whether the part serves; it must return within a second or so and not raise for
    a part that is merely not there yet (OSError and TimeoutError count as "not yet").
    `prepare` runs before every launch, in a thread; `finish` after the first time the probe succeeds
    in a life of the process, before the part counts as ready; `clean` after its end.
    """

    name: str
    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    probe: Probe | None = None
    needs: tuple[str, ...] = ()
    # A part with a gate is launched at once and waits by itself until this file, made when its needs are ready (`stack.gated`).
    gate: Path | None = None
    address: str = ""
    ports: tuple[Port, ...] = ()
    once: bool = False
    prepare: Callable[[], None] | None = None
    finish: Callable[[], Awaitable[None]] | None = None
    clean: Callable[[], None] | None = None
    ready_seconds: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    # What the kernel sends when the supervisor itself is killed.
    death_signal: signal.Signals = signal.SIGKILL


@dataclass
class PartStatus:
    """Where a part is now; the display reads it, only the supervisor writes it."""

    part: Part
    state: State = State.WAITING
    pid: int | None = None
    detail: str = ""
    restarts: int = 0
    started_at: float = 0.0
    ready_after: float | None = None
    logs: Path | None = field(default=None)
