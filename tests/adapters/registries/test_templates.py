"""Whatever is filled into a request stays what it is, and stays where it was put."""

import json
from urllib.parse import parse_qs, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from adapters.registries.request import Requests
from adapters.registries.templates import MissingVariable, TemplateError, TextTemplate, json_template
from domain.evidence import RegistryQuery
from tests.adapters.registries.odd_authority import make_source

RESPONSE = {"no_record": {"status": [404]}}
text = st.text(max_size=40)
xml_able = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=40)


def requests_of(**request: object) -> Requests:
    source = make_source({"name": {}}, {"request": request, "response": RESPONSE}, asked_with={"x": {"zh": "甲", "en": "X"}})
    return Requests(source, {"ODD": "http://odd"})


def asked(purpose: str = "p", **parameters: str) -> RegistryQuery:
    return RegistryQuery(source="odd", id_number="1", purpose=purpose, request_id="r", parameters=parameters, fields=["a", "b"])


@given(text)
def test_any_purpose_travels_in_a_header_without_a_line_end(purpose: str) -> None:
    sent = requests_of(headers={"X-Why": "why: {purpose}"}).look_up(asked(purpose), "").headers["X-Why"]
    assert sent.isascii()
    assert sent.isprintable()
    assert unquote(sent.removeprefix("why: ")) == purpose


@given(text, text)
def test_any_value_travels_in_a_form_as_itself_and_as_no_other_field(purpose: str, value: str) -> None:
    body = requests_of(form={"why": "{purpose}", "x": "{parameters.x}"}).look_up(asked(purpose, x=value), "").body or b""
    assert parse_qs(body.decode(), keep_blank_values=True) == {"why": [purpose], "x": [value]}


@given(text)
def test_any_value_travels_in_json_and_a_lone_placeholder_keeps_its_type(value: str) -> None:
    template = {"x": "{parameters.x}", "all": "{parameters}", "f": "{fields}", "n": 7, "t": ["<{parameters.x}>"], "y": "{{x}}"}
    body = requests_of(json=template).look_up(asked(x=value), "").body or b""
    assert json.loads(body) == {"x": value, "all": {"x": value}, "f": ["a", "b"], "n": 7, "t": [f"<{value}>"], "y": "{x}"}


@given(xml_able)
def test_any_value_travels_in_xml_as_text_and_never_as_markup(value: str) -> None:
    root = etree.fromstring(requests_of(xml='<q a="{parameters.x}"><b>{parameters.x}</b></q>').look_up(asked(x=value), "").body or b"")
    assert (root.get("a"), root[0].text or "") == (value, value)


@given(text)
def test_xml_is_well_formed_whatever_is_filled_in(value: str) -> None:
    etree.fromstring(requests_of(xml='<q a="{parameters.x}">{parameters.x}</q>').look_up(asked(x=value), "").body or b"")


@given(text)
def test_a_value_stays_within_its_segment_of_the_address(value: str) -> None:
    address = TextTemplate("http://odd/a/{parameters.x}/b", {})
    source = make_source({"name": {}}, {"address": "http://odd/a/{parameters.x}/b", "response": RESPONSE})
    sent = Requests(source, {"ODD": "http://odd"}).look_up(asked(x=value), "").address
    assert unquote(sent.split("/")[4]) == value
    assert sent.count("/") == 5
    assert address.alone is None


def test_an_entry_whose_parameter_was_not_given_is_left_out() -> None:
    body = requests_of(json={"x": "{parameters.x}", "n": {"x": "{parameters.x}"}}).look_up(asked(), "").body or b""
    assert json.loads(body) == {"n": {}}
    assert requests_of(form={"x": "{parameters.x}", "p": "{page}"}).look_up(asked(), "2").body == b"p=2"


def test_what_a_variable_holds_is_not_a_template() -> None:
    assert TextTemplate("${ODD}/{id_number}", {"ODD": "{purpose}"}).fill({"id_number": "1", "purpose": "p"}) == "{purpose}/1"


@pytest.mark.parametrize("template", ["{name}", "{}", "{id_number }", "${lower}", "{parameters.}", "{parameters.a-b}"])
def test_an_unknown_placeholder_is_refused(template: str) -> None:
    with pytest.raises(TemplateError, match="is no placeholder"):
        json_template([template], {})


@pytest.mark.parametrize("variables", [{}, {"TOKEN": ""}])
def test_a_variable_that_is_not_set_is_named(variables: dict[str, str]) -> None:
    with pytest.raises(MissingVariable, match="set TOKEN in the environment"):
        TextTemplate("x${TOKEN}", variables)


def test_a_secret_with_a_line_end_is_refused_and_not_shown() -> None:
    source = make_source({"name": {}}, {"auth": {"scheme": "bearer", "secret": "${KEY}"}, "response": RESPONSE})
    with pytest.raises(TemplateError, match="line end") as refused:
        Requests(source, {"ODD": "http://odd", "KEY": "geheim\r\nX-Evil: 1"})
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(("keys", "sent"), [("${ODD}/keys", True), ("http://elsewhere/keys", False)])
def test_credentials_go_to_no_other_host_with_the_question_for_keys(keys: str, sent: bool) -> None:
    signature = {"scheme": "ed25519", "header": "S", "key_header": "K", "keys": keys}
    auth = {"scheme": "bearer", "secret": "${KEY}"}
    source = make_source({"name": {}}, {"auth": auth, "signature": signature, "response": RESPONSE})
    assert Requests(source, {"ODD": "http://odd", "KEY": "geheim"}).keys_headers == ({"Authorization": "Bearer geheim"} if sent else {})
