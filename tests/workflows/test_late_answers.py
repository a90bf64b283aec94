"""An answer that comes after a case was decided without it."""

from datetime import UTC, datetime, timedelta

import pytest

from casework.redeciding import replay_decision, try_service_item
from domain.application import Status
from domain.evidence import RegistryQuery
from tests.builders import make_application_request, make_id_number, make_service_item
from tests.driving import FictionTown

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]


async def test_an_answer_that_came_too_late_is_kept_and_changes_neither_the_decision_nor_what_it_is_made_of(town: FictionTown) -> None:
    town.registries.records |= {"property": None, "marriage": {"status": "married"}}
    request = make_application_request(id_number=make_id_number(391))
    case = await town.begin(request)
    before = await town.until_status(case, Status.REVIEWING)
    question = RegistryQuery(source="marriage", id_number=request.applicant.id_number, purpose="late", request_id="late")
    await town.wiring.papers.keep_evidence(case, 0, "late", await town.registries.look_up(question))
    after = await town.view(case)
    assert (after.status, after.decision, after.waiting_for) == (before.status, before.decision, before.waiting_for)
    again = await replay_decision(town.office, after.acceptance_number, None)
    assert again.identical, again.differs
    assert "marriage" not in again.stored.evidence
    trial = await try_service_item(town.office, make_service_item(), datetime.now(UTC) - timedelta(days=1))
    assert after.acceptance_number not in [changed.acceptance_number for changed in trial.otherwise]
