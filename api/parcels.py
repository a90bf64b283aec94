"""/v1/parcels: an office's post room by program."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from api.access import Clerk, OfficeHere
from casework import posting
from casework.posting import ParcelRow

router = APIRouter(prefix="/v1/parcels", tags=["parcels"])

TrackingNumber = Annotated[str, Path(max_length=40, pattern=r"^[A-Za-z0-9-]+$")]


@router.get("", summary="The newest parcels of the territory")
async def parcels(office: OfficeHere, actor: Clerk) -> list[ParcelRow]:
    return await posting.parcels(office, actor)


@router.get(
    "/{tracking_number}/label",
    summary="The label to stick on it, PDF",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def label(tracking_number: TrackingNumber, office: OfficeHere, actor: Clerk) -> Response:
    return Response(await posting.label(office, actor, tracking_number), media_type="application/pdf")
