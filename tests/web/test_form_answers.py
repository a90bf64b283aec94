"""The form's schema, the API and the page accept exactly the same answers, for every service item of the catalogue."""

import json
from datetime import UTC, datetime
from random import Random
from typing import Any

import hypothesis.strategies as st
import jsonschema_rs
import pytest
from hypothesis import given, settings
from starlette.datastructures import FormData
from starlette.testclient import TestClient

from api.door import check_json
from api.models import NewApplication
from casework.views import PrefilledForm
from catalogue.forms import check_answers
from domain.admission import admit
from domain.application import ApplicationRequest, DeliveryChoice
from domain.clock import day_in_china
from domain.errors import InvalidInput
from domain.forms import asked_fields, fields_of
from domain.identity_numbers import parse_id_number
from domain.service_item import Delivery, ServiceItem
from tests import answers as made
from tests.builders import make_id_number
from tests.web.fake_office import CATALOGUE, CSRF, NOW, World
from web.applicant.questions import questions, sections
from web.applicant.reading import read_answers

WITH_FORM = [item for item in CATALOGUE.all() if item.can_be_applied_for and fields_of(item.form)]
CHANCE = st.randoms(use_true_random=False)
EACH = pytest.mark.parametrize("item", WITH_FORM, ids=lambda item: item.code)


def is_id_number(text: str) -> bool:
    try:
        return parse_id_number(text, today=day_in_china(datetime.now(UTC))).value == text
    except InvalidInput:
        return False


def schema_accepts(item: ServiceItem, answers: dict[str, Any]) -> bool:
    """By another implementation of JSON Schema than ours, as an integrator's program would hold answers against the published form."""
    validator = jsonschema_rs.validator_for(item.form, validate_formats=True, formats={"id-number": is_id_number})
    return bool(validator.is_valid(answers))


def api_accepts(item: ServiceItem, answers: dict[str, Any]) -> bool:
    """The way of `POST /v1/applications`: the door, the body's model, admission."""
    sent = {
        "service_item": item.code,
        "applicant": {"id_number": make_id_number(), "name": "虞书谣", "phone": "13800000001"},
        "answers": answers,
        "delivery": {"method": item.delivery[0].value, "address": "温州市鹿城区书院路1号" if item.delivery[0] is Delivery.POST else None},
    }
    body = json.dumps(sent).encode()
    check_json(body)
    new = NewApplication.model_validate_json(body)
    request = ApplicationRequest(**{**dict(new), "delivery": new.delivery or DeliveryChoice(method=item.delivery[0])}, channel="api")
    try:
        admit(request, item, today=day_in_china(datetime.now(UTC)), check_answers=check_answers)
    except InvalidInput:
        return False
    return True


def page_accepts(item: ServiceItem, read: dict[str, Any]) -> bool:
    try:
        check_answers(item, read)
    except InvalidInput:
        return False
    return True


def read_from_page(item: ServiceItem, answers: dict[str, Any]) -> dict[str, Any]:
    return read_answers(item, FormData([*made.as_posted(item.form, answers)]))


@EACH
@given(random=CHANCE)
@settings(max_examples=6)
def test_what_the_schema_accepts_the_api_and_the_page_accept_unchanged(item: ServiceItem, random: Random) -> None:
    answers = made.answers_for(item.form, random)
    assert schema_accepts(item, answers) and api_accepts(item, answers)
    assert read_from_page(item, answers) == answers


@EACH
@given(random=CHANCE)
@settings(max_examples=6)
def test_what_is_slightly_wrong_is_refused_at_each_door(item: ServiceItem, random: Random) -> None:
    wrong = made.wrong_answers_for(item.form, random)
    if wrong is None:
        return
    verdicts = {
        "schema": schema_accepts(item, wrong.answers),
        "api": api_accepts(item, wrong.answers),
        "page": page_accepts(item, read_from_page(item, wrong.answers)),
    }
    assert verdicts == {"schema": False, "api": False, "page": False}, (wrong.way, wrong.field)


@pytest.mark.parametrize("seed", range(1))
@EACH
def test_the_page_itself_sends_right_answers_on_and_says_what_is_wrong(
    item: ServiceItem, seed: int, browser: TestClient, world: World
) -> None:
    world.failed = [fill.source for fill in item.prefill]  # nothing is prefilled: everything is typed
    right = made.answers_for(item.form, Random(seed))
    answer = browser.post(f"/items/{item.code}/apply", data=_data(item, right))
    assert answer.status_code == 303, (right, answer.text[answer.text.find("error-summary") :][:600])
    assert world.drafts[item.code]["answers"] == right
    wrong = made.wrong_answers_for(item.form, Random(seed))
    if wrong is not None:
        answer = browser.post(f"/items/{item.code}/apply", data=_data(item, wrong.answers))
        assert (
            answer.status_code == 422 and f'href="#answers-{wrong.field}"' in answer.text and f'id="answers-{wrong.field}"' in answer.text
        )


def _data(item: ServiceItem, answers: dict[str, Any]) -> dict[str, Any]:
    posted: dict[str, Any] = {"csrf": CSRF}
    for name, text in made.as_posted(item.form, answers):
        posted.setdefault(name, []).append(text)
    return posted


@EACH
def test_every_field_of_the_form_is_asked_once_and_in_a_section(item: ServiceItem) -> None:
    nothing = PrefilledForm(values={}, sources={}, read_at=NOW, failed=[])
    asked = questions(item, nothing, None, "zh", myself="")
    assert [question.name for question in asked] == list(fields_of(item.form))
    drawn = [question.name for section in sections(item, asked, "zh") for question in section.questions]
    assert sorted(drawn) == sorted(fields_of(item.form))


@EACH
@given(random=CHANCE)
@settings(max_examples=4)
def test_what_is_not_asked_is_dropped_when_the_form_is_read(item: ServiceItem, random: Random) -> None:
    """Without a script every field is on the page, and somebody may fill in one that does not concern them."""
    answers = made.answers_for(item.form, random)
    asked = asked_fields(item.form, answers)
    hidden = {name: made.value_for(field, random) for name, field in fields_of(item.form).items() if name not in asked}
    assert read_from_page(item, {**hidden, **answers}) == answers


@pytest.mark.parametrize(
    "item", [item for item in WITH_FORM if any("x-when" in f for f in fields_of(item.form).values())], ids=lambda item: item.code
)
def test_a_program_that_answers_what_is_not_asked_is_told_which_field(item: ServiceItem) -> None:
    random = Random(0)
    answers = made.answers_for(item.form, random)
    hidden = [name for name in fields_of(item.form) if name not in asked_fields(item.form, answers)]
    if not hidden:
        return
    with pytest.raises(InvalidInput) as refused:
        check_answers(item, {**answers, hidden[0]: made.value_for(fields_of(item.form)[hidden[0]], random)})
    assert f"/answers/{hidden[0]}" in [field.path for field in refused.value.fields]
