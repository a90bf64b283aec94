"""The schema that editors use says what the loader says: packaged files fit it, and the published copy is up to date."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from catalogue.loader import SERVICES
from catalogue.schema import FILE, file_schema, schema_text
from catalogue.skeleton import KINDS, skeleton
from domain.service_item import ServiceItem
from tests.builders import library_card

VALIDATOR = Draft202012Validator(file_schema())


def as_json(text: str) -> Any:
    """What an editor of YAML sees: dates are texts."""
    return json.loads(json.dumps(yaml.load(text, Loader=yaml.CSafeLoader), default=str))


def complaints(file: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:120]}" for error in VALIDATOR.iter_errors(file)]


def test_it_is_json_schema_2020_12() -> None:
    Draft202012Validator.check_schema(file_schema())


def test_the_published_copy_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == schema_text(), "run `onetrip service schema --write`"


@pytest.mark.parametrize("path", sorted(SERVICES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_packaged_file_fits(path: Path) -> None:
    assert complaints(as_json(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_to_begin_with_fits(kind: str) -> None:
    assert complaints(as_json(skeleton("a", kind, date(2026, 1, 1)))) == []


def test_a_file_without_shared_parts_must_say_everything_itself() -> None:
    whole = json.loads(json.dumps(library_card(), default=str))
    assert complaints(whole) == []
    for key in ("trips", "rules", "steps", "form"):
        assert complaints({name: value for name, value in whole.items() if name != key}) == [f"$: '{key}' is a required property"]
    assert complaints({name: value for name, value in whole.items() if name != "rules"} | {"extends": "certificate"}) == []


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "blue"},
        {"trips": 2},
        {"extends": "no-such-part"},
        {"rules": [{"when": "true"}]},
        {"rules": [{"id": "a", "holds": {"zh": "好"}}]},
        {"evidence": [{"purpose": {"zh": "查", "en": "look"}}]},
        {"steps": [{"kind": "lunch"}]},
        {"form": {"properties": {"a": {"x-widget": "crystal-ball"}}}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_the_loader_refuses_the_schema_refuses(change: dict[str, Any]) -> None:
    assert complaints(json.loads(json.dumps(library_card(), default=str)) | change)


def test_every_key_is_known_to_the_schema() -> None:
    assert file_schema()["properties"].keys() == {"extends", *ServiceItem.model_fields}
