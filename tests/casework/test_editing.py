"""An editor's way from a new file to a version that is live: in memory, then on the real database."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
import yaml

from casework import clerking, editing, queueing
from casework.demo import seed
from casework.office import Office
from catalogue.loader import Catalogue, digest_of
from catalogue.refusals import CatalogueError
from domain.clock import day_in_china
from domain.errors import InvalidInput, NotAllowed, NotFound, WrongState
from domain.ids import new_id
from domain.jurisdiction import Role
from settings import Settings
from tests.builders import TEST_SOURCES, MemoryObjects, MemoryPublications, PlainDocuments, library_card
from tests.driving import TestWiring, make_clerk

EDITOR = make_clerk(Role.CATALOGUE_EDITOR, clerk_id="editor")
COLLEAGUE = make_clerk(Role.CATALOGUE_EDITOR, clerk_id="colleague")
SUPERVISOR = make_clerk(Role.SUPERVISOR)
TODAY = day_in_china(datetime.now(UTC))


def card(**changes: Any) -> str:
    return yaml.safe_dump(library_card() | {"delivery": ["counter"]} | changes, allow_unicode=True, sort_keys=False)


@dataclass
class Desk:
    """The part of an office that editing stands on."""

    catalogue: Catalogue
    publications: MemoryPublications

    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A catalogue with the library card alone, which came with the system."""
    (tmp_path / "library-card.yaml").write_text(card(), encoding="utf-8")
    publications = MemoryPublications()
    catalogue = Catalogue(tmp_path, sources=TEST_SOURCES, publications=publications)
    return cast(Office, Desk(catalogue, publications))


async def publish(office: Office, **changes: Any) -> editing.Published:
    text = card(**changes)
    await editing.save(office, EDITOR, "library-card", text)
    return await editing.publish_draft(office, EDITOR, "library-card", text)


NEXT: dict[str, Any] = {"version": 2, "effective_from": TODAY}


# --- publishing ------------------------------------------------------------------------------------------------------


async def test_a_version_is_live_at_once_and_who_published_it_when_with_what_digest_is_kept(office: Office) -> None:
    published = await publish(office, **NEXT, window_days=30)
    assert published.live_now
    assert office.catalogue.get("library-card").window_days == 30
    (row,) = await editing.history(office, SUPERVISOR, "library-card")
    assert (row["version"], row["published_by"], row["digest"]) == (2, EDITOR.login, digest_of(published.item))
    assert row["text"] == card(**NEXT, window_days=30), "the file as it was written"
    assert await office.publications.draft(EDITOR.clerk_id, "library-card") is None, "the draft is put away"


async def test_a_version_that_begins_later_waits_for_its_day(office: Office) -> None:
    later = TODAY + timedelta(days=10)
    published = await publish(office, version=2, effective_from=later, window_days=30)
    assert not published.live_now
    assert office.catalogue.get("library-card").window_days == 60
    assert office.catalogue.get("library-card", later).window_days == 30
    (line,) = await editing.overview(office, EDITOR)
    assert line.coming is not None and (line.coming.version, line.current and line.current.version) == (2, 1)


async def test_the_same_version_is_published_once(office: Office) -> None:
    await publish(office, **NEXT)
    with pytest.raises(CatalogueError, match=r"version 2 exists; write 3 or more"):
        await publish(office, **NEXT, window_days=9)
    assert len(await editing.history(office, EDITOR, "library-card")) == 1


