"""Traffic police: vehicles, drivers, violations."""

from collections.abc import Mapping
from typing import Any

from simulators.details import today
from simulators.families import years_before
from simulators.life import Traffic
from simulators.population import Population
from simulators.records.parts import day


def _traffic(population: Population, id_number: str) -> Traffic | None:
    person = population.find(id_number)
    return population.details.traffic(person) if person else None


def vehicles(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    person, known = population.find(id_number), _traffic(population, id_number)
    if person is None or known is None or not known.vehicles:
        return None
    return {
        "vehicles": [
            {
                "plate": vehicle.plate,
                "kind": vehicle.kind,
                "brand": vehicle.brand,
                "vin_masked": f"L{'*' * 12}{person.serial % 10_000:04d}",
                "registered_on": vehicle.registered_on.isoformat(),
                "inspection_valid_until": vehicle.inspection_valid_until.isoformat(),
                "insurance_valid_until": vehicle.insurance_valid_until.isoformat(),
                "mortgaged": vehicle.mortgaged,
                "status": "inspection_overdue" if vehicle.inspection_valid_until < today() else "normal",
            }
            for vehicle in known.vehicles
        ],
        "count": len(known.vehicles),
    }


def drivers(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    person, known = population.find(id_number), _traffic(population, id_number)
    licence = known.licence if known else None
    if person is None or known is None or licence is None:
        return None
    cycle_began = years_before(licence.cycle_ends_on, 1)
    points = sum(v.points for v in known.violations if v.settled_on and v.settled_on > cycle_began)
    overdue = licence.valid_until is not None and licence.valid_until < today()
    return {
        "licence_number": id_number,
        "name": person.name,
        "archive_number": f"3303{person.serial:08d}",
        "classes": list(licence.classes),
        "first_issued_on": licence.first_issued_on.isoformat(),
        "valid_from": licence.valid_from.isoformat(),
        "valid_until": day(licence.valid_until),
        "points": points,
        "cycle_ends_on": licence.cycle_ends_on.isoformat(),
        "status": "suspended" if points >= 12 else "renewal_overdue" if overdue else "normal",
        "issuer": "浙江省温州市公安局交通警察支队",
    }


def violations(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    known = _traffic(population, id_number)
    if known is None or not known.violations:
        return None
    unsettled = [violation for violation in known.violations if violation.settled_on is None]
    return {
        "violations": [
            {
                "number": violation.number,
                "kind": violation.kind,
                "at": violation.at.isoformat(),
                "place": violation.place,
                "plate": violation.plate,
                "fine_fen": violation.fine_fen,
                "points": violation.points,
                "settled": violation.settled_on is not None,
                "settled_on": day(violation.settled_on),
            }
            for violation in known.violations
        ],
        "unsettled_count": len(unsettled),
        "unsettled_fine_fen": sum(violation.fine_fen for violation in unsettled),
        "unsettled_points": sum(violation.points for violation in unsettled),
    }
