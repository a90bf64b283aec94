"""Registries over HTTP: every answer signed by its authority, bound to the question, kept as the bytes that were signed."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from adapters.outbound import NoReply, OutboundClient, Reply, read_json
from adapters.registries.keys import AuthorityKeys
from domain.errors import RegistryUnavailable
from domain.evidence import RegistryAnswer, RegistryQuery

MAX_ANSWER_BYTES = 1_000_000
MAX_PORTRAIT_BYTES = 10_000_000
_SOURCE = re.compile(r"[a-z][a-z0-9_]{0,60}")


class HttpRegistries:
    """A `RegistryConnector` for authorities that answer under `<base_url>/<source>`."""

    def __init__(
        self, base_url: str, token: str, timeout_seconds: float = 5.0, *, max_connections: int = 64, keys_refetch_seconds: float = 5.0
    ) -> None:
        self._client = OutboundClient(base_url, token, timeout_seconds, max_connections=max_connections)
        self._keys = AuthorityKeys(self._client, keys_refetch_seconds)

    async def look_up(self, query: RegistryQuery) -> RegistryAnswer:
        """Ask one source; the answer's digest is the SHA-256 of the bytes that the authority signed.

        Raises:
            RegistryUnavailable: no answer, an error, or an answer that does not verify or is not to this question.
        """
        try:
            reply = await self._ask(query, "lookup", MAX_ANSWER_BYTES)
            if reply.status != 200:
                raise NoReply(f"status {reply.status}")
            signature, key_id = await self._verified(query.source, reply, reply.body)
            found, record = _read_record(query, reply.body)
        except NoReply as error:
            raise RegistryUnavailable(query.source, error.why) from error
        return RegistryAnswer(
            source=query.source,
            request_id=query.request_id,
            found=found,
            record=record,
            fetched_at=datetime.now(UTC),
            body=reply.body,
            digest=hashlib.sha256(reply.body).hexdigest(),
            signature=signature,
            key_id=key_id,
        )

    async def portrait(self, query: RegistryQuery) -> bytes | None:
        """The JPEG of this person; the authority signs a statement with its SHA-256 and this request's id.

        Raises:
            RegistryUnavailable: as above.
        """
        try:
            reply = await self._ask(query, "portrait", MAX_PORTRAIT_BYTES)
            if reply.status == 404:
                await self._verified(query.source, reply, reply.body)
                _check_statement(query, read_json(reply.body), found=False)
                return None
            if reply.status != 200:
                raise NoReply(f"status {reply.status}")
            await self._check_portrait(query, reply)
        except NoReply as error:
            raise RegistryUnavailable(query.source, error.why) from error
        return reply.body

    async def aclose(self) -> None:
        """Close the connections; the next question opens new ones."""
        await self._client.aclose()

    async def _ask(self, query: RegistryQuery, kind: str, limit: int) -> Reply:
        if not _SOURCE.fullmatch(query.source):
            raise NoReply("no such source")
        headers = {"X-Request-Id": query.request_id, "X-Purpose": quote(query.purpose)}
        question = {"id_number": query.id_number, "parameters": query.parameters}
        return await self._client.post_json(f"/{query.source}/{kind}", question, headers, limit=limit)

    async def _verified(self, source: str, reply: Reply, signed: bytes) -> tuple[str, str]:
        """The signature and key id of the reply, once they have held."""
        signature, key_id = reply.headers.get("X-Signature"), reply.headers.get("X-Key-Id")
        if not signature or not key_id:
            raise NoReply(f"status {reply.status} without a signature")
        await self._keys.check(source, key_id, signed, signature)
        return signature, key_id

    async def _check_portrait(self, query: RegistryQuery, reply: Reply) -> None:
        try:
            signed = base64.b64decode(reply.headers.get("X-Statement", ""), validate=True)
        except ValueError as error:
            raise NoReply("malformed answer: statement is not base64") from error
        await self._verified(query.source, reply, signed)
        statement = _check_statement(query, read_json(signed), found=True)
        if not hmac.compare_digest(str(statement.get("sha256", "")), hashlib.sha256(reply.body).hexdigest()):
            raise NoReply("bad signature: the portrait is not the one that was signed")
        if not reply.body.startswith(b"\xff\xd8\xff"):
            raise NoReply("malformed answer: the portrait is no JPEG")


def _check_bound(query: RegistryQuery, answer: Any) -> dict[str, Any]:
    """The answer as an object, once it is known to belong to this question."""
    if not isinstance(answer, dict):
        raise NoReply("malformed answer: not a JSON object")
    if answer.get("source") != query.source or answer.get("request_id") != query.request_id:
        raise NoReply("the answer belongs to another question")
    if not isinstance(answer.get("found"), bool):
        raise NoReply("malformed answer: found is missing")
    _check_time(answer.get("answered_at"))
    return answer


def _check_time(answered_at: object) -> None:
    try:
        aware = datetime.fromisoformat(str(answered_at)).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise NoReply("malformed answer: answered_at is not a time with its zone")


def _check_statement(query: RegistryQuery, statement: Any, *, found: bool) -> dict[str, Any]:
    checked = _check_bound(query, statement)
    if checked.get("kind") != "portrait" or checked["found"] is not found:
        raise NoReply("the answer belongs to another question")
    return checked


def _read_record(query: RegistryQuery, body: bytes) -> tuple[bool, dict[str, Any]]:
    answer = _check_bound(query, read_json(body))
    record = answer.get("record")
    if not isinstance(record, dict) or answer["found"] is not bool(record):
        raise NoReply("malformed answer: found and record do not fit")
    if not _about(record, query.id_number):
        raise NoReply("the answer is about somebody else")
    return answer["found"], record


def _about(record: Mapping[str, Any], id_number: str) -> bool:
    """Whether the record, where it names one person, names the one who was asked for."""
    return str(record.get("id_number", id_number)).upper() == id_number.upper()
