"""Tokens and roles: each route names the role it needs, and holds to it."""

import re
import time
from uuid import uuid4

import httpx
import pyotp
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.access import ROLES, anybody
from api.main import PARTS
from casework import accounts
from casework.accounts import ClientCredentials, NewClerk
from tests.api.conftest import PASSWORD, TOTP_SECRET


def _calls(route: APIRoute) -> set[object]:
    found: set[object] = set()
    stack = [route.dependant]
    while stack:
        dependant = stack.pop()
        found.add(dependant.call)
        stack += dependant.dependencies
    return found


def api_routes() -> list[APIRoute]:
    routes = [r for part in PARTS for r in part.router.routes if isinstance(r, APIRoute)]
    assert len(routes) >= 16
    return routes


def test_every_route_names_the_role_it_needs() -> None:
    assert [r.path for r in api_routes() if not _calls(r) & set(ROLES)] == []


PLACES = {"day": "2026-10-08", "station": "330302510000"}  # every other is an id, or is not read before the caller


async def test_without_a_token_only_what_is_open_to_anybody_answers(http: httpx.AsyncClient) -> None:
    for route in api_routes():
        if anybody in _calls(route):
            continue
        path = re.sub(r"\{(\w+)\}", lambda place: str(PLACES.get(place[1]) or uuid4()), route.path)
        reply = await http.request(next(iter(route.methods or {"GET"})), path, json={})
        assert (route.path, reply.status_code) == (route.path, 401)
        assert reply.headers["www-authenticate"] == "Bearer"


async def test_client_credentials_as_form_and_as_basic(http: httpx.AsyncClient, credentials: ClientCredentials) -> None:
    form = {"grant_type": "client_credentials"}
    by_form = await http.post("/oauth/token", data=form | {"client_id": credentials.client_id, "client_secret": credentials.client_secret})
    by_basic = await http.post("/oauth/token", data=form, auth=(credentials.client_id, credentials.client_secret))
    assert [by_form.status_code, by_basic.status_code] == [200, 200]
    assert by_form.json()["token_type"] == "Bearer"
    wrong = await http.post("/oauth/token", data=form, auth=(credentials.client_id, "guess"))
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert (await http.post("/oauth/token", data={"grant_type": "implicit"})).json()["error"] == "unsupported_grant_type"


async def test_a_clerks_one_time_password_works_once(http: httpx.AsyncClient, clerk: NewClerk) -> None:
    totp = pyotp.TOTP(TOTP_SECRET).at(int(time.time()) + 30)  # the next step: another test may have used this one
    form = {"grant_type": "password", "username": clerk.login, "password": PASSWORD, "totp": totp}
    first = await http.post("/oauth/token", data=form)
    again = await http.post("/oauth/token", data=form)
    assert [first.status_code, again.status_code] == [200, 400]
    http.headers["Authorization"] = f"Bearer {first.json()['access_token']}"
    assert (await http.get("/v1/work-items")).status_code == 200
    assert (await http.post("/v1/applications", json={})).status_code in (403, 422)
    assert (await http.post(f"/v1/applications/{uuid4()}/withdraw")).status_code == 403


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjbGllbnQ6MSJ9."])
async def test_a_token_that_is_not_ours_is_refused(http: httpx.AsyncClient, token: str) -> None:
    reply = await http.get("/v1/work-items", headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 401


async def test_an_integrator_sees_neither_the_queue_nor_other_peoples_cases(integrator: httpx.AsyncClient) -> None:
    assert (await integrator.get("/v1/work-items")).status_code == 403
    unknown = await integrator.get(f"/v1/applications/{uuid4()}")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:onetrip:problem:not-found")


async def test_guesses_at_a_clerks_password_are_slowed_down(http: httpx.AsyncClient) -> None:
    form = {"grant_type": "password", "username": f"nobody-{uuid4()}", "password": "guess", "totp": "000000"}
    answers = [(await http.post("/oauth/token", data=form)).status_code for _ in range(9)]
    assert answers == [400] * 8 + [429]


async def test_an_empty_filter_is_no_filter(http: httpx.AsyncClient, app: FastAPI, clerk: NewClerk) -> None:
    actor_id = (await app.state.office.accounts.clerk_by_login(clerk.login))["id"]
    http.headers["Authorization"] = f"Bearer {accounts._token(app.state.office, f'clerk:{actor_id}')}"
    reply = await http.get("/v1/work-items?status=&kind=&cursor=")
    assert reply.status_code == 200
    assert (await http.get("/v1/work-items?status=lost")).status_code == 422
