"""Who read my data: a signed-in person's list, by day, and the same as a table to keep."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from casework import reads, real_name
from casework.reads import ReadFilter, ReadView
from domain.clock import day_in_china
from domain.text import Language
from web.problems import PageRoute
from web.rendering import moment_text, page
from web.spreadsheet import as_csv
from web.texts import say
from web.visitor import Applicant, language_of

router = APIRouter(route_class=PageRoute)
Choice = Annotated[str, Query(max_length=80)]


@dataclass(frozen=True)
class Day:
    day: date
    reads: list[ReadView]


@router.get("/my-data", response_class=HTMLResponse)
async def my_data(
    request: Request, actor: Applicant, item: Choice = "", source: Choice = "", case: UUID | None = None, cursor: Choice = ""
) -> HTMLResponse:
    office = request.app.state.office
    found = await reads.my_reads(office, actor, _filter(item, source, case), cursor)
    items, sources = await reads.my_choices(office, actor)
    return page(
        request,
        "my-data.html",
        days=list(_by_day(found.items)),
        next_cursor=found.next_cursor,
        items=items,
        sources=sources,
        item=item,
        source=source,
        case_id=case,
        paged=bool(cursor),
        narrowed=bool(item or source or case),
        reading=real_name.READING,
    )


@router.get("/my-data.csv")
async def my_data_table(request: Request, actor: Applicant, item: Choice = "", source: Choice = "", case: UUID | None = None) -> Response:
    found = await reads.my_reads(request.app.state.office, actor, _filter(item, source, case), limit=reads.EXPORT_ROWS)
    headers = {"Content-Disposition": 'attachment; filename="my-data.csv"'}
    return Response(_table(found.items, language_of(request)), media_type="text/csv; charset=utf-8", headers=headers)


def _filter(item: str, source: str, case: UUID | None) -> ReadFilter:
    return ReadFilter(service_item=item or None, source=source or None, application_id=case)


def _by_day(found: list[ReadView]) -> Iterator[Day]:
    for day, of_day in groupby(found, key=lambda read: day_in_china(read.at)):
        yield Day(day, list(of_day))


def _table(found: list[ReadView], language: Language) -> str:
    heads = ("my_data.time", "my_data.by", "my_data.source", "my_data.fields", "my_data.purpose", "my_data.item", "case.number")
    return as_csv([[say(language, head) for head in heads], *(_row(read, language) for read in found)])


def _row(read: ReadView, language: Language) -> list[str]:
    fields = say(language, "common.comma").join(field.label.in_language(language) for field in read.fields)
    texts = [read.by, read.source_name, fields, read.purpose, read.service_item_name, read.acceptance_number]
    plain = [text if isinstance(text, str) else text.in_language(language) if text else "" for text in texts]
    return [moment_text(read.at, language), *plain]
