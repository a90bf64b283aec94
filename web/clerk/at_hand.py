"""What clerks keep at hand: reason templates, stand-ins for an absence, and the notices they got."""

from datetime import datetime, time, timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import at_hand, standing_in
from casework.actors import ClerkActor
from domain.clock import CHINA, day_in_china
from domain.errors import DomainError, FieldError, InvalidInput
from domain.service_item import StepKind
from domain.text import Bilingual
from domain.work_items import KIND_TEXT, OUTCOME_TEXT, OUTCOMES
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import CheckedForm, Clerk, language_of, text_of, texts_of

router = APIRouter(route_class=PageRoute, prefix="/staff")
Typed = dict[str, str]

# --- notices ---------------------------------------------------------------------------------------------------------


@router.get("/notices", response_class=HTMLResponse)
async def notices(request: Request, clerk: Clerk, cursor: str | None = None) -> Response:
    found = await at_hand.notices(request.app.state.office, clerk, cursor)
    unread = any(not notice.read for notice in found.items)
    return page(request, "staff/queue-notices.html", notices=found.items, next_cursor=found.next_cursor, paged=bool(cursor), unread=unread)


@router.post("/notices/read")
async def read(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    """Those that the page showed, or all of them."""
    ids = [UUID(text) for text in texts_of(form, "notice") if _is_id(text)]
    await at_hand.mark_read(request.app.state.office, clerk, ids or None)
    return RedirectResponse("/staff/notices", 303)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


# --- reason templates ------------------------------------------------------------------------------------------------


@router.get("/templates", response_class=HTMLResponse)
async def templates(request: Request, clerk: Clerk, edit: UUID | None = None) -> Response:
    return await _templates_page(request, clerk, edit)


@router.post("/templates", response_class=HTMLResponse)
async def save_template(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    typed = {name: text_of(form, name) for name in ("id", "owner", "step", "title", "text")}
    edit = UUID(typed["id"]) if _is_id(typed["id"]) else None
    kind, _, outcome = typed["step"].partition("/")
    try:
        if kind not in set(StepKind) or typed["owner"] not in at_hand.may_keep_for(clerk):
            raise _choose("step")
        owner = next(owner for owner in at_hand.may_keep_for(clerk) if owner == typed["owner"])
        await at_hand.save_template(
            request.app.state.office,
            clerk,
            edit,
            owner=owner,
            kind=StepKind(kind),
            outcome=outcome,
            title=typed["title"],
            text=typed["text"],
        )
    except DomainError as error:
        return await _templates_page(request, clerk, edit, typed, error)
    return RedirectResponse("/staff/templates", 303)


@router.post("/templates/{template_id}/drop")
async def drop_template(request: Request, clerk: Clerk, template_id: UUID, form: CheckedForm) -> Response:
    await at_hand.drop_template(request.app.state.office, clerk, template_id)
    return RedirectResponse("/staff/templates", 303)


async def _templates_page(
    request: Request, clerk: ClerkActor, edit: UUID | None, typed: Typed | None = None, error: DomainError | None = None
) -> HTMLResponse:
    kept = await at_hand.templates(request.app.state.office, clerk)
    chosen = next((t for t in kept if t.id == edit and t.may_edit), None)
    if typed is None and chosen is not None:
        step = f"{chosen.kind.value}/{chosen.outcome}"
        typed = {"id": str(chosen.id), "owner": chosen.owner, "step": step, "title": chosen.title, "text": chosen.text}
    return page(
        request,
        "staff/queue-templates.html",
        status_of(error) if error else 200,
        templates=kept,
        owners=at_hand.may_keep_for(clerk),
        steps=[(KIND_TEXT[kind], [(f"{kind.value}/{o}", OUTCOME_TEXT[o]) for o in outcomes]) for kind, outcomes in OUTCOMES.items()],
        kinds=KIND_TEXT,
        outcomes=OUTCOME_TEXT,
        typed=typed or {},
        **(error_context(error, language_of(request)) if error else {}),
    )


def _choose(field: str) -> InvalidInput:
    return InvalidInput(fields=[FieldError(path=f"/{field}", text=Bilingual(zh="请选择一项", en="Choose one"))])


# --- absence ---------------------------------------------------------------------------------------------------------


@router.get("/delegations", response_class=HTMLResponse)
async def delegations(request: Request, clerk: Clerk) -> Response:
    return await _delegations_page(request, clerk)


@router.post("/delegations", response_class=HTMLResponse)
async def delegate(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    """Whole days in China: from the beginning of the first to the end of the last."""
    office = request.app.state.office
    typed = {name: text_of(form, name) for name in ("absent", "stand_in", "first_day", "last_day", "reason")}
    try:
        begins_at, ends_at = _days(typed, office.now())
        for field in ("absent", "stand_in"):
            if not typed[field]:
                raise _choose(field)
        await standing_in.delegate(
            office,
            clerk,
            absent=typed["absent"],
            stand_in=typed["stand_in"],
            begins_at=begins_at,
            ends_at=ends_at,
            reason=typed["reason"],
        )
    except DomainError as error:
        return await _delegations_page(request, clerk, typed, _as_drawn(error))
    return RedirectResponse("/staff/delegations", 303)


@router.post("/delegations/{delegation_id}/end")
async def end_early(request: Request, clerk: Clerk, delegation_id: UUID, form: CheckedForm) -> Response:
    await standing_in.end_early(request.app.state.office, clerk, delegation_id)
    return RedirectResponse("/staff/delegations", 303)


def _days(typed: Typed, now: datetime) -> tuple[datetime | None, datetime]:
    """From now where the first day is today."""
    moments = []
    for field in ("first_day", "last_day"):
        try:
            moments.append(datetime.combine(datetime.fromisoformat(typed[field]).date(), time(), CHINA))
        except ValueError as error:
            text = Bilingual(zh="请选择日期", en="Choose a day")
            raise InvalidInput(fields=[FieldError(path=f"/{field}", text=text)]) from error
    first, last = moments
    return (None if first.date() == day_in_china(now) else first), last + timedelta(days=1)


def _as_drawn(error: DomainError) -> DomainError:
    """`ends_at` is the last day on the page."""
    error.fields = tuple(FieldError(path="/last_day", text=f.text) if f.path == "/ends_at" else f for f in error.fields)
    return error


async def _delegations_page(
    request: Request, clerk: ClerkActor, typed: Typed | None = None, error: DomainError | None = None
) -> HTMLResponse:
    office = request.app.state.office
    return page(
        request,
        "staff/queue-delegations.html",
        status_of(error) if error else 200,
        delegations=await standing_in.delegations(office, clerk),
        absentees=await standing_in.may_be_absent(office, clerk),
        stand_ins=await standing_in.may_stand_in(office, clerk),
        last_moment=timedelta(seconds=1),
        today=day_in_china(office.now()).isoformat(),
        typed=typed or {},
        **(error_context(error, language_of(request)) if error else {}),
    )
