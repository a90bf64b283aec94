"""好差评: what an applicant says of an ended case, in five grades."""

from enum import IntEnum, StrEnum

from pydantic import BaseModel, Field

from domain.text import Bilingual

LONGEST_COMMENT = 1000


class Grade(IntEnum):
    VERY_BAD = 1
    BAD = 2
    FAIR = 3
    GOOD = 4
    VERY_GOOD = 5

    @property
    def opens_inquiry(self) -> bool:
        return self <= Grade.BAD


GRADE_TEXT: dict[Grade, Bilingual] = {
    Grade.VERY_GOOD: Bilingual(zh="很满意", en="Very satisfied"),
    Grade.GOOD: Bilingual(zh="满意", en="Satisfied"),
    Grade.FAIR: Bilingual(zh="基本满意", en="Fairly satisfied"),
    Grade.BAD: Bilingual(zh="不满意", en="Dissatisfied"),
    Grade.VERY_BAD: Bilingual(zh="很不满意", en="Very dissatisfied"),
}


class RatingReason(StrEnum):
    SPEED = "speed"
    CLARITY = "clarity"
    MATERIALS = "materials"
    TRIPS = "trips"
    MANNER = "manner"
    SYSTEM = "system"
    OUTCOME = "outcome"


REASON_TEXT: dict[RatingReason, Bilingual] = {
    RatingReason.SPEED: Bilingual(zh="办理快慢", en="How fast it went"),
    RatingReason.CLARITY: Bilingual(zh="说明是否清楚", en="How clear it was"),
    RatingReason.MATERIALS: Bilingual(zh="材料要求", en="What was asked for"),
    RatingReason.TRIPS: Bilingual(zh="跑了几趟", en="How often one had to come"),
    RatingReason.MANNER: Bilingual(zh="工作人员态度", en="How the staff behaved"),
    RatingReason.SYSTEM: Bilingual(zh="网页是否好用", en="How the pages worked"),
    RatingReason.OUTCOME: Bilingual(zh="办理结果", en="The outcome"),
}


class NewRating(BaseModel):
    grade: Grade = Field(description="5 very satisfied, 4 satisfied, 3 fairly satisfied, 2 dissatisfied, 1 very dissatisfied")
    reasons: list[RatingReason] = Field(default=[], max_length=len(RatingReason), description="What the grade is about")
    comment: str | None = Field(default=None, max_length=LONGEST_COMMENT, description="In the applicant's own words")
