"""Fixtures that many rooms share, and what a machine may lack."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import hypothesis
import pytest

from adapters.database.migrate import migrate
from settings import Settings
from stack.doctor import CHROMIUM_NAMES
from stack.own import INFRASTRUCTURE
from tests.dealing import Dealing, stands_on_the_whole_stack, tell_apart
from tests.running import run_stack

# What a procedure must not do (clocks, randomness, I/O) is noticed here, before it costs a history.
os.environ["ONETRIP_WORKFLOW_SANDBOX"] = "1"

# Enough people for every test; 100,000 take seconds at each start of the simulators.
os.environ.setdefault("REGISTRIES_POPULATION", "10000")

# Tests run at any hour.
os.environ.setdefault("QUIET_HOURS", "false")

# A busy machine is no failure.
hypothesis.settings.register_profile("onetrip", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("onetrip")

PAGE_MS = 30_000
NO_CHROMIUM = "there is no chromium: as root, `apt-get install chromium fonts-noto-cjk`"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Dealing | None:
    """Of several processes; whoever names another way of dealing (`--dist`) gets that."""
    return Dealing(config, log) if config.getoption("dist") == "load" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of several processes one begins with what takes longest. Without a browser its tests are skipped, and the run says so at its end
    (`-ra`)."""
    tell_apart(items)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not stands_on_the_whole_stack(item.nodeid))
    if any(shutil.which(name) for name in CHROMIUM_NAMES):
        if any(item.get_closest_marker("browser") for item in items):
            _wait_for_pages()
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


def _wait_for_pages() -> None:
    """A page that is slow on a busy machine is no failure either."""
    from playwright.sync_api import expect

    expect.set_options(timeout=PAGE_MS)


@pytest.fixture(scope="session")
def infrastructure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """PostgreSQL, Temporal, SeaweedFS and the simulators, real, empty and shared by the session; about 4 s, once.

    The database has no tables yet: migrate it, or take `running_stack`. Processes that shall use it get
    `tests.running.environment(settings.home, settings.onetrip_port)`.
    """
    yield from run_stack(tmp_path_factory.mktemp("infrastructure") / "home", INFRASTRUCTURE)


@pytest.fixture(scope="session")
def migrated(infrastructure: Settings) -> Settings:
    """The same servers, the database at the newest schema; tests in it tell their rows apart by case."""
    with ThreadPoolExecutor(1) as elsewhere:  # a loop of the tests may be set on this thread
        elsewhere.submit(asyncio.run, migrate(infrastructure.database_owner, infrastructure.database)).result()
    return infrastructure


@pytest.fixture(scope="session")
def running_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Everything that `onetrip up` starts, demo people included, shared by the session."""
    yield from run_stack(tmp_path_factory.mktemp("stack") / "home")
