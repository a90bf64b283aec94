"""Eighteen authorities, one story: what each says about a person fits what the others say, but where that is listed."""

from datetime import date
from random import Random
from typing import Any

import pytest

from domain.identity_numbers import parse_id_number
from simulators.demo_people import KEYS
from simulators.families import REFERENCE_DAY
from simulators.misprints import KIND_NAMES
from simulators.population import Population
from simulators.records import RECORDS
from simulators.territory import STATION
from tests.simulators.checker import Checker, listed

Record = dict[str, Any]


@pytest.fixture(scope="module")
def population() -> Population:
    return Population.generate(2026, 3000)


@pytest.fixture(scope="module")
def checker(population: Population) -> Checker:
    return Checker(population)


def living(checker: Checker) -> list[Record]:
    return [resident for resident in checker.residents.values() if resident["status"] == "normal"]


def day(text: str) -> date:
    return date.fromisoformat(text)


def test_the_disagreements_listed_are_exactly_those_that_a_checker_finds(checker: Checker, population: Population) -> None:
    found = checker.disagreements()
    assert found == listed(population.disagreements)
    assert len(found) == len(population.disagreements)


def test_a_larger_population_has_every_kind_of_disagreement_and_hides_none() -> None:
    population = Population.generate(11, 9000)
    assert Checker(population).disagreements() == listed(population.disagreements)
    assert {d.kind for d in population.disagreements} == set(KIND_NAMES)


def test_a_disagreement_that_is_not_listed_would_be_found(population: Population) -> None:
    other = Population.generate(2026, 300)
    person = next(p for p in other if other.properties_of(p.id_number) and p.id_number not in {d.id_number for d in other.disagreements})
    other.properties_of(person.id_number)[0].owners[0].name = "某某某"
    assert len(Checker(other).disagreements()) == len(other.disagreements) + 1


def test_every_marriage_is_told_alike_on_both_sides(checker: Checker) -> None:
    married = 0
    for id_number in checker.residents:
        marriage = checker.ask("marriage", id_number)
        if marriage is None:
            continue
        married += 1
        other = checker.ask("marriage", marriage["spouse"]["id_number"])
        assert other is not None
        assert other["spouse"] == {"id_number": id_number, "name": checker.residents[id_number]["name"]}
        assert {name: value for name, value in other.items() if name != "spouse"} == {n: v for n, v in marriage.items() if n != "spouse"}
        assert (marriage["divorced_on"] is None) == (marriage["status"] == "married")
        assert marriage["married_on"] <= marriage["registered_on"]
    assert married > 1000


def test_household_and_resident_population_name_the_same_members(checker: Checker) -> None:
    for resident in living(checker):
        household = checker.ask("household", resident["id_number"])
        if resident["station_code"] not in STATION:
            assert household is None
            continue
        assert household is not None
        members = [{name: member[name] for name in ("id_number", "name", "relation")} for member in household["members"]]
        assert members == resident["household_members"]
        assert household["head"] == {"id_number": members[0]["id_number"], "name": members[0]["name"]}
        assert (household["number"], household["address"]) == (resident["household_number"], resident["address"])
        assert checker.ask("household", "nobody", household_number=household["number"]) == household
        own = next(member for member in household["members"] if member["id_number"] == resident["id_number"])
        assert own["joined_on"] == resident["move_in_date"] >= household["established_on"]
        assert (own["father"], own["mother"]) == (resident["father"], resident["mother"])


def test_the_population_registry_is_the_citys_and_knows_nobody_who_is_registered_elsewhere(checker: Checker) -> None:
    elsewhere = [resident for resident in checker.residents.values() if resident["station_code"] not in STATION]
    assert len(elsewhere) > 100
    for resident in elsewhere:
        assert checker.ask("resident_population", resident["id_number"]) is None
        living_here = checker.ask("floating_population", resident["id_number"])
        assert living_here is not None
        assert living_here["name"] == resident["name"]
    for resident in living(checker):
        if resident["station_code"] in STATION:
            assert checker.ask("resident_population", resident["id_number"]) == resident


def test_parents_are_older_than_their_children_and_know_them(checker: Checker) -> None:
    children = 0
    for resident in checker.residents.values():
        for parent in filter(None, (resident["father"], resident["mother"])):
            children += 1
            entry = checker.residents[parent["id_number"]]
            assert entry["name"] == parent["name"]
            assert (day(resident["birth_date"]) - day(entry["birth_date"])).days > 19 * 365
            assert resident["id_number"] in {child["id_number"] for child in entry["children"]}
    assert children > 1000


