"""Which of the server's refusals are worth trying again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from adapters.database.engine import Database
from adapters.keyring import Keyring
from domain.errors import Unavailable


class ServerRefusal(Exception):
    """As SQLAlchemy's driver layer hands on what asyncpg raised."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("refused")
        self.sqlstate = sqlstate


@contextmanager
def database_that_refuses(monkeypatch: pytest.MonkeyPatch, sqlstate: str) -> Iterator[Database]:
    database = Database("postgresql://nobody@127.0.0.1:1/none", Keyring({"k1": bytes(32)}), bytes(32))

    def refuse(*_: Any) -> None:
        raise DBAPIError("select 1", {}, ServerRefusal(sqlstate))

    monkeypatch.setattr(type(database._engine), "begin", refuse)
    yield database


@pytest.mark.parametrize("sqlstate", ["57P03", "57P01", "08006", "53300", "40P01"])
async def test_a_server_that_starts_up_is_shutting_down_or_has_no_room_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, sqlstate: str
) -> None:
    with database_that_refuses(monkeypatch, sqlstate) as database, pytest.raises(Unavailable):
        async with database.transaction():
            pass


async def test_waiting_in_vain_for_a_connection_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none", Keyring({"k1": bytes(32)}), bytes(32))

    def refuse(*_: Any) -> None:
        raise PoolExhausted("QueuePool limit reached")

    monkeypatch.setattr(type(database._engine), "connect", refuse)
    with pytest.raises(Unavailable):
        async with database.statement():
            pass


@pytest.mark.parametrize("sqlstate", ["23505", "42601", "57014"])
async def test_a_wrong_statement_stays_an_error(monkeypatch: pytest.MonkeyPatch, sqlstate: str) -> None:
    with database_that_refuses(monkeypatch, sqlstate) as database, pytest.raises(DBAPIError):
        async with database.transaction():
            pass
