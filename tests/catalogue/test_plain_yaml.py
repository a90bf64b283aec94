"""Files are read as PyYAML's safe loader reads them, save for what hides a mistake."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from catalogue.plain_yaml import read_yaml
from settings import PROJECT

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10) | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


@given(plain, st.booleans())
def test_any_plain_value_is_read_as_the_safe_loader_does(value: object, flow: bool) -> None:
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=flow)
    assert read_yaml(text) == yaml.safe_load(text) == value


def test_every_source_of_ours_is_read_the_same() -> None:
    for path in (PROJECT / "catalogue" / "sources").rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert read_yaml(text) == yaml.safe_load(text), path.name


@pytest.mark.parametrize(
    "text", ["a: 1\na: 2", "? [a]\n: 1", "a: &a [*a]", "!!python/object:os.system x", "a: [", "~: 1", "a: b: c", "a: 1\n---\nb: 2"]
)
def test_what_hides_a_mistake_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        read_yaml(text)


def test_an_empty_file_is_nothing() -> None:
    assert read_yaml("") is None
