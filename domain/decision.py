"""A decision: approve or refer by the machine, approve or refuse by a person; always with its reasons."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from domain.service_item import LegalReference, RuleOutcome
from domain.text import Bilingual


class Outcome(StrEnum):
    APPROVED = "approved"
    REFERRED = "referred"
    REFUSED = "refused"  # by a person only


_UNDECIDED = Bilingual(zh="核验信息不全，无法判断，由民警核对", en="Something is missing, so this cannot be told; a person looks at it")


class RuleResult(BaseModel):
    """One rule as it was evaluated: `holds` None means a missing fact or an error, which refers.

    `inputs` are the values that the condition read, so that the decision can be replayed.
    """

    rule: str
    holds: bool | None
    text: Bilingual
    sources: list[str]
    legal_basis: LegalReference
    inputs: dict[str, Any] = {}
    error: str | None = None
    outcome: RuleOutcome = RuleOutcome.APPROVE

    @property
    def said(self) -> Bilingual:
        """What a reader is told. `text` of an undecided rule is the one for false, which nobody knows to be so."""
        return self.text if self.holds is not None else _UNDECIDED

    @property
    def speaks_for_approval(self) -> bool:
        """True for an `approve` rule, false for a `refer` rule; undecided speaks for nothing."""
        return self.holds is (self.outcome is RuleOutcome.APPROVE)


class PointResult(BaseModel):
    """One line of a points table as it was counted; `amount` None means a missing fact or an error."""

    id: str
    label: Bilingual
    how: Bilingual
    amount: int | None
    inputs: dict[str, Any] = {}
    error: str | None = None


class PointsTally(BaseModel):
    """The running sum. `total` None: a line could not be counted, so nothing rests on it."""

    needed: int
    total: int | None
    lines: list[PointResult]
    illustrative: bool = False


class Finding(BaseModel):
    """What the machine finds on the facts: approve or refer, by which rules."""

    outcome: Outcome
    results: list[RuleResult]
    points: PointsTally | None = None

    @property
    def against(self) -> list[str]:
        """The rules that stand against approval."""
        return [result.rule for result in self.results if not result.speaks_for_approval]


class Decision(BaseModel):
    outcome: Outcome
    decided_at: datetime
    by: str  # machine | clerk:<role>
    service_item: str
    version: int
    results: list[RuleResult]
    reason: Bilingual | None = None  # a person's own words
    points: PointsTally | None = None
    evidence: dict[str, str] = {}  # by fact: SHA-256 of the signed answer that was read, hex
