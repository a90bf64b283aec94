"""CEL, evaluated in one place: rules, points, and the values that a document prints.

Every result keeps the inputs that its condition read. A missing fact, an error or an answer that is not a
boolean leaves a rule undecided, which refers the case to a person. Nothing here can refuse.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

import cel

from catalogue.conditions import Read, reads_of
from catalogue.functions import FUNCTIONS
from domain.decision import Finding, Outcome, PointResult, PointsTally, RuleResult
from domain.service_item import PointLine, Points, Rule, RuleOutcome, ServiceItem

Facts = Mapping[str, Any]
_PATH = re.compile(r"\b[a-z_]+(?:\.[a-z_]+)+")
# The library counts the variable of a macro (`xs.all(x, …)`) among the names that a condition reads.
_MACRO_VARIABLE = re.compile(r"\.(?:all|exists|exists_one|map|filter)\(\s*(\w+)\s*,")
_LITERAL = re.compile(r"\"[^\"]*\"|'[^']*'")
_STATED = frozenset({"answers", "applicant", "today", "row"})  # not a registry's: a form may leave a field empty


class RuleSyntaxError(ValueError):
    """A condition that is not CEL; found when the catalogue loads, not when a case is decided."""


class MissingFact(LookupError):
    """A condition reads what no registry answered."""


@lru_cache(maxsize=8192)
def _program(condition: str) -> "cel.Program":
    try:
        return cel.compile(condition)
    except ValueError as error:
        raise RuleSyntaxError(f"{condition!r}: {error}") from error


def variables_of(condition: str) -> frozenset[str]:
    """The top-level names that a condition reads.

    Raises:
        RuleSyntaxError: it is not CEL.
    """
    return frozenset(_program(condition).variables()) - set(_MACRO_VARIABLE.findall(condition))


def functions_of(condition: str) -> frozenset[str]:
    """The functions and methods that a condition calls, operators left out."""
    return frozenset(name for name in _program(condition).functions() if name.isidentifier())


@lru_cache(maxsize=8192)
def _input_paths(condition: str) -> tuple[str, ...]:
    known = variables_of(condition)
    paths = {p for p in _PATH.findall(_LITERAL.sub("''", condition)) if p.split(".")[0] in known}
    return tuple(sorted(paths))


def _value_at(facts: Facts, path: str) -> tuple[bool, Any]:
    value: Any = facts
    for part in path.split("."):
        if not _is_mapping(value) or part not in value:
            return False, None
        value = value[part]
    return True, value


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict) or isinstance(value, Mapping)  # noqa: SIM101 (the first is many times faster, and nearly always so)


def inputs_of(condition: str, facts: Facts) -> dict[str, Any]:
    """The values that the condition's paths have; a call at the end of a path (`.exists`) is left off."""
    inputs: dict[str, Any] = {}
    for path in _input_paths(condition):
        present, value = _value_at(facts, path)
        if not present:
            parent = path.rpartition(".")[0]
            present, value = _value_at(facts, parent)
            if not present or not isinstance(value, list):
                continue
            path = parent
        inputs[path] = value
    return inputs


@lru_cache(maxsize=8192)
def _needed(condition: str) -> tuple[Read, ...]:
    """What must be there before the condition is evaluated: of registries, and not merely asked about."""
    return tuple(read for read in reads_of(condition) if read.root not in _STATED and not read.optional)