def test_dates_of_a_life_come_in_their_order(checker: Checker) -> None:
    for resident in checker.residents.values():
        assert resident["birth_date"] <= resident["registered_on"] <= resident["move_in_date"]
        changes = [*resident["former_names"], *resident["former_id_numbers"]]
        assert all(resident["birth_date"] < change["changed_on"] for change in changes)


def test_whoever_owns_a_home_is_somebody(checker: Checker) -> None:
    for id_number in checker.residents:
        for home in (checker.ask("property", id_number) or {"properties": []})["properties"]:
            assert {owner["id_number"] for owner in home["owners"]} <= checker.residents.keys()
            asked_by_number = checker.ask("property", "nobody", certificate_number=home["certificate_number"])
            assert asked_by_number is not None
            assert asked_by_number["properties"] == [home]


def test_a_birth_certificate_names_the_registered_parents_and_is_found_by_its_number(checker: Checker) -> None:
    certified = 0
    for id_number, resident in checker.residents.items():
        own = (checker.ask("birth_certificate", id_number) or {}).get("own")
        if own is None:
            continue
        certified += 1
        assert own["mother"]["id_number"] == resident["mother"]["id_number"]
        assert own["father"] == resident["father"]
        birth = checker.ask("birth_certificate", "nobody", certificate_number=own["certificate_number"])
        assert birth is not None
        assert (birth["child_id_number"], birth["registered"], birth["birth_date"]) == (id_number, True, resident["birth_date"])
    assert certified > 300


def test_births_to_register_are_of_married_parents_and_in_no_household_book(population: Population, checker: Checker) -> None:
    births = list(population.books.births.values())
    assert births
    for birth in births:
        record = checker.ask("birth_certificate", birth.mother)
        assert record is not None
        assert (record["registered"], record["child_id_number"]) == (False, None)
        assert record["certificate_number"] == birth.certificate_number
        assert birth.child_name not in {child["name"] for child in checker.residents[birth.mother]["children"]}
        marriage = checker.ask("marriage", birth.mother)
        assert marriage is not None
        assert marriage["spouse"]["id_number"] == record["father"]["id_number"]


def test_some_deaths_are_certified_and_not_cancelled_yet_and_the_others_are(checker: Checker) -> None:
    waiting = 0
    for id_number, resident in checker.residents.items():
        death, cancelled = checker.ask("death", id_number), checker.ask("cancelled_persons", id_number)
        if death is None:
            assert cancelled is None or cancelled["reason"] != "death"
            continue
        assert checker.ask("death", id_number, certificate_number=death["certificate_number"]) == death
        assert checker.ask("death", id_number, certificate_number="another") is None
        assert resident["birth_date"] < death["died_on"]
        assert all(child["birth_date"] <= death["died_on"] for child in resident["children"])
        waiting += resident["status"] == "normal"
        assert (resident["status"] == "cancelled") == (cancelled is not None)
    assert waiting


def test_whoever_is_cancelled_lives_in_no_household_and_the_record_says_where_they_did(population: Population, checker: Checker) -> None:
    reasons = set()
    for id_number, resident in checker.residents.items():
        cancelled = checker.ask("cancelled_persons", id_number)
        assert (cancelled is not None) == (resident["status"] == "cancelled")
        if cancelled is None:
            continue
        reasons.add(cancelled["reason"])
        assert checker.ask("household", id_number) is None
        assert cancelled["former_address"] == resident["address"]
        assert (cancelled["reason"] == "prison") <= bool(checker.ask("criminal_records", id_number))
        returning = checker.ask("overseas_return", id_number)
        assert returning is None or (cancelled["reason"], returning["country"]) == ("moved_abroad", cancelled["destination"])
    assert {"death", "moved_abroad", "moved_out_not_settled", "student_moved_out"} <= reasons
    assert population.books.returns


def test_a_changed_number_leads_to_the_present_one_and_back(checker: Checker) -> None:
    changed = [resident for resident in checker.residents.values() if resident["former_id_numbers"]]
    assert changed
    for resident in changed:
        for former in resident["former_id_numbers"]:
            parse_id_number(former["id_number"], today=REFERENCE_DAY)
            old = checker.ask("cancelled_persons", former["id_number"])
            assert old is not None
            assert (old["current_id_number"], old["current_name"]) == (resident["id_number"], resident["name"])
            assert checker.ask("resident_population", former["id_number"]) is None


