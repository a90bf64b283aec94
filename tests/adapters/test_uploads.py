"""Uploads: what one can see is kept, and nothing else survives."""

import base64
import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFile
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, RectangleObject, TextStringObject

from adapters import uploads
from adapters.uploads import CleanUpload, clean_upload, clean_upload_apart
from domain.errors import NotFound, TooLarge, UnsupportedMedia

PASSPORT_TEXT = b"GPS and a comment that must not survive"


def picture(size: tuple[int, int] = (400, 300), mode: str = "RGB") -> Image.Image:
    """Left half red, right half blue, so that turning it shows."""
    image = Image.new(mode, size, "red")
    ImageDraw.Draw(image).rectangle((size[0] // 2, 0, size[0], size[1]), fill="blue")
    return image


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photograph() -> bytes:
    """A JPEG lying on its side, with a position, a camera and a comment."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right by 90 degrees to show
    exif[0x010F] = "Camera of somebody"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (28.0, 0.0, 41.0)
    return encoded(picture(), "JPEG", exif=exif, comment=PASSPORT_TEXT)


def pdf(pages: int = 1, change: Callable[[PdfWriter], None] | None = None) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    if change:
        change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def opened(clean: CleanUpload) -> Image.Image:
    assert clean.media_type == "image/jpeg"
    return Image.open(io.BytesIO(clean.data))


def colour_at(image: Image.Image, place: tuple[int, int]) -> str:
    pixel = image.getpixel(place)
    assert isinstance(pixel, tuple)
    red, _, blue = pixel
    return "red" if red > blue else "blue"


@pytest.mark.parametrize(("kind", "declared"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_a_picture_becomes_a_jpeg_of_the_same_view(kind: str, declared: str) -> None:
    clean = clean_upload(encoded(picture(), kind), declared)
    image = opened(clean)
    assert image.size == (400, 300)
    assert (colour_at(image, (50, 150)), colour_at(image, (350, 150))) == ("red", "blue")
    assert clean.sha256 == hashlib.sha256(clean.data).hexdigest()
    assert clean.pages == 1


def test_a_photograph_is_turned_upright_and_forgets_where_it_was_taken() -> None:
    sent = photograph()
    assert Image.open(io.BytesIO(sent)).getexif().get_ifd(0x8825)
    image = opened(clean_upload(sent, "image/jpeg"))
    assert image.size == (300, 400)
    assert (colour_at(image, (150, 50)), colour_at(image, (150, 350))) == ("red", "blue")
    assert not image.getexif()
    assert not {"exif", "comment", "icc_profile"} & image.info.keys()
    assert PASSPORT_TEXT not in clean_upload(sent, "image/jpeg").data


def test_a_large_picture_is_scaled_to_three_thousand_pixels() -> None:
    assert opened(clean_upload(encoded(picture((6000, 2000)), "JPEG"), "image/jpeg")).size == (3000, 1000)


def test_a_transparent_picture_lies_on_white_paper() -> None:
    image = opened(clean_upload(encoded(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG"), "image/png"))
    assert image.getpixel((10, 10)) == (255, 255, 255)


def test_an_archive_behind_a_picture_does_not_survive() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("run.html", "<script>alert(1)</script>")
    polyglot = encoded(picture(), "JPEG") + archive.getvalue()
    assert zipfile.is_zipfile(io.BytesIO(polyglot))
    clean = clean_upload(polyglot, "image/jpeg")
    assert not zipfile.is_zipfile(io.BytesIO(clean.data))
    assert b"script" not in clean.data


def test_scripts_attachments_and_links_of_a_pdf_do_not_survive() -> None:
    def arm(writer: PdfWriter) -> None:
        script = DictionaryObject({NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert('x')")})
        writer.root_object[NameObject("/OpenAction")] = script
        writer.add_attachment("payload.exe", b"MZ payload")
        writer.add_uri(0, "https://example.org/evil", RectangleObject((0, 0, 100, 100)))

    armed = pdf(2, arm)
    assert b"JavaScript" in armed
    assert PdfReader(io.BytesIO(armed)).attachments
    clean = clean_upload(armed, "application/pdf")
    assert (clean.media_type, clean.pages) == ("application/pdf", 2)
    reader = PdfReader(io.BytesIO(clean.data))
    assert len(reader.pages) == 2
    assert not reader.attachments
    assert not {"/Names", "/OpenAction", "/AA", "/AcroForm"} & reader.root_object.keys()
    assert all("/Annots" not in page for page in reader.pages)
    assert all(len(page.images) == 1 for page in reader.pages)
    for trace in (b"/JS", b"JavaScript", b"payload", b"example.org"):
        assert trace not in clean.data


def test_a_pdf_shows_the_same_pages_at_the_same_size() -> None:
    source = io.BytesIO()
    picture((600, 850)).save(source, "PDF", resolution=72)
    clean = clean_upload(source.getvalue(), "application/pdf")
    page = pypdfium2.PdfDocument(clean.data)[0]
    assert page.get_size() == pytest.approx((600, 850), abs=2)
    image = page.render(scale=1).to_pil()
    assert (colour_at(image, (100, 400)), colour_at(image, (500, 400))) == ("red", "blue")


def test_one_page_of_a_pdf_is_taken_out_as_the_picture_that_it_is() -> None:
    source = io.BytesIO()
    second = Image.new("RGB", (600, 850), "green")
    picture((600, 850)).save(source, "PDF", resolution=72, save_all=True, append_images=[second])
    clean = clean_upload(source.getvalue(), "application/pdf")
    first_page, second_page = (Image.open(io.BytesIO(uploads.page_of(clean.data, number))) for number in (1, 2))
    assert first_page.format == "JPEG"
    third = first_page.width // 4
    assert (colour_at(first_page, (third, 300)), colour_at(first_page, (3 * third, 300))) == ("red", "blue")
    assert second_page.getpixel((100, 100)) == pytest.approx((0, 128, 0), abs=6)
    for number in (0, 3):
        with pytest.raises(NotFound):
            uploads.page_of(clean.data, number)


def test_an_enormous_page_is_drawn_small() -> None:
    def widen(writer: PdfWriter) -> None:
        writer.pages[0].mediabox = RectangleObject((0, 0, 14_000, 14_000))

    reader = PdfReader(io.BytesIO(clean_upload(pdf(1, widen), "application/pdf").data))
    assert max(reader.pages[0].images[0].image.size) <= uploads.MAX_SIDE_PIXELS  # type: ignore[union-attr]


def test_a_pdf_with_too_many_pages_is_too_large() -> None:
    assert clean_upload(pdf(20), "application/pdf").pages == 20
    with pytest.raises(TooLarge):
        clean_upload(pdf(21), "application/pdf")


def test_a_pdf_with_a_password_says_so() -> None:
    with pytest.raises(UnsupportedMedia) as refusal:
        clean_upload(pdf(1, lambda writer: writer.encrypt("secret")), "application/pdf")
    assert refusal.value.text == uploads.LOCKED_PDF


def test_more_than_twenty_megabytes_are_too_large() -> None:
    with pytest.raises(TooLarge):
        clean_upload(b"\xff\xd8\xff" + bytes(20 * 1024 * 1024), "image/jpeg")


def bomb_png(side: int) -> bytes:
    """A few kilobytes that unfold to side x side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    deflate = zlib.compressobj(9)
    rows = b"".join(deflate.compress(bytes(side // 8 + 1)) for _ in range(side)) + deflate.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8_200, 12_000, 30_000])
def test_a_decompression_bomb_is_refused_before_it_unfolds(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def unfolds(picture: ImageFile.ImageFile) -> None:
        raise AssertionError(f"{picture.size} unfold")

    monkeypatch.setattr(ImageFile.ImageFile, "load", unfolds)
    with pytest.raises(TooLarge):
        clean_upload(bomb_png(side), "image/png")
    with pytest.raises(AssertionError, match="unfold"):
        clean_upload(bomb_png(64), "image/png")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_damaged_and_not_half_kept(kind: str, part: float) -> None:
    noise = Image.effect_noise((300, 300), 80)
    whole = encoded(noise.convert("RGB"), kind)
    with pytest.raises(UnsupportedMedia):
        clean_upload(whole[: int(len(whole) * part)], f"image/{kind.lower()}")


def test_a_truncated_pdf_is_damaged() -> None:
    with pytest.raises(UnsupportedMedia):
        clean_upload(pdf()[:60], "application/pdf")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MZ\x90\x00",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a" + bytes(40),
        b"PK\x03\x04" + bytes(40),
        b"\x1aE\xdf\xa3" + bytes(40),
        b"hello",
    ],
)
def test_every_other_kind_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(UnsupportedMedia) as refusal:
        clean_upload(data, "image/jpeg")
    assert "PDF" in refusal.value.text.zh
    assert "PDF" in refusal.value.text.en


def test_the_content_decides_and_not_the_name_of_its_kind() -> None:
    assert clean_upload(encoded(picture(), "PNG"), "image/jpeg").media_type == "image/jpeg"
    assert clean_upload(encoded(picture(), "PNG"), "").media_type == "image/jpeg"
    for data, declared in ((encoded(picture(), "PNG"), "application/pdf"), (pdf(), "image/png"), (encoded(picture(), "JPEG"), "text/html")):
        with pytest.raises(UnsupportedMedia):
            clean_upload(data, declared)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP", "PDF"]), st.lists(st.tuples(st.floats(0, 0.999), st.integers(1, 255)), min_size=1, max_size=8)
)
def test_a_damaged_file_is_redrawn_or_refused_and_nothing_else(kind: str, damage: list[tuple[float, int]]) -> None:
    data = bytearray(encoded(picture((60, 40)), kind))
    for place, mask in damage:
        data[int(place * len(data))] ^= mask
    try:
        clean = clean_upload(bytes(data), "")
    except (UnsupportedMedia, TooLarge):
        return
    assert clean.data.startswith((b"\xff\xd8\xff", b"%PDF-"))


async def test_a_process_of_its_own_gives_the_same_answers() -> None:
    sent = photograph()
    assert await clean_upload_apart(sent, "image/jpeg") == clean_upload(sent, "image/jpeg")
    with pytest.raises(UnsupportedMedia) as refusal:
        await clean_upload_apart(b"hello", "image/jpeg")
    assert refusal.value.text == uploads.WRONG_KIND
    with pytest.raises(TooLarge):
        await clean_upload_apart(pdf(21), "application/pdf")


async def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(UnsupportedMedia) as refusal:
        await clean_upload_apart(photograph(), "image/jpeg", seconds=-0.9)  # less than Python needs to start
    assert refusal.value.text == uploads.TOO_SLOW


# 64 x 48 pixels, left red and right blue, made with libheif's encoder, which is not among our packages.
HEIC_PHOTOGRAPH = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERA"
    "AAEAAQAAAAABoQABAAAAAAAAACUAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAA"
    "AHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq"
    "5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAA"
    "MAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAAC1tZGF0AAAAISgBrxmA70mlv//ihh/5"
    "rWv+v7IX//LxJ34ken/W5ENtbw=="
)


def test_a_telephones_heic_is_understood() -> None:
    image = opened(clean_upload(HEIC_PHOTOGRAPH, "image/heic"))
    assert image.size == (64, 48)
    assert (colour_at(image, (8, 24)), colour_at(image, (56, 24))) == ("red", "blue")


def test_a_broken_heic_is_damaged() -> None:
    with pytest.raises(UnsupportedMedia) as refusal:
        clean_upload(HEIC_PHOTOGRAPH[:300], "image/heic")
    assert refusal.value.text == uploads.BROKEN