class Evaluation:
    """One set of facts, against which any number of conditions are evaluated; the facts are handed to CEL once."""

    def __init__(self, facts: Facts) -> None:
        self.facts = dict(facts)
        self._context = cel.Context(self.facts, FUNCTIONS)

    def value(self, condition: str) -> Any:
        """What the condition gives.

        Raises:
            MissingFact: it reads a fact that is not there, even where CEL's `||` would not mind.
            Exception: whatever the library raises; all of it means "cannot be told".
        """
        for read in _needed(condition):
            if self._is_missing(read):
                raise MissingFact(str(read))
        return _program(condition).execute(self._context)

    def _is_missing(self, read: Read) -> bool:
        fact = self.facts.get(read.root)
        if fact is None:
            return True
        if len(read.path) < 2 or not _is_mapping(fact):
            return False
        return bool(fact.get("found", True)) and read.path[1] not in fact

    def with_facts(self, **more: Any) -> "Evaluation":
        return Evaluation({**self.facts, **more})

    def holds(self, rule: Rule) -> tuple[bool | None, str | None]:
        """Whether the rule's condition holds; None with the kind of error where that cannot be told."""
        try:
            answer = self.value(rule.when)
        except Exception as raised:  # the library raises many kinds; all of them mean "undecided"
            return None, type(raised).__name__
        return (answer, None) if isinstance(answer, bool) else (None, "NotABoolean")

    def speaks_for_approval(self, rule: Rule) -> bool:
        """As the property of the rule's result, which need not be made for it."""
        return self.holds(rule)[0] is (rule.outcome is RuleOutcome.APPROVE)

    def rule(self, rule: Rule) -> RuleResult:
        holds, error = self.holds(rule)
        return RuleResult(
            rule=rule.id,
            holds=holds,
            text=rule.holds if holds else rule.otherwise,
            sources=rule.sources,
            legal_basis=rule.legal_basis,
            inputs=inputs_of(rule.when, self.facts),
            error=error,
            outcome=rule.outcome,
        )

    def with_points(self, item: ServiceItem) -> "Evaluation":
        """With `points` among the facts, where the item counts any and all of them could be counted."""
        if item.points is None:
            return self
        amounts = [self._amount(line)[0] for line in item.points.lines]
        return self.with_total(item.points, _sum_of(amounts))

    def with_total(self, points: Points, total: int | None) -> "Evaluation":
        return self if total is None else self.with_facts(points={"total": total, "needed": points.needed})

    def points(self, points: Points) -> PointsTally:
        lines = [self._point_line(line) for line in points.lines]
        total = _sum_of([line.amount for line in lines])
        return PointsTally(needed=points.needed, total=total, lines=lines, illustrative=points.illustrative)

    def _point_line(self, line: PointLine) -> PointResult:
        amount, error = self._amount(line)
        return PointResult(
            id=line.id, label=line.label, how=line.how, amount=amount, inputs=inputs_of(line.amount, self.facts), error=error
        )

    def _amount(self, line: PointLine) -> tuple[int | None, str | None]:
        """What a line comes to; None with the kind of error where it cannot be counted."""
        try:
            answer = self.value(line.amount)
        except Exception as raised:
            return None, type(raised).__name__
        if isinstance(answer, int) and not isinstance(answer, bool):
            return _within(answer, line), None
        return None, "NotAWholeNumber"


def _sum_of(amounts: Sequence[int | None]) -> int | None:
    """None as soon as one could not be counted."""
    counted = [amount for amount in amounts if amount is not None]
    return sum(counted) if len(counted) == len(amounts) else None


def _within(amount: int, line: PointLine) -> int:
    amount = amount if line.most is None else min(amount, line.most)
    return amount if line.least is None else max(amount, line.least)


def evaluate_rule(rule: Rule, facts: Facts) -> RuleResult:
    return Evaluation(facts).rule(rule)


def evaluation_of(facts: "Facts | Evaluation") -> Evaluation:
    return facts if isinstance(facts, Evaluation) else Evaluation(facts)


def decide(item: ServiceItem, facts: Facts | Evaluation) -> Finding:
    """Approve when the machine may and every rule speaks for it; refer otherwise."""
    evaluation = evaluation_of(facts)
    tally = evaluation.points(item.points) if item.points else None
    if item.points is not None and tally is not None:
        evaluation = evaluation.with_total(item.points, tally.total)
    results = [evaluation.rule(rule) for rule in item.rules]
    approved = item.machine_may_approve and bool(results) and all(result.speaks_for_approval for result in results)
    return Finding(outcome=Outcome.APPROVED if approved else Outcome.REFERRED, results=results, points=tally)


def would_approve(item: ServiceItem, facts: Facts | Evaluation) -> bool:
    """Whether `decide` approves on these facts, told without results, texts and inputs: for looking through many cases."""
    if not item.machine_may_approve or not item.rules:
        return False
    evaluation = evaluation_of(facts).with_points(item)
    return all(evaluation.speaks_for_approval(rule) for rule in item.rules)


def station_of(item: ServiceItem, facts: Facts | Evaluation, default: str) -> str:
    """The first of the item's jurisdiction expressions that gives a 12-digit station code."""
    evaluation = evaluation_of(facts)
    for expression in item.jurisdiction:
        code = None
        with suppress(Exception):  # a missing fact: the next expression, or the default, answers
            code = evaluation.value(expression)
        if isinstance(code, str) and re.fullmatch(r"[0-9]{12}", code):
            return code
    return default
