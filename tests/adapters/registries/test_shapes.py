"""An authority of any shape is asked and believed as its file describes, and what it signed is kept."""

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest

from adapters.registries.http import HttpRegistries
from adapters.registries.reading import says_what_was_signed
from domain.errors import RegistryUnavailable
from domain.evidence import RegistryAnswer, RegistryQuery, signed_pages, verify_evidence
from domain.source import Source
from tests.adapters.registries.odd_authority import ID_NUMBER, Asked, OddAuthority, make_source, person_xml, xml_source
from tests.serving import serve

QUERY = RegistryQuery(source="odd", id_number=ID_NUMBER, purpose="办理 & 核对", request_id="request-1")
NAME_ONLY: dict[str, Any] = {"name": {"type": "string"}}
FOUND = b'{"data": {"name": "x"}}'
PLAIN = {"no_record": {"path": "data", "equals": None}, "record": "data"}

Connect = Callable[..., HttpRegistries]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[OddAuthority, str]]:
    authority = OddAuthority()
    with serve(authority.app()) as address:
        yield authority, address


@pytest.fixture
def authority(served: tuple[OddAuthority, str]) -> OddAuthority:
    served[0].straighten()
    return served[0]


@pytest.fixture
def base(served: tuple[OddAuthority, str]) -> str:
    return served[1]


@pytest.fixture
async def connect(base: str) -> AsyncIterator[Connect]:
    made: list[HttpRegistries] = []

    def make(source: Source, **more: Any) -> HttpRegistries:
        made.append(HttpRegistries({source.code: source}, {"ODD": base, "KEY": "geheim", "PASSWORD": "口令"}, **more))
        return made[-1]

    yield make
    for registries in made:
        await registries.aclose()


async def why_refused(registries: HttpRegistries, query: RegistryQuery = QUERY) -> str:
    with pytest.raises(RegistryUnavailable) as refused:
        await registries.look_up(query)
    assert ID_NUMBER not in f"{refused.value.why} {refused.value.__cause__}"
    assert "王伟" not in refused.value.why
    return refused.value.why


async def is_kept_as_signed(registries: HttpRegistries, source: Source, answer: RegistryAnswer) -> bool:
    keys = await registries.public_keys(source.code)
    return verify_evidence(answer.body, answer.signature, answer.key_id, keys) and says_what_was_signed(source, answer.body)


async def test_xml_becomes_the_record_that_rules_see_and_the_pages_are_kept(authority: OddAuthority, connect: Connect) -> None:
    authority.answer = lambda asked: person_xml()
    registries = connect(xml_source())
    answer = await registries.look_up(QUERY)
    homes = [{"place": "东门"}, {"place": "西门"}]
    assert answer.record == {"name": "王伟", "sex": "male", "born": "1990-03-07", "fee_fen": 1230, "homes": homes}
    kept = json.loads(answer.body)
    assert kept.keys() == {"source", "request_id", "found", "record", "answered_at", "signed"}
    assert kept["record"] == answer.record
    assert base64.b64decode(kept["signed"][0]["body"]) == person_xml()
    assert answer.digest == hashlib.sha256(answer.body).hexdigest()
    assert (answer.signature, answer.key_id) == (authority.key.sign(person_xml()), authority.key.key_id)
    assert await is_kept_as_signed(registries, xml_source(), answer)
    assert authority.asked[0].body.decode() == f'<Q id="{ID_NUMBER}"><R>request-1</R><P></P></Q>'
    assert authority.asked[0].headers["content-type"] == "application/xml; charset=utf-8"


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030"])
async def test_xml_may_come_in_the_encoding_that_it_declares(authority: OddAuthority, connect: Connect, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>{person_xml().decode()}'
    authority.answer = lambda asked: text.encode(encoding)
    assert (await connect(xml_source()).look_up(QUERY)).record["name"] == "王伟"


async def test_no_record_is_an_answer_that_is_kept_and_busy_is_none(authority: OddAuthority, connect: Connect) -> None:
    registries = connect(xml_source())
    authority.answer = lambda asked: b"<A><I>request-1</I><C>none</C></A>"
    answer = await registries.look_up(QUERY)
    assert (answer.found, answer.record) == (False, {})
    assert await is_kept_as_signed(registries, xml_source(), answer)
    authority.answer = lambda asked: b"<A><I>request-1</I><C>busy</C></A>"
    assert await why_refused(registries) == "the authority says that it cannot answer now"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (person_xml(request_id="request-2"), "another question"),
        (b"<A><C>ok</C></A>", "another question"),
        (person_xml().replace(ID_NUMBER.encode(), b"110101199003071022"), "somebody else"),
        (person_xml(sex="9"), "sex is no value that is known"),
        (person_xml(born="19900230"), "born is no date"),
        (person_xml(born="1990307"), "born is no date"),
        (person_xml().replace(b"12.30", b"12.305"), "fee_fen is no amount"),
        (person_xml().replace(b"12.30", b"-1"), "not as its schema says at properties/fee_fen/minimum"),
        (person_xml().replace("王伟".encode(), b""), "not as its schema says at required"),
        (person_xml().replace(b"<S>1</S>", b"<S>1</S><S>2</S>"), "several came"),
        (person_xml().replace(b"<S>1</S>", b"<S><x/></S>"), "a group came"),
        (person_xml().replace("王伟".encode(), "王伟".encode("gb18030")), "not XML"),
        (b"<A><I>request-1</I><C>ok</C></A>", "no record in it"),
        (person_xml()[:-3], "not XML"),
        (b"", "not XML"),
        (b"{}", "not XML"),
        (b'<?xml version="1.0" encoding="no-such"?>' + person_xml(), "not XML"),
        (b"<!DOCTYPE A SYSTEM 'file:///etc/passwd'>" + person_xml(), "document type"),
        (b"<A>" * 5000 + b"</A>" * 5000, "not XML"),
        (person_xml(more="x" * 2_000_000), "too large"),
    ],
)
async def test_what_does_not_fit_is_no_answer(authority: OddAuthority, connect: Connect, body: bytes, why: str) -> None:
    authority.answer = lambda asked: body
    assert why in await why_refused(connect(xml_source()))


