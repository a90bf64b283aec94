"""One command's use of the office: opened, used, closed."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

import typer

from casework.office import Office
from domain.errors import DomainError
from settings import load_settings
from wiring import Wiring

LEAVE_SECONDS = 0.3  # the engine's client can crash at exit when the loop ends at once


def with_office(use: Callable[[Office], Awaitable[int | None]]) -> None:
    """Run `use` on this installation's office and leave with its exit code; a domain error becomes a sentence."""

    async def use_office(wiring: Wiring) -> int | None:
        return await use(await wiring.office())

    with_wiring(use_office)


def with_wiring(use: Callable[[Wiring], Awaitable[int | None]]) -> None:
    """The same for the few commands that need more than an office has."""

    async def run() -> int:
        settings = load_settings()
        if not settings.data_keys:
            print(f"No installation in {settings.onetrip_home}. Start one with: onetrip up", file=sys.stderr)
            return 1
        wiring = Wiring(settings, pool_size=2)
        try:
            return await use(wiring) or 0
        except DomainError as error:
            print(f"{error.text.zh} / {error.text.en}", file=sys.stderr)
            for field in error.fields:
                print(f"  {field.path}: {field.text.zh} / {field.text.en}", file=sys.stderr)
            return 1
        finally:
            await wiring.close()
            await asyncio.sleep(LEAVE_SECONDS)

    raise typer.Exit(asyncio.run(run()))
