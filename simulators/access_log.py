"""Who asked what, without personal data: the last entries in memory, all of them in a file."""

from collections import Counter, deque
from datetime import UTC, datetime
from pathlib import Path

from simulators.journal import Journal

_KEPT = 20_000


class AccessLog:
    """Entries are source, kind of question, request id, purpose and time; never whom it concerned."""

    def __init__(self, path: Path) -> None:
        self._journal = Journal(path)
        self._ring: deque[dict[str, str]] = deque(self._journal.entries, maxlen=_KEPT)
        self.counts = Counter(entry["source"] for entry in self._journal.entries)
        self._journal.entries.clear()

    def enter(self, source: str, kind: str, request_id: str, purpose: str) -> None:
        entry = {"source": source, "kind": kind, "request_id": request_id, "purpose": purpose, "at": datetime.now(UTC).isoformat()}
        self._ring.append(entry)
        self.counts[source] += 1
        self._journal.append(entry)

    def entries(self, request_id: str | None, limit: int = 200) -> list[dict[str, str]]:
        """Newest first."""
        found = (e for e in reversed(self._ring) if request_id is None or e["request_id"] == request_id)
        return [entry for entry, _ in zip(found, range(limit), strict=False)]