async def test_a_signature_that_does_not_hold_is_no_answer(authority: OddAuthority, connect: Connect) -> None:
    authority.answer = lambda asked: person_xml()
    authority.after_signing = lambda body: body.replace(b"<S>1</S>", b"<S>2</S>")
    assert await why_refused(connect(xml_source())) == "bad signature"
    authority.headers = {"X-Sign": "!"}
    assert await why_refused(connect(xml_source())) == "bad signature"


async def test_a_signature_may_be_written_in_hex(authority: OddAuthority, connect: Connect) -> None:
    source = xml_source(
        signature={"scheme": "ed25519", "header": "X-Sign", "key_header": "X-Key", "keys": "${ODD}/keys", "encoding": "hex"}
    )
    authority.answer = lambda asked: person_xml()
    authority.headers = {"X-Sign": base64.b64decode(authority.key.sign(person_xml())).hex()}
    registries = connect(source)
    assert await is_kept_as_signed(registries, source, await registries.look_up(QUERY))


async def test_only_the_fields_asked_for_become_the_record(authority: OddAuthority, connect: Connect) -> None:
    authority.answer = lambda asked: person_xml()
    answer = await connect(xml_source()).look_up(QUERY.model_copy(update={"fields": ["sex"]}))
    assert answer.record == json.loads(answer.body)["record"] == {"sex": "male"}
    assert "no fields ['spouse']" in await why_refused(connect(xml_source()), QUERY.model_copy(update={"fields": ["spouse"]}))


class Pages:
    """Answers page by page with `count` pages of one home each; knows which were asked for."""

    def __init__(self, count: int, sign: str = "") -> None:
        self.count = count
        self.sign = sign  # put into a name, so that pages differ
        self.asked: list[str] = []

    def __call__(self, asked: Asked) -> bytes:
        page = re.findall(r"<P>(.*)</P>", asked.body.decode())[0]
        self.asked.append(page)
        more = f"<N>{int(page) + 1}</N>" if int(page) < self.count else "<N/>"
        name = "王伟" + (self.sign if page != "1" else "")
        return (f'<A><I>request-1</I><C>ok</C><P n="{name}"/><L><X at="{page}"/></L><Z>{self.count}</Z><D>{page}</D>{more}</A>').encode()


