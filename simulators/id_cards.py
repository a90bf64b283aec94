"""Resident identity cards as the demonstration draws them: both sides, every one marked as a sample."""

import io
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from simulators.population import Population
from simulators.records.registration import id_card_issue, resident_population

FONTS = Path(__file__).resolve().parent.parent / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
WIDTH, HEIGHT = 1012, 638  # 85.6 x 54 mm at 300 dots an inch (ISO/IEC 7810, ID-1)
_INK, _LABEL, _PAPER, _MARK = (25, 25, 28), (40, 96, 150), (236, 243, 246), (190, 120, 120)
_ADDRESS_CHARACTERS = 11  # on one line
_PORTRAIT = (650, 90, 930, 450)


@dataclass(frozen=True)
class PrintedCard:
    """What a card says. `ethnicity` as the registry has it (汉族) or as cards print it (汉); `valid_until` None: 长期."""

    id_number: str
    name: str
    sex: str  # male or female
    ethnicity: str
    birth_date: date
    address: str
    issuer: str
    issued_on: date
    valid_until: date | None


def printed_card(population: Population, id_number: str) -> PrintedCard | None:
    """What this person's card says, as the register and the card issue have it; None for nobody, and for who has no card."""
    person = resident_population(population, id_number, {})
    issued = id_card_issue(population, id_number, {})
    if person is None or issued is None or "issued_on" not in issued:
        return None
    return PrintedCard(
        id_number=id_number,
        name=issued["name"],
        sex=person["sex"],
        ethnicity=person["ethnicity"],
        birth_date=date.fromisoformat(person["birth_date"]),
        address=person["address"],
        issuer=issued["issuer"],
        issued_on=date.fromisoformat(issued["issued_on"]),
        valid_until=date.fromisoformat(issued["valid_until"]) if issued["valid_until"] else None,
    )


@lru_cache(maxsize=16)
def _font(fonts: Path, size: int, weight: str = "400Regular") -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(fonts / weight / f"NotoSansSC_{weight}.ttf"), size)


def draw_front(card: PrintedCard, portrait: bytes | None = None, *, fonts: Path = FONTS) -> Image.Image:
    """The side with the person, RGB 1012x638. `fonts` is the folder of Noto Sans SC; `portrait` any picture, grey without."""
    image, pen = _blank(fonts)
    label, text = _font(fonts, 30), _font(fonts, 38, "500Medium")
    _line(pen, 70, "姓名", card.name, label, text)
    _line(pen, 150, "性别", {"male": "男", "female": "女"}[card.sex], label, text)
    pen.text((330, 158), "民族", fill=_LABEL, font=label)
    pen.text((430, 150), card.ethnicity.removesuffix("族") or card.ethnicity, fill=_INK, font=text)
    _born(pen, card.birth_date, label, text)
    pen.text((60, 318), "住址", fill=_LABEL, font=label)
    for row, start in enumerate(range(0, len(card.address), _ADDRESS_CHARACTERS)):
        pen.text((160, 310 + row * 52), card.address[start : start + _ADDRESS_CHARACTERS], fill=_INK, font=text)
    pen.text((60, 560), "公民身份号码", fill=_LABEL, font=label)
    for place, character in enumerate(card.id_number):
        pen.text((330 + place * 34, 550), character, fill=_INK, font=_font(fonts, 44, "500Medium"))
    _paste_portrait(image, portrait)
    return image


def draw_back(card: PrintedCard, *, fonts: Path = FONTS) -> Image.Image:
    """The side with the authority, RGB 1012x638. No emblem is drawn: a sample must not pass for a card."""
    image, pen = _blank(fonts)
    pen.text((330, 90), "中华人民共和国", fill=_INK, font=_font(fonts, 62, "500Medium"))
    pen.text((330, 200), "居民身份证", fill=_INK, font=_font(fonts, 84, "700Bold"))
    pen.rectangle((90, 90, 270, 290), outline=_MARK, width=4)
    label, text = _font(fonts, 30, "500Medium"), _font(fonts, 36)
    pen.text((200, 455), "签发机关", fill=_INK, font=label)
    pen.text((370, 450), card.issuer, fill=_INK, font=text)
    pen.text((200, 545), "有效期限", fill=_INK, font=label)
    until = f"{card.valid_until:%Y.%m.%d}" if card.valid_until else "长期"
    pen.text((370, 540), f"{card.issued_on:%Y.%m.%d}-{until}", fill=_INK, font=text)
    return image


def as_jpeg(image: Image.Image, quality: int = 90) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _blank(fonts: Path) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    pen = ImageDraw.Draw(image)
    for wave in range(0, HEIGHT, 14):  # the fine lines that a real card has behind its text
        pen.line((0, wave, WIDTH, wave + 40), fill=(222, 233, 239), width=2)
    pen.rounded_rectangle((2, 2, WIDTH - 3, HEIGHT - 3), radius=36, outline=(180, 195, 205), width=3)
    pen.text((690, 20), "样本 SAMPLE", fill=_MARK, font=_font(fonts, 34, "700Bold"))
    return image, pen


def _line(pen: ImageDraw.ImageDraw, y: int, label: str, value: str, small: ImageFont.FreeTypeFont, large: ImageFont.FreeTypeFont) -> None:
    pen.text((60, y + 8), label, fill=_LABEL, font=small)
    pen.text((160, y), value, fill=_INK, font=large)


def _born(pen: ImageDraw.ImageDraw, day: date, small: ImageFont.FreeTypeFont, large: ImageFont.FreeTypeFont) -> None:
    pen.text((60, 238), "出生", fill=_LABEL, font=small)
    for x, value, unit, unit_x in ((160, day.year, "年", 255), (305, day.month, "月", 360), (410, day.day, "日", 465)):
        pen.text((x, 230), str(value), fill=_INK, font=large)
        pen.text((unit_x, 238), unit, fill=_LABEL, font=small)


def _paste_portrait(image: Image.Image, portrait: bytes | None) -> None:
    left, top, right, bottom = _PORTRAIT
    box = Image.new("RGB", (right - left, bottom - top), (205, 214, 220))
    if portrait is not None:
        try:
            with Image.open(io.BytesIO(portrait)) as face:
                box = face.convert("RGB").resize(box.size)
        except UnidentifiedImageError as error:
            raise ValueError("this portrait is no picture") from error
    image.paste(box, (left, top))
