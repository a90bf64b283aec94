"""The wiring against reality: what workflows call is registered, on the task queue that they name."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import worker
import workflows
from settings import PROJECT, Settings
from stack.own import ROLES as STARTED_ROLES
from tests.builders import ScriptedVerifier
from tests.driving import TestWiring
from workflows import policies
from workflows.policies import CASES_QUEUE

pytestmark = pytest.mark.stack

_STARTERS = {"execute_activity_method", "execute_local_activity_method", "start_activity_method", "start_local_activity_method"}


@dataclass(frozen=True)
class Call:
    place: str
    activity: str
    queue: str


def calls() -> Iterator[Call]:
    """Every activity that a workflow calls, with the task queue that its policy names."""
    for path in sorted(Path(workflows.__file__ or "").parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or "activity" not in node.func.attr:
                continue
            place = f"{path.name}:{node.lineno}"
            assert node.func.attr in _STARTERS, f"{place}: this test does not know {node.func.attr}"
            method = node.args[0]
            assert isinstance(method, ast.Attribute), f"{place}: an activity is named by its class and method"
            (policy,) = [k.value for k in node.keywords if k.arg is None]
            assert isinstance(policy, ast.Name), f"{place}: a policy of workflows/policies.py"
            options: dict[str, Any] = getattr(policies, policy.id)
            yield Call(place, method.attr, CASES_QUEUE if "local" in node.func.attr else options["task_queue"])


async def registered(settings: Settings) -> dict[str, dict[str, Any]]:
    """The configuration of each role's worker, by task queue."""
    wiring = TestWiring(settings, await TestWiring(settings).connected_temporal(), verifier=ScriptedVerifier())
    try:
        made = [await make_worker(wiring) for make_worker, _ in worker.ROLES.values()]
    finally:
        await wiring.close()
    return {config["task_queue"]: dict(config) for config in (w.config() for w in made)}


def activity_names(config: dict[str, Any]) -> set[str]:
    return {activity.__temporal_activity_definition.name for activity in config["activities"]}


def test_workflows_call_activities_at_all() -> None:
    assert {call.activity for call in calls()} >= {"open_case", "gather_evidence", "verify_identity", "issue_document", "look_up"}


async def test_every_activity_that_a_workflow_calls_is_registered_on_the_queue_it_names(migrated: Settings) -> None:
    workers = await registered(migrated)
    lost = [call for call in calls() if call.queue not in workers or call.activity not in activity_names(workers[call.queue])]
    assert lost == []


async def test_every_registered_activity_is_called_by_a_workflow(migrated: Settings) -> None:
    called = {(call.queue, call.activity) for call in calls()}
    idle = {(q, name) for q, config in (await registered(migrated)).items() for name in activity_names(config)} - called
    assert idle == set()


async def test_every_task_queue_of_a_workflow_has_a_worker_that_the_stack_starts(migrated: Settings) -> None:
    queues = {value for name, value in vars(policies).items() if name.endswith("_QUEUE")}
    assert queues == set(await registered(migrated)) == set(worker.ROLES) == set(STARTED_ROLES)


async def test_cases_run_where_they_are_started(migrated: Settings) -> None:
    names = {w.__temporal_workflow_definition.name for w in (await registered(migrated))[CASES_QUEUE]["workflows"]}
    assert names == {None, "prefill", "portrait"}, "one procedure for every service item, the form's questions, and a clerk's look"


def test_only_the_registries_role_and_the_identity_check_reach_registries() -> None:
    """The closed network: the `cases` role asks no registry, and neither does anything public."""
    askers = [
        path.relative_to(PROJECT).as_posix()
        for folder in ("activities", "api", "web", "casework")
        for path in (PROJECT / folder).rglob("*.py")
        if "RegistryConnector" in path.read_text(encoding="utf-8")
    ]
    assert sorted(askers) == ["activities/identity.py", "activities/portraits.py", "activities/registries.py"]