@pytest.mark.parametrize("paging", [{"next": "N", "join": "homes"}, {"pages": "Z", "current": "D", "join": "homes"}])
async def test_pages_are_joined_each_one_signed(authority: OddAuthority, connect: Connect, paging: dict[str, Any]) -> None:
    authority.answer = Pages(3)
    source = xml_source(paging=paging)
    registries = connect(source)
    answer = await registries.look_up(QUERY)
    assert answer.record == {"name": "王伟", "homes": [{"place": "1"}, {"place": "2"}, {"place": "3"}]}
    assert len(signed_pages(answer.body)) == 3
    assert await is_kept_as_signed(registries, source, answer)


async def test_pages_that_are_not_wanted_are_not_asked_for(authority: OddAuthority, connect: Connect) -> None:
    authority.answer = pages = Pages(3)
    source = xml_source(paging={"next": "N", "join": "homes"})
    registries = connect(source)
    answer = await registries.look_up(QUERY.model_copy(update={"fields": ["name"]}))
    assert (answer.record, pages.asked) == ({"name": "王伟"}, ["1"])
    assert await is_kept_as_signed(registries, source, answer)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Pages(10_000), "do not end"),
        (lambda asked: person_xml(more="<N>1</N>"), "do not end"),
        (Pages(2, sign="二"), "do not fit together"),
    ],
)
async def test_pages_that_do_not_end_or_do_not_fit_are_no_answer(
    authority: OddAuthority, connect: Connect, answer: Callable[[Asked], bytes], why: str
) -> None:
    authority.answer = answer
    assert why in await why_refused(connect(xml_source(paging={"next": "N", "join": "homes", "most": 4})))
    assert len(authority.asked) <= 4


async def test_pages_that_are_too_much_together_are_no_answer(authority: OddAuthority, connect: Connect) -> None:
    authority.answer = Pages(20)
    source = xml_source(paging={"next": "N", "join": "homes"}, limits={"answer_bytes": 1000})
    assert await why_refused(connect(source)) == "malformed answer: too large"
    assert 2 < len(authority.asked) < 20


async def test_later_pages_may_leave_out_what_the_first_one_said(authority: OddAuthority, connect: Connect) -> None:
    def answer(asked: Asked) -> bytes:
        first = b"<P>1</P>" in asked.body
        body = '<P n="王伟"/><L><X at="1"/></L><N>2</N>' if first else '<L><X at="2"/></L>'
        return f"<A><I>request-1</I><C>ok</C>{body}</A>".encode()

    authority.answer = answer
    source = xml_source(paging={"next": "N", "join": "homes"})
    assert (await connect(source).look_up(QUERY)).record == {"name": "王伟", "homes": [{"place": "1"}, {"place": "2"}]}


async def test_a_page_sent_twice_is_no_answer(authority: OddAuthority, connect: Connect) -> None:
    pages = Pages(2)
    authority.answer = lambda asked: pages(Asked(asked.method, "", {}, {}, b"<P>1</P>"))
    source = xml_source(paging={"pages": "Z", "current": "D", "join": "homes"})
    assert await why_refused(connect(source)) == "the answer is another page"


async def test_what_is_kept_is_found_out_when_it_was_changed(authority: OddAuthority, connect: Connect) -> None:
    authority.answer = Pages(2)
    source = xml_source(paging={"next": "N", "join": "homes"})
    registries = connect(source)
    answer = await registries.look_up(QUERY)
    keys = await registries.public_keys("odd")
    kept = json.loads(answer.body)

    embellished = json.dumps({**kept, "record": {**kept["record"], "name": "李娜"}}).encode()
    assert verify_evidence(embellished, answer.signature, answer.key_id, keys)  # the pages are untouched
    assert not says_what_was_signed(source, embellished)

    for claim in ({"request_id": "request-2"}, {"found": False, "record": {}}, {"record": {"name": "王伟", "homes": [{"place": "1"}]}}):
        assert not says_what_was_signed(source, json.dumps({**kept, **claim}).encode())
    assert not says_what_was_signed(source, json.dumps({**kept, "signed": []}).encode())
    assert not says_what_was_signed(source, b"not JSON")

    forged = base64.b64encode(base64.b64decode(kept["signed"][1]["body"]).replace(b"at", b"AT")).decode()
    changed = json.dumps({**kept, "signed": [kept["signed"][0], {**kept["signed"][1], "body": forged}]}).encode()
    assert not verify_evidence(changed, answer.signature, answer.key_id, keys)
    assert not verify_evidence(answer.body, answer.signature, "another", keys)
    assert not verify_evidence(json.dumps({**kept, "signed": []}).encode(), answer.signature, answer.key_id, keys)
    assert not verify_evidence(b"\xff", answer.signature, answer.key_id, keys)


