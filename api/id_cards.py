"""/v1/id-cards: what a photographed ID card says, for a form that is filled in with it."""

from fastapi import APIRouter, Request

from api.access import Integrator, OfficeHere
from casework import real_name
from domain.cards import CardRead
from domain.errors import TooLarge

router = APIRouter(prefix="/v1/id-cards", tags=["identity"])
MAX_BYTES = 20_000_000
_PHOTO = {"requestBody": {"required": True, "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}}


@router.post("/read", summary="Read one side of an ID card off a photograph", openapi_extra=_PHOTO)
async def read(request: Request, office: OfficeHere, actor: Integrator) -> CardRead:
    """JPEG, PNG, WebP or HEIC, at most 20 MB, any way up. Nothing of it is kept, and the person whose number it shows is told.

    A field that is not `sure` is to be shown to the person for correction; one that could not be read is left out. To prove a
    real-name account, apply for the service item `real-name-account` with the answers.
    """
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BYTES:
            raise TooLarge()
    return await real_name.read_card(office, actor, bytes(data), request.headers.get("content-type", ""))
