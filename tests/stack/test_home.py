"""The home folder: secrets, lock, and what is wrong with it said in a sentence."""

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from settings import PROJECT
from stack.errors import StackProblem
from stack.home import LONGEST_HOME, SECRETS, ensure_secrets, holder, locked, open_home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("ONETRIP_HOME", str(folder))
    for name in SECRETS:
        monkeypatch.delenv(name.upper(), raising=False)
    return folder


def test_first_start_writes_every_secret_for_its_owner_only(home: Path) -> None:
    open_home(home)
    settings = ensure_secrets(home)
    config = home / "config.env"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    key_id, key = settings.data_keys.split(":")
    assert key_id == "k1"
    assert len(base64.b64decode(key, validate=True)) == 32
    assert all(getattr(settings, name) for name in SECRETS)
    assert settings.database_password in settings.database
    assert ensure_secrets(home) == settings


def test_the_environment_wins_over_the_file_and_is_not_written_down(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_KEY", "from-the-environment")
    open_home(home)
    assert ensure_secrets(home).token_key == "from-the-environment"
    assert "TOKEN_KEY" not in (home / "config.env").read_text(encoding="utf-8")


def test_a_secret_that_a_newer_version_wants_is_added_and_the_rest_kept(home: Path) -> None:
    open_home(home)
    before = ensure_secrets(home)
    config = home / "config.env"
    kept = [line for line in config.read_text(encoding="utf-8").splitlines() if not line.startswith("TOKEN_KEY")]
    config.write_text("\n".join([*kept, "OFFICE_DIVISION=330302"]), encoding="utf-8")
    after = ensure_secrets(home)
    assert after.token_key not in ("", before.token_key)
    assert after.data_keys == before.data_keys
    assert after.office_division == "330302"


def test_data_without_its_keys_is_never_given_new_ones(home: Path) -> None:
    open_home(home)
    ensure_secrets(home)
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("18\n", encoding="utf-8")
    (home / "config.env").unlink()
    with pytest.raises(StackProblem, match="put the file back from your backup"):
        ensure_secrets(home)
    assert not (home / "config.env").exists()


def test_a_path_too_long_for_a_socket_is_a_sentence(tmp_path: Path) -> None:
    long = tmp_path / ("x" * LONGEST_HOME)
    with pytest.raises(StackProblem, match=r"too long for sockets .* set ONETRIP_HOME to a shorter path"):
        open_home(long)
    assert not long.exists()


def test_a_home_that_is_a_file_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(StackProblem, match=r"Cannot write to .*set ONETRIP_HOME"):
        open_home(file)


def test_a_second_stack_on_one_home_is_told_who_holds_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_home(home)
    monkeypatch.setattr("stack.home.LOCK_PATIENCE_SECONDS", 0.2)
    assert holder(home) is None
    with locked(home):
        assert holder(home) == os.getpid()
    with locked(home), pytest.raises(StackProblem, match=rf"already runs on .* \(process {os.getpid()}\)"), locked(home):
        pass
    with locked(home):
        pass


def test_a_lock_whose_holder_was_killed_is_free(home: Path) -> None:
    open_home(home)
    script = "import os, pathlib, sys\nfrom stack.home import locked\nwith locked(pathlib.Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", script, str(home)], cwd=PROJECT, check=False).returncode == -9
    assert (home / "run" / "lock").read_text(encoding="utf-8").strip()
    assert holder(home) is None
    with locked(home):
        pass
