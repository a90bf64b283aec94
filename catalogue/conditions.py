"""What a CEL condition reads, told without evaluating it: the paths, and whether a schema has them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

ELEMENT = "[]"  # stands in a path for any element of a list
_UNKNOWN: tuple[str, ...] = ()  # a value that a call gave: it has no path
_MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_WORDS = frozenset({"true", "false", "null", "in"})
_TOKEN = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[A-Za-z_]\w*|\d+(?:\.\d+)?|&&|\|\||[=!<>]=|\S")
_CLOSING = {"(": ")", "[": "]", "{": "}"}

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """One place that a condition reads; `optional` when it only asks whether it is there (`has`)."""

    path: Path
    optional: bool = False

    @property
    def root(self) -> str:
        return self.path[0]

    def __str__(self) -> str:
        return ".".join(self.path).replace(f".{ELEMENT}", ELEMENT)


@lru_cache(maxsize=8192)
def reads_of(condition: str) -> tuple[Read, ...]:
    """Every path that a condition reads, in order; variables of macros are followed to what they stand for.

    `xs.exists(x, x.a == answers.b)` reads `xs`, `xs.[].a` and `answers.b`. The condition must be CEL already.
    """
    return tuple(dict.fromkeys(_Scan(_TOKEN.findall(condition)).reads({}, 0, None, optional=False)))


class _Scan:
    """Walks the tokens once. A variable whose list has no path of its own (what a call gave) stands for `_UNKNOWN`."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens

    def reads(self, bound: Mapping[str, Path], start: int, end: int | None, *, optional: bool) -> Iterator[Read]:
        at, end = start, len(self._tokens) if end is None else end
        while at < end:
            word = self._tokens[at]
            if word == ".":
                found, at = self._hanging_on(bound, _UNKNOWN, at, optional=optional)
                yield from found
            elif not _is_name(word) or word in _WORDS:
                at += 1
            elif self._at(at + 1) == "(":
                close = self._close_of(at + 1)
                yield from self.reads(bound, at + 2, close, optional=optional or word == "has")
                at = close + 1
            else:
                found, at = self._hanging_on(bound, bound.get(word, (word,)), at + 1, optional=optional)
                yield from found

    def _hanging_on(self, bound: Mapping[str, Path], path: Path, at: int, *, optional: bool) -> tuple[list[Read], int]:
        """What hangs on a value: `.field`, `[index]`, `.method(…)`."""
        found: list[Read] = []
        while True:
            if self._at(at) == "[":
                close = self._close_of(at)
                found += self.reads(bound, at + 1, close, optional=optional)
                path, at = _below(path, _index(self._tokens[at + 1])), close + 1
            elif self._at(at) == "." and self._at(at + 2) == "(":
                method, close = self._at(at + 1), self._close_of(at + 2)
                found += _read(path, optional)
                found += self._inside(bound, path, method, at + 2, close, optional=optional)
                path, at = path if method == "filter" else _UNKNOWN, close + 1
            elif self._at(at) == "." and _is_name(self._at(at + 1)):
                path, at = _below(path, self._at(at + 1)), at + 2
            else:
                return [*found, *_read(path, optional)], at

    def _inside(self, bound: Mapping[str, Path], path: Path, method: str, opening: int, close: int, *, optional: bool) -> Iterator[Read]:
        if method in _MACROS:
            inner = {**bound, self._tokens[opening + 1]: _below(path, ELEMENT)}
            return self.reads(inner, opening + 3, close, optional=optional)
        return self.reads(bound, opening + 1, close, optional=optional)

    def _at(self, at: int) -> str:
        return self._tokens[at] if at < len(self._tokens) else ""

    def _close_of(self, opening: int) -> int:
        depth, wanted = 0, (self._tokens[opening], _CLOSING[self._tokens[opening]])
        for at in range(opening, len(self._tokens)):
            depth += {wanted[0]: 1, wanted[1]: -1}.get(self._tokens[at], 0)
            if depth == 0:
                return at
        return len(self._tokens)


def _below(path: Path, part: str) -> Path:
    return (*path, part) if path else _UNKNOWN


def _read(path: Path, optional: bool) -> list[Read]:
    return [Read(path, optional)] if path else []


def _is_name(token: str) -> bool:
    return bool(token) and (token[0].isalpha() or token[0] == "_")


def _index(token: str) -> str:
    return token[1:-1] if token[:1] in "\"'" else ELEMENT


def schema_at(schema: Mapping[str, Any], path: Path) -> Mapping[str, Any] | None:
    """The part of a JSON Schema that a path leads to; None when the schema does not have it."""
    for part in path:
        following = schema.get("items") if part == ELEMENT else schema.get("properties", {}).get(part)
        if not isinstance(following, Mapping):
            return None
        schema = following
    return schema
