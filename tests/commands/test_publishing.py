"""`onetrip service publish` on a real database: recorded, live for whoever looks next, and once only."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from settings import PROJECT, Settings
from tests.running import environment

pytestmark = pytest.mark.stack


def onetrip(settings: Settings, folder: Path, *words: str) -> tuple[int, str]:
    """Exit code and everything that was said, in English."""
    variables = environment(settings.onetrip_home, settings.onetrip_port) | {"LANG": "en_GB.UTF-8", "PYTHONPATH": str(PROJECT)}
    for name in ("LC_ALL", "LC_MESSAGES"):
        variables.pop(name, None)
    command = [sys.executable, "-m", "cli", "service", *words]
    done = subprocess.run(command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_a_file_is_written_and_published_by_commands_alone(migrated: Settings, tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str]:
        return onetrip(migrated, tmp_path, *words)

    file = tmp_path / "angling-permit.yaml"
    assert run("new", "angling-permit")[0] == 0
    assert run("diff", file.name)[1].count("A new service item, version 1") == 1

    assert run("publish", file.name, "--by", "nobody") == (1, "nobody is no catalogue editor\n")
    code, said = run("publish", file.name)
    assert code == 0 and "New certificate, version 1, is published: new applications follow it from now on" in said

    code, said = run("publish", file.name)
    assert code == 1 and "angling-permit.yaml:4: version: version 1 exists; write 2 or more" in said

    text = file.read_text(encoding="utf-8").replace("version: 1", "version: 2").replace("name: {zh: 新证明, en: New certificate}", NAME)
    first_day = next(line for line in text.splitlines() if line.startswith("effective_from:"))
    file.write_text(text.replace(first_day, "effective_from: 2999-01-01"), encoding="utf-8")
    assert "- 新证明 / New certificate" in run("diff", file.name)[1]
    assert "from 2999-01-01" in run("publish", file.name)[1]

    lines = run("history", "angling-permit")[1].splitlines()
    assert [line.split()[0] for line in lines] == ["v2", "v1"]
    assert all("command:" in line and len(line.split()[-1]) == 64 for line in lines), "who, when, and the digest"
    assert [line.split()[1] for line in run("list")[1].splitlines() if line.startswith("angling-permit ")] == ["v1", "v2"]
    assert "New certificate" in run("guide", "angling-permit")[1], "what is in force today"
    code, said = run("try", file.name, "--since", "2026-01-01")
    assert code == 0 and said.startswith("0 cases decided again")


NAME = "name: {zh: 钓鱼许可, en: Angling permit}"
