"""What can be wrong with a source that its models alone do not see: schema, sample, mapping, templates, secrets."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, Protocol

import jsonschema_rs
from lxml import etree
from pydantic import ValidationError as ModelError

from catalogue.refusals import Place
from domain.source import PLACEHOLDERS, FieldMap, Source, record_path
from domain.text import Bilingual

_PLACEHOLDER = re.compile(r"\$\{[A-Z][A-Z0-9_]*\}|\{\{|\}\}|\{([^{}]*)\}")
_SECRET_NAME = re.compile(r"token|secret|passw(or)?d|(api|app|access)[-_]?key|authori[sz]ation|credential", re.IGNORECASE)
_CREDENTIALS_IN_URL = re.compile(r"://[^/@]*@")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+: [ -~]*")


class Refuse(Protocol):
    def __call__(self, place: Place, zh: str, en: str, cure_zh: str, cure_en: str) -> NoReturn: ...


def check_secrets(value: Any, place: Place, refuse: Refuse) -> None:
    """Before anything else, so that no message ever quotes one."""
    for at, text in _leaves(value, place):
        if isinstance(text, str) and "${" not in text and (_SECRET_NAME.search(str(at[-1])) or _CREDENTIALS_IN_URL.search(text)):
            refuse(
                at,
                "文件里不写口令",
                "no secret stands in a file",
                "放进环境变量，这里写 ${NAME}",
                "put it into an environment variable and write ${NAME}",
            )


def check_source(source: Source, refuse: Refuse) -> None:
    """Refuses the first thing that cannot be."""
    _check_record(source, refuse)
    _check_sample(source, refuse)
    _check_mapping(source, refuse)
    _check_paging(source, refuse)
    _check_templates(source, refuse)


def _check_record(source: Source, refuse: Refuse) -> None:
    try:
        jsonschema_rs.meta.validate(source.record)
        jsonschema_rs.Draft202012Validator(source.record)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        said = getattr(error, "message", str(error))
        place = ("record", *getattr(error, "instance_path", []))
        refuse(place, f"不是 JSON Schema 2020-12：{said}", f"not JSON Schema 2020-12: {said}", "按标准改正", "correct it by the standard")
    if source.record.get("type") != "object" or not source.fields:
        refuse(("record",), "不是一个对象", "it describes no object", "写 type: object 和 properties", "write type: object, and properties")
    for name, schema in source.record["properties"].items():
        if not isinstance(schema, dict) or "x-label" not in schema:
            refuse(("record", "properties", name), "没有名称", "it has no label", "加上 x-label（zh、en）", "add x-label with zh and en")
    for place, described in _schemas(source.record, ("record",)):
        if "x-label" in described and not _is_bilingual(described["x-label"]):
            refuse((*place, "x-label"), "名称不全", "the label is not complete", "写上 zh 和 en", "give zh and en")


def _check_sample(source: Source, refuse: Refuse) -> None:
    for place, value in _leaves(source.sample, ("sample",)):
        if not isinstance(value, str | int | float | None):
            refuse(place, "YAML 读成了日期", "YAML reads it as a date", "加上引号", "put it into quotation marks")
    for misfit in jsonschema_rs.Draft202012Validator(source.record, validate_formats=True).iter_errors(source.sample):
        said = misfit.message
        refuse(
            ("sample", *misfit.instance_path),
            f"与 record 不符：{said}",
            f"does not conform to record: {said}",
            "改正样例或 record",
            "correct the sample or the record",
        )


def _check_mapping(source: Source, refuse: Refuse) -> None:
    place: Place = ("connector", "response", "fields")
    fields = source.connector.response.fields
    _check_fields(source, fields, "", place, refuse)
    if fields and (missing := sorted(set(source.record.get("required", [])) - fields.keys())):
        names = ", ".join(missing)
        refuse(place, f"缺少必有的 {names}", f"{names} is required by record", "写明取自何处", "say where it comes from")


def _check_fields(source: Source, fields: Mapping[str, FieldMap], above: str, place: Place, refuse: Refuse) -> None:
    for name, field in fields.items():
        path = f"{above}{name}"
        if record_path(source, path) is None:
            refuse((*place, name), f"record 中没有 {path}", f"record has no {path}", "加上，或更正名称", "add it there or correct the name")
        if field.items is not None:
            _check_fields(source, field.items, f"{path}[]." if field.type == "list" else f"{path}.", (*place, name, "items"), refuse)


def _check_paging(source: Source, refuse: Refuse) -> None:
    paging = source.connector.paging
    if paging is None:
        return
    place: Place = ("connector", "paging")
    if record_path(source, f"{paging.join}[]") is None:
        refuse(
            (*place, "join"),
            f"record 中没有列表 {paging.join}",
            f"record has no list {paging.join}",
            "写出要合并的列表字段",
            "name the field whose lists are joined",
        )
    if not paging.parameter and not any("{page}" in text for _, text in _templates(source)):
        refuse(
            (*place, "parameter"),
            "没有写明页码放在哪里",
            "where the page goes is not said",
            "写出参数名，或在 request 中写 {page}",
            "name its query parameter, or write {page} in the request",
        )


def _check_templates(source: Source, refuse: Refuse) -> None:
    for place, text in _templates(source):
        _check_placeholders(source, place, text, refuse)
    request = source.connector.request
    for name, text in request.headers.items():
        if not _HEADER.fullmatch(f"{name}: {text}"):
            refuse(
                ("connector", "request", "headers", name),
                "请求头只能是 ASCII",
                "a header holds printable ASCII only",
                "改用占位符，会自动编码",
                "use a placeholder, which is percent-encoded",
            )
    if request.xml is not None:
        _check_xml(request.xml, refuse)


def _check_placeholders(source: Source, place: Place, text: str, refuse: Refuse) -> None:
    known = PLACEHOLDERS | {f"parameters.{name}" for name in source.asked_with}
    names = ", ".join(sorted(known))
    for found in _PLACEHOLDER.finditer(text):
        if found[1] is not None and found[1] not in known:
            refuse(
                place,
                f"没有占位符 {{{found[1]}}}",
                f"{{{found[1]}}} is no placeholder",
                f"可用：{names}；花括号写 {{{{ 和 }}}}",
                f"known are: {names}; write {{{{ and }}}} for braces",
            )


def _check_xml(template: str, refuse: Refuse) -> None:
    filled = _PLACEHOLDER.sub(lambda found: found[0][0] if found[0] in ("{{", "}}") else "x", template)
    try:
        etree.fromstring(filled.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        refuse(("connector", "request", "xml"), f"XML 不完整：{error}", f"not well-formed XML: {error}", "改正标签", "correct its tags")


def _templates(source: Source) -> Iterator[tuple[Place, str]]:
    connector = source.connector
    yield ("connector", "address"), connector.address
    yield ("connector", "signature", "keys"), connector.signature.keys
    if connector.portrait:
        yield ("connector", "portrait", "address"), connector.portrait.address
    request = connector.request
    parts = {"headers": request.headers, "query": request.query, "json": request.body, "form": request.form, "xml": request.xml}
    for place, text in _leaves(parts, ("connector", "request")):
        if isinstance(text, str):
            yield place, text


def _leaves(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """What stands in a tree of mappings and lists, each with its place."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*place, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*place, number))
    else:
        yield place, value


def _schemas(schema: Mapping[str, Any], place: Place) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    yield place, schema
    for name, inner in schema.get("properties", {}).items():
        if isinstance(inner, dict):
            yield from _schemas(inner, (*place, "properties", name))
    if isinstance(schema.get("items"), dict):
        yield from _schemas(schema["items"], (*place, "items"))


def _is_bilingual(label: Any) -> bool:
    try:
        Bilingual.model_validate(label)
    except ModelError:
        return False
    return True
