"""What needs no account: service items with their guides, and verifying certificates."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from api.access import OfficeHere, SignedIn, anybody
from api.models import ServiceItemDetail, ServiceItemPage
from casework import following, verifying
from casework.views import CertificateView
from catalogue.finding import select
from catalogue.guide import guide_of
from domain.documents import SealVerdict
from domain.errors import TooLarge
from domain.service_item import Branch, Kind

router = APIRouter(prefix="/v1")
Number = Annotated[str, Path(max_length=40, pattern=r"^[A-Za-z0-9]+$")]


@router.get("/service-items", tags=["service items"], dependencies=[Depends(anybody)], summary="The catalogue")
async def service_items(
    office: OfficeHere,
    branch: Annotated[Branch | None, Query(description="A branch of the police")] = None,
    kind: Annotated[Kind | None, Query(description="handle, book, query or notice")] = None,
    trips: Annotated[Literal["0", "1"] | None, Query(description="How often one must come")] = None,
    q: Annotated[str, Query(max_length=60, description="Words of the name, the summary or the materials, or everyday words")] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> ServiceItemPage:
    """The most used first; with `q` the best fit first."""
    found = select(office.catalogue.all(), text=q, branch=branch or "", kind=kind or "", trips=int(trips) if trips is not None else None)
    return ServiceItemPage.of(found, cursor)


@router.get(
    "/service-items/{code}", tags=["service items"], dependencies=[Depends(anybody)], summary="Guide, form schema, materials, trips"
)
async def service_item(code: Annotated[str, Path(max_length=64)], office: OfficeHere) -> ServiceItemDetail:
    """The guide as the page shows it, with the form's schema; public notices carry their table."""
    item = office.catalogue.get(code)
    return ServiceItemDetail.of(item, guide_of(item, office.catalogue.sources, office.catalogue.all()))


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
