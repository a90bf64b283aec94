"""A service item that cannot be is refused when it is loaded, with file, field and cure."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalogue.loader import SERVICES, Catalogue, CatalogueError, check_answers, check_periods, load_service_item
from catalogue.reading import read_service_item
from catalogue.refusals import Refusals
from domain.errors import InvalidInput, Unavailable, UnknownServiceItem
from domain.service_item import ServiceItem
from settings import PROJECT
from tests.builders import TEST_SOURCES, library_card, make_service_item
from tests.packaged import packaged_catalogue

# As an office would have it: what has an original is not delivered online.
CARD = library_card() | {"delivery": ["counter", "post"]}


def write(folder: Path, changes: dict[str, Any], name: str = "library-card.yaml") -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(CARD | changes, allow_unicode=True), encoding="utf-8")
    return path


def with_rule(**changes: Any) -> dict[str, Any]:
    first, *others = library_card()["rules"]
    return {"rules": [first | changes, *others]}


def with_material(**changes: Any) -> dict[str, Any]:
    photo, old_card = library_card()["materials"]
    return {"materials": [photo | changes, old_card]}


def with_certificate(**changes: Any) -> dict[str, Any]:
    return {"certificate": library_card()["certificate"] | changes}


def with_form(**changes: Any) -> dict[str, Any]:
    return {"form": library_card()["form"] | changes}


LABEL = {"zh": "某项", "en": "Something"}
EXAMPLE = {"name": "reader", "answers": {"genre": "maps"}, "registries": {"resident_population": {"name": "林晓梅"}}}
# What is wrong, the field that is named, and a word of the cure.
REFUSALS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no such field": ({"colour": "blue"}, "colour", "drop it"),
    "a key misspelt": ({"sumary": LABEL}, "sumary", "did you mean summary"),
    "a field is missing": ({"name": None}, "name", "add name"),
    "one language only": ({"name": {"zh": "借书证"}}, "name.en", "both languages"),
    "a code that is no code": ({"code": "Library Card"}, "code", "match"),
    "a branch that is none": ({"branch": "fiction"}, "branch", "population"),
    "version nought": ({"version": 0}, "version", "greater than or equal to 1"),
    "a period that ends before it begins": ({"effective_to": "2025-01-01"}, "effective_to", "correct one of the dates"),
    "a part that is not there": ({"extends": "libraries"}, "extends", "resident"),
    "an unknown source": (
        {"evidence": [{"source": "library", "purpose": LABEL}], "materials": [], "rules": [], "jurisdiction": []},
        "evidence.library.source",
        "known are",
    ),
    "a source asked twice": ({"evidence": library_card()["evidence"] * 2}, "evidence.resident_population", "own name"),
    "a parameter that a source does not take": (
        {"evidence": [*library_card()["evidence"][:1], library_card()["evidence"][1] | {"query": {"colour": "shelf"}}]},
        "evidence.property.query.colour",
        "shelf_number",
    ),
    "a question about nobody": (
        {"evidence": [library_card()["evidence"][0] | {"about": "answers.cousin"}, library_card()["evidence"][1]]},
        "evidence.resident_population.about",
        "genre",
    ),
    "questions that wait for one another": (
        {
            "evidence": [
                library_card()["evidence"][0] | {"about": "property.books"},
                library_card()["evidence"][1] | {"about": "resident_population.name"},
            ]
        },
        "evidence.",
        "drop one about",
    ),
    "a rule that is not CEL": (with_rule(when="property.found &&"), "rules.name-agrees.when", "correct the condition"),
    "a rule on facts that nobody brings": (with_rule(when="marriage.found"), "rules.name-agrees.when", "ask for it"),
    "a rule on a field outside the schema": (with_rule(when="resident_population.shoe_size > 40"), "rules.name-agrees.when", "there are"),
    "a rule on a field within a list outside the schema": (
        with_rule(when="resident_population.household_members.all(m, m.hat)"),
        "rules.name-agrees.when",
        "household_members[].hat",
    ),
    "a rule on a field that is not asked": (with_rule(when='answers.hat == "red"'), "rules.name-agrees.when", "there are: genre, shelf"),
    "a rule that calls what there is not": (with_rule(when='weather(today) == "fine"'), "rules.name-agrees.when", "years_between"),
    "a rule that names another source": (with_rule(sources=["marriage"]), "rules.name-agrees.sources", "ask it there"),
    "a rule in one language": (with_rule(holds={"zh": "某项"}), "rules.name-agrees.holds.en", "both languages"),
    "two rules of one name": ({"rules": library_card()["rules"] * 2}, "rules.name-agrees", "own name"),
    "points that are not CEL": (
        {"points": {"needed": 1, "lines": [{"id": "a", "label": LABEL, "how": LABEL, "amount": "+"}]}},
        "points",
        "CEL",
    ),
    "two materials of one name": ({"materials": library_card()["materials"] * 2}, "materials.photo", "own name"),
    "a registry's material without its registry": (with_material(source="registry"), "materials.photo", "replaced_by"),
    "an upload that a registry replaces": (with_material(replaced_by="property"), "materials.photo", "only for source: registry"),
    "a material of a registry that is not asked": (
        with_material(source="registry", replaced_by="marriage", original_at_counter=False),
        "materials.photo.replaced_by",
        "ask it there",
    ),
    "no trip, and yet an original": ({"trips": 0}, "trips", "set trips: 1"),
    "a trip for nothing": ({"materials": [], "delivery": ["post"]}, "trips", "set trips: 0"),
    "originals that nobody sees": (
        {"materials": [library_card()["materials"][1] | {"required": True}], "delivery": ["online", "counter"]},
        "delivery",
        "drop online",
    ),
    "nobody decides": ({"machine_may_approve": False, "steps": []}, "steps", "name a step"),
    "nobody to refer to": ({"steps": []}, "steps", "at least one step"),
    "promises more than the law allows": ({"limit": {"promised": 30}}, "limit.legal", "what the law says"),
    "steps longer than the law allows": ({"limit": {"legal": 6}}, "limit.legal", "shorten the steps"),
    "a step of no role": ({"steps": [library_card()["steps"][0] | {"role": "janitor"}]}, "steps.pre_review.role", "pre_reviewer"),
    "a form that is no schema": (with_form(type="papers"), "form", "not JSON Schema"),
    "a field without a label": (
        with_form(properties={"genre": {"type": "string"}, "shelf": {"x-label": LABEL}}),
        "form.properties.genre.x-label",
        "write {zh: …, en: …}",
    ),
    "an option without its words": (
        with_form(properties={"genre": {"x-label": LABEL, "enum": ["a"]}, "shelf": {"x-label": LABEL}}),
        "form.properties.genre.x-options.a",
        "write {zh: …, en: …}",
    ),
    "a field asked after an answer that cannot be given": (
        with_form(properties=library_card()["form"]["properties"] | {"shelf": {"x-label": LABEL, "x-when": {"genre": ["gossip"]}}}),
        "form.properties.shelf.x-when.genre",
        "name one of its options",
    ),
    "a field in a group that is not there": (
        with_form(properties=library_card()["form"]["properties"] | {"shelf": {"x-label": LABEL, "x-group": "cellar"}}),
        "form.properties.shelf.x-group",
        "x-groups",
    ),
    "a required field that is not there": (with_form(required=["hat"]), "form.required", "add it"),
    "a query of a field that nobody fills in": (
        with_form(properties={"genre": {"x-label": LABEL}}),
        "evidence.property.query.shelf_number",
        "there are: genre",
    ),
    "a prefill from nowhere": (
        {"prefill": [{"field": "genre", "source": "library", "path": "genre"}]},
        "prefill.genre.source",
        "known are",
    ),
    "a prefill from a path that a source has not": (
        {"prefill": [{"field": "genre", "source": "resident_population", "path": "hat.size"}]},
        "prefill.genre.path",
        "there are",
    ),
    "a territory that is not CEL": ({"jurisdiction": ["property."]}, "jurisdiction.0", "correct the condition"),
    "a territory that nobody tells": ({"jurisdiction": ["marriage.station_code"]}, "jurisdiction.0", "ask for it"),
    "nothing to receive": ({"delivery": []}, "delivery", "name online"),
    "a query without a face that decides": ({"identity": "signed_in"}, "identity", "write face"),
    "a template that is not there": (with_certificate(template="scroll"), "certificate.template", "household-page"),
    "a statement that cannot be filled in": (
        with_certificate(statement=[{"zh": "{shoe_size}", "en": "{name}"}]),
        "certificate.statement",
        "known are",
    ),
    "a statement with a stray brace": (with_certificate(statement=[{"zh": "好", "en": "{name"}]), "certificate.statement", "braces"),
    "a value outside the schema": (with_certificate(values={"hat": "resident_population.hat"}), "certificate.values.hat", "there are"),
    "a column outside the schema": (
        with_certificate(table={"rows": "resident_population.household_members", "columns": [{"label": LABEL, "value": "row.hat"}]}),
        "certificate.table.columns",
        "row.hat",
    ),
    "a notice that somebody applies for": ({"kind": "notice", "notice": {"paragraphs": [LABEL]}}, "rules", "drop it"),
    "an example that comes out otherwise": (
        {"examples": [EXAMPLE | {"decision": "referred"}]},
        "examples.reader.decision",
        "correct the rules",
    ),
    "an example with another reason": (
        {
            "examples": [
                {"name": "reader", "answers": {"genre": "maps"}, "registries": {"property": "none"}, "decision": "referred", "reasons": []}
            ]
        },
        "examples.reader.reasons",
        "shelf-is-full",
    ),
    "an example on another path": ({"examples": [EXAMPLE | {"path": ["approval", "online"]}]}, "examples.reader.path", "machine"),
    "an example that the form does not take": ({"examples": [EXAMPLE | {"answers": {}}]}, "examples.reader.answers", "Please answer"),
    "an example of a registry that is not asked": (
        {"examples": [EXAMPLE | {"registries": {"marriage": "none"}}]},
        "examples.reader.registries",
        "there are: property",
    ),
}


@pytest.mark.parametrize("case", list(REFUSALS))
def test_a_wrong_item_is_refused_with_file_line_field_and_cure(tmp_path: Path, case: str) -> None:
    changes, field, cure = REFUSALS[case]
    path = write(tmp_path, changes)
    with pytest.raises(CatalogueError) as refused:
        load_service_item(path, TEST_SOURCES)
    first = refused.value.refusals[0]
    assert first.file == "library-card.yaml"
    assert any(refusal.field.startswith(field) for refusal in refused.value.refusals), str(refused.value)
    assert cure in str(refused.value)
    assert first.what.zh and first.cure.zh
    assert first.line is not None
    top = first.field.split(".")[0]
    if top in changes and changes[top] is not None:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert any(line.startswith(f"{top}:") for line in lines[: first.line]), "the line lies within what was changed"


def test_a_refusal_names_the_line_of_the_very_field(tmp_path: Path) -> None:
    text = yaml.safe_dump(CARD, allow_unicode=True).replace("property.books > 2", "property.pages > 2")
    with pytest.raises(CatalogueError) as refused:
        read_service_item(text, "library-card.yaml", TEST_SOURCES)
    line = next(n for n, said in enumerate(text.splitlines(), 1) if "property.pages" in said)
    assert str(refused.value).startswith(f"library-card.yaml:{line}: rules.shelf-is-full.when: property.pages is not in the schema")


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, {"branch": "fiction", "delivery": [], "steps": []})
    with pytest.raises(CatalogueError) as refused:
        load_service_item(path, TEST_SOURCES)
    assert {refusal.field for refusal in refused.value.refusals} >= {"branch", "delivery", "steps"}


@pytest.mark.parametrize(("content", "told"), [(b"code: [", "not YAML"), (b"code: \xff\xfe", "not UTF-8"), (b"", "library-card.yaml")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "library-card.yaml"
    path.write_bytes(content)
    with pytest.raises(CatalogueError, match=told):
        load_service_item(path, TEST_SOURCES)


def test_one_code_in_two_files_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {}, "a.yaml")
    write(tmp_path, {}, "b.yaml")
    with pytest.raises(CatalogueError, match=r"b\.yaml:\d+: code: library-card .* choose another code"):
        Catalogue(tmp_path, TEST_SOURCES)


def test_an_item_of_a_folder_is_found_by_its_code(tmp_path: Path) -> None:
    write(tmp_path, {})
    catalogue = Catalogue(tmp_path, TEST_SOURCES)
    assert catalogue.get("library-card") == load_service_item(tmp_path / "library-card.yaml", TEST_SOURCES)
    with pytest.raises(UnknownServiceItem):
        catalogue.get("no-criminal-record")


def test_every_packaged_item_loads_and_its_document_has_a_template() -> None:
    items = Catalogue().all()
    assert {i.code for i in items} >= {"no-criminal-record", "purchase-migration", "name-change"}
    templates = PROJECT / "adapters" / "documents" / "templates"
    for item in items:
        assert item.certificate is None or (templates / f"{item.certificate.template}.typ").is_file()
        assert len(list(SERVICES.rglob(f"{item.code}.yaml"))) == 1, "a file is named after its code"


def test_a_question_asks_for_no_more_than_anything_reads() -> None:
    item = packaged_catalogue().get("no-criminal-record")
    assert {e.source: e.fields for e in item.evidence}["resident_population"] == ["address", "name", "station_code", "status"]
    assert all(e.fields and e.label for known in packaged_catalogue().all() for e in known.evidence)


# --- versions ----------------------------------------------------------------------------------------------------------


def version(number: int, begins: str, ends: str | None = None) -> ServiceItem:
    return make_service_item(version=number, effective_from=begins, effective_to=ends)


def shelf(tmp_path: Path, *published: ServiceItem) -> Catalogue:
    write(tmp_path, {})
    catalogue = Catalogue(tmp_path, TEST_SOURCES)
    catalogue.publish(published)
    return catalogue


def test_a_later_version_is_in_force_from_its_first_day_and_not_before(tmp_path: Path) -> None:
    catalogue = shelf(tmp_path, version(2, "2026-06-01"))
    begins = date(2026, 6, 1)
    assert catalogue.get("library-card", begins - timedelta(days=1)).version == 1
    assert catalogue.get("library-card", begins).version == 2
    assert [item.version for item in catalogue.versions("library-card")] == [1, 2]


def test_an_item_that_ended_is_offered_no_more_but_keeps_its_name(tmp_path: Path) -> None:
    catalogue = shelf(tmp_path, version(1, "2026-01-01", "2026-03-31"))
    with pytest.raises(UnknownServiceItem):
        catalogue.get("library-card", date(2026, 4, 1))
    assert catalogue.all(date(2026, 4, 1)) == []
    assert catalogue.name_of("library-card").en == "Library card"


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (version(1, "2027-01-01"), "version"),
        (version(2, "2026-01-01"), "effective_from"),
        (version(2, "2025-01-01"), "effective_from"),
        (version(3, "2026-12-31"), "effective_from"),
    ],
)
def test_periods_that_overlap_and_numbers_that_are_taken_are_refused(new: ServiceItem, field: str) -> None:
    known = [version(1, "2026-01-01")] if new.version < 3 else [version(2, "2026-01-01", "2026-12-31")]
    refusals = Refusals("library-card.yaml", "version: 2")
    check_periods(new, known, refusals)
    assert [refusal.field for refusal in refusals.found] == [field]


def test_a_version_that_follows_is_taken() -> None:
    refusals = Refusals("library-card.yaml", "")
    check_periods(version(2, "2026-02-01"), [version(1, "2026-01-01")], refusals)
    assert refusals.found == []


class Board:
    """Publications as the database would tell them; `away` is a database that does not answer."""

    def __init__(self) -> None:
        self.items: list[ServiceItem] = []
        self.away = False

    async def newest(self) -> int:
        if self.away:
            raise Unavailable()
        return len(self.items)

    async def all(self) -> list[ServiceItem]:
        return list(self.items)


async def test_what_is_published_is_known_at_the_next_look_and_a_database_away_takes_nothing_back(tmp_path: Path) -> None:
    write(tmp_path, {})
    board = Board()
    catalogue = Catalogue(tmp_path, TEST_SOURCES, publications=board)
    board.items.append(version(2, "2026-01-02"))
    await catalogue.refresh()
    assert catalogue.get("library-card").version == 2
    board.away = True
    await catalogue.refresh()
    assert catalogue.get("library-card").version == 2


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
