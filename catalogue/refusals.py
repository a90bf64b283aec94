"""A refusal says which file, which line, which field, what is wrong and what cures it, in both languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from domain.text import Bilingual

Place = tuple[str | int, ...]  # keys from the top of the file; a named element of a list by its name
NAMING_KEYS = ("id", "code", "fact", "source", "field", "kind", "name")


@dataclass(frozen=True, slots=True)
class Refusal:
    """`line` counts from 1; None when the field comes from elsewhere."""

    file: str
    line: int | None
    field: str
    what: Bilingual
    cure: Bilingual

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file

    def in_language(self, language: str) -> str:
        if language == "zh":
            return f"{self.where}：{self.field}：{self.what.zh}；{self.cure.zh}"
        return f"{self.where}: {self.field}: {self.what.en}; {self.cure.en}"

    def __str__(self) -> str:
        return self.in_language("en")


class CatalogueError(ValueError):
    """A service item that cannot be; the message names each refusal's file, line, field and cure."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = list(refusals)
        super().__init__("\n".join(str(refusal) for refusal in self.refusals))


class Refusals:
    """Collects what is wrong with one file; lines are looked up only when something is."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._text = text
        self._root: yaml.Node | None = None
        self.found: list[Refusal] = []

    def say(self, place: Place | str, zh: str, en: str, cure_zh: str, cure_en: str) -> None:
        """`place` may be written with dots."""
        keys: Place = tuple(place.split(".")) if isinstance(place, str) else place
        field = ".".join(str(key) for key in keys) or "(file)"
        refusal = Refusal(self.file, self.line_of(keys), field, Bilingual(zh=zh, en=en), Bilingual(zh=cure_zh, en=cure_en))
        if refusal not in self.found:
            self.found.append(refusal)

    def raise_if_any(self) -> None:
        if self.found:
            raise CatalogueError(self.found)

    def line_of(self, place: Place) -> int | None:
        """The line of a field, or of the nearest thing around it that the file has."""
        if self._root is None:
            try:
                self._root = yaml.compose(self._text, Loader=yaml.CSafeLoader)
            except yaml.YAMLError:
                return None
        node, line = self._root, None
        for key in place:
            found = _child(node, key)
            if found is None:
                break
            line, node = found
        return line or (1 if self._root is not None else None)


def _child(node: yaml.Node | None, key: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return name.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode):
        for n, element in enumerate(node.value):
            if n == key or str(n) == key or key in _names(element):
                return element.start_mark.line + 1, element
    return None


def _names(element: yaml.Node) -> set[str]:
    if not isinstance(element, yaml.MappingNode):
        return set()
    return {value.value for name, value in element.value if name.value in NAMING_KEYS and isinstance(value, yaml.ScalarNode)}


def name_of(element: Any) -> str | None:
    """What an element of a list is called, where its kind has a name."""
    if not isinstance(element, Mapping):
        return None
    return next((str(element[key]) for key in NAMING_KEYS if isinstance(element.get(key), str)), None)


def named_place(data: Any, loc: Sequence[str | int]) -> Place:
    """A pydantic location with the numbers of list elements replaced by their names."""
    place: list[str | int] = []
    for key in loc:
        following = _at(data, key)
        place.append(name_of(following) or key if isinstance(key, int) else key)
        data = following
    return tuple(place)


def _at(data: Any, key: str | int) -> Any:
    if isinstance(data, Mapping):
        return data.get(key)
    if isinstance(data, list) and isinstance(key, int) and key < len(data):
        return data[key]
    return None
