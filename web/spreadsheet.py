"""Tables to keep: CSV that a spreadsheet opens as it is."""

import csv
import io
from collections.abc import Iterable, Sequence

_EXCEL_READS_UTF_8 = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Iterable[Sequence[object]]) -> str:
    """UTF-8 with its mark. Numbers stay numbers; a text that a spreadsheet could take for a formula gets an apostrophe before it."""
    out = io.StringIO()
    table = csv.writer(out)
    for row in rows:
        table.writerow([_cell(value) if isinstance(value, str) else "" if value is None else value for value in row])
    return _EXCEL_READS_UTF_8 + out.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
