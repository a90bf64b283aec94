"""The simulated people fit the service items: who should go by machine does, who should meet a person does."""

from typing import Any

import pytest

from catalogue.loader import Catalogue
from domain.decision import Outcome
from domain.service_item import ServiceItem
from simulators.demo_people import DemoPerson
from simulators.people import Person
from simulators.population import Population
from simulators.records import RECORDS
from tests.packaged import packaged_catalogue


@pytest.fixture(scope="module")
def people() -> Population:
    return Population.generate(2026, 3000)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return packaged_catalogue()


def facts(population: Population, item: ServiceItem, person: Person, answers: dict[str, Any]) -> dict[str, Any]:
    """What a case would gather: the answers, and each source's record with `found`."""
    known: dict[str, Any] = {"applicant": {"id_number": person.id_number, "name": person.name}, "answers": answers}
    for request in item.evidence:
        parameters = {name: str(answers[path]) for name, path in request.query.items()}
        record = RECORDS[request.source](population, person.id_number, parameters)
        known[request.source] = {"found": record is not None, **(record or {})}
    return known


def demo(population: Population, key: str) -> tuple[DemoPerson, Person]:
    found = next(d for d in population.demo_people() if d.key == key)
    person = population.find(found.id_number)
    assert person is not None
    return found, person


def moving(population: Population, person: Person, certificate_number: str | None) -> dict[str, Any]:
    """The whole household moves to that home."""
    movers = [member.id_number for member in population.household_members(person) if member is not person]
    return {"property_certificate": certificate_number, "movers": movers}


def test_every_mover_is_approved_by_machine_with_the_whole_household(people: Population, catalogue: Catalogue) -> None:
    item = catalogue.get("purchase-migration")
    movers = list(people.movers())
    assert len(movers) > 100
    for person, home in movers:
        finding = catalogue.decide(item, facts(people, item, person, moving(people, person, home.certificate_number)))
        outcome, results = finding.outcome, finding.results
        assert outcome is Outcome.APPROVED, [r.rule for r in results if not r.holds]


def test_the_demo_mover_is_approved_and_belongs_to_the_new_homes_station(people: Population, catalogue: Catalogue) -> None:
    found, person = demo(people, "mover")
    item = catalogue.get("purchase-migration")
    known = facts(people, item, person, moving(people, person, found.certificate_number))
    assert catalogue.decide(item, known).outcome is Outcome.APPROVED
    assert catalogue.station_of(item, known, "") == "330302510000"


def test_the_misspelt_demo_mover_is_referred_for_the_owners_name_alone(people: Population, catalogue: Catalogue) -> None:
    found, person = demo(people, "mover-disagreement")
    item = catalogue.get("purchase-migration")
    finding = catalogue.decide(item, facts(people, item, person, moving(people, person, found.certificate_number)))
    outcome, results = finding.outcome, finding.results
    assert outcome is Outcome.REFERRED
    assert [r.rule for r in results if r.holds is not True] == ["owns-the-home"]


@pytest.mark.parametrize(("key", "outcome"), [("no-record", Outcome.APPROVED), ("with-record", Outcome.REFERRED)])
def test_a_criminal_record_decides_whether_the_certificate_goes_by_machine(
    people: Population, catalogue: Catalogue, key: str, outcome: Outcome
) -> None:
    item = catalogue.get("no-criminal-record")
    known = facts(people, item, demo(people, key)[1], {"reason": "employment"})
    assert catalogue.decide(item, known).outcome is outcome
    assert catalogue.station_of(item, known, "") == "330302510000"


def test_a_couple_whose_divorce_the_household_book_has_not_heard_of_is_referred(people: Population, catalogue: Catalogue) -> None:
    item = catalogue.get("purchase-migration")
    listed = [d for d in people.disagreements if "marriage" in d.sources]
    assert listed
    for disagreement in listed:
        person = people.find(disagreement.id_number)
        assert person is not None
        finding = catalogue.decide(item, facts(people, item, person, moving(people, person, "")))
        outcome, results = finding.outcome, finding.results
        assert outcome is Outcome.REFERRED
        assert "marriage-agrees" in [r.rule for r in results if r.holds is not True]
