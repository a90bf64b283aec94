"""What the simulated authorities answer to one question of a service item, without asking over HTTP."""

from collections.abc import Mapping
from typing import Any

from domain.service_item import EvidenceRequest
from simulators.population import Population
from simulators.records import RECORDS


def record_of(population: Population, wanted: EvidenceRequest, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    """The fields that the item asks for; None: no record."""
    record = RECORDS[wanted.source](population, id_number, parameters)
    if record is None:
        return None
    return {name: value for name, value in record.items() if not wanted.fields or name in wanted.fields}
