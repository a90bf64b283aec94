"""A source is a file; one that cannot be is refused with its line and what to do."""

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from catalogue.refusals import Refusal
from catalogue.sources import SOURCES, SourceError, load_sources
from domain.source import record_path, source_file_schema

GOVERNMENT = {"marriage", "death", "property", "birth_certificate", "social_security", "overseas_return", "housing_fund"}
POLICE = {
    "resident_population", "household", "criminal_records", "wanted_persons", "residence_permits", "floating_population",
    "exit_entry_documents", "vehicles", "drivers", "violations", "id_card_issue", "cancelled_persons",
}  # fmt: skip

LIBRARY = """\
code: library
name: {zh: 图书馆, en: Library}
keeper: {zh: 文化部门, en: Culture}
group: government
asked_with:
  card: {zh: 读者证号, en: Card number}
record:
  type: object
  additionalProperties: false
  required: [books]
  properties:
    books: {type: integer, x-label: {zh: 借阅册数, en: Books on loan}}
    since: {type: string, format: date, x-label: {zh: 办证日期, en: Since}}
    loans:
      type: [array, "null"]
      x-label: {zh: 借阅, en: Loans}
      items: {type: object, properties: {title: {type: string}}}
    branch:
      x-label: {zh: 分馆, en: Branch}
      anyOf: [{type: object, properties: {name: {type: string}}}, {type: "null"}]
sample: {books: 3, since: "2020-02-02", loans: [{title: 聊斋志异}], branch: null}
connector:
  extends: shelf
  address: "${LIBRARY}/readers"
"""
SHELF = """\
connector:
  method: GET
  auth: {scheme: bearer, secret: "${LIBRARY_TOKEN}"}
  request:
    query: {id: "{id_number}"}
  response:
    no_record: {status: [404]}
    bound: {request_id: id}
    fields: {books: n}
  signature: {scheme: ed25519, header: S, key_header: K, keys: "${LIBRARY}/keys"}
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the library's file and its shared one, each with one text replaced."""

    def replaced(text: str, change: tuple[str, str]) -> str:
        assert change[0] in text
        return text.replace(*change)

    def make(own: tuple[str, str] = ("", ""), shared: tuple[str, str] = ("", "")) -> Path:
        (tmp_path / "shared").mkdir(exist_ok=True)
        (tmp_path / "shared" / "shelf.yaml").write_text(replaced(SHELF, shared) if shared[0] else SHELF, encoding="utf-8")
        (tmp_path / "library.yaml").write_text(replaced(LIBRARY, own) if own[0] else LIBRARY, encoding="utf-8")
        return tmp_path

    return make


def refusal(folder: Path) -> Refusal:
    with pytest.raises(SourceError) as refused:
        load_sources([folder])
    assert str(refused.value) == str(refused.value.refusal)
    return refused.value.refusal


def test_the_eighteen_sources_and_the_nineteenth_are_there() -> None:
    sources = load_sources()
    assert {code for code, source in sources.items() if source.group == "government"} == GOVERNMENT
    assert {code for code, source in sources.items() if source.group == "police"} == POLICE


def test_a_short_connector_brings_all_of_what_it_extends(write: Write) -> None:
    connector = load_sources([write()])["library"].connector
    assert (connector.address, connector.method, connector.timeout_seconds) == ("${LIBRARY}/readers", "GET", 10)
    assert not connector.speaks_ours
    assert all(source.connector.speaks_ours is (code != "housing_fund") for code, source in load_sources().items())


@pytest.mark.parametrize(
    ("own", "check"),
    [
        (
            "  response: {fields: {since: s}}",
            lambda c: {n: f.path for n, f in c.response.fields.items()} == {"books": "n", "since": "s"} and c.response.bound,
        ),
        ("  request: {json: {id: 1}}", lambda c: c.request.body == {"id": 1} and c.request.query == {"id": "{id_number}"}),
        ("  auth: {scheme: none}", lambda c: c.auth.scheme == "none"),
        ("  response: {bound: {request_id: other}}", lambda c: c.response.bound == {"request_id": "other"}),
    ],
)
def test_what_a_file_says_itself_wins(write: Write, own: str, check: Callable[[Any], bool]) -> None:
    folder = write(("  extends: shelf", f"  extends: shelf\n{own}"))
    assert check(load_sources([folder])["library"].connector)