def test_whoever_lives_here_and_is_registered_elsewhere_has_a_landlord_or_a_home_of_their_own(checker: Checker) -> None:
    kinds = set()
    for id_number, resident in checker.residents.items():
        residence = checker.ask("floating_population", id_number)
        assert (residence is not None) == (not resident["division"].startswith("3303"))
        if residence is None:
            assert checker.ask("residence_permits", id_number) is None
            continue
        [registration] = residence["registrations"]
        kinds.add(registration["kind"])
        assert residence["home_address"] == resident["address"]
        assert residence["since"] > resident["birth_date"]
        if registration["kind"] == "rented":
            homes = checker.ask("property", registration["landlord"]["id_number"])
            assert homes is not None
            [let] = [home for home in homes["properties"] if home["address"] == registration["address"]]
            assert let["registered_on"] <= registration["since"]
            assert registration["landlord"]["name"] == checker.residents[registration["landlord"]["id_number"]]["name"]
    assert kinds == {"rented", "owned", "dormitory"}


def test_a_permit_was_given_after_half_a_year_and_its_endorsements_follow_each_other(checker: Checker) -> None:
    statuses = set()
    for id_number in checker.residents:
        permit, residence = checker.ask("residence_permits", id_number), checker.ask("floating_population", id_number)
        if permit is None or residence is None:
            continue
        statuses.add(permit["status"])
        assert (day(permit["first_issued_on"]) - day(residence["since"])).days > 180
        ends = [endorsement["valid_until"] for endorsement in permit["endorsements"]]
        assert ends == sorted(set(ends))
        assert permit["valid_until"] == (ends[-1] if ends else permit["valid_until"])
    assert statuses == {"valid", "expired"}


def test_traffic_records_of_a_person_name_their_own_vehicles_and_each_plate_is_one_persons(checker: Checker) -> None:
    plates: dict[str, str] = {}
    for id_number in checker.residents:
        owned = {vehicle["plate"] for vehicle in (checker.ask("vehicles", id_number) or {"vehicles": []})["vehicles"]}
        assert not owned & plates.keys()
        plates |= dict.fromkeys(owned, id_number)
        violations = checker.ask("violations", id_number)
        driver = checker.ask("drivers", id_number)
        if violations is None:
            continue
        assert driver is not None
        assert {violation["plate"] for violation in violations["violations"]} <= owned
        unsettled = [violation for violation in violations["violations"] if not violation["settled"]]
        assert (len(unsettled), sum(v["fine_fen"] for v in unsettled)) == (violations["unsettled_count"], violations["unsettled_fine_fen"])
        assert all(v["at"][:10] <= (v["settled_on"] or "9999") for v in violations["violations"])
    assert len(plates) > 500


def test_a_person_has_the_same_name_wherever_they_are_named(checker: Checker) -> None:
    for id_number in Random(5).sample(sorted(checker.residents), 400):
        name = checker.residents[id_number]["name"]
        for source in ("social_security", "death", "floating_population", "drivers", "overseas_return", "cancelled_persons"):
            record = checker.ask(source, id_number)
            assert record is None or record["name"] == name
        permit = checker.ask("residence_permits", id_number)
        assert permit is None or permit["holder"] == {"id_number": id_number, "name": name}


def demo(population: Population, key: str) -> str:
    return next(d.id_number for d in population.demo_people() if d.key == key)


def test_the_demo_people_have_what_their_items_need(population: Population, checker: Checker) -> None:
    assert [d.key for d in population.demo_people()] == list(KEYS)
    newborn = checker.ask("birth_certificate", demo(population, "newborn-parent"))
    assert newborn is not None
    assert newborn["registered"] is False
    holder = demo(population, "permit-holder")
    permit, insurance, home = (checker.ask(source, holder) for source in ("residence_permits", "social_security", "property"))
    assert permit is not None and insurance is not None and home is not None
    assert (permit["status"], home["years_owned"] >= 5, insurance["pension_years"] >= 5) == ("valid", True, True)
    renamed = checker.residents[demo(population, "renamed")]
    assert renamed["former_name"] and renamed["former_names"] and renamed["former_id_numbers"]
    fines = checker.ask("violations", demo(population, "driver"))
    assert fines is not None
    assert fines["unsettled_count"] == 2
    returnee = demo(population, "returnee")
    approval = checker.ask("overseas_return", returnee)
    assert approval is not None
    assert (approval["status"], checker.residents[returnee]["status"]) == ("valid", "cancelled")


def test_no_demo_person_is_in_a_listed_disagreement_but_the_one_for_it(population: Population) -> None:
    doubtful = {d.id_number for d in population.disagreements}
    assert [d.key for d in population.demo_people() if d.id_number in doubtful] == ["mover-disagreement"]


def test_a_record_asked_for_twice_is_the_same(population: Population) -> None:
    again = Population.generate(2026, 3000)
    for id_number in Random(6).sample([person.id_number for person in population], 60):
        for source, make in RECORDS.items():
            assert make(population, id_number, {}) == make(again, id_number, {}), source
