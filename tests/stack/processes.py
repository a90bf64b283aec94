"""Whether processes are still there."""

import time

import psutil


def alive(pid: int) -> bool:
    """A zombie is dead: where process 1 reaps nobody, it stays in the list."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def mentioning(text: str) -> list[int]:
    """Living processes with this text in their command line or as their working directory."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and (text in " ".join(process.cmdline()) or process.cwd().startswith(text)):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def wait_until_gone(pids: list[int], seconds: float = 15.0) -> list[int]:
    """Those that are still alive after so long."""
    deadline = time.monotonic() + seconds
    while (left := [pid for pid in pids if alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