def test_an_installation_adds_sources_and_overrides_ours(write: Write) -> None:
    folder = write()
    own = (SOURCES / "marriage.yaml").read_text(encoding="utf-8").replace("民政部门", "市民政局")
    (folder / "marriage.yaml").write_text(own, encoding="utf-8")
    sources = load_sources([SOURCES, folder, folder / "not-there"])
    assert sources["marriage"].keeper.zh == "市民政局"
    assert sources.keys() == GOVERNMENT | POLICE | {"library"}


@pytest.mark.parametrize(
    ("own", "line", "field", "cure"),
    [
        (("code: library", "code: books"), 1, "code", "write code: library"),
        (("code: library\n", ""), 1, "code", "missing"),
        (("group: government", "group: bank"), 4, "group", "'government' or 'police'"),
        (("en: Library", "fr: Bibliothèque"), 2, "name.en", "missing"),
        (("group:", "colour: red\ngroup:"), 4, "colour", "no such key"),
        (("integer", "whole"), 12, "record.properties.books.type", "JSON Schema"),
        (("type: object\n", "type: array\n"), 7, "record", "type: object,"),
        ((", x-label: {zh: 办证日期, en: Since}", ""), 13, "record.properties.since", "add x-label"),
        (("x-label: {zh: 借阅, en: Loans}", "x-label: {zh: 借阅}"), 16, "record.properties.loans.x-label", "zh and en"),
        (("books: 3", "books: three"), 21, "sample.books", "does not conform"),
        (("books: 3, ", ""), 21, "sample", "does not conform"),
        (('"2020-02-02"', "2020-02-02"), 21, "sample.since", "quotation marks"),
        (('"2020-02-02"', '"2020-02-30"'), 21, "sample.since", "does not conform"),
        (("extends: shelf", "extends: desk"), 23, "connector.extends", "known are: shelf"),
        (("${LIBRARY}/readers", "${LIBRARY}/{reader}"), 24, "connector.address", "is no placeholder"),
        (("${LIBRARY}/readers", "http://me:geheim@library"), 24, "connector.address", "no secret"),
        (("  extends: shelf", "  extends: shelf\n  auth: {scheme: bearer, secret: geheim}"), 24, "connector.auth.secret", "no secret"),
        (
            ("  extends: shelf", "  extends: shelf\n  request: {headers: {X-Token: abc}}"),
            24,
            "connector.request.headers.X-Token",
            "no secret",
        ),
        (("  extends: shelf", "  extends: shelf\n  request: {headers: {X-Why: 为}}"), 24, "connector.request.headers.X-Why", "ASCII"),
        (("  extends: shelf", "  extends: shelf\n  request: {xml: <a>}"), 24, "connector.request.xml", "well-formed"),
        (("  extends: shelf", "  extends: shelf\n  request: {xml: <a/>, json: {}}"), 24, "connector.request", "one body"),
        (("  extends: shelf", "  extends: shelf\n  paging: {join: books, next: n}"), 24, "connector.paging.join", "has no list books"),
        (
            ("  extends: shelf", "  extends: shelf\n  paging: {join: loans, next: n}"),
            24,
            "connector.paging.parameter",
            "where the page goes",
        ),
        (("  extends: shelf", "  extends: shelf\n  paging: {join: loans}"), 24, "connector.paging", "either next or pages"),
        (
            ("  extends: shelf", "  extends: shelf\n  response: {fields: {age: a}}"),
            24,
            "connector.response.fields.age",
            "record has no age",
        ),
        (("  extends: shelf", "  extends: shelf\n  response: {bound: {colour: c}}"), 24, "connector.response.bound.colour", "request_id"),
        (
            ("  extends: shelf", '  extends: shelf\n  response: {fields: {since: {path: s, type: date, format: "%Q"}}}'),
            24,
            "connector.response.fields.since",
            "is no format of a date",
        ),
        (("group: government", "group: government\ngroup: police"), 5, "(file)", "group stands there twice"),
        (("name: {zh", "name: [zh"), 2, "(file)", "not YAML"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line_and_a_cure(write: Write, own: tuple[str, str], line: int, field: str, cure: str) -> None:
    error = refusal(write(own))
    assert (error.file, error.line, error.field) == ("library.yaml", line, field)
    assert cure in f"{error.what.en}; {error.cure.en}"
    assert str(error) == f"library.yaml:{line}: {field}: {error.what.en}; {error.cure.en}"
    assert "geheim" not in f"{error}{error.in_language('zh')}"


@pytest.mark.parametrize(
    ("shared", "line", "field"),
    [
        (("books: n", "pages: n"), 9, "connector.response.fields.pages"),
        (("${LIBRARY_TOKEN}", "geheim"), 3, "connector.auth.secret"),
        (("id_number", "name"), 5, "connector.request.query.id"),
        (("  method: GET", "  extends: nowhere"), 2, "connector.extends"),
        (("connector:", "name: x\nconnector:"), 1, "(file)"),
    ],
)
def test_a_fault_in_a_shared_file_is_named_there(write: Write, shared: tuple[str, str], line: int, field: str) -> None:
    error = refusal(write(("", ""), shared))
    assert (error.file, error.line, error.field) == ("shelf.yaml", line, field)


def test_shared_files_that_extend_each_other_in_a_ring_are_refused(write: Write) -> None:
    assert "ring" in refusal(write(("", ""), ("  method: GET", "  extends: shelf"))).what.en


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"- a", b"code: library: x", b"a: &a [*a]"])
def test_a_file_that_is_no_source_at_all_is_refused(write: Write, content: bytes) -> None:
    folder = write()
    (folder / "library.yaml").write_bytes(content)
    assert refusal(folder).file == "library.yaml"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("books", "integer"),
        ("loans", ["array", "null"]),
        ("loans[]", "object"),
        ("loans[].title", "string"),
        ("loans[0].title", "string"),
        ("loans.0.title", "string"),
        ("branch.name", "string"),
        ("", "object"),
    ],
)
def test_a_path_is_followed_through_lists_and_what_may_be_null(write: Write, path: str, kind: Any) -> None:
    found = record_path(load_sources([write()])["library"], path)
    assert found is not None
    assert found["type"] == kind


@pytest.mark.parametrize("path", ["pages", "books.x", "loans.title", "loans[].name", "books[]", "branch[0]"])
def test_a_path_that_leads_nowhere_is_none(write: Write, path: str) -> None:
    assert record_path(load_sources([write()])["library"], path) is None


def test_the_published_schema_accepts_every_file_and_documents_every_field() -> None:
    schema = json.loads(json.dumps(source_file_schema()))
    jsonschema_rs.meta.validate(schema)
    validator = jsonschema_rs.Draft202012Validator(schema)
    for path in SOURCES.glob("*.yaml"):
        validator.validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert not validator.is_valid({**yaml.safe_load(LIBRARY), "connector": {"address": "x"}})
    for name, model in schema["$defs"].items():
        for field, described in model.get("properties", {}).items():
            assert name == "Bilingual" or described.get("description"), f"{name}.{field}"


def test_a_source_file_of_ours_is_short_about_its_connector() -> None:
    for path in SOURCES.glob("*.yaml"):
        own = yaml.safe_load(path.read_text(encoding="utf-8"))["connector"]
        assert "extends" in own or path.stem == "housing_fund", textwrap.shorten(str(own), 80)
