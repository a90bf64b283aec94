"""The registries: one authority per path prefix, each answering with its own signature.

`POST /registries/{source}/lookup` signs the exact bytes of its JSON body, which holds the `fields` asked for and no
others. The housing fund speaks a language of its own (`simulators.housing_fund`). A portrait comes with a JSON statement
in `X-Statement` (base64) that carries the picture's SHA-256 and is what the signature covers, so that no portrait
can be passed off for another request.
"""

import base64
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from domain.cards import CardSide
from domain.errors import InvalidInput
from simulators.access_log import AccessLog
from simulators.demo_people import DemoPerson
from simulators.faults import Faults
from simulators.housing_fund import HOUSING_FUND, LOOKUP_PATH, HousingFund
from simulators.id_cards import as_jpeg, draw_back, draw_front, printed_card
from simulators.journal import Journal
from simulators.misprints import KIND_NAMES
from simulators.people import Disagreement, DisagreementKind, Person
from simulators.population import Population
from simulators.portraits import as_portrait
from simulators.records import FIELDS, RECORDS
from simulators.signing import AuthorityKey
from simulators.territory import ANY_STATION, STATIONS
from simulators.web import (
    BearerToken,
    change_faults,
    json_bytes,
    json_object,
    json_response,
    page,
    refusal,
    show_faults,
    struck,
)

STAFF = 40  # people from whom a demonstration takes its members of staff
SOURCES = tuple(RECORDS)
SOURCE_NAMES = {
    "resident_population": ("常住人口信息", "Resident population"),
    "criminal_records": ("违法犯罪记录", "Criminal records"),
    "property": ("不动产登记", "Property registry"),
    "marriage": ("婚姻登记", "Marriage registry"),
    "social_security": ("社会保险", "Social security"),
    "death": ("死亡医学证明信息", "Deaths"),
    "birth_certificate": ("出生医学证明", "Birth certificates"),
    "overseas_return": ("华侨回国定居信息", "Return from overseas"),
    "household": ("户信息", "Household"),
    "wanted_persons": ("在逃人员信息", "Wanted persons"),
    "residence_permits": ("居住证信息", "Residence permits"),
    "floating_population": ("流动人口居住登记", "Floating population"),
    "exit_entry_documents": ("出入境证件", "Exit-entry documents"),
    "vehicles": ("机动车登记", "Vehicles"),
    "drivers": ("机动车驾驶人", "Drivers"),
    "violations": ("交通违法信息", "Traffic violations"),
    "id_card_issue": ("居民身份证制发", "ID-card issue"),
    "cancelled_persons": ("注销户口人员", "Cancelled persons"),
    HOUSING_FUND: ("住房公积金", "Housing provident fund"),
}
_NAMED = tuple(SOURCE_NAMES.items())
_REQUEST_ID = re.compile(r"[!-~]{1,128}")
_REMEMBERED_ANSWERS = 4096
_DISAGREEMENTS_SHOWN = 20  # of each kind, on the page; the JSON has all


class _BadRequest(Exception):
    pass


@dataclass(frozen=True, slots=True)
class _Question:
    id_number: str
    parameters: dict[str, str]
    request_id: str
    purpose: str
    fields: frozenset[str] = frozenset()  # none: all

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.id_number, tuple(sorted(self.parameters.items())), self.request_id, self.purpose, self.fields)


@dataclass(frozen=True, slots=True)
class _Answer:
    body: bytes
    media_type: str
    status: int
    headers: dict[str, str]


async def _read_question(request: Request, known_fields: frozenset[str]) -> _Question:
    request_id = request.headers.get("x-request-id", "")
    if not _REQUEST_ID.fullmatch(request_id):
        raise _BadRequest("X-Request-Id is required: 1 to 128 printable ASCII characters")
    purpose = unquote(request.headers.get("x-purpose", "")).strip()
    if not 1 <= len(purpose) <= 300:
        raise _BadRequest("X-Purpose is required: 1 to 300 characters, percent-encoded UTF-8")
    try:
        body = await json_object(request)
    except ValueError as error:
        raise _BadRequest(str(error)) from error
    id_number, parameters = body.get("id_number"), body.get("parameters", {})
    if not isinstance(id_number, str) or not 1 <= len(id_number) <= 32:
        raise _BadRequest("id_number is required: a string of at most 32 characters")
    if not isinstance(parameters, dict) or not all(isinstance(v, str) for v in parameters.values()):
        raise _BadRequest("parameters is an object of strings")
    return _Question(id_number.strip().upper(), parameters, request_id, purpose, _fields(body.get("fields"), known_fields))


