"""The citizen's number as an engine may misread it: the check digit decides between what a character can be."""

import re
from collections.abc import Iterable
from datetime import date
from itertools import combinations, product

from domain.errors import InvalidInput
from domain.identity_numbers import IdNumber, parse_id_number

LENGTH = 18
_LETTERS = str.maketrans(
    {"O": "0", "o": "0", "Q": "0", "D": "0", "I": "1", "l": "1", "|": "1", "i": "1", "Z": "2", "S": "5", "B": "8", "G": "6"}
)
_MISTAKEN = {
    "0": "86", "1": "7", "2": "7", "3": "8", "4": "1", "5": "6", "6": "58", "7": "1", "8": "306", "9": "0", "X": "K",
}  # fmt: skip  # digits that look alike, most alike first
_RUN = re.compile(r"[0-9OoQDIl|iZSBGXxKk×*]{15,}")


def id_number_in(texts: Iterable[str], *, today: date, born: date | None, male: bool | None) -> tuple[str, bool] | None:
    """The number among these texts, and whether it is certain; `born` and `male` are what the card says beside it.

    Certain: the check digit fits as it was read, letters taken for the digits that they look like. A number that was mended by
    one digit is told only when it is the one that agrees with the rest of the card, and is not certain. None: nothing like a number.
    """
    runs = [run for text in texts for run in _RUN.findall(text)]
    if not runs:
        return None
    run = max(runs, key=len)
    candidates = [_digits(run[start : start + LENGTH]) for start in range(max(1, len(run) - LENGTH + 1))]
    for candidate in candidates:
        if (number := _parsed(candidate, today)) is not None:
            return candidate, _agrees(number, born, male) is not False
    return _mended(candidates[0], today, born, male) or (candidates[0], False)


def _digits(run: str) -> str:
    body, last = run[: LENGTH - 1].translate(_LETTERS), run[LENGTH - 1 : LENGTH]
    return body.upper() + ("X" if last in "XxKk×*" and last else last.translate(_LETTERS))


def _parsed(text: str, today: date) -> IdNumber | None:
    try:
        return parse_id_number(text, today=today)
    except InvalidInput:
        return None


def _agrees(number: IdNumber, born: date | None, male: bool | None) -> bool | None:
    """None: the card says nothing beside it."""
    said = [number.birth_date == born] * (born is not None) + [(number.sex == "male") == male] * (male is not None)
    return all(said) if said else None


def _mended(text: str, today: date, born: date | None, male: bool | None) -> tuple[str, bool] | None:
    """One or two characters read as their likes: only where exactly one such number agrees with birth date and sex."""
    if len(text) == LENGTH - 1:  # the last one, often a thin X, was not seen
        found = {text + last for last in "0123456789X" if _fits(text + last, today, born, male)}
        return (found.pop(), False) if len(found) == 1 else None
    if len(text) != LENGTH:
        return None
    for places in (1, 2):
        found = {changed for changed in _changed(text, places) if _fits(changed, today, born, male)}
        if found:
            return (found.pop(), False) if len(found) == 1 else None
    return None


def _fits(text: str, today: date, born: date | None, male: bool | None) -> bool:
    number = _parsed(text, today)
    return number is not None and _agrees(number, born, male) is True


def _changed(text: str, places: int) -> Iterable[str]:
    for where in combinations(range(LENGTH), places):
        for likes in product(*(_MISTAKEN.get(text[place], "") for place in where)):
            characters = list(text)
            for place, like in zip(where, likes, strict=True):
                characters[place] = like
            yield "".join(characters)
