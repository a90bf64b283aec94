"""The catalogue as a process holds it: every service item in every version that is or will be in force."""

import hashlib
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from catalogue.documents import document_text
from catalogue.forms import check_answers
from catalogue.kept import KeptItems
from catalogue.parts import PARTS
from catalogue.reading import load_service_item
from catalogue.refusals import CatalogueError, Refusals
from catalogue.rules import decide, station_of
from catalogue.sources import load_sources
from domain.clock import day_in_china
from domain.decision import Finding
from domain.documents import DocumentText
from domain.errors import Unavailable, UnknownServiceItem
from domain.ports import Publications
from domain.service_item import ServiceItem
from domain.source import Source
from domain.text import Bilingual

SERVICES = Path(__file__).parent / "services"


class Catalogue:
    """Service items by code and version: those of a folder, then those that were published while processes run."""

    def __init__(
        self,
        folder: Path = SERVICES,
        sources: Mapping[str, Source] | None = None,
        parts: Path = PARTS,
        publications: Publications | None = None,
        kept_in: Path | None = None,
    ) -> None:
        """`kept_in` is a folder where checked items may be kept for the next start."""
        self.sources = sources if sources is not None else load_sources()
        self.folder = folder
        self._publications = publications
        self._newest_seen = 0
        self._looked_at = 0.0
        kept = KeptItems(kept_in, parts, self.sources) if kept_in else None
        self._packaged: dict[str, list[ServiceItem]] = {}
        for path in sorted(folder.rglob("*.yaml")):
            item = load_service_item(path, self.sources, parts, kept)
            if item.code in self._packaged:
                refusals = Refusals(path.name, path.read_text(encoding="utf-8"))
                refusals.say(
                    "code", f"{item.code} 已被另一文件使用", f"{item.code} is used by another file", "换一个代码", "choose another code"
                )
                refusals.raise_if_any()
            self._packaged[item.code] = [item]
        if kept is not None:
            kept.save()
        self._versions = self._packaged

    async def refresh(self, *, at_most_every: float = 0.0) -> None:
        """Take in what was published since the last look, unless that was less than so many seconds ago.

        When the database does not answer, what was known stays: a page is shown, and a case waits for the database anyway.
        """
        if self._publications is None or time.monotonic() - self._looked_at < at_most_every:
            return
        with suppress(Unavailable):
            if (newest := await self._publications.newest()) != self._newest_seen:
                self.publish(await self._publications.all())
                self._newest_seen = newest
            self._looked_at = time.monotonic()

    def publish(self, items: Iterable[ServiceItem]) -> None:
        """Take in all published versions, in place of those known before; one that the folder has too wins over it."""
        versions = {code: list(known) for code, known in self._packaged.items()}
        for item in items:
            others = [known for known in versions.get(item.code, []) if known.version != item.version]
            versions[item.code] = sorted([*others, item], key=lambda version: version.version)
        self._versions = versions

    def all(self, on: date | None = None) -> list[ServiceItem]:
        """What is in force on a day (default: today in China), the most used first."""
        day = on or _today()
        found = (self._in_force(code, day) for code in self._versions)
        return sorted((item for item in found if item), key=lambda item: (not item.most_used, item.code))

    def get(self, code: str, on: date | None = None) -> ServiceItem:
        """The version in force.

        Raises:
            UnknownServiceItem: no such code, or nothing of it in force on that day.
        """
        item = self._in_force(code, on or _today())
        if item is None:
            raise UnknownServiceItem()
        return item

    def codes(self) -> list[str]:
        """Every code that some version is known of, in force or not."""
        return sorted(self._versions)

    def versions(self, code: str) -> list[ServiceItem]:
        """Every version known, the oldest first; empty for an unknown code."""
        return list(self._versions.get(code, []))

    def name_of(self, code: str) -> Bilingual:
        """What an item is or was called, in force or not.

        Raises:
            UnknownServiceItem: no version of it is known.
        """
        if not (known := self._versions.get(code)):
            raise UnknownServiceItem()
        return known[-1].name

    def _in_force(self, code: str, day: date) -> ServiceItem | None:
        """The newest version in force: a later one ends an earlier one that names no last day."""
        fitting = [item for item in self._versions.get(code, []) if item.in_force_on(day)]
        return max(fitting, key=lambda item: (item.effective_from, item.version), default=None)

    def check_answers(self, item: ServiceItem, answers: Mapping[str, Any]) -> None:
        check_answers(item, answers)

    def decide(self, item: ServiceItem, facts: Mapping[str, Any]) -> Finding:
        return decide(item, facts)

    def document_text(self, item: ServiceItem, facts: Mapping[str, Any]) -> DocumentText:
        return document_text(item, facts)

    def station_of(self, item: ServiceItem, facts: Mapping[str, Any], default: str) -> str:
        return station_of(item, facts, default)

    def source_name(self, source: str) -> Bilingual:
        return self.sources[source].name


def check_periods(item: ServiceItem, others: Iterable[ServiceItem], refusals: Refusals) -> None:
    """A new version may follow others of its code, not overlap one that names its last day, nor begin before it."""
    for other in others:
        if other.version >= item.version:
            refusals.say(
                "version", f"已有第 {other.version} 版", f"version {other.version} exists", f"改为 {other.version + 1} 或更大",
                f"write {other.version + 1} or more",
            )  # fmt: skip
        elif other.effective_from >= item.effective_from or (other.effective_to is not None and other.effective_to >= item.effective_from):
            end = other.effective_to.isoformat() if other.effective_to else "…"
            refusals.say(
                "effective_from",
                f"与第 {other.version} 版的生效期（{other.effective_from} 至 {end}）重叠",
                f"it overlaps version {other.version}, in force from {other.effective_from} to {end}",
                "改为更晚的日期",
                "choose a later day",
            )


def digest_of(item: ServiceItem) -> str:
    """SHA-256 of a version's text, hex, examples left out: what a case is pinned to."""
    return hashlib.sha256(item.model_dump_json(exclude={"examples"}).encode()).hexdigest()


def _today() -> date:
    return day_in_china(datetime.now(UTC))


__all__ = ["SERVICES", "Catalogue", "CatalogueError", "check_answers", "check_periods", "digest_of", "load_service_item"]
