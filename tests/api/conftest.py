"""The API in this process, on a real database, engine and store; no workers, so nothing moves by itself."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from adapters.database.migrate import migrate
from api.main import create_app
from casework import accounts
from casework.accounts import ClientCredentials, NewClerk
from domain.jurisdiction import Role
from settings import Settings

PASSWORD = "a password of the tests"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(scope="session")
def migrated(infrastructure: Settings) -> Settings:
    asyncio.run(migrate(infrastructure.database_owner, infrastructure.database))
    return infrastructure


@pytest.fixture
async def app(migrated: Settings) -> AsyncIterator[FastAPI]:
    app = create_app(migrated)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://onetrip.test") as client:
        yield client


@pytest.fixture
async def credentials(app: FastAPI) -> ClientCredentials:
    return await accounts.add_client(app.state.office, "tests")


@pytest.fixture
async def integrator(app: FastAPI, http: httpx.AsyncClient, credentials: ClientCredentials) -> httpx.AsyncClient:
    token = await accounts.client_token(app.state.office, credentials.client_id, credentials.client_secret)
    http.headers["Authorization"] = f"Bearer {token}"
    return http


@pytest.fixture
async def clerk(app: FastAPI) -> NewClerk:
    new = NewClerk(login="tests-reviewer", name="Tests", role=Role.PRE_REVIEWER, county="330302", station="330302510000")
    await accounts.add_clerk(app.state.office, new, password=PASSWORD, totp_secret=TOTP_SECRET)
    return new
