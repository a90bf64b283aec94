"""The engine: one photograph of a card, any way up, to its fields. Heavy: imported only in the process that reads."""

import io
import logging
from datetime import date, datetime, timedelta, timezone
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image
from rapidocr import RapidOCR

from adapters.cards.back import back_fields
from adapters.cards.front import front_fields
from adapters.cards.landmarks import side_of, turn_needed
from adapters.cards.lines import Seen, Turn, levelled
from adapters.uploads import clean_upload
from domain.cards import CardRead, CardSide
from domain.errors import FieldError, InvalidInput
from domain.text import Bilingual

LONGEST_SIDE = 1280  # pixels: a card's smallest text is then 15 high, and more costs time and reads no better
FINDING_SIDE = 800  # for finding lines alone, two thirds of the time at full size; they are cut out of the full size
NO_CARD = Bilingual(
    zh="照片上没有认出身份证。请把身份证放在深色平面上，占满画面，避开反光和阴影，再拍一次；也可以手工填写。",
    en="No ID card was recognised. Lay it on a dark surface, fill the picture with it, avoid glare and shadow, and try again; or type it.",
)
_CHINA = timezone(timedelta(hours=8))


class CardEngine:
    """The models, loaded once: 110 MB at first, 480 after the first photograph. One thread, one photograph at a time."""

    def __init__(self) -> None:
        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        self._engine = RapidOCR(
            params={
                "Global.log_level": "error",
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                "Det.limit_type": "max",
                "Det.limit_side_len": FINDING_SIDE,
            }
        )

    def read(self, photo: bytes, declared: str) -> CardRead:
        """Raises as `domain.cards.CardReader`; holds its thread for 1 to 8 seconds."""
        clean = clean_upload(photo, declared)
        with Image.open(io.BytesIO(clean.data)) as source:
            source.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            image = source.convert("RGB")
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return self._upright(image)

    def _upright(self, image: Image.Image) -> CardRead:
        """First as it came; then turned as the landmarks say, or, where they say nothing, every way."""
        seen = self._lines(image)
        turn = turn_needed(seen, *image.size)
        if turn == 0:
            return self._fields(seen, 0)
        turns: tuple[Turn, ...] = (turn,) if turn is not None else get_args(Turn)[1:]
        for candidate in turns:
            upright = image.rotate(candidate, expand=True)
            seen = self._lines(upright)
            if turn is not None or turn_needed(seen, *upright.size) == 0:
                return self._fields(seen, candidate)
        raise _no_card()

    def _lines(self, image: Image.Image) -> list[Seen]:
        pixels: npt.NDArray[np.uint8] = np.asarray(image)[:, :, ::-1]
        found: Any = self._engine(pixels)
        if found.boxes is None or found.txts is None:
            return []
        lines = zip(found.boxes, found.txts, found.scores, strict=True)
        return [Seen(text, float(score), tuple((float(x), float(y)) for x, y in box)) for box, text, score in lines]  # type: ignore[arg-type]

    def _fields(self, seen: list[Seen], turn: Turn) -> CardRead:
        lines = levelled(seen)
        side = side_of(lines)
        if side is None:
            raise _no_card()
        fields = front_fields(lines, today=_today()) if side is CardSide.FRONT else back_fields(lines)
        return CardRead(side=side, fields=fields, turned=turn)


def _today() -> date:
    return datetime.now(_CHINA).date()


def _no_card() -> InvalidInput:
    return InvalidInput(fields=[FieldError(path="/photo", text=NO_CARD)])
