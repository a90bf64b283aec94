"""An append-only file of JSON lines: what a simulator keeps over a restart."""

import json
import os
from pathlib import Path
from typing import Any


class Journal:
    """One JSON object a line. Each append reaches the operating system before it returns, so a killed process loses nothing."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.entries: list[dict[str, Any]] = _read(path)  # as they were when the file was opened
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def append(self, entry: dict[str, Any]) -> None:
        """Raises OSError when the disk refuses."""
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if os.write(self._file, line) != len(line):
            raise OSError("a line was written in part: the disk is full")

    def close(self) -> None:
        os.close(self._file)


def _read(path: Path) -> list[dict[str, Any]]:
    """The whole lines of the file; a torn last one, left by a kill in mid-write, is cut off."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        os.truncate(path, len(whole))
    return [json.loads(line) for line in whole.splitlines() if line]
