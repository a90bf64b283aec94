"""A form's fields as pages show them: their order, their groups, and which are asked after the answers so far."""

from collections.abc import Iterable, Mapping
from typing import Any

Field = Mapping[str, Any]


def fields_of(form: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The fields by `x-order`, then as the file has them."""
    properties: dict[str, dict[str, Any]] = form.get("properties", {})
    return dict(sorted(properties.items(), key=lambda pair: pair[1].get("x-order", 0)))


def is_asked(field: Field, answers: Mapping[str, Any]) -> bool:
    """Whether a field's `x-when` holds: every field that it names has one of the values."""
    return all(answers.get(name) in _values(wanted) for name, wanted in field.get("x-when", {}).items())


def asked_fields(form: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The fields that a person with these answers is asked; a field hidden behind a hidden one is hidden."""
    fields = fields_of(form)
    asked = {name: field for name, field in fields.items() if is_asked(field, answers)}
    while True:
        left = {name: answers[name] for name in answers if name in asked}
        fewer = {name: field for name, field in asked.items() if is_asked(field, left)}
        if len(fewer) == len(asked):
            return fewer
        asked = fewer


def with_dependents(form: Mapping[str, Any], names: Iterable[str]) -> set[str]:
    """These fields and all that are asked, or not, after what is answered there."""
    fields, found = form.get("properties", {}), set(names)
    while more := {name for name, field in fields.items() if name not in found and found & set(field.get("x-when", {}))}:
        found |= more
    return found


def is_required(form: Mapping[str, Any], name: str) -> bool:
    """Whether a field that is asked must be answered."""
    return name in form.get("required", []) or bool(form.get("properties", {}).get(name, {}).get("x-required"))


def _values(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def with_conditions(form: Mapping[str, Any]) -> dict[str, Any]:
    """The form with each `x-when` said in JSON Schema too (`allOf`, `if`, `then`, `else`), so that every door asks the same.

    A field that is `required` and has an `x-when` is required only when it is asked; when it is not, it must be left out.
    """
    properties = form.get("properties", {})
    conditional = {name: field["x-when"] for name, field in properties.items() if isinstance(field, Mapping) and field.get("x-when")}
    if not conditional:
        return dict(form)
    required = form.get("required", [])
    rules = [*form.get("allOf", []), *(_rule(name, when, name in required) for name, when in conditional.items())]
    marked = {
        name: {**field, "x-required": True} if name in conditional and name in required else field for name, field in properties.items()
    }
    return {**form, "properties": marked, "required": [name for name in required if name not in conditional], "allOf": rules}


def _rule(name: str, when: Mapping[str, Any], required: bool) -> dict[str, Any]:
    asked = {"properties": {other: {"enum": _values(values)} for other, values in when.items()}, "required": list(when)}
    return {"if": asked, "then": {"required": [name]} if required else True, "else": {"properties": {name: False}}}
