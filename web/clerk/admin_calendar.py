"""The system administrator's calendar, a month at a time, and the hours that counters keep."""

from datetime import date, time
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from casework import calendar
from casework.calendar import Month, StationHours
from domain.appointments import Hours
from domain.calendar import EVERYWHERE, Correction, DaySource
from domain.clock import day_in_china
from domain.errors import DomainError, FieldError, InvalidInput, NotFound
from domain.text import Bilingual
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import CheckedForm, Clerk, language_of, text_of

router = APIRouter(route_class=PageRoute, prefix="/staff/admin")
ROWS_OF_HOURS = 14  # two openings a day
EMPTY_ROWS = 2


# --- the calendar ----------------------------------------------------------------------------------------------------


@router.get("/calendar", response_class=HTMLResponse)
async def show_month(request: Request, clerk: Clerk, month: str = "", county: str = "", day: str = "") -> HTMLResponse:
    today = day_in_china(request.app.state.office.now())
    chosen = _date(day)
    first = _month(month) or (chosen or today).replace(day=1)
    try:
        found = await calendar.month(request.app.state.office, clerk, county.strip(), first.year, first.month)
    except InvalidInput as error:
        found = await calendar.month(request.app.state.office, clerk, EVERYWHERE, first.year, first.month)
        return await _calendar_page(request, clerk, found, error=error, county=county)
    return await _calendar_page(request, clerk, found, day=chosen, said="saved" in request.query_params)


