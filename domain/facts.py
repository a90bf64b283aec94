"""The facts that rules read: answers, applicant, today, and one record per registry that answered."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from domain.application import ApplicationRequest


def station_name(facts: Any, code: str) -> str | None:
    """What the registries call the station of this code: they name it beside the code, wherever it stands."""
    if isinstance(facts, Mapping):
        if facts.get("station_code") == code and isinstance(facts.get("station_name"), str):
            return str(facts["station_name"])
        facts = list(facts.values())
    if isinstance(facts, list):
        return next((name for fact in facts if (name := station_name(fact, code)) is not None), None)
    return None


def facts_of(request: ApplicationRequest, evidence: Iterable[Mapping[str, Any]], *, today: date) -> dict[str, Any]:
    """`evidence` rows carry `source` and `body`, the signed JSON text; a source that has no record is `{found: false}`."""
    facts: dict[str, Any] = {
        "answers": request.answers,
        "applicant": {"id_number": request.applicant.id_number, "name": request.applicant.name},
        "today": today.isoformat(),
    }
    for row in evidence:
        answer = json.loads(row["body"])
        facts[row["source"]] = {"found": answer["found"], **(answer.get("record") or {})}
    return facts
