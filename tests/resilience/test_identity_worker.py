"""The identity worker is killed in the middle of a check: the clip is taken up again, and no attempt is lost."""

import os
import signal
import time

import psutil
import pytest

from settings import Settings
from tests.e2e.program import DemoAccess, Integrator, demo_access

pytestmark = [pytest.mark.resilience, pytest.mark.stack, pytest.mark.long]


@pytest.fixture(scope="module")
def access(running_stack: Settings) -> DemoAccess:
    return demo_access(running_stack)


def identity_worker(settings: Settings) -> psutil.Process:
    """The process of this stack that checks; it may be starting again."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for process in psutil.process_iter(["cmdline"]):
            if process.info["cmdline"][-2:] == ["worker.py", "identity"] and _home_of(process) == str(settings.home):
                return process
        time.sleep(0.1)
    raise AssertionError("no identity worker runs")


def _home_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("ONETRIP_HOME")
    except psutil.Error:  # it has just ended
        return None


def test_a_clip_in_the_hands_of_a_killed_worker_costs_a_retry_and_no_attempt(running_stack: Settings, access: DemoAccess) -> None:
    integrator = Integrator(running_stack, access)
    case = integrator.apply("no-criminal-record", "no-record", {"reason": "abroad"}, {"method": "online"})
    worker = identity_worker(running_stack)
    before = worker.cpu_times().user
    view = integrator.record_clip(case)
    deadline = time.monotonic() + 60
    while worker.cpu_times().user < before + 0.15 and time.monotonic() < deadline:  # it has begun to look at the clip
        time.sleep(0.01)
    assert integrator.read(case)["identity"]["checking"], "the check ended before the worker could be killed"
    os.kill(worker.pid, signal.SIGKILL)
    view = integrator.wait_for(case, "completed")
    assert view["identity"]["attempts_used"] == 1
    assert [entry["event"] for entry in view["timeline"] if entry["event"].startswith("identity")] == ["identity_passed"]
    assert identity_worker(running_stack).pid != worker.pid
