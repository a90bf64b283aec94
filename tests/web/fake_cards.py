"""Reading ID cards behind the pages: what each photograph says, and what the registers hold beside it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.cards import CardField, CardRead, CardSide
from domain.changes import LookUpAnswer
from domain.errors import FieldError, InvalidInput
from domain.reads import PersonalRead
from domain.text import Bilingual
from workflows.prefill import PrefillRequest, PrefillResult

NUMBER, NAME = "330302199003071282", "林雨桐"
ADDRESS, ISSUER = "浙江省温州市鹿城区五马街道解放街12号3幢402室", "温州市公安局鹿城区分局"
NO_CARD = Bilingual(zh="照片上没有认出身份证。", en="No ID card was recognised.")
ANSWERS = {
    "name": NAME,
    "id_number": NUMBER,
    "ethnicity": "汉",
    "address": ADDRESS,
    "issuer": ISSUER,
    "valid_from": "2016-08-02",
    "term": "until",
    "valid_until": "2036-08-02",
}


def card_read(side: CardSide, *, doubtful: tuple[str, ...] = ()) -> CardRead:
    front = {"name": NAME, "sex": "female", "ethnicity": "汉", "birth_date": "1990-03-07", "address": ADDRESS, "id_number": NUMBER}
    back = {"issuer": ISSUER, "valid_from": "2016-08-02", "valid_until": "2036-08-02"}
    said = front if side is CardSide.FRONT else back
    return CardRead(side=side, fields={name: CardField(value=v, confidence=0.99, sure=name not in doubtful) for name, v in said.items()})


class CardWorld:
    """The ports that reading and comparing need. A photograph is the word `front` or `back`; anything else is no card."""

    def __init__(self) -> None:
        self.doubtful: tuple[str, ...] = ()
        self.records: dict[str, dict[str, Any]] = {
            "resident_population": {"name": NAME, "ethnicity": "汉族", "address": ADDRESS, "status": "normal"},
            "id_card_issue": {
                "name": NAME,
                "status": "valid",
                "issuer": ISSUER,
                "issued_on": "2016-08-02",
                "valid_until": "2036-08-02",
                "long_term": False,
            },
        }
        self.late: set[str] = set()
        self.asked: list[PrefillRequest] = []
        self.entered: list[PersonalRead] = []
        self.photos = 0

    async def read(self, photo: bytes, declared: str) -> CardRead:
        if photo not in (b"front", b"back"):
            raise InvalidInput(fields=[FieldError(path="/photo", text=NO_CARD)])
        return card_read(CardSide(photo.decode()), doubtful=self.doubtful)

    async def failures(self, subject: str, window: timedelta, at: datetime) -> int:
        return self.photos

    async def note_failure(self, subject: str, window: timedelta, at: datetime) -> None:
        self.photos += 1

    def index(self, text: str) -> bytes:
        return text.encode()[::-1]

    async def record(self, read: PersonalRead) -> None:
        self.entered.append(read)

    async def id_number_of(self, person_id: UUID) -> str:
        return NUMBER

    async def prefill(self, request: PrefillRequest) -> PrefillResult:
        self.asked.append(request)
        told = [
            LookUpAnswer(source=s, found=s in self.records, record=self.records.get(s, {})) for s in request.sources if s not in self.late
        ]
        return PrefillResult(answers=told, failed=sorted(self.late))
