"""Every item of the catalogue is applied for once through the API, with answers made from its own form, and ends as its path says.

Engine, database, store, authorities and documents are real; only the clip is not looked at. What should happen is worked out
beforehand, by asking the same authorities outside any case and simulating the item on what they said.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from api.main import create_app
from casework import accounts
from catalogue.simulation import Simulation, simulate
from domain.application import ApplicationRequest, Status
from domain.clock import day_in_china
from domain.evidence import RegistryQuery
from domain.facts import facts_of, origin_path, subject_of
from domain.service_item import EvidenceRequest, ServiceItem, StepKind
from settings import Settings
from tests.answers import answers_for
from tests.driving import RealTown, real_town
from tests.packaged import packaged_catalogue

pytestmark = [pytest.mark.stack, pytest.mark.long]

AT_ONCE = 6
OUTCOME_OF = {StepKind.PRE_REVIEW: "pass", StepKind.REVIEW: "approve", StepKind.APPROVAL: "approve"}
PHOTO = b"\x89PNG a photo that this test does not have redrawn"


@dataclass(frozen=True)
class Expected:
    simulation: Simulation
    asked: set[str]  # facts whose registry has somebody to be asked about


@asynccontextmanager
async def api_of(town: RealTown, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The real API on the town's office, with an integrator's token."""
    app = create_app(settings)
    app.state.office = town.office
    credentials = await accounts.add_client(town.office, "whole catalogue")
    token = await accounts.client_token(town.office, credentials.client_id, credentials.client_secret)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://onetrip.test", headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as client:
        yield client


async def expected_of(town: RealTown, item: ServiceItem, request: ApplicationRequest) -> Expected:
    rows: list[dict[str, Any]] = []
    left = list(item.evidence)
    today = day_in_china(datetime.now(UTC))
    while left:
        facts = facts_of(request, rows, today=today, item=item)
        ready = [wanted for wanted in left if wanted.waits_for <= facts.keys()]
        assert ready, "the loader refuses questions that wait for one another"
        for wanted in ready:
            left.remove(wanted)
            if (body := await ask(town, wanted, request, facts)) is not None:
                rows.append({"source": wanted.name, "body": body})
    facts = facts_of(request, rows, today=today, item=item)
    return Expected(simulate(item, facts, request.delivery.method), {row["source"] for row in rows})


async def ask(town: RealTown, wanted: EvidenceRequest, request: ApplicationRequest, facts: dict[str, Any]) -> str | None:
    subject = subject_of(wanted.about, facts) if wanted.about else request.applicant.id_number
    parameters = {name: subject_of(origin_path(origin), facts) for name, origin in wanted.query.items()}
    if subject is None or None in parameters.values():
        return None
    answer = await town.wiring.registries.look_up(
        RegistryQuery(
            source=wanted.source,
            id_number=subject,
            purpose="what a test expects",
            request_id=str(uuid4()),
            parameters={name: str(value) for name, value in parameters.items()},
            fields=wanted.fields,
        )
    )
    return json.dumps({"found": answer.found, "record": answer.record})


