"""A service item's form as questions on a page: drawn from its JSON Schema, filled from registries, in sections and conditions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from casework.views import PrefilledForm
from catalogue.sources import record_path
from catalogue.wording import label_of, option_in_words, when_asked
from domain.forms import asked_fields, fields_of, is_required
from domain.service_item import Prefill, ServiceItem
from domain.source import Source
from domain.text import Bilingual, Language
from web.applicant.known import fitting_values
from web.applicant.reading import DATE_PARTS, MANUAL, OTHER, answered_texts, kind_of, posted_value, read_answers, split_date
from web.rendering import masked_id
from web.texts import say, say_or

__all__ = ["MANUAL", "OTHER", "answer_texts", "called_on_form", "known_values", "questions", "read_answers", "sections"]
MOST_RADIOS = 7  # a longer choice is a drop-down list


@dataclass(frozen=True)
class Option:
    value: str
    text: str
    hint: str = ""


@dataclass(frozen=True)
class Question:
    """One field as a template draws it. `value` is a string, or a list of strings for check boxes and dates."""

    name: str
    widget: str
    label: str
    hint: str
    optional: bool
    value: Any
    options: list[Option] = field(default_factory=list)
    manual: str = ""
    source: str = ""
    purpose: str = ""
    read_at: datetime | None = None
    rows: int = 5
    numbers: bool = False
    when: dict[str, list[str]] = field(default_factory=dict)
    when_text: str = ""

    @property
    def id(self) -> str:
        return f"answers-{self.name}"

    @property
    def choices(self) -> list[dict[str, Any]]:
        """The options as the components take them."""
        chosen = self.value if isinstance(self.value, list) else [self.value]
        return [
            {
                "value": option.value,
                "text": option.text,
                "hint": {"text": option.hint} if option.hint else None,
                "checked": option.value in chosen,
                "selected": option.value in chosen,
            }
            for option in self.options
        ]

    @property
    def date_parts(self) -> list[tuple[str, str]]:
        """Name and value of the inputs of a date, the year first."""
        return list(zip(DATE_PARTS, self.value, strict=True))


@dataclass(frozen=True)
class Section:
    """Questions under one heading; those that belong to no group have none."""

    title: str
    questions: list[Question]

    @property
    def has_conditions(self) -> bool:
        return any(question.when for question in self.questions)

    @property
    def when(self) -> dict[str, list[str]]:
        """The condition under which anything at all is asked here; empty when something always is."""
        first = self.questions[0].when if self.questions else {}
        return first if all(question.when == first for question in self.questions) else {}


@dataclass(frozen=True)
class KnownValue:
    """A value that a registry holds; nobody types it."""

    name: str
    label: str
    text: str
    source: str
    purpose: str
    read_at: datetime


def _text(raw: Mapping[str, str] | Bilingual | None, language: Language) -> str:
    return Bilingual.model_validate(raw).in_language(language) if raw else ""


def known_values(item: ServiceItem, prefilled: PrefilledForm, sources: Mapping[str, Source], language: Language) -> list[KnownValue]:
    """What is shown as known and not asked: values beside the form, and those of the form that nobody may change."""
    fields, fixed = fields_of(item.form), fitting_values(item, prefilled)
    shown = []
    for fill in item.prefill:
        value = prefilled.values.get(fill.field)
        if fill.editable or value in (None, "", []) or (fill.field in fields and fill.field not in fixed):
            continue
        schema = (record_path(sources[fill.source], fill.path) if fill.source in sources else None) or {}
        text = _known_text(fields.get(fill.field, schema), value, language)
        if text:
            label = label_of(fill.field, fields.get(fill.field, schema)).in_language(language)
            purpose = _text(fill.purpose, language)
            shown.append(KnownValue(fill.field, label, text, fill.source, purpose, prefilled.when(fill.field)))
    return shown


def _known_text(schema: Mapping[str, Any], value: Any, language: Language) -> str:
    """A registry's value in words; people by their names, other records not at all."""
    if isinstance(value, Mapping):
        return str(value.get("name", ""))
    if isinstance(value, list):
        parts = [_known_text(schema.get("items", {}), part, language) for part in value]
        return ("、" if language == "zh" else ", ").join(part for part in parts if part)
    return option_in_words(schema, value).in_language(language)


def questions(
    item: ServiceItem,
    prefilled: PrefilledForm,
    answers: Mapping[str, Any] | None,
    language: Language,
    *,
    myself: str,
    only: set[str] | None = None,
) -> list[Question]:
    """The form's fields in order. `answers` None: nobody answered yet, so registries' values stand in the fields.

    `myself` is the applicant's masked ID number: they never move along with themselves.
    """
    known = set() if only is not None else set(fitting_values(item, prefilled))
    given = prefilled_answers(item, prefilled) if answers is None else answers
    return [
        _question(item, name, schema, prefilled, given, language, myself, only)
        for name, schema in fields_of(item.form).items()
        if (only is None or name in only) and name not in known
    ]


def sections(item: ServiceItem, asked: Sequence[Question], language: Language) -> list[Section]:
    """Questions under the headings of `x-groups`, in their order; what belongs to none comes where its order puts it, before or after."""
    fields = fields_of(item.form)
    groups = {group["id"]: _text(group["title"], language) for group in item.form.get("x-groups", [])}
    before: list[Question] = []
    after: list[Question] = []
    inside: dict[str, list[Question]] = {name: [] for name in groups}
    for question in asked:
        group = fields[question.name].get("x-group")
        if group in inside:
            inside[group].append(question)
        else:
            (after if any(inside.values()) else before).append(question)
    return [
        section
        for section in (
            Section("", before),
            *(Section(groups[name], found) for name, found in inside.items()),
            Section("", after),
        )
        if section.questions
    ]


