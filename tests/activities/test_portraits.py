"""A portrait for a clerk's look: entered before it is asked for, sealed when it comes, and one look a day in the person's list."""

from datetime import date
from uuid import UUID

import pytest
from temporalio.testing import ActivityEnvironment

from activities.portraits import PortraitActivities
from domain.errors import Unavailable
from domain.evidence import RegistryQuery
from domain.ids import new_id
from domain.portraits import OneLook, PortraitAsk
from tests.builders import ReadBook, make_id_number

PICTURE = b"\xff\xd8\xff a portrait"
HER = make_id_number(5)


class Registry:
    def __init__(self, picture: bytes | None = PICTURE) -> None:
        self.picture = picture
        self.asked: list[RegistryQuery] = []

    async def portrait(self, query: RegistryQuery) -> bytes | None:
        self.asked.append(query)
        return self.picture


def ask(reader: str, work_item_id: UUID, day: date = date(2026, 11, 22)) -> PortraitAsk:
    return PortraitAsk(work_item_id=work_item_id, application_id=new_id(), clerk_id="c-1", id_number=HER, day=day, reader=reader)


async def shown(registry: Registry, book: ReadBook, question: PortraitAsk) -> str | None:
    activities = PortraitActivities(registries=registry, reads=book)  # type: ignore[arg-type]
    answer = await ActivityEnvironment().run(activities.show_portrait, question)
    return answer.sealed


async def test_the_look_is_entered_first_and_the_portrait_comes_sealed() -> None:
    registry, look, item = Registry(), OneLook(), new_id()
    book = ReadBook(registry)
    for _ in range(2):
        sealed = await shown(registry, book, ask(look.public, item))
        assert sealed and look.open(sealed) == PICTURE
    assert book.asked_before == [0, 1] and len(book.rows) == 1, "twice on one day is one line"
    ((key, row),) = book.rows.items()
    assert HER not in key and (row.subject, row.by, row.fields) == (HER, "clerk:c-1", ["portrait"])
    await shown(registry, book, ask(look.public, item, date(2026, 11, 23)))
    assert len(book.rows) == 2


async def test_what_cannot_be_entered_is_not_asked() -> None:
    registry = Registry()
    book = ReadBook(registry)
    book.full = True
    with pytest.raises(Unavailable):
        await shown(registry, book, ask(OneLook().public, new_id()))
    assert registry.asked == []


async def test_somebody_without_a_portrait_has_none() -> None:
    registry = Registry(None)
    assert await shown(registry, ReadBook(registry), ask(OneLook().public, new_id())) is None
