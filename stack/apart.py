"""A stack beside the operator's own: `onetrip up` in a process of its own, on free ports and a home of its choosing."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from settings import PORT_OFFSETS, PROJECT, Settings
from stack.errors import StackProblem
from stack.leash import leash
from stack.up import READY_FILE

READY_SECONDS = 180.0
STOP_SECONDS = 40.0
# What a developer's shell may set and such a stack must not see.
FOREIGN_VARIABLES = {
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "TEMPORAL_ADDRESS",
    "S3_ENDPOINT",
    "REGISTRIES_URL",
    "SMS_URL",
    "POST_URL",
    "PAYMENTS_URL",
    "SMTP_URL",
    "CALLBACK_URL",
    "ONETRIP_DEMO",
}
# Who measures or tests is told at once, by night too.
_AT_ANY_HOUR = {"QUIET_HOURS": "false"}


def free_base_port() -> int:
    """A port with all of `PORT_OFFSETS` above it free, below the range that the kernel hands out by itself."""
    chooser = random.SystemRandom()
    for _ in range(200):
        base = chooser.randrange(20000, 32000, 20)
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for offset in (0, *PORT_OFFSETS.values()):
                held.enter_context(socket.socket()).bind(("127.0.0.1", base + offset))
            return base
    raise StackProblem("No 16 ports in a row are free between 20000 and 32000: stop what uses them.")


def environment(home: Path, port: int) -> dict[str, str]:
    """For child processes that shall use this stack."""
    ours = {name: value for name, value in os.environ.items() if name not in FOREIGN_VARIABLES}
    return ours | {"ONETRIP_HOME": str(home), "ONETRIP_PORT": str(port), **_AT_ANY_HOUR}


def settings_of(home: Path, port: int) -> Settings:
    return Settings(_env_file=home / "config.env", onetrip_home=home, onetrip_port=port, quiet_hours=False)


class StackProcess:
    """One `onetrip up`, to be started, ended, killed and started again on the same home."""

    def __init__(self, home: Path, parts: Sequence[str] = (), port: int | None = None, extra: dict[str, str] | None = None) -> None:
        self.home = home
        self.parts = tuple(parts)
        self.port = port or free_base_port()
        self.environment = environment(home, self.port) | (extra or {})
        self.output = home.parent / f"{home.name}.out"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> Settings:
        """Return when every part is ready.

        Raises:
            StackProblem: with what the command printed.
        """
        ready = self.home / "run" / READY_FILE
        ready.unlink(missing_ok=True)
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cli", "up", *self.parts], cwd=PROJECT, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, preexec_fn=leash(signal.SIGTERM),
            )  # fmt: skip
        deadline = time.monotonic() + READY_SECONDS
        while not ready.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise StackProblem(f"the stack did not start:\n{self.printed()}")
            time.sleep(0.05)
        return settings_of(self.home, self.port)

    def stop(self) -> int:
        """SIGTERM, and its exit code.

        Raises:
            StackProblem: it did not end, and was killed.
        """
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise StackProblem(f"the stack did not stop:\n{self.printed()}") from None

    def kill(self) -> None:
        """kill -9 of the supervisor."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def printed(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")


def start_apart(home: Path, parts: Sequence[str] = (), extra: dict[str, str] | None = None) -> tuple[StackProcess, Settings]:
    """Start one. Another program may take a port between our look and its start: one more try."""
    process = StackProcess(home, parts, extra=extra)
    try:
        return process, process.start()
    except StackProblem:
        if "is in use" not in process.printed():
            raise
    process = StackProcess(home, parts, extra=extra)
    return process, process.start()
