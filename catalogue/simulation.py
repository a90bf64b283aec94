"""What a service item would do with given answers and registry answers: the facts, each rule, the path, the document.

The same evaluator decides real cases; only the facts come from examples, or are typed by hand.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel

from catalogue.documents import document_text
from catalogue.rules import Evaluation, decide, station_of
from domain.application import Applicant, ApplicationRequest, DeliveryChoice
from domain.decision import Finding, Outcome
from domain.documents import DocumentText
from domain.facts import facts_of
from domain.service_item import Delivery, Example, IdentityLevel, ServiceItem
from domain.source import Source

_PHONE = "13800000000"
_NONE, _DOWN, _SAMPLE = "none", "down", "sample"


class Stop(BaseModel):
    """One stop on the path of a case."""

    kind: Literal["identity", "registry", "machine", "person", "end"]
    code: str  # face | a fact | machine | a step's kind | online, counter, post
    note: Literal["found", "none", "down", "approved", "referred", ""] = ""


class Simulation(BaseModel):
    """`path` is short (machine or steps, then the delivery); `stops` are all stations with what happened there."""

    decision: Outcome
    finding: Finding
    facts: dict[str, Any]
    path: list[str]
    stops: list[Stop]
    station: str
    document: DocumentText | None


def sample_person(sources: Mapping[str, Source]) -> dict[str, str]:
    """Who applies in every example: the person of the population registry's sample."""
    sample = sources["resident_population"].sample
    return {"id_number": str(sample["id_number"]), "name": str(sample["name"]), "phone": _PHONE}


def example_request(item: ServiceItem, example: Example, sources: Mapping[str, Source]) -> ApplicationRequest:
    return ApplicationRequest(
        service_item=item.code,
        applicant=Applicant.model_validate({**sample_person(sources), **example.applicant}),
        answers=example.answers,
        delivery=DeliveryChoice(method=item.delivery[0] if item.delivery else Delivery.ONLINE, address="-" * 4),
    )


def example_facts(item: ServiceItem, example: Example, sources: Mapping[str, Source]) -> dict[str, Any]:
    """The facts of an example: each fact not named is its source's sample.

    Raises:
        ValueError: an example says something of a registry that is none of `none`, `down`, `sample` or values.
    """
    rows = []
    for request in item.evidence:
        record = _record(example.registries.get(request.name, _SAMPLE), sources[request.source].sample)
        if record is not None:
            found = bool(record)
            # An authority sends no more than it is asked for.
            record = {field: value for field, value in record.items() if not request.fields or field in request.fields}
            rows.append({"source": request.name, "body": json.dumps({"found": found, "record": record})})
    return facts_of(example_request(item, example, sources), rows, today=example.today, item=item)


def _record(said: Any, sample: Mapping[str, Any]) -> dict[str, Any] | None:
    """None: no answer. Empty: no record."""
    if said == _DOWN:
        return None
    if said in (_NONE, None):
        return {}
    if said == _SAMPLE:
        return dict(sample)
    if isinstance(said, Mapping):
        return _over(sample, said)
    raise ValueError(f"{said!r} is not none, down, sample or values put over the sample")


def _over(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        known = merged.get(key)
        merged[key] = _over(known, value) if isinstance(value, Mapping) and isinstance(known, Mapping) else value
    return merged


def path_of(item: ServiceItem, outcome: Outcome, delivery: Delivery) -> list[str]:
    """`machine`, or the people's steps in order; then the delivery."""
    people = [] if outcome is Outcome.APPROVED else [step.kind.value for step in item.steps]
    return [*(people or ["machine"]), delivery.value]


def simulate(item: ServiceItem, facts: Mapping[str, Any], delivery: Delivery | None = None) -> Simulation:
    """Decide on these facts and tell the whole path."""
    evaluation = Evaluation(facts)
    finding = decide(item, evaluation)
    approved = finding.outcome is Outcome.APPROVED
    end = delivery or (item.delivery[0] if item.delivery else Delivery.ONLINE)
    people = [] if approved else [step.kind.value for step in item.steps]
    return Simulation(
        decision=finding.outcome,
        finding=finding,
        facts=dict(facts),
        path=path_of(item, finding.outcome, end),
        stops=[*_before(item, facts), Stop(kind="machine", code="machine", note="approved" if approved else "referred")]
        + [Stop(kind="person", code=kind) for kind in people]
        + [Stop(kind="end", code=end.value)],
        station=station_of(item, evaluation, ""),
        document=document_text(item, evaluation) if item.certificate else None,
    )


def _before(item: ServiceItem, facts: Mapping[str, Any]) -> list[Stop]:
    stops = [Stop(kind="identity", code="face")] if item.identity is IdentityLevel.FACE else []
    for request in item.evidence:
        fact = facts.get(request.name)
        note: Literal["found", "none", "down"] = "down" if fact is None else "found" if fact.get("found") else "none"
        stops.append(Stop(kind="registry", code=request.name, note=note))
    return stops


def simulate_example(item: ServiceItem, example: Example, sources: Mapping[str, Source]) -> Simulation:
    return simulate(item, example_facts(item, example, sources))


def by_hand(item: ServiceItem, answers: Mapping[str, Any], registries: Mapping[str, Any], today: date, sources: Mapping[str, Source],
            applicant: Mapping[str, str] | None = None) -> Simulation:  # fmt: skip
    """The same for answers and registry answers typed by hand."""
    example = Example(name="by-hand", answers=dict(answers), registries=dict(registries), today=today, applicant=dict(applicant or {}))
    return simulate_example(item, example, sources)
