"""The post room: parcels of the territory, and their labels."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from casework import posting
from web.applicant.case import pdf_response
from web.problems import PageRoute
from web.rendering import page
from web.visitor import Clerk

router = APIRouter(route_class=PageRoute, prefix="/staff/parcels")


@router.get("", response_class=HTMLResponse)
async def parcels(request: Request, clerk: Clerk) -> HTMLResponse:
    return page(request, "staff/parcels.html", parcels=await posting.parcels(request.app.state.office, clerk))


@router.get("/{tracking_number}/label")
async def label(request: Request, tracking_number: str, clerk: Clerk) -> Response:
    data = await posting.label(request.app.state.office, clerk, tracking_number)
    return pdf_response(data, f"label-{tracking_number}.pdf", download=False)
