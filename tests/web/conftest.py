"""A site of sample data, and a client that browses it."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

import web
from tests.web.fake_office import CLERK_TOKEN, TOKEN, World, office_with


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def mounted() -> FastAPI:
    """All pages, once: reading 200 routes takes longer than most tests. Pages keep nothing; what they know is the office."""
    app = FastAPI()
    web.mount(app, None)
    return app


@pytest.fixture
def site(mounted: FastAPI, world: World, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    mounted.state.office = office_with(world, monkeypatch)
    return mounted


@pytest.fixture
def browser(site: FastAPI) -> TestClient:
    """Signed in as an applicant and as a clerk."""
    client = TestClient(site, follow_redirects=False)
    client.cookies.update({"onetrip_session": TOKEN, "onetrip_staff": CLERK_TOKEN})
    return client


@pytest.fixture
def stranger(site: FastAPI) -> TestClient:
    return TestClient(site, follow_redirects=False)
