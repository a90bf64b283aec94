"""A parcel's label as a PDF: the number as text and as a QR code, and whom it goes to."""

import io
import json
import threading
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

_TEMPLATE = Path(__file__).resolve().parent / "templates" / "label.typ"
_FONTS = Path(__file__).resolve().parents[1] / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
_LOCAL_TIME = ZoneInfo("Asia/Shanghai")


class Labels:
    """Reads its fonts with the first label; one page at a time."""

    def __init__(self, fonts: Path = _FONTS) -> None:
        self._fonts = fonts
        self._lock = threading.Lock()

    def print(self, *, number: str, name: str, phone: str, address: str, ordered_at: datetime) -> bytes:
        """The PDF, 100 mm by 150 mm; takes some 50 ms, so call it in a thread."""
        ordered = f"{ordered_at.astimezone(_LOCAL_TIME):%Y-%m-%d %H:%M}"
        label = {"number": number, "name": name, "phone": phone, "address": address, "ordered": ordered}
        with self._lock:
            pdf = self._compiler.compile(
                format="pdf",
                sys_inputs={"label": json.dumps(label, ensure_ascii=False), "qr": _qr_svg(number)},
                timestamp=int(ordered_at.timestamp()),
            )
        if not isinstance(pdf, bytes):
            raise TypeError("a PDF is one file")
        return pdf

    @cached_property
    def _compiler(self) -> Any:
        import typst  # most runs print no label

        fonts = typst.Fonts(
            include_system_fonts=True, include_embedded_fonts=False, font_paths=[self._fonts] if self._fonts.is_dir() else []
        )
        return typst.Compiler(input=_TEMPLATE, root=_TEMPLATE.parent, font_paths=fonts, ignore_system_fonts=True)


def _qr_svg(text: str) -> str:
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=2, xmldecl=False, svgns=True, omitsize=True)
    return out.getvalue().decode()
