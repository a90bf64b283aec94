"""The connection pool and the boxes: what every repository here stands on."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from adapters.keyring import Keyring, blind_index
from domain.errors import Unavailable

# Classes of SQLSTATE that say nothing of the statement: connection lost, no room, shutting down or starting up; and a deadlock.
_PASSING_CLASSES = ("08", "53", "57P")
_PASSING_STATES = frozenset({"40001", "40P01"})


class Database:
    """PostgreSQL through asyncpg, with the keys for its personal columns."""

    def __init__(self, url: str, keyring: Keyring, index_key: bytes, *, pool_size: int = 10) -> None:
        self._engine: AsyncEngine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=5,
            pool_recycle=1800,
            connect_args={"timeout": 5, "command_timeout": 20, "server_settings": {"application_name": "onetrip"}},
            json_serializer=lambda value: to_json(value).decode(),
            json_deserializer=json.loads,
        )
        self._single = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._keyring = keyring
        self._index_key = index_key

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """One transaction; a lost connection or server becomes `Unavailable`, and the pool starts afresh."""
        with _translated():
            async with self._engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[AsyncConnection]:
        """For one statement, which is a transaction by itself, or for reads that each stand alone: spares BEGIN and COMMIT."""
        with _translated():
            async with self._single.connect() as connection:
                yield connection

    async def close(self) -> None:
        await self._engine.dispose()

    def seal(self, value: Any, place: str, row: UUID) -> bytes:
        """Encrypt any JSON value for one column of one row; `place` reads `table.column`."""
        return self._keyring.encrypt(to_json(value), place.encode() + row.bytes)

    def open(self, box: bytes, place: str, row: UUID) -> Any:
        return from_json(self._keyring.decrypt(bytes(box), place.encode() + row.bytes))

    def digest(self, value: Any) -> str:
        """The keyed digest of any JSON value, hex: it binds what rests encrypted, and tells nothing without the key."""
        canonical = json.dumps(json.loads(to_json(value)), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return self.index(f"digest:{canonical}").hex()

    def index(self, text: str) -> bytes:
        """The keyed hash under which an ID number or a phone is found."""
        return blind_index(self._index_key, text)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolExhausted, OSError, TimeoutError) as error:
        raise Unavailable() from error
    except DBAPIError as error:
        if error.connection_invalidated or _passes_by_itself(error):
            raise Unavailable() from error
        raise


def _passes_by_itself(error: DBAPIError) -> bool:
    """Whether trying again later may help. A server that starts up refuses connections with an error of its own (57P03)."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return state.startswith(_PASSING_CLASSES) or state in _PASSING_STATES
