"""YAML as plain values by PyYAML's safe loader, refusing what it would pass over: a key that stands there twice."""

from collections.abc import Hashable
from typing import Any

import yaml
from yaml.constructor import ConstructorError

_MERGE = "tag:yaml.org,2002:merge"


class _Loader(yaml.CSafeLoader):
    """PyYAML lets the last of two equal keys win; an official would never learn that the first was lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == _MERGE or not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise ConstructorError(None, None, f"{key.value} stands there twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> Any:
    """Mappings, lists, texts, numbers, booleans, null and dates.

    Raises:
        yaml.YAMLError: not YAML, a key that stands there twice, or a tag of a language.
    """
    return yaml.load(text, Loader=_Loader)  # noqa: S506 (a safe loader)
