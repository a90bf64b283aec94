"""An authority that speaks as a test says: any body, status and header, signed with a key of its own; and sources that describe it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.source import Source
from simulators.signing import AuthorityKey

ID_NUMBER = "11010119900307109X"
LABEL = {"zh": "项", "en": "Item"}


@dataclass(frozen=True)
class Asked:
    """What came over the wire."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class OddAuthority:
    """`answer` is given each question and says the body; `status`, `headers` and `after_signing` bend what is sent."""

    answer: Callable[[Asked], bytes] = lambda asked: b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after_signing: Callable[[bytes], bytes] = lambda body: body
    asked: list[Asked] = field(default_factory=list)
    key: AuthorityKey = field(default_factory=lambda: AuthorityKey(Ed25519PrivateKey.generate()))

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/keys", self._keys), Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    def straighten(self) -> None:
        """Forget what a test bent and asked; the key stays."""
        fresh = OddAuthority()
        self.answer, self.status, self.headers, self.after_signing, self.asked = (
            fresh.answer,
            fresh.status,
            fresh.headers,
            fresh.after_signing,
            fresh.asked,
        )

    async def _keys(self, request: Request) -> Response:
        return Response(json.dumps({"keys": [self.key.as_jwk()]}))

    async def _answer(self, request: Request) -> Response:
        asked = Asked(
            method=request.method,
            path=request.url.path,
            query=dict(request.query_params),
            headers=dict(request.headers),
            body=await request.body(),
        )
        self.asked.append(asked)
        body = self.answer(asked)
        headers = {"X-Sign": self.key.sign(body), "X-Key": self.key.key_id, **self.headers}
        return Response(self.after_signing(body), self.status, headers, "application/octet-stream")


def make_source(properties: dict[str, Any], connector: dict[str, Any], *, required: list[str] | None = None, **more: Any) -> Source:
    """A source whose authority is at ${ODD}; `properties` are of its record."""
    labelled = {name: {**schema, "x-label": LABEL} for name, schema in properties.items()}
    return Source.model_validate(
        {
            "code": "odd",
            "name": {"zh": "测试", "en": "Test"},
            "keeper": {"zh": "测试", "en": "Test"},
            "group": "government",
            "record": {"type": "object", "additionalProperties": False, "required": required or [], "properties": labelled},
            "sample": {},
            "connector": {
                "address": "${ODD}/ask",
                "auth": {"scheme": "none"},
                "signature": {"scheme": "ed25519", "header": "X-Sign", "key_header": "X-Key", "keys": "${ODD}/keys"},
                **connector,
            },
            **more,
        }
    )


def xml_source(**connector: Any) -> Source:
    """People in XML: `<A><I>request id</I><C>code</C><P n="name"><S>sex</S><B>born</B><T>yuan</T></P><L><X>…</X></L></A>`."""
    return make_source(
        {
            "name": {"type": "string"},
            "sex": {"enum": ["male", "female"]},
            "born": {"type": "string", "format": "date"},
            "fee_fen": {"type": "integer", "minimum": 0},
            "homes": {"type": "array", "items": {"type": "object", "required": ["place"], "properties": {"place": {"type": "string"}}}},
        },
        {
            "request": {"xml": '<Q id="{id_number}"><R>{request_id}</R><P>{page}</P></Q>'},
            "response": {
                "format": "xml",
                "answered_if": {"path": "C", "equals": ["ok", "none"]},
                "no_record": {"path": "C", "equals": "none"},
                "about": "P.@id",
                "bound": {"request_id": "I"},
                "fields": {
                    "name": "P.@n",
                    "sex": {"path": "P.S", "values": {"1": "male", "2": "female"}},
                    "born": {"path": "P.B", "type": "date", "format": "%Y%m%d"},
                    "fee_fen": {"path": "P.T", "type": "decimal", "yuan_to_fen": True},
                    "homes": {"path": "L.X", "type": "list", "items": {"place": "@at"}},
                },
            },
            **connector,
        },
        required=["name"],
    )


def person_xml(*, request_id: str = "request-1", code: str = "ok", sex: str = "1", born: str = "19900307", more: str = "") -> bytes:
    return (
        f'<A><I>{request_id}</I><C>{code}</C><P id="{ID_NUMBER}" n="王伟"><S>{sex}</S><B>{born}</B><T>12.30</T></P>'
        f'<L><X at="东门"/><X at="西门"/></L>{more}</A>'
    ).encode()
