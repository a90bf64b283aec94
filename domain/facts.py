"""The facts that rules read: answers, applicant, today, and one record per registry question that was answered."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from domain.application import ApplicationRequest
from domain.identity_numbers import IdNumber
from domain.service_item import EvidenceRequest, ServiceItem


def station_name(facts: Any, code: str) -> str | None:
    """What the registries call the station of this code: they name it beside the code, wherever it stands."""
    if isinstance(facts, Mapping):
        if facts.get("station_code") == code and isinstance(facts.get("station_name"), str):
            return str(facts["station_name"])
        facts = list(facts.values())
    if isinstance(facts, list):
        return next((name for fact in facts if (name := station_name(fact, code)) is not None), None)
    return None


def facts_of(
    request: ApplicationRequest, evidence: Iterable[Mapping[str, Any]], *, today: date, item: ServiceItem | None = None
) -> dict[str, Any]:
    """`evidence` rows carry `source`, the fact's name, and `body`, the signed JSON text.

    A source that has no record is `{found: false}`; so is, under `item`, a question about somebody whom another answer
    does not name (the spouse of an unmarried person), or about something the form did not ask after, which nobody is asked.
    A source that did not answer is not there at all.
    """
    facts: dict[str, Any] = {
        "answers": request.answers,
        "applicant": applicant_facts(request.applicant.id_number, request.applicant.name, today),
        "today": today.isoformat(),
    }
    for row in evidence:
        answer = json.loads(row["body"])
        facts[row["source"]] = {"found": answer["found"], **(answer.get("record") or {})}
    left = [wanted for wanted in item.evidence if wanted.name not in facts] if item else []
    while nobody := [wanted for wanted in left if nobody_to_ask(wanted, facts)]:
        facts |= {wanted.name: {"found": False} for wanted in nobody}
        left = [wanted for wanted in left if wanted not in nobody]
    return facts


def applicant_facts(id_number: str, name: str, today: date) -> dict[str, Any]:
    """Who applies; `age` in whole years on `today`, `sex` and `birth_date` as the ID number tells them."""
    number = IdNumber(id_number)
    try:
        born = number.birth_date
    except ValueError:  # not a number of 18 digits: such a request was never admitted
        return {"id_number": id_number, "name": name}
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return {"id_number": id_number, "name": name, "birth_date": born.isoformat(), "sex": number.sex, "age": age}


def subject_of(path: str, facts: Mapping[str, Any]) -> str | None:
    """The text that a dotted path leads to in the facts; a number of a list counts from 0. None: nothing is there."""
    value = value_at(facts, path)
    return str(value) if isinstance(value, str | int) and value != "" else None


def value_at(record: Any, path: str) -> Any:
    """The value at a dotted path, a number counting from 0 in a list; None when there is nothing."""
    for part in path.split("."):
        if isinstance(record, Mapping):
            record = record.get(part)
        elif isinstance(record, list) and part.isdecimal() and int(part) < len(record):
            record = record[int(part)]
        else:
            return None
    return record


def people_of(item: ServiceItem, facts: Mapping[str, Any]) -> list[str]:
    """The ID numbers that a case asks registries about, beside its applicant's."""
    named = (subject_of(wanted.about, facts) for wanted in item.evidence if wanted.about)
    return sorted({number for number in named if number is not None and len(number) == 18})


_ADDRESS_ANSWERS = ("new_address", "settle_address", "home_address", "address")


def address_led_to(facts: Mapping[str, Any]) -> str | None:
    """Where a move leads: the home of the certificate named in the answers, or an address that they state. None: no move."""
    answers = facts.get("answers", {})
    certificate = answers.get("property_certificate")
    homes = facts.get("property", {}).get("properties", []) if certificate else []
    home = next((h for h in homes if isinstance(h, Mapping) and h.get("certificate_number") == certificate), None)
    stated = next((answers[name] for name in _ADDRESS_ANSWERS if isinstance(answers.get(name), str)), None)
    address = home.get("address") if home else stated
    return "".join(str(address).split()) if address else None


def nobody_to_ask(wanted: EvidenceRequest, facts: Mapping[str, Any]) -> bool:
    """Whether all is known that a question needs, and yet it has no subject or no parameter: then it is not asked."""
    origins = [*([wanted.about] if wanted.about else []), *(origin_path(origin) for origin in wanted.query.values())]
    return (
        bool(origins)
        and all(origin.split(".")[0] in facts for origin in origins)
        and any(subject_of(origin, facts) is None for origin in origins)
    )


def origin_path(origin: str) -> str:
    """A field of the form may be named alone."""
    return origin if "." in origin else f"answers.{origin}"
