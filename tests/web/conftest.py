"""A site of sample data, and a client that browses it."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.web.fake_office import CLERK_TOKEN, TOKEN, World, pages


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def site(world: World, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    return pages(world, monkeypatch)


@pytest.fixture
def browser(site: FastAPI) -> TestClient:
    """Signed in as an applicant and as a clerk."""
    client = TestClient(site, follow_redirects=False)
    client.cookies.update({"onetrip_session": TOKEN, "onetrip_staff": CLERK_TOKEN})
    return client


@pytest.fixture
def stranger(site: FastAPI) -> TestClient:
    return TestClient(site, follow_redirects=False)
