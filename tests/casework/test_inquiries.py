"""Who may do what with an inquiry, and that whoever reads one is entered."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select, update

from adapters.database import tables
from casework import figures, inquiries, rating
from casework.actors import ClerkActor
from domain.errors import FourEyes, InvalidInput, NotAllowed, NotFound, WrongState
from domain.figures import Counted
from domain.inquiries import Pattern
from domain.jurisdiction import Role
from domain.ratings import Grade, NewRating, RatingReason
from tests.builders import make_application_request
from tests.driving import INTEGRATOR, make_clerk
from tests.filing import Cabinet, some_station
from web.spreadsheet import as_csv

pytestmark = pytest.mark.stack


def now() -> datetime:
    return datetime.now(UTC)


def supervisor_of(station: str) -> ClerkActor:
    return make_clerk(Role.SUPERVISOR, station=None, county=station[:6])


async def opened(cabinet: Cabinet, station: str, *, clerk_id: str | None = None, application_id: UUID | None = None) -> UUID:
    found = await cabinet.wiring.inquiries.open(
        key=f"k:{uuid4()}", pattern=Pattern.UNDOABLE, county=station[:6], station=station, opened_by="machine", at=now(),
        clerk_id=clerk_id, application_id=application_id,
    )  # fmt: skip
    assert found
    return found[0]


async def looks(cabinet: Cabinet, case: UUID, by: ClerkActor) -> int:
    query = select(func.count()).where(tables.data_reads.c.application_id == case, tables.data_reads.c.by == f"clerk:{by.clerk_id}")
    async with cabinet.wiring.database.statement() as connection:
        return int((await connection.execute(query)).scalar_one())


async def test_a_supervisor_opens_one_by_hand_owns_it_and_closes_it(cabinet: Cabinet) -> None:
    here = some_station()
    case, actor = await cabinet.case(here), supervisor_of(here)
    inquiry = await inquiries.open_by_hand(cabinet.office, actor, case, "多次投诉")
    detail = await inquiries.inquiry(cabinet.office, actor, inquiry)
    assert detail.mine and detail.may_work and [e.text.zh for e in detail.entries] == ["多次投诉", "接手督办"]
    assert [row.id for row in await inquiries.of_case(cabinet.office, actor, case)] == [inquiry]
    assert await looks(cabinet, case, actor) == 1
    await inquiries.close(cabinet.office, actor, inquiry, "in_order", "查无问题")
    assert not (await inquiries.inquiry(cabinet.office, actor, inquiry)).may_work
    with pytest.raises(WrongState):
        await inquiries.add_entry(cabinet.office, actor, inquiry, "再记一笔")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SUPERVISOR])
async def test_nobody_but_a_supervisor_sees_or_opens_one(cabinet: Cabinet, role: Role) -> None:
    here = some_station()
    case, inquiry, actor = await cabinet.case(here), await opened(cabinet, here), make_clerk(role, station=here)
    for refused in (
        inquiries.inquiries(cabinet.office, actor),
        inquiries.inquiry(cabinet.office, actor, inquiry),
        inquiries.open_by_hand(cabinet.office, actor, case, "想看看"),
        inquiries.take_over(cabinet.office, actor, inquiry),
        inquiries.close(cabinet.office, actor, inquiry, "in_order", "没事"),
        figures.figures(cabinet.office, actor),
        rating.read_rating(cabinet.office, actor, case),
    ):
        with pytest.raises(NotAllowed):
            await refused
    assert await inquiries.of_case(cabinet.office, actor, case) == []


async def test_another_countys_supervisor_sees_and_does_nothing(cabinet: Cabinet) -> None:
    here = some_station()
    case, inquiry, stranger = await cabinet.case(here), await opened(cabinet, here), supervisor_of(some_station())
    for refused in (
        inquiries.inquiry(cabinet.office, stranger, inquiry),
        inquiries.take_over(cabinet.office, stranger, inquiry),
        inquiries.open_by_hand(cabinet.office, stranger, case, "越界"),
        inquiries.of_case(cabinet.office, stranger, case),
        figures.figures(cabinet.office, stranger, place=here),
    ):
        with pytest.raises(NotAllowed):
            await refused
    assert (await inquiries.inquiries(cabinet.office, stranger)).items == []
    assert await looks(cabinet, case, stranger) == 0


async def test_whom_an_inquiry_concerns_reads_it_and_does_not_direct_it(cabinet: Cabinet) -> None:
    here = some_station()
    concerned = supervisor_of(here)
    inquiry = await opened(cabinet, here, clerk_id=concerned.clerk_id)
    detail = await inquiries.inquiry(cabinet.office, concerned, inquiry)
    assert not (detail.may_take or detail.may_work)
    for act in (
        inquiries.take_over(cabinet.office, concerned, inquiry),
        inquiries.close(cabinet.office, concerned, inquiry, "in_order", "没事"),
    ):
        with pytest.raises(FourEyes):
            await act


async def test_only_the_owner_enters_asks_and_closes(cabinet: Cabinet) -> None:
    here = some_station()
    owner, other = supervisor_of(here), supervisor_of(here)
    inquiry = await opened(cabinet, here)
    await inquiries.take_over(cabinet.office, owner, inquiry)
    for act in (
        inquiries.add_entry(cabinet.office, other, inquiry, "旁注"),
        inquiries.ask(cabinet.office, other, inquiry, "somebody", "问"),
        inquiries.close(cabinet.office, other, inquiry, "in_order", "没事"),
    ):
        with pytest.raises(NotAllowed):
            await act
    assert (await inquiries.inquiry(cabinet.office, other, inquiry)).may_take


@pytest.mark.parametrize(
    ("finding", "words", "field"), [("", "写了", "/finding"), ("nothing", "写了", "/finding"), ("mistake", " ", "/words")]
)
async def test_a_closing_without_finding_or_words_names_what_is_missing(cabinet: Cabinet, finding: str, words: str, field: str) -> None:
    here = some_station()
    owner, inquiry = supervisor_of(here), await opened(cabinet, here)
    await inquiries.take_over(cabinet.office, owner, inquiry)
    with pytest.raises(InvalidInput) as refused:
        await inquiries.close(cabinet.office, owner, inquiry, finding, words)
    assert [f.path for f in refused.value.fields] == [field]


# --- ratings ---


async def ended_case(cabinet: Cabinet, station: str) -> UUID:
    case = await cabinet.case(station, make_application_request(client_id=INTEGRATOR.client_id))
    async with cabinet.wiring.database.transaction() as connection:
        change = update(tables.applications).where(tables.applications.c.id == case)
        await connection.execute(change.values(status="completed", ended_at=now()))
    return case


async def test_an_ended_case_is_rated_once_by_its_own_and_a_bad_rating_opens_an_inquiry(cabinet: Cabinet) -> None:
    here = some_station()
    bad, good = await ended_case(cabinet, here), await ended_case(cabinet, here)
    await rating.rate(cabinet.office, INTEGRATOR, good, NewRating(grade=Grade.FAIR))
    await rating.rate(cabinet.office, INTEGRATOR, bad, NewRating(grade=Grade.BAD, reasons=[RatingReason.MANNER], comment="张三态度差"))
    with pytest.raises(WrongState):
        await rating.rate(cabinet.office, INTEGRATOR, bad, NewRating(grade=Grade.VERY_GOOD))
    actor = supervisor_of(here)
    assert [row.pattern for row in await inquiries.of_case(cabinet.office, actor, bad)] == [Pattern.BAD_RATING]
    assert await inquiries.of_case(cabinet.office, actor, good) == []
    before = await looks(cabinet, bad, actor)
    read = await rating.read_rating(cabinet.office, actor, bad)
    assert (read.grade, read.comment) == (Grade.BAD, "张三态度差")
    assert await looks(cabinet, bad, actor) == before + 1
    async with cabinet.wiring.database.statement() as connection:
        box = (await connection.execute(select(tables.ratings.c.comment_box).where(tables.ratings.c.application_id == bad))).scalar_one()
        event = (
            await connection.execute(
                select(tables.events.c.data).where(tables.events.c.application_id == bad, tables.events.c.event == "rated")
            )
        ).scalar_one()
    assert "张三".encode() not in bytes(box) and event == {"grade": 2}


async def test_a_case_that_goes_on_is_not_rated_and_other_peoples_cases_do_not_exist(cabinet: Cabinet) -> None:
    here = some_station()
    going_on = await cabinet.case(here, make_application_request(client_id=INTEGRATOR.client_id))
    with pytest.raises(WrongState):
        await rating.rate(cabinet.office, INTEGRATOR, going_on, NewRating(grade=Grade.GOOD))
    somebodys = await cabinet.case(here)
    with pytest.raises(NotFound):
        await rating.rate(cabinet.office, INTEGRATOR, somebodys, NewRating(grade=Grade.GOOD))
    with pytest.raises(NotAllowed):
        await rating.rate(cabinet.office, supervisor_of(here), going_on, NewRating(grade=Grade.GOOD))


# --- figures ---


async def test_the_public_is_told_no_small_number(cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [
        Counted(key="library-card", ended=40, completed=40, machine_approved=37, complete_at_first=20, median_hours=2, p95_hours=9),
        Counted(key="rare", ended=2, completed=2, machine_approved=1, median_hours=77),
        Counted(key="seldom", ended=9, completed=9, machine_approved=9, p95_hours=50),
    ]
    whole = Counted(key="", ended=51, completed=51, machine_approved=47, complete_at_first=20, median_hours=2, p95_hours=20)

    async def counted(*_: object, **__: object) -> dict[str, list[Counted]]:
        return {"all": [whole], "items": items, "offices": [], "months": [Counted(key="2026-05", ended=51)]}

    async def grades(*_: object, **__: object) -> list[dict[str, object]]:
        return [{"grouped": "all", "key": "", "grade": 5, "n": 30}, {"grouped": "all", "key": "", "grade": 1, "n": 1}]

    monkeypatch.setattr(cabinet.office.figures, "counted", counted)
    monkeypatch.setattr(cabinet.office.figures, "grades", grades)
    told = await figures.public_figures(cabinet.office)
    assert told.all is not None and told.all.machine_approved is None, "four were not approved by the machine"
    assert [(line.ended, line.median_hours, line.p95_hours) for line in told.items] == [(40, 2, 9), (11, None, None)]
    assert told.items[0].machine_approved is None and told.items[0].complete_at_first == 0.5
    assert told.grades is None


async def test_figures_are_of_a_month_an_item_and_a_place_that_exist(cabinet: Cabinet) -> None:
    here = some_station()
    async with cabinet.wiring.database.transaction() as connection:
        for n in range(3):
            case = await cabinet.case(here)
            change = update(tables.applications).where(tables.applications.c.id == case)
            await connection.execute(change.values(status="completed", outcome="approved", ended_at=now()))
            await connection.execute(insert(tables.ratings).values(application_id=case, grade=5 - n, reasons=[], at=now()))
    made = await figures.figures(cabinet.office, supervisor_of(here), service_item="library-card", place=here)
    assert made.all.ended == 3 and made.all.machine_share == 1 and [line.key for line in made.offices] == [here]
    assert made.grades.total == 3 and made.grades.satisfied_share == 1
    for wrong in ({"month": "2026-13"}, {"month": "soon"}, {"service_item": "no-such"}):
        with pytest.raises(InvalidInput):
            await figures.figures(cabinet.office, supervisor_of(here), **wrong)


def test_a_table_to_keep_is_read_as_utf_8_and_holds_no_formula() -> None:
    text = as_csv([["=HYPERLINK(1)", "+1", "-1", "@a", "好"], [-1, 2.5, None, "\tx", "a=b"]])
    assert text == "\ufeff'=HYPERLINK(1),'+1,'-1,'@a,好\r\n-1,2.5,,'\tx,a=b\r\n"
