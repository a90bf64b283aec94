"""What registries already know for a form: asked for the fields it needs, kept in the draft while they are fresh."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from casework.actors import ApplicantActor, AttendedActor
from casework.office import Office
from casework.views import PrefilledForm
from domain.clock import day_in_china
from domain.decision import PointsTally
from domain.facts import applicant_facts, value_at
from domain.reads import PREFILL
from domain.service_item import Prefill, ServiceItem
from domain.source import Source
from workflows.prefill import PrefillRequest

READ = "read"  # the draft's part that holds what registries said, by source
_REGISTER = "resident_population"  # who somebody is, where no other answer tells


def draft_key(actor: ApplicantActor, code: str) -> str:
    """Where a form is kept meanwhile: what a clerk fills in for somebody is not what they began at home, and neither sees the other."""
    return f"{code}@{actor.clerk.clerk_id}" if isinstance(actor, AttendedActor) else code


class Reading(BaseModel):
    """One source's answer as a draft keeps it, with the fields that were asked for."""

    read_at: datetime
    found: bool
    fields: list[str]
    record: dict[str, Any]

    def serves(self, fields: Iterable[str], oldest: datetime) -> bool:
        return self.read_at >= oldest and set(fields) <= set(self.fields)


async def prefill(office: Office, actor: ApplicantActor, item: ServiceItem) -> PrefilledForm:
    """What registries already know for this form. A registry that is slow, or knows another name, fills in nothing.

    Each source is asked for the fields that the form needs, and asked again when its answer is older than the item allows.
    """
    if not item.prefill:
        return PrefilledForm(values={}, sources={}, read_at=office.now(), failed=[])
    kept_under = draft_key(actor, item.code)
    draft = await office.desk.load_draft(actor.person_id, kept_under) or {}
    readings, failed = await _readings(office, actor, item, draft)
    if not _same_name(readings, actor.name):
        readings = {}
    elif (kept := {source: reading.model_dump(mode="json") for source, reading in readings.items()}) != draft.get(READ):
        await office.desk.save_draft(actor.person_id, kept_under, {**draft, READ: kept}, office.now())
    records = {source: reading.record for source, reading in readings.items() if reading.found}
    filled = [(fill, value) for fill in item.prefill if (value := value_at(records.get(fill.source, {}), fill.path)) is not None]
    return PrefilledForm(
        values={fill.field: value for fill, value in filled},
        sources={fill.field: fill.source for fill, _ in filled},
        read_at=max((reading.read_at for reading in readings.values()), default=office.now()),
        failed=failed,
        records={source: {"found": reading.found, **reading.record} for source, reading in readings.items()},
        read_at_of={source: reading.read_at for source, reading in readings.items()},
    )


async def _readings(
    office: Office, actor: ApplicantActor, item: ServiceItem, draft: Mapping[str, Any]
) -> tuple[dict[str, Reading], list[str]]:
    """By source what it said, from the draft while it is fresh; and the sources that did not answer in time."""
    kept = {source: Reading.model_validate(reading) for source, reading in draft.get(READ, {}).items()}
    wanted = fields_wanted(item.prefill, office.catalogue.sources)
    now = office.now()
    fresh = {
        source: kept[source]
        for source, fields in wanted.items()
        if source in kept and kept[source].serves(fields, now - _oldest(item.prefill, source))
    }
    missing = {source: fields for source, fields in wanted.items() if source not in fresh}
    if not missing:
        return fresh, []
    id_number = await office.desk.id_number_of(actor.person_id)
    by = f"clerk:{actor.clerk.clerk_id}" if isinstance(actor, AttendedActor) else PREFILL
    asked = PrefillRequest(service_item=item.code, id_number=id_number, sources=list(missing), fields=missing, by=by)
    result = await office.engine.prefill(asked)
    read = {
        answer.source: Reading(read_at=now, found=answer.found, fields=missing[answer.source], record=answer.record)
        for answer in result.answers
    }
    return {**fresh, **read}, result.failed


def fields_wanted(fills: Iterable[Prefill], sources: Mapping[str, Source]) -> dict[str, list[str]]:
    """By source: the fields of its record that the form needs, and those that tell whose record it is."""
    wanted: dict[str, list[str]] = {}
    for fill in fills:
        wanted.setdefault(fill.source, []).append(fill.path.split(".")[0])
    if not any(_names_its_person(source, sources) for source in wanted):
        wanted[_REGISTER] = []
    return {source: sorted({*fields, *(["name"] if _names_its_person(source, sources) else [])}) for source, fields in wanted.items()}


def _names_its_person(source: str, sources: Mapping[str, Source]) -> bool:
    return source in sources and {"id_number", "name"} <= sources[source].fields


def _oldest(fills: Iterable[Prefill], source: str) -> timedelta:
    return timedelta(minutes=min((fill.max_age_minutes for fill in fills if fill.source == source), default=30))


def _same_name(readings: Mapping[str, Reading], name: str) -> bool:
    """A stranger who knows a number but not its owner's name learns nothing from a form."""
    names = [reading.record["name"] for reading in readings.values() if reading.found and "name" in reading.record]
    return bool(names) and all(known == name for known in names)


async def points_so_far(office: Office, actor: ApplicantActor, item: ServiceItem, answers: Mapping[str, Any]) -> PointsTally | None:
    """The points that can be counted before submission: on the answers, the ID number and what was read for the form.

    A line that needs another registry has no amount yet. None: the item has no points table.
    """
    if item.points is None:
        return None
    prefilled = await prefill(office, actor, item)
    today = day_in_china(office.now())
    facts: dict[str, Any] = {
        "answers": dict(answers),
        "applicant": applicant_facts(await office.desk.id_number_of(actor.person_id), actor.name, today),
        "today": today.isoformat(),
    }
    for wanted in item.evidence:
        if wanted.about is None and not wanted.query and wanted.source in prefilled.records:
            facts[wanted.name] = prefilled.records[wanted.source]
    return office.catalogue.decide(item, facts).points
