"""Portraits: a picture with a signed statement that carries its SHA-256 and the question's id."""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Any

from adapters.outbound import NoReply, read_json
from domain.evidence import RegistryQuery


def read_statement(header: str) -> bytes:
    """The bytes that were signed. Raises NoReply."""
    try:
        return base64.b64decode(header, validate=True)
    except ValueError as error:
        raise NoReply("malformed answer: statement is not base64") from error


def check_statement(query: RegistryQuery, signed: bytes, *, found: bool) -> dict[str, Any]:
    """The statement, once it is known to be to this question.

    Raises:
        NoReply: it is not.
    """
    statement = read_json(signed)
    if not isinstance(statement, dict):
        raise NoReply("malformed answer: not a JSON object")
    about = (statement.get("source"), statement.get("request_id"), statement.get("kind"))
    if about != (query.source, query.request_id, "portrait") or statement.get("found") is not found:
        raise NoReply("the answer belongs to another question")
    try:
        aware = datetime.fromisoformat(str(statement.get("answered_at"))).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise NoReply("malformed answer: answered_at is not a time with its zone")
    return statement


def check_picture(statement: dict[str, Any], picture: bytes) -> None:
    """Raises NoReply when it is not the JPEG of the statement."""
    if not hmac.compare_digest(str(statement.get("sha256", "")).encode(), hashlib.sha256(picture).hexdigest().encode()):
        raise NoReply("bad signature: the portrait is not the one that was signed")
    if not picture.startswith(b"\xff\xd8\xff"):
        raise NoReply("malformed answer: the portrait is no JPEG")