async def test_questions_go_as_a_query_string_with_a_key_in_a_header(authority: OddAuthority, connect: Connect) -> None:
    authority.answer = lambda asked: FOUND
    source = make_source(
        NAME_ONLY,
        {
            "address": "${ODD}/people/{id_number}?v=1",
            "method": "GET",
            "auth": {"scheme": "header", "name": "X-Api-Key", "secret": "${KEY}"},
            "request": {
                "query": {"why": "{purpose}", "f": "{fields}", "title": "{parameters.title}", "none": "{parameters.none}"},
                "headers": {"X-Why": "{purpose}"},
            },
            "response": PLAIN,
        },
    )
    query = QUERY.model_copy(update={"fields": ["name"], "parameters": {"title": "浙 1&2=3"}})
    assert (await connect(source).look_up(query)).record == {"name": "x"}
    asked = authority.asked[0]
    assert (asked.method, asked.path, asked.body) == ("GET", f"/people/{ID_NUMBER}", b"")
    assert asked.query == {"v": "1", "why": "办理 & 核对", "f": "name", "title": "浙 1&2=3"}
    assert unquote(asked.headers["x-why"]) == "办理 & 核对"
    assert asked.headers["x-api-key"] == "geheim"
    assert asked.headers["accept-encoding"] == "identity"
    assert "authorization" not in asked.headers


async def test_questions_go_as_a_form_with_user_and_password(authority: OddAuthority, connect: Connect) -> None:
    authority.answer = lambda asked: FOUND
    source = make_source(
        NAME_ONLY,
        {
            "auth": {"scheme": "basic", "user": "onetrip", "secret": "${PASSWORD}"},
            "request": {"form": {"no": "{id_number}", "why": "{purpose}"}},
            "response": PLAIN,
        },
    )
    await connect(source).look_up(QUERY)
    asked = authority.asked[0]
    assert parse_qs(asked.body.decode()) == {"no": [ID_NUMBER], "why": ["办理 & 核对"]}
    assert base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode() == "onetrip:口令"


@pytest.mark.parametrize(("body", "found"), [(b'{"data": null}', False), (b"{}", False), (FOUND, True)])
async def test_a_missing_place_may_say_that_there_is_no_record(authority: OddAuthority, connect: Connect, body: bytes, found: bool) -> None:
    authority.answer = lambda asked: body
    assert (await connect(make_source(NAME_ONLY, {"response": PLAIN})).look_up(QUERY)).found is found


async def test_a_status_may_say_that_there_is_no_record_but_only_signed(authority: OddAuthority, connect: Connect) -> None:
    source = make_source(NAME_ONLY, {"response": {"no_record": {"status": [404]}, "bound": {"request_id": "id"}, "record": "data"}})
    authority.status, authority.answer = 404, lambda asked: b'{"id": "request-1"}'
    registries = connect(source)
    answer = await registries.look_up(QUERY)
    assert not answer.found
    assert await is_kept_as_signed(registries, source, answer)
    authority.headers = {"X-Sign": ""}
    assert await why_refused(registries) == "status 404 without a signature"
    authority.status = 410
    assert await why_refused(registries) == "status 410"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"data": [1]}', "no record"),
        (b'{"data": {"name": 1}}', "schema"),
        (b'{"data": {"other": "x"}}', "schema"),
        (b"[", "not JSON"),
        (b'{"data": {"name": "\\ud800"}}', "not JSON"),
        (b'{"data": {"name": 1e400}}', "not JSON"),
        (b'{"data": {"name": 1' + b"0" * 5000 + b"}}", "not JSON"),
        (b'{"data": {"name": 1' + b"0" * 4000 + b"}}", "schema"),
        (b'{"data": {"name": "' + "王".encode("gb18030") + b'"}}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
    ],
)
async def test_json_that_is_not_as_its_schema_says_is_no_answer(authority: OddAuthority, connect: Connect, body: bytes, why: str) -> None:
    authority.answer = lambda asked: body
    assert why in await why_refused(connect(make_source(NAME_ONLY, {"response": PLAIN})))


