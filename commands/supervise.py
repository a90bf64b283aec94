"""`onetrip supervise`: look for what is odd now, as the worker does every minute."""

from datetime import timedelta

import typer

app = typer.Typer(no_args_is_help=True, help="Supervision: look for what is late, stuck or odd.")


@app.callback()
def supervise() -> None:
    """Keeps `look` a command of its own."""


@app.command()
def look() -> None:
    """Open an inquiry for everything odd that has none yet, and name them; a second time finds nothing new."""
    import asyncio

    from casework.supervising import look as look_now
    from domain.inquiries import PATTERN_TEXT
    from settings import load_settings
    from wiring import Wiring

    async def use() -> None:
        wiring = Wiring(load_settings())
        try:
            county = wiring.settings.default_station[:6]
            opened = await look_now(wiring.patterns, wiring.inquiries, county, at_most_every=timedelta(0)) or []
        finally:
            await wiring.close()
        for pattern, number in opened:
            print(f"{number}  {PATTERN_TEXT[pattern].zh} / {PATTERN_TEXT[pattern].en}")
        print(f"新立案 {len(opened)} 件 / {len(opened)} opened")

    asyncio.run(use())
