"""Criminal investigation and exit-entry: convictions, wanted persons, travel documents."""

from collections.abc import Mapping
from typing import Any

from simulators.details import today
from simulators.population import Population


def criminal_records(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    convictions = population.convictions_of(id_number)
    if not convictions:
        return None
    criminal = sum("刑初" in c.case_number for c in convictions)
    return {
        "records": [
            {
                "case_number": c.case_number,
                "kind": c.kind,
                "decided_on": c.decided_on.isoformat(),
                "nature": "criminal" if "刑初" in c.case_number else "administrative",
            }
            for c in convictions
        ],
        "criminal_count": criminal,
        "administrative_count": len(convictions) - criminal,
        "latest_on": max(c.decided_on for c in convictions).isoformat(),
    }


def wanted_persons(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    wanted = population.books.wanted.get(id_number)
    if wanted is None:
        return None
    return {"reference_number": wanted.reference_number, "since": wanted.since.isoformat(), "authority": wanted.authority}


def exit_entry_documents(population: Population, id_number: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
    person = population.find(id_number)
    documents = population.details.travel_documents(person) if person else []
    if person is None or not documents:
        return None
    cancellation = population.books.cancellations.get(id_number)
    records = [
        {
            "kind": document.kind,
            "number_masked": document.number_masked,
            "issued_on": document.issued_on.isoformat(),
            "valid_until": document.valid_until.isoformat(),
            "status": "expired" if document.valid_until < today() else "lost" if document.lost else "valid",
        }
        for document in documents
    ]
    return {
        "documents": records,
        "valid_kinds": [record["kind"] for record in records if record["status"] == "valid"],
        "settled_abroad": cancellation is not None and cancellation.reason == "moved_abroad",
        "as_of": today().isoformat(),
    }
