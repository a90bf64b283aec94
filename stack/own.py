"""OneTrip's own processes: simulators, migration, API with pages, workers, demo seed."""

import os
import sys
from pathlib import Path

from settings import Settings
from stack import probes
from stack.part import Part, Port

ROLES = ("identity", "cases", "registries")  # the slow importer first
# What a role imports later anyway, loaded while the servers start.
ROLE_IMPORTS: dict[str, tuple[str, ...]] = {
    "cases": (
        "catalogue.loader",
        "adapters.calendar",
        "adapters.documents.office",
        "adapters.objects.s3",
        "casework.clips",
        "casework.engine",
    ),
    "registries": ("catalogue.loader", "adapters.registries.http"),
}
INFRASTRUCTURE = ("postgres", "temporal", "seaweedfs", "simulators")


def _environment(settings: Settings) -> dict[str, str]:
    return os.environ | {
        "ONETRIP_HOME": str(settings.home),
        "ONETRIP_PORT": str(settings.onetrip_port),
        "PYTHONUNBUFFERED": "1",
    }


def _gated(gate: Path, imports: tuple[str, ...], module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "stack.gated", str(gate), ",".join(imports), module, *arguments)


def simulators(settings: Settings, project: Path) -> Part:
    """Other authorities: they get what they must share with us, and none of our keys."""
    port = settings.port("simulators")
    state = settings.home / "simulators"
    smtp = settings.port("smtp")
    options = ["--port", str(port), "--smtp-port", str(smtp), "--state", str(state), "--seed", str(settings.registries_seed)]
    options += ["--population", str(settings.registries_population)]
    # A benchmark asks for anybody's portrait, as a real registry would have it.
    options += ["--portraits-for-all"] if settings.bench_identity else []
    return Part(
        name="simulators",
        argv=(sys.executable, "-m", "simulators", *options),
        cwd=project,
        env={
            "PATH": os.environ.get("PATH", ""),
            "PYTHONUNBUFFERED": "1",
            "REGISTRIES_TOKEN": settings.registries_token,
            "ONETRIP_DEMO": str(settings.onetrip_demo).lower(),
        },
        probe=probes.http(f"http://127.0.0.1:{port}/healthz"),
        address=f"http://127.0.0.1:{port}",
        ports=(Port(port), Port(smtp)),
    )


def migrate(settings: Settings, project: Path) -> Part:
    return Part(
        name="migrate",
        argv=(sys.executable, "-m", "adapters.database.migrate"),
        cwd=project,
        env=_environment(settings),
        needs=("postgres",),
        once=True,
    )


def api(settings: Settings, project: Path) -> Part:
    address = f"http://127.0.0.1:{settings.onetrip_port}"
    gate = settings.home / "run" / "api.gate"
    return Part(
        name="api",
        argv=_gated(
            gate, ("api.main", "adapters.database.accounts", "adapters.documents.office", "adapters.uploads", "adapters.objects.s3"), "api"
        ),
        cwd=project,
        env=_environment(settings),
        needs=(*INFRASTRUCTURE, "migrate"),
        gate=gate,
        ready_seconds=120.0,
        probe=probes.http(f"{address}/healthz"),
        address=address,
        ports=(Port(settings.onetrip_port),),
    )


def worker(role: str, settings: Settings, project: Path) -> Part:
    """Imports while the servers start. The identity worker warms its models too, and then waits for the engine by itself."""
    ready = settings.home / "run" / f"worker-{role}.ready"
    gate = None if role == "identity" else settings.home / "run" / f"worker-{role}.gate"
    return Part(
        name=f"worker-{role}",
        argv=_gated(gate, ("worker", *ROLE_IMPORTS[role]), "worker", role) if gate else (sys.executable, "worker.py", role),
        cwd=project,
        env=_environment(settings) | {"ONETRIP_READY_FILE": str(ready)},
        needs=(*INFRASTRUCTURE, "migrate") if gate else (),
        gate=gate,
        ready_seconds=120.0,
        probe=probes.touched(ready),
        address=f"task queue {role}",
        prepare=lambda: ready.unlink(missing_ok=True),
        clean=lambda: ready.unlink(missing_ok=True),
    )


def demo_accounts(settings: Settings) -> Path:
    """Who may sign in, as the demo seed wrote it down; `onetrip up` shows it."""
    return settings.home / "demo-accounts.txt"


def is_seeded(settings: Settings) -> bool:
    return demo_accounts(settings).exists()


def seed_demo(settings: Settings, project: Path) -> Part:
    """Runs once in the life of a home: demo people, clerks, and `demo_accounts` at its end."""
    gate = settings.home / "run" / "demo.gate"
    return Part(
        name="demo",
        argv=_gated(gate, ("commands.running", "casework.demo"), "cli", "demo", "seed", "--write", str(demo_accounts(settings))),
        cwd=project,
        env=_environment(settings),
        needs=(*INFRASTRUCTURE, "migrate"),
        gate=gate,
        once=True,
        ready_seconds=180.0,
    )
