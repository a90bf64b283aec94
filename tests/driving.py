"""Drives cases in tests through the same use cases that pages and API call, with workers in the test's own process."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from temporalio.client import Client, WorkflowHistory

import worker
from adapters.database.identity import IdentityStore
from casework import applying, clerking, following, queueing
from casework.actors import ClerkActor, ClientActor
from casework.office import Office
from casework.views import ApplicationView, WorkItemRow
from domain.application import ApplicationRequest, Status
from domain.changes import SupplementRequest
from domain.ids import workflow_id
from domain.jurisdiction import ClerkScope, Role
from domain.records import Try
from domain.service_item import StepKind
from settings import Settings
from tests.builders import (
    STATION,
    FakeCashier,
    FakePost,
    FakeRegistries,
    MemoryObjects,
    PlainDocuments,
    ScriptedVerifier,
    Shelf,
    make_application_request,
)
from wiring import Wiring

INTEGRATOR = ClientActor("test-integrator")
ROLE_OF = {
    StepKind.PRE_REVIEW: Role.PRE_REVIEWER,
    StepKind.REVIEW: Role.APPROVER,
    StepKind.APPROVAL: Role.APPROVER,
    StepKind.COUNTER_CHECK: Role.COUNTER,
    StepKind.IDENTITY_CHECK: Role.COUNTER,
    StepKind.COLLECTION: Role.COUNTER,
    StepKind.INVESTIGATION: Role.INVESTIGATOR,
}
PATIENCE_SECONDS = 60.0


def make_clerk(role: Role, *, station: str | None = STATION, county: str | None = None, clerk_id: str | None = None) -> ClerkActor:
    """An approver sits in the county bureau whatever `station` says."""
    seat = None if role is Role.APPROVER else station
    scope = ClerkScope(clerk_id=clerk_id or str(uuid4()), role=role, county=county or (station or STATION)[:6], station=seat)
    return ClerkActor(scope=scope, login=f"{role.value}-{seat or scope.county}", name="测试民警")


class TestWiring(Wiring):
    """The one wiring, with some adapters replaced and a client of the test's choice."""

    __test__ = False

    def __init__(self, settings: Settings, client: Client | None = None, **replaced: Any) -> None:
        super().__init__(settings)
        self._client = client
        self.__dict__.update(replaced)

    async def temporal(self) -> Client:
        return self._client or await super().temporal()

    async def connected_temporal(self) -> Client:
        return self._client or await super().connected_temporal()


@dataclass(frozen=True)
class Redrawn:
    """An upload that was not worth redrawing."""

    data: bytes
    media_type: str = "image/png"
    sha256: str = ""
    pages: int = 1


async def _take_as_it_is(data: bytes, media_type: str) -> Redrawn:
    return Redrawn(data)


class Uncounted(IdentityStore):
    """For tests that share one person: what they try is not counted together, and nobody waits. The counting has tests of its own."""

    async def tries_of(self, application_id: UUID, since: datetime) -> list[Try]:
        return []

    async def make_clip(self, upload_id: UUID, sha256: str, at: datetime, since: datetime, allow: Callable[[Sequence[Try]], None]) -> None:
        await super().make_clip(upload_id, sha256, at, since, lambda tries: None)


class Town:
    """An office with its workers running, and the people who use it."""

    def __init__(self, wiring: Wiring, office: Office) -> None:
        self.wiring = wiring
        self.office = dataclasses.replace(office, clean_upload=_take_as_it_is, identity=Uncounted(wiring.database))
        self._clerks: dict[Any, ClerkActor] = {}

    # --- applicants ----------------------------------------------------------------------------------------------

    async def submit(self, request: ApplicationRequest) -> UUID:
        own = request.model_copy(update={"client_id": INTEGRATOR.client_id})
        return (await applying.submit(self.office, INTEGRATOR, own, str(uuid4()))).id

    async def hand_in_clip(self, case: UUID) -> ApplicationView:
        view = await self.view(case)
        if view.challenge is None:
            await applying.renew_challenge(self.office, INTEGRATOR, case)
        await applying.consent_to_face_check(self.office, INTEGRATOR, case)
        return await applying.hand_in_clip(self.office, INTEGRATOR, case, b"clip", "video/webm")

    async def begin(self, request: ApplicationRequest) -> UUID:
        """Submitted, with a first clip."""
        case = await self.submit(request)
        await self.hand_in_clip(case)
        return case

    async def upload(self, case: UUID, code: str) -> None:
        await applying.upload_material(self.office, INTEGRATOR, case, code, b"a photo", "image/png")

    async def supplement(self, case: UUID, answers: Mapping[str, Any]) -> ApplicationView:
        return await applying.supplement(self.office, INTEGRATOR, case, answers)

    async def withdraw(self, case: UUID) -> ApplicationView:
        return await applying.withdraw(self.office, INTEGRATOR, case)

    # --- following -----------------------------------------------------------------------------------------------

    async def view(self, case: UUID) -> ApplicationView:
        return await following.get_application(self.office, INTEGRATOR, case)

    async def until(self, case: UUID, is_so: Callable[[ApplicationView], bool], what: str = "that state") -> ApplicationView:
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while not is_so(view := await self.view(case)):
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"the case never came to {what}: {view.status} {[e.event for e in view.timeline]}")
            await asyncio.sleep(0.02)
        return view

    async def until_status(self, case: UUID, status: Status) -> ApplicationView:
        return await self.until(case, lambda view: view.status is status, status.value)

    async def until_event(self, case: UUID, event: str, times: int = 1) -> ApplicationView:
        return await self.until(case, lambda view: [e.event for e in view.timeline].count(event) >= times, f"{event} × {times}")

    # --- clerks --------------------------------------------------------------------------------------------------

    async def open_work_item(self, case: UUID, kind: StepKind) -> dict[str, Any]:
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            for record in await self.office.desk.work_items_of([case]):
                if record["kind"] == kind and record["status"] == "open":
                    return record
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"no {kind} was opened: {await self.view(case)}")
            await asyncio.sleep(0.02)

    def clerk_for(self, record: Mapping[str, Any]) -> ClerkActor:
        role, place = Role(record["role"]), record["jurisdiction"]
        if (role, place) not in self._clerks:
            station = place if len(place) == 12 else None
            self._clerks[role, place] = make_clerk(role, station=station, county=place[:6])
        return self._clerks[role, place]

    async def work(
        self,
        case: UUID,
        kind: StepKind,
        outcome: str,
        *,
        reason: str | None = None,
        supplement: Mapping[str, str] | None = None,
        originals: Mapping[str, str] | None = None,
    ) -> WorkItemRow:
        """Claim and complete the open work item of this kind."""
        record = await self.open_work_item(case, kind)
        clerk = self.clerk_for(record)
        await queueing.claim(self.office, clerk, record["id"])
        marked = [SupplementRequest(target=t, reason=r) for t, r in (supplement or {}).items()]
        return await clerking.complete(
            self.office, clerk, record["id"], outcome=outcome, reason=reason, supplement=marked, originals=originals
        )

    async def ask_for(self, case: UUID, *targets: str) -> None:
        """Send a pre-review back for a supplement."""
        await self.work(case, StepKind.PRE_REVIEW, "supplement", supplement=dict.fromkeys(targets, "请更正"))
        await self.until_status(case, Status.SUPPLEMENTING)

    async def visit(self, case: UUID, finding: str = "same") -> None:
        """The applicant at the counter with the old card."""
        outcome = "match" if finding == "same" else "differ"
        await self.work(case, StepKind.COUNTER_CHECK, outcome, reason="与原件核对", originals={"old-card": finding})


