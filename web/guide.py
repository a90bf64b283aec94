"""The home page, the catalogue by occasion, branch and kind, and the guide of each service item."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from casework import following
from catalogue.finding import counts, occasions, select
from catalogue.guide import guide_of
from catalogue.wording import BRANCH_NAMES, KIND_NAMES, TRIPS_NAMES
from domain.errors import NotFound
from domain.service_item import Branch, Kind, ServiceItem
from domain.text import Bilingual
from web.problems import PageRoute
from web.rendering import page

router = APIRouter(route_class=PageRoute)
RECENT = 3
MOST_WORDS = 60
MOST_IN_A_LIST = 20  # a longer one is shown in groups that open

_OTHERS = Bilingual(zh="其他", en="Others")


@router.get("/", response_class=HTMLResponse)
async def home(request: Request, q: str = "") -> HTMLResponse:
    office = request.app.state.office
    items: list[ServiceItem] = office.catalogue.all()
    asked = q.strip()[:MOST_WORDS]
    recent = await following.my_applications(office, request.state.applicant) if request.state.applicant else []
    return page(
        request,
        "home.html",
        items=items,
        found=select(items, text=asked) if asked else [],
        asked=asked,
        recent=recent[:RECENT],
        **_headings(items),
    )


def _headings(items: list[ServiceItem]) -> dict[str, Any]:
    """Under what one finds something: each heading as id, name and number of items; empty ones are left out."""
    number = counts(items)
    known: dict[str, list[tuple[str, Bilingual]]] = {
        "occasion": [(occasion.id, occasion.name) for occasion in occasions()],
        "kind": [(kind.value, name) for kind, name in KIND_NAMES.items()],
        "branch": list(BRANCH_NAMES.items()),
        "trips": [(str(trips), name) for trips, name in TRIPS_NAMES.items()],
    }
    return {
        f"by_{what}": [(code, name, number[what][code]) for code, name in names if code in number[what]] for what, names in known.items()
    }


@router.get("/items", response_class=HTMLResponse)
async def items_page(request: Request, branch: str = "", kind: str = "", trips: str = "", occasion: str = "", q: str = "") -> HTMLResponse:
    """The catalogue, or a part of it.

    Raises:
        NotFound: there is no such branch, kind, occasion or number of visits.
    """
    names = _chosen(branch, kind, trips, occasion)
    items: list[ServiceItem] = request.app.state.office.catalogue.all()
    asked = q.strip()[:MOST_WORDS]
    found = select(items, text=asked, branch=branch, kind=kind, trips=int(trips) if trips else None, occasion=occasion)
    return page(
        request,
        "items.html",
        groups=[] if asked or len(found) <= MOST_IN_A_LIST else _grouped(found),
        found=found,
        total=len(found),
        chosen={"branch": branch, "kind": kind, "trips": trips, "occasion": occasion},
        names=names,
        asked=asked,
        **_headings(items),
    )


def _chosen(branch: str, kind: str, trips: str, occasion: str) -> list[Bilingual]:
    """What the filters are called."""
    moments = {known.id: known.name for known in occasions()}
    known: list[tuple[str, dict[str, Bilingual]]] = [
        (occasion, moments),
        (branch, {each.value: BRANCH_NAMES[each.value] for each in Branch}),
        (kind, {each.value: KIND_NAMES[each] for each in Kind}),
        (trips, {str(number): name for number, name in TRIPS_NAMES.items()}),
    ]
    if any(code and code not in names for code, names in known):
        raise NotFound()
    return [names[code] for code, names in known if code]


def _grouped(items: list[ServiceItem]) -> list[tuple[str, Bilingual, list[ServiceItem]]]:
    """A long list under the occasions; what belongs to none under its kind. Something may be looked for under two occasions."""
    groups = [(occasion.id, occasion.name, [item for item in items if occasion.holds(item)]) for occasion in occasions()]
    placed = {item.code for _, _, found in groups for item in found}
    groups += [
        (
            kind.value,
            _OTHERS if kind is Kind.HANDLE else KIND_NAMES[kind],
            [item for item in items if item.kind is kind and item.code not in placed],
        )
        for kind in Kind
    ]
    return [(code, name, found) for code, name, found in groups if found]


@router.get("/items/{code}", response_class=HTMLResponse)
async def item_guide(request: Request, code: str) -> HTMLResponse:
    catalogue = request.app.state.office.catalogue
    item: ServiceItem = catalogue.get(code)
    guide = guide_of(item, catalogue.sources, catalogue.all())
    return page(request, "notice.html" if guide.notice else "guide.html", item=item, guide=guide)
