"""The requests of one source, as its file describes them."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from adapters.registries.templates import TemplateError, TextTemplate, Value, header_text, json_template, url_text, values_of, xml_text
from domain.evidence import RegistryQuery
from domain.source import Auth, BasicAuth, BearerAuth, HeaderAuth, RequestShape, Source

_Fill = Callable[[Mapping[str, Value]], bytes]


@dataclass(frozen=True, slots=True)
class Request:
    """What goes over the wire; `address` is whole and encoded."""

    method: str
    address: str
    headers: dict[str, str]
    body: bytes | None


class Requests:
    """Makes the requests of one source."""

    def __init__(self, source: Source, variables: Mapping[str, str]) -> None:
        """Raises TemplateError (MissingVariable when a setting is not set)."""
        connector = source.connector
        self._code = source.code
        self._method = connector.method
        self._parameter = connector.paging.parameter if connector.paging else None
        self._address = TextTemplate(connector.address, variables)
        self._portrait = TextTemplate(connector.portrait.address, variables) if connector.portrait else None
        self._query = _texts(connector.request.query, variables)
        self._headers = _texts(connector.request.headers, variables)
        credentials = _credentials(connector.auth, variables)
        self.keys_address = TextTemplate(connector.signature.keys, variables).fill({"source": source.code}, url_text)
        # Another host gets no credentials of this one.
        same_host = urlsplit(self.keys_address)[:2] == urlsplit(self._address.fill({"source": source.code}, url_text))[:2]
        self.keys_headers = dict(credentials) if same_host else {}
        self._fixed_headers = credentials
        self._body: _Fill | None = None
        if made := _body(connector.request, variables):
            self._fixed_headers["Content-Type"], self._body = made

    def look_up(self, query: RegistryQuery, page: str) -> Request:
        return self._make(self._address, query, page)

    def portrait(self, query: RegistryQuery) -> Request | None:
        """None when the source has no portraits."""
        return self._make(self._portrait, query, "") if self._portrait else None

    def _make(self, address: TextTemplate, query: RegistryQuery, page: str) -> Request:
        values = values_of(self._code, query.id_number, query.request_id, query.purpose, query.fields, query.parameters)
        values["page"] = page
        headers = {name: text.fill(values, header_text) for name, text in self._headers if not text.left_out(values)}
        return Request(
            method=self._method,
            address=self._whole(address.fill(values, url_text), values, page),
            headers={**headers, **self._fixed_headers},
            body=self._body(values) if self._body else None,
        )

    def _whole(self, address: str, values: Mapping[str, Value], page: str) -> str:
        query = [(name, text.fill(values)) for name, text in self._query if not text.left_out(values)]
        if self._parameter:
            query.append((self._parameter, page))
        if not query:
            return address
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query, quote_via=quote)}"


def _texts(templates: Mapping[str, str], variables: Mapping[str, str]) -> list[tuple[str, TextTemplate]]:
    return [(name, TextTemplate(text, variables)) for name, text in templates.items()]


def _body(request: RequestShape, variables: Mapping[str, str]) -> tuple[str, _Fill] | None:
    """The media type and what makes the body."""
    if request.body is not None:
        return "application/json", _json_body(json_template(request.body, variables))
    if request.form is not None:
        return "application/x-www-form-urlencoded", _form_body(_texts(request.form, variables))
    if request.xml is not None:
        return "application/xml; charset=utf-8", _xml_body(TextTemplate(request.xml, variables))
    return None


def _json_body(fill: Callable[[Mapping[str, Value]], Any]) -> _Fill:
    return lambda values: json.dumps(fill(values), ensure_ascii=False, separators=(",", ":")).encode()


def _form_body(texts: list[tuple[str, TextTemplate]]) -> _Fill:
    return lambda values: urlencode([(name, text.fill(values)) for name, text in texts if not text.left_out(values)]).encode()


def _xml_body(text: TextTemplate) -> _Fill:
    return lambda values: text.fill(values, xml_text).encode()


def _credentials(auth: Auth, variables: Mapping[str, str]) -> dict[str, str]:
    match auth:
        case BearerAuth():
            return {"Authorization": f"Bearer {_secret(auth.secret, variables)}"}
        case BasicAuth():
            pair = f"{_secret(auth.user, variables)}:{_secret(auth.secret, variables)}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        case HeaderAuth():
            return {auth.name: _secret(auth.secret, variables)}
        case _:
            return {}


def _secret(text: str, variables: Mapping[str, str]) -> str:
    value = TextTemplate(text, variables).fill({})
    if not value.isprintable():
        raise TemplateError(f"{text} holds a line end or another character that no header takes")
    return value
