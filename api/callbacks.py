"""Where the payment provider and the post tell of changes, signed."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field

from api.access import OfficeHere, anybody
from casework import callbacks
from domain.callbacks import Provider
from domain.errors import TooLarge

router = APIRouter(prefix="/v1/callbacks", tags=["call-backs"])


class CallbackTaken(BaseModel):
    repeated: bool = Field(description="The same event had been taken before; nothing came of this one")


@router.post(
    "/{provider}",
    dependencies=[Depends(anybody)],
    summary="A signed call-back of the payment provider or the post",
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}},
)
async def callback(provider: Annotated[Provider, Path()], request: Request, office: OfficeHere) -> CallbackTaken:
    """`X-Signature` is base64 of the Ed25519 signature over `X-Timestamp`, `X-Nonce` and the body's hex SHA-256, joined by line feeds.

    `X-Key-Id` names the key. 403: not signed by the provider, or older than three days; that is recorded. 503: send it again.
    """
    new = await callbacks.receive(office, provider, request.headers, await _body(request))
    return CallbackTaken(repeated=not new)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > callbacks.BODY_MAX_BYTES:
            raise TooLarge()
    return bytes(body)
