"""Whom a command speaks to: the language of their terminal, or the one they ask for."""

import os
from typing import Annotated

import typer

from domain.text import Bilingual, Language

Spoken = Annotated[str | None, typer.Option("--language", help="zh or en; default: the terminal's (LANG)")]


def language_of(asked: str | None) -> Language:
    """`asked` wins; then LC_ALL, LC_MESSAGES and LANG, the first that is set; English when none says Chinese.

    Raises:
        typer.BadParameter: neither zh nor en.
    """
    if asked is not None:
        if asked not in ("zh", "en"):
            raise typer.BadParameter("zh or en", param_hint="--language")
        return "zh" if asked == "zh" else "en"
    terminal = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh" if terminal.lower().startswith("zh") else "en"


def say(language: Language, zh: str, en: str) -> None:
    typer.echo(zh if language == "zh" else en)


def either(language: Language, text: Bilingual | None, otherwise: str = "") -> str:
    return text.in_language(language) if text is not None else otherwise
