"""A registry is asked only when the question stands in the list that the person reads."""

import dataclasses
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import pytest
from temporalio.testing import ActivityEnvironment

from activities.identity import IdentityActivities
from activities.registries import RegistryActivities
from domain.application import ApplicationRequest
from domain.changes import ClipRef, EvidenceTask, LookUpTask
from domain.errors import RegistryUnavailable, Unavailable
from domain.evidence import RegistryAnswer
from domain.identity import Asked, Handing, Prints
from domain.ids import new_id
from domain.records import ClipQuestion
from domain.service_item import ServiceItem
from domain.text import Bilingual
from tests.builders import (
    TEST_SOURCES,
    FakeRegistries,
    MemoryObjects,
    ReadBook,
    ScriptedVerifier,
    Shelf,
    make_application_request,
    make_id_number,
    make_service_item,
)

CASE = new_id()
HIS, MOTHERS = make_id_number(1), make_id_number(2, born="19660606")
PURPOSE = {"zh": "核对您的户籍", "en": "To check your household"}


class Files:
    """One case's records and papers."""

    def __init__(self, item: ServiceItem) -> None:
        self.item = item
        self.answers: dict[str, RegistryAnswer] = {}

    async def request_of(self, application_id: UUID) -> tuple[ApplicationRequest, ServiceItem]:
        return make_application_request(id_number=HIS, answers={"genre": "novels", "mother": MOTHERS}), self.item

    async def has_evidence(self, application_id: UUID, source: str, round_: int) -> bool:
        return source in self.answers

    async def keep_evidence(self, application_id: UUID, round_: int, purpose: str, answer: RegistryAnswer, *, fact: str) -> None:
        self.answers[fact] = answer

    async def evidence_of(self, application_id: UUID) -> list[dict[str, Any]]:
        return [{"source": fact, "body": answer.body.decode()} for fact, answer in self.answers.items()]

    async def waiting_note(self, *_: Any, **__: Any) -> None: ...

    async def clip_question(self, clip_id: UUID) -> ClipQuestion:
        now = datetime.now(UTC)
        asked, handing = Asked(code="1234", language="zh"), Handing(shown_at=now, received_at=now)
        return ClipQuestion(CASE, "", None, asked, handing, HIS)

    async def earlier_prints(self, clip_id: UUID) -> list[Prints]:
        return []

    async def save_verdict(self, *_: Any) -> None: ...


class Desk:
    def __init__(self, **item: Any) -> None:
        self.item = make_service_item(**item)
        self.registries = FakeRegistries()
        self.book = ReadBook(self.registries)
        self.files = Files(self.item)
        self.activities = RegistryActivities(
            records=cast(Any, self.files),
            papers=cast(Any, self.files),
            registries=self.registries,
            service_items=Shelf(self.item),
            reads=self.book,
            sources=TEST_SOURCES,
        )

    async def gather(self, fact: str, round_: int = 0) -> None:
        await self.activities.gather_evidence(EvidenceTask(application_id=CASE, source=fact, round=round_))

    async def prefill(self, source: str, fields: list[str] | None = None, workflow_id: str = "prefill-1") -> None:
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, workflow_id=workflow_id)
        task = LookUpTask(source=source, id_number=HIS, service_item=self.item.code, fields=fields or [])
        await environment.run(self.activities.look_up, task)

    @property
    def told(self) -> list[tuple[str, str, str, list[str], str]]:
        """Whom each is about, by whom, from where, which fields, why."""
        return [(r.subject, r.by, r.source, r.fields, r.purpose.en) for r in self.book.rows.values()]


def evidence(**changes: Any) -> dict[str, Any]:
    return {"source": "resident_population", "purpose": PURPOSE, "fields": ["address", "name"]} | changes


async def test_a_question_is_told_before_it_is_asked_and_once_however_often_it_is_tried() -> None:
    desk = Desk(evidence=[evidence()])
    desk.registries.down = {"resident_population"}
    for _ in range(3):
        with pytest.raises(RegistryUnavailable):
            await desk.gather("resident_population")
    desk.registries.down = set()
    await desk.gather("resident_population")
    await desk.gather("resident_population")
    assert desk.told == [(HIS, "machine", "resident_population", ["address", "name"], PURPOSE["en"])]
    assert desk.book.asked_before == [0, 1, 2, 3], "before each attempt, and not when the answer is there"
    (row,) = desk.book.rows.values()
    assert (row.application_id, row.service_item) == (CASE, "library-card")
    assert HIS not in row.key


