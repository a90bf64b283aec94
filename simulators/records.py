"""The record that each authority answers with: plain JSON values, made from the population."""

from collections.abc import Callable, Mapping
from typing import Any

from simulators.people import Property
from simulators.population import Population

Record = dict[str, Any]


def resident_population(population: Population, id_number: str, parameters: Mapping[str, str]) -> Record | None:
    """The household book's page of one person; `household_members` are all of the household, the head first."""
    person = population.find(id_number)
    if person is None:
        return None
    household = person.household
    return {
        "id_number": person.id_number,
        "name": person.name,
        "former_name": person.former_name,
        "sex": person.sex,
        "birth_date": person.birth_date.isoformat(),
        "ethnicity": person.ethnicity,
        "address": household.address,
        "division": household.station.division,
        "station_code": household.station.code,
        "station_name": household.station.name_zh,
        "station_name_en": household.station.name_en,
        "household_number": household.number,
        "household_head": person.relation == "head",
        "relation_to_head": person.relation,
        "household_members": [
            {"id_number": m.id_number, "name": m.name, "relation": m.relation} for m in population.household_members(person)
        ],
        "marital_status": person.marital_status,
        "status": person.status,
    }


def criminal_records(population: Population, id_number: str, parameters: Mapping[str, str]) -> Record | None:
    convictions = population.convictions_of(id_number)
    if not convictions:
        return None
    return {"records": [{"case_number": c.case_number, "kind": c.kind, "decided_on": c.decided_on.isoformat()} for c in convictions]}


def property_certificates(population: Population, id_number: str, parameters: Mapping[str, str]) -> Record | None:
    """All that the person owns; or, with `certificate_number`, that one property, whoever owns it."""
    certificate_number = parameters.get("certificate_number")
    if certificate_number:
        asked_for = population.find_property(certificate_number)
        owned = [asked_for] if asked_for else []
    else:
        owned = population.properties_of(id_number)
    return {"properties": [_property(home) for home in owned]} if owned else None


def _property(home: Property) -> Record:
    return {
        "certificate_number": home.certificate_number,
        "address": home.address,
        "division": home.station.division,
        "station_code": home.station.code,
        "station_name": home.station.name_zh,
        "station_name_en": home.station.name_en,
        "area_m2": home.area_m2,
        "usage": home.usage,
        "registered_on": home.registered_on.isoformat(),
        "owners": [{"id_number": o.id_number, "name": o.name, "share": o.share} for o in home.owners],
    }


def marriage(population: Population, id_number: str, parameters: Mapping[str, str]) -> Record | None:
    found = population.find_marriage(id_number)
    if found is None:
        return None
    spouse = found.spouse_of(id_number)
    return {
        "status": found.status,
        "certificate_number": found.certificate_number,
        "registered_on": found.registered_on.isoformat(),
        "spouse": {"id_number": spouse.id_number, "name": spouse.name},
    }


def social_security(population: Population, id_number: str, parameters: Mapping[str, str]) -> Record | None:
    person, insurance = population.find(id_number), population.find_insurance(id_number)
    if person is None or insurance is None:
        return None
    return {
        "name": person.name,
        "id_number": person.id_number,
        "employer": insurance.employer,
        "city_division": insurance.city_division,
        "since": insurance.since.isoformat(),
        "months_paid": insurance.months_paid,
        "active": insurance.active,
    }


RECORDS: dict[str, Callable[[Population, str, Mapping[str, str]], Record | None]] = {
    "resident_population": resident_population,
    "criminal_records": criminal_records,
    "property": property_certificates,
    "marriage": marriage,
    "social_security": social_security,
}
