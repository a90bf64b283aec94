"""Checked items are kept for the next start, for exactly the same file, parts and sources."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from catalogue import reading
from catalogue.loader import Catalogue, CatalogueError
from domain.service_item import ServiceItem
from tests.builders import TEST_SOURCES, library_card

CARD = library_card() | {"delivery": ["counter", "post"]}


@pytest.fixture
def services(tmp_path: Path) -> Path:
    folder = tmp_path / "services"
    folder.mkdir()
    write(folder)
    return folder


def write(folder: Path, **changes: object) -> None:
    (folder / "library-card.yaml").write_text(yaml.safe_dump(CARD | changes, allow_unicode=True), encoding="utf-8")


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which files were checked anew."""
    seen: list[str] = []
    check = reading.read_service_item

    def noted(text: str, file: str, *more: Any) -> ServiceItem:
        seen.append(file)
        return check(text, file, *more)

    monkeypatch.setattr(reading, "read_service_item", noted)
    return seen


def test_what_was_checked_is_not_checked_again_and_is_the_same(services: Path, tmp_path: Path, checks: list[str]) -> None:
    first = Catalogue(services, TEST_SOURCES, kept_in=tmp_path / "cache").all()
    again = Catalogue(services, TEST_SOURCES, kept_in=tmp_path / "cache").all()
    assert again == first
    assert checks == ["library-card.yaml"]


def test_a_changed_file_is_checked_and_refused_as_ever(services: Path, tmp_path: Path, checks: list[str]) -> None:
    Catalogue(services, TEST_SOURCES, kept_in=tmp_path / "cache")
    write(services, trips=0)
    with pytest.raises(CatalogueError, match="trips"):
        Catalogue(services, TEST_SOURCES, kept_in=tmp_path / "cache")
    assert len(checks) == 2


def test_other_sources_mean_another_check(services: Path, tmp_path: Path, checks: list[str]) -> None:
    Catalogue(services, TEST_SOURCES, kept_in=tmp_path / "cache")
    without_books = TEST_SOURCES["property"].model_copy(update={"record": {"type": "object", "properties": {"pages": {"type": "integer"}}}})
    with pytest.raises(CatalogueError, match=r"property\.books"):
        Catalogue(services, {**TEST_SOURCES, "property": without_books}, kept_in=tmp_path / "cache")
    assert len(checks) == 2


@pytest.mark.parametrize("content", ["", "{", '{"base": "x", "items": {}}', '{"items": 1}', "[]"])
def test_a_damaged_file_costs_time_only(services: Path, tmp_path: Path, checks: list[str], content: str) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "checked-items.json").write_text(content, encoding="utf-8")
    assert Catalogue(services, TEST_SOURCES, kept_in=tmp_path / "cache").get("library-card").version == 1
    assert checks == ["library-card.yaml"]


def test_a_folder_that_cannot_be_written_costs_time_only(services: Path, tmp_path: Path, checks: list[str]) -> None:
    (tmp_path / "cache").write_text("a file, no folder", encoding="utf-8")
    for _ in range(2):
        assert len(Catalogue(services, TEST_SOURCES, kept_in=tmp_path / "cache").all()) == 1
    assert len(checks) == 2
