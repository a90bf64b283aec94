"""`onetrip bench identity`: what is measured, in which order, and where it is written."""

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench.identity.attacks import ATTACKS, BY_WAY, RESIDUAL
from bench.identity.checking import HONEST, REAL, REAL_TURNED, Order, Outcome, prepare_home, run_all, watch_the_bench
from bench.identity.judging import attacks_part, draw_outcomes, honest_part, variants_part
from bench.identity.kept import Kept, OtherProgram
from bench.identity.parts import as_parts, measure_pictures, measure_sounds
from bench.identity.recordings import recordings_of
from bench.identity.report import Part, print_part, write_report
from bench.identity.timing import as_figures, measure_apart

TRIALS, QUICK_TRIALS = 24, 2
RUNS = 7  # of the clip that is timed
PROCESSES = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the data folder allows, print tables, and write the report where `--out` says so."""
    parser = argparse.ArgumentParser(prog="onetrip bench identity", description="How often the identity check is right.")
    parser.add_argument("--data", type=Path, required=True, help="folder with faces/, digits/zh, digits/en, talking/ and weights/")
    parser.add_argument("--out", type=Path, help="write report.md and its drawings into this folder")
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_TRIALS} clips of each kind instead of {TRIALS}: that it runs, no figures"
    )
    parser.add_argument("--trials", type=int, help=f"clips of each kind (default {TRIALS})")
    parser.add_argument("--processes", type=int, default=PROCESSES, help=f"that make and judge clips (default {PROCESSES})")
    parser.add_argument("--clips-only", action="store_true", help="leave out what is measured on single pictures and sounds: faces, codes")
    parser.add_argument("--kept", type=Path, help="a file that keeps each outcome: a run that was cut short goes on from it")
    asked = parser.parse_args(arguments)
    console = Console()
    trials = asked.trials or (QUICK_TRIALS if asked.quick else TRIALS)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="onetrip-bench-") as folder:
        home = Path(folder)
        performed = prepare_home(home, asked.data / "weights")
        try:
            kept = Kept(asked.kept or home / "outcomes")
        except OtherProgram as other:
            parser.error(str(other))
        parts = _measure(asked, home, trials, kept, performed=performed, console=console)
    console.print(f"{time.monotonic() - began:.0f} s")
    if asked.out:
        command = f"onetrip bench identity --data FOLDER --trials {trials}{' --clips-only' if asked.clips_only else ''}"
        console.print(f"written: {write_report(asked.out, parts, command, datetime.now(UTC).date())}")


def _measure(asked: argparse.Namespace, home: Path, trials: int, kept: Kept, *, performed: bool, console: Console) -> list[Part]:
    data, out = asked.data, asked.out
    one_by_one = [] if asked.clips_only else _measure_one_by_one(data, home, trials, out)
    outcomes = _try_all(_orders(data, trials), data, home, asked.processes, kept, console)
    attacks = attacks_part(outcomes, performed=performed)
    if out:
        attacks.drawings = draw_outcomes(outcomes, out)
    timed = measure_apart(home, runs=RUNS if trials > QUICK_TRIALS else 1)  # last, when nothing else of ours runs
    parts = [*one_by_one, honest_part(outcomes), attacks, variants_part(outcomes), Part("Time and memory", figures=as_figures(timed))]
    for part in parts:
        print_part(console, part)
    return parts


def _measure_one_by_one(data: Path, home: Path, trials: int, out: Path | None) -> list[Part]:
    """What single pictures and sounds tell."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn"), initializer=watch_the_bench) as apart:
        asked = apart.submit(measure_pictures, data, home), apart.submit(measure_sounds, data, home, trials)
        return as_parts([measured for part in asked for measured in part.result()], out)


def _orders(data: Path, trials: int) -> list[Order]:
    """Kinds take turns, so that a run that is cut short has seen of each."""
    recordings = len(recordings_of(data / "talking"))
    counts = dict.fromkeys([*HONEST, *ATTACKS, *BY_WAY, *RESIDUAL], trials)
    counts |= {REAL: recordings if trials > QUICK_TRIALS else 1, REAL_TURNED: 2 * recordings if trials > QUICK_TRIALS else 1}
    return [Order(kind, number) for number in range(max(counts.values())) for kind, count in counts.items() if number < count]


def _try_all(orders: list[Order], data: Path, home: Path, processes: int, kept: Kept, console: Console) -> list[Outcome]:
    known = {(outcome.kind, outcome.number) for outcome in kept.outcomes}
    missing = [order for order in orders if (order.kind, order.number) not in known]
    for outcome in _shown(run_all(missing, data, home, processes), len(missing), console):
        kept.add(outcome)
    wanted = {(order.kind, order.number) for order in orders}
    return sorted((o for o in kept.outcomes if (o.kind, o.number) in wanted), key=lambda o: (o.kind, o.number))


def _shown(outcomes: Iterable[Outcome], count: int, console: Console) -> Iterable[Outcome]:
    for number, outcome in enumerate(outcomes, 1):
        if sys.stdout.isatty() or number % 50 == 0:
            console.print(f"{number} of {count}", end="\r" if sys.stdout.isatty() else "\n")
        yield outcome
