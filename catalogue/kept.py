"""Items that were checked before, so that a process need not check them again.

A kept item counts only for exactly the same file, shared parts, sources and checking code: all are in its key.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError

from domain.service_item import ServiceItem
from domain.source import Source

INSTALLED = Path(sys.prefix) / "share" / "onetrip"
_NAME = "checked-items.json"
_CODE = Path(__file__).resolve().parent
_ROOMS = (_CODE, _CODE.parent / "domain")


class KeptItems:
    """One JSON file in `folder`, or the installation's; whatever is wrong with both means that all is checked again."""

    def __init__(self, folder: Path, parts: Path, sources: Mapping[str, Source], installed: Path = INSTALLED) -> None:
        code = sorted(file for room in _ROOMS for file in room.glob("*.py"))
        self._base = _digest([*code, *sorted(parts.glob("*.yaml"))], (source.model_dump_json() for source in sources.values()))
        self._file = folder / _NAME
        self._known = self._read(self._file) or self._read(installed / _NAME)
        self._used: dict[str, str] = {}
        self._new = False

    def get(self, text: str) -> ServiceItem | None:
        key = hashlib.sha256(text.encode()).hexdigest()
        body = self._known.get(key)
        if body is None:
            return None
        try:
            item = ServiceItem.model_validate_json(body)
        except ValidationError:
            return None
        self._used[key] = body
        return item

    def put(self, text: str, item: ServiceItem) -> None:
        self._used[hashlib.sha256(text.encode()).hexdigest()] = item.model_dump_json()
        self._new = True

    def save(self) -> None:
        """Keep what was used, if anything is new. A folder that cannot be written costs time at the next start, nothing else."""
        if not self._new:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part = self._file.with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps({"base": self._base, "items": self._used}), encoding="utf-8")
            part.replace(self._file)
        except OSError:
            return

    def _read(self, file: Path) -> dict[str, str]:
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
            return dict(kept["items"]) if kept["base"] == self._base else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}


def _digest(files: Iterable[Path], texts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode())
    for file in files:
        digest.update(f"{file.name}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
