"""Whether the ports are free, and if not, who sits there and which setting moves us."""

import errno
import socket
import time
from collections.abc import Sequence

import psutil

from stack.errors import StackProblem
from stack.part import Part, Port

# A stack that was just killed needs a moment to let go of its ports.
PATIENCE_SECONDS = 3.0


def require_free_ports(parts: Sequence[Part]) -> None:
    """Go on only where every part can listen.

    Raises:
        StackProblem: naming the port, its holder where the system tells, and the setting that moves it.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    for part in parts:
        for port in part.ports:
            while not _free(port):
                if time.monotonic() > deadline:
                    raise StackProblem(_sentence(part, port))
                time.sleep(0.1)


def _free(port: Port) -> bool:
    if not 0 < port.number < 65536:
        raise StackProblem(f"There is no port {port.number}: set {port.moved_by} to something between 1024 and 65000.")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port.number))
        except PermissionError as error:
            raise StackProblem(f"Only root may use port {port.number}: set {port.moved_by} to something above 1023.") from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
    return True


def holder_of(port: int) -> str:
    """`name (process 123)` of whoever listens there; an empty string where the system does not tell."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.AccessDenied, OSError):
        return ""
    for connection in connections:
        if connection.status != psutil.CONN_LISTEN or not connection.laddr or connection.laddr.port != port or connection.pid is None:
            continue
        try:
            return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
        except psutil.Error:
            return f"process {connection.pid}"
    return ""


def _sentence(part: Part, port: Port) -> str:
    holder = holder_of(port.number)
    by = f" by {holder}" if holder else ""
    stop = "stop it" if holder else "stop whatever listens there"
    return f"Port {port.number}, which {part.name} needs, is in use{by}: {stop}, or set {port.moved_by} to another number."
