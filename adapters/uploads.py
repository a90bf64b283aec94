"""Uploads made harmless: every picture and PDF is drawn anew, so that nothing but what one can see is kept."""

import asyncio
import hashlib
import io
import json
import resource
import struct
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pi_heif  # type: ignore[import-untyped]
import puremagic
import pypdfium2
from PIL import Image, ImageOps, UnidentifiedImageError

from domain.errors import DomainError, NotFound, TooLarge, Unavailable, UnsupportedMedia
from domain.text import Bilingual

MAX_BYTES = 20 * 1024 * 1024
MAX_PAGES = 20
MAX_SOURCE_PIXELS = 64_000_000  # a telephone's 64-megapixel camera
MAX_SIDE_PIXELS = 3_000
PDF_DOTS_PER_INCH = 150
JPEG_QUALITY = 85
SECONDS = 30.0
MEMORY_BYTES = 2 * 1024**3
_IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
_IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif"})
_PROJECT = Path(__file__).resolve().parent.parent

WRONG_KIND = Bilingual(
    zh="只能上传照片（JPG、PNG、WebP、HEIC）或 PDF。请用手机拍照，或把文件另存为 PDF 后再上传。",
    en="Only photographs (JPEG, PNG, WebP, HEIC) and PDF are accepted. Take a photograph, or save the file as PDF, and send it again.",
)
NOT_WHAT_IT_SAYS = Bilingual(
    zh="文件内容与其类型不符，请重新拍照或导出后再上传。",
    en="The file is not what it says it is. Take the photograph or export the file again, and send it.",
)
BROKEN = Bilingual(
    zh="文件不完整或已损坏，请重新拍照或导出后再上传。",
    en="The file is incomplete or damaged. Take the photograph or export it again, and send it.",
)
LOCKED_PDF = Bilingual(zh="PDF 设有密码，请取消密码后再上传。", en="The PDF has a password. Remove the password and send it again.")
TOO_MANY_PAGES = Bilingual(
    zh=f"PDF 超过 {MAX_PAGES} 页，请只保留需要的页面。", en=f"The PDF has more than {MAX_PAGES} pages. Keep only those needed."
)
TOO_MANY_PIXELS = Bilingual(
    zh="照片尺寸过大，请降低分辨率后再上传。", en="The picture has too many pixels. Make it smaller and send it again."
)
TOO_SLOW = Bilingual(
    zh="文件过于复杂，无法处理。请改为拍照上传。", en="The file is too complex to be processed. Send a photograph of the document instead."
)


@dataclass(frozen=True)
class CleanUpload:
    """`data` is a JPEG or an image-only PDF made here; `media_type` and `sha256` (hex) are of it, not of what was sent."""

    data: bytes
    media_type: str
    sha256: str
    pages: int


def clean_upload(data: bytes, declared: str) -> CleanUpload:
    """Redraw an upload, on the calling thread. The content decides what it is; `declared` (a media type) must agree.

    Holds the CPU for 0.1 to 3 s, and trusts the PDF library: for what strangers send, use `clean_upload_apart`.

    Raises:
        TooLarge: over 20 MB, 20 pages or 64 megapixels.
        UnsupportedMedia: another kind, damaged, locked, or not what it says. The text says what to do.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge
    kind = kind_of(data)
    if not _agrees(kind, declared):
        raise UnsupportedMedia(NOT_WHAT_IT_SAYS)
    if kind == "application/pdf":
        pages = _redraw_pdf(data)
        return _clean(_pdf_of(pages), "application/pdf", len(pages))
    return _clean(_redraw_image(data)[0], "image/jpeg", 1)


async def clean_upload_apart(data: bytes, declared: str, *, seconds: float = SECONDS) -> CleanUpload:
    """`clean_upload` in a process of its own, which may take 2 GB and `seconds`, and whose crash harms nobody.

    Raises:
        TooLarge, UnsupportedMedia: as `clean_upload`; also when it takes too long or too much memory.
        Unavailable: the process could not be started.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "adapters.uploads", declared[:100], str(int(seconds)),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, cwd=_PROJECT,
            env={"PYTHONPATH": str(_PROJECT)},  # none of our secrets: the child reads what strangers sent
        )  # fmt: skip
    except OSError as error:
        raise Unavailable from error
    try:
        answer, _ = await asyncio.wait_for(process.communicate(data), seconds + 1)
    except TimeoutError:
        raise UnsupportedMedia(TOO_SLOW) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _read_answer(answer)


def kind_of(data: bytes) -> str:
    """The media type by content, of those that are accepted.

    Raises:
        UnsupportedMedia: another.
    """
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    try:
        found = {match.mime_type for match in puremagic.magic_string(data[:4096])}
    except (puremagic.PureError, ValueError):
        found = set()
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"heim", b"heis"):
        return "image/heic"
    for kind in ("image/jpeg", "image/png", "image/webp"):
        if kind in found:
            return kind
    raise UnsupportedMedia(WRONG_KIND)


def _agrees(kind: str, declared: str) -> bool:
    """Whether a browser may have called it so. Telephones mislabel one picture kind as another, never a picture as a document."""
    said = declared.split(";")[0].strip().lower()
    if said in ("", "application/octet-stream"):
        return True
    return said == kind or (kind in _IMAGE_TYPES and said.startswith("image/"))


