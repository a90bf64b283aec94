"""What the simulated authorities send is what catalogue/sources says of them; the samples there tell one story."""

from random import Random
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from domain.identity_numbers import parse_id_number
from settings import PROJECT
from simulators.families import REFERENCE_DAY
from simulators.population import Population
from simulators.records import FIELDS, RECORDS
from simulators.registries import SOURCE_NAMES, SOURCES

Record = dict[str, Any]
SAMPLE_PERSON = "330302199001012385"
DESCRIBED: dict[str, dict[str, Any]] = {
    source: yaml.safe_load((PROJECT / "catalogue" / "sources" / f"{source}.yaml").read_text(encoding="utf-8")) for source in SOURCES
}
SAMPLES: dict[str, Record] = {source: described["sample"] for source, described in DESCRIBED.items()}


@pytest.fixture(scope="module")
def population() -> Population:
    return Population.generate(2026, 3000)


@pytest.fixture(scope="module")
def some_people(population: Population) -> list[str]:
    """300 of them, and whoever has an entry that is rare."""
    books = population.books
    rare = [*books.cancellations, *books.deaths, *books.returns, *books.wanted, *books.residences, *books.convictions]
    return Random(1).sample(sorted(person.id_number for person in population), 300) + rare


def validator(source: str) -> Draft202012Validator:
    return Draft202012Validator(DESCRIBED[source]["record"], format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("source", SOURCES)
def test_every_record_is_what_the_file_describes(population: Population, some_people: list[str], source: str) -> None:
    check = validator(source)
    records = [record for id_number in some_people if (record := RECORDS[source](population, id_number, {}))]
    assert records
    for record in records:
        assert [f"{error.json_path}: {error.message}" for error in check.iter_errors(record)] == []


@pytest.mark.parametrize("source", SOURCES)
def test_the_file_and_the_authority_know_the_same_fields_by_the_same_name(source: str) -> None:
    described = DESCRIBED[source]
    assert set(described["record"]["properties"]) == FIELDS[source]
    assert (described["code"], tuple(described["name"].values())) == (source, SOURCE_NAMES[source])
    assert described["group"] in ("government", "police")


def test_there_are_six_sources_of_government_and_twelve_of_police() -> None:
    groups = [described["group"] for described in DESCRIBED.values()]
    assert (groups.count("government"), groups.count("police")) == (6, 12)


def described_values(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The schema of every value in a record, however deep."""
    inner = [value for part in schema.get("properties", {}).values() for value in described_values(part)]
    return [schema, *inner, *(described_values(schema["items"]) if "items" in schema else [])]


@pytest.mark.parametrize("source", SOURCES)
def test_every_field_has_a_label_and_every_choice_its_words_in_both_languages(source: str) -> None:
    for name, field in DESCRIBED[source]["record"]["properties"].items():
        assert set(field["x-label"]) == {"zh", "en"}, name
    for value in described_values(DESCRIBED[source]["record"]):
        if "enum" in value:
            assert set(value["x-options"]) == {choice for choice in value["enum"] if choice is not None}
            assert all(set(words) == {"zh", "en"} for words in value["x-options"].values())


@pytest.mark.parametrize("source", SOURCES)
def test_what_names_or_numbers_a_person_is_marked_as_personal(source: str) -> None:
    for value in described_values(DESCRIBED[source]["record"]):
        for name, part in value.get("properties", {}).items():
            named = name in ("id_number", "name", "former_name", "child_name", "licence_number", "plate", "certificate_number")
            assert not named or part.get("x-personal") is True, f"{source}: {name}"


@pytest.mark.parametrize("source", SOURCES)
def test_the_sample_is_a_record_with_every_field(source: str) -> None:
    assert [f"{error.json_path}: {error.message}" for error in validator(source).iter_errors(SAMPLES[source])] == []
    assert set(SAMPLES[source]) == FIELDS[source]


def id_numbers_in(value: Any) -> list[tuple[str, str | None]]:
    """Every (ID number, name) pair in a record."""
    if isinstance(value, list):
        return [pair for item in value for pair in id_numbers_in(item)]
    if not isinstance(value, dict):
        return []
    own = [(value["id_number"], value.get("name"))] if isinstance(value.get("id_number"), str) else []
    return own + [pair for item in value.values() for pair in id_numbers_in(item)]


def test_the_samples_name_everybody_alike_by_numbers_that_can_be() -> None:
    names: dict[str, str] = {}
    for sample in SAMPLES.values():
        for id_number, name in id_numbers_in(sample):
            parse_id_number(id_number, today=REFERENCE_DAY)
            assert name is None or names.setdefault(id_number, name) == name
    assert names[SAMPLE_PERSON] == "林晓梅"
    assert len(names) == 5


def test_the_samples_are_about_one_person_and_agree() -> None:
    resident, household, marriage = SAMPLES["resident_population"], SAMPLES["household"], SAMPLES["marriage"]
    home = SAMPLES["property"]["properties"][0]
    assert {sample["id_number"] for sample in SAMPLES.values() if "id_number" in sample} == {SAMPLE_PERSON}
    members = [{name: member[name] for name in ("id_number", "name", "relation")} for member in household["members"]]
    assert members == resident["household_members"]
    assert (household["number"], household["address"]) == (resident["household_number"], resident["address"])
    assert home["address"] == resident["address"]
    assert marriage["spouse"] in [{"id_number": m["id_number"], "name": m["name"]} for m in members if m["relation"] == "spouse"]
    assert SAMPLES["birth_certificate"]["father"] == marriage["spouse"]
    assert SAMPLES["birth_certificate"]["child_id_number"] == resident["children"][0]["id_number"]
    assert SAMPLES["drivers"]["licence_number"] == SAMPLES["residence_permits"]["holder"]["id_number"] == SAMPLE_PERSON
    assert SAMPLES["violations"]["violations"][0]["plate"] == SAMPLES["vehicles"]["vehicles"][0]["plate"]
    assert SAMPLES["social_security"]["employer"] == resident["workplace"]
