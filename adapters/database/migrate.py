"""Brings the database to the newest schema: `python -m adapters.database.migrate`. Safe to run from several processes."""

import asyncio
from pathlib import Path
from urllib.parse import unquote, urlsplit

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

_LOCK = 7_201_802  # any number of our own: one migration at a time

# Tables that only grow: whoever writes them reads and adds.
ONLY_GROW = ("events", "data_reads", "record_heads", "record_members")
# Written by `record_append` alone, which runs with the owner's rights.
ONLY_READ = ("record_entries", "alembic_version")


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


async def migrate(owner_url: str, application_url: str) -> None:
    """Both read postgresql://…. The first owns the tables; the second one's role may use them, but not change what only grows.

    Where both name one role, it owns the tables it writes: what only grows is then held by its triggers alone.
    """
    engine = create_async_engine(owner_url.replace("postgresql://", "postgresql+asyncpg://", 1))
    try:
        async with engine.begin() as connection:
            await connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await connection.run_sync(_upgrade)
            if (role := _role(application_url)) != _role(owner_url):
                await _grant(connection, role)
    finally:
        await engine.dispose()


def _role(url: str) -> str:
    return unquote(urlsplit(url).username or "")


def _upgrade(connection: Connection) -> None:
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def _grant(connection: AsyncConnection, role: str) -> None:
    """At every start, so that it holds for tables that came with this version."""
    name = '"' + role.replace('"', '""') + '"'
    for statement in (
        "revoke create on schema public from public",
        f"grant usage on schema public to {name}",
        f"grant select, insert, update, delete on all tables in schema public to {name}",
        f"revoke update, delete on {', '.join(ONLY_GROW)} from {name}",
        f"revoke insert, update, delete on {', '.join(ONLY_READ)} from {name}",
        f"grant usage on all sequences in schema public to {name}",
        f"revoke all on sequence record_entries_position_seq from {name}",
        f"grant execute on function record_append(text, text, jsonb), record_cut() to {name}",
    ):
        await connection.execute(text(statement))


if __name__ == "__main__":
    # Imported here: as a library this module takes its addresses from its caller.
    from settings import load_settings

    settings = load_settings()
    asyncio.run(migrate(settings.database_owner, settings.database))
    if _role(settings.database_owner) == _role(settings.database):
        print("one role both owns and writes the tables: set DATABASE_OWNER_URL, so that the database itself keeps the record from it")
    print("the database is at the newest schema")
