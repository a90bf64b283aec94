"""Parts that several authorities' records have in common."""

from datetime import date
from typing import Any

from simulators.families import REFERENCE_DAY
from simulators.population import Population
from simulators.territory import Station


def day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def months_until(since: date, until: date = REFERENCE_DAY) -> int:
    """Full months, none below zero."""
    return max(0, (until.year - since.year) * 12 + until.month - since.month - (until.day < since.day))


def place(station: Station) -> dict[str, str]:
    """County and police station, as most records carry them."""
    return {
        "division": station.division,
        "station_code": station.code,
        "station_name": station.name_zh,
        "station_name_en": station.name_en,
    }


def reference(population: Population, id_number: str | None) -> dict[str, Any] | None:
    """Number and name of somebody, where the population has them."""
    person = population.find(id_number) if id_number else None
    return {"id_number": person.id_number, "name": person.name} if person else None
