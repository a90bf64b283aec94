"""A town in a county of its own whose clocks can be moved and whose workers can be stopped, and when its limits should end."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from adapters.database.tables import events, inquiries, staff_notices, work_items
from casework import clerking, queueing
from casework.actors import ClerkActor
from casework.calendar import tell_cases
from domain.application import Status
from domain.appointments import DEFAULT_HOURS
from domain.calendar import Correction
from domain.changes import SetAppointment, SupplementRequest
from domain.clock import CHINA, day_in_china
from domain.ids import new_id, workflow_id
from domain.jurisdiction import Role
from domain.service_item import ServiceItem, StepKind
from domain.text import Bilingual
from tests.builders import FakeCashier, make_application_request, make_service_item
from tests.driving import PATIENCE_SECONDS, FictionTown, workers
from tests.filing import some_station

STATION = some_station()
COUNTY = STATION[:6]
CLOSED = Bilingual(zh="图书馆整修", en="The library is being repaired")
MORNING = time(9)
IsWorking = Callable[[date], bool]
LIMITS = ("limit_half_used", "limit_due_tomorrow", "limit_overdue", "promised_limit_passed", "legal_limit_passed")


def item_with(code: str, first_step_days: int, **changes: Any) -> ServiceItem:
    plain = make_service_item()
    first, approval = plain.steps
    steps = [first.model_copy(update={"working_days": first_step_days}), approval]
    return ServiceItem.model_validate(
        plain.model_dump(mode="json") | {"code": code, "steps": [s.model_dump(mode="json") for s in steps]} | changes
    )


class Library(FictionTown):
    """A town in a county of its own, whose workers can be stopped and started, and whose clocks can be moved."""

    def __init__(self, wiring: Any, office: Any, environment: WorkflowEnvironment) -> None:
        super().__init__(wiring, office)
        self.cashier: FakeCashier = wiring.__dict__["cashier"]
        self._environment = environment
        self._running = AsyncExitStack()

    def live_at(self, station: str) -> None:
        """Whose territory the next cases are."""
        register = self.registries.records["resident_population"]
        assert register is not None
        register["station_code"] = station

    async def open(self) -> None:
        await self._running.enter_async_context(workers(self.wiring))

    async def close(self) -> None:
        await self._running.aclose()

    async def forward(self, case: UUID, length: timedelta) -> None:
        await self._environment.fast_forward(self._environment.client.get_workflow_handle(workflow_id(case)), length)

    async def forward_without_workers(self, case: UUID, length: timedelta) -> None:
        """Timers fire while nobody is there; whoever comes next finds them."""
        await self.close()
        passing = asyncio.ensure_future(self.forward(case, length))
        await asyncio.sleep(0.5)
        await self.open()
        await passing

    async def in_pre_review(self, item: str, **request: Any) -> tuple[UUID, UUID, ClerkActor]:
        """A referred case, its first step, and the clerk who holds it."""
        case = await self.begin(make_application_request(item, **request))
        return case, *(await self.hold(case, StepKind.PRE_REVIEW))

    async def hold(self, case: UUID, kind: StepKind) -> tuple[UUID, ClerkActor]:
        record = await self.open_work_item(case, kind)
        clerk = self.clerk_for(record)
        await queueing.claim(self.office, clerk, record["id"])
        return record["id"], clerk

    async def work_on(self, case: UUID, work_item_id: UUID, clerk: ClerkActor, outcome: str) -> None:
        await clerking.complete(self.office, clerk, work_item_id, outcome=outcome)
        await self.until_event(case, "work_item_completed")

    async def row(self, work_item_id: UUID) -> Any:
        async with self.wiring.database.statement() as connection:
            return (await connection.execute(select(work_items).where(work_items.c.id == work_item_id))).one()

    async def told(self, case: UUID, names: Collection[str] = LIMITS) -> list[tuple[str, datetime]]:
        query = select(events.c.event, events.c.at).where(events.c.application_id == case, events.c.event.in_(names)).order_by(events.c.id)
        async with self.wiring.database.statement() as connection:
            return [(row.event, row.at) for row in await connection.execute(query)]

    async def until_told(self, case: UUID, event: str, times: int = 1) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while len(await self.told(case, [event])) < times:
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"{event} × {times} was never told: {await self.told(case, [event])}")
            await asyncio.sleep(0.05)

    async def moment(self, case: UUID, event: str) -> datetime:
        return (await self.told(case, [event]))[-1][1]

    async def inquiries_of(self, case: UUID) -> list[str]:
        async with self.wiring.database.statement() as connection:
            query = select(inquiries.c.pattern).where(inquiries.c.application_id == case).order_by(inquiries.c.opened_at)
            return list((await connection.execute(query)).scalars())

    async def notices_of(self, case: UUID, kind: str) -> set[str]:
        async with self.wiring.database.statement() as connection:
            query = select(staff_notices.c.clerk_id).where(staff_notices.c.application_id == case, staff_notices.c.kind == kind)
            return set((await connection.execute(query)).scalars())

    async def member(self, role: Role, *, leads: bool = False, station: str | None = STATION) -> str:
        row = {"login": f"{role.value}-{uuid4()}", "name": "馆员", "role": role.value, "county": COUNTY, "station": station, "leads": leads}
        return await self.office.accounts.add_clerk(row | {"password_hash": "none", "created_at": self.office.now()}, "secret")

    async def correct(self, day: date, *, working: bool) -> None:
        correction = Correction(day=day, county=COUNTY, working=working, name=CLOSED)
        await self.wiring.calendar.correct(correction, "clerk:tests", self.office.now(), str(new_id()))

    async def tell(self) -> None:
        await tell_cases(self.wiring.calendar, self.office.engine, settle_seconds=0)

    async def send_back(self, case: UUID, work_item_id: UUID, clerk: ClerkActor) -> None:
        marked = [SupplementRequest(target="answers.shelf", reason="请更正")]
        await clerking.complete(self.office, clerk, work_item_id, outcome="supplement", supplement=marked)
        await self.until_status(case, Status.SUPPLEMENTING)

    async def open_tasks(self, case: UUID) -> list[dict[str, Any]]:
        records = await self.office.desk.work_items_of([case])
        return [record for record in records if record["kind"] == StepKind.INVESTIGATION and record["status"] == "open"]

    def slot(self, begun: datetime, number: int, is_working: IsWorking) -> datetime:
        """The first slot of the first working day from so many days on."""
        day = day_in_china(begun) + timedelta(days=number)
        while not is_working(day):
            day += timedelta(days=1)
        return datetime.combine(day, DEFAULT_HOURS[0].opens, CHINA)

    async def appointment(self, case: UUID, starts_at: datetime | None) -> None:
        await self.office.engine.command(
            case, "set_appointment", SetAppointment(station=STATION if starts_at else None, starts_at=starts_at)
        )

    async def working_days(self) -> IsWorking:
        return await self.wiring.working_days.working_day_test(COUNTY)


def nth(begins: datetime, number: int, is_working: IsWorking, *still: tuple[datetime, datetime]) -> date:
    """The day on which so many working days are used, those from the first to before the last day of each pause left out."""
    day = day_in_china(begins)
    while number:
        day += timedelta(days=1)
        stands = any(day_in_china(since) <= day < day_in_china(until) for since, until in still)
        number -= is_working(day) and not stands
    return day


def eve_of(day: date, is_working: IsWorking) -> datetime:
    day -= timedelta(days=1)
    while not is_working(day):
        day -= timedelta(days=1)
    return datetime.combine(day, MORNING, CHINA)


def at_their_moments(told: list[tuple[str, datetime]], expected: list[tuple[str, datetime]]) -> bool:
    """Each once, in this order, within a minute."""
    same = [name for name, _ in told] == [name for name, _ in expected]
    return same and all(abs(one - other) < timedelta(minutes=1) for (_, one), (_, other) in zip(told, expected, strict=True))
