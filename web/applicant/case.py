"""A person's applications: the list, the case page that lives, its documents, withdrawing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any
from uuid import UUID

import segno
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from casework import applying, following, notices
from casework.actors import ApplicantActor
from casework.counter import visit_code
from casework.notices import NoticeView
from casework.questions import open_question
from casework.real_name import real_name
from casework.standing import booked
from casework.views import ApplicationView
from domain.application import Status
from domain.errors import DomainError, NotFound
from web.applicant.fee import on_return, went_to_pay
from web.applicant.questions import answer_texts
from web.problems import PageRoute, error_context, status_of
from web.rendering import fragment, page
from web.visitor import Applicant, CheckedForm, case_home, language_of

router = APIRouter(route_class=PageRoute, prefix="/applications")
QUIET_SECONDS = 15.0  # a comment keeps proxies from closing a stream in which nothing happens
Draw = Callable[[], Coroutine[Any, Any, tuple[str, bool]]]

PDF_HEADERS = {"Content-Security-Policy": "frame-ancestors 'self'"}  # the browser's PDF viewer needs its own styles


@router.get("", response_class=HTMLResponse)
async def my_applications(request: Request, actor: Applicant) -> HTMLResponse:
    rows = await following.my_applications(request.app.state.office, actor)
    return page(request, "applications.html", rows=rows, real_name=real_name(rows))


@router.get("/{application_id}", response_class=HTMLResponse)
async def case_page(request: Request, application_id: UUID, actor: Applicant) -> HTMLResponse:
    office = request.app.state.office
    case = await following.get_application(office, actor, application_id)
    sent = await notices.notices_of_case(office, actor, application_id)
    answer = page(request, "case.html", submitted="submitted" in request.query_params, **case_facts(request, case, sent))
    await on_return(request, answer, actor, case)
    return answer


def case_facts(request: Request, case: ApplicationView, sent: Sequence[NoticeView] = ()) -> dict[str, Any]:
    """What the case page and its live part draw from."""
    item = case.item
    now = case.waiting_for[0] if case.waiting_for else None
    return {
        "case": case,
        "item": item,
        "now": now,
        "final": case.status.final,
        "yours": now is not None and now.who == "applicant" and not went_to_pay(request, case),
        "sentence": _sentence(request, case),
        "asked": open_question(case),
        "appointment": booked(case),
        "notices": sent,
        "lines": answer_texts(item, case.answers, language_of(request), masked=True),
        "missing": [m for m in case.materials if m.required and not m.uploads],
        "home": case_home(request, case.id),
        "visit_code": qr_picture(visit_code(request.app.state.office, case.acceptance_number))
        if case.status is Status.AWAITING_COUNTER
        else "",
    }


def qr_picture(text: str) -> str:
    """A QR code as the address of an SVG."""
    return segno.make(text, error="m").svg_data_uri(scale=5, border=2, dark="#10233f")


def _sentence(request: Request, case: ApplicationView) -> str:
    """Which sentence says where the case stands; what is asked of the applicant comes first."""
    if case.status is Status.VERIFYING:
        return _verifying_sentence(case)
    if case.status is Status.PAYING and "pay" not in case.actions:
        return "paying_ordering"
    if went_to_pay(request, case):
        return "paying_provider"
    if "answer" in case.actions:
        return "question"
    if case.status is Status.AWAITING_COUNTER and case.trips is not None and case.trips.why in ("identity", "returned_parcel"):
        return f"awaiting_counter_{case.trips.why}"
    if case.looked_into:
        return "looked_into"
    return case.status.value


def _verifying_sentence(case: ApplicationView) -> str:
    if case.identity.checking:
        return "verifying_checking"
    if case.identity.attempts_used >= case.identity.attempts_allowed:
        return "verifying_counter"
    missing = any(m.required and not m.uploads for m in case.materials)
    return "verifying_materials" if missing else "verifying"


@router.get("/{application_id}/live")
async def case_live(request: Request, application_id: UUID, actor: Applicant) -> Response:
    office = request.app.state.office
    await following.get_application(office, actor, application_id)

    async def draw() -> tuple[str, bool]:
        case = await following.get_application(office, actor, application_id)
        sent = await notices.notices_of_case(office, actor, application_id)
        return fragment(request, "parts/case-live.html", **case_facts(request, case, sent)), case.status.final

    return live_stream(request, actor, application_id, draw)


def live_stream(request: Request, actor: ApplicantActor, application_id: UUID, draw: Draw) -> StreamingResponse:
    """Server-sent events: a freshly drawn part at each change of the case, `end` when no more can come."""
    return StreamingResponse(
        _events(request, actor, application_id, draw),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(request: Request, actor: ApplicantActor, application_id: UUID, draw: Draw) -> AsyncIterator[str]:
    last = request.headers.get("last-event-id", "")
    changes = following.changes(request.app.state.office, actor, application_id, int(last) if last.isdecimal() else 0)
    upcoming: asyncio.Task[int] | None = None
    drawn = ""
    yield "retry: 2000\n\n"
    try:
        while not await request.is_disconnected():
            upcoming = upcoming or asyncio.ensure_future(anext(changes))
            done, _ = await asyncio.wait({upcoming}, timeout=QUIET_SECONDS)
            if not done:
                yield ": still here\n\n"
                continue
            try:
                event_id = upcoming.result()
            except StopAsyncIteration:
                break
            upcoming = None
            part, ended = await draw()
            if part != drawn:
                yield f"id: {event_id}\nevent: part\n" + "".join(f"data: {line}\n" for line in part.splitlines()) + "\n"
                drawn = part
            if ended:
                break
        yield "event: end\ndata: end\n\n"
    except DomainError:
        yield "event: end\ndata: end\n\n"
    finally:
        if upcoming is not None:
            upcoming.cancel()


@router.get("/{application_id}/withdraw", response_class=HTMLResponse)
async def ask_withdraw(request: Request, application_id: UUID, actor: Applicant) -> Response:
    case = await following.get_application(request.app.state.office, actor, application_id)
    if "withdraw" not in case.actions:
        return RedirectResponse(f"/applications/{application_id}", 303)
    return page(request, "withdraw.html", case=case)


@router.post("/{application_id}/withdraw", response_class=HTMLResponse)
async def withdraw(request: Request, application_id: UUID, actor: Applicant, form: CheckedForm) -> Response:
    office = request.app.state.office
    try:
        await applying.withdraw(office, actor, application_id)
    except DomainError as error:
        case = await following.get_application(office, actor, application_id)
        return page(request, "withdraw.html", status_of(error), case=case, **error_context(error, language_of(request)))
    return RedirectResponse(f"/applications/{application_id}", 303)


@router.get("/{application_id}/documents/{number}", response_class=HTMLResponse)
async def document_page(request: Request, application_id: UUID, number: str, actor: Applicant) -> HTMLResponse:
    case = await following.get_application(request.app.state.office, actor, application_id)
    document = next((d for d in case.documents if d.number == number), None)
    if document is None:
        raise NotFound()
    return page(request, "document.html", case=case, document=document)


@router.get("/{application_id}/documents/{number}/file")
async def document_file(request: Request, application_id: UUID, number: str, actor: Applicant) -> Response:
    data, name = await following.document_file(request.app.state.office, actor, number)
    return pdf_response(data, name, download="download" in request.query_params)


def pdf_response(data: bytes, name: str, *, download: bool) -> Response:
    way = "attachment" if download else "inline"
    plain = "".join(c for c in name if c.isascii() and (c.isalnum() or c in "._-")) or "document.pdf"
    return Response(data, media_type="application/pdf", headers=PDF_HEADERS | {"Content-Disposition": f'{way}; filename="{plain}"'})
