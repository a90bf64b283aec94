"""What an authority's answer says, once it is known to be one and to belong to the question."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jsonschema_rs

from adapters.outbound import NoReply
from adapters.registries.documents import Node, read_document
from adapters.registries.mapping import map_record
from domain.evidence import RegistryQuery, signed_pages
from domain.source import Scalar, Source, TimeField

_COUNT = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Reading:
    """One page. `record` is {} when there is none; `following` is the next page, None at the last."""

    found: bool
    record: dict[str, Any]
    answered_at: datetime | None
    following: str | None


class Reader:
    """Reads the answers of one source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._shape = source.connector.response
        self._paging = source.connector.paging
        self._answer_statuses = frozenset(self._shape.answered) | frozenset(self._shape.no_record.status)
        self._validators: dict[frozenset[str], jsonschema_rs.Draft202012Validator] = {}

    def check_status(self, status: int) -> None:
        """Raises NoReply when this HTTP status is no answer."""
        if status not in self._answer_statuses:
            raise NoReply(f"status {status}")

    def read(self, query: RegistryQuery, status: int, body: bytes, page: str) -> Reading:
        """One page of an answer whose signature has held.

        Raises:
            NoReply: it is no answer, not to this question, or not about this person.
        """
        document = read_document(body, self._shape.format)
        self._check_answered(document)
        self._check_bound(document, query)
        answered_at = self._answered_at(document)
        self._check_about(document, query.id_number)
        found, record = self.record_of(document, status)
        return Reading(found, record, answered_at, self._following(document, page) if found else None)

    def complete(self, query: RegistryQuery, record: dict[str, Any]) -> dict[str, Any]:
        """The record of all pages, limited to what was asked for and held against its schema.

        Raises:
            NoReply: it does not conform; or more came than was asked for and cannot be taken out of what was signed.
        """
        wanted = frozenset(query.fields) or self._source.fields
        if self._source.connector.speaks_ours:
            if query.fields and not record.keys() <= wanted:
                raise NoReply("malformed answer: it holds fields that were not asked for")
        elif query.fields:
            record = {name: value for name, value in record.items() if name in wanted}
        try:
            self._validator(wanted).validate(record)
        except jsonschema_rs.ValidationError as error:
            raise NoReply(f"malformed answer: not as its schema says at {'/'.join(str(step) for step in error.schema_path)}") from None
        except ValueError:
            raise NoReply("malformed answer: a value that no schema can be held against") from None
        return record

    def belongs(self, document: Node, kept: Node) -> bool:
        """Whether a page names the question that a translated answer claims. Raises NoReply."""
        for name in ("request_id", "source"):
            path = self._shape.bound.get(name)
            told, claimed = document.find(path) if path else None, kept.find(name)
            if path and (told is None or claimed is None or _text(told.value) != claimed.value):
                return False
        return True

    def is_from(self, document: Node, kept: Node) -> bool:
        """Whether the first page was answered when a translated answer claims. Raises NoReply."""
        time, claimed = self._answered_at(document), kept.find("answered_at")
        return time is None or (claimed is not None and claimed.value == time.isoformat())

    def _validator(self, wanted: frozenset[str]) -> jsonschema_rs.Draft202012Validator:
        validator = self._validators.get(wanted)
        if validator is None:
            schema = {**self._source.record, "required": [name for name in self._source.record.get("required", []) if name in wanted]}
            validator = self._validators[wanted] = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        return validator

    def _check_answered(self, document: Node) -> None:
        condition = self._shape.answered_if
        if condition and not self._equals(document.find(condition.path), condition.values()):
            raise NoReply("the authority says that it cannot answer now")

    def _check_bound(self, document: Node, query: RegistryQuery) -> None:
        sent = {
            "request_id": query.request_id,
            "source": query.source,
            "id_number": query.id_number,
            "purpose": query.purpose,
        }
        for name, path in self._shape.bound.items():
            node = document.find(path)
            if node is None or _text(node.value) != sent[name]:
                raise NoReply("the answer belongs to another question")

    def _check_about(self, document: Node, id_number: str) -> None:
        node = document.find(self._shape.about) if self._shape.about else None
        if node is not None and _text(node.value).upper() not in ("", id_number.upper()):
            raise NoReply("the answer is about somebody else")

    def _answered_at(self, document: Node) -> datetime | None:
        described = self._shape.answered_at
        if described is None:
            return None
        node = document.find(described.path)
        try:
            return _read_time("" if node is None else _text(node.value), described)
        except ValueError:
            raise NoReply(f"malformed answer: {described.path} is not a time with its zone") from None

    def record_of(self, document: Node, status: int) -> tuple[bool, dict[str, Any]]:
        """Whether there is a record, and what of it stands on this page. Raises NoReply."""
        if self._source.connector.speaks_ours:
            return _own_record(document)
        none = self._shape.no_record
        if status in none.status or (none.path and self._equals(document.find(none.path), _values(none.equals))):
            return False, {}
        place = document.find(self._shape.record)
        if place is None:
            raise NoReply("malformed answer: there is no record in it")
        record = map_record(place, self._shape.fields) if self._shape.fields else place.value
        if not isinstance(record, dict) or not record:
            raise NoReply("malformed answer: there is no record in it")
        return True, record

    def _following(self, document: Node, page: str) -> str | None:
        paging = self._paging
        if paging is None:
            return None
        current = document.find(paging.current) if paging.current else None
        if paging.current and (current is None or _text(current.value) != page):
            raise NoReply("the answer is another page")
        if paging.next is not None:
            node = document.find(paging.next)
            return (_text(node.value) or None) if node is not None else None
        node = document.find(paging.pages or ".")
        text = _text(node.value) if node is not None else ""
        if not _COUNT.fullmatch(text):
            raise NoReply("malformed answer: how many pages there are is missing")
        last = int(str(paging.first)) + int(text) - 1
        return str(int(page) + 1) if int(page) < last else None

    def _equals(self, node: Node | None, values: Sequence[Scalar]) -> bool:
        value = None if node is None else node.value
        if self._shape.format == "xml":
            return any(value is None if wanted is None else value is not None and value.strip() == _text(wanted) for wanted in values)
        return any(type(value) is type(wanted) and value == wanted for wanted in values)


