"""The JSON Schema 2020-12 of a service item file, for editors that complete and check while one types.

It is drawn from the models, with `extends`, and asks only for what a file itself must say: shared parts may bring the rest.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from catalogue.parts import PARTS, known_parts
from domain.service_item import ServiceItem

FILE = Path(__file__).parent / "service-item.schema.json"
_SAID_ITSELF = ["code", "version", "effective_from", "name", "summary"]
# Elements of lists that parts join by name need that name; mappings that parts bring need nothing.
_NAMED: dict[str, list[dict[str, list[str]]]] = {
    "Rule": [{"required": ["id"]}],
    "Material": [{"required": ["code"]}],
    "EvidenceRequest": [{"required": ["source"]}, {"required": ["fact"]}],
    "Prefill": [{"required": ["field"]}],
    "Step": [{"required": ["kind"]}],
    "PointLine": [{"required": ["id"]}],
    "Example": [{"required": ["name"]}],
}
_MERGED = ("Points", "CertificateTerms", "CertificateTable", "SupplementTerms", "Fee", "PublicNotice")
_FILLED_IN = {"EvidenceRequest": ["label"]}  # by the loader, never by a file
_TEXT_REF = {"$ref": "#/$defs/Bilingual"}
_FORM: dict[str, Any] = {
    "type": "object",
    "description": "JSON Schema 2020-12 of the answers; `type` and `additionalProperties: false` are added when left out.",
    "properties": {
        "required": {"type": "array", "items": {"type": "string"}, "description": "Questions that must be answered when they are asked."},
        "properties": {"type": "object", "additionalProperties": {"$ref": "#/$defs/FormField"}, "description": "One question a key."},
        "x-groups": {
            "type": "array",
            "description": "Groups of questions, in order; a question names its own in x-group.",
            "items": {
                "type": "object",
                "required": ["id", "title"],
                "properties": {"id": {"type": "string"}, "title": _TEXT_REF},
            },
        },
    },
}
_FORM_FIELD: dict[str, Any] = {
    "description": "One question: JSON Schema, with hints for the page.",
    "type": ["object", "null"],
    "properties": {
        "type": {"description": "string, integer, boolean, or array of strings.", "enum": ["string", "integer", "boolean", "array"]},
        "enum": {"type": "array", "description": "The answers to choose from; each has its words in x-options."},
        "format": {"description": "date, or id-number: 18 characters whose last one is right.", "type": "string"},
        "pattern": {"type": "string", "description": "A regular expression that the answer matches."},
        "x-label": {**_TEXT_REF, "description": "The question, in both languages."},
        "x-help": {**_TEXT_REF, "description": "One sentence under it."},
        "x-options": {
            "type": "object",
            "description": "One text for each value of an enum; `~` takes one away that a part brings.",
            "additionalProperties": {"anyOf": [_TEXT_REF, {"type": "null"}]},
        },
        "x-order": {"type": "integer", "description": "Its place among the questions; the smallest is asked first."},
        "x-group": {"type": "string", "description": "The id of its group in x-groups."},
        "x-widget": {
            "description": "How the page asks it.",
            "enum": ["radios", "select", "textarea", "text", "household-members", "properties"],
        },
        "x-when": {"type": "object", "description": "Asked only after these answers: other question → values."},
    },
}


def file_schema(parts: Path = PARTS) -> dict[str, Any]:
    """The schema of a file; `parts` is where `extends` looks."""
    schema = deepcopy(ServiceItem.model_json_schema())
    definitions: dict[str, Any] = schema["$defs"]
    for name, asked in _NAMED.items():
        definitions[name] = _named_element(name, definitions[name], asked)
    for name in _MERGED:
        definitions[name] = _optional(definitions[name])
    definitions["FormField"] = _FORM_FIELD
    schema["properties"]["form"] = _FORM
    whole = _optional(schema)
    whole["properties"] = {"extends": _extends(parts)} | whole["properties"]
    required = [name for name in schema["required"] if name not in _SAID_ITSELF]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **whole,
        "title": "OneTrip service item",
        "required": _SAID_ITSELF,
        "if": {"not": {"required": ["extends"]}},
        "then": {"required": required},
    }


def _extends(parts: Path) -> dict[str, Any]:
    name = {"type": "string", "enum": known_parts(parts)}
    return {
        "description": "Shared parts whose keys this file need not say again; what it says itself wins.",
        "anyOf": [name, {"type": "array", "items": name}],
    }


def _named_element(name: str, definition: Mapping[str, Any], asked: list[dict[str, list[str]]]) -> dict[str, Any]:
    element = _optional(definition)
    for key in _FILLED_IN.get(name, []):
        element["properties"].pop(key)
    element["properties"]["drop"] = {"const": True, "description": "Takes this element of a shared part away."}
    return element | ({"anyOf": asked} if len(asked) > 1 else asked[0])


def _optional(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing is required, and `~` takes away what a part brings."""
    properties = {key: _or_nothing(value) for key, value in definition["properties"].items()}
    return {key: value for key, value in definition.items() if key != "required"} | {"properties": properties}


def _or_nothing(schema: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: schema[key] for key in ("description", "default", "title") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in kept}
    choices = [*rest.pop("anyOf", [])] if "anyOf" in rest else [rest]
    if {"type": "null"} not in choices:
        choices.append({"type": "null"})
    return kept | {"anyOf": choices}


def schema_text(parts: Path = PARTS) -> str:
    """The schema as its file has it."""
    return json.dumps(file_schema(parts), ensure_ascii=False, indent=2) + "\n"
