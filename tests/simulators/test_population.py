"""The simulated population: the same from a seed, coherent in itself, and wrong only where it says so."""

import os
import subprocess
import sys
from collections import Counter
from datetime import date
from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.identity_numbers import parse_id_number
from domain.jurisdiction import county_of
from settings import PROJECT
from simulators.demo_clip import demo_portrait
from simulators.families import REFERENCE_DAY
from simulators.misprints import KIND_NAMES
from simulators.names import given_name, misspelt, surname_of
from simulators.people import Person, Sex
from simulators.population import Population, certificate_key
from simulators.portraits import as_portrait
from simulators.territory import ANY_STATION, COUNTY, STATIONS


@pytest.fixture(scope="module")
def people() -> Population:
    return Population.generate(2026, 10_000)


def assert_id_numbers_are_valid(population: Population) -> None:
    for person in population:
        number = parse_id_number(person.id_number, today=REFERENCE_DAY)
        assert (number.sex, number.birth_date) == (person.sex, person.birth_date)
    assert len({person.id_number for person in population}) == len(population)


def assert_households_hold_together(population: Population) -> None:
    for household in population.households():
        members = [population.find(id_number) for id_number in household.members]
        assert members
        assert all(member is not None and member.household is household for member in members)
        assert sum(member is not None and member.relation == "head" for member in members) == 1
        assert household.station.code in ANY_STATION
    living = [person for person in population if person.status == "normal"]
    assert all(person.id_number in person.household.members for person in living)
    assert sum(len(household.members) for household in population.households()) == len(living)


def assert_marriages_are_mutual(population: Population) -> None:
    for person in population:
        marriage = population.find_marriage(person.id_number)
        if marriage is None:
            continue
        entry = marriage.spouse_of(person.id_number)
        spouse = population.find(entry.id_number)
        assert spouse is not None
        assert spouse.name == entry.name
        assert spouse.id_number != person.id_number
        assert population.find_marriage(spouse.id_number) is marriage
        assert min(spouse.age_on(marriage.registered_on), person.age_on(marriage.registered_on)) >= 20


def assert_household_and_marriage_agree_but_where_listed(population: Population) -> None:
    listed = {d.id_number for d in population.disagreements}
    for person in population:
        if person.id_number in listed or person.marital_status == "widowed" or person.status == "cancelled":
            continue
        marriage = population.find_marriage(person.id_number)
        assert person.marital_status == (marriage.status if marriage else "single")
        if marriage and marriage.status == "married":
            assert marriage.spouse_of(person.id_number).id_number in person.household.members


def assert_owners_exist_and_are_named_rightly_but_where_listed(population: Population) -> None:
    listed = {d.certificate_number for d in population.disagreements if d.kind == "owner_name"}
    for home in population.properties():
        assert sum(owner.share for owner in home.owners) == 100
        differing = 0
        for owner in home.owners:
            person = population.find(owner.id_number)
            assert person is not None
            assert home in population.properties_of(owner.id_number)
            differing += person.name != owner.name
        assert differing == (1 if home.certificate_number in listed else 0)


def assert_children_fit_their_parents(population: Population) -> None:
    for child in population:
        for parent in filter(None, map(population.find, filter(None, (child.father, child.mother)))):
            assert (child.birth_date - parent.birth_date).days > 19 * 365
        father, mother = (population.find(parent or "") for parent in (child.father, child.mother))
        if father and mother:
            assert surname_of(child.name) in (surname_of(father.name), surname_of(mother.name))


def assert_coherent(population: Population) -> None:
    assert_id_numbers_are_valid(population)
    assert_households_hold_together(population)
    assert_marriages_are_mutual(population)
    assert_household_and_marriage_agree_but_where_listed(population)
    assert_owners_exist_and_are_named_rightly_but_where_listed(population)
    assert_children_fit_their_parents(population)


def test_ten_thousand_people_are_coherent(people: Population) -> None:
    assert len(people) == 10_000
    assert_coherent(people)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), size=st.integers(20, 600))
def test_any_seed_and_size_give_a_coherent_population_of_that_size(seed: int, size: int) -> None:
    population = Population.generate(seed, size)
    assert len(population) == size
    assert_coherent(population)


def snapshot(population: Population) -> list[tuple[object, ...]]:
    def of(person: Person) -> tuple[object, ...]:
        homes = [(h.certificate_number, h.address, [o.name for o in h.owners]) for h in population.properties_of(person.id_number)]
        marriage = population.find_marriage(person.id_number)
        return (
            (person.id_number, person.name, person.former_name, person.marital_status),
            (person.household.number, person.household.address),
            (homes, marriage and marriage.certificate_number),
            population.find_insurance(person.id_number),
            population.convictions_of(person.id_number),
        )

    return [of(person) for person in population]


def test_a_seed_gives_the_same_people_again() -> None:
    assert snapshot(Population.generate(7, 800)) == snapshot(Population.generate(7, 800))
    assert snapshot(Population.generate(7, 800)) != snapshot(Population.generate(8, 800))


