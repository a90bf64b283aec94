"""`onetrip up`: the whole embedded stack in the foreground, until Ctrl-C or SIGTERM."""

import asyncio
import os
import signal
import time
from collections.abc import Sequence

from rich.console import Console

from settings import Settings, home
from stack.display import Display, summary
from stack.errors import StackProblem
from stack.home import ensure_secrets, locked, open_home
from stack.parts import all_parts, choose
from stack.ports import require_free_ports
from stack.supervisor import Supervisor

# Its presence says that every chosen part is ready; it holds our process id.
READY_FILE = "stack.ready"


def up(names: Sequence[str] = ()) -> int:
    """Run the named parts, or all. Returns the exit code: 0 after being told to stop, 1 after a problem."""
    console = Console()
    folder = home()
    try:
        open_home(folder)
        with locked(folder):
            settings = ensure_secrets(folder)
            return asyncio.run(_run(settings, names, console))
    except StackProblem as problem:
        Console(stderr=True).print(f"[bold red]OneTrip:[/] {problem}", soft_wrap=True, highlight=False)
        return 1


async def _run(settings: Settings, names: Sequence[str], console: Console) -> int:
    began = time.monotonic()
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, told_to_stop.set)
    parts = all_parts(settings)
    if names:
        parts = choose(parts, names)
    require_free_ports(parts)
    display = Display(console)
    supervisor = Supervisor(parts, settings.home / "logs", display.changed)
    ready_file = settings.home / "run" / READY_FILE
    ready_file.unlink(missing_ok=True)
    display.begin(supervisor.statuses.values())
    try:
        if not await _before(supervisor.start(), told_to_stop):
            return 0
        display.end()
        ready_file.write_text(f"{os.getpid()}\n", encoding="utf-8")
        if not names:
            console.print(summary(settings, time.monotonic() - began))
        console.print(f"onetrip: ready after {time.monotonic() - began:.1f} s")
        await _before(supervisor.watch(), told_to_stop)
        return 0
    finally:
        display.end()
        ready_file.unlink(missing_ok=True)
        display.begin(supervisor.statuses.values())
        await supervisor.stop()
        display.end()


async def _before(work: object, event: asyncio.Event) -> bool:
    """Whether the work ended before the event came; its error is raised."""
    doing = asyncio.ensure_future(work)  # type: ignore[call-overload]
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not doing.done():
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)
        return False
    doing.result()
    return True
