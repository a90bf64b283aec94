"""Resident identity cards (居民身份证): what is printed on their two sides, and what was read of it."""

from datetime import date
from enum import StrEnum
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

LONG_TERM = "long-term"  # 长期: valid without limit
FRONT_FIELDS = ("name", "sex", "ethnicity", "birth_date", "address", "id_number")
BACK_FIELDS = ("issuer", "valid_from", "valid_until")
TERMS_YEARS = (5, 10, 20)  # how long a card counts, by age; from 46 on without limit (Law on Resident Identity Cards)

# As the register writes them and cards print them without 族; the fifty-six of GB/T 3304, and the two that cards print beside them.
_GROUPS = (
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 柯尔克孜 土 达斡尔 "
    "仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺 "
    "穿青人 革家人"
)
ETHNIC_GROUPS = tuple(_GROUPS.split())


class CardSide(StrEnum):
    FRONT = "front"  # 人像面: the person
    BACK = "back"  # 国徽面: the authority and the term


class CardField(BaseModel):
    """One field as it was read. Dates are ISO texts, `sex` is male or female, `valid_until` may be `long-term`.

    `sure`: nothing on the card contradicts it and the engine was confident; otherwise a person looks at it first.
    """

    model_config = ConfigDict(frozen=True)

    value: str
    confidence: float
    sure: bool


class CardRead(BaseModel):
    """What one photograph of one side says. Fields that could not be read are left out; it never holds the picture."""

    model_config = ConfigDict(frozen=True)

    side: CardSide
    fields: dict[str, CardField]
    turned: Literal[0, 90, 180, 270] = 0  # by how many degrees, counter-clockwise, the photograph was turned to be read

    @property
    def values(self) -> dict[str, str]:
        return {name: field.value for name, field in self.fields.items()}

    @property
    def unsure(self) -> list[str]:
        """Fields of this side that a person should look at: unread or doubtful."""
        wanted = FRONT_FIELDS if self.side is CardSide.FRONT else BACK_FIELDS
        return [name for name in wanted if name not in self.fields or not self.fields[name].sure]


class CardReader(Protocol):
    async def read(self, photo: bytes, declared: str) -> CardRead:
        """Read one side of a card from a photograph of at most 20 MB and 64 megapixels; `declared` is its media type.

        Raises:
            TooLarge, UnsupportedMedia: not a photograph that can be taken; the text says what to do.
            InvalidInput: no side of a card was found on it, path `/photo`.
            Unavailable: too many wait, or the engine does not start.
        """
        ...


def term_fits(valid_from: date, valid_until: date) -> bool:
    """Whether cards are made for such a term: 5, 10 or 20 years to the day; the last of February for the 29th."""
    years = valid_until.year - valid_from.year
    same_day = (valid_from.month, valid_from.day) == (valid_until.month, valid_until.day)
    leap = (valid_from.month, valid_from.day) == (2, 29) and (valid_until.month, valid_until.day) in ((2, 28), (3, 1))
    return years in TERMS_YEARS and (same_day or leap)
