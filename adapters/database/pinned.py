"""The versions of service items that cases are pinned to. What a digest stands for never changes, so each is read once."""

import hashlib
from typing import Any

from pydantic_core import to_json
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.tables import service_item_versions
from domain.service_item import ServiceItem


class PinnedItems:
    def __init__(self) -> None:
        self._by_digest: dict[str, ServiceItem] = {}
        self._in_force: dict[str, tuple[ServiceItem, str, dict[str, Any]]] = {}

    async def get(self, connection: AsyncConnection, code: str, digest: str) -> ServiceItem:
        """The item that `keep` was given; some case is pinned to it, so it is there."""
        if (known := self._by_digest.get(digest)) is not None:
            return known
        query = select(service_item_versions.c.body).where(service_item_versions.c.code == code, service_item_versions.c.digest == digest)
        item = ServiceItem.model_validate((await connection.execute(query)).scalar_one())
        self._by_digest[digest] = item
        return item

    def digest_of(self, item: ServiceItem) -> str:
        """SHA-256 of the item as JSON, hex."""
        return self._dumped(item)[0]

    async def keep(self, connection: AsyncConnection, item: ServiceItem) -> None:
        """Store this version, unless it is known to be stored."""
        digest, body = self._dumped(item)
        if digest in self._by_digest:
            return
        await connection.execute(
            insert(service_item_versions).values(code=item.code, version=item.version, digest=digest, body=body).on_conflict_do_nothing()
        )

    def _dumped(self, item: ServiceItem) -> tuple[str, dict[str, Any]]:
        """Digest and body, made once for each item in force."""
        known = self._in_force.get(item.code)
        if known is None or known[0] is not item:
            body = item.model_dump(mode="json")
            known = self._in_force[item.code] = (item, hashlib.sha256(to_json(body)).hexdigest(), body)
        return known[1], known[2]
