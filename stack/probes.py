"""Ways to ask a part whether it serves."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from stack.part import Probe

PROBE_SECONDS = 2.0


async def http_status(url: str) -> int:
    """The status code of a GET. Written out because an HTTP client library costs the start 0.3 s.

    Raises:
        OSError, TimeoutError: nobody answers.
    """
    parts = urlsplit(url)
    if parts.hostname is None:
        raise OSError(f"no host in {url}")
    async with asyncio.timeout(PROBE_SECONDS):
        reader, writer = await asyncio.open_connection(
            parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), ssl=parts.scheme == "https" or None
        )
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            writer.write(f"GET {target} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode())
            await writer.drain()
            line = await reader.readline()
        finally:
            writer.close()
    words = line.split()
    if len(words) < 2 or not words[1].isdigit():
        raise OSError(f"{url} does not speak HTTP")
    return int(words[1])


def http(url: str) -> Probe:
    """Ready when a GET answers 2xx."""

    async def probe() -> bool:
        return 200 <= await http_status(url) < 300

    return probe


def tcp(host: str, port: int) -> Probe:
    """Ready when somebody listens."""

    async def probe() -> bool:
        async with asyncio.timeout(PROBE_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
        return True

    return probe


def touched(path: Path) -> Probe:
    """Ready when the part has written this file."""

    async def probe() -> bool:
        return path.exists()

    return probe


def database(dsn: str) -> Probe:
    """Ready when PostgreSQL answers a query. A wrong password or a missing database raises: waiting does not mend it."""

    async def probe() -> bool:
        import asyncpg

        try:
            connection = await asyncpg.connect(dsn, timeout=PROBE_SECONDS)
        except (asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
            return False
        try:
            return bool(await connection.fetchval("select 1") == 1)
        finally:
            await connection.close(timeout=PROBE_SECONDS)

    return probe
