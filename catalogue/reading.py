"""From the text of one file to a checked service item; what cannot be is refused with line, field and cure."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError as ModelError
from pydantic_core import ErrorDetails

from catalogue.checks import check
from catalogue.conditions import reads_of
from catalogue.examples import check_examples
from catalogue.kept import KeptItems
from catalogue.parts import PARTS, UnknownPart, with_parts
from catalogue.plain_yaml import read_yaml
from catalogue.refusals import CatalogueError, Refusals, named_place
from catalogue.rules import RuleSyntaxError, variables_of
from domain.forms import with_conditions
from domain.service_item import EvidenceRequest, ServiceItem
from domain.source import Source


def read_service_item(text: str, file: str, sources: Mapping[str, Source], parts: Path = PARTS) -> ServiceItem:
    """One file's text, checked whole: form of the file, cross-checks, then its examples.

    Raises:
        CatalogueError: everything that is wrong, in the order of these three.
    """
    refusals = Refusals(file, text)
    raw = _parsed(text, refusals, parts)
    refusals.raise_if_any()
    try:
        item = ServiceItem.model_validate(_completed(raw))
    except ModelError as error:
        for details in error.errors(include_url=False):
            _refuse_model(refusals, raw, details)
        refusals.raise_if_any()
        raise  # pragma: no cover - every model error was put into words
    check(item, sources, refusals)
    refusals.raise_if_any()
    item = _resolved(item, sources)
    check_examples(item, sources, refusals)
    refusals.raise_if_any()
    return item


def load_service_item(path: Path, sources: Mapping[str, Source], parts: Path = PARTS, kept: KeptItems | None = None) -> ServiceItem:
    """The same for a file; one that is kept as checked is not checked again.

    Raises:
        CatalogueError: also for a file that is not UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        refusals = Refusals(path.name, "")
        refusals.say("", "不是 UTF-8", "not UTF-8", "存为 UTF-8", "save the file as UTF-8")
        raise CatalogueError(refusals.found) from error
    if kept is not None and (known := kept.get(text)) is not None:
        return known
    item = read_service_item(text, path.name, sources, parts)
    if kept is not None:
        kept.put(text, item)
    return item


def _parsed(text: str, refusals: Refusals, parts: Path) -> dict[str, Any]:
    try:
        raw = read_yaml(text)
        if not isinstance(raw, dict):
            refusals.say("", "不是一组“键: 值”", "not a mapping of keys and values", "照样例写", "begin as the examples do")
            return {}
        return with_parts(raw, parts)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{mark.line + 1}:{mark.column + 1} " if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        refusals.say(
            "", f"不是 YAML：{where}{problem}", f"not YAML: {where}{problem}", "改正这一行的写法", "correct how the line is written"
        )
    except UnknownPart as error:
        known = ", ".join(error.known)
        refusals.say("extends", f"没有共用部分“{error.name}”", f"there is no part {error.name}", f"可用：{known}", f"write one of {known}")
    except RecursionError:
        refusals.say("", "层次太深", "nested too deeply", "减少层次", "nest less")
    return {}


def _completed(raw: dict[str, Any]) -> dict[str, Any]:
    """What a file may leave out because it follows from the rest."""
    first_law = next(iter(raw.get("legal_basis") or []), None)
    facts = {e.get("fact") or e.get("source") for e in raw.get("evidence") or [] if isinstance(e, dict)}
    rules = raw.get("rules")
    if isinstance(rules, list):
        raw = {**raw, "rules": [_completed_rule(rule, first_law, facts) if isinstance(rule, dict) else rule for rule in rules]}
    if isinstance(raw.get("form"), dict):
        raw = {**raw, "form": _whole_form(raw["form"])}
    return raw


def _completed_rule(rule: Mapping[str, Any], first_law: Any, facts: set[Any]) -> dict[str, Any]:
    completed = dict(rule)
    if first_law is not None:
        completed.setdefault("legal_basis", first_law)
    if "sources" not in completed and isinstance(rule.get("when"), str):
        try:
            completed["sources"] = sorted(variables_of(rule["when"]) & facts)
        except RuleSyntaxError:
            completed["sources"] = []  # refused by the checks, with its line
    return completed


