"""A registry that is down: waited for as long as it takes, or as long as the service item has patience; then a person goes on."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from domain.application import Status
from domain.service_item import ServiceItem, StepKind
from tests.builders import library_card, make_application_request, make_id_number, make_service_item
from tests.driving import FictionTown

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]


LABEL = {"zh": "不动产登记", "en": "Property registry"}  # as the loader fills it in


@pytest.fixture
def short_hours(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An hour of patience passes in a second: the engine skips no time while a registry is asked."""
    monkeypatch.setattr("domain.service_item.SECONDS_OF_PATIENCE", 1.0)
    yield


def in_haste(hours: int = 2) -> ServiceItem:
    people, shelves = library_card()["evidence"]
    return make_service_item(code="library-card-in-haste", evidence=[people, shelves | {"patience_hours": hours, "label": LABEL}])


async def while_down(town: FictionTown, item: ServiceItem, serial: int) -> UUID:
    town.shelf.put(item)
    town.registries.down = {"property"}
    case = await town.begin(make_application_request(item.code, id_number=make_id_number(serial), delivery="counter"))
    await town.until_event(case, "registry_late")
    return case


async def test_beyond_its_patience_a_person_goes_on_without_the_registry(town: FictionTown, short_hours: None) -> None:
    case = await while_down(town, in_haste(), 401)
    await town.open_work_item(case, StepKind.PRE_REVIEW)
    view = await town.view(case)
    assert [entry.event for entry in view.timeline].count("registry_given_up:property") == 1
    assert [entry.text.en for entry in view.timeline if entry.event.startswith("registry_given_up")] == [
        "Property registry has not answered for 2 hours; a person goes on without it"
    ]
    assert view.decision is not None
    assert view.decision.outcome == "referred"
    assert {reason.rule: reason.holds for reason in view.decision.reasons} == {"name-agrees": True, "shelf-is-full": None}
    assert {evidence.source for evidence in view.evidence} == {"resident_population"}
    asked = len(town.registries.asked)
    town.registries.down = set()
    await town.work(case, StepKind.PRE_REVIEW, "pass")
    await town.work(case, StepKind.APPROVAL, "approve", reason="书架在")
    await town.visit(case)
    await town.until_status(case, Status.COMPLETED)
    assert len(town.registries.asked) == asked, "a registry that was given up is asked no more"


async def test_a_registry_that_comes_back_in_time_is_heard(town: FictionTown, short_hours: None) -> None:
    case = await while_down(town, in_haste(hours=60), 402)
    town.registries.down = set()
    view = await town.until_status(case, Status.AWAITING_COUNTER)
    assert not [entry for entry in view.timeline if entry.event.startswith("registry_given_up")]
    assert view.decision is not None
    assert view.decision.outcome == "approved"


async def test_without_a_limit_it_is_waited_for(town: FictionTown, short_hours: None) -> None:
    item = in_haste()
    case = await while_down(town, item.model_copy(update={"code": "library-card-patient", "evidence": make_service_item().evidence}), 403)
    hurried = await while_down(town, item, 404)
    await town.open_work_item(hurried, StepKind.PRE_REVIEW)  # its two hours are over
    view = await town.view(case)
    assert view.status is Status.GATHERING
    assert [(waiting.what, waiting.late) for waiting in view.waiting_for] == [("property", True)]
    town.registries.down = set()
    await town.until_status(case, Status.AWAITING_COUNTER)


async def test_a_case_is_withdrawn_while_a_registry_is_waited_for(town: FictionTown, short_hours: None) -> None:
    case = await while_down(town, in_haste(hours=600), 405)
    assert (await town.withdraw(case)).status is Status.WITHDRAWN


async def test_what_cannot_be_told_is_not_told_as_if_it_were_false(town: FictionTown, short_hours: None) -> None:
    case = await while_down(town, in_haste(), 406)
    await town.open_work_item(case, StepKind.PRE_REVIEW)
    decision = (await town.view(case)).decision
    assert decision is not None
    (shelf,) = [reason for reason in decision.reasons if reason.rule == "shelf-is-full"]
    assert shelf.text.en.startswith("Something is missing")


async def test_a_sign_of_doubt_that_holds_speaks_against_approval_on_the_case(town: FictionTown) -> None:
    name, shelf = library_card()["rules"]
    town.shelf.put(make_service_item(code="library-card-in-doubt", rules=[name, shelf | {"outcome": "refer"}]))
    case = await town.begin(make_application_request("library-card-in-doubt", id_number=make_id_number(407), delivery="counter"))
    await town.open_work_item(case, StepKind.PRE_REVIEW)
    decision = (await town.view(case)).decision
    assert decision is not None
    assert {reason.rule: (reason.holds, reason.favourable) for reason in decision.reasons} == {
        "name-agrees": (True, True),
        "shelf-is-full": (True, False),
    }
