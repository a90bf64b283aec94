"""Dataclasses as columns of plain JSON values and back: faster to read than to make, and harmless to open."""

import sys
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from domain.text import Bilingual
from simulators.people import Household
from simulators.territory import ANY_STATION, Station

T = TypeVar("T")
Converter = Callable[[Any], Any]


class Codec(NamedTuple):
    """How one type is written and read; None: as it is."""

    write: Converter | None
    read: Converter | None


_PLAIN = Codec(None, None)
_WORD = Codec(None, sys.intern)  # one of a few words, in every row: one copy of each is kept
_KNOWN: dict[Any, Codec] = {
    date: Codec(date.toordinal, date.fromordinal),
    datetime: Codec(datetime.isoformat, datetime.fromisoformat),
    Bilingual: Codec(Bilingual.model_dump, Bilingual.model_validate),
    Station: Codec(lambda station: station.code, ANY_STATION.__getitem__),
    Household: _PLAIN,  # whoever writes a person says which household by its place
}


def to_columns(objects: Iterable[Any], kind: type[Any]) -> list[list[Any]]:
    """One list per field of `kind`, in the order of the fields."""
    everyone = list(objects)
    columns = []
    for name, codec in _codecs(kind):
        column = [getattr(one, name) for one in everyone]
        columns.append(list(map(codec.write, column)) if codec.write else column)
    return columns


def from_columns(columns: Sequence[Sequence[Any]], kind: type[T]) -> list[T]:
    read = [map(codec.read, column) if codec.read else column for column, (_, codec) in zip(columns, _codecs(kind), strict=True)]
    return list(map(kind, *read))


def _codecs(kind: type[Any]) -> tuple[tuple[str, Codec], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, _codec(hints[field.name])) for field in fields(kind))


def _codec(hint: Any) -> Codec:
    if hint in _KNOWN:
        return _KNOWN[hint]
    if is_dataclass(hint) and isinstance(hint, type):
        return _one(hint)
    if get_origin(hint) is Literal:
        return _WORD
    if get_origin(hint) in (list, tuple):
        return _several(get_origin(hint), _codec(get_args(hint)[0]))
    if get_origin(hint) in (Union, types.UnionType):
        return _optional(*(_codec(part) for part in get_args(hint) if part is not type(None)))
    return _PLAIN


def _one(kind: type[Any]) -> Codec:
    codecs = _codecs(kind)

    def write(value: Any) -> list[Any]:
        return [codec.write(getattr(value, name)) if codec.write else getattr(value, name) for name, codec in codecs]

    def read(row: Sequence[Any]) -> Any:
        return kind(*(codec.read(value) if codec.read else value for value, (_, codec) in zip(row, codecs, strict=True)))

    return Codec(write, read)


def _several(container: Any, item: Codec) -> Codec:
    def write(values: Iterable[Any]) -> list[Any]:
        return [item.write(value) for value in values] if item.write else list(values)

    def read(values: Iterable[Any]) -> Any:
        return container([item.read(value) for value in values] if item.read else values)

    return Codec(write, read)


def _optional(codec: Codec) -> Codec:
    return Codec(_unless_none(codec.write), _unless_none(codec.read))


def _unless_none(convert: Converter | None) -> Converter | None:
    return convert and (lambda value: None if value is None else convert(value))