def _redraw_image(data: bytes) -> tuple[bytes, tuple[int, int]]:
    """A JPEG with the pixels alone, upright, and its size."""
    with _refusals(), Image.open(io.BytesIO(data), formats=_IMAGE_FORMATS) as source:
        if source.width * source.height > MAX_SOURCE_PIXELS:
            raise TooLarge(TOO_MANY_PIXELS)
        source.draft("RGB", (MAX_SIDE_PIXELS, MAX_SIDE_PIXELS))  # JPEG alone: decodes at half or quarter size where that is enough
        source.load()
        return _as_jpeg(ImageOps.exif_transpose(source))


def _as_jpeg(image: Image.Image) -> tuple[bytes, tuple[int, int]]:
    image.thumbnail((MAX_SIDE_PIXELS, MAX_SIDE_PIXELS))
    if image.has_transparency_data:  # a transparent scan is meant on white paper
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image)
    bare = Image.new("RGB", image.size)
    bare.paste(image.convert("RGB"))  # a new image: no EXIF, no profile, no comment comes along
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue(), bare.size


def _redraw_pdf(data: bytes) -> list[tuple[bytes, tuple[int, int]]]:
    with _refusals():
        document = pypdfium2.PdfDocument(data)
        try:
            if len(document) > MAX_PAGES:
                raise TooLarge(TOO_MANY_PAGES)
            if len(document) == 0:
                raise UnsupportedMedia(BROKEN)
            return [_redraw_page(document[number]) for number in range(len(document))]
        finally:
            document.close()


def _redraw_page(page: pypdfium2.PdfPage) -> tuple[bytes, tuple[int, int]]:
    longest = max(*page.get_size(), 1.0)  # points, 72 to the inch
    scale = min(PDF_DOTS_PER_INCH / 72, MAX_SIDE_PIXELS / longest)
    try:
        return _as_jpeg(page.render(scale=scale, may_draw_forms=True).to_pil())
    finally:
        page.close()


def _pdf_of(pages: Sequence[tuple[bytes, tuple[int, int]]]) -> bytes:
    """A PDF of JPEG pages, each as it is, without decoding it again."""
    document = pypdfium2.PdfDocument.new()
    try:
        for jpeg, (width, height) in pages:
            points = (width * 72 / PDF_DOTS_PER_INCH, height * 72 / PDF_DOTS_PER_INCH)
            picture = pypdfium2.PdfImage.new(document)
            picture.load_jpeg(io.BytesIO(jpeg))
            picture.set_matrix(pypdfium2.PdfMatrix().scale(*points))
            page = document.new_page(*points)
            page.insert_obj(picture)
            page.gen_content()
            page.close()
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()
    finally:
        document.close()


def page_of(pdf: bytes, number: int) -> bytes:
    """The JPEG of one page, the first is 1, of a PDF that was made here: taken out as it lies in it, in milliseconds.

    Raises:
        NotFound: there is no such page.
    """
    document = pypdfium2.PdfDocument(pdf)
    try:
        if not 1 <= number <= len(document):
            raise NotFound()
        page = document[number - 1]
        picture = next(iter(page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])))
        jpeg = bytes(picture.get_data(decode_simple=False))
        page.close()
        return jpeg
    finally:
        document.close()


@contextmanager
def _refusals() -> Iterator[None]:
    """Turns what the libraries make of hostile files into words for the person who sent one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            yield
    except DomainError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise TooLarge(TOO_MANY_PIXELS) from None
    except pypdfium2.PdfiumError as error:
        raise UnsupportedMedia(LOCKED_PDF if "password" in str(error).lower() else BROKEN) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, ArithmeticError, EOFError, struct.error, RuntimeError, Warning):
        raise UnsupportedMedia(BROKEN) from None


def _clean(data: bytes, media_type: str, pages: int) -> CleanUpload:
    return CleanUpload(data, media_type, hashlib.sha256(data).hexdigest(), pages)


def _configure_libraries() -> None:
    Image.MAX_IMAGE_PIXELS = MAX_SOURCE_PIXELS  # a warning above it, which _refusals makes an error
    pi_heif.register_heif_opener(thumbnails=False)


_configure_libraries()

# What the child process answers: one line of JSON, then the bytes.
_ERRORS = {error.kind: error for error in (TooLarge, UnsupportedMedia)}


def _read_answer(answer: bytes) -> CleanUpload:
    head, newline, data = answer.partition(b"\n")
    if not newline:  # killed by a limit, or crashed
        raise UnsupportedMedia(TOO_SLOW)
    fields = json.loads(head)
    if "kind" in fields:
        raise _ERRORS[fields["kind"]](Bilingual(**fields["text"]))
    return _clean(data, fields["media_type"], fields["pages"])


def _answer(data: bytes, declared: str) -> bytes:
    try:
        clean = clean_upload(data, declared)
    except (TooLarge, UnsupportedMedia) as error:
        return json.dumps({"kind": error.kind, "text": error.text.model_dump()}).encode() + b"\n"
    return json.dumps({"media_type": clean.media_type, "pages": clean.pages}).encode() + b"\n" + clean.data


def _work_alone(declared: str, seconds: int) -> None:
    """The child process: its limits are set before it reads the first byte of the upload."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(_answer(sys.stdin.buffer.read(MAX_BYTES + 1), declared))


if __name__ == "__main__":
    _work_alone(sys.argv[1], int(sys.argv[2]))
