"""One authority's data source as a file describes it: what it is asked, what it answers, and how to reach it."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from domain.text import Bilingual

Scalar = str | int | float | bool | None
Path = Annotated[
    str,
    Field(
        min_length=1,
        max_length=300,
        description="A place in the answer, names joined by dots: `data.person.name`, `data.rows.0.code`. In XML the names are those "
        "of elements below the root, without namespaces; `@name` at the end is an attribute. `.` is the whole.",
    ),
]
SourceCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")]
Secret = Annotated[str, Field(pattern=r"^\$\{[A-Z][A-Z0-9_]*\}$", max_length=100)]
# Filled into addresses, headers and bodies as `{name}`; `{parameters.x}` is one parameter.
PLACEHOLDERS = frozenset({"source", "id_number", "request_id", "purpose", "fields", "parameters", "page"})


class _Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _check_format(form: str) -> None:
    """Raises ValueError for what strptime cannot read back."""
    example = datetime(2001, 2, 3, 4, 5, 6)  # noqa: DTZ001 — only its digits count
    try:
        datetime.strptime(example.strftime(form), form)  # noqa: DTZ007
    except ValueError:
        raise ValueError(f"{form} is no format of a date, such as %Y%m%d") from None


class NoAuth(_Described):
    """Nothing is sent: the network itself lets only us in."""

    scheme: Literal["none"] = Field(description="No credentials are sent.")


class BearerAuth(_Described):
    """RFC 6750: `Authorization: Bearer …`."""

    scheme: Literal["bearer"] = Field(description="A token in the header Authorization.")
    secret: Secret = Field(description="The setting or environment variable that holds the token, as ${NAME}.")


class BasicAuth(_Described):
    """RFC 7617: user and password."""

    scheme: Literal["basic"] = Field(description="A user and a password in the header Authorization.")
    user: str = Field(description="The user's name, or ${NAME}.", min_length=1, max_length=200)
    secret: Secret = Field(description="The setting or environment variable that holds the password, as ${NAME}.")


class HeaderAuth(_Described):
    """A key in a header of the authority's own."""

    scheme: Literal["header"] = Field(description="A key in a header that the authority names.")
    name: str = Field(description="The header's name.", pattern=r"^[A-Za-z][A-Za-z0-9-]{0,60}$")
    secret: Secret = Field(description="The setting or environment variable that holds the key, as ${NAME}.")


Auth = Annotated[NoAuth | BearerAuth | BasicAuth | HeaderAuth, Field(discriminator="scheme")]


class RequestShape(_Described):
    """What is sent. `{id_number}`, `{request_id}`, `{purpose}`, `{fields}`, `{parameters}`, `{parameters.x}`, `{source}` and
    `{page}` are filled in; an entry that is one `{parameters.x}` alone is left out when that was not given."""

    headers: dict[str, str] = Field(default={}, description="Headers; what is filled in is percent-encoded UTF-8.")
    query: dict[str, str] = Field(default={}, description="The query string, by name.")
    body: JsonValue = Field(
        default=None,
        alias="json",
        description="A JSON body. A text that is `{parameters}` alone becomes an object, `{fields}` alone a list.",
    )
    form: dict[str, str] | None = Field(default=None, description="A form body (application/x-www-form-urlencoded), by name.")
    xml: str | None = Field(default=None, description="An XML body in UTF-8; what is filled in is escaped.")

    @model_validator(mode="after")
    def _one_body(self) -> "RequestShape":
        if sum(body is not None for body in (self.body, self.form, self.xml)) > 1:
            raise ValueError("a request has one body: keep one of json, form and xml")
        return self


class Condition(_Described):
    """Holds when the place has one of the values. A missing place equals null."""

    path: Path = Field(description="Where to look.")
    equals: Scalar | list[Scalar] = Field(description="The value, or a list of which one must be there. In XML compare with texts.")

    def values(self) -> list[Scalar]:
        return self.equals if isinstance(self.equals, list) else [self.equals]


class NoRecord(_Described):
    """How the authority says that it has no record; either sign is enough."""

    path: Path | None = Field(default=None, description="A place in the answer that says so; goes with `equals`.")
    equals: Scalar | list[Scalar] = Field(default=None, description="The value, or values, that say so.")
    status: list[int] = Field(default=[], description="HTTP statuses that say so, such as 404.")


