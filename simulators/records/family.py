"""Civil affairs, health and overseas affairs: marriages, births, deaths, returns."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from simulators.details import today
from simulators.families import REFERENCE_DAY
from simulators.life import Birth
from simulators.people import Person
from simulators.population import Population
from simulators.records.parts import day, reference
from simulators.territory import DIVISION_NAMES, STATIONS

_REGISTERED_BIRTH = "T330"  # and the six digits of the child's place in the population


def marriage(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    found = population.find_marriage(id_number)
    if found is None:
        return None
    spouse = found.spouse_of(id_number)
    division = found.certificate_number[1:7]
    return {
        "status": found.status,
        "certificate_number": found.certificate_number,
        "registered_on": found.registered_on.isoformat(),
        "registered_at": f"{DIVISION_NAMES[division]}民政局婚姻登记处",
        "married_on": found.married_on.isoformat(),
        "divorced_on": day(found.registered_on) if found.status == "divorced" else None,
        "spouse": {"id_number": spouse.id_number, "name": spouse.name},
    }


def death(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    """By the number of the deceased; with `certificate_number`, the certificate must be about them."""
    found, person = population.books.deaths.get(id_number), population.find(id_number)
    number = parameters.get("certificate_number", "").strip()
    if found is None or person is None or (number and number != found.certificate_number):
        return None
    dice = population.details.dice("death", person)
    place = dice.choices(("hospital", "home", "elsewhere"), (6, 3, 1))[0]
    county = DIVISION_NAMES[person.household.station.division]
    return {
        "id_number": person.id_number,
        "name": person.name,
        "sex": person.sex,
        "birth_date": person.birth_date.isoformat(),
        "died_on": found.died_on.isoformat(),
        "place": place,
        "cause_kind": dice.choices(("illness", "accident", "other"), (90, 6, 4))[0],
        "certificate_number": found.certificate_number,
        "issuer": f"{county}人民医院" if place == "hospital" else f"{county}社区卫生服务中心",
        "issued_on": day(found.died_on + timedelta(days=1)),
        "cremated_on": day(found.died_on + timedelta(days=3)),
    }


def birth_certificate(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    """With `certificate_number`, that birth, whoever asks; otherwise the person's youngest child's, and the person's own."""
    number = parameters.get("certificate_number", "").strip()
    if number:
        return _birth_with(population, number)
    person = population.find(id_number)
    if person is None:
        return None
    children = _certificates_of_children(population, person)
    own = _registered_birth(population, person) if person.birth_certified else None
    if not children and own is None:
        return None
    latest = _birth_with(population, children[0]["certificate_number"]) if children else None
    return {**(latest or {}), "children": children, "own": _own(own) if own else None}


def _certificates_of_children(population: Population, person: Person) -> list[dict[str, Any]]:
    """Youngest first."""
    unregistered = [_unregistered_birth(population, birth) for birth in population.books.births_of.get(person.id_number, [])]
    registered = [_registered_birth(population, c) for c in population.children_of(person.id_number) if c.birth_certified]
    certificates = sorted([*unregistered, *registered], key=lambda birth: str(birth["birth_date"]), reverse=True)
    return [{name: birth[name] for name in ("certificate_number", "child_name", "birth_date", "registered")} for birth in certificates]


def _birth_with(population: Population, number: str) -> dict[str, Any] | None:
    birth = population.books.births.get(number)
    if birth:
        return _unregistered_birth(population, birth)
    if not number.startswith(_REGISTERED_BIRTH) or not number[4:].isdecimal():
        return None
    child = population.person_with_serial(int(number[4:]))
    return _registered_birth(population, child) if child and child.birth_certified else None


def _own(birth: dict[str, Any]) -> dict[str, Any]:
    return {name: birth[name] for name in ("certificate_number", "child_name", "birth_date", "born_at", "hospital", "mother", "father")}


def _registered_birth(population: Population, child: Person) -> dict[str, Any]:
    mother = reference(population, child.mother)
    misprint = population.books.misprints.get(("mother_name_on_birth_certificate", child.id_number))
    if mother and misprint:
        mother["name"] = misprint
    # The certificate keeps the name that was given at birth.
    name = child.former_name or child.name
    number = f"{_REGISTERED_BIRTH}{child.serial:06d}"
    facts = _facts(population, child.id_number, child.birth_date, child.id_number[:6])
    return {
        "certificate_number": number,
        "child_name": name,
        "sex": child.sex,
        **facts,
        "mother": mother,
        "father": reference(population, child.father),
        "registered": True,
        "child_id_number": child.id_number,
    }


def _unregistered_birth(population: Population, birth: Birth) -> dict[str, Any]:
    mother = population.books.people[birth.mother]
    division = mother.household.station.division
    return {
        "certificate_number": birth.certificate_number,
        "child_name": birth.child_name,
        "sex": birth.sex,
        **_facts(population, birth.certificate_number, birth.born_on, division if mother.registered_here else STATIONS[0].division),
        "mother": reference(population, birth.mother),
        "father": reference(population, birth.father),
        "registered": False,
        "child_id_number": None,
    }


def _facts(population: Population, key: str, born_on: date, division: str) -> dict[str, Any]:
    weight, length, weeks = population.details.birth_size(key)
    county = DIVISION_NAMES[division]
    return {
        "birth_date": born_on.isoformat(),
        "born_at": population.details.birth_time(key, born_on),
        "weight_g": weight,
        "length_cm": length,
        "gestation_weeks": weeks,
        "hospital": f"{county}人民医院",
        "hospital_division": division,
        "birth_place": county,
        "issued_on": day(min(born_on + timedelta(days=3), max(REFERENCE_DAY, born_on))),
    }


def overseas_return(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    """With `approval_number`, the approval must be this person's."""
    approval = population.books.returns.get(id_number)
    person = population.find(id_number)
    number = parameters.get("approval_number", "").strip()
    if approval is None or person is None or (number and number != approval.number):
        return None
    return {
        "id_number": id_number,
        "name": person.name,
        "approval_number": approval.number,
        "approved_on": approval.approved_on.isoformat(),
        "valid_until": approval.valid_until.isoformat(),
        "status": "valid" if approval.valid_until >= today() else "expired",
        "settle_division": approval.station.division,
        "settle_address": approval.address,
        "station_code": approval.station.code,
        "station_name": approval.station.name_zh,
        "country": approval.country,
        "left_on": day(approval.left_on),
        "returned_on": day(approval.returned_on),
        "passport_number": approval.passport_number,
        "former_address": population.books.cancellations[id_number].address,
    }
