"""How long the catalogue takes to load, and a decision to be made; no server is involved."""

import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

from bench.figures import Figure, percentile
from bench.records import record_of
from catalogue.loader import SERVICES, Catalogue
from catalogue.rules import decide
from domain.application import Applicant, ApplicationRequest, DeliveryChoice
from domain.decision import Decision, Finding, Outcome
from domain.facts import facts_of
from domain.service_item import ServiceItem
from simulators.people import Person
from simulators.population import Population

LOAD_SECONDS = 1.0
DECISION_SECONDS = 0.002
_DAY = date(2026, 6, 1)
_WARM_UP = 20

Case = tuple[ApplicationRequest, list[dict[str, str]]]  # with the stored answers: fact and signed text


# --- loading ---------------------------------------------------------------------------------------------------------


def loading(items: int, starts: int) -> list[Figure]:
    """The packaged files, and again under other codes until there are enough; loaded by fresh processes, one after another."""
    with tempfile.TemporaryDirectory(prefix="onetrip-catalogue-") as folder:
        services, kept = Path(folder) / "services", Path(folder) / "kept"
        multiply(services, items)
        cold = _in_a_fresh_process(services, kept)
        again = [_in_a_fresh_process(services, kept) for _ in range(starts)]
    if {loaded.items for loaded in (cold, *again)} != {items}:
        raise RuntimeError("not every process loaded every item")
    clock, cpu = (statistics.median(getattr(loaded, name) for loaded in again) for name in ("clock", "cpu"))
    return [
        Figure(f"{items} items load for the first time, every check made, every example run", f"{cold.clock:.2f} s (CPU {cold.cpu:.2f} s)"),
        Figure(
            f"{items} items load as a process starts again (median of {starts} fresh processes, imports not counted)",
            f"{clock:.2f} s (CPU {cpu:.2f} s)", f"< {LOAD_SECONDS:.0f} s by the clock", clock < LOAD_SECONDS,
        ),
    ]  # fmt: skip


def multiply(folder: Path, items: int) -> None:
    """Copies of the packaged files under codes of their own, spread over as many items as there shall be."""
    folder.mkdir(parents=True)
    for number, path in enumerate(islice(cycle(sorted(SERVICES.rglob("*.yaml"))), items)):
        text, code = path.read_text(encoding="utf-8"), path.stem
        copy = f"{code}-{number}"
        if text.count(f"\ncode: {code}\n") != 1:
            raise RuntimeError(f"{path.name} does not state its code once")
        (folder / f"{copy}.yaml").write_text(text.replace(f"\ncode: {code}\n", f"\ncode: {copy}\n"), encoding="utf-8")


class Loaded(NamedTuple):
    """`clock` and `cpu` in seconds."""

    items: int
    clock: float
    cpu: float


def _in_a_fresh_process(services: Path, kept: Path) -> Loaded:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(load, services, kept).result()


def load(services: Path, kept: Path) -> Loaded:
    clock, cpu = time.perf_counter(), time.process_time()
    catalogue = Catalogue(services, kept_in=kept)
    return Loaded(len(catalogue.codes()), time.perf_counter() - clock, time.process_time() - cpu)


# --- deciding --------------------------------------------------------------------------------------------------------


def deciding(decisions: int, people: int) -> list[Figure]:
    """Decisions one after another, each on another person's stored answers, from their text to the record as it is stored."""
    population = Population.generate(2026, people)
    with tempfile.TemporaryDirectory(prefix="onetrip-catalogue-") as kept:
        catalogue = Catalogue(kept_in=Path(kept))
    moving = catalogue.get("purchase-migration")
    points = catalogue.get("points-settlement")
    return [
        _decided(with_ten_rules(moving), list(islice(mover_cases(moving, population), decisions)), decisions),
        _decided(points, list(islice(newcomer_cases(points, population), decisions)), decisions),
    ]


