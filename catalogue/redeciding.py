"""Deciding again: the same facts under the same text for a replay, under another text for a trial."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from catalogue.rules import Evaluation, decide, would_approve
from domain.clock import day_in_china
from domain.decision import Decision, Finding, Outcome
from domain.facts import facts_of
from domain.redeciding import Changed, DecidedCase, EvidenceText, Replay
from domain.service_item import ServiceItem

Fared = Changed | Literal["same", "skipped"]


def replay(case: DecidedCase, item: ServiceItem) -> Replay:
    """Decide once more from the record, under the pinned text, as of the day of the decision, and compare to the byte."""
    stored = Decision.model_validate(case.decision)
    finding = decide(item, facts_on(case, item))
    again = Decision(
        outcome=_outcome(finding.outcome is Outcome.APPROVED, case),
        decided_at=stored.decided_at,
        by=stored.by,
        service_item=item.code,
        version=item.version,
        results=finding.results,
        points=finding.points,
        evidence={paper.source: paper.digest for paper in _read_then(case)} if stored.evidence else {},
    )
    damaged = sorted(paper.source for paper in _read_then(case) if hashlib.sha256(paper.body.encode()).hexdigest() != paper.digest)
    return Replay(
        acceptance_number=case.acceptance_number,
        identical=again.model_dump_json() == stored.model_dump_json() and not damaged,
        damaged=damaged,
        stored=stored,
        again=again,
        differs=_differences(stored, again),
    )


def _differences(stored: Decision, again: Decision) -> list[str]:
    before, after = stored.model_dump(mode="json"), again.model_dump(mode="json")
    fields = [name for name in before if name != "results" and before[name] != after[name]]
    then = {result["rule"]: result for result in before["results"]}
    now = {result["rule"]: result for result in after["results"]}
    return fields + [f"results.{rule}" for rule in {**then, **now} if then.get(rule) != now.get(rule)]


def try_on(case: DecidedCase, item: ServiceItem) -> Changed | None:
    """How a past case would fare under another text; None when it would fare the same.

    Of the stored decision `decided_at`, `outcome`, `evidence` and of each result `rule`, `holds` and `outcome` are read.
    """
    facts = Evaluation(facts_on(case, item))
    now = _outcome(would_approve(item, facts), case).value
    if now == case.decision["outcome"]:
        return None
    rules = _turned(case.decision["results"], decide(item, facts))
    return Changed(acceptance_number=case.acceptance_number, was=case.decision["outcome"], now=now, rules=rules)


def fares(item: ServiceItem, case: DecidedCase) -> Fared:
    """The same for a case whose record may be of a time before answers had this form."""
    try:
        return try_on(case, item) or "same"
    except (ValueError, KeyError):
        return "skipped"


def _turned(stored: list[Mapping[str, Any]], finding: Finding) -> list[str]:
    """Rules that stand on another side than they stood, or stand there for the first time."""
    then = {result["rule"]: result["holds"] is (result.get("outcome", "approve") == "approve") for result in stored}
    now = {result.rule: result.speaks_for_approval for result in finding.results}
    turned = [rule for rule in now if then.get(rule, True) is not now[rule]]
    return turned + [f"{rule} (dropped)" for rule, spoke in then.items() if rule not in now and not spoke]


def facts_on(case: DecidedCase, item: ServiceItem) -> dict[str, Any]:
    """What the rules of an item read of a past case, on the day of its decision."""
    rows = [{"source": paper.source, "body": paper.body} for paper in _read_then(case)]
    return facts_of(case.request, rows, today=day_in_china(datetime.fromisoformat(case.decision["decided_at"])), item=item)


def _read_then(case: DecidedCase) -> list[EvidenceText]:
    """The answers that the decision rested on; one that came after nobody waited for it any longer is kept, and was not read."""
    read = case.decision.get("evidence")
    return [paper for paper in case.evidence if paper.source in read] if read else case.evidence


def _outcome(approved: bool, case: DecidedCase) -> Outcome:
    """A case that a person has looked at stays with people."""
    return Outcome.APPROVED if approved and case.round == 0 else Outcome.REFERRED
