"""A file to begin with is short and passes the checks as it is, for every kind."""

from datetime import date

import pytest
import yaml

from catalogue.loader import SERVICES
from catalogue.reading import read_service_item
from catalogue.skeleton import KINDS, SKELETONS, is_code, packaged_file, skeleton
from tests.builders import TEST_SOURCES

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_file_passes_as_it_is_in_forty_lines(kind: str) -> None:
    text = skeleton("move-certificate", kind, TODAY)
    item = read_service_item(text, "move-certificate.yaml", TEST_SOURCES)
    assert (item.code, item.version, item.effective_from) == ("move-certificate", 1, TODAY)
    assert len(text.splitlines()) <= 40
    assert text.startswith("#") and text.count("#") >= 4, "it explains itself"
    assert item.examples or kind == "notice"


@pytest.mark.parametrize("kind", KINDS)
def test_a_strict_reader_of_yaml_takes_it_too(kind: str) -> None:
    assert yaml.safe_load(skeleton("a", kind, TODAY))["code"] == "a"


def test_every_skeleton_has_its_kind() -> None:
    assert {path.stem for path in SKELETONS.glob("*.yaml")} == KINDS.keys()


def test_another_kind_is_refused() -> None:
    with pytest.raises(LookupError):
        skeleton("a", "marriage", TODAY)


@pytest.mark.parametrize(
    ("code", "good"), [("move-2", True), ("Move", False), ("", False), ("a b", False), ("../x", False), ("a\n", False)]
)
def test_a_code_is_small_letters_digits_and_hyphens(code: str, good: bool) -> None:
    assert is_code(code) is good


def test_a_packaged_file_is_found_by_its_code() -> None:
    path = packaged_file("name-change")
    assert path is not None and path.is_relative_to(SERVICES)
    assert packaged_file("name") is None
