"""What needs no account: service items with their guides, and verifying certificates."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response

from api.access import OfficeHere, SignedIn, anybody
from api.models import Guide, ServiceItemPage, ServiceItemSummary
from casework import following, verifying
from casework.views import CertificateView
from domain.documents import SealVerdict
from domain.errors import TooLarge

router = APIRouter(prefix="/v1")
Number = Annotated[str, Path(max_length=40, pattern=r"^[A-Za-z0-9]+$")]


@router.get("/service-items", tags=["service items"], dependencies=[Depends(anybody)], summary="The catalogue")
async def service_items(office: OfficeHere) -> ServiceItemPage:
    return ServiceItemPage(items=[ServiceItemSummary.of(item) for item in office.catalogue.all()])


@router.get(
    "/service-items/{code}", tags=["service items"], dependencies=[Depends(anybody)], summary="Guide, form schema, materials, trips"
)
async def service_item(code: Annotated[str, Path(max_length=64)], office: OfficeHere) -> Guide:
    return Guide.of(office.catalogue.get(code))


@router.get("/certificates/{number}", tags=["certificates"], dependencies=[Depends(anybody)], summary="Whether a certificate is valid")
async def certificate(number: Number, office: OfficeHere) -> CertificateView:
    return await verifying.certificate(office, number)


@router.get("/certificates/{number}/file", tags=["certificates"], summary="The sealed PDF", response_class=Response)
async def certificate_file(number: Number, office: OfficeHere, actor: SignedIn) -> Response:
    data, name = await following.document_file(office, actor, number)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(data, media_type="application/pdf", headers=headers)


@router.post(
    "/certificates/verify",
    tags=["certificates"],
    dependencies=[Depends(anybody)],
    summary="Check a PDF: genuine, altered, or not ours",
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def verify(request: Request, office: OfficeHere) -> SealVerdict:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > verifying.FILE_MAX_BYTES:
            raise TooLarge()
    return await verifying.verify_file(office, bytes(data))
