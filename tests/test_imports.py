"""The rooms' import contracts (pyproject.toml) hold, and would notice a breach."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from settings import PROJECT

pytestmark = pytest.mark.long

ROOMS = ("activities", "adapters", "api", "bench", "casework", "catalogue", "commands", "domain", "simulators", "stack", "web", "workflows")


def contracts_of(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--config", str(folder / "pyproject.toml"), "--no-cache"]
    environment = {"PYTHONPATH": str(folder), "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for room in ROOMS:
        shutil.copytree(PROJECT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "static", "templates"))
    for module in ("settings.py", "wiring.py", "pyproject.toml"):
        shutil.copy(PROJECT / module, tmp_path / module)
    return tmp_path


def test_the_contracts_hold() -> None:
    outcome = contracts_of(PROJECT)
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("domain/text.py", "import casework", "Rooms import downwards"),
        ("workflows/__init__.py", "import httpx", "Nothing that a workflow imports reaches"),
        ("domain/text.py", "import adapters.keyring", "Nothing that a workflow imports reaches"),
        ("casework/__init__.py", "import adapters.database", "know ports, never adapters"),
        ("adapters/objects/__init__.py", "import settings", "Adapters know the domain"),
        ("adapters/objects/__init__.py", "import adapters.registries", "Adapters are independent"),
    ],
)
def test_a_breach_is_noticed(copy: Path, module: str, line: str, contract: str) -> None:
    with (copy / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    outcome = contracts_of(copy)
    assert outcome.returncode == 1
    broken = [text for text in outcome.stdout.splitlines() if "BROKEN" in text]
    assert any(contract in text for text in broken), outcome.stdout
