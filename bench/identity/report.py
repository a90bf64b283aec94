"""What was measured, as tables on the console and as `report.md`."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figures import Figure, load_now
from bench.identity.rates import Rate

MEASURED_WITH = ("deepface", "dlib-bin", "tensorflow-cpu", "faster-whisper", "SpeechRecognition", "opencv-contrib-python-headless", "av")


@dataclass
class Part:
    """One table: rates with intervals, or rows of words under `headings`; and drawings, named by their files."""

    title: str
    about: str = ""
    rates: list[Rate] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    headings: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = field(default_factory=list)
    drawings: list[tuple[str, str]] = field(default_factory=list)  # what it shows, its file beside the report

    @property
    def tables(self) -> list[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
        tables: list[tuple[tuple[str, ...], list[tuple[str, ...]]]] = []
        if self.rates:
            tables.append((("", "what", "cases", "rate", "95 % interval", "target"), [_row(rate) for rate in self.rates]))
        if self.figures:
            tables.append((("", "what", "found", "target"), [(mark(f.reached), f.what, f.found, f.target) for f in self.figures]))
        if self.rows:
            tables.append((self.headings, self.rows))
        return tables


def print_part(console: Console, part: Part) -> None:
    for headings, rows in part.tables:
        table = Table(*headings, title=part.title, title_justify="left")
        for row in rows:
            table.add_row(*row)
        console.print(table)


def write_report(folder: Path, parts: Sequence[Part], command: str, on: date) -> Path:
    """`report.md` in the folder, beside its drawings."""
    folder.mkdir(parents=True, exist_ok=True)
    versions = ", ".join(f"{name} {version(name)}" for name in MEASURED_WITH)
    lines = [
        "# The identity check, measured",
        "",
        f"Written by `{command}` on {on.isoformat()}: Python {platform.python_version()}, {load_now()}; {versions}.",
        "",
        "Intervals are Wilson's at 95 %. What the figures rest on, and what they cannot say, is in [identity.md](../identity.md).",
        "Clips with movement are **made**: rendered in three dimensions from real people's photographs over their face's mesh",
        "(`simulators/turning_head.py`), with real speakers' recorded digits, one speaker a clip. Nobody was recorded turning the head.",
    ]
    for part in parts:
        lines += ["", f"## {part.title}", ""]
        lines += [part.about, ""] if part.about else []
        for headings, rows in part.tables:
            lines += [_line(headings), _line(["---"] * len(headings)), *(_line(row) for row in rows), ""]
        lines += [f"![{shows}]({file})" for shows, file in part.drawings]
    report = folder / "report.md"
    report.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return report


def _row(rate: Rate) -> tuple[str, ...]:
    target = "-" if rate.target is None else f"{'at most' if rate.at_most else 'at least'} {100 * rate.target:g} %"
    return mark(rate.reached), rate.what, f"{rate.count} of {rate.total}", rate.percent, rate.between, target


def mark(reached: bool | None) -> str:
    return "" if reached is None else "✓" if reached else "✗"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