def _fields(asked: object, known: frozenset[str]) -> frozenset[str]:
    """The top-level fields that are asked for; an unknown one is refused rather than passed over."""
    if asked is None:
        return frozenset()
    if not isinstance(asked, list) or not all(isinstance(name, str) for name in asked):
        raise _BadRequest("fields is a list of names; none or an empty list asks for all")
    if unknown := sorted(set(asked) - known):
        raise _BadRequest(f"there is no field named {unknown[0][:60]}")
    return frozenset(asked)


class Authority:
    """One source: its key, its records, and the answers it has lately given."""

    def __init__(self, source: str, population: Population, key: AuthorityKey, log: AccessLog) -> None:
        self.source = source
        self.key = key
        self._population = population
        self.fields = FIELDS[source]
        self._record = RECORDS[source]
        self._log = log
        self._given: OrderedDict[tuple[Any, ...], _Answer] = OrderedDict()

    def look_up(self, question: _Question) -> _Answer:
        return self._once("lookup", question, self._make_record)

    def portrait(self, question: _Question) -> _Answer:
        return self._once("portrait", question, self._make_portrait)

    def _once(self, kind: str, question: _Question, make: Callable[[_Question], _Answer]) -> _Answer:
        """The same question under the same request id has the same answer, to the byte."""
        self._log.enter(self.source, kind, question.request_id, question.purpose)
        key = (kind, *question.key)
        answer = self._given.get(key)
        if answer is None:
            answer = self._given[key] = make(question)
            if len(self._given) > _REMEMBERED_ANSWERS:
                self._given.popitem(last=False)
        return answer

    def _statement(self, question: _Question, found: bool) -> dict[str, Any]:
        return {
            "source": self.source,
            "request_id": question.request_id,
            "purpose": question.purpose,
            "answered_at": datetime.now(UTC).isoformat(),
            "found": found,
        }

    def _make_record(self, question: _Question) -> _Answer:
        record = self._record(self._population, question.id_number, question.parameters)
        shown = {name: value for name, value in (record or {}).items() if not question.fields or name in question.fields}
        body = json_bytes({**self._statement(question, record is not None), "record": shown})
        return _Answer(body, "application/json", 200, self._signature(body))

    def _make_portrait(self, question: _Question) -> _Answer:
        portrait = self._population.find_portrait(question.id_number)
        statement = {**self._statement(question, portrait is not None), "kind": "portrait"}
        if portrait is None:
            body = json_bytes(statement)
            return _Answer(body, "application/json", 404, self._signature(body))
        signed = json_bytes({**statement, "media_type": "image/jpeg", "sha256": hashlib.sha256(portrait).hexdigest()})
        headers = {**self._signature(signed), "X-Statement": base64.b64encode(signed).decode()}
        return _Answer(portrait, "image/jpeg", 200, headers)

    def _signature(self, signed: bytes) -> dict[str, str]:
        return {"X-Signature": self.key.sign(signed), "X-Key-Id": self.key.key_id}


