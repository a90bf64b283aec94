"""How long all past cases of a service item take to be decided again under a changed text, on a real database."""

import pickle
import resource
import time
from collections.abc import Callable, Mapping

import psutil
from rich.console import Console

from adapters.database.judging import judged
from adapters.database.migrate import migrate
from adapters.database.past import PastDecisions
from adapters.keyring import Keyring
from bench.figures import Figure, load_now
from bench.past_cases import ITEM, SINCE, changed_text, plant
from casework.redeciding import try_service_item
from catalogue.redeciding import facts_on, fares
from domain.redeciding import DecidedCase
from domain.service_item import ServiceItem
from settings import Settings
from simulators.population import Population
from stack.apart import StackProcess
from wiring import Wiring

TRY_SECONDS_PER_CASE = 60 / 100_000


async def trying(stack: StackProcess, settings: Settings, cases: int, console: Console) -> list[Figure]:
    """Plant the cases in the stack's empty database, and try. The count of those that fare otherwise must be what was planted."""
    await migrate(settings.database_owner, settings.database)
    wiring = Wiring(settings, pool_size=2)
    try:
        office = await wiring.office()
        item = office.catalogue.get(ITEM).model_copy(update={"examples": []})
        changed = changed_text(item)
        began = time.perf_counter()
        people = Population.generate(settings.registries_seed, settings.registries_population)
        planted = await plant(wiring.database, settings.database_owner, item, people, cases)
        console.print(
            f"planted {planted.cases} cases with {planted.evidence} answers, {planted.sealed_bytes / 1e6:.0f} MB sealed, "
            f"in {time.perf_counter() - began:.0f} s; {load_now()}",
            highlight=False,
        )
        began, ours, database = time.perf_counter(), _cpu_seconds(), _database_cpu_seconds(stack)
        trial = await try_service_item(office, changed, SINCE)
        seconds = time.perf_counter() - began
        ours, database = _cpu_seconds() - ours, _database_cpu_seconds(stack) - database
        console.print(f"tried: {load_now()}", highlight=False)
        console.print(await _profile(PastDecisions(wiring.database, settings.data_keys), wiring.keyring, changed), highlight=False)
    finally:
        await wiring.close()
    found = f"{trial.cases} cases, {len(trial.otherwise)} otherwise, {trial.skipped} skipped; {_listed(trial.by_rule())}"
    agrees = (trial.cases, trial.skipped, len(trial.otherwise)) == (cases, 0, planted.otherwise) and trial.by_rule() == planted.turned
    return [
        Figure("`service try` finds exactly the cases that were planted", found, f"{planted.otherwise}: {_listed(planted.turned)}", agrees),
        Figure(
            f"`service try` over {cases} past cases, {planted.evidence / cases:.1f} answers each",
            f"{seconds:.1f} s, {cases / seconds:.0f}/s (CPU: ours {ours:.1f} s, database {database:.1f} s)",
            f"< {cases * TRY_SECONDS_PER_CASE:.0f} s by the clock", seconds < cases * TRY_SECONDS_PER_CASE,
        ),
    ]  # fmt: skip


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} by {rule}" for rule, count in sorted(counts.items())) or "none"


def _cpu_seconds() -> float:
    """Of this process and of its children that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _database_cpu_seconds(stack: StackProcess) -> float:
    """Of the server's processes; a connection that was closed meanwhile counts through its parent."""
    seconds = 0.0
    for process in psutil.Process(stack.pid).children(recursive=True):
        times = process.cpu_times()
        seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


async def _profile(past: PastDecisions, keyring: Keyring, changed: ServiceItem) -> str:
    """Where the time of one page of cases goes: CPU of this process, each stage by itself."""
    began = time.process_time()
    page = await past.page(ITEM, SINCE, None)
    fetched = time.process_time() - began
    sent = _cpu(lambda: pickle.loads(pickle.dumps(page)))  # noqa: S301 (our own)
    cases: list[DecidedCase] = []
    opened = _cpu(lambda: cases.extend(judged(keyring, _itself, page)))
    facts = _cpu(lambda: [facts_on(case, changed) for case in cases])
    whole = _cpu(lambda: [fares(changed, case) for case in cases])
    stages = {"fetching": fetched, "to another process": sent, "opening": opened, "facts": facts, "rules": whole - facts}
    each = ", ".join(f"{name} {seconds / len(cases) * 1e6:.0f}" for name, seconds in stages.items())
    return f"CPU of ours a case, in µs: {each}"


def _itself(case: DecidedCase) -> DecidedCase:
    return case


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
