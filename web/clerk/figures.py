"""Figures for supervisors: charts whose tables are their text, and the same as CSV."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from casework import figures
from casework.figures import Figures, Line
from domain.figures import TRIPS_DEFINITION
from domain.ratings import GRADE_TEXT
from domain.text import Language
from web.problems import PageRoute
from web.rendering import page
from web.spreadsheet import as_csv
from web.texts import say
from web.visitor import Clerk, language_of

router = APIRouter(route_class=PageRoute, prefix="/staff")
Choice = Annotated[str, Query(max_length=80)]


@router.get("/figures", response_class=HTMLResponse)
async def charts(request: Request, clerk: Clerk, item: Choice = "", place: Choice = "", month: Choice = "") -> HTMLResponse:
    office = request.app.state.office
    found = await figures.figures(office, clerk, service_item=item, place=place, month=month)
    unfiltered = found if not (item or place) else await figures.figures(office, clerk, month=month)
    return page(
        request,
        "staff/charts.html",
        figures=found,
        items=unfiltered.items,
        offices=[line for line in unfiltered.offices if line.key],
        months=figures.months_to_choose(office.now()),
        chosen={"item": item, "place": place, "month": month},
        grade_texts=GRADE_TEXT,
        definition=TRIPS_DEFINITION,
    )


@router.get("/figures.csv")
async def table(request: Request, clerk: Clerk, item: Choice = "", place: Choice = "", month: Choice = "") -> Response:
    found = await figures.figures(request.app.state.office, clerk, service_item=item, place=place, month=month)
    headers = {"Content-Disposition": 'attachment; filename="figures.csv"', "Cache-Control": "no-store"}
    return Response(as_csv(_rows(found, language_of(request))), media_type="text/csv; charset=utf-8", headers=headers)


COLUMNS = (
    *("group", "key", "name", "ended", "completed", "refused", "void", "machine_share", "first_time_share"),
    *("median_hours", "p95_hours", "trips_saved", "yuan_saved"),
)


def _rows(found: Figures, language: Language) -> Iterator[list[object]]:
    """One table: what is counted, by all, item, office and month; then what was sent back, and the grades."""
    yield [say(language, f"figures.column_{name}") for name in COLUMNS]
    for group, lines in (("all", [found.all]), ("items", found.items), ("offices", found.offices), ("months", found.months)):
        for line in lines:
            yield [say(language, f"figures.by_{group}"), line.key, line.name.in_language(language), *_numbers(line)]
    yield []
    yield [say(language, f"figures.column_{name}") for name in ("item", "field", "times")]
    for row in found.misleading:
        yield [row.service_item_name.in_language(language), row.label.in_language(language), row.times]
    yield []
    yield [
        say(language, "figures.column_group"),
        say(language, "figures.column_name"),
        *(GRADE_TEXT[g].in_language(language) for g in GRADE_TEXT),
    ]
    for group, grades in (("all", [found.grades]), ("items", found.grades_by_item), ("offices", found.grades_by_office)):
        for line_ in grades:
            yield [say(language, f"figures.by_{group}"), line_.name.in_language(language), *(line_.counts[g] for g in GRADE_TEXT)]


def _numbers(line: Line) -> list[object]:
    shares = [None if share is None else round(share, 4) for share in (line.machine_share, line.first_time_share)]
    hours = [None if value is None else round(value, 2) for value in (line.median_hours, line.p95_hours)]
    return [line.ended, line.completed, line.refused, line.void, *shares, *hours, line.trips_saved, line.yuan_saved]
