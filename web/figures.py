"""Figures for everybody: how many, how fast, what was saved; nothing in them points at anybody."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from casework import figures as counted
from domain.figures import SMALLEST_TOLD
from domain.ratings import GRADE_TEXT
from web.problems import PageRoute
from web.rendering import page

router = APIRouter(route_class=PageRoute)


@router.get("/figures", response_class=HTMLResponse)
async def figures(request: Request) -> HTMLResponse:
    found = await counted.public_figures(request.app.state.office)
    answer = page(request, "figures.html", figures=found, grade_texts=GRADE_TEXT, smallest=SMALLEST_TOLD)
    if not request.cookies:  # the same for all who carry no session
        answer.headers["Cache-Control"] = "public, max-age=300"
    return answer
