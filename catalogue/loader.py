"""Reads service items from YAML and refuses what cannot be; every refusal names file, field and cure."""

import json
import string
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from pydantic import ValidationError as ModelError

from catalogue.rules import RuleSyntaxError, decide, station_of, variables_of
from domain.decision import Outcome, RuleResult
from domain.errors import FieldError, InvalidInput, UnknownServiceItem
from domain.service_item import Delivery, MaterialSource, ServiceItem
from domain.text import Bilingual

SERVICES = Path(__file__).parent / "services"
SOURCES: dict[str, Bilingual] = {
    "resident_population": Bilingual(zh="常住人口信息", en="Resident population registry"),
    "criminal_records": Bilingual(zh="违法犯罪人员信息", en="Criminal records registry"),
    "property": Bilingual(zh="不动产登记", en="Property registry"),
    "marriage": Bilingual(zh="婚姻登记", en="Marriage registry"),
    "social_security": Bilingual(zh="社会保险", en="Social security"),
}
STATEMENT_VALUES = frozenset({"name", "id_number", "today_zh", "today_en"})  # what a certificate's statement may name
_ALWAYS_KNOWN = frozenset({"answers", "applicant", "today"})


class CatalogueError(ValueError):
    """A service item that cannot be; the message names file, field and cure."""


class Catalogue:
    """All service items of a folder, by code."""

    def __init__(self, folder: Path = SERVICES) -> None:
        self._items: dict[str, ServiceItem] = {}
        for path in sorted(folder.rglob("*.yaml")):
            item = load_service_item(path)
            if item.code in self._items:
                raise CatalogueError(f"{path.name}: code: {item.code} is used by another file; choose another code")
            self._items[item.code] = item

    def all(self) -> list[ServiceItem]:
        return sorted(self._items.values(), key=lambda item: (not item.most_used, item.code))

    def get(self, code: str) -> ServiceItem:
        """The version in force.

        Raises:
            UnknownServiceItem: no such code.
        """
        try:
            return self._items[code]
        except KeyError:
            raise UnknownServiceItem() from None

    def check_answers(self, item: ServiceItem, answers: Mapping[str, Any]) -> None:
        check_answers(item, answers)

    def decide(self, item: ServiceItem, facts: Mapping[str, Any]) -> tuple[Outcome, list[RuleResult]]:
        return decide(item, facts)

    def station_of(self, item: ServiceItem, facts: Mapping[str, Any], default: str) -> str:
        return station_of(item, facts, default)

    def source_name(self, source: str) -> Bilingual:
        return SOURCES[source]


def load_service_item(path: Path) -> ServiceItem:
    """One file, checked.

    Raises:
        CatalogueError: what is wrong, where, and what to do.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        item = ServiceItem.model_validate(raw)
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{path.name}: not UTF-8: save the file as UTF-8") from error
    except yaml.YAMLError as error:
        raise CatalogueError(f"{path.name}: not YAML: {error}") from error
    except ModelError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CatalogueError(f"{path.name}: {where}: {first['msg']}") from error
    _cross_check(item, path)
    return item


def _cross_check(item: ServiceItem, path: Path) -> None:
    def refuse(field: str, what: str) -> None:
        raise CatalogueError(f"{path.name}: {field}: {what}")

    _check_names(item, refuse)
    sources = {request.source for request in item.evidence}
    if unknown := sources - SOURCES.keys():
        refuse("evidence", f"unknown source {sorted(unknown)}; known are {sorted(SOURCES)}")
    for rule in item.rules:
        try:
            unknown_facts = variables_of(rule.when) - _ALWAYS_KNOWN - sources
        except RuleSyntaxError as error:
            refuse(f"rules.{rule.id}.when", f"not CEL: {error}; correct the condition")
        if unknown_facts:
            refuse(f"rules.{rule.id}.when", f"names {sorted(unknown_facts)}, which no evidence brings; add the source or correct the name")
        if stray := set(rule.sources) - sources:
            refuse(f"rules.{rule.id}.sources", f"{sorted(stray)} is not asked under evidence; ask it there or drop it here")
    for expression in item.jurisdiction:
        try:
            unknown_facts = variables_of(expression) - _ALWAYS_KNOWN - sources
        except RuleSyntaxError as error:
            refuse("jurisdiction", f"not CEL: {error}; correct the expression")
        if unknown_facts:
            refuse("jurisdiction", f"names {sorted(unknown_facts)}, which no evidence brings; add the source or correct the name")
    for material in item.materials:
        if (material.source is MaterialSource.REGISTRY) != (material.replaced_by is not None):
            refuse(f"materials.{material.code}", "name the registry in replaced_by, and only for source: registry")
        if material.replaced_by is not None and material.replaced_by not in sources:
            refuse(f"materials.{material.code}.replaced_by", f"{material.replaced_by} is not asked under evidence; ask it there")
    if item.trips == 0 and (item.originals or Delivery.COUNTER in item.delivery):
        refuse("trips", "0 trips cannot have an original or a delivery at the counter; set trips: 1 or drop them")
    if not item.machine_may_approve and not item.steps:
        refuse("steps", "nobody could decide: let the machine approve or name a step")
    if not item.steps:
        refuse("steps", "a referred case needs at least one step")
    try:
        Draft202012Validator.check_schema(item.form)
    except SchemaError as error:
        refuse("form", error.message)
    for name, field in item.form.get("properties", {}).items():
        if "x-label" not in field:
            refuse(f"form.properties.{name}", "add x-label with zh and en")
    for request in item.evidence:
        for parameter, field in request.query.items():
            if field not in item.form.get("properties", {}):
                refuse(f"evidence.{request.source}.query.{parameter}", f"the form has no field {field}; add it or correct the name")
    for fill in item.prefill:
        if fill.source not in SOURCES:
            refuse(f"prefill.{fill.field}", f"unknown source {fill.source}; known are {sorted(SOURCES)}")
    _check_statement(item, refuse)


def _check_names(item: ServiceItem, refuse: Callable[[str, str], None]) -> None:
    if not item.delivery:
        refuse("delivery", "nobody could receive anything: name online, counter or post")
    named: dict[str, Iterable[str]] = {
        "rules": (rule.id for rule in item.rules),
        "materials": (material.code for material in item.materials),
        "evidence": (request.source for request in item.evidence),
    }
    for field, names in named.items():
        if twice := sorted(name for name, times in Counter(names).items() if times > 1):
            refuse(field, f"{twice} stands there twice; give each its own name")


def _check_statement(item: ServiceItem, refuse: Callable[[str, str], None]) -> None:
    """A line that cannot be filled in would be found out when somebody's certificate is made."""
    for line in item.certificate.statement:
        for language_text in (line.zh, line.en):
            try:
                names = {name for _, name, _, _ in string.Formatter().parse(language_text) if name is not None}
            except ValueError as error:
                refuse("certificate.statement", f"{error}; write {{{{ and }}}} for braces")
            if unknown := names - STATEMENT_VALUES:
                refuse("certificate.statement", f"cannot fill in {sorted(unknown)}; known are {sorted(STATEMENT_VALUES)}")