class Registries:
    """Every authority behind one server, with the faults and the people that a demonstration adds."""

    def __init__(self, population: Population, state_dir: Path, token: str, *, demo: bool) -> None:
        self.population = population
        self.demo = demo
        self.faults = Faults(tuple(SOURCE_NAMES))
        self.log = AccessLog(state_dir / "access.jsonl")
        self._token = BearerToken(token)
        self._state = state_dir
        self._added = Journal(state_dir / "people.jsonl")
        self._restore_people()
        self.authorities = {
            source: Authority(source, population, AuthorityKey.load_or_make(state_dir / "keys" / f"{source}.pem"), self.log)
            for source in SOURCES
        }
        fund_key = AuthorityKey.load_or_make(state_dir / "keys" / f"{HOUSING_FUND}.pem")
        self.housing_fund = HousingFund(population, fund_key, token, self.log, self.faults)

    def routes(self) -> list[BaseRoute]:
        """Each source's routes come first: they are the ones in a hurry."""
        routes: list[BaseRoute] = []
        for source, authority in self.authorities.items():
            routes.append(Route(f"/registries/{source}/lookup", partial(self._answer, authority, authority.look_up), methods=["POST"]))
        for source, authority in self.authorities.items():
            routes.append(Route(f"/registries/{source}/.well-known/keys", _keys_of(authority)))
        population = self.authorities["resident_population"]
        ask_portrait = partial(self._answer, population, population.portrait)
        routes.append(Route("/registries/resident_population/portrait", ask_portrait, methods=["POST"]))
        routes += self.housing_fund.routes()
        routes.append(Route("/registries/_disagreements", self._show_disagreements))
        routes.append(Route("/registries/_faults", self._show_faults, methods=["GET"]))
        routes.append(Route("/registries/_faults", self._change_faults, methods=["PUT", "POST"]))
        routes.append(Route("/registries/_log", self._show_log))
        routes.append(Route("/registries/", self._page))
        if self.demo:
            routes.append(Route("/registries/_people", self._show_people, methods=["GET"]))
            routes.append(Route("/registries/_people", self._add_person, methods=["POST"]))
            routes.append(Route("/registries/_card", self._show_card, methods=["POST"]))
        return routes

    async def _answer(self, authority: Authority, ask: Callable[[_Question], _Answer], request: Request) -> Response:
        if refused := self._token.refuses(request):
            return refused
        if status := await self.faults.strike(authority.source):
            return struck(status)
        try:
            question = await _read_question(request, authority.fields)
        except _BadRequest as error:
            return refusal(400, "bad-request", str(error))
        answer = ask(question)
        headers = answer.headers
        if self.faults.spoils_signature(authority.source):
            headers = {**headers, "X-Signature": authority.key.sign(b"spoilt" + answer.body)}
        return Response(answer.body, answer.status, headers, answer.media_type)

    async def _show_faults(self, request: Request) -> Response:
        return await show_faults(self.faults)

    async def _change_faults(self, request: Request) -> Response:
        return await change_faults(request, self.faults, "/registries/")

    async def _show_log(self, request: Request) -> Response:
        return json_response({"entries": self.log.entries(request.query_params.get("request_id"))})

    async def _show_disagreements(self, request: Request) -> Response:
        """All that differs between two sources; with the bearer token, as JSON."""
        if refused := self._token.refuses(request):
            return refused
        return json_response({"disagreements": [asdict(found) for found in self.population.disagreements]})

    async def _page(self, request: Request) -> Response:
        return page(
            "registries.html",
            sources=[(source, *names, self._path(source), self._key_id(source), self.log.counts[source]) for source, names in _NAMED],
            disagreements=self._disagreements_by_kind(),
            faults=self.faults.as_json(),
            people=len(self.population),
            seed=self.population.seed,
            demo_people=self.population.demo_people() if self.demo else [],
            station_by_code=ANY_STATION,
            stations=STATIONS,
        )

    def _path(self, source: str) -> str:
        return LOOKUP_PATH if source == HOUSING_FUND else f"/registries/{source}/lookup"

    def _key_id(self, source: str) -> str:
        return self.housing_fund.key.key_id if source == HOUSING_FUND else self.authorities[source].key.key_id

    def _disagreements_by_kind(self) -> list[tuple[str, str, tuple[str, str], int, list[Disagreement]]]:
        """Each kind with its name, the two sources, how many there are, and a few of them in a demonstration."""
        kinds: dict[DisagreementKind, list[Disagreement]] = {}
        for found in self.population.disagreements:
            kinds.setdefault(found.kind, []).append(found)
        shown = _DISAGREEMENTS_SHOWN if self.demo else 0
        return [(kind, KIND_NAMES[kind], found[0].sources, len(found), found[:shown]) for kind, found in sorted(kinds.items())]

    async def _show_people(self, request: Request) -> Response:
        """Demo people, and people who may be its staff; with the bearer token, as JSON."""
        if refused := self._token.refuses(request):
            return refused
        staff = [{"id_number": person.id_number, "name": person.name} for person in self.population.possible_staff(STAFF)]
        return json_response({"people": [_demo_person(demo) for demo in self.population.demo_people()], "staff": staff})

    async def _show_card(self, request: Request) -> Response:
        """`{"id_number", "side"}` → a JPEG of that side of the person's card, marked as a sample."""
        if refused := self._token.refuses(request):
            return refused
        try:
            wanted = await json_object(request)
            side = CardSide(str(wanted.get("side")))
        except ValueError as error:
            return refusal(422, "invalid-card", str(error))
        id_number = str(wanted.get("id_number"))
        card = printed_card(self.population, id_number)
        if card is None:
            return refusal(404, "no-card", "nobody of the population has this card")
        drawn = draw_front(card, self.population.find_portrait(id_number)) if side is CardSide.FRONT else draw_back(card)
        return Response(as_jpeg(drawn), media_type="image/jpeg")

    async def _add_person(self, request: Request) -> Response:
        """`{"portrait": base64, "name"?, "id_number"?, "sex"?, "birth_date"?, "station"?}` → 201 with the ID number."""
        if refused := self._token.refuses(request):
            return refused
        try:
            wanted = await json_object(request, 20_000_000)
            portrait = as_portrait(base64.b64decode(str(wanted["portrait"]), validate=True)) if wanted.get("portrait") else None
            person = self._enter(wanted, portrait)
        except InvalidInput as error:
            return refusal(422, "invalid-person", error.fields[0].text.en if error.fields else error.text.en)
        except ValueError as error:
            return refusal(422, "invalid-person", str(error))
        self._keep(person, portrait)
        station = person.household.station
        return json_response({"id_number": person.id_number, "name": person.name, "station_code": station.code}, 201)

    def _enter(self, wanted: dict[str, Any], portrait: bytes | None) -> Person:
        if wanted.get("sex") not in (None, "male", "female"):
            raise ValueError("sex is male or female")
        name, id_number, station = (_text(wanted, field) for field in ("name", "id_number", "station"))
        born = _text(wanted, "birth_date")
        return self.population.add_person(
            name,
            portrait,
            id_number=id_number,
            sex=wanted.get("sex"),
            birth_date=date.fromisoformat(born) if born else None,
            station=station,
        )

    def _keep(self, person: Person, portrait: bytes | None) -> None:
        """The portrait first: the line in the journal says that both are there."""
        if portrait is not None:
            portraits = self._state / "portraits"
            portraits.mkdir(exist_ok=True)
            (portraits / f"{person.id_number}.jpg").write_bytes(portrait)
        kept = {"id_number": person.id_number, "name": person.name, "station": person.household.station.code}
        self._added.append({**kept, "portrait": portrait is not None})

    def _restore_people(self) -> None:
        for kept in self._added.entries:
            file = self._state / "portraits" / f"{kept['id_number']}.jpg"
            portrait = file.read_bytes() if kept["portrait"] and file.exists() else None
            self.population.add_person(kept["name"], portrait, id_number=kept["id_number"], station=kept["station"])


def _text(wanted: dict[str, Any], field: str) -> str | None:
    value = wanted.get(field)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 60 or not value.isprintable():
        raise ValueError(f"{field} is a string of at most 60 printable characters")
    return value.strip()


def _demo_person(demo: DemoPerson) -> dict[str, Any]:
    return {
        "key": demo.key,
        "name": demo.name,
        "id_number": demo.id_number,
        "phone": demo.phone,
        "what_for": demo.what_for.model_dump(),
        "certificate_number": demo.certificate_number,
        "station_code": demo.station_code,
    }


def _keys_of(authority: Authority) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    keys = {"source": authority.source, "keys": [authority.key.as_jwk()]}

    async def keys_page(request: Request) -> Response:
        return json_response(keys)

    return keys_page


def create_app(population: Population, state_dir: Path, token: str, *, demo: bool = True) -> Starlette:
    """The registries alone. `state_dir` keeps keys, added people and the access log over restarts."""
    return Starlette(routes=Registries(population, state_dir, token, demo=demo).routes())
