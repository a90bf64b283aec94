"""Who consents for a child, and how far it is believed."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from domain.errors import InvalidInput
from domain.guardians import Guardian, Relation, admit_guardian, needs_guardian, vouched_for
from tests.builders import make_id_number

TODAY = date(2026, 11, 22)
CHILD = make_id_number(born="20150601")
MOTHER, FATHER = make_id_number(2, born="19880615"), make_id_number(1, born="19860301")


def guardian(id_number: str = MOTHER, relation: Relation = "mother", name: str = "王秀兰") -> Guardian:
    return Guardian(name=name, id_number=id_number, relation=relation)


def refused_field(error: pytest.ExceptionInfo[InvalidInput]) -> str:
    return error.value.fields[0].path


def test_a_child_needs_a_guardian_until_the_day_it_is_fourteen() -> None:
    born = make_id_number(born="20121122")
    assert needs_guardian(born, date(2026, 11, 21))
    assert not needs_guardian(born, date(2026, 11, 22))
    assert not needs_guardian(MOTHER, TODAY)


def test_a_guardians_number_comes_back_in_its_plain_form() -> None:
    spaced = f" {MOTHER[:6]} {MOTHER[6:14]} {MOTHER[14:]}"
    assert admit_guardian(guardian(spaced), CHILD, TODAY).id_number == MOTHER


@pytest.mark.parametrize(
    ("who", "field"),
    [
        (guardian("330302198806150001"), "/guardian/id_number"),
        (guardian(CHILD, "other"), "/guardian/id_number"),
        (guardian(make_id_number(born="20091122"), "other"), "/guardian/id_number"),
        (guardian(MOTHER, "father"), "/guardian/relation"),
        (guardian(FATHER, "mother"), "/guardian/relation"),
    ],
)
def test_who_cannot_be_the_guardian_is_told_which_field_is_wrong(who: Guardian, field: str) -> None:
    with pytest.raises(InvalidInput) as error:
        admit_guardian(who, CHILD, TODAY)
    assert refused_field(error) == field


def test_an_adult_relative_of_either_sex_may_be_another_guardian() -> None:
    assert admit_guardian(guardian(FATHER, "other"), CHILD, TODAY).relation == "other"


def test_a_name_has_no_control_characters_and_nothing_else_is_taken() -> None:
    with pytest.raises(ValidationError):
        guardian(name="王\u0007")
    with pytest.raises(ValidationError):
        Guardian.model_validate({"name": "王", "id_number": MOTHER, "relation": "mother", "phone": "1"})


def registered(mother: dict[str, Any] | None) -> dict[str, Any]:
    return {"father": {"id_number": FATHER, "name": "陈志远"}, "mother": mother}


def test_the_registry_vouches_for_a_parent_whom_it_names() -> None:
    assert vouched_for(guardian(), registered({"id_number": MOTHER, "name": "王秀兰"})) == "registry"


@pytest.mark.parametrize("record", [None, {}, registered(None), registered({"id_number": None, "name": "王秀兰"})])
def test_where_the_registry_says_nothing_it_stands_as_stated(record: dict[str, Any] | None) -> None:
    assert vouched_for(guardian(), record) == "nobody"


@pytest.mark.parametrize(
    ("mother", "field"),
    [
        ({"id_number": make_id_number(4, born="19880616"), "name": "王秀兰"}, "/guardian/id_number"),
        ({"id_number": MOTHER, "name": "李秀兰"}, "/guardian/name"),
    ],
)
def test_a_parent_whom_the_registry_knows_otherwise_is_refused(mother: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as error:
        vouched_for(guardian(), registered(mother))
    assert refused_field(error) == field


def test_another_guardian_is_not_held_against_the_parents() -> None:
    grandmother = guardian(make_id_number(6, born="19600101"), "other")
    assert vouched_for(grandmother, registered({"id_number": MOTHER, "name": "王秀兰"})) == "nobody"