def _whole_form(form: Mapping[str, Any]) -> dict[str, Any]:
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": False, **form}
    properties = whole.setdefault("properties", {})
    if not isinstance(properties, dict) or not all(isinstance(field, dict) for field in properties.values()):
        return whole
    required = whole.get("required")
    whole["properties"] = {name: _not_blank(field, isinstance(required, list) and name in required) for name, field in properties.items()}
    return with_conditions(whole)


def _not_blank(field: dict[str, Any], required: bool) -> dict[str, Any]:
    """A text that must be given is not empty: a page cannot send an empty one, so no program may."""
    closed = {"enum", "const", "minLength", "pattern", "format"} & field.keys()
    return {**field, "minLength": 1} if required and field.get("type") == "string" and not closed else field


def _refuse_model(refusals: Refusals, raw: Mapping[str, Any], error: ErrorDetails) -> None:
    place = named_place(raw, error["loc"])
    match error["type"]:
        case "missing":
            key = str(place[-1])
            if key in ("zh", "en"):
                refusals.say(place, f"缺少 {key} 文字", f"the text in {key} is missing", "两种语言都要写", "write it in both languages")
            else:
                refusals.say(place, "缺少这一项", "it is missing", f"补上 {key}", f"add {key}")
        case "extra_forbidden":
            key = str(place[-1])
            near = difflib.get_close_matches(key, _known_keys(), n=1, cutoff=0.75)
            cure = (f"是不是 {near[0]}？", f"did you mean {near[0]}?") if near else ("去掉这一项", "drop it")
            refusals.say(place, "没有这个键", "there is no such key", *cure)
        case _:
            refusals.say(place, f"写法不对：{error['msg']}", error["msg"], "按说明改正", "write it as the guide says")


def _known_keys() -> list[str]:
    schema = ServiceItem.model_json_schema()
    keys = set(schema["properties"])
    for part in schema["$defs"].values():
        keys |= set(part.get("properties", {}))
    return sorted(keys)


# --- what follows from the whole item ----------------------------------------------------------------------------------


def _resolved(item: ServiceItem, sources: Mapping[str, Source]) -> ServiceItem:
    """Each question with the name of its source and with the least fields that answer it."""
    used = _fields_used(item)
    evidence = [
        request.model_copy(
            update={
                "label": sources[request.source].name,
                "fields": _least(request, used.get(request.name, set()), sources[request.source]),
            }
        )
        for request in item.evidence
    ]
    return item.model_copy(update={"evidence": evidence})


def _least(request: EvidenceRequest, used: set[str], source: Source) -> list[str]:
    wanted = sorted(used | set(request.fields))
    if wanted:
        return wanted
    # Whether there is a record is all that is asked, and no fields at all would mean every field: the least telling one.
    properties: Mapping[str, Any] = source.record.get("properties", {})
    return next(([name] for name, field in properties.items() if not field.get("x-personal")), list(properties)[:1])


def _fields_used(item: ServiceItem) -> dict[str, set[str]]:
    """By fact: the top-level fields of its record that anything in the item reads."""
    used: dict[str, set[str]] = {}
    for path in [*_paths_in_conditions(item), *_paths_in_questions(item)]:
        if len(path) > 1 and path[0] in item.fact_names and path[1] != "found":
            used.setdefault(path[0], set()).add(path[1])
    for fill in item.prefill:
        if item.evidence_for(fill.source):
            used.setdefault(fill.source, set()).add(fill.path.split(".")[0])
    return used


def _paths_in_conditions(item: ServiceItem) -> list[tuple[str, ...]]:
    conditions = [rule.when for rule in item.rules] + list(item.jurisdiction)
    conditions += [line.amount for line in item.points.lines] if item.points else []
    if terms := item.certificate:
        conditions += list(terms.values.values()) + [field.value for field in terms.fields]
        conditions += [terms.table.rows, *(column.value for column in terms.table.columns)] if terms.table else []
    return [read.path for condition in conditions for read in reads_of(condition)]


def _paths_in_questions(item: ServiceItem) -> list[tuple[str, ...]]:
    origins = [origin for request in item.evidence for origin in (request.about or "", *request.query.values())]
    return [tuple(origin.split(".")) for origin in origins if "." in origin]
