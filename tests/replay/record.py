"""Records one history of each path: `python -m tests.replay.record [PATH …]`.

The procedure, engine and database are real; authorities and people are made up; time is skipped.
Histories are evidence of what older code did: record a path that is new, and leave the others alone.
Re-recording them all is right only while nothing has been released.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

import domain.service_item
from adapters.database.migrate import migrate
from adapters.database.tables import questions
from adapters.payloads import encrypted_converter
from casework import clerking, queueing
from domain.application import Status
from domain.changes import (
    AnswerQuestion,
    AskQuestion,
    CloseInvestigation,
    InvestigationTask,
    OpenInvestigation,
    SetAppointment,
    SupplementRequest,
)
from domain.clock import CHINA, day_in_china
from domain.errors import InvalidInput
from domain.ids import new_id, workflow_id
from domain.jurisdiction import Role
from domain.parcels import ParcelState
from domain.service_item import StepKind
from settings import Settings
from tests.builders import NAME, library_card, make_application_request, make_id_number, make_service_item
from tests.driving import FictionTown, days, fiction_wiring, make_clerk, workers
from tests.replay.key import HISTORIES, PAYLOAD_KEYS
from tests.running import run_stack

_WHY = {"zh": "核对姓名", "en": "To check the name"}


class Recorder(FictionTown):
    environment: WorkflowEnvironment

    async def forward(self, case: UUID, time: timedelta) -> None:
        await self.environment.fast_forward(self.environment.client.get_workflow_handle(workflow_id(case)), time)

    async def referred(self) -> UUID:
        self.registries.records["property"] = None
        case = await self.begin(make_application_request(delivery="counter"))
        await self.open_work_item(case, StepKind.PRE_REVIEW)
        return case

    def with_fee(self) -> None:
        self.shelf.put(make_service_item(code="library-card-with-fee", fee={"fen": 500}))

    async def question(self, case: UUID) -> UUID:
        """The one that is open."""
        async with self.wiring.database.statement() as connection:
            found = await connection.execute(
                select(questions.c.id).where(questions.c.application_id == case, questions.c.closed_at.is_(None))
            )
            return UUID(str(found.scalar_one()))

    async def at_the_counter(self) -> UUID:
        case = await self.begin(make_application_request(delivery="counter"))
        await self.until_status(case, Status.AWAITING_COUNTER)
        return case


async def completed_online(town: Recorder) -> UUID:
    case = await town.begin(make_application_request())
    await town.until_status(case, Status.COMPLETED)
    return case


async def referred_approved(town: Recorder) -> UUID:
    case = await town.referred()
    await town.work(case, StepKind.PRE_REVIEW, "pass")
    await town.work(case, StepKind.APPROVAL, "approve", reason="同意")
    await town.visit(case)
    await town.until_status(case, Status.COMPLETED)
    return case


async def refused(town: Recorder) -> UUID:
    case = await town.referred()
    await town.work(case, StepKind.PRE_REVIEW, "pass")
    await town.work(case, StepKind.APPROVAL, "refuse", reason="书架上没有书")
    await town.until_status(case, Status.REFUSED)
    return case


async def counter_completed(town: Recorder) -> UUID:
    case = await town.at_the_counter()
    await town.forward(case, days(59))
    await town.visit(case)
    await town.until_status(case, Status.COMPLETED)
    return case


async def void(town: Recorder) -> UUID:
    case = await town.at_the_counter()
    await town.visit(case, finding="different")
    await town.until_status(case, Status.VOID)
    return case


async def expired(town: Recorder) -> UUID:
    case = await town.at_the_counter()
    await town.forward(case, days(61))
    await town.until_status(case, Status.EXPIRED)
    return case


async def withdrawn_early(town: Recorder) -> UUID:
    case = await town.submit(make_application_request())
    await town.withdraw(case)
    return case


async def withdrawn_late(town: Recorder) -> UUID:
    case = await town.at_the_counter()
    await town.forward(case, days(31))
    await town.withdraw(case)
    return case


async def abandoned(town: Recorder) -> UUID:
    case = await town.submit(make_application_request())
    await town.forward(case, timedelta(hours=25))
    await town.until_status(case, Status.ABANDONED)
    return case


async def supplement_rounds(town: Recorder) -> UUID:
    case = await town.referred()
    await town.ask_for(case, "answers.genre")
    await town.supplement(case, {"genre": "poems"})
    await town.ask_for(case, "answers.shelf", "materials.photo")
    await town.upload(case, "photo")
    await town.supplement(case, {"shelf": "S-2"})
    await town.ask_for(case, "answers.genre")
    await town.forward(case, days(16))
    await town.until_status(case, Status.EXPIRED)
    return case


async def identity_to_counter(town: Recorder) -> UUID:
    town.verifier.failures = 3
    case = await town.submit(make_application_request())
    for attempt in (1, 2, 3):
        await town.hand_in_clip(case)
        await town.until_event(case, "identity_failed", attempt)
    await town.work(case, StepKind.IDENTITY_CHECK, "same_person")
    await town.until_status(case, Status.COMPLETED)
    return case


async def no_portrait(town: Recorder) -> UUID:
    town.registries.portrait_jpeg = None
    case = await town.begin(make_application_request())
    await town.work(case, StepKind.IDENTITY_CHECK, "not_same_person", reason="不是本人")
    await town.until_status(case, Status.REFUSED)
    return case


async def posted(town: Recorder) -> UUID:
    town.post.state = ParcelState.IN_TRANSIT
    case = await town.begin(make_application_request(delivery="post"))
    await town.until(case, lambda _: town.post.asked > 0, "a question to the post")
    town.post.state = ParcelState.DELIVERED
    await town.forward(case, timedelta(minutes=5))
    await town.until_status(case, Status.COMPLETED)
    return case


async def registry_retried(town: Recorder) -> UUID:
    town.registries.down = {"property"}
    case = await town.begin(make_application_request())
    await town.until_event(case, "registry_late")
    town.registries.down = set()
    await town.until_status(case, Status.COMPLETED)
    return case


async def asked_in_turn(town: Recorder) -> UUID:
    """A question about the spouse waits for the answer that names them."""
    spouse = {"source": "resident_population", "fact": "spouse", "about": "marriage.spouse.id_number", "purpose": _WHY}
    evidence = [spouse, *library_card()["evidence"], {"source": "marriage", "purpose": _WHY}]
    town.shelf.put(make_service_item(code="library-card-for-two", evidence=evidence))
    town.registries.records["marriage"] = {"status": "married", "spouse": {"id_number": make_id_number(2), "name": NAME}}
    case = await town.begin(make_application_request("library-card-for-two"))
    await town.until_status(case, Status.COMPLETED)
    return case


async def registry_given_up(town: Recorder) -> UUID:
    people, shelves = library_card()["evidence"]
    town.shelf.put(make_service_item(code="library-card-in-haste", evidence=[people, shelves | {"patience_hours": 2}]))
    town.registries.down = {"property"}
    domain.service_item.SECONDS_OF_PATIENCE = 1  # the engine skips no time while a registry is asked
    try:
        case = await town.begin(make_application_request("library-card-in-haste", delivery="counter"))
        await town.open_work_item(case, StepKind.PRE_REVIEW)
    finally:
        domain.service_item.SECONDS_OF_PATIENCE = 3600
    await town.work(case, StepKind.PRE_REVIEW, "pass")
    await town.work(case, StepKind.APPROVAL, "approve", reason="书架在")
    await town.visit(case)
    await town.until_status(case, Status.COMPLETED)
    return case


async def signed_in_query(town: Recorder) -> UUID:
    """No clip: the sign-in of the pages is enough for what shows little."""
    town.shelf.put(make_service_item(code="library-card-query", kind="query", identity="signed_in"))
    case = new_id()
    await town.office.engine.start(case, make_application_request("library-card-query", channel="phone"))
    await town.environment.client.get_workflow_handle(workflow_id(case)).result()
    return case


# --- since clocks run (procedure 2) ---


async def approved_with_clocks(town: Recorder) -> UUID:
    return await referred_approved(town)


async def questioned_and_investigated(town: Recorder) -> UUID:
    """A question that is answered, one that lapses, an investigation, a supplement, a corrected calendar, every mark until overdue."""
    case = await town.referred()
    pre_review = await town.open_work_item(case, StepKind.PRE_REVIEW)
    clerk = town.clerk_for(pre_review)
    await queueing.claim(town.office, clerk, pre_review["id"])
    asked = {"work_item_id": pre_review["id"], "clerk_id": clerk.clerk_id, "role": clerk.scope.role}
    engine = town.office.engine
    await engine.command(case, "ask_question", AskQuestion(**asked, text="哪一个书架？"))
    await engine.command(case, "answer_question", AnswerQuestion(question_id=await town.question(case), text="第二个"))
    await engine.command(case, "ask_question", AskQuestion(**asked, text="哪一层？"))
    await town.forward(case, days(12))
    await town.until_event(case, "question_lapsed")
    today = day_in_china((await town.view(case)).timeline[-1].at)
    task = InvestigationTask(kind="visit", clerk_id="investigator", day=today + days(3), text="看书架")
    await engine.command(case, "open_investigation", OpenInvestigation(**asked, reason="书架不明", tasks=[task, task]))
    first = await town.open_work_item(case, StepKind.INVESTIGATION)
    investigator = make_clerk(Role.INVESTIGATOR, station=None, county=first["jurisdiction"], clerk_id="investigator")
    await queueing.claim(town.office, investigator, first["id"])
    await clerking.complete(town.office, investigator, first["id"], outcome="done", reason="书架在")
    await town.environment.client.get_workflow_handle(workflow_id(case)).signal("calendar_corrected")
    await town.until_event(case, "limits_redated")
    await town.forward(case, days(30))
    await town.until_event(case, "legal_limit_passed")
    await engine.command(case, "close_investigation", CloseInvestigation(**asked, finding="书架在"))
    marked = [SupplementRequest(target="answers.genre", reason="请更正")]
    await clerking.complete(town.office, clerk, pre_review["id"], outcome="supplement", supplement=marked)
    await town.until_status(case, Status.SUPPLEMENTING)
    await town.supplement(case, {"genre": "poems"})
    await town.work(case, StepKind.PRE_REVIEW, "pass")
    await town.work(case, StepKind.APPROVAL, "refuse", reason="书架上没有书")
    await town.until_status(case, Status.REFUSED)
    return case


async def appointment_kept(town: Recorder) -> UUID:
    """Booked, moved, missed, given back, and kept at last; a reminder of the window between."""
    case = await town.at_the_counter()
    counter = await town.open_work_item(case, StepKind.COUNTER_CHECK)
    monday = day_in_china(counter["opened_at"])
    monday += days(7 - monday.weekday())

    async def book(day: int) -> None:
        starts_at = datetime.combine(monday + days(day), time(9), CHINA)
        await town.office.engine.command(case, "set_appointment", SetAppointment(station=counter["jurisdiction"], starts_at=starts_at))

    await book(1)
    await book(2)
    await town.forward(case, days(11))
    await town.until_event(case, "appointment_missed")
    await book(15)
    await town.office.engine.command(case, "set_appointment", SetAppointment())
    await book(25)
    await town.forward(case, days(20))
    await town.visit(case)
    await town.until_status(case, Status.COMPLETED)
    return case


async def fee_paid(town: Recorder) -> UUID:
    town.with_fee()
    case = await town.begin(make_application_request("library-card-with-fee"))
    await town.until_status(case, Status.PAYING)
    town.cashier.pay(f"fee-{case}")
    await town.environment.client.get_workflow_handle(workflow_id(case)).signal("provider_changed")
    await town.until_status(case, Status.COMPLETED)
    return case


async def fee_given_back(town: Recorder) -> UUID:
    """Paid, its call-back lost, then withdrawn."""
    town.with_fee()
    town.registries.records["property"] = None
    case = await town.begin(make_application_request("library-card-with-fee"))
    await town.until_status(case, Status.PAYING)
    town.cashier.pay(f"fee-{case}")
    await town.forward(case, timedelta(minutes=1))
    await town.open_work_item(case, StepKind.PRE_REVIEW)
    await town.withdraw(case)
    await town.until_event(case, "fee_refunded")
    return case


async def fee_lapsed(town: Recorder) -> UUID:
    town.with_fee()
    case = await town.begin(make_application_request("library-card-with-fee"))
    await town.until_status(case, Status.PAYING)
    await town.forward(case, days(8))
    await town.until_status(case, Status.EXPIRED)
    return case


async def parcel_returned(town: Recorder) -> UUID:
    town.post.state = ParcelState.IN_TRANSIT
    case = await town.begin(make_application_request(delivery="post"))
    await town.until_event(case, "parcel_in_transit")
    town.post.state = ParcelState.RETURNED
    await town.environment.client.get_workflow_handle(workflow_id(case)).signal("provider_changed")
    await town.work(case, StepKind.COLLECTION, "handed_over")
    await town.until_status(case, Status.COMPLETED)
    return case


async def void_with_inquiry(town: Recorder) -> UUID:
    return await void(town)


async def not_opened(town: Recorder) -> UUID:
    case = new_id()
    try:
        await town.office.engine.start(case, make_application_request(answers={"genre": "gossip"}))
    except InvalidInput:
        return case
    raise AssertionError("the request should have been refused")


PATHS: dict[str, Callable[[Recorder], Awaitable[UUID]]] = {
    make.__name__.replace("_", "-"): make
    for make in (
        completed_online, referred_approved, refused, counter_completed, void, expired, withdrawn_early, withdrawn_late, abandoned,
        supplement_rounds, identity_to_counter, no_portrait, posted, registry_retried, not_opened,
        asked_in_turn, registry_given_up, signed_in_query,
        approved_with_clocks, questioned_and_investigated, appointment_kept, fee_paid, fee_given_back, fee_lapsed, parcel_returned,
        void_with_inquiry,
    )
}  # fmt: skip


async def record(settings: Settings, names: list[str]) -> None:
    await migrate(settings.database_owner, settings.database)
    async with await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        dev_server_existing_path=str(Path(sys.executable).parent / "temporal"),
        dev_server_extra_args=["--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"],
        data_converter=encrypted_converter(PAYLOAD_KEYS),
        identity="recorder",  # the default names the machine
    ) as environment:
        wiring = fiction_wiring(settings, environment.client, make_service_item())
        async with workers(wiring):
            town = Recorder(wiring, await wiring.office())
            town.environment = environment
            for name in names:
                town.reset()
                case = await PATHS[name](town)
                handle = environment.client.get_workflow_handle(workflow_id(case))
                history = json.loads((await handle.fetch_history()).to_json())
                (HISTORIES / f"{name}.json").write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")
                print(f"{name}: {len(history['events'])} events")
        await wiring.close()


def main() -> None:
    names = sys.argv[1:] or list(PATHS)
    if unknown := [n for n in names if n not in PATHS]:
        sys.exit(f"no such path: {', '.join(unknown)}; there are {', '.join(PATHS)}")
    HISTORIES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for settings in run_stack(Path(folder) / "home", ("postgres",)):
            asyncio.run(record(settings, names))


if __name__ == "__main__":
    main()
