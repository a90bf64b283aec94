"""What a clerk does inside a case before deciding: ask the applicant, have it investigated, leave a note."""

from collections.abc import Awaitable
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from casework import clerking, handing_on, investigating, questions
from casework.actors import ClerkActor
from domain.changes import InvestigationTask
from domain.errors import DomainError, FieldError, InvalidInput
from domain.text import Bilingual
from domain.work_items import TASK_TEXT
from web.clerk.work_item import item_page, typed_nothing
from web.problems import PageRoute
from web.visitor import CheckedForm, Clerk, text_of

router = APIRouter(route_class=PageRoute, prefix="/staff/work-items/{work_item_id}")
Drafts = dict[str, Any]
_ROWS = investigating.MOST_TASKS
_FIELDS = ("kind", "clerk", "day", "text")

_NO_DAY = Bilingual(zh="请选择日期", en="Choose a day")
_NO_WORDS = Bilingual(zh="请写明要做什么", en="Say what is to be done")


@router.post("/questions", response_class=HTMLResponse)
async def ask(request: Request, work_item_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    typed = _words(form, "question")
    asking = questions.ask(request.app.state.office, clerk, work_item_id, typed)
    return await _done(request, clerk, work_item_id, asking, {"question": typed}, "questions")


@router.post("/investigations", response_class=HTMLResponse)
async def investigate(request: Request, work_item_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    """Open one, or draw the form again with room for one more task."""
    office = request.app.state.office
    rows = _rows(form)
    drafts = {"investigating": True, "why": _words(form, "why"), "tasks": rows}
    if text_of(form, "more"):
        drafts["tasks"] = [*rows, _empty_row()][:_ROWS]
        return item_page(request, await clerking.work_item(office, clerk, work_item_id), typed_nothing(), drafts=drafts)
    return await _done(request, clerk, work_item_id, _open(request, clerk, work_item_id, drafts), drafts, "investigations")


async def _open(request: Request, clerk: ClerkActor, work_item_id: UUID, drafts: Drafts) -> None:
    filled = [(place, row) for place, row in enumerate(drafts["tasks"]) if row["text"] or row["day"]]
    problems = [error for place, row in filled for error in _problems(place, row)]
    if problems:
        raise InvalidInput(fields=problems)
    tasks = [InvestigationTask(kind=r["kind"], clerk_id=r["clerk"], day=date.fromisoformat(r["day"]), text=r["text"]) for _, r in filled]
    try:
        await investigating.open_investigation(request.app.state.office, clerk, work_item_id, drafts["why"], tasks)
    except DomainError as error:
        error.fields = tuple(_named_as_drawn(field, [place for place, _ in filled]) for field in error.fields)
        raise


def _words(form: FormData, name: str) -> str:
    """Browsers send the end of a line as two characters, and count it as one."""
    return text_of(form, name).replace("\r\n", "\n")


def _empty_row() -> dict[str, str]:
    return {"kind": "visit", "clerk": "", "day": "", "text": ""}


def _rows(form: FormData) -> list[dict[str, str]]:
    """The tasks that were drawn, in order; one that was left empty stays as it is."""
    drawn = [place for place in range(_ROWS) if f"task-{place}-text" in form]
    return [{name: _words(form, f"task-{place}-{name}") for name in _FIELDS} for place in drawn] or [_empty_row()]


def _problems(place: int, row: dict[str, str]) -> list[FieldError]:
    """What must be there before it is a task at all."""
    found = [] if row["text"] else [FieldError(path=f"/task-{place}-text", text=_NO_WORDS)]
    try:
        date.fromisoformat(row["day"])
    except ValueError:
        found.append(FieldError(path=f"/task-{place}-day", text=_NO_DAY))
    if row["kind"] not in TASK_TEXT:
        found.append(FieldError(path=f"/task-{place}", text=_NO_WORDS))
    return found


def _named_as_drawn(field: FieldError, places: list[int]) -> FieldError:
    """`/tasks/0/day` is the day of the first task that was filled in."""
    parts = field.path.strip("/").split("/")
    if parts[0] != "tasks" or len(parts) < 3:
        return field
    return FieldError(path=f"/task-{places[int(parts[1])]}-{parts[2]}", text=field.text)


@router.post("/investigations/close", response_class=HTMLResponse)
async def close(request: Request, work_item_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    typed = _words(form, "finding")
    closing = investigating.close_investigation(request.app.state.office, clerk, work_item_id, typed)
    return await _done(request, clerk, work_item_id, closing, {"finding": typed}, "investigations")


@router.post("/notes", response_class=HTMLResponse)
async def note(request: Request, work_item_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    typed = _words(form, "note")
    noting = handing_on.add_note(request.app.state.office, clerk, work_item_id, typed)
    return await _done(request, clerk, work_item_id, noting, {"note": typed}, "notes")


async def _done(request: Request, clerk: ClerkActor, work_item_id: UUID, act: Awaitable[Any], drafts: Drafts, part: str) -> Response:
    """Back to the part of the page that changed, or the page again with what was typed and what is wrong with it."""
    try:
        await act
    except DomainError as error:
        detail = await clerking.work_item(request.app.state.office, clerk, work_item_id)
        return item_page(request, detail, typed_nothing(), error, drafts=drafts)
    return RedirectResponse(f"/staff/work-items/{work_item_id}#{part}", 303)
