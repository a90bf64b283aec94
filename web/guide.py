"""The home page and the guide of each service item."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from casework import following
from domain.service_item import Delivery, MaterialSource, ServiceItem
from web.problems import PageRoute
from web.rendering import page

router = APIRouter(route_class=PageRoute)
RECENT = 3


def _matches(item: ServiceItem, words: list[str]) -> bool:
    text = " ".join((item.name.zh, item.name.en, item.summary.zh, item.summary.en, item.code)).lower()
    return all(word in text for word in words)


@router.get("/", response_class=HTMLResponse)
async def home(request: Request, q: str = "") -> HTMLResponse:
    office = request.app.state.office
    items: list[ServiceItem] = office.catalogue.all()
    asked = q.strip()[:60]
    found = [item for item in items if _matches(item, asked.lower().split())]
    recent = await following.my_applications(office, request.state.applicant) if request.state.applicant else []
    return page(request, "home.html", items=found, asked=asked, recent=recent[:RECENT])


@router.get("/items/{code}", response_class=HTMLResponse)
async def item_guide(request: Request, code: str) -> HTMLResponse:
    item: ServiceItem = request.app.state.office.catalogue.get(code)
    return page(
        request,
        "guide.html",
        item=item,
        spared=[m for m in item.materials if m.source is MaterialSource.REGISTRY],
        uploads=item.uploads,
        originals=item.originals,
        by_post=Delivery.POST in item.delivery,
        at_counter=Delivery.COUNTER in item.delivery,
    )
