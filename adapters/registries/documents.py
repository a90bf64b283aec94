"""An answer's body as a tree that can be asked for places, whether it came as JSON or as XML."""

from functools import lru_cache
from typing import Any, Protocol

from lxml import etree

from adapters.outbound import NoReply, read_json


class Node(Protocol):
    """A place in an answer."""

    def find(self, path: str) -> "Node | None":
        """Raises NoReply when there is more than one."""
        ...

    def find_all(self, path: str) -> "list[Node] | None":
        """The items of the list there; None when there is no list, which is not the same as an empty one."""
        ...

    @property
    def value(self) -> Any:
        """A JSON value; of an XML element its text. Raises NoReply when it has elements instead."""
        ...


class JsonNode:
    def __init__(self, value: Any) -> None:
        self.value = value

    def find(self, path: str) -> "JsonNode | None":
        value = self.value
        for name in _steps(path):
            if isinstance(value, dict) and name in value:
                value = value[name]
            elif isinstance(value, list) and name.isascii() and name.isdigit() and int(name) < len(value):
                value = value[int(name)]
            else:
                return None
        return JsonNode(value)

    def find_all(self, path: str) -> "list[Node] | None":
        found = self.find(path)
        if found is None or found.value is None:
            return None
        if not isinstance(found.value, list):
            raise NoReply("malformed answer: a list is missing")
        return [JsonNode(item) for item in found.value]


class XmlNode:
    """An element, or the text of an attribute."""

    def __init__(self, element: Any, text: str | None = None) -> None:
        self._element = element
        self._text = text

    @property
    def value(self) -> str:
        if self._element is None:
            return self._text or ""
        if len(self._element):
            raise NoReply("malformed answer: a text was expected, a group came")
        return self._element.text or ""

    def find(self, path: str) -> "XmlNode | None":
        found = self._search(path)
        if len(found) > 1:
            raise NoReply("malformed answer: one value was expected, several came")
        return found[0] if found else None

    def find_all(self, path: str) -> "list[Node] | None":
        """An empty list is known by the element around its items."""
        around, _, _ = path.rpartition(".")
        if around and not self._search(around):
            return None
        return [*self._search(path)]

    def _search(self, path: str) -> "list[XmlNode]":
        elements = [] if self._element is None else [self._element]
        for name in _steps(path):
            if name.startswith("@"):
                return [XmlNode(None, text) for element in elements if (text := _attribute(element, name[1:])) is not None]
            elements = [child for element in elements for child in element if _local_name(child) == name]
        return [XmlNode(element) for element in elements]


def read_document(body: bytes, form: str) -> Node:
    """Raises NoReply."""
    return JsonNode(read_json(body)) if form == "json" else read_xml(body)


def read_xml(body: bytes) -> XmlNode:
    """XML 1.0 in any encoding that it declares; no document type, so no entities; at most 256 levels deep.

    Raises:
        NoReply: not XML, or more than XML of data.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise NoReply("malformed answer: not XML") from error
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise NoReply("malformed answer: a document type is not taken")
    return XmlNode(root)


@lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[str, ...]:
    return () if path == "." else tuple(path.split("."))


def _local_name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _attribute(element: Any, name: str) -> str | None:
    return next((str(text) for key, text in element.attrib.items() if key.rpartition("}")[2] == name), None)
