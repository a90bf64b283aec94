"""Reads the authorities' data sources from YAML and refuses what cannot be; every refusal names file, line, field and cure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import jsonschema_rs
import yaml
from lxml import etree
from pydantic import ValidationError as ModelError

from domain.source import PLACEHOLDERS, FieldMap, Source
from domain.text import Bilingual

SOURCES = Path(__file__).parent / "sources"
_SHARED = "shared"
_PLACEHOLDER = re.compile(r"\$\{[A-Z][A-Z0-9_]*\}|\{\{|\}\}|\{([^{}]*)\}")
_SECRET_NAME = re.compile(r"token|secret|passw(or)?d|(api|app|access)[-_]?key|authori[sz]ation|credential", re.IGNORECASE)
_CREDENTIALS_IN_URL = re.compile(r"://[^/@]*@")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+: [ -~]*")
_DEEPEST_EXTENDS = 5

Place = tuple[str | int, ...]


class SourceError(ValueError):
    """A source that cannot be. `line` counts from 1; `field` is joined by dots; `cure` says what to do."""

    def __init__(self, file: str, line: int, field: str, cure: str) -> None:
        self.file, self.line, self.field, self.cure = file, line, field, cure
        super().__init__(f"{file}:{line}: {field}: {cure}")


def load_sources(folders: Sequence[Path] = (SOURCES,)) -> dict[str, Source]:
    """All sources of the folders, by code; a later folder adds to the earlier ones or overrides them.

    `connector.extends` looks into the file's own folder's `shared/`, then into the earlier folders'. A folder that is not there is empty.

    Raises:
        SourceError: what is wrong, where, and what to do.
    """
    sources: dict[str, Source] = {}
    shared: dict[str, _File] = {}
    for folder in folders:
        shared |= {path.stem: _File(path) for path in sorted((folder / _SHARED).glob("*.yaml"))}
        for path in sorted(folder.glob("*.yaml")):
            source = _load(_File(path), shared)
            sources[source.code] = source
    return sources


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


class _File:
    """One YAML file; lines are looked up only when something is wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8")
            content = yaml.load(self.text, Loader=yaml.CSafeLoader)
        except UnicodeDecodeError:
            raise SourceError(path.name, 1, "file", "save it as UTF-8") from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or "it cannot be read"
            raise SourceError(path.name, mark.line + 1 if mark else 1, "file", f"correct the YAML: {problem}") from error
        if not isinstance(content, dict):
            raise SourceError(path.name, 1, "file", "begin with fields such as code, name and record")
        self.content: dict[str, Any] = content

    def refuse(self, place: Place, cure: str) -> NoReturn:
        raise SourceError(self.path.name, self.line(place)[0], ".".join(str(step) for step in place) or "file", cure)

    def line(self, place: Place) -> tuple[int, int]:
        """The line of the place, or of the deepest part of it that stands in the file; and how deep that is."""
        node, line, depth = yaml.compose(self.text, Loader=yaml.CSafeLoader), 1, 0
        for step in place:
            if isinstance(node, yaml.MappingNode):
                pair = next(((key, value) for key, value in node.value if key.value == str(step)), None)
                if pair is None:
                    break
                line, node = pair[0].start_mark.line + 1, pair[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                break
            depth += 1
        return line, depth


class _Refusal:
    """Refuses a place of the merged source where it stands: in the file itself, or in the shared one that it extends."""

    def __init__(self, files: Sequence[_File]) -> None:
        self._files = files

    def __call__(self, place: Place, cure: str) -> NoReturn:
        # The first of the deepest: a file's own words win over what it extends.
        deepest = max(self._files, key=lambda file: file.line(place)[1])
        deepest.refuse(place, cure)


def _load(file: _File, shared: Mapping[str, _File]) -> Source:
    connector, files = _extended(file, shared)
    refuse = _Refusal(files)
    content = file.content if connector is None else {**file.content, "connector": connector}
    _check_secrets(content.get("connector"), ("connector",), refuse)
    try:
        source = Source.model_validate(content)
    except ModelError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        refuse(_place_of(first["loc"], content), first["msg"].removeprefix("Value error, "))
    if source.code != file.path.stem:
        refuse(("code",), f"the file is named {file.path.name}: write code: {file.path.stem}, or rename the file")
    _check_record(source, refuse)
    _check_connector(source, refuse)
    return source


def _extended(file: _File, shared: Mapping[str, _File]) -> tuple[dict[str, Any] | None, list[_File]]:
    """The connector with all that it extends, and the files that it came from, its own first."""
    connector, files = file.content.get("connector"), [file]
    if not isinstance(connector, dict):
        return None, files
    merged, name = connector, connector.get("extends")
    while name is not None:
        if name not in shared:
            files[-1].refuse(("connector", "extends"), f"there is no shared/{name}.yaml; known are {sorted(shared)}")
        if len(files) > _DEEPEST_EXTENDS:
            files[-1].refuse(("connector", "extends"), "the shared files extend each other in a ring; take one extends out")
        files.append(shared[name])
        base = shared[name].content.get("connector")
        if not isinstance(base, dict) or shared[name].content.keys() != {"connector"}:
            files[-1].refuse((), "a shared file holds connector and nothing else")
        merged, name = _merged(base, merged), base.get("extends")
    return merged, files


def _merged(base: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Deeply; what is not a mapping is replaced, and null takes away. Credentials and bodies are replaced as a whole."""
    merged = dict(base)
    for name, value in own.items():
        if name == "request" and isinstance(value, dict) and value.keys() & {"json", "form", "xml"}:
            merged[name] = {kind: part for kind, part in merged.get(name, {}).items() if kind not in ("json", "form", "xml")}
        if isinstance(value, dict) and isinstance(merged.get(name), dict) and "scheme" not in value:
            merged[name] = _merged(merged[name], value)
        else:
            merged[name] = value
    return merged


def _place_of(location: tuple[str | int, ...], content: Any) -> Place:
    """Pydantic's location without the names of union branches, which stand in no file."""
    place: list[str | int] = []
    for step in location:
        try:
            content = content[step]
        except (KeyError, IndexError, TypeError):
            if step != location[-1] or not isinstance(content, dict):
                continue  # the name of a branch
            content = None  # what is missing, or should not be there
        place.append(step)
    return tuple(place)


def _check_secrets(value: Any, place: Place, refuse: _Refusal) -> None:
    for at, text in _leaves(value, place):
        if isinstance(text, str) and "${" not in text and (_SECRET_NAME.search(str(at[-1])) or _CREDENTIALS_IN_URL.search(text)):
            refuse(at, "no secret stands in a file: put it into an environment variable and write ${NAME}")


def _check_record(source: Source, refuse: _Refusal) -> None:
    try:
        jsonschema_rs.meta.validate(source.record)
        validator = jsonschema_rs.Draft202012Validator(source.record, validate_formats=True)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        path = getattr(error, "instance_path", [])
        refuse(("record", *path), f"not JSON Schema 2020-12: {getattr(error, 'message', error)}")
    if source.record.get("type") != "object" or not source.fields:
        refuse(("record",), "describe an object: type: object, with properties")
    for name, schema in source.record["properties"].items():
        if not isinstance(schema, dict) or "x-label" not in schema:
            refuse(("record", "properties", name), "add x-label with zh and en: the citizen reads it")
    for place, schema in _schemas(source.record, ("record",)):
        if "x-label" in schema and not _is_bilingual(schema["x-label"]):
            refuse((*place, "x-label"), "give zh and en")
    for place, value in _leaves(source.sample, ("sample",)):
        if not isinstance(value, str | int | float | None):
            refuse(place, "put it into quotation marks: YAML reads it as a date")
    for misfit in validator.iter_errors(source.sample):
        refuse(("sample", *misfit.instance_path), f"the sample does not conform to record: {misfit.message}")


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


def _check_connector(source: Source, refuse: _Refusal) -> None:
    connector = source.connector
    _check_fields(source, connector.response.fields, "", ("connector", "response", "fields"), refuse)
    if connector.response.fields:
        mapped = set(connector.response.fields)
        if missing := set(source.record.get("required", [])) - mapped:
            refuse(("connector", "response", "fields"), f"{sorted(missing)} is required by record: say where it comes from")
    if connector.paging and record_path(source, f"{connector.paging.join}[]") is None:
        refuse(("connector", "paging", "join"), f"record has no list {connector.paging.join}; name the field whose lists are joined")
    if connector.paging and not (connector.paging.parameter or "{page}" in str(connector.model_dump(include={"request", "address"}))):
        refuse(("connector", "paging", "parameter"), "say where the page goes: name its query parameter, or write {page} in the request")
    for place, text in _templates(source):
        _check_placeholders(source, place, text, refuse)
    for name, text in connector.request.headers.items():
        if not _HEADER.fullmatch(f"{name}: {text}"):
            refuse(("connector", "request", "headers", name), "a header holds printable ASCII only; what is filled in is percent-encoded")
    if connector.request.xml is not None:
        _check_xml(connector.request.xml, refuse)


def _check_xml(template: str, refuse: _Refusal) -> None:
    filled = _PLACEHOLDER.sub(lambda found: found[0][0] if found[0] in ("{{", "}}") else "x", template)
    try:
        etree.fromstring(filled.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        refuse(("connector", "request", "xml"), f"not well-formed XML: {error}")


def _check_fields(source: Source, fields: Mapping[str, str | FieldMap], above: str, place: Place, refuse: _Refusal) -> None:
    for name, field in fields.items():
        path = f"{above}{name}"
        if record_path(source, path) is None:
            refuse((*place, name), f"record has no {path}; add it there or correct the name")
        if isinstance(field, FieldMap) and field.items is not None:
            _check_fields(source, field.items, f"{path}[]." if field.type == "list" else f"{path}.", (*place, name, "items"), refuse)


def _templates(source: Source) -> Iterator[tuple[Place, str]]:
    connector = source.connector
    yield ("connector", "address"), connector.address
    yield ("connector", "signature", "keys"), connector.signature.keys
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


def _check_placeholders(source: Source, place: Place, text: str, refuse: _Refusal) -> None:
    known = PLACEHOLDERS | {f"parameters.{name}" for name in source.asked_with}
    for found in _PLACEHOLDER.finditer(text):
        if found[1] is not None and found[1] not in known:
            refuse(place, f"{{{found[1]}}} is no placeholder; known are {sorted(known)}; write {{{{ and }}}} for braces")
