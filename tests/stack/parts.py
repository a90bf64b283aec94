"""Small real processes that stand for parts."""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from stack import probes
from stack.part import Part

# Touches its file, notes when, then waits; on SIGTERM notes that and leaves.
SERVER = """
import os, signal, sys, time
name, folder = sys.argv[1:3]
def note(word):
    with open(os.path.join(folder, "order"), "a") as file:
        file.write(f"{word} {name}\\n")
def leave(*_):
    note("end")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
note("begin")
with open(os.path.join(folder, name + ".pid"), "w") as file:
    file.write(str(os.getpid()))
open(os.path.join(folder, name + ".ready"), "w").close()
while True:
    time.sleep(60)
"""
DEAF = SERVER.replace("signal.signal(signal.SIGTERM, leave)", "signal.signal(signal.SIGTERM, signal.SIG_IGN)")


def server(folder: Path, name: str, needs: Sequence[str] = (), code: str = SERVER, **fields: object) -> Part:
    ready = folder / f"{name}.ready"
    return Part(
        name=name,
        argv=(sys.executable, "-c", code, name, str(folder)),
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        probe=probes.touched(ready),
        needs=tuple(needs),
        prepare=lambda: ready.unlink(missing_ok=True),
        **fields,  # type: ignore[arg-type]
    )


def command(folder: Path, name: str, code: str, needs: Sequence[str] = ()) -> Part:
    return Part(name=name, argv=(sys.executable, "-c", code), cwd=folder, env={"PATH": os.environ["PATH"]}, needs=tuple(needs), once=True)


def order(folder: Path) -> list[str]:
    return (folder / "order").read_text(encoding="utf-8").split("\n")[:-1]


def pid_of(folder: Path, name: str) -> int:
    return int((folder / f"{name}.pid").read_text(encoding="utf-8"))


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
