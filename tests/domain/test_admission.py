"""What an application must hold before it is a case: all that is wrong is told at once."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from catalogue.loader import check_answers
from domain.admission import admit, invalid_request
from domain.application import ApplicationRequest
from domain.errors import InvalidInput
from domain.service_item import ServiceItem
from tests.builders import make_application_request, make_id_number, make_service_item

TODAY = date(2026, 11, 20)


def admitted(request: ApplicationRequest, item: ServiceItem | None = None) -> ApplicationRequest:
    return admit(request, item or make_service_item(), today=TODAY, check_answers=check_answers)


def paths(request: ApplicationRequest, item: ServiceItem | None = None) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        admitted(request, item)
    assert all(f.text.zh and f.text.en for f in refused.value.fields)
    return sorted(f.path for f in refused.value.fields)


def test_the_id_number_is_normalised_and_nothing_else_changes() -> None:
    number = next(n for n in map(make_id_number, range(200)) if n.endswith("X"))
    request = make_application_request(id_number=f"{number[:6]} {number[6:14]} {number[14:].lower()}")
    got = admitted(request)
    assert got.applicant.id_number == number
    assert got.model_dump(exclude={"applicant"}) == request.model_dump(exclude={"applicant"})


def test_everything_that_is_wrong_is_told_at_once() -> None:
    wrong = make_application_request(id_number="330302199001020010", answers={"genre": "gossip", "shelf": "S" * 30}, delivery="counter")
    online_only = make_service_item(delivery=["online"])
    assert paths(wrong, online_only) == ["/answers/genre", "/answers/shelf", "/applicant/id_number", "/delivery/method"]


def test_posting_needs_an_address() -> None:
    request = make_application_request(delivery="post")
    assert admitted(request).delivery.address
    without = request.model_copy(update={"delivery": request.delivery.model_copy(update={"address": None})})
    assert paths(without) == ["/delivery/address"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "\u0007bell"),
        ("name", "a\u0000b"),
        ("name", "x" * 61),
        ("phone", "2380000000"),
        ("phone", "138000000011"),
        ("phone", "١٣٨٠٠٠٠٠٠٠١"),
    ],
)
def test_a_name_or_phone_that_is_none_is_no_request(field: str, value: str) -> None:
    body: dict[str, Any] = make_application_request().model_dump(mode="json")
    body["applicant"][field] = value
    with pytest.raises(ValidationError) as wrong:
        ApplicationRequest.model_validate(body)
    error = invalid_request(wrong.value)
    assert [f.path for f in error.fields] == [f"/applicant/{field}"]
    if len(value) > 8:
        assert value not in str(error.fields)


def test_a_name_is_kept_as_unicode_composes_it() -> None:
    assert make_application_request(name=" e\u0301toile ").applicant.name == "\u00e9toile"
