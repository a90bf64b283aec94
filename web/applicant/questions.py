"""A service item's form as questions on a page: drawn from its JSON Schema, filled from registries, read back as answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.datastructures import FormData

from casework.views import PrefilledForm
from domain.service_item import ServiceItem
from domain.text import Bilingual, Language
from web.rendering import masked_id
from web.texts import say, say_or
from web.visitor import text_of, texts_of

OTHER = "__other"  # the radio that opens manual entry
MANUAL = "_other"  # suffix of the manual field's name


@dataclass(frozen=True)
class Option:
    value: str
    text: str
    hint: str = ""


@dataclass(frozen=True)
class Question:
    """One field as a template draws it. `value` is a string, or a list of strings for check boxes."""

    name: str
    widget: str
    label: str
    hint: str
    optional: bool
    value: Any
    options: list[Option] = field(default_factory=list)
    manual: str = ""
    source: str = ""
    rows: int = 5
    max_length: int | None = None

    @property
    def id(self) -> str:
        return f"answers-{self.name}"


@dataclass(frozen=True)
class KnownValue:
    """A value that a registry holds; nobody types it."""

    name: str
    text: str
    source: str
    read_at: datetime


def _fields(item: ServiceItem) -> dict[str, dict[str, Any]]:
    properties: dict[str, dict[str, Any]] = item.form.get("properties", {})
    return dict(sorted(properties.items(), key=lambda pair: pair[1].get("x-order", 0)))


def _text(raw: Mapping[str, str] | None, language: Language) -> str:
    return Bilingual.model_validate(raw).in_language(language) if raw else ""


def known_values(item: ServiceItem, prefilled: PrefilledForm) -> list[KnownValue]:
    return [
        KnownValue(fill.field, str(prefilled.values[fill.field]), prefilled.sources.get(fill.field, fill.source), prefilled.read_at)
        for fill in item.prefill
        if not fill.editable and fill.field not in _fields(item) and prefilled.values.get(fill.field)
    ]


def questions(
    item: ServiceItem,
    prefilled: PrefilledForm,
    answers: Mapping[str, Any],
    language: Language,
    *,
    myself: str,
    only: set[str] | None = None,
) -> list[Question]:
    """The form's fields in order. `myself` is the applicant's masked ID number: they never move along with themselves."""
    return [
        _question(item, name, schema, prefilled, answers, language, myself)
        for name, schema in _fields(item).items()
        if only is None or name in only
    ]


def _question(
    item: ServiceItem,
    name: str,
    schema: dict[str, Any],
    prefilled: PrefilledForm,
    answers: Mapping[str, Any],
    language: Language,
    myself: str,
) -> Question:
    widget = schema.get("x-widget") or ("radios" if "enum" in schema else "text")
    offered = prefilled.values.get(name) or []
    if widget == "household-members":
        options = [_member_option(m, language) for m in offered if isinstance(m, Mapping) and masked_id(m["id_number"]) != myself]
    elif widget == "properties":
        options = [_home_option(p, language) for p in offered if isinstance(p, Mapping)]
    else:
        options = [Option(str(v), _text(schema.get("x-options", {}).get(v), language) or str(v)) for v in schema.get("enum", [])]
    value, manual = _split_manual(widget, answers.get(name), {option.value for option in options})
    if widget == "properties" and not value and not manual and len(options) == 1:
        value = options[0].value
    return Question(
        name=name,
        widget=widget,
        label=_text(schema.get("x-label"), language),
        hint=_text(schema.get("x-help"), language),
        optional=name not in item.form.get("required", []),
        value=value,
        options=options,
        manual=manual,
        source=prefilled.sources.get(name, ""),
        max_length=schema.get("maxLength"),
    )


def _split_manual(widget: str, value: Any, offered: set[str]) -> tuple[Any, str]:
    """What was chosen among the offered values, and what was typed by hand."""
    if widget == "household-members":
        chosen = [str(v) for v in value or []]
        return [v for v in chosen if v in offered], " ".join(v for v in chosen if v not in offered)
    text = "" if value is None else str(value)
    if widget == "properties" and text and text not in offered:
        return OTHER, text
    return text, ""


def _member_option(member: Mapping[str, Any], language: Language) -> Option:
    relation = say_or(language, f"value.relation.{member.get('relation', '')}", str(member.get("relation", "")))
    return Option(
        member["id_number"],
        f"{member['name']}（{relation}）" if language == "zh" else f"{member['name']} ({relation})",
        masked_id(member["id_number"]),
    )


def _home_option(home: Mapping[str, Any], language: Language) -> Option:
    area = say(language, "form.home_facts", number=home["certificate_number"], area=home.get("area_m2", "-"))
    return Option(home["certificate_number"], str(home.get("address", home["certificate_number"])), area)


def read_answers(item: ServiceItem, form: FormData, *, only: set[str] | None = None) -> dict[str, Any]:
    """Answers as the schema wants them; an empty optional field is left out."""
    answers: dict[str, Any] = {}
    for name, schema in _fields(item).items():
        if only is not None and name not in only:
            continue
        value = _read(name, schema, form)
        if value is not None and value != "":
            answers[name] = value
    return answers


def _read(name: str, schema: dict[str, Any], form: FormData) -> Any:
    manual = text_of(form, name + MANUAL).upper() if schema.get("format") else text_of(form, name + MANUAL)
    match schema.get("type"):
        case "array":
            typed = [part.upper() for part in manual.replace("，", " ").replace(",", " ").split()]
            return [*texts_of(form, name), *typed]
        case "boolean":
            return text_of(form, name) == "yes"
        case "integer":
            text = text_of(form, name)
            return int(text) if text.lstrip("-").isdecimal() else text
        case _:
            text = text_of(form, name)
            return manual if text == OTHER or (not text and manual) else text


def answer_texts(
    item: ServiceItem, answers: Mapping[str, Any], language: Language, names: Mapping[str, str] | None = None
) -> list[dict[str, str]]:
    """Each answered field as label and readable value. `names` tells what a chosen value was called on the form."""
    called = names or {}
    lines = []
    for name, schema in _fields(item).items():
        if name in answers:
            lines.append(
                {"name": name, "label": _text(schema.get("x-label"), language), "value": _readable(schema, answers[name], language, called)}
            )
    return lines


def _readable(schema: dict[str, Any], value: Any, language: Language, called: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return say(language, "form.yes" if value else "form.no")
    if isinstance(value, list):
        parts = [called.get(str(v)) or masked_id(str(v)) for v in value]
        return ("、" if language == "zh" else ", ").join(parts) if parts else say(language, "form.nobody")
    option = _text(schema.get("x-options", {}).get(value), language)
    return option or called.get(str(value)) or str(value)


def called_on_form(asked: list[Question], answers: Mapping[str, Any]) -> dict[str, str]:
    """Value → words, for values chosen among what registries offered, so that the check page needs no second reading."""
    called: dict[str, str] = {}
    for question in asked:
        if question.widget in ("household-members", "properties"):
            chosen = answers.get(question.name) or []
            picked = set(chosen if isinstance(chosen, list) else [chosen])
            called |= {o.value: f"{o.text} · {o.hint}" for o in question.options if o.value in picked}
    return called
