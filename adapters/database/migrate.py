"""Brings the database to the newest schema: `python -m adapters.database.migrate`. Safe to run from several processes."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

_LOCK = 7_201_802  # any number of our own: one migration at a time


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


async def migrate(url: str) -> None:
    """`url` reads postgresql://…"""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
    try:
        async with engine.begin() as connection:
            await connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


if __name__ == "__main__":
    # Imported here: as a library this module takes the address from its caller.
    from settings import load_settings

    asyncio.run(migrate(load_settings().database))
    print("the database is at the newest schema")
