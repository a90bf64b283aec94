"""The words of the pages: one YAML file a language, looked up by dotted key."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from domain.text import Language

TRANSLATIONS = Path(__file__).parent / "translations"
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            flat |= _flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = str(value)
    return flat


@cache
def texts(language: Language) -> Mapping[str, str]:
    """All texts of one language, key → text with `{name}` places."""
    return _flatten(yaml.safe_load((TRANSLATIONS / f"{language}.yaml").read_text(encoding="utf-8")))


def say(language: Language, key: str, **values: object) -> str:
    """The text of a key, its places filled.

    Raises:
        KeyError: no such key; a test holds every template to the files.
    """
    return texts(language)[key].format(**values)


def say_or(language: Language, key: str, otherwise: str) -> str:
    """As `say`, for keys made from data (a registry's field names, say) that a file may not know."""
    return texts(language).get(key, otherwise)
