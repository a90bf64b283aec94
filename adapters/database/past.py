"""Decided cases with all that their decisions rested on, for deciding them again."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from adapters.database import judging
from adapters.database.engine import Database
from adapters.database.judging import Judge, Page, SealedCase, SealedPaper, Verdict
from adapters.database.pinned import PinnedItems
from adapters.database.tables import applications, evidence, persons
from adapters.keyring import Keyring
from domain.errors import NotFound
from domain.redeciding import DecidedCase
from domain.service_item import ServiceItem

BATCH = 1000


class PastDecisions:
    def __init__(self, database: Database, data_keys: str) -> None:
        """`data_keys` reads as `Keyring.from_setting` wants it: processes beside this one open boxes too."""
        self._db = database
        self._data_keys = data_keys
        self._keyring = Keyring.from_setting(data_keys)
        self._items = PinnedItems()

    async def judged(self, service_item: str, since: datetime, judge: Judge[Verdict]) -> AsyncIterator[list[Verdict]]:
        """What `judge` says of each case of an item opened since then that the machine has decided, oldest first.

        Of a case's decision it gets `outcome`, `decided_at`, `evidence`, and each result's `rule`, `holds` and `outcome`. The first
        thousand cases are judged in a thread, more of them by processes beside this one: `judge` must be picklable.

        Raises: what `judge` raises; DecryptionFailed.
        """
        page = await self.page(service_item, since, None)
        yield await asyncio.to_thread(judging.judged, self._keyring, judge, page)
        if len(page.cases) < BATCH:
            return
        executor = judging.processes(self._data_keys, judge)
        ahead: deque[asyncio.Future[list[Verdict]]] = deque()
        try:
            while (page := await self.page(service_item, since, page.cases[-1])).cases:
                ahead.append(asyncio.wrap_future(executor.submit(judging.judged_here, page)))
                if len(ahead) > judging.MOST_PROCESSES:
                    yield await ahead.popleft()
            while ahead:
                yield await ahead.popleft()
        finally:
            await asyncio.to_thread(executor.shutdown, cancel_futures=True)

    async def decided_case(self, acceptance_number: str) -> tuple[DecidedCase, ServiceItem]:
        """One case with the service item that it is pinned to.

        Raises:
            NotFound: no such number, or the machine has not decided it yet.
        """
        query = _DECIDED.where(applications.c.acceptance_number == acceptance_number)
        async with self._db.statement() as connection:
            row = (await connection.execute(query)).first()
            if row is None:
                raise NotFound()
            case = SealedCase._make(row)
            item = await self._items.get(connection, case.service_item, case.item_digest)
        return judging.whole_case(self._keyring, case, await self._papers([case.id])), item

    async def page(self, service_item: str, since: datetime, after: SealedCase | None) -> Page:
        """The next thousand decided cases of an item, oldest first, still sealed."""
        query = _DECIDED.where(applications.c.service_item == service_item, applications.c.opened_at >= since)
        if after is not None:
            query = query.where(tuple_(applications.c.opened_at, applications.c.id) > (after.opened_at, after.id))
        query = query.order_by(applications.c.opened_at, applications.c.id).limit(BATCH)
        async with self._db.statement() as connection:
            cases = [SealedCase._make(row) for row in await connection.execute(query)]
        return Page(cases, await self._papers([case.id for case in cases]) if cases else [])

    async def _papers(self, ids: Sequence[UUID]) -> list[SealedPaper]:
        """The newest answer to each question of these cases."""
        query: Select[Any] = (
            select(*(evidence.c[name] for name in SealedPaper._fields))
            .where(evidence.c.application_id.in_(ids))
            .ext(distinct_on(evidence.c.application_id, evidence.c.source))
            .order_by(evidence.c.application_id, evidence.c.source, evidence.c.round.desc())
        )
        async with self._db.statement() as connection:
            return [SealedPaper._make(row) for row in await connection.execute(query)]


_DECIDED = (
    select(*(applications.c[name] for name in SealedCase._fields[:-1]), persons.c.id_number_box)
    .join(persons, persons.c.id == applications.c.person_id)
    .where(applications.c.decision_box.is_not(None))
)
