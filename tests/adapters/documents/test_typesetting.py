"""Typesetting: everything printed comes from the content, and no name is ever markup."""

import io
from datetime import UTC, datetime
from typing import Any

import pypdfium2
import pytest
from pypdf import PdfReader

from adapters.documents import OfficeDocuments
from adapters.documents.typesetting import UnknownTemplate, date_in_words
from domain.documents import DocumentTable
from domain.text import Bilingual
from tests.adapters.documents.builders import make_certificate, make_field, make_household_page

HOSTILE_NAMES = [
    '#import "x"',
    '"]',
    "\\",
    "#panic()",
    "*粗* _x_ $1/2$ `raw` <label> @ref",
    "/* comment",
    "// line",
    '"}); #sys.inputs //',
    "{{7*7}}",
    "]]]]))))",
    "買买提·阿卜杜热合曼·吐尔逊",
    "a" * 120,
    "名" * 120,
    "x\u202ey\u200d",
    "Ünïcödé Ŝuffix ﬁ",
    "line\nbreak\ttab",
]


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "".join(page.get_textpage().get_text_bounded() for page in document)


def squeezed(text: str) -> str:
    """Without what line breaking puts in, and in the order of reading only."""
    return "".join(text.replace("\u200b", "").replace("\ufffe", "").split())


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_is_printed_as_it_is_and_the_document_verifies(office: OfficeDocuments, name: str) -> None:
    pdf = office.make_now(make_certificate(name)).pdf
    assert office.verify(pdf).result == "genuine"
    printable = squeezed(name).replace("\u202e", "").replace("\u200d", "").replace("ﬁ", "fi")
    assert printable in squeezed(text_of(pdf)).replace("\u202e", "").replace("\u200d", "").replace("ﬁ", "fi")


@pytest.mark.parametrize("name", ["𠮷野", "㐂", "\U0002a6d7\U00030000", "\ue000", "👩‍👩‍👧"])
def test_a_rare_character_never_prevents_a_document(office: OfficeDocuments, name: str) -> None:
    assert office.verify(office.make_now(make_certificate(name)).pdf).result == "genuine"


@pytest.mark.parametrize("where", ["title", "office", "label", "statement", "number"])
def test_no_part_of_the_content_is_markup(office: OfficeDocuments, where: str) -> None:
    hostile = '#panic("x") "] \\'
    both = Bilingual(zh=hostile, en=hostile)
    changes: dict[str, dict[str, Any]] = {
        "title": {"title": both},
        "office": {"office": both},
        "label": {"fields": [make_field(hostile, hostile, "value")]},
        "statement": {"statement": [both]},
        "number": {"number": hostile},
    }
    pdf = office.make_now(make_certificate(**changes[where])).pdf
    assert squeezed(hostile) in squeezed(text_of(pdf))


def test_a_certificate_prints_all_of_its_content_in_both_languages(office: OfficeDocuments) -> None:
    content = make_certificate()
    text = squeezed(text_of(office.make_now(content).pdf))
    for field in content.fields:
        for part in (field.label.zh, field.label.en, field.value, field.value_en or ""):
            assert squeezed(part) in text
    prints = [content.number, content.title.zh, content.title.en, content.office.zh, content.verify_url]
    for printed in (*prints, "2026年11月21日", "21 November 2026", "演示"):
        assert squeezed(printed) in text


def test_one_page_when_short_and_more_when_long(office: OfficeDocuments) -> None:
    assert len(PdfReader(io.BytesIO(office.make_now(make_certificate()).pdf)).pages) == 1
    long = make_certificate(fields=[make_field(f"项目{number}", f"Item {number}", "值" * 60) for number in range(40)])
    assert len(PdfReader(io.BytesIO(office.make_now(long).pdf)).pages) > 1


@pytest.mark.parametrize(("members", "pages"), [(0, 1), (1, 1), (5, 1), (40, 2)])
def test_a_household_page_lists_every_member(office: OfficeDocuments, members: int, pages: int) -> None:
    pdf = office.make_now(make_household_page(members)).pdf
    assert len(PdfReader(io.BytesIO(pdf)).pages) >= pages
    text = squeezed(text_of(pdf))
    assert all(f"成员{number}" in text for number in range(members))


def test_an_uneven_row_does_not_prevent_a_page(office: OfficeDocuments) -> None:
    content = make_household_page()
    assert content.table
    content.table = DocumentTable(columns=content.table.columns, rows=[["只有一格"], ["a", "b", "c", "d"]])
    assert "只有一格" in squeezed(text_of(office.make_now(content).pdf))


def test_the_date_is_that_of_the_office() -> None:
    assert date_in_words(datetime(2026, 11, 21, 15, 59, tzinfo=UTC)) == {"zh": "2026年11月21日", "en": "21 November 2026"}
    assert date_in_words(datetime(2026, 11, 21, 16, 0, tzinfo=UTC)) == {"zh": "2026年11月22日", "en": "22 November 2026"}


@pytest.mark.parametrize("template", ["nothing", "kit", "../certificate", "/etc/passwd", ""])
def test_a_template_is_one_of_ours(office: OfficeDocuments, template: str) -> None:
    with pytest.raises(UnknownTemplate):
        office.make_now(make_certificate(template=template))


def test_a_document_is_small_and_says_that_it_is_an_archive_pdf(office: OfficeDocuments) -> None:
    pdf = office.make_now(make_certificate()).pdf
    assert len(pdf) < 300_000
    metadata = PdfReader(io.BytesIO(pdf)).xmp_metadata
    assert metadata is not None
    assert 'pdfaid:part="2"' in metadata.stream.get_data().decode()
