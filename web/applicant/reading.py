"""What a form's page posts, read back as the answers that its JSON Schema wants."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from catalogue.wording import option_in_words
from domain.forms import asked_fields, fields_of, is_required
from domain.service_item import ServiceItem
from domain.text import Language
from web.rendering import masked_id
from web.texts import say
from web.visitor import text_of, texts_of

OTHER = "__other"  # the radio that opens manual entry
MANUAL = "_other"  # suffix of the manual field's name
DATE_PARTS = ("year", "month", "day")
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
_SPACE = re.compile(r"\s+")


def kind_of(schema: Mapping[str, Any]) -> str:
    """How a field is asked: text, textarea, radios, select, checkboxes, lines, yes-no, consent, date, offered-one, offered-many."""
    widget, many = schema.get("x-widget"), schema.get("type") == "array"
    if widget in ("household-members", "properties"):
        return "offered-many" if many else "offered-one"
    if schema.get("type") == "boolean":
        return "consent" if schema.get("const") is True or schema.get("enum") == [True] else "yes-no"
    if many:
        return "checkboxes" if "enum" in schema.get("items", {}) else "lines"
    if "enum" in schema:
        return "select" if widget == "select" else "radios"
    if schema.get("format") == "date":
        return "date"
    return "textarea" if widget == "textarea" else "text"


def posted_value(value: Any) -> str:
    """A value as a radio posts it."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def split_date(text: str) -> list[str]:
    """Year, month and day as they stand in their fields; what is no date stays in the first."""
    parts = text.split("-")
    if len(parts) != len(DATE_PARTS):
        return [text, "", ""]
    return [parts[0], *(part.lstrip("0") or part for part in parts[1:])]


def read_answers(
    item: ServiceItem,
    form: FormData,
    *,
    known: Mapping[str, Any] | None = None,
    only: set[str] | None = None,
    beside: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Answers as the schema wants them. Empty optional fields are left out, and so is what is not asked after the other answers.

    `known` are values that stand whatever was posted; `beside` are answers that this page does not ask for, and `only` those it does.
    """
    read: dict[str, Any] = {}
    for name, schema in fields_of(item.form).items():
        if only is not None and name not in only:
            continue
        value = known[name] if known and name in known else _read(name, schema, form, required=is_required(item.form, name))
        if value is not None and value != "":
            read[name] = value
    asked = asked_fields(item.form, {**(beside or {}), **read})
    return {name: value for name, value in read.items() if name in asked}


def _read(name: str, schema: Mapping[str, Any], form: FormData, *, required: bool) -> Any:
    """None: nothing was answered."""
    match kind_of(schema):
        case "yes-no" | "consent":
            return {"yes": True, "no": False}.get(text_of(form, name))
        case "date":
            return _date(*(_plain(text_of(form, f"{name}-{part}")) for part in DATE_PARTS))
        case "checkboxes":
            return _list(texts_of(form, name), required)
        case "lines":
            return _list([_formed(schema.get("items", {}), line) for line in text_of(form, name).splitlines() if line.strip()], required)
        case "offered-many":
            typed = [_plain(part).upper() for part in re.split(r"[\s,，、;；]+", text_of(form, name + MANUAL)) if part]
            return _list([*texts_of(form, name), *typed], required)
        case "offered-one":
            chosen, manual = text_of(form, name), _formed(schema, text_of(form, name + MANUAL))
            return manual if chosen in (OTHER, "") else chosen
        case _:
            return _formed(schema, text_of(form, name))


def _list(values: list[str], required: bool) -> list[str] | None:
    """Nobody chosen is an answer where one is asked for."""
    return values if values or required else None


def _formed(schema: Mapping[str, Any], text: str) -> Any:
    """A typed text as its field has it: numbers as numbers, ID numbers in capitals without spaces, lines ended as everywhere."""
    if schema.get("type") == "integer":
        plain = _plain(text)
        return int(plain) if _INTEGER.fullmatch(plain) else text
    if schema.get("format") == "id-number":
        return _SPACE.sub("", _plain(text)).upper()
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _plain(text: str) -> str:
    """Full-width digits and letters, which Chinese input methods write, as plain ones."""
    return unicodedata.normalize("NFKC", text).strip()


def _date(year: str, month: str, day: str) -> str | None:
    if not (year or month or day):
        return None
    return f"{year}-{month:0>2}-{day:0>2}"


def answered_texts(schema: Mapping[str, Any], value: Any, language: Language, called: Mapping[str, str], *, masked: bool) -> str:
    """An answer in words. People are named as the form called them; other ID numbers of a list are masked, single ones if asked."""
    if isinstance(value, list):
        parts = [called.get(str(part)) or _list_part(schema, part, language) for part in value]
        return ("、" if language == "zh" else ", ").join(parts) if parts else say(language, "form.nobody")
    if (said := called.get(str(value))) is not None:
        return said
    if masked and schema.get("format") == "id-number":
        return masked_id(str(value))
    return option_in_words(schema, value).in_language(language)


def _list_part(schema: Mapping[str, Any], value: Any, language: Language) -> str:
    items = schema.get("items", {})
    if items.get("format") == "id-number":
        return masked_id(str(value))
    words = schema if "x-options" in schema else items
    return option_in_words(words, value).in_language(language)
