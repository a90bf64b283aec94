"""Answers to a service item's form, made from its own schema: right ones and slightly wrong ones, and as a page posts them.

Everything is drawn from a `random.Random`; under hypothesis take it from `st.randoms(use_true_random=False)`, so that a failure shrinks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from random import Random
from typing import Any

from stdnum.cn import ric

from domain.forms import asked_fields, fields_of, is_required
from web.applicant.reading import DATE_PARTS, MANUAL, OTHER, kind_of, posted_value, split_date

_parser: Any = import_module("re._parser")  # how a pattern is read; the standard library has no public way
_WORDS = "温州市鹿城区五马街道公园路姓名证明材料家庭户口本人abcXYZ 0123456789，。·"
_MOST_TRIES = 200


@dataclass(frozen=True)
class WrongAnswers:
    """Answers with one thing wrong: `way` says what, `field` where."""

    answers: dict[str, Any]
    way: str
    field: str


def answers_for(form: Mapping[str, Any], random: Random) -> dict[str, Any]:
    """Answers that the form accepts: what is asked and required, and some of what is optional."""
    answers: dict[str, Any] = {}
    fields = fields_of(form)
    choices = sorted(fields, key=lambda name: len(fields[name].get("x-when", {})))  # what others depend on comes first
    for name in [*choices, *choices]:  # twice: a condition may stand on a field that comes later
        if name in answers or name not in asked_fields(form, answers):
            continue
        if is_required(form, name) or random.random() < 0.5:
            answers[name] = value_for(fields[name], random, required=is_required(form, name))
    return {name: value for name, value in answers.items() if name in asked_fields(form, answers)}


def wrong_answers_for(form: Mapping[str, Any], random: Random) -> WrongAnswers | None:
    """Answers with one thing wrong that a person could do on a page; None when nothing can be wrong (a form without fields)."""
    answers = answers_for(form, random)
    ways = [(way, name) for name, field in asked_fields(form, answers).items() for way in _ways(form, name, field, answers)]
    if not ways:
        return None
    way, name = random.choice(ways)
    field = fields_of(form)[name]
    if way == "missing":
        return WrongAnswers({other: value for other, value in answers.items() if other != name}, way, name)
    return WrongAnswers({**answers, name: _spoilt(way, field, answers.get(name), random)}, way, name)


def value_for(field: Mapping[str, Any], random: Random, *, required: bool = True) -> Any:
    """One value that the field accepts."""
    if "const" in field:
        return field["const"]
    if "enum" in field:
        return random.choice(field["enum"])
    match field.get("type"):
        case "boolean":
            return random.random() < 0.5
        case "integer":
            least = int(field.get("minimum", 0))
            return random.randint(least, int(field.get("maximum", least + 1000)))
        case "array":
            return _list_for(field, random, required=required)
        case _:
            return _text_for(field, random)


def _list_for(field: Mapping[str, Any], random: Random, *, required: bool) -> list[Any]:
    least = int(field.get("minItems", 0 if required else 1))
    most = max(least, int(field.get("maxItems", least + 3)))
    wanted, values = random.randint(least, min(most, least + 3)), list[Any]()
    for _ in range(_MOST_TRIES):
        if len(values) == wanted:
            break
        value = value_for(field.get("items", {}), random)
        if value not in values:
            values.append(value)
    return values if values or required else [value_for(field.get("items", {}), random)]


def _text_for(field: Mapping[str, Any], random: Random) -> str:
    if field.get("format") == "id-number":
        return id_number(random)
    if field.get("format") == "date":
        return (date(1950, 1, 1) + timedelta(days=random.randint(0, 27_000))).isoformat()
    least, most = max(1, int(field.get("minLength", 1))), int(field.get("maxLength", 40))
    for tries in range(_MOST_TRIES):
        text = (
            _matching(field["pattern"], random, tries // 4)
            if "pattern" in field
            else _words(random, random.randint(least, min(most, least + 20)))
        )
        if least <= len(text) <= most and text == text.strip() and text:
            return text
    raise AssertionError(f"no text was found for {field}")


def _words(random: Random, length: int) -> str:
    return "".join(random.choice(_WORDS) for _ in range(length)).strip().ljust(length, "字")


def id_number(random: Random) -> str:
    """A number with a right check digit, of somebody born between 1950 and 2020."""
    born = date(1950, 1, 1) + timedelta(days=random.randint(0, 25_000))
    head = f"330302{born:%Y%m%d}{random.randint(1, 998):03d}"
    return head + str(ric.calc_check_digit(head + "0"))


def _ways(form: Mapping[str, Any], name: str, field: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    """How this field can be answered wrongly on a page. What a page cannot send (a wrong type, an unknown field) is not among them."""
    ways = (
        ["missing"] if is_required(form, name) and name in answers and kind_of(field) not in ("offered-many", "checkboxes", "lines") else []
    )
    if field.get("minItems", 0) > 0:
        ways.append("too-few")
    if "enum" in field and field.get("type") != "boolean":
        ways.append("no-option")
    if field.get("type") == "integer":
        ways += ["no-number", *(["too-small"] if "minimum" in field else []), *(["too-large"] if "maximum" in field else [])]
    if field.get("type") == "string" and "enum" not in field:
        ways += ["too-long"] if "maxLength" in field else []
        ways += ["too-short"] if field.get("minLength", 1) > 1 else []
        ways += ["misprint"] if field.get("format") == "id-number" else []
        ways += ["no-such-day"] if field.get("format") == "date" else []
        ways += ["pattern"] if "pattern" in field and "format" not in field else []
    if field.get("items", {}).get("format") == "id-number":
        ways.append("misprint-in-list")
    return ways


def _spoilt(way: str, field: Mapping[str, Any], value: Any, random: Random) -> Any:
    match way:
        case "too-few":
            return []
        case "no-option":
            return "no-such-option"
        case "no-number":
            return "三个"
        case "too-small":
            return int(field["minimum"]) - random.randint(1, 9)
        case "too-large":
            return int(field["maximum"]) + random.randint(1, 9)
        case "too-long":
            return _words(random, int(field["maxLength"]) + random.randint(1, 5))
        case "too-short":
            return "字" * (int(field["minLength"]) - 1)
        case "misprint":
            return _misprint(value or id_number(random), random)
        case "misprint-in-list":
            return [*(value or []), _misprint(id_number(random), random)][-int(field.get("maxItems", 9)) :]
        case "no-such-day":
            return random.choice(["2025-02-30", "2025-13-01", "1999-04-31", "19990-01-01"])
        case _:
            return "!?"


def _misprint(number: str, random: Random) -> str:
    """One digit of the serial changed, so that the last one no longer fits."""
    place = random.randint(14, 16)
    return number[:place] + str((int(number[place]) + random.randint(1, 9)) % 10) + number[place + 1 :]


def _matching(pattern: str, random: Random, longer: int) -> str:
    """A text that fits; what may be repeated is repeated `longer` times more than it must."""
    return "".join(_node(kind, argument, random, longer) for kind, argument in _parser.parse(pattern))


def _node(kind: Any, argument: Any, random: Random, longer: int) -> str:
    match str(kind):
        case "LITERAL":
            return chr(argument)
        case "NOT_LITERAL" | "ANY":
            return "字"
        case "AT":
            return ""
        case "IN":
            return _one_of(argument, random)
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, inner = argument
            fewest = min(int(most), least + longer)
            times = random.randint(fewest, min(int(most), fewest + 6))
            return "".join(_node(k, a, random, longer) for _ in range(times) for k, a in inner)
        case "SUBPATTERN":
            return "".join(_node(k, a, random, longer) for k, a in argument[-1])
        case "BRANCH":
            return "".join(_node(k, a, random, longer) for k, a in random.choice(argument[1]))
        case "CATEGORY":
            return _one_of([(kind, argument)], random)
        case _:
            raise NotImplementedError(f"{kind} in a pattern: teach tests/answers.py to write one")


def _one_of(choices: Any, random: Random) -> str:
    kind, argument = random.choice([choice for choice in choices if str(choice[0]) != "NEGATE"])
    match str(kind):
        case "LITERAL":
            return chr(argument)
        case "RANGE":
            return chr(random.randint(*argument))
        case _:
            return {"CATEGORY_DIGIT": "7", "CATEGORY_WORD": "w", "CATEGORY_SPACE": " "}[str(argument)]


def as_posted(form: Mapping[str, Any], answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a browser posts when a person gives these answers on the form's page, with registries that offered nothing to choose."""
    posted: list[tuple[str, str]] = []
    for name, field in fields_of(form).items():
        if name in answers:
            posted += _posted(name, field, answers[name])
    return posted


def _posted(name: str, field: Mapping[str, Any], value: Any) -> list[tuple[str, str]]:
    match kind_of(field):
        case "date":
            return [(f"{name}-{part}", text) for part, text in zip(DATE_PARTS, split_date(str(value)), strict=True)]
        case "checkboxes":
            return [(name, posted_value(part)) for part in value]
        case "lines":
            return [(name, "\r\n".join(str(part) for part in value))]
        case "offered-many":
            return [(name + MANUAL, " ".join(str(part) for part in value))]
        case "offered-one":
            return [(name, OTHER), (name + MANUAL, str(value))]
        case _:
            return [(name, posted_value(value).replace("\n", "\r\n"))]
