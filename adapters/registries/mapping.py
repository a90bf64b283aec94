"""From the places of an answer to the record as rules see it. What cannot become what it should be is no answer."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from adapters.outbound import NoReply
from adapters.registries.documents import Node
from domain.source import FieldMap

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,10})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNSEPARATED = re.compile(r"%[a-zA-Z]%[a-zA-Z]")
_TRUTHS = {"true": True, "false": False, "1": True, "0": False}


class Misfit(NoReply):
    """A value that is not what its field says; names the field, never the value."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"malformed answer: {field} is no {expected}")


def map_record(place: Node, fields: Mapping[str, FieldMap]) -> dict[str, Any]:
    """The fields that are there.

    Raises:
        NoReply: a value that is not what its field says.
    """
    record: dict[str, Any] = {}
    for name, field in fields.items():
        value = _read(place, name, field)
        if value is not None:
            record[name] = value
    return record


def _read(place: Node, name: str, field: FieldMap) -> Any:
    if field.type == "list":
        nodes = place.find_all(field.path)
        return None if nodes is None else [_item(node, name, field) for node in nodes]
    node = place.find(field.path)
    if node is None:
        return None
    if field.type == "object":
        return map_record(node, field.items or {}) or None
    raw = node.value
    if isinstance(raw, str):
        raw = raw.strip()
    return None if raw is None or raw == "" else convert(raw, name, field)


def _item(node: Node, name: str, field: FieldMap) -> Any:
    if field.items is not None:
        return map_record(node, field.items)
    return convert(node.value, name, FieldMap(path=field.path, values=field.values))


def convert(raw: Any, name: str, field: FieldMap) -> Any:
    """One value of JSON or one text of XML as its field's type.

    Raises:
        Misfit: it is not of that type, or not one of the listed values.
    """
    if isinstance(raw, dict | list):
        raise Misfit(name, "single value")
    text = str(raw).strip() if not isinstance(raw, bool) else str(raw).lower()
    if field.values is not None:
        if text not in field.values:
            raise Misfit(name, "value that is known")
        return field.values[text]
    match field.type:
        case "integer":
            return _integer(text, name)
        case "decimal":
            return _decimal(text, name, yuan_to_fen=field.yuan_to_fen)
        case "boolean":
            return _boolean(text, name)
        case "date":
            return _date(text, name, field.format)
        case _:
            return text


def _integer(text: str, name: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise Misfit(name, "integer")
    return int(text)


def _decimal(text: str, name: str, *, yuan_to_fen: bool) -> float | int:
    if not _DECIMAL.fullmatch(text):
        raise Misfit(name, "decimal")
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise Misfit(name, "decimal") from error
    if not yuan_to_fen:
        return float(amount)
    fen = amount * 100
    if fen != fen.to_integral_value():
        raise Misfit(name, "amount in yuan and fen")
    return int(fen)


def _boolean(text: str, name: str) -> bool:
    if text not in _TRUTHS:
        raise Misfit(name, "boolean")
    return _TRUTHS[text]


def _date(text: str, name: str, form: str | None) -> str:
    try:
        if form is None:
            return date.fromisoformat(text if _DAY.fullmatch(text) else "").isoformat()
        day = datetime.strptime(text, form)  # noqa: DTZ007 — a day has no zone
    except ValueError as error:
        raise Misfit(name, "date") from error
    # strptime reads 2020111 by %Y%m%d as 1 November; nobody knows what was meant.
    if _UNSEPARATED.search(form) and day.strftime(form) != text:
        raise Misfit(name, "date")
    return day.date().isoformat()
