"""CPU seconds by part of the stack, children included."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from bench.session import processes_of
from stack.apart import StackProcess

# Part of the stack → what a reader calls it.
LABELS = {
    "temporal": "engine",
    "worker-cases": "worker cases, documents included",
    "worker-registries": "worker registries",
    "worker-identity": "worker identity",
    "api": "API",
    "postgres": "database",
    "seaweedfs": "store",
    "simulators": "registries, SMS (simulated)",
}
GENERATOR = "load generator"
BARE_WORKER = "bare worker"


@dataclass
class Consumption:
    """Sums CPU seconds over the stretches that were `measured`."""

    stack: StackProcess
    others: Mapping[str, int]  # process ids of what is no part of the stack, by label
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def measured(self) -> Iterator[None]:
        before = self._now()
        yield
        for name, seconds in self._now().items():
            self.seconds[name] += seconds - before.get(name, 0.0)

    def _now(self) -> dict[str, float]:
        now = {LABELS[name]: _cpu_seconds(process) for name, process in processes_of(self.stack).items()}
        now |= {label: _cpu_seconds(psutil.Process(pid)) for label, pid in self.others.items()}
        return now | {GENERATOR: _cpu_seconds(psutil.Process(os.getpid()), children=False)}


def _cpu_seconds(process: psutil.Process, *, children: bool = True) -> float:
    """User and system time of a process; with `children`, of those that live and those that ended."""
    times = process.cpu_times()
    seconds = times.user + times.system
    if not children:
        return seconds
    seconds += times.children_user + times.children_system
    for child in process.children(recursive=True):
        try:
            own = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        seconds += own.user + own.system
    return seconds
