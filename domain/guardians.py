"""A child's guardian, who consents to the use of its face: for children under fourteen (China's rules for face data)."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.application import clean_name
from domain.errors import FieldError, InvalidInput
from domain.identity_numbers import IdNumber, parse_id_number
from domain.text import Bilingual

CONSENTS_ALONE_FROM = 14  # years
ADULT_FROM = 18
Relation = Literal["father", "mother", "other"]
Vouched = Literal["registry", "nobody"]  # who says, beside the guardian, that they are this parent; nobody: as stated

PARENTS: tuple[Relation, ...] = get_args(Relation)[:2]


class Guardian(BaseModel):
    """Who consents for a child, as they state it. Encrypted wherever it rests."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=60)
    id_number: str = Field(min_length=15, max_length=32)
    relation: Relation = Field(description="To the child: father, mother, or other, such as a grandparent who is its guardian by law")

    @field_validator("name")
    @classmethod
    def _clean(cls, value: str) -> str:
        return clean_name(value)


def age_on(id_number: str, day: date) -> int | None:
    """Whole years; None where the number tells no date of birth."""
    try:
        born = IdNumber(id_number).birth_date
    except ValueError:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def needs_guardian(id_number: str, day: date) -> bool:
    """Whether somebody is too young, on this day, to consent alone."""
    age = age_on(id_number, day)
    return age is not None and age < CONSENTS_ALONE_FROM


def admit_guardian(guardian: Guardian, child_id_number: str, today: date, *, path: str = "/guardian") -> Guardian:
    """The guardian with the number in its plain form.

    Raises:
        InvalidInput: the number is none, is the child's own, or a minor's; it does not fit the relation.
    """
    number = parse_id_number(guardian.id_number, today=today, path=f"{path}/id_number")
    if number.value == child_id_number:
        raise _refused(f"{path}/id_number", "请填写监护人本人的身份证号", "Give the guardian's own ID number, not the child's")
    if (age_on(number.value, today) or 0) < ADULT_FROM:
        raise _refused(f"{path}/id_number", "监护人应为成年人，请核对身份证号", "A guardian is an adult. Please check the ID number")
    fits = {"father": "male", "mother": "female"}.get(guardian.relation, number.sex)
    if fits != number.sex:
        raise _refused(f"{path}/relation", "关系与身份证号不符，请核对", "The relation does not fit the ID number. Please check both")
    return guardian.model_copy(update={"id_number": number.value})


def vouched_for(guardian: Guardian, record: Mapping[str, Any] | None, *, path: str = "/guardian") -> Vouched:
    """Hold the guardian against the child's record in the population registry: its `father` and `mother`.

    Raises:
        InvalidInput: the registry names another person as this parent, or another name under this number.
    """
    if not record:
        return "nobody"
    parents = [record[name] for name in PARENTS if record.get(name)]
    parent = record.get(guardian.relation) if guardian.relation in PARENTS else None
    if parent and parent.get("id_number") and parent["id_number"] != guardian.id_number:
        raise _refused(
            f"{path}/id_number",
            "与户籍登记的父母信息不一致，请核对；如有疑问，请到窗口办理",
            "The population registry names somebody else as this parent. Please check, or come to the counter",
        )
    if any(person["name"] != guardian.name for person in parents if person.get("id_number") == guardian.id_number):
        raise _refused(f"{path}/name", "姓名与户籍登记不一致，请核对", "The name differs from the population registry's. Please check it")
    return "registry" if parent and parent.get("id_number") else "nobody"


def _refused(path: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(fields=[FieldError(path=path, text=Bilingual(zh=zh, en=en))])