def with_ten_rules(item: ServiceItem) -> ServiceItem:
    """`purchase-migration` has six; four more read the same facts."""
    more = {
        "home-is-a-dwelling": 'property.properties.exists(p, p.certificate_number == answers.property_certificate && p.usage == "住宅")',
        "home-is-not-sealed": "property.found && property.properties.all(p, !p.sealed)",
        "of-age": "applicant.age >= 18",
        "owned-for-a-month": "property.properties.exists(p, months_between(p.registered_on, today) >= 1)",
    }
    model = item.rules[-1]
    rules = [*item.rules, *(model.model_copy(update={"id": name, "when": when}) for name, when in more.items())]
    return item.model_copy(update={"rules": rules})


def mover_cases(item: ServiceItem, population: Population) -> Iterator[Case]:
    for person, home in population.movers():
        others = [member for member in person.household.members if member != person.id_number]
        yield _case(item, population, person, {"property_certificate": home.certificate_number, "movers": others})


def newcomer_cases(item: ServiceItem, population: Population) -> Iterator[Case]:
    """People registered elsewhere who hold a residence permit."""
    permit = item.evidence_for("residence_permits")
    if permit is None:
        raise RuntimeError("points-settlement asks for no residence permit any more")
    declared = {"settle_at": "public-household", "banned_organisation": "no", "fees": "paid", "bad_credit": "no"}
    for person in population:
        if record_of(population, permit, person.id_number, {}) is not None:
            yield _case(item, population, person, declared)


def _case(item: ServiceItem, population: Population, person: Person, answers: dict[str, Any]) -> Case:
    request = ApplicationRequest(
        service_item=item.code,
        applicant=Applicant(id_number=person.id_number, name=person.name, phone="13800000000"),
        answers=answers,
        delivery=DeliveryChoice(method=item.delivery[0]),
    )
    papers = []
    for wanted in item.evidence:
        record = record_of(population, wanted, person.id_number, {name: str(answers[field]) for name, field in wanted.query.items()})
        body = json.dumps({"found": record is not None, "record": record or {}}, ensure_ascii=False)
        papers.append({"source": wanted.name, "body": body})
    return request, papers


def _decided(item: ServiceItem, cases: list[Case], decisions: int) -> Figure:
    if not cases:
        raise RuntimeError(f"the population has nobody for {item.code}: make it larger")
    clock: list[float] = []
    cpu: list[float] = []
    approved = undecided = 0  # so that no other path than the real one is measured
    for number, (request, papers) in enumerate(chain(cases[:_WARM_UP], islice(cycle(cases), decisions))):
        began, began_cpu = time.perf_counter(), time.thread_time()
        finding = decide(item, facts_of(request, papers, today=_DAY, item=item))
        _as_stored(item, finding)
        if number >= min(_WARM_UP, len(cases)):
            clock.append(time.perf_counter() - began)
            cpu.append(time.thread_time() - began_cpu)
        approved += finding.outcome is Outcome.APPROVED
        undecided += any(result.holds is None for result in finding.results)
    if undecided or (item.machine_may_approve and not approved):
        raise RuntimeError(f"{item.code}: {approved} approvals, {undecided} decisions with a rule that could not be told")
    lines = f" and {len(item.points.lines)} point lines" if item.points else ""
    median = statistics.median(clock)
    return Figure(
        f"a decision with {len(item.rules)} rules{lines}, from the stored answers' text to the stored record ({len(cases)} people)",
        f"median {_ms(median)}, 99th {_ms(percentile(clock, 99))}; CPU {_ms(statistics.median(cpu))}, {_ms(percentile(cpu, 99))}",
        "-" if item.points else f"median < {_ms(DECISION_SECONDS)} by the clock",
        None if item.points else median < DECISION_SECONDS,
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def _as_stored(item: ServiceItem, finding: Finding) -> str:
    decision = Decision(
        outcome=finding.outcome,
        decided_at=datetime(2026, 6, 1, tzinfo=UTC),
        by="machine",
        service_item=item.code,
        version=item.version,
        results=finding.results,
        points=finding.points,
    )
    return decision.model_dump_json()
