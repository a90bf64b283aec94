"""The side with the person: name, sex, ethnic group, birth date, address and number out of lines of text."""

import re
from collections.abc import Sequence
from datetime import date

from adapters.cards.landmarks import NUMBER
from adapters.cards.lines import Line
from adapters.cards.number import id_number_in
from domain.cards import ETHNIC_GROUPS, CardField
from domain.identity_numbers import IdNumber

SURE = 0.85  # of the engine's own confidence: below it a person looks
_LABELS = ("姓名", "性别", "性別", "民族", "出生", "住址", "公民身份号码", "公民身份號碼", "公民身份", "身份号码")
_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff·•.]{2,25}")
_BORN = re.compile(r"([12][0-9]{3})年?([01]?[0-9])月([0-3]?[0-9])日?")
_TRADITIONAL = str.maketrans("漢藏維爾滿瑤儺納達蘇衛號龍門錫親東鄉別", "汉藏维尔满瑶傩纳达苏卫号龙门锡亲东乡别")


def front_fields(lines: Sequence[Line], *, today: date) -> dict[str, CardField]:
    """The fields by name. The number's own birth date and sex are held against what the card says beside it."""
    sex, born = _sex(lines), _born(lines)
    number = _number(lines, today, born, sex)
    fields = {"name": _name(lines), "ethnicity": _ethnicity(lines), "address": _address(lines), "id_number": number}
    fields |= {"sex": _settled(sex, number, "sex"), "birth_date": _settled(born, number, "birth_date")}
    return {name: field for name, field in fields.items() if field is not None}


def _labelled(lines: Sequence[Line], *labels: str) -> tuple[Line, str] | None:
    """The line that holds a label, and what follows the label in it."""
    for label in labels:
        for line in lines:
            if label in line.text:
                return line, line.text.partition(label)[2]
    return None


def _row(lines: Sequence[Line], label: Line) -> list[Line]:
    """What stands right of a label on its row, from left to right."""
    return sorted((line for line in lines if line is not label and line.beside(label) and line.left > label.left), key=lambda x: x.left)


def _value(lines: Sequence[Line], *labels: str) -> tuple[str, float] | None:
    """The text after a label, in its own line and in those right of it up to the next label."""
    found = _labelled(lines, *labels)
    if found is None:
        return None
    label, text = found
    confidence = [label.confidence] if text else []
    for line in _row(lines, label):
        if any(other in line.text for other in _LABELS):
            break
        text += line.text
        confidence.append(line.confidence)
    return _before_label(text), min(confidence, default=0.0)


def _before_label(text: str) -> str:
    """Two fields on one line: only the first."""
    starts = [text.index(label) for label in _LABELS if label in text]
    return text[: min(starts)] if starts else text


def _name(lines: Sequence[Line]) -> CardField | None:
    read = _value(lines, "姓名") or _above_sex(lines)
    if read is None or not (match := _NAME.search(read[0])):
        return None
    name = match[0].replace("•", "·").replace(".", "·")
    return CardField(value=name, confidence=read[1], sure=read[1] >= SURE and name == read[0])


def _above_sex(lines: Sequence[Line]) -> tuple[str, float] | None:
    """Where the label was not read: the line over the row of 性别."""
    found = _labelled(lines, "性别", "性別", "民族")
    if found is None:
        return None
    over = [line for line in lines if line.bottom < found[0].middle and _NAME.fullmatch(line.text) and line.left < found[0].right + 200]
    return (over[-1].text, 0.5) if over else None


def _sex(lines: Sequence[Line]) -> CardField | None:
    read = _value(lines, "性别", "性別")
    text = read[0] if read else ""
    if not (match := re.search("[男女]", text)) and (row := _labelled(lines, "民族", "性")) is not None:
        beside = [line for line in lines if line.beside(row[0])]
        match = re.search("[男女]", "".join(line.text for line in beside))
    if match is None:
        return None
    return CardField(value="male" if match[0] == "男" else "female", confidence=read[1] if read else 0.5, sure=bool(read))


def _ethnicity(lines: Sequence[Line]) -> CardField | None:
    read = _value(lines, "民族")
    if read is None:
        return None
    said = read[0].translate(_TRADITIONAL).removesuffix("族")
    if said in ETHNIC_GROUPS:
        return CardField(value=said, confidence=read[1], sure=read[1] >= SURE)
    like = [group for group in ETHNIC_GROUPS if len(group) > 1 and len(group) == len(said) and _differences(group, said) == 1]
    return CardField(value=like[0], confidence=read[1] / 2, sure=False) if len(like) == 1 else None


def _differences(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def _born(lines: Sequence[Line]) -> CardField | None:
    label = _labelled(lines, "出生")
    rows = [[label[0], *_row(lines, label[0])]] if label else [[line] for line in lines]
    for row in rows:
        if match := _BORN.search("".join(line.text for line in row)):
            try:
                day = date(*(int(part) for part in match.groups()))
            except ValueError:
                return None
            return CardField(value=day.isoformat(), confidence=min(line.confidence for line in row), sure=True)
    return None


def _address(lines: Sequence[Line]) -> CardField | None:
    """Several lines, from the row of 住址 down to the number, left of the portrait."""
    found = _labelled(lines, "住址")
    if found is None:
        return None
    label, text = found
    foot = min((line.top for line in lines if line.middle > label.middle and _ends_address(line)), default=float("inf"))
    first = _row(lines, label)
    edge = label.right if text else (first[0].left if first else label.right)
    below = [line for line in lines if line.top > label.middle and line.middle < foot and line not in first]
    column = max(line.right for line in [label, *first])  # the first line is the longest; the portrait is right of it
    indented = [line for line in below if (label.left if text else edge) - 1.5 * label.height <= line.left < column]
    parts = ([label] if text else []) + _reading_order(first + indented)
    value = text + "".join(line.text for line in parts if line is not label)
    if not value:
        return None
    confidence = min(line.confidence for line in parts)
    return CardField(value=value, confidence=confidence, sure=confidence >= SURE and len(value) >= 6)


def _ends_address(line: Line) -> bool:
    return "公民身份" in line.text or "身份号码" in line.text or NUMBER.search(line.text) is not None


def _reading_order(lines: Sequence[Line]) -> list[Line]:
    """Row by row, each from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda x: x.middle):
        if rows and line.beside(rows[-1][0]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda x: x.left)]


def _number(lines: Sequence[Line], today: date, born: CardField | None, sex: CardField | None) -> CardField | None:
    label = _labelled(lines, "公民身份号码", "公民身份", "身份号码")
    row = "".join(line.text for line in [label[0], *_row(lines, label[0])]).rpartition("码")[2] if label else ""
    texts = [line.text for line in lines] + [row]
    read = id_number_in(
        texts, today=today, born=date.fromisoformat(born.value) if born else None, male=sex.value == "male" if sex else None
    )
    if read is None:
        return None
    value, certain = read
    confidence = max((line.confidence for line in lines if len(line.text) >= 15 and line.text[-6:] in row + line.text), default=0.5)
    return CardField(value=value, confidence=confidence, sure=certain)


def _settled(said: CardField | None, number: CardField | None, name: str) -> CardField | None:
    """A birth date or sex beside a certain number: the same, or doubtful; unread, the number's own."""
    if number is None or not number.sure:
        return said.model_copy(update={"sure": False}) if said else None
    own = getattr(IdNumber(number.value), name)
    value = own.isoformat() if isinstance(own, date) else own
    if said is None:
        return CardField(value=value, confidence=number.confidence, sure=True)
    return said.model_copy(update={"sure": said.value == value})
