"""Every recorded history replays under today's code: a case in flight survives a new version."""

import json
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.worker import (
    Interceptor,
    Replayer,
    StartLocalActivityInput,
    UnsandboxedWorkflowRunner,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from adapters.payloads import encrypted_converter
from domain.application import Status
from tests.replay.key import HISTORIES, PAYLOAD_KEYS
from tests.replay.record import PATHS
from workflows.procedure import ServiceItemProcedure

RECORDED = sorted(HISTORIES.glob("*.json"))


def read(path: Path) -> WorkflowHistory:
    text = path.read_text(encoding="utf-8")
    started = json.loads(text)["events"][0]["workflowExecutionStartedEventAttributes"]
    return WorkflowHistory.from_json(started["workflowId"], text)


def converter() -> DataConverter:
    return encrypted_converter(PAYLOAD_KEYS)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_a_recorded_case_replays(path: Path) -> None:
    replayer = Replayer(workflows=[ServiceItemProcedure], data_converter=converter())
    await replayer.replay_workflow(read(path))


def test_every_path_has_its_history() -> None:
    assert {path.stem for path in RECORDED} == set(PATHS)


def test_histories_name_no_person_and_no_machine() -> None:
    for path in RECORDED:
        text = path.read_text(encoding="utf-8")
        assert "library-card" in text, "the workflow type is meant to be readable"
        assert "33030219900102" not in text
        assert "13800000001" not in text
        identities = {
            value
            for event in json.loads(text)["events"]
            for attributes in event.values()
            if isinstance(attributes, dict)
            for key, value in attributes.items()
            if key == "identity"
        }
        assert identities <= {"recorder", "history-service", ""}


class _Statuses(Interceptor):
    """Notes each status that a replayed case writes."""

    seen: set[Status]

    def __init__(self) -> None:
        _Outbound.seen = self.seen = {Status.VERIFYING}  # what every case opens with

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    seen: set[Status]

    def start_local_activity(self, input: StartLocalActivityInput) -> workflow.ActivityHandle[Any]:
        for argument in input.args:
            if isinstance(status := getattr(argument, "status", None), Status):
                self.seen.add(status)
        return super().start_local_activity(input)


async def test_every_status_lies_on_a_recorded_path() -> None:
    statuses = _Statuses()
    replayer = Replayer(
        workflows=[ServiceItemProcedure],
        data_converter=converter(),
        interceptors=[statuses],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    for path in RECORDED:
        await replayer.replay_workflow(read(path))
    assert statuses.seen == set(Status)


async def test_a_procedure_that_was_changed_without_care_fails_to_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the test above can fail: here somebody puts the registries before the identity check."""

    async def registries_first(self: Any) -> None:
        await self._gather_evidence()
        await original(self)

    original = ServiceItemProcedure._procedure
    monkeypatch.setattr(ServiceItemProcedure, "_procedure", registries_first)
    replayer = Replayer(workflows=[ServiceItemProcedure], data_converter=converter(), workflow_runner=UnsandboxedWorkflowRunner())
    with pytest.raises(workflow.NondeterminismError):
        await replayer.replay_workflow(read(HISTORIES / "completed-online.json"))
