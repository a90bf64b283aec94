"""YAML is read as PyYAML reads it safely, and a key that stands there twice is refused with its line."""

import pytest
import yaml

from catalogue.loader import SERVICES
from catalogue.plain_yaml import read_yaml
from catalogue.reading import read_service_item
from catalogue.refusals import CatalogueError
from catalogue.sources import SOURCES
from tests.builders import TEST_SOURCES


def test_our_own_files_are_read_as_the_safe_loader_does() -> None:
    for folder in (SERVICES, SOURCES):
        for path in folder.rglob("*.yaml"):
            text = path.read_text(encoding="utf-8")
            assert read_yaml(text) == yaml.safe_load(text), path.name


@pytest.mark.parametrize(
    "text",
    ["a: 1\na: 2", "a: {b: 1, b: 2}", "- {x: 1, y: 2, x: 3}", "a: !!python/object/apply:os.getcwd []", "a: [", "{a: 1", "? [a, b]\n: 1"],
)
def test_what_is_no_plain_value_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        read_yaml(text)


def test_merge_keys_and_anchors_are_kept() -> None:
    assert read_yaml("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}") == {"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}}
    assert read_yaml("") is None


def test_a_service_item_with_a_key_twice_is_refused_with_the_line_of_the_second() -> None:
    with pytest.raises(CatalogueError, match=r"card\.yaml:.*4:1 delivery stands there twice"):
        read_service_item("code: card\ndelivery: [online]\nversion: 1\ndelivery: [counter]\n", "card.yaml", TEST_SOURCES)
