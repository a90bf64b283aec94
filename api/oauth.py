"""POST /oauth/token: client credentials for integrators; password and one-time password for a clerk's program (RFC 6749)."""

import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.access import OfficeHere, anybody
from casework import accounts
from domain.errors import InvalidInput, NotSignedIn

router = APIRouter(tags=["access"], dependencies=[Depends(anybody)])
Field = Annotated[str, Form()]


class TokenRefused(BaseModel):
    """RFC 6749, 5.2."""

    error: str
    error_description: str


_REFUSALS: dict[int | str, dict[str, Any]] = {400: {"model": TokenRefused}, 401: {"model": TokenRefused}}


@router.post("/oauth/token", summary="An access token, valid for an hour", responses=_REFUSALS)
async def token(
    request: Request,
    office: OfficeHere,
    grant_type: Field,
    client_id: Field = "",
    client_secret: Field = "",
    username: Field = "",
    password: Field = "",
    totp: Field = "",
) -> JSONResponse:
    """`client_credentials` with id and secret (form fields or HTTP Basic), or `password` with `username`, `password`, `totp`."""
    try:
        if grant_type == "client_credentials":
            client_id, client_secret = _basic(request) or (client_id, client_secret)
            access_token = await accounts.client_token(office, client_id, client_secret)
        elif grant_type == "password":
            access_token = await accounts.clerk_token(office, username, password, totp)
        else:
            return _refused(400, "unsupported_grant_type", "grant_type is client_credentials or password")
    except NotSignedIn:
        return _refused(401, "invalid_client", "Unknown client or wrong secret")
    except InvalidInput as error:
        return _refused(400, "invalid_grant", error.fields[0].text.en if error.fields else error.text.en)
    body = {"access_token": access_token, "token_type": "Bearer", "expires_in": accounts.TOKEN_SECONDS}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


def _refused(status: int, error: str, description: str) -> JSONResponse:
    headers = {"Cache-Control": "no-store"} | ({"WWW-Authenticate": "Basic"} if status == 401 else {})
    return JSONResponse({"error": error, "error_description": description}, status, headers=headers)


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, secret
