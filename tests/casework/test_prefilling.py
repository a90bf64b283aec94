"""Registries are asked for what a form needs, not more, and again when what they said is old."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from casework.actors import ApplicantActor
from casework.applying import load_draft, save_draft
from casework.prefilling import READ, fields_wanted, points_so_far, prefill
from domain.changes import LookUpAnswer
from domain.service_item import Points, Prefill, ServiceItem
from tests.builders import NAME, TEST_SOURCES, Shelf, make_id_number, make_service_item
from workflows.prefill import PrefillRequest, PrefillResult

ME = ApplicantActor(UUID(int=7), b"index", NAME, "3303************12", "138****0001")
FILLS = [
    Prefill(field="address", source="resident_population", path="address"),
    Prefill(field="first_member", source="resident_population", path="household_members.0.name"),
    Prefill(field="books", source="property", path="books", max_age_minutes=5),
]


class Counters:
    """The engine and the desk of one office, in memory; `asked` keeps every question to a registry."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
        self.asked: list[PrefillRequest] = []
        self.drafts: dict[str, dict[str, Any]] = {}
        self.down: set[str] = set()
        self.records: dict[str, dict[str, Any]] = {
            "resident_population": {"name": NAME, "address": "书院路1号", "household_members": [{"name": "虞小谣"}]},
            "property": {"books": 9},
        }

    async def prefill(self, request: PrefillRequest) -> PrefillResult:
        self.asked.append(request)
        told = [
            LookUpAnswer(source=s, found=s in self.records, record=self.records.get(s, {})) for s in request.sources if s not in self.down
        ]
        return PrefillResult(answers=told, failed=[s for s in request.sources if s in self.down])

    async def id_number_of(self, person_id: UUID) -> str:
        return make_id_number()

    async def load_draft(self, person_id: UUID, code: str) -> dict[str, Any] | None:
        return self.drafts.get(code)

    async def save_draft(self, person_id: UUID, code: str, body: dict[str, Any], at: datetime) -> None:
        self.drafts[code] = dict(body)

    async def drop_old_drafts(self, older_than: timedelta) -> None: ...


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
def item() -> ServiceItem:
    return make_service_item().model_copy(update={"prefill": FILLS})


@pytest.fixture
def office(counters: Counters, item: ServiceItem) -> Any:
    return SimpleNamespace(engine=counters, desk=counters, catalogue=Shelf(item), now=lambda: counters.now)


async def test_each_source_is_asked_for_the_fields_that_the_form_needs(office: Any, counters: Counters, item: ServiceItem) -> None:
    form = await prefill(office, ME, item)
    assert counters.asked[0].fields == {"resident_population": ["address", "household_members", "name"], "property": ["books"]}
    assert form.values == {"address": "书院路1号", "first_member": "虞小谣", "books": 9}


async def test_what_was_read_is_kept_while_it_is_fresh_and_read_again_when_it_is_old(
    office: Any, counters: Counters, item: ServiceItem
) -> None:
    first = await prefill(office, ME, item)
    counters.now += timedelta(minutes=4)
    assert (await prefill(office, ME, item)).values == first.values
    assert len(counters.asked) == 1
    counters.now += timedelta(minutes=2)
    again = await prefill(office, ME, item)
    assert counters.asked[1].sources == ["property"], "the population registry's answer may be 30 minutes old"
    assert again.when("books") == counters.now and again.when("address") < counters.now


async def test_answers_and_what_was_read_live_in_one_draft(office: Any, counters: Counters, item: ServiceItem) -> None:
    await prefill(office, ME, item)
    assert await load_draft(office, ME, item.code) is None, "nothing was filled in yet"
    await save_draft(office, ME, item.code, {"answers": {"genre": "novels"}})
    assert await load_draft(office, ME, item.code) == {"answers": {"genre": "novels"}}
    assert READ in counters.drafts[item.code]


async def test_who_knows_a_number_but_not_its_owners_name_learns_nothing(office: Any, counters: Counters, item: ServiceItem) -> None:
    counters.records["resident_population"]["name"] = "别人"
    form = await prefill(office, ME, item)
    assert form.values == {} and form.records == {} and counters.drafts == {}


async def test_a_registry_that_is_down_fills_in_nothing_and_is_asked_again(office: Any, counters: Counters, item: ServiceItem) -> None:
    counters.down = {"property"}
    form = await prefill(office, ME, item)
    assert form.failed == ["property"] and "books" not in form.values
    counters.down = set()
    assert (await prefill(office, ME, item)).values["books"] == 9


def test_whose_record_it_is_is_asked_where_no_other_source_tells() -> None:
    wanted = fields_wanted([Prefill(field="books", source="property", path="books")], TEST_SOURCES)
    assert wanted == {"property": ["books"], "resident_population": ["name"]}


async def test_points_are_counted_as_far_as_what_was_read_goes(office: Any, item: ServiceItem) -> None:
    points = Points.model_validate(
        {
            "needed": 10,
            "lines": [
                {"id": "shelves", "label": _both("架"), "how": _both("架"), "amount": "property.books"},
                {"id": "later", "label": _both("后"), "how": _both("后"), "amount": "marriage.found ? 1 : 0"},
            ],
        }
    )
    evidence = [request.model_copy(update={"query": {}}) for request in item.evidence]
    tally = await points_so_far(office, ME, item.model_copy(update={"points": points, "evidence": evidence}), {})
    assert tally is not None and [line.amount for line in tally.lines] == [9, None] and tally.total is None


def _both(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}
