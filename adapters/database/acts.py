"""What an administrator does, as an entry of the record, in the transaction of the act itself."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import cast

STAFF, CALENDAR = "staff", "calendar"  # chains of the record


async def enter_act(connection: AsyncConnection, chain: str, kind: str, by: str, facts: Mapping[str, Any]) -> None:
    """`kind` is an act's name, `by` `clerk:<id>` or `command:<user>`; `facts` hold nothing personal and are plain JSON."""
    await connection.execute(select(func.record_append(chain, kind, cast({"by": by, **facts}, JSONB))))
