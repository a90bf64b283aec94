"""An integrator that starts a case with a Temporal client, and nothing else of ours, gets the case that the API makes."""

import pytest
from temporalio.client import Client

from adapters.payloads import encrypted_converter
from casework.views import ApplicationView
from domain.application import ApplicationRequest, Status
from domain.ids import new_id, workflow_id
from settings import Settings
from tests.driving import INTEGRATOR, real_town
from workflows.policies import CASES_QUEUE

pytestmark = pytest.mark.stack


def comparable(view: ApplicationView) -> dict[str, object]:
    """All of a case but its own ids, moments and numbers. Registries answer in any order."""
    told = [(e.event, e.by, e.text.en) for e in view.timeline]
    return {
        "status": view.status,
        "decision": view.decision.model_dump(exclude={"decided_at"}) if view.decision else None,
        "timeline": sorted(told),
        "ends": told[-1],
        "sources": [e.source for e in view.evidence],
        "documents": [d.title for d in view.documents],
        "waiting_for": view.waiting_for,
        "answers": view.answers,
        "delivery": view.delivery,
        "item": (view.service_item, view.version),
    }


async def test_a_case_started_by_a_temporal_client_is_the_case_that_the_api_makes(migrated: Settings) -> None:
    async with real_town(migrated) as town:
        request = await town.request("no-record", "no-criminal-record", client_id=INTEGRATOR.client_id)
        ours = await town.begin(request)

        client = await Client.connect(migrated.temporal, data_converter=encrypted_converter(migrated.payload_keys))
        theirs = new_id()
        plain = ApplicationRequest.model_validate_json(request.model_dump_json())
        handle = await client.start_workflow("no-criminal-record", plain, id=workflow_id(theirs), task_queue=CASES_QUEUE)
        await handle.execute_update("opened")
        await town.hand_in_clip(theirs)

        one = await town.until_status(ours, Status.COMPLETED)
        other = await town.until_status(theirs, Status.COMPLETED)
        assert comparable(one) == comparable(other)
        assert one.acceptance_number[:14] == other.acceptance_number[:14]
        assert one.documents[0].number != other.documents[0].number
        assert (await handle.result())["status"] == "completed"
