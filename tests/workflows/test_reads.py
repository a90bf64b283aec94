"""What a whole case leaves in the list of who read whose data: nothing more, nothing less."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from adapters.database.tables import data_reads
from casework import following
from domain.application import Status
from domain.jurisdiction import Role
from domain.service_item import ServiceItem, StepKind
from tests.builders import TEST_SOURCES, library_card, make_application_request, make_id_number, make_service_item
from tests.driving import INTEGRATOR, FictionTown
from workflows.prefill import PrefillRequest

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]
PROPERTY = tuple(sorted(TEST_SOURCES["property"].fields))
READER, MOTHER = make_id_number(81), make_id_number(82, born="19660606")


def family_card() -> ServiceItem:
    """A library card for which the mother, whom the population registry names, is asked about too."""
    own = {
        "source": "resident_population",
        "purpose": {"zh": "核对您的户籍", "en": "To check your household"},
        "fields": ["mother", "name"],
    }
    mothers = own | {
        "fact": "mother",
        "about": "resident_population.mother.id_number",
        "purpose": {"zh": "核对亲子关系", "en": "To check whose child you are"},
        "fields": ["children"],
    }
    return make_service_item(code="family-card", evidence=[own, mothers, library_card()["evidence"][1]])


async def rows_of(town: FictionTown, case: UUID) -> list[dict[str, Any]]:
    async with town.wiring.database.statement() as connection:
        rows = await connection.execute(select(data_reads).where(data_reads.c.application_id == case).order_by(data_reads.c.id))
        return [dict(row._mapping) for row in rows.all()]


def told(town: FictionTown, rows: list[dict[str, Any]]) -> set[tuple[str, str, str | None, tuple[str, ...], str]]:
    """About whom, by whom, from where, which fields, why."""
    names = {town.wiring.database.index(READER): "reader", town.wiring.database.index(MOTHER): "mother"}
    return {(names[bytes(r["subject_index"])], r["by"], r["source"], tuple(r["fields"]), r["purpose"]["en"]) for r in rows}


async def test_a_case_with_a_question_about_another_person_leaves_exactly_these_rows(town: FictionTown) -> None:
    town.shelf.put(family_card())
    town.registries.records["resident_population"] = {
        **(town.registries.records["resident_population"] or {}),
        "mother": {"id_number": MOTHER, "name": "虞母"},
    }
    town.registries.records["property"] = None  # so that a clerk looks at it
    case = await town.begin(make_application_request("family-card", id_number=READER))
    item = await town.open_work_item(case, StepKind.PRE_REVIEW)
    clerk = town.clerk_for(item)
    assert clerk.scope.role is Role.PRE_REVIEWER
    for _ in range(2):
        await following.get_application(town.office, clerk, case)

    rows = await rows_of(town, case)
    by_clerk = f"clerk:{clerk.clerk_id}"
    portrait = "Identity check: to compare with the clip that you recorded"
    assert told(town, rows) == {
        (
            "reader",
            f"client:{INTEGRATOR.client_id}",
            None,
            ("answers", "decision", "progress"),
            "Following the application that it handed in for you",
        ),
        ("reader", "identity", "resident_population", ("portrait",), portrait),
        ("reader", "machine", "resident_population", ("mother", "name"), "To check your household"),
        ("mother", "machine", "resident_population", ("children",), "To check whose child you are"),
        ("reader", "machine", "property", PROPERTY, "To look at the shelf"),
        ("reader", by_clerk, None, ("answers", "decision", "progress"), "Looking at the application"),
    }
    assert len(rows) == 6
    assert {r["service_item"] for r in rows} == {"family-card"}
    assert not [r for r in rows if READER in str(r) or MOTHER in str(r) or "虞" in str(r)], "no personal value"


async def test_a_registry_that_is_down_is_told_of_once(town: FictionTown) -> None:
    town.registries.down_for_look_ups = {"property"}
    case = await town.begin(make_application_request(id_number=READER))
    await town.until(case, lambda _: [q.source for q in town.registries.asked].count("property") > 1, "asked again")
    town.registries.down_for_look_ups = set()
    await town.until_status(case, Status.COMPLETED)
    asked = [(r["source"], r["by"]) for r in await rows_of(town, case) if r["by"] in ("machine", "identity")]
    assert sorted(asked) == [("property", "machine"), ("resident_population", "identity"), ("resident_population", "machine")]


async def test_filling_in_a_form_is_told_once_a_source(town: FictionTown) -> None:
    number = make_id_number(83)
    request = PrefillRequest(
        service_item="library-card",
        id_number=number,
        sources=["resident_population", "property"],
        fields={"resident_population": ["name"]},
    )
    result = await town.office.engine.prefill(request)
    assert len(result.answers) == 2
    async with town.wiring.database.statement() as connection:
        mine = data_reads.c.subject_index == town.wiring.database.index(number)
        rows = (await connection.execute(select(data_reads).where(mine))).all()
    assert sorted((r.by, r.source, tuple(r.fields), r.service_item, r.application_id) for r in rows) == [
        ("prefill", "property", PROPERTY, "library-card", None),
        ("prefill", "resident_population", ("name",), "library-card", None),
    ]
