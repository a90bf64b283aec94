"""Prints the table as the running application would have it, for reading beside `rules.yaml`: `python -m tests.access.draft`.

A new route is written into the table by hand, after asking who needs it and what of a case it may tell; this only saves typing.
"""

import asyncio
import os
import tempfile
from pathlib import Path

import httpx
import yaml

from adapters.database.migrate import migrate
from api.main import create_app
from settings import Settings
from stack.own import INFRASTRUCTURE
from tests.access import world as places
from tests.access.asking import addresses, ask
from tests.access.routes import all_routes
from tests.access.world import World, build
from tests.driving import TestWiring
from tests.running import run_stack


async def draft(settings: Settings) -> dict[str, dict[str, list[str]]]:
    await migrate(settings.database_owner, settings.database)
    app, wiring = create_app(settings), TestWiring(settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://onetrip.test") as http:
        office = app.state.office
        world = await build(wiring, office, office.catalogue.get(places.ITEM))
        table = {route: await _seen(http, world, route) for route in all_routes(app)}
    await wiring.close()
    return table


async def _seen(http: httpx.AsyncClient, world: World, route: str) -> dict[str, list[str]]:
    who, tells = [], set()
    for caller in world.callers:
        answers = [await ask(http, world, caller, route, address) for address in addresses(route, world.cases[0], caller)]
        if any(not answer.refused for answer in answers):
            who.append(caller.name)
        tells |= {name for answer in answers for _, name in answer.told}
    return {"who": who, "tells": sorted(tells)}


def main() -> None:
    os.environ.setdefault("REGISTRIES_POPULATION", "10000")
    with tempfile.TemporaryDirectory() as folder:
        for settings in run_stack(Path(folder) / "home", INFRASTRUCTURE):
            print(yaml.safe_dump(asyncio.run(draft(settings)), sort_keys=False, default_flow_style=None, width=200))


if __name__ == "__main__":
    main()
