"""Typesetting: `DocumentContent` into PDF/A through the typst templates, always as data and never as markup."""

import io
import json
import logging
import threading
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import segno
import typst

from domain.documents import DocumentContent

_log = logging.getLogger(__name__)

TEMPLATES = Path(__file__).resolve().parent / "templates"
CIVIL_TIME = ZoneInfo("Asia/Shanghai")  # the date on a document is the date in the office
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]


class UnknownTemplate(ValueError):
    """`DocumentContent.template` names no file of `templates/`."""


class Typesetter:
    """Holds the fonts and the compiler for as long as the process lives: reading 10 MB fonts costs more than a page.

    One page at a time: the compiler is a single object, and a second thread would only contend for the same CPU.
    """

    def __init__(self, font_folder: Path) -> None:
        paths = [font_folder] if font_folder.is_dir() else []
        self._fonts = typst.Fonts(include_system_fonts=True, include_embedded_fonts=False, font_paths=paths)
        self._compilers: dict[str, typst.Compiler] = {}
        self._lock = threading.Lock()

    def typeset(self, content: DocumentContent, token: str, token_url: str) -> bytes:
        """An unsealed PDF/A-2b. `token` goes into the file's keywords, `token_url` into the QR code.

        Raises:
            UnknownTemplate: no such template.
        """
        inputs = {"document": json.dumps(_template_data(content, token), ensure_ascii=False), "qr": _qr_svg(token_url)}
        with self._lock:
            compiler = self._compiler(content.template)
            try:
                return _compile(compiler, inputs, content.issued_at, ["a-2b"])
            except typst.TypstError:
                # PDF/A forbids a character that no font here can draw (a rare character of a name). A plain PDF with a
                # visible box in its place, which the clerk or the applicant can see, is better than no document.
                pdf = _compile(compiler, inputs, content.issued_at, [])
                _log.warning("document %s is not an archive PDF: it holds a character that no font here can draw", content.number)
                return pdf

    def _compiler(self, template: str) -> typst.Compiler:
        if template not in self._compilers:
            path = TEMPLATES / f"{template}.typ"
            if template == "kit" or path.parent != TEMPLATES or not path.is_file():
                raise UnknownTemplate(template)
            self._compilers[template] = typst.Compiler(input=path, root=TEMPLATES, font_paths=self._fonts, ignore_system_fonts=True)
        return self._compilers[template]


def date_in_words(moment: datetime) -> dict[str, str]:
    """The civil date in both languages: 2026年11月21日, 21 November 2026."""
    day = moment.astimezone(CIVIL_TIME)
    return {"zh": f"{day.year}年{day.month}月{day.day}日", "en": f"{day.day} {_MONTHS[day.month - 1]} {day.year}"}


def _template_data(content: DocumentContent, token: str) -> dict[str, object]:
    data = content.model_dump(mode="json")
    return data | {"date": date_in_words(content.issued_at), "token": token}


def _qr_svg(text: str) -> str:
    out = io.BytesIO()
    # Any mask can be read. Trying all eight for the prettiest one takes twice as long as typesetting the page.
    segno.make(text, error="m", micro=False, boost_error=False, mask=3).save(
        out, kind="svg", border=1, xmldecl=False, svgns=True, omitsize=True
    )
    return out.getvalue().decode()


def _compile(compiler: typst.Compiler, inputs: dict[str, str], issued_at: datetime, standards: list[str]) -> bytes:
    pdf = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=standards, timestamp=int(issued_at.timestamp()), pdf_tags=True)  # type: ignore[arg-type]
    if not isinstance(pdf, bytes):
        raise TypeError("a PDF is one file")
    return pdf
