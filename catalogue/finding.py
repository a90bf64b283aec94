"""Finding a service item without knowing what it is called: everyday words, occasions in life, branches, kinds."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from domain.service_item import Kind, ServiceItem
from domain.text import Bilingual

_FILE = Path(__file__).parent / "finding.yaml"
_PART = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*|[\u3400-\u9fff]+")
_WEIGHTS = (10.0, 4.0, 2.0)  # the name, the summary, everything else
_LEAST_SHARE = 0.5  # of a Chinese word's pairs of characters: fewer are a chance hit
_PARTLY = 0.6  # what a word found in pieces counts of one found whole
_MEANT = 0.8  # what another word for the same thing counts


class Occasion(BaseModel):
    """A moment in life in which people come to the police for something."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: Bilingual
    words: list[str]
    without: list[str] = []

    def holds(self, item: ServiceItem) -> bool:
        name = item.name.zh
        return item.can_be_applied_for and any(word in name for word in self.words) and not any(word in name for word in self.without)


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    say: list[str]
    means: list[str]


class _Finding(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    occasions: list[Occasion]
    words: list[_Words]
    empty: list[str]


@cache
def _finding() -> _Finding:
    return _Finding.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


def occasions() -> list[Occasion]:
    return _finding().occasions


def select(
    items: Iterable[ServiceItem],
    *,
    text: str = "",
    branch: str = "",
    kind: str = "",
    trips: int | None = None,
    occasion: str = "",
) -> list[ServiceItem]:
    """Items that fit every filter given, in their order; with `text` those that fit it, the best first."""
    moment = next((known for known in occasions() if known.id == occasion), None)
    fitting = [
        item
        for item in items
        if (not branch or item.branch == branch)
        and (not kind or item.kind == Kind(kind))
        and (trips is None or (item.trips == trips and item.can_be_applied_for))
        and (not occasion or (moment is not None and moment.holds(item)))
    ]
    return search(fitting, text) if text.strip() else fitting


def search(items: Sequence[ServiceItem], text: str) -> list[ServiceItem]:
    """What the words may mean, best first. Items that fit all words come alone; when there is none, those that fit some."""
    wanted = _meanings(text.lower())
    if not wanted:
        return [item for item in items if text.strip().lower() in item.code]
    scored = [(item, [max(_score(item, form) * weight for form, weight in forms) for forms in wanted]) for item in items]
    whole = [(item, sum(scores) + _closeness(item)) for item, scores in scored if all(scores)]
    some = whole or [(item, sum(scores) + _closeness(item)) for item, scores in scored if any(scores)]
    best = max((score for _, score in some), default=0.0)
    return [item for item, score in sorted(some, key=lambda pair: -pair[1]) if score >= best / 5]


def _closeness(item: ServiceItem) -> float:
    """Between items that fit alike: what is used most, and the plain name before the special case."""
    return (1.0 if item.most_used else 0.0) - 0.1 * len(item.name.zh)


def _meanings(text: str) -> list[list[tuple[str, float]]]:
    """For each thing that was said: the ways in which items may call it, with their weights."""
    groups: list[list[tuple[str, float]]] = []
    for words in _finding().words:
        for phrase in sorted(words.say, key=len, reverse=True):
            if _says(text, phrase):
                text = text.replace(phrase, " ") if not phrase.isascii() else re.sub(rf"\b{re.escape(phrase)}\b", " ", text)
                groups.append([(phrase, 1.0), *((other.lower(), _MEANT) for other in words.means)])
                break
    for empty in sorted(_finding().empty, key=len, reverse=True):
        text = text.replace(empty, " ") if not empty.isascii() else re.sub(rf"\b{re.escape(empty)}\b", " ", text)
    return groups + [[(part, 1.0)] for part in _PART.findall(text) if len(part) > 1 or not groups]


def _says(text: str, phrase: str) -> bool:
    return phrase in text if not phrase.isascii() else re.search(rf"\b{re.escape(phrase)}\b", text) is not None


def _score(item: ServiceItem, word: str) -> float:
    return sum(weight * _share(word, field) for weight, field in zip(_WEIGHTS, _texts_of(item), strict=True))


def _texts_of(item: ServiceItem) -> tuple[str, str, str]:
    rest: list[Bilingual] = [*item.who_can, *(material.name for material in item.materials)]
    rest += [Bilingual.model_validate(field["x-label"]) for field in item.form.get("properties", {}).values() if "x-label" in field]
    rest += item.notice.paragraphs if item.notice else []
    rest += [item.certificate.title] if item.certificate else []
    return (
        _flat([item.name]) + f" {item.code}",
        _flat([item.summary]),
        _flat(rest),
    )


def _flat(texts: Iterable[Bilingual]) -> str:
    return " ".join(f"{text.zh} {text.en}" for text in texts).lower()


def _share(word: str, field: str) -> float:
    """How much of a word stands in a text: 1 the whole, 0 (almost) nothing. Latin words match at the beginning of words."""
    if word.isascii():
        return 1.0 if re.search(rf"\b{re.escape(_stem(word))}", field) else 0.0
    if word in field:
        return 1.0
    pairs = [word[n : n + 2] for n in range(len(word) - 1)]
    share = sum(pair in field for pair in pairs) / len(pairs) if pairs else 0.0
    return share * _PARTLY if share >= _LEAST_SHARE else 0.0


def _stem(word: str) -> str:
    """`certificates` finds `certificate`, `moving` finds `move` by its first letters."""
    for ending in ("ing", "es", "s", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


def counts(items: Sequence[ServiceItem]) -> dict[str, dict[str, int]]:
    """How many items there are of each `branch`, `kind`, `trips` and `occasion`; those of which there are none are left out."""
    found: dict[str, dict[str, int]] = {"branch": {}, "kind": {}, "trips": {}, "occasion": {}}
    for item in items:
        _add(found["branch"], item.branch)
        _add(found["kind"], item.kind.value)
        if item.can_be_applied_for:
            _add(found["trips"], str(item.trips))
        for occasion in occasions():
            if occasion.holds(item):
                _add(found["occasion"], occasion.id)
    return found


def _add(tally: dict[str, int], key: Any) -> None:
    tally[key] = tally.get(key, 0) + 1
