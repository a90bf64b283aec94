"""A value becomes what its field says, exactly, or the answer is none."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from adapters.outbound import NoReply
from adapters.registries.documents import JsonNode, read_document, read_xml
from adapters.registries.mapping import Misfit, convert, map_record
from domain.source import FieldMap, ResponseShape


def field(**described: Any) -> FieldMap:
    return FieldMap(path="x", **described)


days = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_yuan_become_fen_without_losing_one(yuan: Decimal) -> None:
    fen = convert(f"{yuan:f}", "fee", field(type="decimal", yuan_to_fen=True))
    assert isinstance(fen, int)
    assert Decimal(fen) / 100 == yuan


@given(days, st.sampled_from(["%Y%m%d", "%Y-%m-%d", "%Y年%m月%d日", "%d.%m.%Y"]))
def test_a_day_is_read_in_its_format(day: date, form: str) -> None:
    assert convert(day.strftime(form), "born", field(type="date", format=form)) == day.isoformat()


@given(days)
def test_a_day_that_lost_a_digit_is_never_another_day(day: date) -> None:
    text = day.strftime("%Y%m%d")
    for at in range(len(text)):
        with pytest.raises(Misfit):
            convert(text[:at] + text[at + 1 :], "born", field(type="date", format="%Y%m%d"))


@given(st.integers(-(10**17), 10**17))
def test_an_integer_is_the_same_from_text_and_from_json(number: int) -> None:
    assert convert(str(number), "n", field(type="integer")) == convert(number, "n", field(type="integer")) == number


@given(st.text(max_size=12), st.sampled_from(["integer", "decimal", "boolean", "date"]))
def test_any_text_becomes_a_value_of_its_type_or_nothing(text: str, kind: Any) -> None:
    try:
        value = convert(text, "x", field(type=kind))
    except Misfit as misfit:
        assert misfit.why.startswith("malformed answer: x is no ")  # and never the value
    else:
        assert isinstance(value, {"integer": int, "decimal": float, "boolean": bool, "date": str}[kind])


@pytest.mark.parametrize(
    ("raw", "described"),
    [
        ("１２", {"type": "integer"}),
        ("1_000", {"type": "integer"}),
        ("", {"type": "integer"}),
        (1.5, {"type": "integer"}),
        (True, {"type": "integer"}),
        ("1e5", {"type": "decimal"}),
        ("NaN", {"type": "decimal"}),
        ("1,000.00", {"type": "decimal"}),
        ("yes", {"type": "boolean"}),
        ("20260101", {"type": "date"}),
        ("2026-W01-1", {"type": "date"}),
        ("3", {"values": {"1": "male", "2": "female"}}),
        ({"a": 1}, {}),
        ([], {"type": "integer"}),
    ],
)
def test_what_is_not_clear_is_not_guessed(raw: Any, described: dict[str, Any]) -> None:
    with pytest.raises(Misfit):
        convert(raw, "x", field(**described))


@pytest.mark.parametrize(
    ("raw", "described", "value"),
    [
        (1, {"values": {"1": "male"}}, "male"),
        (True, {"values": {"true": "open"}}, "open"),
        (" 01 ", {"values": {"01": None}}, None),
        (0, {"type": "boolean"}, False),
        ("true", {"type": "boolean"}, True),
        ("2026-01-31", {"type": "date"}, "2026-01-31"),
        ("202512", {"type": "date", "format": "%Y%m"}, "2025-12-01"),
        (12.5, {"type": "decimal"}, 12.5),
        (7, {}, "7"),
    ],
)
def test_what_is_clear_is_taken(raw: Any, described: dict[str, Any], value: Any) -> None:
    assert convert(raw, "x", field(**described)) == value


FIELDS = ResponseShape.model_validate(
    {
        "no_record": {"status": [404]},
        "fields": {
            "name": "p.n",
            "spouse": {"path": "s", "type": "object", "items": {"name": "n"}},
            "homes": {"path": "h.x", "type": "list", "items": {"place": "at", "size": {"path": "m", "type": "integer"}}},
            "codes": {"path": "c.x", "type": "list"},
        },
    }
).fields
AS_JSON = {"p": {"n": " 王伟 "}, "s": {"n": "李娜"}, "h": {"x": [{"at": "东门", "m": "80"}, {"at": ""}]}, "c": {"x": ["1", "2"]}}
AS_XML = "<r><p><n> 王伟 </n></p><s><n>李娜</n></s><h><x><at>东门</at><m>80</m></x><x><at/></x></h><c><x>1</x><x>2</x></c></r>"
AS_XML_WITH_NAMESPACES = AS_XML.replace("<r>", '<r xmlns="urn:a">').replace("<n>", "<b:n xmlns:b='urn:b'>").replace("</n>", "</b:n>")


@pytest.mark.parametrize("body", [json.dumps(AS_JSON), AS_XML, AS_XML_WITH_NAMESPACES])
def test_json_and_xml_of_the_same_content_give_the_same_record(body: str) -> None:
    record = map_record(read_document(body.encode(), "json" if body[0] == "{" else "xml"), FIELDS)
    assert record == {"name": "王伟", "spouse": {"name": "李娜"}, "homes": [{"place": "东门", "size": 80}, {}], "codes": ["1", "2"]}


@pytest.mark.parametrize(("body", "form"), [(b"{}", "json"), (b'{"h": null, "s": {}, "p": {"n": ""}}', "json"), (b"<r/>", "xml")])
def test_what_is_missing_is_left_out_and_no_list_is_not_an_empty_one(body: bytes, form: str) -> None:
    assert map_record(read_document(body, form), FIELDS) == {}


@pytest.mark.parametrize(("body", "form"), [(b'{"h": {"x": []}}', "json"), (b"<r><h/></r>", "xml")])
def test_an_empty_list_is_one(body: bytes, form: str) -> None:
    assert map_record(read_document(body, form), FIELDS) == {"homes": []}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["p", "n", "s", "h", "x", "c", "at", "m"]), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(json_values)
def test_no_answer_breaks_the_mapping(value: Any) -> None:
    try:
        record = map_record(JsonNode(value), FIELDS)
    except NoReply:
        return
    assert record.keys() <= FIELDS.keys()


@given(st.binary(max_size=200))
def test_no_bytes_break_the_xml_reader(body: bytes) -> None:
    try:
        read_xml(body)
    except NoReply:
        return
    etree.fromstring(body)


LAUGHS = '<!DOCTYPE l [<!ENTITY a "{}">{}]><r x="&z;">&z;</r>'.format(
    "ha" * 10, "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(25))
)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_billion_laughs_are_not_laughed(encoding: str) -> None:
    with pytest.raises(NoReply):
        read_xml(f'<?xml version="1.0" encoding="{encoding}"?>{LAUGHS}'.encode(encoding))


@pytest.mark.parametrize("kind", ["SYSTEM 'file:///etc/hostname'", "SYSTEM 'http://127.0.0.1:1/'", "'inside'"])
def test_no_entity_is_looked_up(kind: str) -> None:
    with pytest.raises(NoReply, match="document type"):
        read_xml(f"<!DOCTYPE r [<!ENTITY e {kind}>]><r>&e;</r>".encode())
