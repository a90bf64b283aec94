"""Shared parts: what `extends` brings into a file, and how the file's own words win over it.

Mappings are merged key by key. Lists whose elements have names (rules, materials, evidence …) are joined by name;
an element that says `drop: true` leaves, and any other list is replaced. A key that is set to nothing (`~`) leaves.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from catalogue.plain_yaml import read_yaml

PARTS = Path(__file__).parent / "parts"
_NAMED_LISTS: dict[str, tuple[str, ...]] = {
    "rules": ("id",),
    "materials": ("code",),
    "evidence": ("fact", "source"),
    "prefill": ("field",),
    "steps": ("kind",),
    "lines": ("id",),
    "examples": ("name",),
}


class UnknownPart(LookupError):
    """`extends` names a part that is not there; `name` is what was written."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = list(known)
        super().__init__(name)


def known_parts(folder: Path = PARTS) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.yaml"))


@lru_cache(maxsize=256)
def _read_part(path: Path, changed: int) -> dict[str, Any]:
    raw = read_yaml(path.read_text(encoding="utf-8"))
    return raw if isinstance(raw, dict) else {}


def with_parts(raw: Mapping[str, Any], folder: Path = PARTS, *, seen: tuple[str, ...] = ()) -> dict[str, Any]:
    """The file with everything that it extends, the key `extends` gone.

    Raises:
        UnknownPart: no such part, or one that extends itself.
    """
    wanted = raw.get("extends") or []
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    merged: dict[str, Any] = {}
    for name in names:
        path = folder / f"{name}.yaml"
        if name in seen or not path.is_file():
            raise UnknownPart(str(name), known_parts(folder))
        part = with_parts(_read_part(path, path.stat().st_mtime_ns), folder, seen=(*seen, name))
        merged = merge(merged, part)
    whole = merge(merged, {key: value for key, value in raw.items() if key != "extends"})
    return whole if seen else _without_dropped(whole)


def _without_dropped(value: Any) -> Any:
    """Elements that say `drop: true` go at the very end, so that a part too can take something from another."""
    if isinstance(value, Mapping):
        return {key: _without_dropped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_dropped(element) for element in value if not _is_dropped(element)]
    return value


def _is_dropped(element: Any) -> bool:
    return isinstance(element, Mapping) and element.get("drop") is True


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = merge(merged[key], value)
        elif key in _NAMED_LISTS and isinstance(value, list):
            merged[key] = _join(merged.get(key) or [], value, _NAMED_LISTS[key])
        else:
            merged[key] = value
    return merged


def _join(base: Sequence[Any], over: Sequence[Any], keys: tuple[str, ...]) -> list[Any]:
    """Named elements by name; the order is the base's, then the file's. Two of one name in one file stay two: the checks see them."""
    joined = list(base)
    places = {_name(element, keys): n for n, element in enumerate(joined)}
    for element in over:
        place = places.pop(_name(element, keys), None)
        if place is None:
            joined.append(element)
        elif _is_dropped(joined[place]):
            joined[place] = element  # taken away by one part, brought anew by the next
        else:
            joined[place] = merge(joined[place], element)
    return joined


def _name(element: Any, keys: tuple[str, ...]) -> object:
    if isinstance(element, Mapping):
        return next((element[key] for key in keys if element.get(key)), id(element))
    return id(element)