def test_a_seed_gives_the_same_people_in_every_process() -> None:
    people = "[(p.id_number, p.name, p.household.address) for p in Population.generate(7, 300)]"
    program = f"from simulators.population import Population; print({people})"
    printed = [
        subprocess.run(
            [sys.executable, "-c", program], cwd=PROJECT, env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, check=True
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert printed[0] == printed[1] != b""


def test_a_given_name_never_makes_another_surname_of_the_one_before_it() -> None:
    for sex in get_args(Sex):
        for seed in range(40_000):
            assert surname_of("欧" + given_name(Random(seed), sex)) == "欧"


def test_demo_people_depend_on_the_seed_and_not_on_the_size(people: Population) -> None:
    assert people.demo_people() == Population.generate(2026, 50).demo_people()
    assert people.demo_people() != Population.generate(2027, 50).demo_people()


def test_everybody_lives_in_a_county_of_wenzhou_and_each_station_has_people(people: Population) -> None:
    at = Counter(person.household.station.code for person in people if person.registered_here)
    assert set(at) == {station.code for station in STATIONS}
    assert all(county_of(code) in COUNTY and len(code) == 12 for code in at)
    assert min(at.values()) > 100


def test_about_one_in_a_hundred_has_a_criminal_record(people: Population) -> None:
    assert 90 <= sum(bool(people.convictions_of(person.id_number)) for person in people) <= 110
    assert all(person.age_on(REFERENCE_DAY) >= 18 for person in people if people.convictions_of(person.id_number))


def test_about_one_in_fifty_homes_and_marriages_disagree_between_sources(people: Population) -> None:
    homes = sum(1 for _ in people.properties())
    misspelt_homes = sum(d.kind == "owner_name" for d in people.disagreements)
    assert 0.01 < misspelt_homes / homes < 0.03
    assert {d.kind for d in people.disagreements} == set(KIND_NAMES)


def demo(population: Population, key: str) -> tuple[Person, str | None]:
    found = next(d for d in population.demo_people() if d.key == key)
    person = population.find(found.id_number)
    assert person is not None
    assert (person.name, person.household.station.code) == (found.name, found.station_code)
    return person, found.certificate_number


def test_demo_people_are_what_they_are_for(people: Population) -> None:
    assert not people.convictions_of(demo(people, "no-record")[0].id_number)
    assert people.convictions_of(demo(people, "with-record")[0].id_number)
    assert demo(people, "new-name")[0].age_on(REFERENCE_DAY) >= 18
    for d in people.demo_people():
        assert people.find_portrait(d.id_number) == demo_portrait()


def test_the_demo_mover_owns_one_home_in_another_county_and_lives_with_spouse_and_child(people: Population) -> None:
    mover, certificate = demo(people, "mover")
    [home] = people.properties_of(mover.id_number)
    assert home.certificate_number == certificate
    assert home.station.division != mover.household.station.division
    assert [member.relation for member in people.household_members(mover)][:2] == ["head", "spouse"]
    assert len(people.household_members(mover)) == 3
    assert mover.id_number in {person.id_number for person, _ in people.movers()}


def test_the_other_demo_mover_is_misspelt_by_the_property_register(people: Population) -> None:
    mover, certificate = demo(people, "mover-disagreement")
    home = people.find_property(certificate or "")
    assert home is not None
    assert home.owners[0].id_number == mover.id_number
    assert home.owners[0].name != mover.name
    assert sum(a != b for a, b in zip(home.owners[0].name, mover.name, strict=True)) == 1


def test_hundreds_of_people_can_move_by_machine(people: Population) -> None:
    assert sum(1 for _ in people.movers()) > 300


def test_nobody_but_the_demo_people_has_a_portrait(people: Population) -> None:
    assert sum(people.find_portrait(person.id_number) is not None for person in people) == len(people.demo_people())


def test_a_certificate_number_is_found_however_its_brackets_are_written(people: Population) -> None:
    number = demo(people, "mover")[1] or ""
    assert people.find_property(number.replace("（", " (").replace("）", ") ")) is people.find_property(number) is not None
    assert certificate_key(number) != certificate_key(number.replace("浙", "京"))


def test_an_added_person_is_somebody_with_a_household_and_the_portrait() -> None:
    population = Population.generate(3, 100)
    person = population.add_person("周末", demo_portrait(), sex="male", birth_date=date(1990, 5, 6), station="330305510000")
    assert population.find(person.id_number) is person
    assert person.id_number.startswith("33030519900506")
    assert population.find_portrait(person.id_number) == demo_portrait()
    assert_coherent(population)


def test_an_added_person_keeps_a_given_id_number_and_a_wrong_one_is_refused() -> None:
    population = Population.generate(3, 100)
    assert population.add_person(id_number="11010119900307109x").sex == "male"
    with pytest.raises(InvalidInput):
        population.add_person(id_number="110101199003071090")
    assert_coherent(population)


def test_a_portrait_is_reencoded_and_anything_else_refused() -> None:
    again = as_portrait(demo_portrait())
    assert again.startswith(b"\xff\xd8\xff")
    assert as_portrait(demo_portrait() + b"<script>") == again
    with pytest.raises(ValueError, match="not a JPEG"):
        as_portrait(b"%PDF-1.7")


@given(st.randoms(use_true_random=False), st.sampled_from(["王伟", "欧阳秀英", "李敏"]))
def test_a_misspelt_name_differs_in_its_last_character_alone(random: object, name: str) -> None:
    wrong = misspelt(random, name)  # type: ignore[arg-type]
    assert wrong[:-1] == name[:-1]
    assert wrong[-1] != name[-1]
    assert len(wrong) == len(name)
