"""The table test: every role × every page and endpoint × own, other station, other county × fields of the answer.

The routes come from the application itself: one that `rules.yaml` does not know fails here, and so does a rule without a route.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml

from api.main import create_app
from settings import Settings
from tests.access.asking import addresses, ask, names_a_case, of_a_program
from tests.access.routes import all_routes
from tests.access.world import FIELDS, ITEM, Caller, SecretCase, World, build
from tests.driving import TestWiring

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]

TABLE: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "rules.yaml").read_text(encoding="utf-8"))
GROUPS: dict[str, list[str]] = TABLE.pop("groups")
# A search box is answered for what is in scope; what was typed may be shown again.
SEARCHES = [route for route, rule in TABLE.items() if rule.get("search")]


@dataclass
class Site:
    http: httpx.AsyncClient
    world: World
    routes: list[str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(migrated: Settings) -> AsyncIterator[Site]:
    app, wiring = create_app(migrated), TestWiring(migrated)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://onetrip.test") as http:
        office = app.state.office
        yield Site(http, await build(wiring, office, office.catalogue.get(ITEM)), all_routes(app))
    await wiring.close()


def allowed(route: str) -> set[str]:
    """Who may ask at all, groups spelled out."""
    return set(_spelled_out(TABLE[route]["who"]))


def _spelled_out(names: list[str]) -> list[str]:
    return [one for name in names for one in (_spelled_out(GROUPS[name]) if name in GROUPS else [name])]


async def test_the_table_knows_every_route_and_no_other(site: Site) -> None:
    assert set(site.routes) - TABLE.keys() == set(), "a new route needs a rule: who may ask, and which fields of a case it may tell"
    assert TABLE.keys() - set(site.routes) == set()


async def test_the_table_names_callers_and_fields_that_there_are(site: Site) -> None:
    names = {caller.name for caller in site.world.callers}
    assert {name for route in TABLE for name in allowed(route)} <= names
    assert {field for rule in TABLE.values() for field in rule.get("tells", [])} <= set(FIELDS)


@pytest.mark.parametrize("route", sorted(TABLE))
async def test_nothing_leaks(site: Site, route: str) -> None:
    apart = [
        caller for caller in site.world.callers if caller.name == "nobody" or (caller.bearer if of_a_program(route) else caller.cookies)
    ]
    wrong = [fault for caller in apart for fault in await _faults(site, caller, route)]
    assert wrong == []


async def _faults(site: Site, caller: Caller, route: str) -> list[str]:
    """What one caller was told, or let do, that the table does not allow."""
    if caller.name not in allowed(route):
        case = site.world.cases[0]
        return [fault for address in addresses(route, case, caller)[:1] for fault in await _refusal_faults(site, caller, route, address)]
    cases = site.world.cases if names_a_case(route) else site.world.cases[:1]
    return [fault for case in cases for fault in await _telling_faults(site, caller, route, case)]


async def _refusal_faults(site: Site, caller: Caller, route: str, address: str) -> list[str]:
    answer = await ask(site.http, site.world, caller, route, address)
    # Staff without cases are sent from the queue to a page of their own.
    if answer.refused or (caller.role is not None and route == "GET /staff" and answer.status == 303):
        # A refused command shows the page again: of a case in reach, with what that page tells anyway.
        beyond = {(whose, what) for whose, what in answer.told if whose not in caller.may_see or what not in TABLE[route].get("tells", [])}
        return [f"{caller.name} is told {beyond}"] if beyond else []
    return [f"{caller.name} is not refused: {answer.status}"]


async def _telling_faults(site: Site, caller: Caller, route: str, case: SecretCase) -> list[str]:
    """Of a case in reach, the fields that the table names; of another, nothing."""
    in_scope = case.relation in caller.may_see
    if not route.startswith("GET ") and (in_scope or not names_a_case(route)):
        return []  # what it does is tested where it belongs; here it would change the case that others are asked about
    tells, found = set(TABLE[route].get("tells", [])), []
    for address in addresses(route, case, caller):
        answer = await ask(site.http, site.world, caller, route, address)
        who = f"{caller.name}, {case.relation}: {answer.status}"
        found += [f"{who} tells {what} of {whose}" for whose, what in answer.told if whose not in caller.may_see or what not in tells]
        if answer.status >= 500:
            found.append(f"{who} fails")
        if names_a_case(route) and not in_scope and not answer.refused and "anybody" not in TABLE[route]["who"]:
            found.append(f"{who} is not refused")
    return found


@pytest.mark.parametrize("field", ["number", "name", "id_number", "phone"])
@pytest.mark.parametrize("route", SEARCHES)
async def test_a_search_tells_nothing_out_of_reach(site: Site, route: str, field: str) -> None:
    tells = set(TABLE[route].get("tells", []))
    for caller in site.world.callers:
        for case in site.world.cases:
            answer = await ask(site.http, site.world, caller, route, route.split(" ", 1)[1], search=case.secrets[field])
            told = {(whose, what) for whose, what in answer.told if (whose, what) != (case.relation, field)}
            # Any counter serves whoever stands there with their ID card (C2).
            present = field == "id_number" and caller.name in TABLE[route].get("presence", [])
            beyond = set() if present else {entry for entry in told if entry[0] not in caller.may_see}
            assert beyond == set(), caller.name
            assert {what for _, what in told} <= tells, caller.name
