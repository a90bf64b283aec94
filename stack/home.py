"""The folder that holds all state: its layout, its lock, and the secrets written at first start."""

import base64
import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from settings import Settings, load_settings
from stack.errors import StackProblem

# A unix socket's path has at most 107 bytes; the longest name we put below the home is 24.
LONGEST_HOME = 107 - len("/run/seaweedfs-filer.sock")
LOCK_PATIENCE_SECONDS = 5.0


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _keyring() -> str:
    return f"k1:{_key()}"


SECRETS: dict[str, Callable[[], str]] = {
    "data_keys": _keyring,
    "payload_keys": _keyring,
    "index_key": _key,
    "token_key": _key,
    "registries_token": lambda: secrets.token_urlsafe(32),
    "s3_access_key": lambda: secrets.token_hex(10),
    "s3_secret_key": lambda: secrets.token_urlsafe(30),
    "database_password": lambda: secrets.token_urlsafe(24),
    "database_owner_password": lambda: secrets.token_urlsafe(24),
}
# What docker-compose.yml asks for: its servers have passwords of their own.
COMPOSE_SECRETS = SECRETS | {
    "companies_token": lambda: secrets.token_urlsafe(32),
    "database_admin_password": lambda: secrets.token_urlsafe(24),
    "temporal_database_password": lambda: secrets.token_urlsafe(24),
    "weed_signing_key": lambda: secrets.token_hex(32),
}

HEADING = "# Secrets of this OneTrip, made at first start. Keep a copy: without the keys the data cannot be read.\n"


def open_home(home: Path) -> None:
    """Make the folder with `logs/` and `run/`.

    Raises:
        StackProblem: not a folder, not writable, or too long for a unix socket.
    """
    if len(os.fsencode(home)) > LONGEST_HOME:
        raise StackProblem(f"{home} is too long for sockets inside it ({LONGEST_HOME} bytes at most): set ONETRIP_HOME to a shorter path.")
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("logs", "run"):
            (home / name).mkdir(exist_ok=True, mode=0o700)
        probe = home / "run" / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise StackProblem(f"Cannot write to {home} ({error.strerror}): set ONETRIP_HOME to a folder of yours.") from error


def ensure_secrets(home: Path) -> Settings:
    """Settings of this home, after writing whatever secret neither the environment nor `config.env` has.

    Raises:
        StackProblem: there is data but the keys that open it are gone.
    """
    settings = load_settings()
    missing = [name for name in SECRETS if not getattr(settings, name)]
    if not missing:
        return settings
    config = home / "config.env"
    if (home / "postgres" / "PG_VERSION").exists() and _kept_with_data(home) & set(missing):
        raise StackProblem(
            f"{home} holds data, but {config} has no {', '.join(name.upper() for name in missing)}: put the file back from your backup. "
            f"To start afresh instead, move {home} away."
        )
    _append_private(config, "".join(f"{name.upper()}={SECRETS[name]()}\n" for name in missing))
    return load_settings()


def _kept_with_data(home: Path) -> set[str]:
    """Secrets that data was made with; data of an older version knows no owner of its tables yet."""
    access = home / "postgres" / "pg_hba.conf"
    owned = access.exists() and "onetrip_owner" in access.read_text(encoding="utf-8")
    return {"data_keys", "index_key", "database_password"} | ({"database_owner_password"} if owned else set())


def new_secrets() -> str:
    """A fresh set for docker-compose.yml's `.env`."""
    return "".join(f"{name.upper()}={make()}\n" for name, make in COMPOSE_SECRETS.items())


def _append_private(path: Path, text: str) -> None:
    """Rewrite as a whole, so that a power loss leaves the old file or the new one."""
    old = path.read_text(encoding="utf-8") if path.exists() else HEADING
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(old + ("" if old.endswith("\n") else "\n") + text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold this home against a second `onetrip up`. The kernel drops the lock with us, so it never goes stale.

    Raises:
        StackProblem: another process holds it.
    """
    path = home / "run" / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(descriptor, path, home)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def holder(home: Path) -> int | None:
    """The process id of the `onetrip up` that runs on this home; None where none does."""
    path = home / "run" / "lock"
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        written = path.read_text(encoding="utf-8").strip()
        return int(written) if written.isdigit() else None
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, home: Path) -> None:
    deadline = time.monotonic() + LOCK_PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            pid = path.read_text(encoding="utf-8").strip() or "unknown"
            if time.monotonic() > deadline:
                raise StackProblem(
                    f"OneTrip already runs on {home} (process {pid}): stop it with `kill {pid}`, "
                    "or set ONETRIP_HOME and ONETRIP_PORT to start a second one."
                ) from error
            time.sleep(0.1)
