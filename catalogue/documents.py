"""What a document says at the end, worked out from the facts: statement, fields and table, as the service item words them."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date
from string import Formatter
from typing import Any

from catalogue.rules import Evaluation, evaluation_of
from domain.documents import DocumentField, DocumentTable, DocumentText
from domain.identity_numbers import IdNumber
from domain.service_item import CertificateField, CertificateTable, ServiceItem
from domain.text import Bilingual

TEMPLATES = frozenset({"certificate", "household-page"})
ALWAYS_FILLED = frozenset({"name", "id_number", "today_zh", "today_en"})
_SEX = {"male": Bilingual(zh="男", en="Male"), "female": Bilingual(zh="女", en="Female")}


def in_words(day: date) -> Bilingual:
    return Bilingual(zh=f"{day.year}年{day.month}月{day.day}日", en=f"{day.day} {day:%B} {day.year}")


def document_text(item: ServiceItem, known: Mapping[str, Any] | Evaluation) -> DocumentText:
    """The words of the document. What cannot be filled in is left out, never guessed."""
    terms, evaluation = item.document, evaluation_of(known)
    evaluation = evaluation.with_points(item)
    facts = evaluation.facts
    today = in_words(date.fromisoformat(facts["today"]))
    values = {name: text for name, condition in terms.values.items() if (text := _text(evaluation, condition)) is not None}
    values |= {"name": facts["applicant"]["name"], "id_number": facts["applicant"]["id_number"], "today_zh": today.zh, "today_en": today.en}
    lines = [line.filled(**values) for line in _that_stand(terms.statement, values.keys())]
    return DocumentText(
        statement=lines,
        fields=[field for named in terms.fields if (field := _field(named, evaluation)) is not None] or person_fields(facts),
        table=_table(terms.table, evaluation) if terms.table else None,
        unfilled=len(terms.statement) - len(lines),
    )


def _that_stand(sentences: Sequence[Bilingual], known: Collection[str]) -> list[Bilingual]:
    """Sentences whose values are known. One that needs none (“hereby certified”) does not stand where all that need some are left out."""
    filled = [bool(names_in(sentence)) and names_in(sentence) <= set(known) for sentence in sentences]
    formula_stands = any(filled) or not any(names_in(sentence) for sentence in sentences)
    return [
        sentence for sentence, is_filled in zip(sentences, filled, strict=True) if is_filled or (formula_stands and not names_in(sentence))
    ]


def names_in(line: Bilingual) -> set[str]:
    """The `{names}` of a sentence, in either language.

    Raises:
        ValueError: a brace that is not closed.
    """
    return {name for text in (line.zh, line.en) for _, name, _, _ in Formatter().parse(text) if name is not None}


def _text(evaluation: Evaluation, condition: str) -> str | None:
    value: Any = None
    with suppress(Exception):  # the library raises many kinds; all of them mean that it cannot be told
        value = evaluation.value(condition)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        return None
    return str(value)


def _field(named: CertificateField, evaluation: Evaluation) -> DocumentField | None:
    value = _text(evaluation, named.value)
    if value is None:
        return None
    if (said := named.values.get(value)) is not None:
        return DocumentField(label=named.label, value=said.zh, value_en=said.en)
    return DocumentField(label=named.label, value=value)


def _table(terms: CertificateTable, evaluation: Evaluation) -> DocumentTable | None:
    rows: Any = None
    with suppress(Exception):
        rows = evaluation.value(terms.rows)
    if not isinstance(rows, list) or not rows:
        return None
    return DocumentTable(columns=[column.label for column in terms.columns], rows=[_row(terms, evaluation, row) for row in rows])


def _row(terms: CertificateTable, evaluation: Evaluation, row: Any) -> list[str]:
    within = evaluation.with_facts(row=row)
    cells = []
    for column in terms.columns:
        value = _text(within, column.value) or ""
        said = column.values.get(value)
        cells.append(f"{said.zh} {said.en}" if said else value)
    return cells


def person_fields(facts: Mapping[str, Any]) -> list[DocumentField]:
    """Name, sex, date of birth and number of the applicant, as their ID number tells them."""
    number = IdNumber(facts["applicant"]["id_number"])
    sex, born = _SEX[number.sex], in_words(number.birth_date)
    return [
        DocumentField(label=Bilingual(zh="姓名", en="Name"), value=facts["applicant"]["name"]),
        DocumentField(label=Bilingual(zh="性别", en="Sex"), value=sex.zh, value_en=sex.en),
        DocumentField(label=Bilingual(zh="出生日期", en="Date of birth"), value=born.zh, value_en=born.en),
        DocumentField(label=Bilingual(zh="公民身份号码", en="ID number"), value=number.value),
    ]
