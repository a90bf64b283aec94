"""The record's published heads, explained: anybody may keep them and hold the office to them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from casework import record
from web.problems import PageRoute
from web.rendering import page

router = APIRouter(route_class=PageRoute)


@router.get("/record", response_class=HTMLResponse)
async def heads(request: Request, cursor: Annotated[str, Query(max_length=18)] = "") -> HTMLResponse:
    found = await record.newest_heads(request.app.state.office, cursor)
    return page(request, "heads.html", heads=found.items, next_cursor=found.next_cursor, paged=bool(cursor))
