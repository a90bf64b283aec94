"""What a source's file says about its requests, compiled once: `{id_number}` and `${NAME}` are filled in, escaped for where they stand."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from domain.source import PLACEHOLDERS

Value = str | list[str] | dict[str, str]
_PART = re.compile(r"\$\{(?P<variable>[A-Z][A-Z0-9_]*)\}|\{\{|\}\}|\{(?P<name>[^{}]*)\}")
_PARAMETER = re.compile(r"parameters\.[A-Za-z_][A-Za-z0-9_]*")
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class TemplateError(ValueError):
    """A template that cannot be filled in; the message names the placeholder or the variable."""


class MissingVariable(TemplateError):
    """The setting or environment variable `name` is not set."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"set {name} in the environment")


class TextTemplate:
    """One text with placeholders. `alone` is the placeholder's name when the text is nothing else."""

    def __init__(self, text: str, variables: Mapping[str, str]) -> None:
        """Raises TemplateError."""
        self._parts: list[tuple[bool, str]] = []  # whether it is a placeholder, and its name or the literal text
        at = 0
        for found in _PART.finditer(text):
            self._literal(text[at : found.start()])
            at = found.end()
            if found["variable"] is not None:
                self._literal(_variable(found["variable"], variables))
            elif found["name"] is not None:
                self._parts.append((True, _placeholder(found["name"])))
            else:
                self._literal(found[0][0])
        self._literal(text[at:])
        self.alone = self._parts[0][1] if len(self._parts) == 1 and self._parts[0][0] else None

    def fill(self, values: Mapping[str, Value], escaped: Callable[[str], str] = str) -> str:
        """A parameter that was not given is empty; a list is joined by commas."""
        return "".join(escaped(_as_text(values.get(part))) if is_name else part for is_name, part in self._parts)

    def left_out(self, values: Mapping[str, Value]) -> bool:
        """Whether an entry of this text alone says nothing, because its parameter was not given."""
        return self.alone is not None and self.alone not in values

    def _literal(self, text: str) -> None:
        if text:
            self._parts.append((False, text))


def json_template(template: Any, variables: Mapping[str, str]) -> Callable[[Mapping[str, Value]], Any]:
    """A function that fills in a JSON template; texts that are one placeholder alone become its value, typed.

    Raises:
        TemplateError: a placeholder that does not exist, a variable that is not set.
    """
    if isinstance(template, str):
        text = TextTemplate(template, variables)
        name = text.alone
        return text.fill if name is None else lambda values: values.get(name)
    if isinstance(template, list):
        filled = [json_template(item, variables) for item in template]
        return lambda values: [fill(values) for fill in filled]
    if isinstance(template, dict):
        entries = [(key, json_template(item, variables), _alone(item, variables)) for key, item in template.items()]
        return lambda values: {key: fill(values) for key, fill, alone in entries if alone is None or alone in values}
    return lambda values: template


def values_of(
    source: str, id_number: str, request_id: str, purpose: str, fields: list[str], parameters: Mapping[str, str]
) -> dict[str, Value]:
    """What placeholders stand for."""
    return {
        "source": source,
        "id_number": id_number,
        "request_id": request_id,
        "purpose": purpose,
        "fields": fields,
        "parameters": dict(parameters),
        **{f"parameters.{name}": value for name, value in parameters.items()},
    }


def xml_text(value: str) -> str:
    """Escaped for an element's text or an attribute; what XML 1.0 cannot hold becomes U+FFFD."""
    return escape(_NOT_IN_XML.sub("\ufffd", value), {'"': "&quot;", "'": "&apos;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})


def header_text(value: str) -> str:
    """Percent-encoded UTF-8: a header holds no line end and no Chinese."""
    return quote(value)


def url_text(value: str) -> str:
    """Percent-encoded for one segment of a path."""
    return quote(value, safe="")


def _alone(item: Any, variables: Mapping[str, str]) -> str | None:
    return TextTemplate(item, variables).alone if isinstance(item, str) else None


def _variable(name: str, variables: Mapping[str, str]) -> str:
    """An empty variable is one that was forgotten."""
    value = variables.get(name)
    if not value:
        raise MissingVariable(name)
    return value


def _placeholder(name: str) -> str:
    if name in PLACEHOLDERS or _PARAMETER.fullmatch(name):
        return name
    raise TemplateError(
        f"{{{name}}} is no placeholder; known are {sorted(PLACEHOLDERS)} and parameters.NAME; write {{{{ and }}}} for braces"
    )


def _as_text(value: Value | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return ",".join(value) if isinstance(value, list) else ",".join(f"{name}={text}" for name, text in value.items())
