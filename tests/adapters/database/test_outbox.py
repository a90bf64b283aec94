"""Notices: written with the change that causes them, sent once, and again after a death, under the same id."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import func, select, update

from adapters.database import cases
from adapters.database.cases import CaseStore
from adapters.database.tables import applications, events, notices
from domain.application import ApplicationRequest, FiledBy
from domain.changes import NoticeText
from domain.errors import Unavailable
from domain.notices import Channel, NotSent, OutgoingNotice, state_of
from tests.builders import NoticeBox, make_application_request, make_id_number
from tests.filing import TEXT, Cabinet, make_change, some_station

pytestmark = pytest.mark.stack


@pytest_asyncio.fixture
async def outbox(cabinet: Cabinet) -> AsyncIterator[Cabinet]:
    """Nothing of other tests is left to be sent, and it is day."""
    assert not cabinet.wiring.settings.quiet_hours
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(update(notices).where(notices.c.sent_at.is_(None)).values(sent_at=func.now()))
    yield cabinet


def with_email(address: str = "yu@example.com", **others: Any) -> ApplicationRequest:
    request = make_application_request(**others)
    return request.model_copy(update={"applicant": request.applicant.model_copy(update={"email": address})})


def without_phone() -> ApplicationRequest:
    """As a clerk files it at a counter."""
    request = make_application_request()
    return request.model_copy(
        update={"applicant": request.applicant.model_copy(update={"phone": None}), "filed_by": FiledBy(clerk_id="clerk-1")}
    )


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
                await asyncio.wait_for(both_hold_some.wait(), 60)
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


# --- two channels ------------------------------------------------------------------------------------------------


async def test_where_there_is_an_address_an_email_goes_too_each_once(outbox: Cabinet) -> None:
    case = await outbox.case(some_station(), with_email(phone="13700000008", language="en"))
    await outbox.notice(case)
    sms, email = NoticeBox(), NoticeBox()
    for _ in range(2):
        await outbox.wiring.outbox.send_notices(Channel.SMS, sms.take)
        await outbox.wiring.outbox.send_notices(Channel.EMAIL, email.take)
    assert [n.to for n in sms.sent] == ["13700000008"]
    assert [(n.to, n.text, n.language) for n in email.sent] == [("yu@example.com", "Test", "en")]
    assert email.sent[0].subject
    assert sms.sent[0].message_id != email.sent[0].message_id


async def test_a_case_without_a_phone_gets_no_sms_and_says_why(outbox: Cabinet) -> None:
    case = await outbox.case(some_station(), without_phone())
    await outbox.notice(case)
    box = NoticeBox()
    assert await outbox.wiring.outbox.send_notices(Channel.SMS, box.take) == 1
    assert await outbox.wiring.outbox.send_notices(Channel.SMS, box.take) == 0
    assert box.sent == []
    (entry,) = await outbox.wiring.outbox.notices_of_case(case)
    assert (entry["not_sent"], entry["sent_at"], entry["phone"]) == (NotSent.NO_PHONE, None, None)


async def test_an_address_that_takes_nothing_is_given_up_and_the_others_go(outbox: Cabinet) -> None:
    refused, sound = [await outbox.case(some_station(), with_email(f"{name}@example.com")) for name in ("refused", "sound")]
    for case in (refused, sound):
        await outbox.notice(case)
    box = NoticeBox()
    box.refuses = {"refused@example.com"}
    assert await outbox.wiring.outbox.send_notices(Channel.EMAIL, box.take) == 2
    assert [n.to for n in box.sent] == ["sound@example.com"]
    by_email = next(n for n in await outbox.wiring.outbox.notices_of_case(refused) if n["channel"] == "email")
    assert by_email["not_sent"] == NotSent.REFUSED


async def test_a_gateway_that_is_away_is_asked_once_a_batch_and_holds_up_no_other_channel(outbox: Cabinet) -> None:
    case = await outbox.case(some_station(), with_email())
    for key in ("a", "b", "c"):
        await outbox.notice(case, key)
    asked = 0

    async def away(notice: OutgoingNotice) -> None:
        nonlocal asked
        asked += 1
        raise Unavailable

    await outbox.wiring.outbox.send_notices(Channel.SMS, away)
    assert asked == 1
    email, sms = NoticeBox(), NoticeBox()
    await outbox.wiring.outbox.send_notices(Channel.EMAIL, email.take)
    await outbox.wiring.outbox.send_notices(Channel.SMS, sms.take)
    assert [len(email.sent), len(sms.sent)] == [3, 2], "the one that was tried waits its pause"
    states = {state_of(row, datetime.now(UTC)) for row in await outbox.wiring.outbox.notices_of_case(case)}
    assert states == {"sent", "gateway_away"}


async def test_a_batch_tells_of_its_cases_in_one_order_whatever_was_due_first(outbox: Cabinet) -> None:
    """Each case's chain of the record is held until the commit: two senders that took them crosswise would stop each other."""
    found = [await outbox.case(some_station()) for _ in range(5)]
    for case in found:
        await outbox.notice(case)
    async with outbox.wiring.database.transaction() as connection:
        for place, case in enumerate(found):  # the last one first
            due = func.now() - timedelta(seconds=60 + place)
            await connection.execute(update(notices).where(notices.c.application_id == case).values(next_try_at=due))
    box = NoticeBox()
    assert await outbox.wiring.outbox.send_notices(Channel.SMS, box.take) == 5
    async with outbox.wiring.database.transaction() as connection:
        query = select(events.c.application_id).where(events.c.application_id.in_(found), events.c.event == "notice_sent")
        told = list((await connection.execute(query.order_by(events.c.id))).scalars())
    assert told == sorted(found)


