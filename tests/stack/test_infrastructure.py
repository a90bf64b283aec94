"""The real servers of the stack, started together."""

import asyncpg
import pytest

from settings import Settings
from stack import probes

pytestmark = pytest.mark.stack


async def test_database_takes_our_role_with_its_password_only(infrastructure: Settings) -> None:
    connection = await asyncpg.connect(infrastructure.database)
    assert await connection.fetchval("select current_user") == "onetrip"
    assert await connection.fetchval("select rolsuper from pg_roles where rolname = current_user") is False
    await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(infrastructure.database.replace(infrastructure.database_password, "wrong"))


async def test_filer_and_s3_refuse_strangers(infrastructure: Settings) -> None:
    stored = f"{infrastructure.s3_bucket}/started"
    assert await probes.http_status(f"http://{infrastructure.s3}/{stored}") == 403
    assert await probes.http_status(f"http://127.0.0.1:{infrastructure.port('weed_filer')}/buckets/{stored}") == 401