async def test_of_two_who_publish_at_once_the_later_is_told_so(office: Office) -> None:
    await office.publications.publish(office.catalogue.get("library-card").model_copy(update=NEXT), "", "", "colleague", office.now())
    with pytest.raises(WrongState, match="by somebody else"):
        # This process has not seen it yet: its look at the database comes before the other's.
        office.catalogue._newest_seen = 1  # type: ignore[attr-defined]
        await publish(office, **NEXT)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": 1}, "version 1 exists"),
        ({"version": 2, "effective_from": date(2020, 1, 1)}, "overlaps version 1"),
        ({**NEXT, "branch": "ships"}, "no branch ships"),
        ({**NEXT, "code": "other-card"}, "this is the file of library-card"),
    ],
)
async def test_what_must_not_be_live_is_not_published(office: Office, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(CatalogueError, match=told):
        await publish(office, **changes)
    assert await editing.history(office, EDITOR, "library-card") == []
    assert await office.publications.draft(EDITOR.clerk_id, "library-card") == card(**changes), "the text is kept"


# --- reading and checking --------------------------------------------------------------------------------------------


async def test_number_and_period_stand_against_publishing_only(office: Office) -> None:
    checked = await editing.check_file(office, EDITOR, "library-card", card())
    assert checked.item is not None and not checked.may_be_published
    assert [refusal.line for refusal in checked.before_publishing] == [2], "the line of the version"
    assert (await editing.check_file(office, EDITOR, "library-card", card(**NEXT))).may_be_published


async def test_what_is_shown_next_is_the_draft_then_what_was_published_then_what_came_with_the_system(office: Office) -> None:
    with pytest.raises(NotFound):
        await editing.open_file(office, EDITOR, "no-such-item")
    await publish(office, **NEXT)
    await editing.save(office, EDITOR, "library-card", "half a")
    mine, theirs = [await editing.open_file(office, actor, "library-card") for actor in (EDITOR, COLLEAGUE)]
    assert (mine.text, mine.is_draft) == ("half a", True)
    assert (theirs.text, theirs.is_draft) == (card(**NEXT), False)
    assert [note.mine for note in theirs.others] == [False], "somebody else is writing"
    await editing.discard(office, EDITOR, "library-card")
    assert (await editing.open_file(office, EDITOR, "library-card")).text == card(**NEXT)
    assert await editing.text_of_version(office, EDITOR, "library-card", 2) == card(**NEXT)
    with pytest.raises(NotFound):
        await editing.text_of_version(office, EDITOR, "library-card", 3)


async def test_changes_are_told_against_the_version_it_would_follow(office: Office) -> None:
    await publish(office, **NEXT, window_days=30)
    third = editing.check(card(version=3, effective_from=TODAY + timedelta(days=1), window_days=20), "x.yaml", TEST_SOURCES).item
    assert third is not None
    found = editing.changes_of(office, third)
    assert (found.before, found.after, [line.en for line in found.summary]) == (2, 3, ["Counter window: 30 → 20"])


# --- beginning -------------------------------------------------------------------------------------------------------


async def test_a_new_item_begins_as_a_draft_that_only_its_editor_has(office: Office) -> None:
    await editing.begin(office, EDITOR, "reading-permit", "certificate")
    opened = await editing.open_file(office, EDITOR, "reading-permit")
    assert opened.is_draft and "code: reading-permit" in opened.text
    with pytest.raises(NotFound):
        await editing.open_file(office, COLLEAGUE, "reading-permit")
    listed = {line.code: line for line in await editing.overview(office, COLLEAGUE)}
    assert listed["reading-permit"].current is None and [note.mine for note in listed["reading-permit"].drafts] == [False]


@pytest.mark.parametrize(("code", "kind", "path"), [("Big", "query", "/code"), ("library-card", "query", "/code"), ("a", "b", "/kind")])
async def test_a_new_item_needs_a_free_code_and_a_kind(office: Office, code: str, kind: str, path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await editing.begin(office, EDITOR, code, kind)
    assert [field.path for field in refused.value.fields] == [path]


async def test_a_text_that_no_file_could_be_is_not_kept(office: Office) -> None:
    with pytest.raises(InvalidInput):
        await editing.save(office, EDITOR, "library-card", "x" * (editing.MOST_CHARACTERS + 1))


# --- who -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.PRE_REVIEWER, Role.COUNTER, Role.APPROVER])
async def test_clerks_who_work_on_cases_do_not_see_the_workshop(office: Office, role: Role) -> None:
    clerk = make_clerk(role)
    for look in (editing.overview(office, clerk), editing.open_file(office, clerk, "library-card"), editing.history(office, clerk, "a")):
        with pytest.raises(NotAllowed):
            await look


async def test_a_supervisor_reads_and_writes_nothing(office: Office) -> None:
    assert (await editing.open_file(office, SUPERVISOR, "library-card")).current is not None
    for act in (
        editing.save(office, SUPERVISOR, "library-card", "x"),
        editing.begin(office, SUPERVISOR, "a", "query"),
        editing.discard(office, SUPERVISOR, "library-card"),
        editing.publish_draft(office, SUPERVISOR, "library-card", card(**NEXT)),
    ):
        with pytest.raises(NotAllowed):
            await act
    assert await office.publications.open_drafts() == [] and await office.publications.history("library-card") == []


# --- on the real database --------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def two_processes(migrated: Settings, tmp_path: Path) -> AsyncIterator[tuple[Office, Office]]:
    """Two offices, each with a catalogue of its own, as two processes have them."""
    (tmp_path / "library-card.yaml").write_text(card(code=CODE), encoding="utf-8")
    wirings = [TestWiring(migrated, objects=MemoryObjects(), documents=PlainDocuments()) for _ in range(2)]
    for wiring in wirings:
        wiring.__dict__["catalogue"] = Catalogue(tmp_path, sources=TEST_SOURCES, publications=wiring.publications)
    yield await wirings[0].office(), await wirings[1].office()
    for wiring in wirings:
        await wiring.close()


CODE = f"library-card-{str(new_id())[-12:]}"  # other tests share the database


@pytest.mark.stack
async def test_what_one_process_publishes_every_process_has(two_processes: tuple[Office, Office]) -> None:
    here, there = two_processes
    text = card(code=CODE, **NEXT, window_days=30)
    await editing.save(here, EDITOR, CODE, text)
    line = next(line for line in await editing.overview(there, SUPERVISOR) if line.code == CODE)
    assert [note.mine for note in line.drafts] == [False]

    outcomes = await asyncio.gather(
        editing.publish_draft(here, EDITOR, CODE, text), editing.publish_draft(there, COLLEAGUE, CODE, text), return_exceptions=True
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) in (["Published", "WrongState"], ["CatalogueError", "Published"])
    for office in two_processes:
        await office.catalogue.refresh()
        assert office.catalogue.get(CODE).window_days == 30
        assert (await editing.open_file(office, SUPERVISOR, CODE)).text == text
    (row,) = await editing.history(there, SUPERVISOR, CODE)
    assert row["published_by"] in (EDITOR.login, COLLEAGUE.login) and len(row["digest"]) == 64
    line = next(line for line in await editing.overview(there, SUPERVISOR) if line.code == CODE)
    assert line.published_by == row["published_by"] and line.published_at == row["published_at"]
    again = await editing.check_file(there, COLLEAGUE, CODE, text)
    assert not again.may_be_published, "the second publication of the same version is refused with a cure"


@pytest.mark.stack
async def test_drafts_are_each_editors_own_and_survive_being_written_again(two_processes: tuple[Office, Office]) -> None:
    here, there = two_processes
    for text in ("one", "two"):
        await editing.save(here, EDITOR, CODE, text)
    assert (await editing.open_file(there, EDITOR, CODE)).text == "two"
    assert (await editing.open_file(there, COLLEAGUE, CODE)).text != "two"
    await editing.discard(there, EDITOR, CODE)
    assert (await editing.open_file(here, EDITOR, CODE)).is_draft is False


@pytest.mark.stack
async def test_an_editor_sees_no_case(two_processes: tuple[Office, Office]) -> None:
    office = two_processes[0]
    for asking in (
        queueing.queue(office, EDITOR),
        queueing.take_next(office, EDITOR),
        queueing.counts(office, EDITOR),
        clerking.find_cases(office, EDITOR, "330302199001010008"),
    ):
        with pytest.raises(NotAllowed):
            await asking


@pytest.mark.stack
async def test_the_demonstration_has_an_editor_also_where_it_was_seeded_before(two_processes: tuple[Office, Office]) -> None:
    office = two_processes[0]
    assert await seed(office) > 0
    assert await seed(office) == 0
    editor = await office.accounts.clerk_by_login("catalogue-editor")
    assert editor is not None and (editor["role"], editor["county"], editor["station"]) == ("catalogue_editor", "330302", None)
