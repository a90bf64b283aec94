"""Calendar, hours and accounts by program, under the same three administrators."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from casework import accounts
from casework.accounts import NewClerk
from domain.clock import day_in_china
from domain.jurisdiction import Role
from tests.builders import make_id_number
from tests.filing import some_station

WHY = {"zh": "台风停办", "en": "Closed for a typhoon"}


async def as_clerk(app: FastAPI, http: httpx.AsyncClient, role: Role) -> httpx.AsyncClient:
    new = NewClerk(login=f"t-{uuid4()}", name="管理员", role=role, county="330302")
    clerk_id = await accounts.add_clerk(app.state.office, new, password="a password of tests", totp_secret="JBSWY3DPEHPK3PXP")
    http.headers["Authorization"] = f"Bearer {accounts._token(app.state.office, f'clerk:{clerk_id}')}"
    return http


@pytest.fixture
async def admin(app: FastAPI, http: httpx.AsyncClient) -> httpx.AsyncClient:
    return await as_clerk(app, http, Role.SYSTEM_ADMIN)


def near(days: int = 20) -> date:
    return day_in_china(datetime.now(UTC)) + timedelta(days=days)


async def test_a_day_is_corrected_shown_and_taken_back(admin: httpx.AsyncClient) -> None:
    day, county = near(), some_station()[:6]
    where = {"county": county}
    assert (await admin.put(f"/v1/admin/calendar/{day}", json={**where, "working": False, "name": WHY})).status_code == 204
    month = (await admin.get("/v1/admin/calendar", params={**where, "month": f"{day:%Y-%m}"})).json()
    shown = next(d for d in month["days"] if d["day"] == str(day))
    assert (shown["working"], shown["source"], shown["name"]) == (False, "corrected_here", WHY)
    assert month["untold"] is True
    assert (await admin.delete(f"/v1/admin/calendar/{day}", params=where)).status_code == 204
    assert (await admin.delete(f"/v1/admin/calendar/{day}", params=where)).status_code == 404


async def test_what_cannot_be_a_correction_is_named(admin: httpx.AsyncClient) -> None:
    body = {"working": False, "name": WHY}
    for day, county, path in ((near(-90), "", "/day"), (near(2000), "", "/day"), (near(), "33", "/county")):
        reply = await admin.put(f"/v1/admin/calendar/{day}", json={**body, "county": county})
        assert (reply.status_code, [error["path"] for error in reply.json()["errors"]]) == (422, [path])
    assert (await admin.get("/v1/admin/calendar", params={"month": "2026-13"})).status_code == 422


async def test_a_counter_keeps_its_own_hours_or_the_default(admin: httpx.AsyncClient) -> None:
    address = f"/v1/admin/office-hours/{some_station()}"
    assert (await admin.get(address)).json()["default"] is True
    friday = {"weekday": 4, "opens": "13:00:00", "closes": "16:00:00", "slot_minutes": 20, "seats": 3}
    assert (await admin.put(address, json={"hours": [friday]})).status_code == 204
    kept = (await admin.get(address)).json()
    assert (kept["default"], kept["hours"]) == (False, [friday])
    for changes, path in (
        ({"closes": "12:00:00"}, "/hours/0/closes"),
        ({"seats": 0}, "/hours/0/seats"),
        ({"slot_minutes": 1}, "/hours/0/slot_minutes"),
        ({"weekday": 7}, "/hours/0/weekday"),
    ):
        reply = await admin.put(address, json={"hours": [friday | changes]})
        assert (reply.status_code, reply.json()["errors"][0]["path"]) == (422, path)
    overlapping = await admin.put(address, json={"hours": [friday, friday | {"opens": "15:00:00", "closes": "17:00:00"}]})
    assert overlapping.json()["errors"][0]["path"] == "/hours/1/opens"
    assert (await admin.put(address, json={"hours": []})).status_code == 204
    assert (await admin.get(address)).json()["default"] is True


async def test_one_program_makes_an_account_and_another_gives_it_a_role(admin: httpx.AsyncClient, app: FastAPI) -> None:
    station = some_station()
    body = {"login": f"t-{uuid4().hex[:12]}", "name": "李娜", "county": station[:6], "station": station, "id_number": make_id_number(77)}
    made = await admin.post("/v1/admin/accounts", json=body)
    assert made.status_code == 201 and made.json()["password"] and made.json()["account"]["active"] is False
    assert body["id_number"] not in made.text
    address = f"/v1/admin/accounts/{made.json()['account']['id']}"
    assert (await admin.put(f"{address}/role", json={"role": "counter"})).status_code == 403
    security = await as_clerk(app, admin, Role.SECURITY_ADMIN)
    given = await security.put(f"{address}/role", json={"role": "counter", "leads": True})
    assert given.status_code == 200 and given.json()["totp_secret"] and given.json()["password"] is None
    assert (await security.get(address)).json()["role"] == "counter"
    assert (await security.delete(f"{address}/role")).json() == {"work_items": 0}
    assert (await security.get("/v1/admin/refused")).status_code == 200
    assert (await security.post("/v1/admin/accounts", json=body)).status_code == 403
    assert (await security.get("/v1/admin/calendar", params={"month": "2026-10"})).status_code == 403


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.CATALOGUE_EDITOR, Role.AUDIT_ADMIN])
async def test_others_see_none_of_it(role: Role, app: FastAPI, http: httpx.AsyncClient) -> None:
    program = await as_clerk(app, http, role)
    for address in ("accounts", "accounts/x", "refused", "calendar?month=2026-10", "office-hours/330302510000"):
        assert (await program.get(f"/v1/admin/{address}")).status_code == 403
