"""The housing fund over HTTP: XML in pages, its own words for busy and for no record, its own headers."""

import base64
from collections.abc import Iterator
from xml.etree.ElementTree import Element, fromstring

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from simulators.housing_fund import LOOKUP_PATH, PAGE_LENGTH, USER
from simulators.population import Population
from simulators.records import RECORDS
from simulators.registries import create_app
from tests.serving import serve

TOKEN = "the fund's password"


@pytest.fixture(scope="module")
def population() -> Population:
    return Population.generate(11, 300)


@pytest.fixture(scope="module")
def running(population: Population, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        serve(create_app(population, tmp_path_factory.mktemp("fund"), TOKEN)) as base,
        httpx.Client(base_url=base, auth=(USER, TOKEN)) as client,
    ):
        yield client


@pytest.fixture
def fund(running: httpx.Client) -> Iterator[httpx.Client]:
    yield running
    repaired = {"latency_ms": 0, "error_rate": 0, "outage": False, "bad_signature_rate": 0}
    assert running.put("/registries/_faults", json={"housing_fund": repaired}).status_code == 200


def ask(fund: httpx.Client, id_number: str, number: str = "lsh-1", page: int = 1) -> httpx.Response:
    return fund.post(LOOKUP_PATH, data={"sfzh": id_number, "lsh": number, "cxsy": "测试", "page": str(page)})


def read(response: httpx.Response) -> Element:
    root: Element = fromstring(response.content)
    return root


def check_signature(fund: httpx.Client, response: httpx.Response) -> None:
    [jwk] = fund.get("/registries/housing_fund/.well-known/keys").json()["keys"]
    assert response.headers["X-GJJ-KeyNo"] == jwk["kid"]
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "="))
    key.verify(base64.b64decode(response.headers["X-GJJ-Sign"]), response.content)


def longest_insured(population: Population) -> str:
    return max((p.id_number for p in population if population.find_insurance(p.id_number)), key=lambda i: months_of(population, i))


def months_of(population: Population, id_number: str) -> int:
    insurance = population.find_insurance(id_number)
    return insurance.months_paid if insurance else 0


def test_an_account_agrees_with_social_security_and_comes_signed(fund: httpx.Client, population: Population) -> None:
    id_number = longest_insured(population)
    response = ask(fund, id_number)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/xml; charset=UTF-8")
    check_signature(fund, response)
    root, insured = read(response), RECORDS["social_security"](population, id_number, {})
    assert insured is not None
    assert (root.findtext("TOU/FHM"), root.findtext("TOU/LSH")) == ("0000", "lsh-1")
    assert (root.findtext("ZGXX/XM"), root.findtext("ZGXX/SFZH")) == (insured["name"], id_number)
    assert root.findtext("ZGXX/DWMC") == insured["employer"]
    assert root.findtext("ZGXX/KHRQ") == insured["since"].replace("-", "")
    assert (root.findtext("ZGXX/DKYE") is not None) == (root.findtext("ZGXX/DKBZ") == "1")


def test_the_pages_together_hold_every_month_once_newest_first(fund: httpx.Client, population: Population) -> None:
    id_number = longest_insured(population)
    first = read(ask(fund, id_number))
    pages = int(first.findtext("FY/ZYS") or "")
    assert pages > 1
    months = [mx.findtext("NY") for n in range(1, pages + 1) for mx in read(ask(fund, id_number, page=n)).iterfind("MXLB/MX")]
    assert len(months) == int(first.findtext("FY/ZTS") or "") > PAGE_LENGTH
    assert months == sorted(set(months), key=lambda month: month or "", reverse=True)
    assert read(ask(fund, id_number, page=pages + 1)).findall("MXLB/MX") == []


def test_no_record_and_busy_are_both_told_with_status_200(fund: httpx.Client, population: Population) -> None:
    nobody = ask(fund, "110101199003071090")
    assert (nobody.status_code, read(nobody).findtext("TOU/FHM")) == (200, "1001")
    check_signature(fund, nobody)
    fund.put("/registries/_faults", json={"housing_fund": {"error_rate": 1}})
    busy = ask(fund, longest_insured(population), "lsh-2")
    assert (busy.status_code, read(busy).findtext("TOU/FHM")) == (200, "9001")
    check_signature(fund, busy)


def test_an_outage_and_a_bad_signature_strike_the_fund_too(fund: httpx.Client, population: Population) -> None:
    fund.put("/registries/_faults", json={"housing_fund": {"outage": True}})
    assert ask(fund, longest_insured(population)).status_code == 503
    fund.put("/registries/_faults", json={"housing_fund": {"outage": False, "bad_signature_rate": 1}})
    with pytest.raises(InvalidSignature):
        check_signature(fund, ask(fund, longest_insured(population)))


def test_the_same_question_has_the_same_answer_to_the_byte(fund: httpx.Client, population: Population) -> None:
    one = longest_insured(population)
    assert ask(fund, one, "again").content == ask(fund, one, "again").content


@pytest.mark.parametrize(
    "form",
    [
        {"sfzh": "", "lsh": "1", "cxsy": "x"},
        {"sfzh": "1", "lsh": "", "cxsy": "x"},
        {"sfzh": "1", "lsh": "1", "cxsy": ""},
        {"sfzh": "1", "lsh": "1", "cxsy": "x", "page": "0"},
        {"sfzh": "1", "lsh": "1", "cxsy": "x", "page": "一"},
        {"sfzh": "1", "lsh": "号", "cxsy": "x"},
    ],
)
def test_a_malformed_question_is_refused_with_a_code(fund: httpx.Client, form: dict[str, str]) -> None:
    response = fund.post(LOOKUP_PATH, data=form)
    assert (response.status_code, read(response).findtext("TOU/FHM")) == (400, "4001")


@pytest.mark.parametrize("auth", [None, ("onetrip", "wrong"), ("other", TOKEN)])
def test_only_the_agreed_user_with_the_password_is_let_in(fund: httpx.Client, auth: tuple[str, str] | None) -> None:
    form = {"sfzh": "1", "lsh": "1", "cxsy": "x"}
    assert httpx.post(f"{fund.base_url}{LOOKUP_PATH}", data=form, auth=auth).status_code == 401
