"""`onetrip bench`: measurements, each on a stack of its own that is started for it and removed after it."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Measurements, each on a stack of its own.")


@app.command()
def orchestration(
    applications: Annotated[int, typer.Option(min=10, max=250, help="A round, of each kind")] = 100,
    rounds: Annotated[int, typer.Option(min=1, max=20)] = 5,
    concurrency: Annotated[int, typer.Option(min=1, max=200, help="Applications in flight")] = 24,
    only: Annotated[str | None, typer.Option(help="One service item: purchase-migration or no-criminal-record")] = None,
) -> None:
    """Applications per second with everything real but the clip, beside a bare Temporal workflow of the same shape."""
    from bench.orchestration import run

    raise typer.Exit(run(applications, rounds, concurrency, only))


@app.command()
def resilience(
    applications: Annotated[int, typer.Option(min=10, max=600)] = 200,
    home: Annotated[Path | None, typer.Option(help="Keep the stack's home, logs included, in this new folder")] = None,
) -> None:
    """Kill every part in turn while applications are in flight; 1 when any is lost, doubled or inconsistent."""
    from bench.resilience import run

    raise typer.Exit(run(applications, home))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def identity(context: typer.Context) -> None:
    """How often the identity check is right, and how long it takes; options as of `python -m bench.identity`."""
    import sys

    from bench.identity import main

    sys.argv = ["onetrip bench identity", *context.args]
    main()
