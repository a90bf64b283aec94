"""What a large catalogue costs: loading it, deciding by it, the look-ups of an application, and trying a change on all past cases."""

import asyncio
import os

from rich.console import Console

from bench.deciding import deciding, loading
from bench.figures import Figure, load_now, print_figures
from bench.lookups import looking_up
from bench.session import IDENTITY_NOTE, stack_for_bench
from bench.trying import trying

PEOPLE = 100_000


def run(cases: int = 100_000, items: int = 300, decisions: int = 1000, applications: int = 10, people: int = PEOPLE) -> int:
    """Measure, print. 1 where a target is missed."""
    console = Console(width=140)
    console.print(load_now(), highlight=False)
    figures: list[Figure] = [*loading(items, starts=3), *deciding(decisions, people)]
    # The database alone first: nothing else of the stack shares the processors with the trial.
    with stack_for_bench(parts=("postgres",), people=people) as (stack, settings):
        figures += asyncio.run(trying(stack, settings, cases, console))
    if applications:
        with stack_for_bench(people=people) as (_, settings):
            figures += asyncio.run(looking_up(settings, applications))
    print_figures(console, "The catalogue", figures)
    console.print(f"{IDENTITY_NOTE}\n{load_now()}, {len(os.sched_getaffinity(0))} processors for the trial", highlight=False)
    return 1 if any(figure.reached is False for figure in figures) else 0
