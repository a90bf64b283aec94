"""One measured figure beside its target, and the table of them."""

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """`target` is words; `reached` None where there is none."""

    what: str
    found: str
    target: str = "-"
    reached: bool | None = None


def percentile(values: Sequence[float], hundredth: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[hundredth - 1]


def print_figures(console: Console, title: str, figures: Sequence[Figure]) -> None:
    table = Table(title=title, title_justify="left")
    for heading in ("", "what", "found", "target"):
        table.add_column(heading, overflow="fold")
    for figure in figures:
        mark = "" if figure.reached is None else "[green]✓[/]" if figure.reached else "[red]✗[/]"
        table.add_row(mark, figure.what, figure.found, figure.target)
    console.print(table)


def load_now() -> str:
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
