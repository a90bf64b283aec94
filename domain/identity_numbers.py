"""Citizen identity numbers, GB 11643-1999: six digits of division, date of birth, order, check digit."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from domain.errors import FieldError, InvalidInput
from domain.text import Bilingual


@dataclass(frozen=True)
class IdNumber:
    """A number whose form, date and check digit are right. It says nothing of whether the person exists."""

    value: str

    @property
    def division(self) -> str:
        """The county of first registration, as a GB/T 2260 code of its time."""
        return self.value[:6]

    @property
    def birth_date(self) -> date:
        return date(int(self.value[6:10]), int(self.value[10:12]), int(self.value[12:14]))

    @property
    def sex(self) -> Literal["male", "female"]:
        return "male" if int(self.value[16]) % 2 else "female"

    def masked(self) -> str:
        """First four and last two characters, as pages show it."""
        return f"{self.value[:4]}{'*' * 12}{self.value[-2:]}"


def _refuse(path: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(fields=[FieldError(path=path, text=Bilingual(zh=zh, en=en))])


def parse_id_number(text: str, *, today: date, path: str = "/applicant/id_number") -> IdNumber:
    """Read an 18-character number; spaces are forgiven, a small x is read as X.

    Only the check digit comes from `python-stdnum`: its `validate` also wants the division to have
    existed in the year of birth, which refuses most citizens born before 1990.

    Raises:
        InvalidInput: naming `path`, what is wrong and what to do.
    """
    value = text.strip().replace(" ", "").upper()
    if len(value) != 18 or not value[:17].isdecimal() or not value.isascii() or not (value[17].isdecimal() or value[17] == "X"):
        raise _refuse(path, "身份证号应为 18 位，请核对", "An ID number has 18 characters. Please check it")
    try:
        right = ric.calc_check_digit(value)
    except ValidationError as error:  # pragma: no cover - the form was checked above
        raise _refuse(path, "身份证号有误，请核对", "This ID number is not valid. Please check it") from error
    if right != value[17]:
        raise _refuse(path, "身份证号最后一位不对，请核对", "The last character of the ID number does not fit. Please check it")
    number = IdNumber(value)
    try:
        born = number.birth_date
    except ValueError as error:
        raise _refuse(
            path, "身份证号中的出生日期不存在，请核对", "The date of birth in the ID number does not exist. Please check it"
        ) from error
    if born > today:
        raise _refuse(path, "身份证号中的出生日期晚于今天，请核对", "The date of birth in the ID number is in the future. Please check it")
    return number
