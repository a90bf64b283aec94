"""A decision: approve or refer by the machine, approve or refuse by a person; always with its reasons."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from domain.service_item import LegalReference
from domain.text import Bilingual


class Outcome(StrEnum):
    APPROVED = "approved"
    REFERRED = "referred"
    REFUSED = "refused"  # by a person only


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


class Decision(BaseModel):
    outcome: Outcome
    decided_at: datetime
    by: str  # machine | clerk:<role>
    service_item: str
    version: int
    results: list[RuleResult]
    reason: Bilingual | None = None  # a person's own words
