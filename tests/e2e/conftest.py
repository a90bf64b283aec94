"""One running stack, its demo people and clerks."""

import pytest

from settings import Settings
from tests.e2e.program import DemoAccess, Integrator, demo_access


@pytest.fixture(scope="session")
def access(running_stack: Settings) -> DemoAccess:
    return demo_access(running_stack)


@pytest.fixture(scope="session")
def integrator(running_stack: Settings, access: DemoAccess) -> Integrator:
    return Integrator(running_stack, access)
