"""Every command in the docs runs: `sh` blocks in order, each page in a folder of its own, on a running stack."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from settings import PROJECT, Settings
from tests.running import environment

PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
# Each takes minutes and is this test run itself, or starts the stack that these tests stand on.
_MAKE = re.compile(r"^(make [\w ='/-]+|onetrip up.*)$")


def blocks(page: Path, language: str) -> list[str]:
    return [body for name, body in _BLOCK.findall(page.read_text(encoding="utf-8")) if name == language]


def pages_with(language: str) -> list[Path]:
    return [page for page in PAGES if blocks(page, language)]


def shell_environment(settings: Settings) -> dict[str, str]:
    inherited = environment(settings.onetrip_home, settings.onetrip_port)
    return inherited | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{inherited['PATH']}", "PYTHONPATH": str(PROJECT)}


@pytest.mark.stack
@pytest.mark.identity
@pytest.mark.parametrize("page", pages_with("sh"), ids=lambda p: p.relative_to(PROJECT).as_posix())
def test_the_commands_of_a_page_run(page: Path, running_stack: Settings, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl on PATH")
    lines = "\n".join(blocks(page, "sh")).splitlines()
    script = "\n".join(line for line in lines if not _MAKE.match(line.split("#")[0].strip()))
    for attempt in ("first", "second"):  # the demonstration's voice is misheard now and then
        folder = tmp_path / attempt
        folder.mkdir()
        command = ["bash", "-euo", "pipefail", "-c", script]
        done = subprocess.run(command, cwd=folder, env=shell_environment(running_stack), capture_output=True, text=True, timeout=300)
        if done.returncode == 0:
            return
    raise AssertionError(f"{done.stdout}\n{done.stderr}")


@pytest.mark.stack
@pytest.mark.parametrize("page", pages_with("python"), ids=lambda p: p.relative_to(PROJECT).as_posix())
def test_the_programs_of_a_page_run(page: Path, running_stack: Settings, tmp_path: Path) -> None:
    for program in blocks(page, "python"):
        file = tmp_path / "program.py"
        file.write_text(program, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(file)], cwd=tmp_path, env=shell_environment(running_stack), capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert "verifying" in done.stdout


def test_every_make_target_that_a_page_names_exists() -> None:
    for page in PAGES:
        for block in blocks(page, "sh"):
            for target in re.findall(r"^make ([\w-]+)", block, re.MULTILINE):
                assert subprocess.run(["make", "-n", target], cwd=PROJECT, capture_output=True).returncode == 0, (page.name, target)


def test_every_link_between_pages_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http:", "https:")):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_yaml_in_the_docs_is_yaml() -> None:
    import yaml

    for page in PAGES:
        for block in blocks(page, "yaml"):
            assert yaml.safe_load(block)
