"""A stack for tests: started as `onetrip up` does it, in a process of its own, on free ports and a temporary home."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from settings import Settings
from stack.apart import StackProcess, environment, free_base_port, settings_of, start_apart

__all__ = ["StackProcess", "environment", "free_base_port", "run_stack", "settings_of"]


def run_stack(home: Path, parts: Sequence[str] = (), extra: dict[str, str] | None = None) -> Iterator[Settings]:
    """Start, yield its settings, stop."""
    process, settings = start_apart(home, parts, extra)
    yield settings
    process.stop()
