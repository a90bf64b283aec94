"""A service item that cannot be is refused when it is loaded, with file, field and cure."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from activities.documents import _statement_values
from catalogue.loader import SERVICES, STATEMENT_VALUES, Catalogue, CatalogueError, check_answers, load_service_item
from domain.errors import InvalidInput, UnknownServiceItem
from settings import PROJECT
from tests.builders import LIBRARY_CARD, library_card, make_application_request, make_service_item


def write(folder: Path, changes: dict[str, Any], name: str = "library-card.yaml") -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(library_card() | changes, allow_unicode=True), encoding="utf-8")
    return path


def with_rule(**changes: Any) -> dict[str, Any]:
    first, *others = library_card()["rules"]
    return {"rules": [first | changes, *others]}


def with_material(**changes: Any) -> dict[str, Any]:
    photo, old_card = library_card()["materials"]
    return {"materials": [photo | changes, old_card]}


def with_form(**changes: Any) -> dict[str, Any]:
    return {"form": library_card()["form"] | changes}


LABEL = {"zh": "某项", "en": "Something"}
REFUSALS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no such field": ({"colour": "blue"}, "colour", "not permitted"),
    "a field is missing": ({"name": None}, "name", "valid"),
    "one language only": ({"name": {"zh": "借书证"}}, "name.en", "required"),
    "a code that is no code": ({"code": "Library Card"}, "code", "match"),
    "version nought": ({"version": 0}, "version", "greater than or equal to 1"),
    "an unknown source": (
        {"evidence": [{"source": "library", "purpose": LABEL}], "materials": [], "rules": [], "jurisdiction": []},
        "evidence",
        "known are",
    ),
    "a source asked twice": ({"evidence": library_card()["evidence"] * 2}, "evidence", "own name"),
    "a rule that is not CEL": (with_rule(when="property.found &&"), "rules.name-agrees.when", "correct the condition"),
    "a rule on facts that nobody brings": (with_rule(when="marriage.found"), "rules.name-agrees.when", "add the source"),
    "a rule that names another source": (with_rule(sources=["marriage"]), "rules.name-agrees.sources", "ask it there"),
    "two rules of one name": ({"rules": library_card()["rules"] * 2}, "rules", "own name"),
    "two materials of one name": ({"materials": library_card()["materials"] * 2}, "materials", "own name"),
    "a registry's material without its registry": (with_material(source="registry"), "materials.photo", "replaced_by"),
    "an upload that a registry replaces": (with_material(replaced_by="property"), "materials.photo", "only for source: registry"),
    "a material of a registry that is not asked": (
        with_material(source="registry", replaced_by="marriage"),
        "materials.photo.replaced_by",
        "ask it there",
    ),
    "no trip, and yet an original": ({"trips": 0}, "trips", "set trips: 1"),
    "nobody decides": ({"machine_may_approve": False, "steps": []}, "steps", "name a step"),
    "nobody to refer to": ({"steps": []}, "steps", "at least one step"),
    "a step of no role": (
        {"steps": [library_card()["steps"][0] | {"role": "janitor"}]},
        "steps.0.role",
        "pre_reviewer",
    ),
    "a form that is no schema": (with_form(type="papers"), "form", "not valid"),
    "a field without a label": (
        with_form(properties={"genre": {"type": "string"}, "shelf": {"x-label": LABEL}}),
        "form.properties.genre",
        "zh and en",
    ),
    "a query of a field that nobody fills in": (
        with_form(properties={"genre": {"x-label": LABEL}}),
        "evidence.property.query.shelf_number",
        "add it",
    ),
    "a prefill from nowhere": (
        {"prefill": [{"field": "genre", "source": "library", "path": "genre"}]},
        "prefill.genre",
        "known are",
    ),
    "a territory that is not CEL": ({"jurisdiction": ["property."]}, "jurisdiction", "correct the expression"),
    "a territory that nobody tells": ({"jurisdiction": ["marriage.station_code"]}, "jurisdiction", "add the source"),
    "nothing to receive": ({"delivery": []}, "delivery", "name online"),
    "a statement that cannot be filled in": (
        {"certificate": library_card()["certificate"] | {"statement": [{"zh": "{shoe_size}", "en": "{name}"}]}},
        "certificate.statement",
        "known are",
    ),
    "a statement with a stray brace": (
        {"certificate": library_card()["certificate"] | {"statement": [{"zh": "好", "en": "{name"}]}},
        "certificate.statement",
        "braces",
    ),
}


@pytest.mark.parametrize("case", list(REFUSALS))
def test_a_wrong_item_is_refused_with_file_field_and_cure(tmp_path: Path, case: str) -> None:
    changes, field, cure = REFUSALS[case]
    path = write(tmp_path, changes)
    with pytest.raises(CatalogueError) as refused:
        load_service_item(path)
    message = str(refused.value)
    assert message.startswith(f"library-card.yaml: {field}")
    assert cure in message


@pytest.mark.parametrize(("content", "told"), [(b"code: [", "not YAML"), (b"code: \xff\xfe", "not UTF-8"), (b"", "library-card.yaml")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "library-card.yaml"
    path.write_bytes(content)
    with pytest.raises(CatalogueError, match=told):
        load_service_item(path)


def test_one_code_in_two_files_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {}, "a.yaml")
    write(tmp_path, {}, "b.yaml")
    with pytest.raises(CatalogueError, match=r"b\.yaml: code: library-card .* choose another code"):
        Catalogue(tmp_path)


def test_an_item_of_a_folder_is_found_by_its_code(tmp_path: Path) -> None:
    write(tmp_path, {})
    catalogue = Catalogue(tmp_path)
    assert catalogue.get("library-card") == load_service_item(LIBRARY_CARD)
    with pytest.raises(UnknownServiceItem):
        catalogue.get("no-criminal-record")


def test_the_three_items_load_and_their_documents_have_a_template() -> None:
    items = Catalogue().all()
    assert {i.code for i in items} >= {"no-criminal-record", "purchase-migration", "name-change"}
    templates = PROJECT / "adapters" / "documents" / "templates"
    for item in items:
        assert (templates / f"{item.certificate.template}.typ").is_file()
        assert len(list(SERVICES.rglob(f"{item.code}.yaml"))) == 1, "a file is named after its code"


def test_statements_are_filled_in_with_what_documents_know() -> None:
    assert set(_statement_values(make_application_request(), datetime.now(UTC))) == STATEMENT_VALUES


@pytest.mark.parametrize(
    ("answers", "path", "told"),
    [
        ({}, "/answers/genre", "Please answer"),
        ({"genre": "gossip"}, "/answers/genre", "Choose one"),
        ({"genre": "maps", "shelf": "S" * 21}, "/answers/shelf", "at most 20"),
        ({"genre": "maps", "hat": 1}, "/answers", "unknown field"),
        ({"genre": "maps", "shelf": 7}, "/answers/shelf", "not in the form"),
    ],
)
def test_an_answer_that_the_form_does_not_take_is_named_with_what_to_do(answers: dict[str, Any], path: str, told: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_answers(make_service_item(), answers)
    (field,) = refused.value.fields
    assert field.path.startswith(path)
    assert re.search(told, field.text.en)
