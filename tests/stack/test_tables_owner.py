"""A home of an older version, whose application owned its tables: at the next start they belong to a role that only migrations use."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.database.migrate import configuration, migrate
from adapters.database.record_audit import RecordAudit
from domain.record_checks import RecordCheck
from settings import Settings
from stack import postgres
from tests.builders import MemoryObjects, PlainDocuments, Shelf, make_service_item
from tests.driving import TestWiring
from tests.filing import Cabinet, some_station
from tests.running import StackProcess

pytestmark = pytest.mark.stack

OLD_ACCESS = "host all onetrip 127.0.0.1/32 scram-sha-256\n"
BACK = "REASSIGN OWNED BY onetrip_owner TO onetrip;\nDROP OWNED BY onetrip_owner;\nDROP ROLE onetrip_owner;\n"


async def file_a_case(settings: Settings) -> str:
    item = make_service_item()
    wiring = TestWiring(settings, catalogue=Shelf(item), objects=MemoryObjects(), documents=PlainDocuments())
    case = await Cabinet(wiring, await wiring.office(), item).case(some_station())
    await wiring.close()
    return str(case)


async def back_to(settings: Settings, revision: str) -> None:
    engine = create_async_engine(settings.database_owner.replace("postgresql://", "postgresql+asyncpg://", 1))

    def downgrade(connection: Connection) -> None:
        config = configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)

    async with engine.begin() as connection:
        await connection.run_sync(downgrade)
    await engine.dispose()


def make_old(home: Path) -> None:
    """As the release before left it."""
    data = home / "postgres"
    assert postgres._alone(data, "onetrip", BACK, "SELECT '{marker}' FROM pg_database WHERE datdba = 'onetrip'::regrole;\n")
    (data / "pg_hba.conf").write_text(OLD_ACCESS, encoding="utf-8")
    config = home / "config.env"
    kept = [line for line in config.read_text(encoding="utf-8").splitlines() if not line.startswith("DATABASE_OWNER_PASSWORD")]
    config.write_text("\n".join(kept) + "\n", encoding="utf-8")


async def look_into(settings: Settings, case: str) -> tuple[int, int, list[str]]:
    """How many relations the application owns; how many entries the case has; what does not agree with the record."""
    wiring = TestWiring(settings)
    connection = await asyncpg.connect(settings.database)
    try:
        owned = await connection.fetchval("select count(*) from pg_class where relowner = 'onetrip'::regrole")
        entered = await connection.fetchval("select count(*) from record_entries where chain = $1", case)
        differences = [found.where async for found in RecordAudit(wiring.database).differences()]
        check = RecordCheck(await wiring.record.seal(datetime.now(UTC).date(), datetime.now(UTC)))
        async for lines in wiring.record.export(datetime.now(UTC)):
            check.feed(lines)
        assert check.finish().whole
        return owned, entered, differences
    finally:
        await connection.close()
        await wiring.close()


@pytest.fixture
def stack(tmp_path: Path) -> StackProcess:
    return StackProcess(tmp_path / "home", ("postgres",))


def run(stack: StackProcess, use: Callable[[Settings], None]) -> None:
    settings = stack.start()
    try:
        use(settings)
    finally:
        stack.stop()


def test_a_home_of_before_is_taken_over_with_its_cases_entered(stack: StackProcess) -> None:
    cases: list[str] = []

    def before(settings: Settings) -> None:
        asyncio.run(migrate(settings.database_owner, settings.database))
        cases.append(asyncio.run(file_a_case(settings)))
        asyncio.run(back_to(settings, "0005"))

    def after(settings: Settings) -> None:
        assert settings.database_owner_password
        asyncio.run(migrate(settings.database_owner, settings.database))
        assert asyncio.run(look_into(settings, cases[0])) == (0, 2, [])

    run(stack, before)
    make_old(stack.home)
    run(stack, after)