@router.post("/calendar", response_class=HTMLResponse)
async def correct(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    office = request.app.state.office
    county, day = text_of(form, "county"), _date(text_of(form, "day"))
    try:
        await calendar.correct(office, clerk, _correction(form, county, day))
    except InvalidInput as error:
        shown = (day or day_in_china(office.now())).replace(day=1)
        found = await calendar.month(office, clerk, EVERYWHERE, shown.year, shown.month)
        typed = {name: text_of(form, name) for name in ("working", "zh", "en")}
        return await _calendar_page(request, clerk, found, error=error, day=day, county=county, typed=typed)
    return _back_to(county, day)


@router.post("/calendar/take-back")
async def take_back(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    county, day = text_of(form, "county"), _date(text_of(form, "day"))
    if day is None:
        raise NotFound()
    await calendar.take_back(request.app.state.office, clerk, county, day)
    return _back_to(county, day)


def _back_to(county: str, day: date | None) -> RedirectResponse:
    return RedirectResponse(f"/staff/admin/calendar?county={county}&day={day}&saved=1", 303)


def _correction(form: FormData, county: str, day: date | None) -> Correction:
    """What was typed; all that is wrong is said at once."""
    problems = []
    if day is None:
        problems.append(_problem("/day", "请写成 2026-10-01 这样的日期", "Write the date as 2026-10-01"))
    if text_of(form, "working") not in ("yes", "no"):
        problems.append(_problem("/working", "请选择上班或休息", "Choose whether the day is worked"))
    if not text_of(form, "zh"):
        problems.append(_problem("/zh", "请填写中文原因", "Give the reason in Chinese"))
    if not text_of(form, "en"):
        problems.append(_problem("/en", "请填写英文原因", "Give the reason in English"))
    if problems or day is None:
        raise InvalidInput(fields=problems)
    name = Bilingual(zh=text_of(form, "zh"), en=text_of(form, "en"))
    return Correction(day=day, county=county, working=text_of(form, "working") == "yes", name=name)


def _problem(path: str, zh: str, en: str) -> FieldError:
    return FieldError(path=path, text=Bilingual(zh=zh, en=en))


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _month(text: str) -> date | None:
    return _date(f"{text}-01") if len(text) == 7 else None


async def _calendar_page(
    request: Request,
    clerk: Clerk,
    month: Month,
    *,
    error: DomainError | None = None,
    day: date | None = None,
    county: str | None = None,
    typed: dict[str, str] | None = None,
    said: bool = False,
) -> HTMLResponse:
    office = request.app.state.office
    corrections = await calendar.corrections(office, clerk)
    chosen = next((known for known in month.days if known.day == day), None)
    context: dict[str, Any] = {
        "month": month,
        "county": month.county if county is None else county,
        "chosen": chosen,
        "typed": typed or _as_it_stands(chosen),
        "corrections": corrections,
        "today": day_in_china(office.now()),
        "saved": said,
    }
    problems = error_context(error, language_of(request)) if error else {}
    return page(request, "staff/admin-calendar.html", status_of(error) if error else 200, **(context | problems))


def _as_it_stands(chosen: Any) -> dict[str, str]:
    """A correction is shown for changing; otherwise the day is offered as the opposite of what it is."""
    if chosen is None:
        return {"working": "", "zh": "", "en": ""}
    corrected = chosen.source in (DaySource.CORRECTED, DaySource.CORRECTED_HERE)
    working = chosen.working if corrected else not chosen.working
    name = chosen.name if corrected else None
    return {"working": "yes" if working else "no", "zh": name.zh if name else "", "en": name.en if name else ""}


# --- office hours ----------------------------------------------------------------------------------------------------


@router.get("/hours", response_class=HTMLResponse)
async def show_hours(request: Request, clerk: Clerk, station: str = "") -> HTMLResponse:
    office = request.app.state.office
    try:
        found = await calendar.hours_of(office, clerk, station.strip()) if station.strip() else None
    except InvalidInput as error:
        return await _hours_page(request, clerk, station, None, error=error)
    return await _hours_page(request, clerk, station, found, saved="saved" in request.query_params)


@router.post("/hours", response_class=HTMLResponse)
async def set_hours(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    office, station = request.app.state.office, text_of(form, "station")
    found = await calendar.hours_of(office, clerk, station)
    if text_of(form, "action") == "default":
        await calendar.set_hours(office, clerk, station, [])
        return RedirectResponse(f"/staff/admin/hours?station={station}&saved=1", 303)
    rows = [row for n in range(ROWS_OF_HOURS) if any((row := _row(form, n)).values())]
    try:
        await calendar.set_hours(office, clerk, station, [_opening(row, index) for index, row in enumerate(rows)])
    except InvalidInput as error:
        beside_the_table = InvalidInput(fields=[FieldError(path="/hours", text=problem.text) for problem in error.fields])
        return await _hours_page(request, clerk, station, found, error=beside_the_table, rows=rows)
    return RedirectResponse(f"/staff/admin/hours?station={station}&saved=1", 303)


def _row(form: FormData, n: int) -> dict[str, str]:
    return {name: text_of(form, f"{name}-{n}") for name in ("weekday", "opens", "closes", "slot_minutes", "seats")}


def _opening(row: dict[str, str], index: int) -> Hours:
    try:
        return Hours(
            weekday=int(row["weekday"]),
            opens=time.fromisoformat(row["opens"]),
            closes=time.fromisoformat(row["closes"]),
            slot_minutes=int(row["slot_minutes"]),
            seats=int(row["seats"]),
        )
    except ValueError as error:
        zh = f"第 {index + 1} 行没有填完整：请填写星期、时间（如 08:30）、每段分钟数和人数"
        en = f"Row {index + 1} is not complete: weekday, times such as 08:30, minutes a slot and seats"
        raise InvalidInput(fields=[_problem(f"/hours/{index}", zh, en)]) from error


async def _hours_page(
    request: Request,
    clerk: Clerk,
    station: str,
    found: StationHours | None,
    *,
    error: DomainError | None = None,
    rows: list[dict[str, str]] | None = None,
    saved: bool = False,
) -> HTMLResponse:
    known = [_typed(opening) for opening in found.hours] if found else []
    shown = rows if rows is not None else known
    spare = min(EMPTY_ROWS, ROWS_OF_HOURS - len(shown))
    context: dict[str, Any] = {
        "station": station,
        "found": found,
        "rows": [*shown, *({"weekday": "", "opens": "", "closes": "", "slot_minutes": "", "seats": ""} for _ in range(spare))],
        "stations": await calendar.stations_with_hours(request.app.state.office, clerk),
        "saved": saved,
    }
    problems = error_context(error, language_of(request)) if error else {}
    return page(request, "staff/admin-hours.html", status_of(error) if error else 200, **(context | problems))


def _typed(opening: Hours) -> dict[str, str]:
    return {
        "weekday": str(opening.weekday),
        "opens": f"{opening.opens:%H:%M}",
        "closes": f"{opening.closes:%H:%M}",
        "slot_minutes": str(opening.slot_minutes),
        "seats": str(opening.seats),
    }
