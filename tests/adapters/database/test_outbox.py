"""Notices: written with the change that causes them, sent once, and again after a death, under the same id."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import func, select, update

from adapters.database.tables import applications, notices
from domain.notices import Channel, OutgoingNotice
from tests.builders import NoticeBox, make_application_request
from tests.filing import Cabinet, some_station

pytestmark = pytest.mark.stack


@pytest_asyncio.fixture
async def outbox(cabinet: Cabinet) -> AsyncIterator[Cabinet]:
    """Nothing of other tests is left to be sent."""
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(update(notices).where(notices.c.sent_at.is_(None)).values(sent_at=func.now()))
    yield cabinet


async def unsent(cabinet: Cabinet) -> list[Any]:
    async with cabinet.wiring.database.transaction() as connection:
        query = select(notices, (notices.c.next_try_at - func.now()).label("pause")).where(notices.c.sent_at.is_(None))
        return list((await connection.execute(query)).all())


async def test_a_notice_goes_to_the_phone_of_the_application_in_its_language_once(outbox: Cabinet) -> None:
    case = await outbox.case(some_station(), make_application_request(phone="13700000007", language="en"))
    await outbox.notice(case)
    box = NoticeBox()
    assert await outbox.wiring.outbox.send_notices(Channel.SMS, box.take) == 1
    assert await outbox.wiring.outbox.send_notices(Channel.SMS, box.take) == 0
    assert [(notice.to, notice.text) for notice in box.sent] == [("13700000007", "Test")]


async def test_a_death_between_sending_and_committing_sends_again_under_the_same_id(outbox: Cabinet) -> None:
    case = await outbox.case(some_station())
    for key in ("a", "b", "c"):
        await outbox.notice(case, key)
    box = NoticeBox()

    async def send_then_die(notice: OutgoingNotice) -> None:
        await box.take(notice)
        if len(box.sent) == 2:
            raise asyncio.CancelledError  # as a worker that is killed

    with pytest.raises(asyncio.CancelledError):
        await outbox.wiring.outbox.send_notices(Channel.SMS, send_then_die)
    assert len(await unsent(outbox)) == 3
    assert await outbox.wiring.outbox.send_notices(Channel.SMS, box.take) == 3
    ids = [notice.message_id for notice in box.sent]
    assert len(ids) == 5
    assert len(set(ids)) == 3
    assert await unsent(outbox) == []


async def test_two_dispatchers_at_once_send_each_notice_once(outbox: Cabinet) -> None:
    case = await outbox.case(some_station())
    for number in range(12):
        await outbox.notice(case, f"n{number}")
    box, both_hold_some = NoticeBox(), asyncio.Barrier(2)

    def dispatcher() -> Any:
        arrived = False

        async def send(notice: OutgoingNotice) -> None:
            nonlocal arrived
            if not arrived:
                arrived = True
                await asyncio.wait_for(both_hold_some.wait(), 10)
            await box.take(notice)

        return outbox.wiring.outbox.send_notices(Channel.SMS, send, at_most=6)

    assert sorted(await asyncio.gather(dispatcher(), dispatcher())) == [6, 6]
    assert len({notice.message_id for notice in box.sent}) == len(box.sent) == 12


async def test_notices_wait_with_growing_pauses_while_the_gateway_is_away(outbox: Cabinet) -> None:
    case = await outbox.case(some_station())
    await outbox.notice(case)
    box = NoticeBox()
    box.away = True
    pauses = []
    for _ in range(11):
        assert await outbox.wiring.outbox.send_notices(Channel.SMS, box.take) == 1
        assert await outbox.wiring.outbox.send_notices(Channel.SMS, box.take) == 0, "it waits"
        (row,) = await unsent(outbox)
        pauses.append(round(row.pause / timedelta(seconds=1)))
        async with outbox.wiring.database.transaction() as connection:
            await connection.execute(update(notices).where(notices.c.id == row.id).values(next_try_at=func.now()))
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    box.away = False
    await outbox.wiring.outbox.send_notices(Channel.SMS, box.take)
    assert len(box.sent) == 1


async def test_one_notice_that_cannot_be_read_holds_up_no_other(outbox: Cabinet) -> None:
    """A phone under a key that is gone: that notice waits for the key, the others go."""
    broken, sound = await outbox.case(some_station()), await outbox.case(some_station())
    await outbox.notice(broken)
    await outbox.notice(sound)
    async with outbox.wiring.database.transaction() as connection:
        await connection.execute(update(applications).where(applications.c.id == broken).values(phone_box=b"\x01x" + bytes(40)))
    box = NoticeBox()
    await outbox.wiring.outbox.send_notices(Channel.SMS, box.take)
    assert len(box.sent) == 1
    (left,) = await unsent(outbox)
    assert left.application_id == broken
    assert left.pause > timedelta(0)