async def test_a_false_is_no_zero(authority: OddAuthority, connect: Connect) -> None:
    source = make_source(NAME_ONLY, {"response": {**PLAIN, "no_record": {"path": "found", "equals": False}}})
    authority.answer = lambda asked: b'{"found": 0, "data": {"name": "x"}}'
    assert (await connect(source).look_up(QUERY)).found


async def test_when_the_authority_answered_is_read_in_its_zone(authority: OddAuthority, connect: Connect) -> None:
    shape = {**PLAIN, "answered_at": {"path": "at", "format": "%Y%m%d%H%M%S", "utc_offset": "+08:00"}}
    registries = connect(make_source(NAME_ONLY, {"response": shape}))
    authority.answer = lambda asked: b'{"at": "20260301093015", "data": {"name": "x"}}'
    assert json.loads((await registries.look_up(QUERY)).body)["answered_at"] == "2026-03-01T09:30:15+08:00"
    authority.answer = lambda asked: b'{"at": "yesterday", "data": {"name": "x"}}'
    assert "not a time" in await why_refused(registries)


async def test_the_same_answer_is_kept_as_the_same_bytes(authority: OddAuthority, connect: Connect) -> None:
    registries = connect(make_source(NAME_ONLY, {"response": {**PLAIN, "answered_at": "at"}}))
    authority.answer = lambda asked: b'{"at": "2026-03-01T09:30:15Z", "data": {"name": "x"}}'
    answer = await registries.look_up(QUERY)
    assert (await registries.look_up(QUERY)).digest == answer.digest
    source = make_source(NAME_ONLY, {"response": {**PLAIN, "answered_at": "at"}})
    assert says_what_was_signed(source, answer.body)
    assert not says_what_was_signed(source, answer.body.replace(b"2026-03-01", b"2020-03-01"))


async def test_a_source_whose_setting_is_missing_says_so_and_holds_up_no_other(base: str, authority: OddAuthority) -> None:
    ready = make_source(NAME_ONLY, {"response": PLAIN})
    secret = make_source(NAME_ONLY, {"response": PLAIN, "auth": {"scheme": "bearer", "secret": "${ODD_TOKEN}"}}, code="secretive")
    authority.answer = lambda asked: FOUND
    registries = HttpRegistries({"odd": ready, "secretive": secret}, {"ODD": base})
    assert registries.unready == {"secretive": "set ODD_TOKEN in the environment"}
    assert (await registries.look_up(QUERY)).found
    assert await why_refused(registries, QUERY.model_copy(update={"source": "secretive"})) == "set ODD_TOKEN in the environment"
    await registries.aclose()


async def test_no_more_questions_at_once_than_the_authority_can_bear() -> None:
    now, most = 0, 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.03)
        now -= 1
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    source = make_source(NAME_ONLY, {"response": PLAIN, "limits": {"at_once": 3, "per_second": 10_000}})
    with serve(app) as address:
        registries = HttpRegistries({"odd": source}, {"ODD": address})
        await asyncio.gather(*(why_refused(registries) for _ in range(12)))
        await registries.aclose()
    assert most == 3


async def test_no_more_questions_in_a_second_than_the_authority_can_bear(authority: OddAuthority, connect: Connect) -> None:
    authority.answer = lambda asked: FOUND
    registries = connect(make_source(NAME_ONLY, {"response": PLAIN, "timeout_seconds": 0.3, "limits": {"per_second": 1}}))
    assert (await registries.look_up(QUERY)).found
    assert await why_refused(registries) == "too many questions at once"
    assert len(authority.asked) == 1


async def test_a_slow_source_ends_within_its_time_and_holds_up_no_other(authority: OddAuthority, base: str) -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(5)

    authority.answer = lambda asked: FOUND
    with serve(slow) as address:
        sources = {
            "odd": make_source(NAME_ONLY, {"response": PLAIN}),
            "slow": make_source(
                NAME_ONLY, {"address": "${SLOW}/", "response": PLAIN, "timeout_seconds": 0.2, "limits": {"at_once": 1}}, code="slow"
            ),
        }
        registries = HttpRegistries(sources, {"ODD": base, "SLOW": address})
        waiting = [asyncio.create_task(why_refused(registries, QUERY.model_copy(update={"source": "slow"}))) for _ in range(3)]
        assert (await registries.look_up(QUERY)).found
        assert await asyncio.gather(*waiting) == ["no answer within 0.2 s"] * 3
        await registries.aclose()
