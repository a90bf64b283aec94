"""`postmaster.pid` after a kill or a power loss."""

import os
import subprocess
from pathlib import Path

import pytest

from stack.errors import StackProblem
from stack.postgres import clear_stale_pid


def test_a_number_of_nobody_or_of_another_program_is_cleared(tmp_path: Path) -> None:
    file = tmp_path / "postmaster.pid"
    gone = subprocess.Popen(["true"])
    gone.wait()
    for written in (str(gone.pid), str(os.getpid()), "", "rubbish"):
        file.write_text(f"{written}\n{tmp_path}\n", encoding="utf-8")
        clear_stale_pid(tmp_path)
        assert not file.exists()


def test_a_living_server_on_the_same_data_is_left_alone_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.postgres.LEAVING_SECONDS", 0.2)
    program = tmp_path / "postgres"
    program.write_bytes(Path("/bin/sleep").read_bytes())
    program.chmod(0o755)
    server = subprocess.Popen([program, "60"], cwd=tmp_path)
    try:
        (tmp_path / "postmaster.pid").write_text(f"{server.pid}\n", encoding="utf-8")
        with pytest.raises(StackProblem, match=f"process {server.pid}.*kill -INT {server.pid}"):
            clear_stale_pid(tmp_path)
        assert (tmp_path / "postmaster.pid").exists()
    finally:
        server.kill()
        server.wait()
    clear_stale_pid(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()
