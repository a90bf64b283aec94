"""Household registration: persons, households, cancelled registrations, ID cards."""

from collections.abc import Mapping
from typing import Any

from simulators.details import today
from simulators.people import Household, Person
from simulators.population import Population
from simulators.records.parts import day, place, reference
from simulators.territory import BUREAUS, DIVISION_NAMES, STATION


def resident_population(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    """The household book's page of one person; `household_members` are all of the household, the head first.

    The registry is the city's: whoever is registered elsewhere and lives here has no record in it.
    """
    person = population.find(id_number)
    return page_of(population, person) if person and person.household.station.code in STATION else None


def page_of(population: Population, person: Person) -> dict[str, Any]:
    """The page of anybody, wherever the household book is kept."""
    household = person.household
    return {
        **_identity(population, person),
        "address": household.address,
        **place(household.station),
        "household_number": household.number,
        "household_head": person.relation == "head",
        "relation_to_head": person.relation,
        "household_members": [
            {"id_number": m.id_number, "name": m.name, "relation": m.relation} for m in population.household_members(person)
        ],
        "father": reference(population, person.father),
        "mother": reference(population, person.mother),
        "children": [
            {"id_number": c.id_number, "name": c.name, "sex": c.sex, "birth_date": c.birth_date.isoformat()}
            for c in population.children_of(person.id_number)
        ],
        **_circumstances(population, person),
        **_moved_in(population, person),
        "status": person.status,
    }


def _identity(population: Population, person: Person) -> dict[str, Any]:
    renamed_on = day(population.details.renamed_on(person)) if person.former_name else None
    origin = DIVISION_NAMES.get(person.id_number[:6])
    return {
        "id_number": person.id_number,
        "name": person.name,
        "former_name": person.former_name,
        "former_names": [{"name": person.former_name, "changed_on": renamed_on}] if renamed_on else [],
        "former_id_numbers": [
            {"id_number": former.id_number, "changed_on": former.changed_on.isoformat(), "reason": former.reason}
            for former in population.books.former_numbers.get(person.id_number, [])
        ],
        "sex": person.sex,
        "birth_date": person.birth_date.isoformat(),
        "ethnicity": person.ethnicity,
        "birth_place": origin,
        "native_place": origin,
    }


def _circumstances(population: Population, person: Person) -> dict[str, Any]:
    details = population.details
    insurance = population.find_insurance(person.id_number)
    employed = insurance is not None and insurance.active and person.status == "normal"
    return {
        "marital_status": person.marital_status,
        "education": details.education(person),
        "blood_type": details.blood_type(person),
        "height_cm": details.height_cm(person),
        "religion": details.religion(person),
        "military_service": details.military_service(person),
        "occupation": details.occupation(person) if employed else None,
        "workplace": insurance.employer if insurance and employed else None,
        "registration_kind": "family",
    }


def _moved_in(population: Population, person: Person) -> dict[str, Any]:
    moved = population.details.move_in(person)
    return {
        "registered_on": day(population.details.registered_on(person)),
        "move_in_date": moved.on.isoformat(),
        "move_in_reason": moved.reason,
        "moved_from": moved.moved_from,
    }


def household(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    """The household in which the person is registered; with `household_number`, that one."""
    found = _household(population, id_number, parameters.get("household_number"))
    if found is None or found.station.code not in STATION:
        return None
    members = [population.books.people[member] for member in found.members]
    members.sort(key=lambda member: member.relation != "head")
    details = population.details
    joined = {member.id_number: details.move_in(member).on for member in members}
    return {
        "number": found.number,
        "address": found.address,
        **place(found.station),
        "kind": "family",
        "collective_unit": None,
        "dwelling": _dwelling(population, found),
        "head": reference(population, members[0].id_number),
        "members": [
            {
                "id_number": member.id_number,
                "name": member.name,
                "relation": member.relation,
                "sex": member.sex,
                "birth_date": member.birth_date.isoformat(),
                "marital_status": member.marital_status,
                "joined_on": day(joined[member.id_number]),
                "father": reference(population, member.father),
                "mother": reference(population, member.mother),
            }
            for member in members
        ],
        "member_count": len(members),
        "established_on": day(details.established_on(members[0])),
        "book_issued_on": day(max(joined.values())),
        "status": "active",
    }


def _household(population: Population, id_number: str, number: str | None) -> Household | None:
    if number:
        return population.books.households.get(number.strip())
    person = population.find(id_number)
    return person.household if person and person.status == "normal" else None


def _dwelling(population: Population, found: Household) -> str:
    homes = (home for member in found.members for home in population.properties_of(member))
    return "owned" if any(home.address == found.address for home in homes) else "public"


def cancelled_persons(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    cancellation = population.books.cancellations.get(id_number)
    if cancellation is None:
        return None
    current = reference(population, cancellation.current_id_number)
    return {
        "id_number": cancellation.id_number,
        "name": cancellation.name,
        "reason": cancellation.reason,
        "cancelled_on": cancellation.cancelled_on.isoformat(),
        "former_household_number": cancellation.household_number,
        "former_address": cancellation.address,
        **place(cancellation.station),
        "destination": cancellation.destination,
        "move_certificate_number": cancellation.move_certificate_number,
        "settled": cancellation.settled,
        "current_id_number": current["id_number"] if current else None,
        "current_name": current["name"] if current else None,
    }


def id_card_issue(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    """The card that counts; everybody registered has a record, children at times with no card yet."""
    person = population.find(id_number)
    if person is None:
        return None
    name = population.books.misprints.get(("card_shows_former_name", id_number), person.name)
    card = population.details.card(person)
    if card is None:
        return {"id_number": id_number, "name": name, "status": "none", "collected": False, "fingerprints": False, "application": None}
    application = card.application if person.status == "normal" else None
    station = person.household.station
    return {
        "id_number": id_number,
        "name": name,
        "status": _card_status(person, expired=card.valid_until is not None and card.valid_until < today()),
        "issued_on": card.issued_on.isoformat(),
        "valid_until": day(card.valid_until),
        "long_term": card.valid_until is None,
        "issuer": BUREAUS[station.division],
        "fingerprints": card.issued_on.year >= 2013,
        "collected": True,
        "collected_on": day(card.collected_on),
        "application": application
        and {
            "number": f"SL{station.code}{person.serial:08d}",
            "kind": application[0],
            "state": application[1],
            "applied_on": application[2].isoformat(),
            "station_code": station.code,
            "station_name": station.name_zh,
        },
    }


def _card_status(person: Person, *, expired: bool) -> str:
    if person.status == "cancelled":
        return "cancelled"
    return "expired" if expired else "valid"