async def test_at_night_a_notice_waits_for_the_morning(outbox: Cabinet, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await outbox.case(some_station())
    morning = datetime.now(UTC) + timedelta(hours=9)
    monkeypatch.setattr(cases, "next_allowed", lambda moment: morning)
    await CaseStore(outbox.wiring.database, quiet_hours=True).apply(make_change(case, notices=[NoticeText(key="night", text=TEXT)]))
    box = NoticeBox()
    assert await outbox.wiring.outbox.send_notices(Channel.SMS, box.take) == 0
    (entry,) = await outbox.wiring.outbox.notices_of_case(case)
    assert entry["next_try_at"] == morning
    assert [state_of(entry, now) for now in (datetime.now(UTC), morning)] == ["quiet_hours", "soon"]


async def test_that_a_notice_went_is_an_event_of_its_case_and_not_on_the_timeline(outbox: Cabinet) -> None:
    case = await outbox.case(some_station())
    await outbox.notice(case, "here")
    await outbox.wiring.outbox.send_notices(Channel.SMS, NoticeBox().take)
    happened = [e for e in await outbox.office.desk.events_after(case, 0) if e["event"] == "notice_sent"]
    assert [(e["text"], e["data"]) for e in happened] == [(None, {"notice": "here", "channel": "sms"})]


# --- the log -----------------------------------------------------------------------------------------------------


async def test_a_persons_log_holds_the_cases_of_their_phone_alone_page_by_page(outbox: Cabinet) -> None:
    number = make_id_number(711)
    mine = await outbox.case(some_station(), make_application_request(id_number=number, phone="13700000071"))
    another_phone = await outbox.case(some_station(), make_application_request(id_number=number, phone="13700000072"))
    for case in (mine, another_phone):
        for key in ("a", "b", "c"):
            await outbox.notice(case, key)
    person = (await outbox.office.desk.access_of(mine))["person_id"]
    phone_index = outbox.wiring.database.index("13700000071")
    first = await outbox.wiring.outbox.notices_of_person(person, phone_index, before=None, limit=2)
    rest = await outbox.wiring.outbox.notices_of_person(person, phone_index, before=first[-1]["id"], limit=5)
    assert [n["key"] for n in (*first, *rest)] == ["c", "b", "a"]
    assert {n["application_id"] for n in (*first, *rest)} == {mine}
