"""Answers beside what registries said, differences first: what a clerk looks at."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from casework.views import Comparison, EvidenceRecord
from domain.ports import ServiceItems
from domain.service_item import ServiceItem
from domain.text import Bilingual

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
