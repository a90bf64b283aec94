"""What every card says in the same places: which side a photograph shows, and which way up it lies."""

import re
from collections.abc import Sequence
from itertools import combinations

from adapters.cards.lines import Line, Seen, Turn, levelled, lies_on_its_side, turned
from domain.cards import CardSide

NUMBER = re.compile(r"[0-9OIlZSBXx]{15,17}[0-9OIlXx×]$")
TERM = re.compile(r"[0-9]{4}[.,．·年]?[0-9]{2}.{0,12}(长期|長期|[0-9]{4}[.,．·年]?[0-9]{2})")
# From top to bottom.
_MARKS: dict[CardSide, tuple[tuple[str, ...], ...]] = {
    CardSide.FRONT: (("姓名",), ("性别", "性別", "民族"), ("出生",), ("住址",), ("公民身份", "身份号码", "身份號碼")),
    CardSide.BACK: (
        ("人民共和", "中华人民", "中華人民"),
        ("居民身份证", "居民身份證"),
        ("签发机关", "簽發機關", "签发"),
        ("有效期限", "有效期"),
    ),
}


def marks_of(lines: Sequence[Line]) -> dict[CardSide, list[tuple[int, Line]]]:
    """By side: each landmark that is there with its place from the top."""
    found: dict[CardSide, list[tuple[int, Line]]] = {side: [] for side in CardSide}
    for line in lines:
        for side, places in _MARKS.items():
            place = next((n for n, words in enumerate(places) if any(word in line.text for word in words)), None)
            if place is not None:
                found[side].append((place, line))
        if NUMBER.search(line.text):
            found[CardSide.FRONT].append((4, line))
        elif TERM.search(line.text):
            found[CardSide.BACK].append((3, line))
    return found


def side_of(lines: Sequence[Line]) -> CardSide | None:
    """The side with more of its landmarks in sight; None with fewer than two."""
    found = marks_of(lines)
    best = max(found, key=lambda side: len({place for place, _ in found[side]}))
    return best if len({place for place, _ in found[best]}) >= 2 else None


def turn_needed(seen: Sequence[Seen], width: float, height: float) -> Turn | None:
    """By how much to turn the picture for the card to lie upright; None when the landmarks do not tell."""
    turns: tuple[Turn, ...] = (90, 270) if lies_on_its_side(seen) else (0, 180)
    scores = {turn: _uprightness(levelled(turned(seen, turn, width, height))) for turn in turns}
    best = max(scores, key=lambda turn: scores[turn])
    return best if scores[best] > 0 else None


def _uprightness(lines: Sequence[Line]) -> int:
    """Pairs of landmarks that stand in their order from top to bottom, less those that stand the other way."""
    score = 0
    for marks in marks_of(lines).values():
        for (place, line), (other_place, other) in combinations(marks, 2):
            if place != other_place:
                score += 1 if (place < other_place) == (line.middle < other.middle) else -1
    return score
