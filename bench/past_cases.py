"""Decided cases by the hundred thousand, sealed as the activities seal them; some are planted to fare otherwise under a changed text."""

import asyncio
import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from adapters.database.engine import Database
from bench.records import record_of
from catalogue.rules import decide
from domain.application import Applicant, ApplicationRequest, DeliveryChoice
from domain.clock import day_in_china
from domain.decision import Decision, Outcome
from domain.facts import facts_of
from domain.ids import acceptance_number, new_id
from domain.service_item import Delivery, EvidenceRequest, Rule, ServiceItem
from simulators.people import Person, Property
from simulators.population import Population

ITEM = "purchase-migration"
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
_DIVISION = "330300"
_BATCH = 2000
_PEOPLE = 3000  # who apply, again and again
_A_YEAR_OF_SECONDS = 300 * 24 * 3600
# Every so many cases; coprime, so that each meets each.
_SHOP_EVERY, _MISPRINT_EVERY, _SUPPLEMENT_EVERY = 41, 53, 7
_OWNS, _INSURED = "owns-the-home", "insured-name-agrees"
_SIGNATURE = base64.b64encode(bytes(64)).decode()  # as long as Ed25519's: deciding again does not read it


@dataclass
class Planted:
    """What was written, and what a trial of `changed_text` must find: how many cases, by which rule."""

    cases: int = 0
    evidence: int = 0
    sealed_bytes: int = 0
    turned: Counter[str] = field(default_factory=Counter)

    @property
    def otherwise(self) -> int:
        return self.turned.total()


def changed_text(item: ServiceItem) -> ServiceItem:
    """The home must be a dwelling; the name in the social insurance no longer matters."""
    rules = [_dwellings_only(rule) if rule.id == _OWNS else rule for rule in item.rules if rule.id != _INSURED]
    return item.model_copy(update={"rules": rules, "version": item.version + 1})


