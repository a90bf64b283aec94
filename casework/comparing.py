"""Answers beside what registries said, differences first: what a clerk looks at."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from casework.views import Comparison, EvidenceRecord
from domain.ports import ServiceItems
from domain.service_item import ServiceItem
from domain.text import Bilingual

# `answers.child_name == birth_certificate.child_name` in a rule's condition, either way round.
_STATED_FIRST = re.compile(r"\banswers\.(\w+)\s*==\s*(\w+)((?:\.\w+)+)\b(?![.(])")
_STATED_LAST = re.compile(r"(?<![\w.])(\w+)((?:\.\w+)+)\s*==\s*answers\.(\w+)\b(?![.(])")
_NAME = Bilingual(zh="姓名", en="Name")
_ID_NUMBER = Bilingual(zh="公民身份号码", en="ID number")


def evidence_records(item: ServiceItem, rows: Iterable[Mapping[str, Any]], service_items: ServiceItems) -> list[EvidenceRecord]:
    """What was answered, each question under its fact's name; one that is not about the applicant says why it was asked."""
    return [
        EvidenceRecord(
            source=row["source"],
            source_name=_name_of(item, row["source"], service_items),
            found=row["found"],
            fetched_at=row["fetched_at"],
            digest=row["digest"],
            purpose=row["purpose"],
            record=json.loads(row["body"]).get("record") or {},
        )
        for row in rows
    ]


def _name_of(item: ServiceItem, fact: str, service_items: ServiceItems) -> Bilingual:
    request = item.evidence_for(fact)
    name = service_items.source_name(request.source if request else fact)
    if request is None or request.about is None:
        return name
    return Bilingual(zh=f"{name.zh}（{request.purpose.zh}）", en=f"{name.en} ({request.purpose.en})")


def comparisons(
    item: ServiceItem, applicant: Mapping[str, str], answers: Mapping[str, Any], evidence: Iterable[EvidenceRecord]
) -> list[Comparison]:
    """Each stated value with each registry's own: differing ones first, then agreeing, then those that cannot be compared."""
    found: list[Comparison] = []
    for record in evidence:
        found += _of_person(item, applicant, record)
        found += _of_property(item, applicant, answers, record)
        found += _of_movers(item, answers, record)
        found += _of_what_must_agree(item, answers, record)
    return sorted(found, key=lambda c: {False: 0, True: 1, None: 2}[c.agrees])


def _compare(field: str, label: Bilingual, answered: str, record: EvidenceRecord, registered: str, agrees: bool | None) -> Comparison:
    return Comparison(
        field=field,
        label=label,
        answered=answered,
        source=record.source,
        source_name=record.source_name,
        registered=registered,
        agrees=agrees,
    )


def _of_person(item: ServiceItem, applicant: Mapping[str, str], record: EvidenceRecord) -> list[Comparison]:
    if (request := item.evidence_for(record.source)) is not None and request.about is not None:
        return []  # about somebody else
    return [
        _compare(f"applicant.{field}", label, applicant[field], record, str(record.record[field]), applicant[field] == record.record[field])
        for field, label in (("name", _NAME), ("id_number", _ID_NUMBER))
        if isinstance(record.record.get(field), str)
    ]


def _label(item: ServiceItem, field: str) -> Bilingual:
    return Bilingual.model_validate(item.form["properties"][field]["x-label"])


def _of_what_must_agree(item: ServiceItem, answers: Mapping[str, Any], record: EvidenceRecord) -> list[Comparison]:
    """Typed answers beside what the registry holds, wherever a rule asks that the two be the same or the form was filled from it."""
    if not record.found:
        return []
    found = []
    for field, path in dict.fromkeys(_pairs(item, record.source)):
        answered, registered = answers.get(field), _at(record.record, path)
        if isinstance(answered, str) and answered and isinstance(registered, str) and _is_typed(item, field):
            found.append(_compare(f"answers.{field}", _label(item, field), answered, record, registered, answered == registered))
    return found


def _pairs(item: ServiceItem, fact: str) -> Iterator[tuple[str, str]]:
    """Form field and dotted path into the fact's record."""
    for rule in item.rules:
        for field, source, path in _STATED_FIRST.findall(rule.when):
            if source == fact:
                yield field, path[1:]
        for source, path, field in _STATED_LAST.findall(rule.when):
            if source == fact:
                yield field, path[1:]
    for fill in item.prefill:
        if fill.source == fact:
            yield fill.field, fill.path


def _at(record: Mapping[str, Any], path: str) -> Any:
    value: Any = record
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _is_typed(item: ServiceItem, field: str) -> bool:
    """Words, dates and numbers as somebody wrote them; a choice among codes is compared by its rule alone."""
    schema = item.form.get("properties", {}).get(field)
    return schema is not None and "enum" not in schema and "x-label" in schema


def _of_property(item: ServiceItem, applicant: Mapping[str, str], answers: Mapping[str, Any], record: EvidenceRecord) -> list[Comparison]:
    wanted = answers.get("property_certificate")
    if record.source != "property" or wanted is None:
        return []
    home = next((p for p in record.record.get("properties", []) if p.get("certificate_number") == wanted), None)
    label = _label(item, "property_certificate")
    if home is None:
        return [_compare("answers.property_certificate", label, wanted, record, "—", False)]
    owners = home.get("owners", [])
    owns = any(o.get("id_number") == applicant["id_number"] and o.get("name") == applicant["name"] for o in owners)
    names = "、".join(str(o.get("name", "")) for o in owners)
    owner_label = Bilingual(zh="产权人", en="Owner")
    return [
        _compare("answers.property_certificate", label, wanted, record, f"{home['certificate_number']}　{home.get('address', '')}", True),
        _compare("applicant.name", owner_label, applicant["name"], record, names, owns),
    ]


def _of_movers(item: ServiceItem, answers: Mapping[str, Any], record: EvidenceRecord) -> list[Comparison]:
    movers = answers.get("movers") or []
    if record.source != "resident_population" or not movers:
        return []
    members = {m.get("id_number"): m for m in record.record.get("household_members", [])}
    label = _label(item, "movers")
    return [
        _compare(
            "answers.movers",
            label,
            mover,
            record,
            f"{members[mover].get('name', '')}（{members[mover].get('relation', '')}）" if mover in members else "—",
            mover in members,
        )
        for mover in movers
    ]