def says_what_was_signed(source: Source, body: bytes) -> bool:
    """Whether a translated answer (`RegistryAnswer.body`) says nothing else than the signed pages within it.

    True for an answer that was kept as it was signed. Signatures are checked by `domain.evidence.verify_evidence`.
    """
    pages = signed_pages(body)
    if source.connector.speaks_ours:
        return not pages
    reader = Reader(source)
    try:
        kept = read_document(body, "json")
        documents = [read_document(page.body, source.connector.response.format) for page in pages]
        if not documents or not reader.is_from(documents[0], kept) or not all(reader.belongs(document, kept) for document in documents):
            return False
        found, record = _record_of_all(source, reader, documents)
    except NoReply:
        return False
    said_found, said = kept.find("found"), kept.find("record")
    if said_found is None or said_found.value is not found or said is None or not isinstance(said.value, dict):
        return False
    return all(name in record and record[name] == value for name, value in said.value.items())


def _record_of_all(source: Source, reader: Reader, documents: list[Node]) -> tuple[bool, dict[str, Any]]:
    try:
        readings = [reader.record_of(document, 0) for document in documents]
    except NoReply:
        if source.connector.response.no_record.status:
            return False, {}  # what came with that status need not look like a record
        raise
    found = readings[0][0]
    return found, joined(source, [record for _, record in readings]) if found else {}


def joined(source: Source, records: list[dict[str, Any]]) -> dict[str, Any]:
    """The record of all pages; later pages may leave out what the first one said.

    Raises:
        NoReply: pages differ in what should be the same.
    """
    paging = source.connector.paging
    first = records[0]
    if paging is None or len(records) == 1:
        return first
    for later in records[1:]:
        if any(name != paging.join and (name not in first or first[name] != value) for name, value in later.items()):
            raise NoReply("malformed answer: its pages do not fit together")
    return {**first, paging.join: [item for record in records for item in record.get(paging.join, [])]}


def _own_record(document: Node) -> tuple[bool, dict[str, Any]]:
    found, record = document.find("found"), document.find("record")
    if found is None or not isinstance(found.value, bool):
        raise NoReply("malformed answer: found is missing")
    if record is None or not isinstance(record.value, dict) or found.value is not bool(record.value):
        raise NoReply("malformed answer: found and record do not fit")
    return found.value, record.value


def _read_time(text: str, described: TimeField) -> datetime:
    """Raises ValueError, also when nobody names the zone."""
    time = datetime.strptime(text, described.format) if described.format else datetime.fromisoformat(text)  # noqa: DTZ007
    if time.tzinfo is not None:
        return time
    return datetime.fromisoformat(f"{time.isoformat()}{described.utc_offset or 'no zone'}")


def _values(equals: Scalar | list[Scalar]) -> list[Scalar]:
    return equals if isinstance(equals, list) else [equals]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value).strip()