def _dwellings_only(rule: Rule) -> Rule:
    stricter = f'({rule.when}) && property.properties.all(p, p.usage == "住宅")'
    return rule.model_copy(update={"when": stricter})


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is peculiar about a case: its home is a shop, its insurance misprints the name, it was supplemented once."""

    shop: bool
    misprint: bool
    supplemented: bool

    @classmethod
    def of(cls, number: int) -> "_Kind":
        return cls(number % _SHOP_EVERY == 0, number % _MISPRINT_EVERY == 0, number % _SUPPLEMENT_EVERY == 0)

    @property
    def turns(self) -> str | None:
        """The rule that decides otherwise now; a case that people have looked at stays with them, and a shop is never approved."""
        if self.supplemented or (self.shop and self.misprint):
            return None
        return _OWNS if self.shop else f"{_INSURED} (dropped)" if self.misprint else None


async def plant(database: Database, url: str, item: ServiceItem, population: Population, cases: int) -> Planted:
    """Write `cases` decided cases of the item, 41 a second apart, into an empty database at the newest schema."""
    planted = Planted()
    writing = await asyncpg.connect(url)
    try:
        await _pin(writing, item)
        filing = _Filing(database, item, population, planted)
        numbers = iter(range(cases))
        while some := list(islice(numbers, _BATCH)):
            tables = filing.rows(some)
            async with writing.transaction():
                for table, rows in tables.items():
                    if rows:
                        await writing.copy_records_to_table(table, columns=list(rows[0]), records=[tuple(row.values()) for row in rows])
            await asyncio.sleep(0)
        await writing.execute("analyze")
    finally:
        await writing.close()
    return planted


async def _pin(writing: asyncpg.Connection, item: ServiceItem) -> None:
    body = to_json(item.model_dump(mode="json"))
    await writing.execute(
        "insert into service_item_versions (code, version, digest, body) values ($1, $2, $3, $4)",
        item.code, item.version, hashlib.sha256(body).hexdigest(), body.decode(),
    )  # fmt: skip


class _Filing:
    """Rows of the tables, sealed; a person's records are made once and serve all their cases."""

    def __init__(self, database: Database, item: ServiceItem, population: Population, planted: Planted) -> None:
        self._db = database
        self._item = item
        self._population = population
        self._planted = planted
        self._digest = hashlib.sha256(to_json(item.model_dump(mode="json"))).hexdigest()
        self._movers = cycle(list(islice(_insured_movers(population), _PEOPLE)))
        self._persons: dict[str, UUID] = {}
        self._records: dict[tuple[str, str, _Kind], dict[str, Any] | None] = {}
        self._decisions: dict[tuple[str, _Kind], dict[str, Any]] = {}
        self._seconds_between = _A_YEAR_OF_SECONDS / 100_000

    def rows(self, numbers: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
        tables: dict[str, list[dict[str, Any]]] = {"persons": [], "applications": [], "evidence": []}
        for number in numbers:
            person, home = next(self._movers)
            opened_at = SINCE + timedelta(seconds=number * self._seconds_between)
            if person.id_number not in self._persons:
                tables["persons"].append(self._person(person, opened_at))
            self._case(tables, number, person, home, opened_at)
        return tables

    def _person(self, person: Person, at: datetime) -> dict[str, Any]:
        row_id = self._persons[person.id_number] = new_id()
        return {
            "id": row_id,
            "id_number_index": self._db.index(person.id_number),
            "id_number_box": self._db.seal(person.id_number, "persons.id_number", row_id),
            "name_box": self._db.seal(person.name, "persons.name", row_id),
            "phone_box": self._db.seal("13800000000", "persons.phone", row_id),
            "phone_index": self._db.index("13800000000"),
            "created_at": at,
        }

    def _case(self, tables: dict[str, list[dict[str, Any]]], number: int, person: Person, home: Property, opened_at: datetime) -> None:
        kind, case_id = _Kind.of(number), new_id()
        request = self._request(person, home)
        rounds = (0, 1) if kind.supplemented else (0,)
        papers = [
            self._paper(case_id, wanted, request, kind, round_, opened_at)
            for wanted in self._item.evidence
            for round_ in (rounds if wanted.name == "property" else (0,))
        ]
        newest = {paper["source"]: text for paper, text in papers}
        decided_at = opened_at + timedelta(seconds=20)
        decision = self._decision(request, newest, kind, decided_at) | {
            "decided_at": decided_at.isoformat().replace("+00:00", "Z"),
            "evidence": {paper["source"]: paper["digest"] for paper, _ in papers},
        }
        row = self._application(case_id, number, person, request, decision, kind, opened_at)
        tables["applications"].append(row)
        tables["evidence"] += [paper for paper, _ in papers]
        self._planted.cases += 1
        self._planted.evidence += len(papers)
        self._planted.sealed_bytes += len(row["answers_box"]) + len(row["decision_box"]) + sum(len(p["body_box"]) for p, _ in papers)
        if kind.turns:
            self._planted.turned[kind.turns] += 1

    def _request(self, person: Person, home: Property) -> ApplicationRequest:
        others = [member for member in person.household.members if member != person.id_number]
        return ApplicationRequest(
            service_item=self._item.code,
            applicant=Applicant(id_number=person.id_number, name=person.name, phone="13800000000"),
            answers={"property_certificate": home.certificate_number, "movers": others},
            delivery=DeliveryChoice(method=Delivery.COUNTER),
        )

    def _paper(
        self, case_id: UUID, wanted: EvidenceRequest, request: ApplicationRequest, kind: _Kind, round_: int, at: datetime
    ) -> tuple[dict[str, Any], str]:
        """One row of evidence, and the text in its box."""
        row_id = new_id()
        record = self._record(wanted, request, kind)
        statement = {
            "source": wanted.source,
            "request_id": str(row_id),
            "purpose": f"{self._item.code}: {wanted.purpose.en}",
            "answered_at": at.isoformat(),
            "found": record is not None,
            "record": record or {},
        }
        body = json.dumps(statement, ensure_ascii=False, separators=(",", ":"))
        row = {
            "id": row_id,
            "application_id": case_id,
            "source": wanted.name,
            "round": round_,
            "request_id": statement["request_id"],
            "purpose": statement["purpose"],
            "found": record is not None,
            "body_box": self._db.seal(body, "evidence.body", row_id),
            "digest": hashlib.sha256(body.encode()).hexdigest(),
            "signature": _SIGNATURE,
            "key_id": f"{wanted.source}-2026",
            "fetched_at": at,
        }
        return row, body

    def _record(self, wanted: EvidenceRequest, request: ApplicationRequest, kind: _Kind) -> dict[str, Any] | None:
        key = (request.applicant.id_number, wanted.name, kind)
        if key not in self._records:
            parameters = {name: str(request.answers[origin]) for name, origin in wanted.query.items()}
            known = record_of(self._population, wanted, request.applicant.id_number, parameters)
            self._records[key] = _peculiar(known, wanted.name, kind)
        return self._records[key]

    def _decision(self, request: ApplicationRequest, papers: Mapping[str, str], kind: _Kind, at: datetime) -> dict[str, Any]:
        """As the activity stores it. No rule of this item reads the day, so one decision serves all cases of a person and a kind."""
        key = (request.applicant.id_number, kind)
        if key not in self._decisions:
            rows = [{"source": source, "body": body} for source, body in papers.items()]
            finding = decide(self._item, facts_of(request, rows, today=day_in_china(at), item=self._item))
            approved = finding.outcome is Outcome.APPROVED and not kind.supplemented
            self._decisions[key] = Decision(
                outcome=Outcome.APPROVED if approved else Outcome.REFERRED,
                decided_at=at,
                by="machine",
                service_item=self._item.code,
                version=self._item.version,
                results=finding.results,
            ).model_dump(mode="json")
        return self._decisions[key]

    def _application(
        self, row_id: UUID, number: int, person: Person, request: ApplicationRequest, decision: dict[str, Any], kind: _Kind, at: datetime
    ) -> dict[str, Any]:
        return {
            "id": row_id,
            "acceptance_number": acceptance_number(_DIVISION, day_in_china(at), number),
            "person_id": self._persons[person.id_number],
            "service_item": self._item.code,
            "version": self._item.version,
            "item_digest": self._digest,
            "status": "completed",
            "waiting_for": "[]",
            "applicant_name_box": self._db.seal(person.name, "applications.applicant_name", row_id),
            "phone_box": self._db.seal(request.applicant.phone, "applications.phone", row_id),
            "phone_index": self._db.index(request.applicant.phone or ""),
            "answers_box": self._db.seal(request.answers, "applications.answers", row_id),
            "delivery": request.delivery.method.value,
            "language": "zh",
            "channel": "api",
            "outcome": decision["outcome"],
            "decision_box": self._db.seal(decision, "applications.decision", row_id),
            "supplement_round": int(kind.supplemented),
            "opened_at": at,
            "updated_at": at,
            "ended_at": at,
        }


def _peculiar(record: dict[str, Any] | None, fact: str, kind: _Kind) -> dict[str, Any] | None:
    if record is None:
        return None
    if fact == "property":
        usage = "商业" if kind.shop else "住宅"
        return record | {"properties": [home | {"usage": usage} for home in record["properties"]]}
    if fact == "social_security" and kind.misprint:
        return record | {"name": f"{record['name']}误"}
    return record


def _insured_movers(population: Population) -> Iterator[tuple[Person, Property]]:
    """Movers whom the social insurance knows under their name."""
    for person, home in population.movers():
        if population.find_insurance(person.id_number) is not None:
            yield person, home