class FictionTown(Town):
    """A town whose authorities are in memory; only the database and the engine are real."""

    def __init__(self, wiring: Wiring, office: Office) -> None:
        super().__init__(wiring, office)
        parts = wiring.__dict__
        self.shelf: Shelf = parts["catalogue"]
        self.registries: FakeRegistries = parts["registries"]
        self.verifier: ScriptedVerifier = parts["verifier"]
        self.documents: PlainDocuments = parts["documents"]
        self.post: FakePost = parts["post"]
        self.cashier: FakeCashier = parts["cashier"]

    def reset(self) -> None:
        for part in (self.registries, self.verifier, self.documents, self.post, self.cashier):
            part.reset()


@asynccontextmanager
async def workers(wiring: Wiring) -> AsyncIterator[None]:
    """All roles of worker.py, in this process."""
    async with AsyncExitStack() as running:
        for make_worker, _ in worker.ROLES.values():
            await running.enter_async_context(await make_worker(wiring))
        yield


def fiction_wiring(settings: Settings, client: Client, *items: Any) -> TestWiring:
    return TestWiring(
        settings,
        client,
        catalogue=Shelf(*items),
        registries=FakeRegistries(),
        verifier=ScriptedVerifier(),
        objects=MemoryObjects(),
        documents=PlainDocuments(),
        post=FakePost(),
        cashier=FakeCashier(),
    )


def days(number: float) -> timedelta:
    return timedelta(days=number)


class RealTown(Town):
    """Real engine, database, store, authorities and documents; only the clip is not looked at."""

    def __init__(self, wiring: Wiring, office: Office) -> None:
        super().__init__(wiring, office)
        self.verifier: ScriptedVerifier = wiring.__dict__["verifier"]

    async def person(self, key: str) -> dict[str, Any]:
        """A demo person: no-record, with-record, mover, mover-disagreement, new-name."""
        assert self.office.demo_world is not None
        return next(p for p in await self.office.demo_world.people() if p["key"] == key)

    async def request(self, key: str, service_item: str, **others: Any) -> ApplicationRequest:
        """What this demo person applies for."""
        person = await self.person(key)
        possible: dict[str, dict[str, Any]] = {
            "no-criminal-record": {"reason": "abroad"},
            "purchase-migration": {"property_certificate": person.get("certificate_number"), "movers": []},
            "name-change": {"new_name": f"{person['name'][0]}安然", "reason": "same-name"},
        }
        delivery = others.pop("delivery", "online" if service_item == "no-criminal-record" else "counter")
        return make_application_request(
            service_item,
            id_number=person["id_number"],
            name=person["name"],
            phone=person["phone"],
            answers=possible[service_item],
            delivery=delivery,
            **others,
        )

    async def history(self, case: UUID) -> WorkflowHistory:
        client = await self.wiring.temporal()
        return await client.get_workflow_handle(workflow_id(case)).fetch_history()


@asynccontextmanager
async def real_town(settings: Settings) -> AsyncIterator[RealTown]:
    client = await TestWiring(settings).connected_temporal()
    wiring = TestWiring(settings, client, verifier=ScriptedVerifier())
    try:
        async with workers(wiring):
            yield RealTown(wiring, await wiring.office())
    finally:
        await wiring.close()