def prefilled_answers(item: ServiceItem, prefilled: PrefilledForm) -> dict[str, Any]:
    """Registry values that stand in the fields to begin with."""
    return {name: value for name, value in prefilled.values.items() if name in fields_of(item.form) and isinstance(value, str | int)}


def _question(
    item: ServiceItem,
    name: str,
    schema: dict[str, Any],
    prefilled: PrefilledForm,
    answers: Mapping[str, Any],
    language: Language,
    myself: str,
    only: set[str] | None,
) -> Question:
    kind = kind_of(schema)
    options = _options(kind, schema, prefilled.values.get(name), language, myself)
    value, manual = _shown(kind, schema, answers.get(name), {option.value for option in options})
    if kind == "offered-one" and not value and not manual and len(options) == 1:
        value = options[0].value
    fill = next((fill for fill in item.prefill if fill.field == name), None)
    when, when_text = _condition(item, name, only)
    return Question(
        name=name,
        widget="select" if kind == "radios" and len(options) > MOST_RADIOS and schema.get("x-widget") != "radios" else kind,
        label=label_of(name, schema).in_language(language),
        hint=_text(schema.get("x-help"), language),
        optional=not is_required(item.form, name),
        value=value,
        options=options,
        manual=manual,
        source=prefilled.sources.get(name, ""),
        purpose=_purpose(fill, language),
        read_at=prefilled.when(name) if name in prefilled.sources else None,
        numbers=schema.get("type") == "integer",
        when=when,
        when_text=_text(when_text, language),
    )


def _purpose(fill: Prefill | None, language: Language) -> str:
    return _text(fill.purpose, language) if fill else ""


def _condition(item: ServiceItem, name: str, only: set[str] | None) -> tuple[dict[str, list[str]], Bilingual | None]:
    """After which answers it is asked, as values that a page posts; nothing for what is asked in any case."""
    conditions: Mapping[str, Any] = fields_of(item.form)[name].get("x-when", {})
    if not conditions or (only is not None and not set(conditions) <= only):
        return {}, None
    wanted = {
        other: [posted_value(value) for value in (values if isinstance(values, list) else [values])] for other, values in conditions.items()
    }
    return wanted, when_asked(item.form, name)


def _options(kind: str, schema: Mapping[str, Any], offered: Any, language: Language, myself: str) -> list[Option]:
    if kind in ("offered-one", "offered-many"):
        records = [record for record in offered if isinstance(record, Mapping)] if isinstance(offered, list) else []
        people = [_member_option(r, language) for r in records if "id_number" in r and masked_id(r["id_number"]) != myself]
        return people + [_home_option(r, language) for r in records if "certificate_number" in r]
    if kind == "yes-no":
        return [Option(posted_value(value), option_in_words(schema, value).in_language(language)) for value in (True, False)]
    values: Iterable[Any] = schema.get("items", {}).get("enum", []) if kind == "checkboxes" else schema.get("enum", [])
    words = schema if "x-options" in schema else schema.get("items", schema)
    return [Option(posted_value(value), option_in_words(words, value).in_language(language)) for value in values]


def _shown(kind: str, schema: Mapping[str, Any], value: Any, offered: set[str]) -> tuple[Any, str]:
    """What was chosen among the offered values, and what was typed by hand."""
    if kind == "date":
        return split_date(str(value or "")), ""
    if kind == "lines":
        return "\n".join(str(part) for part in value) if isinstance(value, list) else str(value or ""), ""
    if kind in ("checkboxes", "offered-many"):
        chosen = [str(part) for part in value] if isinstance(value, list) else []
        return [part for part in chosen if part in offered], " ".join(part for part in chosen if part not in offered)
    text = "" if value is None else posted_value(value)
    if kind == "offered-one" and text and text not in offered:
        return OTHER, text
    return text, ""


def _member_option(member: Mapping[str, Any], language: Language) -> Option:
    relation = say_or(language, f"value.relation.{member.get('relation', '')}", str(member.get("relation") or ""))
    name = str(member.get("name", ""))
    if relation:
        name = f"{name}（{relation}）" if language == "zh" else f"{name} ({relation})"
    return Option(member["id_number"], name, masked_id(member["id_number"]))


def _home_option(home: Mapping[str, Any], language: Language) -> Option:
    area = say(language, "form.home_facts", number=home["certificate_number"], area=home.get("area_m2", "-"))
    return Option(home["certificate_number"], str(home.get("address", home["certificate_number"])), area)


def answer_texts(
    item: ServiceItem,
    answers: Mapping[str, Any],
    language: Language,
    names: Mapping[str, str] | None = None,
    *,
    masked: bool = False,
) -> list[dict[str, str]]:
    """Each answered field as label and readable value. `names` tells what a chosen value was called on the form."""
    asked = asked_fields(item.form, answers)
    return [
        {
            "name": name,
            "label": label_of(name, schema).in_language(language),
            "value": answered_texts(schema, answers[name], language, names or {}, masked=masked),
        }
        for name, schema in fields_of(item.form).items()
        if name in answers and name in asked
    ]


def called_on_form(asked: list[Question], answers: Mapping[str, Any]) -> dict[str, str]:
    """Value → words, for values chosen among what registries offered, so that the check page needs no second reading."""
    called: dict[str, str] = {}
    for question in asked:
        if question.widget in ("offered-one", "offered-many"):
            chosen = answers.get(question.name) or []
            picked = set(chosen if isinstance(chosen, list) else [chosen])
            called |= {o.value: f"{o.text} · {o.hint}" for o in question.options if o.value in picked}
    return called
