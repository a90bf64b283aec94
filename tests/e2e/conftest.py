"""One running stack, its demo people and clerks, and a browser."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from settings import Settings
from stack.doctor import CHROMIUM_NAMES
from tests.e2e import visitor
from tests.e2e.program import DemoAccess, Integrator, demo_access


@pytest.fixture(scope="session")
def access(running_stack: Settings) -> DemoAccess:
    return demo_access(running_stack)


@pytest.fixture(scope="session")
def integrator(running_stack: Settings, access: DemoAccess) -> Integrator:
    return Integrator(running_stack, access)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Tests that need one are skipped where there is none (`tests/conftest.py`)."""
    return next(found for name in CHROMIUM_NAMES if (found := shutil.which(name)))


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    running = visitor.launch(playwright, chromium)
    yield running
    running.close()
