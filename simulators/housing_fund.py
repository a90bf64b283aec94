"""The housing provident fund: an authority with an interface of its own, XML in pages, busy and "no record" told in the body.

Nothing here resembles the other registries on purpose: OneTrip reaches it by a description in a file.
"""

import hmac
from base64 import b64decode
from collections import OrderedDict
from datetime import date, datetime, timedelta
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulators.access_log import AccessLog
from simulators.details import CHINA
from simulators.families import REFERENCE_DAY
from simulators.faults import Faults
from simulators.people import Insurance, Person
from simulators.population import Population
from simulators.signing import AuthorityKey
from simulators.web import json_response, struck

HOUSING_FUND = "housing_fund"
LOOKUP_PATH = f"/registries/{HOUSING_FUND}/gjj/jccx.do"
USER = "onetrip"
PAGE_LENGTH = 12
_MONTHS_SHOWN = 60
_REMEMBERED_ANSWERS = 4096
_BUSINESS = "GJJ0301"
_WORDS = {"0000": "成功", "1001": "查无缴存记录", "4001": "参数错误", "9001": "系统繁忙，请稍后再试"}
_UNAVAILABLE = 503


class HousingFund:
    """Answers `POST …/gjj/jccx.do` (form) with signed XML; accounts are those of the insured."""

    def __init__(self, population: Population, key: AuthorityKey, password: str, log: AccessLog, faults: Faults) -> None:
        self.key = key
        self._population = population
        self._expected = f"{USER}:{password}".encode()
        self._log = log
        self._faults = faults
        self._given: OrderedDict[tuple[str, ...], bytes] = OrderedDict()

    def routes(self) -> list[BaseRoute]:
        return [Route(LOOKUP_PATH, self._answer, methods=["POST"]), Route(f"/registries/{HOUSING_FUND}/.well-known/keys", self._keys)]

    async def _keys(self, request: Request) -> Response:
        return json_response({"source": HOUSING_FUND, "keys": [self.key.as_jwk()]})

    async def _answer(self, request: Request) -> Response:
        if not self._admits(request):
            return Response("未授权", 401, {"WWW-Authenticate": 'Basic realm="gjj"'}, "text/plain; charset=utf-8")
        fault = await self._faults.strike(HOUSING_FUND)
        if fault == _UNAVAILABLE:
            return struck(fault)
        async with request.form(max_files=0, max_fields=10) as form:
            asked = {name: str(form.get(name, "")).strip() for name in ("sfzh", "lsh", "cxsy", "page")}
        page = asked["page"] or "1"
        if not _is_right(asked, page):
            return self._signed(_document(asked["lsh"][:128], "4001"), 400)
        if fault:
            return self._signed(_document(asked["lsh"], "9001"))
        self._log.enter(HOUSING_FUND, "lookup", asked["lsh"], asked["cxsy"])
        return self._signed(self._once(asked, int(page)))

    def _admits(self, request: Request) -> bool:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        try:
            given = b64decode(credentials, validate=True)
        except ValueError:
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(given, self._expected)

    def _once(self, asked: dict[str, str], page: int) -> bytes:
        """The same question under the same number has the same answer, to the byte."""
        key = (asked["sfzh"], asked["lsh"], asked["cxsy"], str(page))
        if key not in self._given:
            self._given[key] = self._look_up(asked, page)
            if len(self._given) > _REMEMBERED_ANSWERS:
                self._given.popitem(last=False)
        return self._given[key]

    def _look_up(self, asked: dict[str, str], page: int) -> bytes:
        person = self._population.find(asked["sfzh"].upper())
        insurance = self._population.find_insurance(person.id_number) if person else None
        if person is None or insurance is None:
            return _document(asked["lsh"], "1001")
        return _document(asked["lsh"], "0000", *self._account(person, insurance, page))

    def _account(self, person: Person, insurance: Insurance, page: int) -> list[Element]:
        dice = self._population.details.dice("housing fund", person)
        base = dice.randrange(4500, 26_000, 100)
        monthly = base * 24 // 100
        months = insurance.months_paid
        loan = dice.randrange(50_000, 600_000, 1000) if self._population.properties_of(person.id_number) and dice.random() < 0.5 else 0
        account = Element("ZGXX")
        values = {
            "XM": person.name,
            "SFZH": person.id_number,
            "GRZH": f"330300{person.serial:09d}",
            "DWMC": insurance.employer,
            "KHRQ": _compact(insurance.since),
            "ZHZT": "01" if insurance.active else "02",
            "JCJS": f"{base:.2f}",
            "YJCE": f"{monthly:.2f}",
            "YE": f"{monthly * months * 0.4:.2f}",
            "LJYS": str(months),
            "LXYS": str(months if insurance.active else 0),
            "DKBZ": "1" if loan else "0",
        }
        if loan:
            values["DKYE"] = f"{loan:.2f}"
        _fill(account, values)
        return [account, *_page_of(months, monthly, page)]

    def _signed(self, body: bytes, status: int = 200) -> Response:
        signed = b"spoilt" + body if self._faults.spoils_signature(HOUSING_FUND) else body
        headers = {"X-GJJ-Sign": self.key.sign(signed), "X-GJJ-KeyNo": self.key.key_id}
        return Response(body, status, headers, "application/xml; charset=UTF-8")


def _is_right(asked: dict[str, str], page: str) -> bool:
    number, request_id = asked["sfzh"], asked["lsh"]
    readable = 1 <= len(request_id) <= 128 and request_id.isascii() and request_id.isprintable()
    return readable and 1 <= len(number) <= 32 and 1 <= len(asked["cxsy"]) <= 300 and page.isdecimal() and 1 <= int(page) <= 9999


def _document(request_id: str, code: str, *parts: Element) -> bytes:
    root = Element("GJJ")
    now = f"{datetime.now(CHINA):%Y%m%d%H%M%S}"
    _fill(SubElement(root, "TOU"), {"YWDM": _BUSINESS, "LSH": request_id, "FHM": code, "FHXX": _WORDS[code], "YDSJ": now})
    root.extend(parts)
    xml: bytes = tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + xml


def _page_of(months: int, monthly: int, page: int) -> list[Element]:
    """The page's position and its deposits, newest first."""
    shown = min(months, _MONTHS_SHOWN)
    position, deposits = Element("FY"), Element("MXLB")
    _fill(position, {"DQY": str(page), "ZYS": str(max(1, -(-shown // PAGE_LENGTH))), "ZTS": str(shown)})
    for nth in range((page - 1) * PAGE_LENGTH, min(page * PAGE_LENGTH, shown)):
        month = _months_back(nth + 1)
        paid_on = month + timedelta(days=17)
        values = {"NY": f"{month:%Y%m}", "JE": f"{monthly:.2f}", "RZRQ": _compact(paid_on), "BJBZ": "1" if nth % 17 == 16 else "0"}
        _fill(SubElement(deposits, "MX"), values)
    return [position, deposits]


def _months_back(months: int) -> date:
    """The first day of the month that lies so many months before the reference day."""
    count = REFERENCE_DAY.year * 12 + REFERENCE_DAY.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


def _compact(day: date) -> str:
    return f"{day:%Y%m%d}"


def _fill(parent: Element, values: dict[str, str]) -> None:
    for name, value in values.items():
        SubElement(parent, name).text = value
