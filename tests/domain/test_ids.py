"""Ids of cases and the numbers that people quote."""

from datetime import UTC, date, datetime

import pytest

from domain.clock import day_in_china
from domain.ids import acceptance_number, application_id_of, new_id, workflow_id


def test_ids_are_uuid7_and_sort_by_time() -> None:
    ids = [new_id() for _ in range(200)]
    assert {i.version for i in ids} == {7}
    assert ids == sorted(ids)
    assert len(set(ids)) == 200


def test_a_workflow_id_names_its_application() -> None:
    case = new_id()
    assert application_id_of(workflow_id(case)) == case


@pytest.mark.parametrize(
    "text",
    [
        "",
        "application",
        "application-",
        "application-7",
        "case-00000000-0000-7000-8000-000000000007",
        "00000000-0000-7000-8000-000000000007",
    ],
)
def test_any_other_workflow_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        application_id_of(text)


def test_an_acceptance_number_reads_division_day_and_serial() -> None:
    assert acceptance_number("330300", date(2026, 3, 2), 17) == "33030020260302000017"


def test_the_day_is_that_in_china() -> None:
    assert day_in_china(datetime(2026, 3, 1, 15, 59, tzinfo=UTC)) == date(2026, 3, 1)
    assert day_in_china(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)) == date(2026, 3, 2)
