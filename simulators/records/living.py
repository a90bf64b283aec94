"""Where people live and work: homes, insurance, residence of people registered elsewhere, permits."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from simulators.details import full_years, today
from simulators.families import REFERENCE_DAY, years_before
from simulators.life import Permit
from simulators.people import Property
from simulators.population import Population
from simulators.records.parts import day, months_until, place, reference

_DAY_BEFORE = timedelta(days=1)


def property_certificates(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    """All that the person owns; or, with `certificate_number`, that one property, whoever owns it."""
    certificate_number = parameters.get("certificate_number")
    if certificate_number:
        asked_for = population.find_property(certificate_number)
        owned = [asked_for] if asked_for else []
    else:
        owned = population.properties_of(id_number)
    if not owned:
        return None
    first = min(home.registered_on for home in owned)
    return {
        "properties": [_property(home) for home in owned],
        "count": len(owned),
        "first_registered_on": first.isoformat(),
        "years_owned": full_years(first),
        "as_of": REFERENCE_DAY.isoformat(),
    }


def _property(home: Property) -> dict[str, Any]:
    serial = int(home.certificate_number[-8:-1])
    return {
        "certificate_number": home.certificate_number,
        "address": home.address,
        **place(home.station),
        "area_m2": home.area_m2,
        "usage": home.usage,
        "registered_on": home.registered_on.isoformat(),
        "years_owned": full_years(home.registered_on),
        "acquired_by": "inheritance" if serial % 23 == 7 else "gift" if serial % 31 == 5 else "purchase",
        "mortgaged": serial % 3 == 1,
        "sealed": serial % 97 == 60,
        "owners": [{"id_number": o.id_number, "name": o.name, "share": o.share} for o in home.owners],
    }


def social_security(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    person, insurance = population.find(id_number), population.find_insurance(id_number)
    if person is None or insurance is None:
        return None
    residence = population.books.residences.get(id_number)
    station = residence.station if residence else person.household.station
    continuous = insurance.months_paid if insurance.active else 0
    return {
        "name": person.name,
        "id_number": person.id_number,
        "employer": insurance.employer,
        "employer_division": station.division,
        "city_division": insurance.city_division,
        "kind": "employee",
        "since": insurance.since.isoformat(),
        "months_paid": insurance.months_paid,
        "active": insurance.active,
        "pension_months": insurance.months_paid,
        "pension_continuous_months": continuous,
        "pension_years": insurance.months_paid // 12,
        "medical_months": insurance.months_paid,
        "as_of": REFERENCE_DAY.isoformat(),
    }


def floating_population(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    person, residence = population.find(id_number), population.books.residences.get(id_number)
    if person is None or residence is None:
        return None
    station = residence.station
    return {
        "id_number": id_number,
        "name": person.name,
        "home_division": person.household.station.division,
        "home_address": person.household.address,
        "address": residence.address,
        "division": station.division,
        "station_code": station.code,
        "station_name": station.name_zh,
        "living_here": True,
        "since": residence.since.isoformat(),
        "continuous_months": months_until(residence.since),
        "leased_years": full_years(residence.since) if residence.kind == "rented" else 0,
        "registrations": [
            {
                "number": residence.number,
                "address": residence.address,
                "division": station.division,
                "station_code": station.code,
                "since": residence.since.isoformat(),
                "until": None,
                "kind": residence.kind,
                "landlord": reference(population, residence.landlord),
                "lease_number": residence.lease_number,
            }
        ],
        "as_of": REFERENCE_DAY.isoformat(),
    }


def residence_permits(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    """With `permit_number`, the permit must be this person's."""
    person, residence = population.find(id_number), population.books.residences.get(id_number)
    permit = residence.permit if residence else None
    number = parameters.get("permit_number", "").strip()
    if person is None or residence is None or permit is None or (number and number != permit.number):
        return None
    endorsed = _endorsements(permit)
    valid_until = endorsed[-1][1] if endorsed else years_before(permit.first_issued_on, -1) - _DAY_BEFORE
    return {
        "number": permit.number,
        "holder": {"id_number": id_number, "name": person.name},
        "first_issued_on": permit.first_issued_on.isoformat(),
        "issued_on": permit.first_issued_on.isoformat(),
        "valid_until": valid_until.isoformat(),
        "status": "valid" if valid_until >= today() else "expired",
        "years_held": full_years(permit.first_issued_on, min(valid_until, today())),
        "address": population.books.misprints.get(("permit_address_outdated", id_number), residence.address),
        **place(residence.station),
        "endorsements": [{"endorsed_on": day(on), "valid_until": day(until)} for on, until in endorsed],
    }


def _endorsements(permit: Permit) -> list[tuple[date, date]]:
    """One a year, some days before the permit would lapse: when, and until when it counts then."""
    endorsed: list[tuple[date, date]] = []
    for year in range(1, full_years(permit.first_issued_on, today()) + 1):
        anniversary = years_before(permit.first_issued_on, -year)
        if permit.lapsed_on and anniversary >= permit.lapsed_on:
            break
        endorsed.append((anniversary - timedelta(days=9), years_before(permit.first_issued_on, -year - 1) - _DAY_BEFORE))
    return endorsed