@lru_cache(maxsize=512)
def _validator(form: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(form), format_checker=FormatChecker())


def check_answers(item: ServiceItem, answers: Mapping[str, Any], *, prefix: str = "/answers") -> None:
    """Hold answers against the item's form.

    Raises:
        InvalidInput: one entry per field, with what to do.
    """
    validator = _validator(json.dumps(item.form))
    errors = [_field_error(item, e, prefix) for e in validator.iter_errors(dict(answers))]
    if errors:
        raise InvalidInput(fields=errors)


def _label(item: ServiceItem, name: object) -> Bilingual:
    field = item.form.get("properties", {}).get(name, {})
    return Bilingual.model_validate(field["x-label"]) if "x-label" in field else Bilingual(zh=str(name)[:40], en=str(name)[:40])


def _field_error(item: ServiceItem, error: ValidationError, prefix: str) -> FieldError:
    path = list(error.absolute_path)
    if error.validator == "required":
        missing = error.message.split("'")[1]
        path, label = [*path, missing], _label(item, missing)
        text = Bilingual(zh=f"请填写：{label.zh}", en=f"Please answer: {label.en}")
    elif error.validator == "additionalProperties":
        known = ", ".join(item.form.get("properties", {}))
        text = Bilingual(zh=f"有未知的填报项；可填：{known}", en=f"There is an unknown field; known are: {known}")
    else:
        text = _constraint_text(error, _label(item, path[0] if path else ""))
    return FieldError(path="/".join([prefix, *(str(p).replace("~", "~0").replace("/", "~1") for p in path)]), text=text)


def _constraint_text(error: ValidationError, label: Bilingual) -> Bilingual:
    value = error.validator_value
    match error.validator:
        case "enum":
            return Bilingual(zh=f"请从选项中选择：{label.zh}", en=f"Choose one of the options: {label.en}")
        case "minLength":
            return Bilingual(zh=f"{label.zh}：至少 {value} 个字", en=f"{label.en}: at least {value} characters")
        case "maxLength":
            return Bilingual(zh=f"{label.zh}：最多 {value} 个字", en=f"{label.en}: at most {value} characters")
        case "uniqueItems":
            return Bilingual(zh=f"{label.zh}：不能重复", en=f"{label.en}: no repetitions")
        case "maxItems":
            return Bilingual(zh=f"{label.zh}：最多 {value} 项", en=f"{label.en}: at most {value}")
        case _:
            return Bilingual(
                zh=f"{label.zh}：格式不对，请按说明填写", en=f"{label.en}: not in the form asked for; see the hint beside the field"
            )
