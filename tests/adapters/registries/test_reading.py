"""Whatever an authority sends and signs, it is an answer to this question or it is none; nothing else comes of it."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.outbound import NoReply
from adapters.registries.reading import Reader, says_what_was_signed
from catalogue.sources import load_sources
from domain.evidence import RegistryQuery, signed_pages, verify_evidence
from tests.adapters.registries.odd_authority import ID_NUMBER, person_xml, xml_source

SOURCES = load_sources()
PEOPLE = xml_source(paging={"pages": "Z", "join": "homes", "parameter": "p"})
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


def question(source: str, *fields: str) -> RegistryQuery:
    return RegistryQuery(source=source, id_number=ID_NUMBER, purpose="p", request_id="request-1", fields=list(fields))


def read(source: Any, query: RegistryQuery, body: bytes) -> dict[str, Any] | None:
    reader = Reader(source)
    try:
        reading = reader.read(query, 200, body, "1")
        return reader.complete(query, reading.record) if reading.found else {}
    except NoReply:
        return None


@given(st.binary(max_size=300), st.sampled_from(sorted(SOURCES)))
def test_bytes_of_any_kind_are_no_answer(body: bytes, code: str) -> None:
    assert read(SOURCES[code], question(code), body) is None


@given(json_values)
def test_a_record_of_any_kind_is_believed_only_as_its_schema_says(record: Any) -> None:
    answer = {"source": "marriage", "request_id": "request-1", "answered_at": "2026-01-01T00:00:00Z", "found": True, "record": record}
    assert read(SOURCES["marriage"], question("marriage"), json.dumps(answer).encode()) is None


@given(st.sampled_from(sorted(SOURCES["resident_population"].sample)), json_values)
def test_one_changed_field_of_a_true_record_is_as_its_schema_says_or_no_answer(field: str, value: Any) -> None:
    source = SOURCES["resident_population"]
    record = {**source.sample, field: value}
    answer = {"source": source.code, "request_id": "request-1", "answered_at": "2026-01-01T00:00:00Z", "found": True, "record": record}
    query = question(source.code).model_copy(update={"id_number": source.sample["id_number"]})
    assert read(source, query, json.dumps(answer).encode()) in (None, record)


@settings(max_examples=300)
@given(st.integers(0, len(person_xml(more="<Z>1</Z>")) - 1), st.binary(min_size=1, max_size=3))
def test_xml_that_was_damaged_before_it_was_signed_gives_a_record_or_no_answer(at: int, damage: bytes) -> None:
    body = person_xml(more="<Z>1</Z>")
    record = read(PEOPLE, question("odd"), body[:at] + damage + body[at + len(damage) :])
    assert record is None or record.keys() <= PEOPLE.fields


@given(json_values | st.none())
def test_a_kept_answer_of_any_kind_is_checked_without_breaking(value: Any) -> None:
    for body in (json.dumps(value).encode(), json.dumps({"signed": value}).encode(), json.dumps({"signed": [value]}).encode()):
        assert not signed_pages(body)
        assert not verify_evidence(body, "AAAA", "key", {"key": bytes(32)})
        assert not says_what_was_signed(PEOPLE, body)


@given(st.sets(st.sampled_from(sorted(SOURCES["household"].sample)), min_size=1))
def test_what_is_asked_for_is_what_is_taken(fields: set[str]) -> None:
    source = SOURCES["household"]
    record = {name: value for name, value in source.sample.items() if name in fields}
    answer = {"source": source.code, "request_id": "request-1", "answered_at": "2026-01-01T00:00:00Z", "found": True}
    asked = question(source.code, *fields)
    assert read(source, asked, json.dumps({**answer, "record": record}).encode()) == record
    more = next((name for name in source.sample if name not in fields), None)
    if more:
        too_much = {**record, more: source.sample[more]}
        assert read(source, asked, json.dumps({**answer, "record": too_much}).encode()) is None