async def test_a_second_round_asks_again_and_is_told_again() -> None:
    desk = Desk(evidence=[evidence()])
    await desk.gather("resident_population")
    desk.files.answers.clear()
    await desk.gather("resident_population", round_=1)
    assert len(desk.told) == 2


async def test_a_question_about_another_person_is_told_to_that_person() -> None:
    desk = Desk(evidence=[evidence(), evidence(fact="mother", about="answers.mother", fields=["children"])])
    await desk.gather("resident_population")
    await desk.gather("mother")
    assert [(subject, fields) for subject, _, _, fields, _ in desk.told] == [(HIS, ["address", "name"]), (MOTHERS, ["children"])]


async def test_whoever_is_not_there_is_not_asked_about_and_nothing_is_told() -> None:
    desk = Desk(evidence=[evidence(fact="father", about="answers.father")])
    await desk.gather("father")
    assert (desk.told, desk.registries.asked) == ([], [])


async def test_all_fields_are_told_where_none_were_named() -> None:
    desk = Desk(evidence=[evidence(fields=[])])
    await desk.gather("resident_population")
    assert desk.told[0][3] == sorted(TEST_SOURCES["resident_population"].fields)


async def test_what_cannot_be_told_is_not_asked() -> None:
    desk = Desk(evidence=[evidence()])
    desk.book.full = True
    with pytest.raises(Unavailable):
        await desk.gather("resident_population")
    with pytest.raises(Unavailable):
        await desk.prefill("resident_population")
    assert desk.registries.asked == []


async def test_a_form_tells_why_it_reads_as_its_file_says() -> None:
    fill = {"field": "name", "source": "resident_population", "path": "name"}
    other = {"zh": "预填地址", "en": "To fill in the address"}
    desk = Desk(
        prefill=[fill | {"purpose": PURPOSE}, fill | {"path": "address", "purpose": other}, fill | {"path": "status", "purpose": PURPOSE}]
    )
    await desk.prefill("resident_population", ["name", "address"])
    assert desk.told == [
        (HIS, "prefill", "resident_population", ["name", "address"], "To check your household; To fill in the address"),
    ]


async def test_a_form_without_a_purpose_says_that_it_fills_in() -> None:
    desk = Desk(prefill=[{"field": "shelf", "source": "property", "path": "properties"}])
    await desk.prefill("property")
    assert [(why, fields) for _, _, _, fields, why in desk.told] == [
        ("To fill in the form for you", sorted(TEST_SOURCES["property"].fields))
    ]


async def test_a_source_that_only_tells_whose_form_it_is_says_so() -> None:
    desk = Desk()
    await desk.prefill("resident_population", ["name"])
    assert desk.told == [(HIS, "prefill", "resident_population", ["name"], "To check the name of whoever fills in the form")]


async def test_a_form_that_is_filled_in_again_is_told_again_and_a_retry_is_not() -> None:
    desk = Desk()
    for workflow in ("prefill-1", "prefill-1", "prefill-2"):
        await desk.prefill("property", workflow_id=workflow)
    assert len(desk.told) == 2
    assert not [key for key in desk.book.rows if HIS in key]


async def test_a_portrait_is_told_once_a_clip_and_not_fetched_untold() -> None:
    desk, clip = Desk(), ClipRef(application_id=CASE, clip_id=new_id(), challenge_id=new_id())
    identity = IdentityActivities(
        records=cast(Any, desk.files),
        identity=cast(Any, desk.files),
        objects=MemoryObjects(),
        registries=desk.registries,
        verifier=ScriptedVerifier(),
        reads=desk.book,
    )
    desk.book.full = True
    with pytest.raises(Unavailable):
        await identity.verify_identity(clip)
    assert desk.registries.asked == []
    desk.book.full = False
    for _ in range(2):
        await identity.verify_identity(clip)
    (row,) = desk.book.rows.values()
    assert (row.subject, row.by, row.source, row.fields) == (HIS, "identity", "resident_population", ["portrait"])
    assert row.application_id == CASE
    assert row.at <= datetime.now(UTC)
    assert isinstance(row.purpose, Bilingual)
