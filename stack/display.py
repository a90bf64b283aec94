"""What `onetrip up` shows: live progress on a terminal, plain lines elsewhere, then where to go."""

import os
import time
from collections.abc import Iterable

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from settings import Settings
from stack.own import demo_accounts
from stack.part import PartStatus, State

MARKS = {
    State.WAITING: ("·", "dim"),
    State.READY: ("✓", "green"),
    State.DONE: ("✓", "green"),
    State.RESTARTING: ("↻", "yellow"),
    State.STOPPING: ("…", "dim"),
    State.STOPPED: ("■", "dim"),
    State.FAILED: ("✗", "bold red"),
}
PLAIN = {
    State.STARTING: "starting",
    State.READY: "ready",
    State.DONE: "done",
    State.RESTARTING: "restarting",
    State.STOPPED: "stopped",
    State.FAILED: "failed",
}


class Display:
    """Turn `live` on while parts start or stop; between, only what is unusual is printed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._statuses: dict[str, PartStatus] = {}
        self._live: Live | None = None
        self._spinner = Spinner("dots")

    def begin(self, statuses: Iterable[PartStatus]) -> None:
        self._statuses = {status.part.name: status for status in statuses}
        if self._console.is_terminal:
            self._live = Live(get_renderable=self._table, console=self._console, refresh_per_second=8)
            self._live.start()

    def end(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def changed(self, status: PartStatus) -> None:
        if self._live is not None:
            return
        word = PLAIN.get(status.state)
        if word is None:
            return
        first_time = status.state in (State.READY, State.DONE) and status.ready_after is not None and not status.restarts
        after = f" after {status.ready_after:.1f} s" if first_time else ""
        detail = f" ({status.detail})" if status.detail else ""
        self._console.print(f"{time.strftime('%H:%M:%S')} {status.part.name}: {word}{after}{detail}", soft_wrap=True, markup=False)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for status in self._statuses.values():
            mark, style = MARKS.get(status.state, ("", ""))
            sign = self._spinner if status.state is State.STARTING else Text(mark, style=style)
            table.add_row(sign, status.part.name, Text(_progress(status), style=style), Text(status.part.address, style="dim"))
        return table


def _progress(status: PartStatus) -> str:
    if status.state is State.STARTING:
        return f"starting {time.monotonic() - status.started_at:.0f} s" if status.started_at else "starting"
    if status.state in (State.READY, State.DONE) and status.ready_after is not None:
        return f"{status.state} {status.ready_after:.1f} s"
    return status.detail or str(status.state)


def summary(settings: Settings, seconds: float) -> Panel:
    """Where to go, who to sign in as, how to stop."""
    simulators = f"http://127.0.0.1:{settings.port('simulators')}"
    places = [
        ("办事大厅 · Site", settings.site_url),
        ("工作人员 · Staff", f"{settings.site_url}/staff"),
        ("接口文档 · API docs", f"{settings.site_url}/docs"),
    ]
    if not settings.temporal_address:
        places.append(("流程引擎 · Temporal", f"http://127.0.0.1:{settings.port('temporal_ui')}"))
    if not settings.sms_url:
        places.append(("模拟短信 · SMS", f"{simulators}/sms"))
    if not settings.registries_url:
        places.append(("模拟数据源 · Registries", f"{simulators}/registries"))
    table = Table.grid(padding=(0, 3))
    for label, url in places:
        table.add_row(label, Text(url, style=f"bold link {url}"))
    accounts = demo_accounts(settings)
    people = accounts.read_text(encoding="utf-8").strip() if settings.onetrip_demo and accounts.exists() else ""
    foot = f"State and logs: {settings.home}\nStop: Ctrl-C (or kill {os.getpid()})"
    content = Group(table, Text(f"\n{people}" if people else ""), Text(f"\n{foot}", style="dim"))
    return Panel(content, title=f"OneTrip 最多跑一次 · ready after {seconds:.1f} s", border_style="green", expand=False)
