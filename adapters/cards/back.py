"""The side with the authority: who issued the card, from when until when it counts."""

import re
from collections.abc import Sequence
from datetime import date

from adapters.cards.front import SURE
from adapters.cards.lines import Line
from domain.cards import LONG_TERM, CardField, term_fits

_DAY = r"([12][0-9]{3})[.,·:年-]?([01][0-9])[.,·:月-]?([0-3][0-9])日?"
_TERM = re.compile(_DAY + r"[-—–~至到一_]{0,3}(?:(长期|長期)|" + _DAY + ")")
_FROM = re.compile(_DAY)
_LABEL = ("签发机关", "簽發機關", "发机关", "签发机")
_LETTERS = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1"})
_AUTHORITY = re.compile(r"[\u3400-\u9fff]{3,40}")
_HAN = re.compile(r"[\u3400-\u9fff]{1,40}")
_ENDS = ("局", "处", "厅", "队", "所")  # what an issuing authority's name ends with


def back_fields(lines: Sequence[Line]) -> dict[str, CardField]:
    """The fields by name. A term that no card is made for is doubtful."""
    fields = {"issuer": _issuer(lines), **_term(lines)}
    return {name: field for name, field in fields.items() if field is not None}


def _issuer(lines: Sequence[Line]) -> CardField | None:
    """After its label; a long name goes on in the next line."""
    label = next((line for line in lines if any(word in line.text for word in _LABEL)), None)
    if label is None:
        return None
    word = next(word for word in _LABEL if word in label.text)
    parts = [label] if label.text.partition(word)[2] else []
    parts += sorted((line for line in lines if line is not label and line.beside(label) and line.left > label.left), key=lambda x: x.left)
    text = label.text.partition(word)[2] + "".join(line.text for line in parts if line is not label)
    if text and not text.endswith(_ENDS):
        under = next(
            (line for line in lines if label.bottom <= line.middle and line.left > label.right and _HAN.fullmatch(line.text)), None
        )
        if under is not None:
            text, parts = text + under.text, [*parts, under]
    match = _AUTHORITY.search(text)
    if match is None:
        return None
    confidence = min(line.confidence for line in parts)
    return CardField(value=match[0], confidence=confidence, sure=confidence >= SURE and match[0] == text and text.endswith(_ENDS))


def _term(lines: Sequence[Line]) -> dict[str, CardField | None]:
    rows = [*(line.text for line in lines), *(_joined(line, lines) for line in lines if "有效期" in line.text)]
    for text, confidence in zip(rows, [*(line.confidence for line in lines), *[0.9] * len(rows)], strict=False):
        if match := _TERM.search(text.translate(_LETTERS)):
            return _days(match, confidence)
    for line in lines:  # the end was not read
        if match := _FROM.search(line.text.translate(_LETTERS)):
            begins = _day(match.groups())
            return {"valid_from": CardField(value=begins.isoformat(), confidence=line.confidence, sure=False) if begins else None}
    return {}


def _joined(label: Line, lines: Sequence[Line]) -> str:
    row = sorted((line for line in lines if line.beside(label)), key=lambda x: x.left)
    return "".join(line.text for line in row)


def _days(match: re.Match[str], confidence: float) -> dict[str, CardField | None]:
    parts = match.groups()
    begins, ends = _day(parts[:3]), _day(parts[4:7]) if parts[3] is None else None
    if begins is None or (parts[3] is None and ends is None):
        return {}
    sure = confidence >= SURE and (ends is None or term_fits(begins, ends))
    until = LONG_TERM if ends is None else ends.isoformat()
    return {
        "valid_from": CardField(value=begins.isoformat(), confidence=confidence, sure=sure),
        "valid_until": CardField(value=until, confidence=confidence, sure=sure),
    }


def _day(parts: Sequence[str]) -> date | None:
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        return None
