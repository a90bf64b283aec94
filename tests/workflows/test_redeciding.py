"""A decision is made again from its record to the byte; a changed file is tried on the cases of the past."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from adapters.database.tables import applications, data_reads, evidence
from casework.actors import ClerkActor
from casework.redeciding import replay_decision, try_service_item
from catalogue.redeciding import replay
from domain.application import Status
from domain.errors import NotAllowed, NotFound
from domain.jurisdiction import Role
from domain.service_item import ServiceItem, StepKind
from tests.builders import make_application_request, make_id_number, make_service_item
from tests.driving import FictionTown, make_clerk

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


async def decided(town: FictionTown, serial: int, *, books: int = 9, code: str = "library-card") -> tuple[UUID, str]:
    """A case that the machine has decided on a shelf of so many books; its acceptance number with it."""
    town.registries.records["property"] = {"books": books}
    case = await town.begin(make_application_request(code, id_number=make_id_number(serial)))
    status = Status.COMPLETED if books > 2 else Status.REVIEWING
    return case, (await town.until_status(case, status)).acceptance_number


async def test_a_decision_is_the_same_to_the_byte_when_it_is_made_again(town: FictionTown) -> None:
    for serial, books in ((301, 9), (302, 1)):
        _, number = await decided(town, serial, books=books)
        again = await replay_decision(town.office, number, None)
        assert again.identical, again.differs
        assert [result.rule for result in again.again.results] == ["name-agrees", "shelf-is-full"]
        assert set(again.stored.evidence) == {"resident_population", "property"}


async def test_a_decision_stays_the_same_after_a_supplement_and_after_the_file_was_changed(town: FictionTown) -> None:
    case, number = await decided(town, 303, books=1)
    await town.ask_for(case, "answers.shelf")
    town.registries.records["property"] = {"books": 7}
    await town.supplement(case, {"shelf": "S-2"})
    await town.open_work_item(case, StepKind.PRE_REVIEW)
    town.shelf.put(make_service_item(version=2, rules=[]))
    try:
        again = await replay_decision(town.office, number, None)
    finally:
        town.shelf.put(make_service_item())
    assert again.identical
    assert again.stored.version == 1
    assert [result.holds for result in again.again.results] == [True, True], "all holds now, and yet it stays with people"
    assert again.again.outcome == "referred"


async def test_an_answer_that_was_altered_in_the_database_is_noticed(town: FictionTown) -> None:
    case, number = await decided(town, 304)
    database = town.wiring.database
    async with database.transaction() as connection:
        row = (
            await connection.execute(
                select(evidence.c.id, evidence.c.body_box).where(evidence.c.application_id == case, evidence.c.source == "property")
            )
        ).one()
        body = database.open(row.body_box, "evidence.body", row.id).replace('"books": 9', '"books": 90')
        altered = database.seal(body, "evidence.body", row.id)
        await connection.execute(update(evidence).where(evidence.c.id == row.id).values(body_box=altered))
    again = await replay_decision(town.office, number, None)
    assert not again.identical
    assert again.damaged == ["property"]
    assert again.differs == ["results.shelf-is-full"]


async def test_a_record_that_was_altered_is_noticed(town: FictionTown) -> None:
    _, number = await decided(town, 305)
    case, item = await town.office.past.decided_case(number)
    case.decision["results"][1]["holds"] = False
    again = replay(case, item)
    assert (again.identical, again.damaged, again.differs) == (False, [], ["results.shelf-is-full"])


async def test_only_clerks_of_the_territory_make_it_again_and_the_look_is_entered(town: FictionTown) -> None:
    case, number = await decided(town, 306)
    with pytest.raises(NotAllowed):
        await replay_decision(town.office, number, make_clerk(Role.SUPERVISOR, station=None, county="330381"))
    editor = ClerkActor(make_clerk(Role.SUPERVISOR).scope.model_copy(update={"role": Role.CATALOGUE_EDITOR}), "editor", "编辑")
    with pytest.raises(NotAllowed):
        await replay_decision(town.office, number, editor)
    clerk = make_clerk(Role.SUPERVISOR, station=None, county="330302")
    await replay_decision(town.office, number, clerk)
    async with town.wiring.database.statement() as connection:
        query = select(data_reads.c.by, data_reads.c.fields).where(
            data_reads.c.application_id == case, data_reads.c.purpose["en"].as_string().like("Making the decision again%")
        )
        looks = {tuple(row.fields): row.by for row in await connection.execute(query)}
    assert looks == {("decision", "answers", "evidence"): f"clerk:{clerk.clerk_id}"}


async def test_an_unknown_number_is_not_found(town: FictionTown) -> None:
    with pytest.raises(NotFound):
        await replay_decision(town.office, "330300-20260101-000000", None)


def with_rule(item: ServiceItem, when: str) -> ServiceItem:
    changed = item.rules[1].model_copy(update={"when": when})
    return item.model_copy(update={"version": item.version + 1, "rules": [item.rules[0], changed]})


async def test_a_changed_rule_tells_who_would_have_fared_otherwise_and_by_which_rule(town: FictionTown) -> None:
    item = make_service_item(code=f"card-{uuid4().hex[:8]}")
    town.shelf.put(item)
    numbers = {books: (await decided(town, 310 + books, books=books, code=item.code))[1] for books in (1, 4, 9)}
    stricter = await try_service_item(town.office, with_rule(item, "property.found && property.books > 5"), YESTERDAY)
    assert (stricter.cases, stricter.same, stricter.skipped) == (3, 2, 0)
    assert [(c.acceptance_number, c.was, c.now, c.rules) for c in stricter.otherwise] == [
        (numbers[4], "approved", "referred", ["shelf-is-full"])
    ]
    looser = await try_service_item(town.office, with_rule(item, "property.found && property.books > 0"), YESTERDAY)
    assert [(c.acceptance_number, c.now, c.rules) for c in looser.otherwise] == [(numbers[1], "approved", ["shelf-is-full"])]
    assert looser.by_rule() == {"shelf-is-full": 1}
    same = await try_service_item(town.office, item, YESTERDAY)
    assert (same.cases, same.same, same.otherwise) == (3, 3, [])


async def test_trying_writes_nothing(town: FictionTown) -> None:
    item = make_service_item(code=f"card-{uuid4().hex[:8]}")
    town.shelf.put(item)
    case, _ = await decided(town, 330, code=item.code)
    asked = len(town.registries.asked)
    query = select(applications.c.updated_at, applications.c.decision_box, applications.c.outcome).where(applications.c.id == case)
    async with town.wiring.database.statement() as connection:
        before = (await connection.execute(query)).one()
    await try_service_item(town.office, with_rule(item, "property.books > 100"), YESTERDAY)
    async with town.wiring.database.statement() as connection:
        assert (await connection.execute(query)).one() == before
    assert len(town.registries.asked) == asked


async def test_only_cases_since_the_date_are_tried_whatever_the_size_of_a_page(town: FictionTown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.database.past.BATCH", 2)
    item = make_service_item(code=f"card-{uuid4().hex[:8]}")
    town.shelf.put(item)
    for serial in range(340, 345):
        await decided(town, serial, code=item.code)
    assert (await try_service_item(town.office, item, YESTERDAY)).cases == 5
    assert (await try_service_item(town.office, item, datetime.now(UTC) + timedelta(minutes=5))).cases == 0
