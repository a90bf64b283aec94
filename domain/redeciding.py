"""A case as it was decided, and what deciding it again tells."""

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel

from domain.application import ApplicationRequest
from domain.decision import Decision


class EvidenceText(NamedTuple):
    """One stored answer: the fact's name, the signed JSON text, and its SHA-256 as it was noted when it came."""

    source: str
    body: str
    digest: str


@dataclass(frozen=True, slots=True)
class DecidedCase:
    """All that a machine decision rested on. `decision` is the stored record; `round` counts supplements since."""

    application_id: UUID
    acceptance_number: str
    request: ApplicationRequest
    evidence: list[EvidenceText]
    decision: dict[str, Any]
    round: int
    version: int


class Changed(BaseModel):
    """A case that would fare otherwise: by the rules named, which said one thing then and another now."""

    acceptance_number: str
    was: str
    now: str
    rules: list[str]


class Trial(BaseModel):
    """Past cases decided again under another text of their service item. `skipped` could not be read or decided."""

    cases: int = 0
    same: int = 0
    skipped: int = 0
    otherwise: list[Changed] = []

    def by_rule(self) -> dict[str, int]:
        """How many cases each rule turned, the most first."""
        counts: dict[str, int] = {}
        for change in self.otherwise:
            for rule in change.rules:
                counts[rule] = counts.get(rule, 0) + 1
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


class Replay(BaseModel):
    """A decision made again from the record. `identical`: to the byte; `damaged`: facts whose stored answer is not what was noted."""

    acceptance_number: str
    identical: bool
    damaged: list[str]
    stored: Decision
    again: Decision
    differs: list[str]
