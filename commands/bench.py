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


@app.command()
def catalogue(
    cases: Annotated[int, typer.Option(min=500, max=1_000_000, help="Past cases to decide again")] = 100_000,
    applications: Annotated[int, typer.Option(min=0, max=100, help="Applications of each item whose look-ups are timed")] = 10,
) -> None:
    """300 items loaded, decisions with 10 rules, look-ups side by side, a change tried on all past cases; 1 when a target is missed."""
    from bench.catalogue import run

    raise typer.Exit(run(cases, applications=applications))


@app.command()
def sources(
    applications: Annotated[int, typer.Option(min=10, max=300)] = 30,
    down_seconds: Annotated[int, typer.Option(min=0, max=7200, help="How long one source stays down at least: 3600 is the hour")] = 60,
) -> None:
    """One source at 30 % errors, one at 5 s, one down: every application ends, none wrongly; 1 otherwise."""
    from bench.sources import run

    raise typer.Exit(run(applications, down_seconds))


@app.command()
def beside(rounds: Annotated[int, typer.Option(min=1, max=20)] = 3) -> None:
    """How other applications fare while two clips are checked at once; 1 when they wait 100 ms longer."""
    from bench.beside import run

    raise typer.Exit(run(rounds))


@app.command()
def callbacks(cases: Annotated[int, typer.Option(min=16, max=2000)] = 500) -> None:
    """Fees and parcels under call-backs that are lost, repeated, late, out of order and forged; 1 when any moved twice."""
    from bench.callbacks import run

    raise typer.Exit(run(cases))


@app.command()
def record(
    entries: Annotated[int, typer.Option(min=1000, max=10_000_000, help="Entries that are sealed, exported and verified")] = 1_000_000,
) -> None:
    """An event with and without its entry; a large record sealed, exported and verified; 1 when a target is missed."""
    from bench.record_chain import run

    raise typer.Exit(run(entries))


@app.command()
def queue(
    sizes: Annotated[list[int] | None, typer.Option("--size", min=5000, max=20_000_000, help="Work items; may be given again")] = None,
) -> None:
    """The work queue as it grows: its first page and take-next, alone and with 20 clerks at work; 1 when a target is missed."""
    from bench.queue import run

    raise typer.Exit(run(sorted(sizes or [10_000, 1_000_000])))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def identity(context: typer.Context) -> None:
    """How often the identity check is right, and how long it takes; options as of `python -m bench.identity`."""
    from bench.identity.run import main

    main(context.args)


@app.command()
def cards(
    cards: Annotated[int, typer.Option(min=1, max=1000, help="Sample cards, each photographed once a side")] = 50,
    hard: Annotated[int, typer.Option(min=0, max=100, help="Cards for each single fault: blur, slant, distance, darkness")] = 5,
) -> None:
    """How often ID cards are read right, field by field; 1 when a target is missed."""
    from bench.cards import run

    raise typer.Exit(run(cards, hard))