class TimeField(_Described):
    """When the authority answered."""

    path: Path = Field(description="Where the time is.")
    format: str | None = Field(default=None, description="As strptime reads it, such as %Y%m%d%H%M%S; left out: ISO 8601.")
    utc_offset: str | None = Field(
        default=None,
        description="The zone of a time that names none, such as +08:00; left out: the time must name it.",
        pattern=r"^[+-]\d\d:\d\d$",
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> "TimeField":
        if self.format is not None:
            _check_format(self.format)
        return self


def _at_path(value: Any) -> Any:
    """A place alone is short for what is at that place."""
    return {"path": value} if isinstance(value, str) else value


Mapped = Annotated["FieldMap", BeforeValidator(_at_path, json_schema_input_type="str | FieldMap")]
AnsweredAt = Annotated[TimeField, BeforeValidator(_at_path, json_schema_input_type=str | TimeField)]


class FieldMap(_Described):
    """Where one field of the record comes from, and what becomes of it. Text is trimmed; what is missing or empty is left out."""

    path: Path = Field(description="Where it is, seen from the record (within `items`, from the item).")
    type: Literal["text", "integer", "decimal", "boolean", "date", "list", "object"] = Field(
        default="text", description="What it becomes. A date becomes YYYY-MM-DD; what cannot become so is no answer."
    )
    format: str | None = Field(default=None, description="A date as strptime reads it, such as %Y%m%d; left out: YYYY-MM-DD.")
    yuan_to_fen: bool = Field(default=False, description="A decimal amount in yuan becomes a whole number of fen.")
    values: dict[str, Scalar] | None = Field(
        default=None, description="What each value (as text) stands for, such as 1: male. A value that is not listed is no answer."
    )
    items: dict[str, Mapped] | None = Field(
        default=None,
        description="For an object, or for a list of objects: its fields, as under `fields`. A list without it is one of texts.",
    )

    @model_validator(mode="after")
    def _fits_its_type(self) -> "FieldMap":
        if self.format is not None and self.type != "date":
            raise ValueError("format belongs to type: date")
        if self.format is not None:
            _check_format(self.format)
        if self.yuan_to_fen and self.type != "decimal":
            raise ValueError("yuan_to_fen belongs to type: decimal")
        if self.items is not None and self.type not in ("list", "object"):
            raise ValueError("items belongs to type: list or object")
        if self.type == "object" and self.items is None:
            raise ValueError("an object needs items: its fields")
        return self


class ResponseShape(_Described):
    """How an answer is read. What does not fit is no answer, never a fact."""

    format: Literal["json", "xml"] = Field(default="json", description="The format of the body.")
    answered: list[int] = Field(default=[200], description="HTTP statuses that are an answer; any other is asked again later.")
    answered_if: Condition | None = Field(
        default=None,
        description='What an answer must say to be one, such as code: "0"; otherwise (busy, overloaded) it is asked again later.',
    )
    no_record: NoRecord = Field(default=NoRecord(), description="How the authority says that it has no record.")
    about: Path | None = Field(default=None, description="The ID number in the answer; where it is there, it must be the one asked about.")
    bound: dict[Literal["request_id", "source", "id_number", "purpose"], Path] = Field(
        default={}, description="What must come back as it was sent, and where: this binds the answer to the question."
    )
    answered_at: AnsweredAt | None = Field(default=None, description="When the authority answered; left out: when the answer came.")
    record: Path = Field(default=".", description="Where the record is.")
    fields: dict[str, Mapped] = Field(
        default={}, description="Each field of the record: its place, or more about it. Empty: the record is taken as it is (JSON only)."
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> "ResponseShape":
        if self.format == "xml" and not self.fields:
            raise ValueError("XML has no types: name under fields what the record consists of")
        if not self.no_record.status and self.no_record.path is None:
            raise ValueError("no_record needs a path or a status: no record is an answer, no answer is not")
        return self


class Paging(_Described):
    """An answer that comes in pages: all are fetched, each is checked, and one list is joined."""

    parameter: str | None = Field(
        default=None, description="The query parameter that takes the page; left out: {page} in the request says it."
    )
    first: int | str = Field(default=1, description="The first page.")
    next: Path | None = Field(default=None, description="Where the answer names the next page; missing or empty at the last one.")
    pages: Path | None = Field(default=None, description="Where the answer says how many pages there are.")
    current: Path | None = Field(default=None, description="Where the answer says which page it is; it must be the one asked for.")
    join: str = Field(description="The field of the record whose lists are joined; the other fields must not differ from page to page.")
    most: int = Field(default=20, ge=1, le=200, description="More pages than this are no answer.")

    @model_validator(mode="after")
    def _ends_somehow(self) -> "Paging":
        if (self.next is None) == (self.pages is None):
            raise ValueError("name either next or pages: how it is known that there is another page")
        if self.pages is not None and not isinstance(self.first, int):
            raise ValueError("pages counts from a number: first must be one")
        return self


class Signature(_Described):
    """How the authority signs the bytes of each body that it sends."""

    scheme: Literal["ed25519"] = Field(description="RFC 8032, over the bytes of the body.")
    header: str = Field(description="The header that holds the signature.")
    encoding: Literal["base64", "hex"] = Field(default="base64", description="How the signature is written.")
    key_header: str = Field(description="The header that names the key.")
    keys: str = Field(description="Where the public keys are, as a JWK set (RFC 8037).")


class Portrait(_Described):
    """A picture of the person, asked for with the same request; its SHA-256 is in a signed statement."""

    address: str = Field(description="Where it is asked for.")
    statement_header: str = Field(default="X-Statement", description="The header with the statement, base64.")


class Limits(_Described):
    """What the authority can bear, for each of our processes that asks."""

    per_second: float = Field(default=100, gt=0, le=10_000, description="Requests in a second.")
    at_once: int = Field(default=16, ge=1, le=200, description="Requests at the same time.")
    answer_bytes: int = Field(
        default=1_000_000, ge=1_000, le=20_000_000, description="The size of one answer with all its pages; a larger one is no answer."
    )


class Connector(_Described):
    """How the source is asked and its answer read. `${NAME}` anywhere is a setting or environment variable."""

    extends: str | None = Field(
        default=None,
        description="A file in shared/ whose connector this one builds on; what stands here wins.",
        pattern=r"^[a-z][a-z0-9-]*$",
    )
    address: str = Field(description="Where questions go.", min_length=1, max_length=500)
    method: Literal["GET", "POST"] = Field(default="POST", description="The HTTP method.")
    auth: Auth = Field(description="What proves that it is us who ask.")
    request: RequestShape = Field(default=RequestShape(), description="What is sent.")
    response: ResponseShape = Field(description="How the answer is read.")
    paging: Paging | None = Field(default=None, description="Set when an answer comes in pages.")
    signature: Signature = Field(description="How answers are signed; without a signature nothing is believed.")
    portrait: Portrait | None = Field(default=None, description="Set for the one source that has portraits.")
    timeout_seconds: float = Field(default=10, gt=0, le=60, description="For one look-up with all its pages and waits.")
    limits: Limits = Field(default=Limits(), description="What the authority can bear.")

    @cached_property
    def speaks_ours(self) -> bool:
        """Whether a body is already the answer that facts are read from, so that it is kept as it came."""
        shape = self.response
        return (
            shape.format == "json"
            and self.paging is None
            and (shape.record, shape.fields) == ("record", {})
            and (shape.no_record.path, shape.no_record.equals) == ("found", False)
            and {"request_id": "request_id", "source": "source"}.items() <= shape.bound.items()
            and shape.answered_at == TimeField(path="answered_at")
        )


class Source(_Described):
    """One authority's data source: catalogue/sources/<code>.yaml."""

    code: SourceCode = Field(description="The name in rules and records; also the file's name.")
    name: Bilingual = Field(description="What the applicant reads, for example under who read my data.")
    keeper: Bilingual = Field(description="The authority whose it is.")
    group: Literal["government", "police"] = Field(description="Which network it belongs to.")
    asked_with: dict[str, Bilingual] = Field(default={}, description="Parameters that it takes beside the ID number, with their labels.")
    record: dict[str, Any] = Field(
        description="JSON Schema 2020-12 of one record as rules see it; each property has an x-label in zh and en; `required` holds only "
        "what is always sent; x-personal marks what is about a person."
    )
    sample: dict[str, Any] = Field(description="The record of the sample person; it conforms to `record`.")
    connector: Connector = Field(description="How it is asked.")

    @cached_property
    def fields(self) -> frozenset[str]:
        """The top-level fields that may be asked for."""
        return frozenset(self.record.get("properties", {}))


def record_path(source: Source, path: str) -> dict[str, Any] | None:
    """The schema of a place in the record, `a.b`, `list[].x`, `list[0].x` or `list.0.x`; None when there is no such place."""
    schema: dict[str, Any] | None = source.record
    for step in re.findall(r"[^.\[\]]+|\[\d*\]", path):
        schema = _below(schema, step) if schema is not None else None
    return schema


def _below(schema: dict[str, Any], step: str) -> dict[str, Any] | None:
    for branch in _branches(schema):
        if step.startswith("[") or (step.isdigit() and "items" in branch):
            if isinstance(branch.get("items"), dict):
                return dict(branch["items"])
        elif isinstance(found := branch.get("properties", {}).get(step), dict):
            return dict(found)
    return None


def _branches(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema itself and what it may be instead, such as an object or null."""
    yield schema
    for keyword in ("anyOf", "oneOf", "allOf"):
        for branch in schema.get(keyword, []):
            yield from _branches(branch)


def source_file_schema() -> dict[str, Any]:
    """The JSON Schema of a file, for editors: what `extends` brings need not stand in it."""
    schema = Source.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    connector = schema["$defs"]["Connector"]
    for name in ("Signature", "ResponseShape", "Paging", "Portrait"):
        schema["$defs"][name].pop("required", None)
    connector |= {"if": {"not": {"required": ["extends"]}}, "then": {"required": connector.pop("required")}}
    return schema
