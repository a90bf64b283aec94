"""Published heads as an auditor has them: a file kept elsewhere, or the office's address."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

_LONGEST_ANSWER = 50_000_000
_WAIT_SECONDS = 20.0


class HeadsUnreadable(RuntimeError):
    """Neither a file of heads nor an address that answers with them."""


def read_heads(place: str) -> list[str]:
    """The tokens, in the order in which they stand there. `place` is a file or an address that begins with http.

    Raises:
        HeadsUnreadable: with what is wrong.
    """
    tokens = _from_address(place) if place.startswith(("http://", "https://")) else _from_file(Path(place))
    if not tokens:
        raise HeadsUnreadable(f"{place} holds no heads: nothing vouches for any entry")
    return tokens


def _from_file(file: Path) -> list[str]:
    """One token a line, or the API's answer as it came."""
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise HeadsUnreadable(f"{file} cannot be read") from error
    if not text.startswith("{"):
        return text.split()
    try:
        return _tokens(json.loads(text))
    except ValueError as error:
        raise HeadsUnreadable(f"{file} holds no heads") from error


def _from_address(address: str) -> list[str]:
    import httpx

    tokens: list[str] = []
    cursor: str | None = None
    with httpx.Client(timeout=_WAIT_SECONDS) as client:
        while True:
            try:
                reply = client.get(f"{address}?{urlencode({'cursor': cursor})}" if cursor else address)
                reply.raise_for_status()
                page = reply.json()
            except (httpx.HTTPError, ValueError) as error:
                raise HeadsUnreadable(f"{address} does not answer with heads") from error
            some = _tokens(page)
            tokens += some
            cursor = page.get("next_cursor")
            if cursor is None:
                return tokens
            if not some or len(tokens) * 200 > _LONGEST_ANSWER:
                raise HeadsUnreadable(f"{address} goes on without end")


def _tokens(page: Any) -> list[str]:
    try:
        return [str(item["jws"]) for item in page["items"]]
    except (TypeError, KeyError) as error:
        raise HeadsUnreadable("this is not a list of heads") from error
