"""CEL rules, evaluated in one place: every result keeps the inputs that the condition read.

A missing fact, an error or an answer that is not a boolean leaves a rule undecided, which refers the
case to a person. Nothing here can refuse.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

import cel

from domain.decision import Outcome, RuleResult
from domain.service_item import Rule, ServiceItem

Facts = Mapping[str, Any]
_PATH = re.compile(r"\b[a-z_]+(?:\.[a-z_]+)+")
# The library counts the variable of a macro (`xs.all(x, …)`) among the names that a condition reads.
_MACRO_VARIABLE = re.compile(r"\.(?:all|exists|exists_one|map|filter)\(\s*(\w+)\s*,")
_LITERAL = re.compile(r"\"[^\"]*\"|'[^']*'")


class RuleSyntaxError(ValueError):
    """A condition that is not CEL; found when the catalogue loads, not when a case is decided."""


@lru_cache(maxsize=4096)
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


@lru_cache(maxsize=4096)
def _input_paths(condition: str) -> tuple[str, ...]:
    known = variables_of(condition)
    paths = {p for p in _PATH.findall(_LITERAL.sub("''", condition)) if p.split(".")[0] in known}
    return tuple(sorted(paths))


def _value_at(facts: Facts, path: str) -> tuple[bool, Any]:
    value: Any = facts
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return False, None
        value = value[part]
    return True, value


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


def evaluate_rule(rule: Rule, facts: Facts) -> RuleResult:
    holds: bool | None = None
    error: str | None = None
    try:
        answer = _program(rule.when).execute(dict(facts))
    except Exception as raised:  # the library raises many kinds; all of them mean "undecided"
        error = type(raised).__name__
    else:
        holds = answer if isinstance(answer, bool) else None
        error = None if holds is not None else "NotABoolean"
    return RuleResult(
        rule=rule.id,
        holds=holds,
        text=rule.holds if holds else rule.otherwise,
        sources=rule.sources,
        legal_basis=rule.legal_basis,
        inputs=inputs_of(rule.when, facts),
        error=error,
    )


def decide(item: ServiceItem, facts: Facts) -> tuple[Outcome, list[RuleResult]]:
    """Approve when the machine may and every rule holds; refer otherwise."""
    results = [evaluate_rule(rule, facts) for rule in item.rules]
    approved = item.machine_may_approve and bool(results) and all(r.holds is True for r in results)
    return (Outcome.APPROVED if approved else Outcome.REFERRED), results


def station_of(item: ServiceItem, facts: Facts, default: str) -> str:
    """The first of the item's jurisdiction expressions that gives a 12-digit station code."""
    for expression in item.jurisdiction:
        code = None
        with suppress(Exception):  # a missing fact: the next expression, or the default, answers
            code = _program(expression).execute(dict(facts))
        if isinstance(code, str) and re.fullmatch(r"[0-9]{12}", code):
            return code
    return default
