"""The audit administrator's page: heads, sealing, verifying, exporting, and who looked at whose data."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from casework import record
from casework.actors import ClerkActor
from casework.record import LookFilter, LookPage
from casework.responsible import responsible
from domain.errors import InvalidInput
from domain.jurisdiction import Role
from domain.record_checks import Verification
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import CheckedForm, Clerk, language_of

router = APIRouter(route_class=PageRoute, prefix="/staff/record")
Word = Annotated[str, Query(max_length=64)]
HEADS_SHOWN = 10


@router.get("", response_class=HTMLResponse)
async def overview(
    request: Request, clerk: Clerk, login: Word = "", number: Word = "", day: Word = "", cursor: Word = "", sealed: int | None = None
) -> HTMLResponse:
    wanted = LookFilter(login=login.strip(), number=number.strip(), day=day.strip())
    try:
        found = await record.looks(request.app.state.office, clerk, wanted, cursor) if wanted.asks else None
    except InvalidInput as error:
        return await _page(request, clerk, wanted, error=error)
    return await _page(request, clerk, wanted, looks=found, sealed=sealed)


@router.post("/seal")
async def seal(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    made = await record.seal(request.app.state.office, clerk)
    return RedirectResponse(f"/staff/record?sealed={made[-1].head.number if made else 0}", 303)


@router.post("/verify", response_class=HTMLResponse)
async def verify(request: Request, clerk: Clerk, form: CheckedForm) -> HTMLResponse:
    office = request.app.state.office
    if not await record.may_verify_now(office):
        return await _page(request, clerk, LookFilter(), too_long=True)
    return await _page(request, clerk, LookFilter(), verified=await record.verify_now(office, clerk))


@router.post("/export")
async def export(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    responsible(clerk, Role.AUDIT_ADMIN)  # before the first byte of a file says otherwise
    headers = {"Content-Disposition": 'attachment; filename="record.jsonl"', "Cache-Control": "no-store"}
    return StreamingResponse(_lines(request, clerk), media_type="application/jsonl", headers=headers)


async def _lines(request: Request, clerk: ClerkActor) -> AsyncIterator[bytes]:
    async for lines in record.export(request.app.state.office, clerk):
        yield b"".join(lines)


async def _page(
    request: Request,
    clerk: ClerkActor,
    wanted: LookFilter,
    *,
    looks: LookPage | None = None,
    verified: Verification | None = None,
    too_long: bool = False,
    sealed: int | None = None,
    error: InvalidInput | None = None,
) -> HTMLResponse:
    responsible(clerk, Role.AUDIT_ADMIN)
    heads = await record.newest_heads(request.app.state.office, limit=HEADS_SHOWN)
    problems = error_context(error, language_of(request)) if error else {}
    return page(
        request,
        "staff/record.html",
        status_of(error) if error else 200,
        heads=heads.items,
        more_heads=heads.next_cursor is not None,
        wanted=wanted,
        looks=looks,
        verified=verified,
        too_long=too_long,
        sealed=sealed,
        **problems,
    )