class Applying:
    """One application by API, with the people who work on it."""

    def __init__(self, town: RealTown, api: httpx.AsyncClient, item: ServiceItem, person: dict[str, Any]) -> None:
        self.town = town
        self.api = api
        self.item = item
        self.body = {
            "service_item": item.code,
            "applicant": {name: person[name] for name in ("id_number", "name", "phone")},
            "answers": answers_for(item.form, Random(item.code)),
            "delivery": {"method": item.delivery[0].value, "address": "温州市鹿城区公园路1号" if item.delivery[0] == "post" else None},
        }

    async def run(self) -> str:
        """The course that it took."""
        expected = await expected_of(self.town, self.item, ApplicationRequest.model_validate(self.body))
        case = await self._apply()
        *course, delivery = expected.simulation.path
        for kind in [StepKind(step) for step in course if step != "machine"]:
            await self.town.work(case, kind, OUTCOME_OF[kind], reason="同意")
        if delivery == "counter":
            originals = {material.code: "same" for material in self.item.originals}
            await self.town.work(case, StepKind.COUNTER_CHECK, "match", originals=originals)
        view = await self._ended(case)
        assert view["status"] == Status.COMPLETED, view["status"]
        await self._check(case, view, expected, course, delivery)
        return " → ".join([*course, delivery])

    async def _apply(self) -> UUID:
        reply = await self.api.post("/v1/applications", json=self.body)
        assert reply.status_code == 201, reply.text
        case = reply.json()["id"]
        for material in self.item.uploads:
            if material.required:
                reply = await self.api.put(
                    f"/v1/applications/{case}/materials/{material.code}", content=PHOTO, headers={"Content-Type": "image/png"}
                )
                assert reply.status_code == 201, reply.text
        reply = await self.api.post(f"/v1/applications/{case}/face-consent", json={"given": True})
        assert reply.status_code == 204, reply.text
        reply = await self.api.put(f"/v1/applications/{case}/identity-clip", content=b"clip", headers={"Content-Type": "video/webm"})
        assert reply.status_code == 202, reply.text
        return UUID(case)

    async def _ended(self, case: UUID) -> dict[str, Any]:
        deadline = asyncio.get_running_loop().time() + 90
        while True:
            view: dict[str, Any] = (await self.api.get(f"/v1/applications/{case}")).json()
            if Status(view["status"]).final:
                return view
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"it stays {view['status']}: {view['waiting_for']}")
            await asyncio.sleep(0.1)

    async def _check(self, case: UUID, view: dict[str, Any], expected: Expected, course: list[str], delivery: str) -> None:
        events = [entry["event"] for entry in view["timeline"]]
        worked = [event.removesuffix("_opened") for event in events if event.endswith("_opened")]
        assert worked == [step for step in course if step != "machine"]
        assert ("awaiting_counter" in events) is (delivery == "counter")
        assert ("posted" in events) is (delivery == "post")
        assert len(view["documents"]) == 1
        assert {evidence["source"] for evidence in view["evidence"]} == expected.asked
        machine = (await self.town.office.desk.case_file(case))["decision"]
        told = {result.rule: result.holds for result in expected.simulation.finding.results}
        assert {result["rule"]: result["holds"] for result in machine["results"]} == told
        assert machine["outcome"] == expected.simulation.decision
        if expected.simulation.finding.points:
            assert machine["points"]["total"] == expected.simulation.finding.points.total


async def test_every_item_is_applied_for_once_and_ends_as_its_path_says(migrated: Settings) -> None:
    items = [item for item in packaged_catalogue().all() if item.can_be_applied_for]
    assert len(items) > 60
    gate = asyncio.Semaphore(AT_ONCE)
    async with real_town(migrated) as town, api_of(town, migrated) as api:
        assert town.office.demo_world is not None
        people = await town.office.demo_world.people()

        courses: Counter[str] = Counter()

        async def one(n: int, item: ServiceItem) -> str | None:
            async with gate:
                try:
                    courses[await Applying(town, api, item, people[n % len(people)]).run()] += 1
                except Exception as error:  # all are tried; what went wrong is told together
                    return f"{item.code}: {type(error).__name__}: {error}"
            return None

        failures = [failure for failure in await asyncio.gather(*(one(n, item) for n, item in enumerate(items))) if failure]
    assert not failures, "\n".join(failures)
    print("\n".join(f"{times:3} {course}" for course, times in courses.most_common()))
    assert courses["machine → online"] >= 5
    assert courses["pre_review → approval → counter"] >= 5


async def test_a_public_notice_is_read_and_not_applied_for(migrated: Settings) -> None:
    notices = [item for item in packaged_catalogue().all() if not item.can_be_applied_for]
    assert len(notices) >= 5
    async with real_town(migrated) as town, api_of(town, migrated) as api:
        for item in notices:
            shown = (await api.get(f"/v1/service-items/{item.code}")).json()
            assert shown["kind"] == "notice"
            applicant = {"id_number": "330302199001012385", "name": "林晓梅", "phone": "13800000001"}
            reply = await api.post("/v1/applications", json={"service_item": item.code, "applicant": applicant, "answers": {}})
            assert reply.status_code == 422
            assert "notice" in reply.text
