"""The counter: find the case, compare originals one by one, sign, print."""

from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import clerking
from casework.views import WorkItemDetail
from domain.errors import DomainError, FieldError, InvalidInput
from domain.service_item import StepKind
from domain.text import Bilingual
from web.clerk.work_item import item_page, read_decision
from web.problems import PageRoute, error_context, status_of
from web.rendering import fragment, page
from web.visitor import CheckedForm, Clerk, language_of, text_of

router = APIRouter(route_class=PageRoute, prefix="/staff/counter")
FINDINGS = ("same", "different", "missing")


@router.get("", response_class=HTMLResponse)
async def find(request: Request, clerk: Clerk, q: str | None = None) -> HTMLResponse:
    asked = _scanned(q or "")
    if q is None:
        return page(request, "staff/counter.html", asked="", rows=None)
    if not asked:
        nothing = Bilingual(zh="请扫码，或输入受理编号、身份证号", en="Scan a code, or enter an acceptance number or ID number")
        error = InvalidInput(fields=[FieldError(path="/q", text=nothing)])
        return page(request, "staff/counter.html", 422, asked="", rows=None, **error_context(error, language_of(request)))
    try:
        rows = await clerking.find(request.app.state.office, clerk, asked)
        cases = await clerking.find_cases(request.app.state.office, clerk, asked)
    except DomainError as error:
        return page(request, "staff/counter.html", status_of(error), asked=asked, rows=None, **error_context(error, language_of(request)))
    with_work = {row.application_id for row in rows}
    return page(request, "staff/counter.html", asked=asked, rows=rows, others=[case for case in cases if case.id not in with_work])


def _scanned(text: str) -> str:
    """A scanner types what a QR code holds: a number, or an address that carries one in `number` or `c`."""
    text = text.strip()
    if not text.startswith(("http://", "https://")):
        return text.replace(" ", "")
    carried = parse_qs(urlsplit(text).query)
    return next((carried[name][0] for name in ("number", "c") if name in carried), text)


@router.get("/{work_item_id}", response_class=HTMLResponse)
async def compare_form(request: Request, work_item_id: UUID, clerk: Clerk) -> Response:
    detail = await clerking.work_item(request.app.state.office, clerk, work_item_id)
    if detail.row.kind is not StepKind.COUNTER_CHECK:
        return RedirectResponse(f"/staff/work-items/{work_item_id}", 303)
    if detail.row.status == "completed":
        return RedirectResponse(f"/staff/counter/{work_item_id}/done", 303)
    return _compare_page(request, detail, {"originals": {}, "reason": "", "signed": False})


@router.post("/{work_item_id}", response_class=HTMLResponse)
async def sign(request: Request, work_item_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    """The findings decide: all the same completes, one that differs voids; a missing one sends the person home to fetch it."""
    office = request.app.state.office
    detail = await clerking.work_item(office, clerk, work_item_id)
    typed: dict[str, Any] = read_decision(form, detail) | {"signed": text_of(form, "signed") == "yes"}
    try:
        outcome = _outcome_of(detail, typed)
        await clerking.complete(
            office, clerk, work_item_id, outcome=outcome, reason=typed["reason"] or None, supplement=[], originals=typed["originals"]
        )
    except DomainError as error:
        return _compare_page(request, detail, typed, error)
    return RedirectResponse(f"/staff/counter/{work_item_id}/done", 303)


def _outcome_of(detail: WorkItemDetail, typed: dict[str, Any]) -> str:
    found: dict[str, str] = typed["originals"]
    unseen = [m for m in detail.originals if m.required and found.get(m.code) not in FINDINGS]
    if unseen:
        raise InvalidInput(
            fields=[
                FieldError(path=f"/original-{m.code}", text=Bilingual(zh=f"请核对：{m.name.zh}", en=f"Compare this one: {m.name.en}"))
                for m in unseen
            ]
        )
    missing = [m for m in detail.originals if m.required and found[m.code] == "missing"]
    differs = "different" in found.values()
    if missing and not differs:
        raise InvalidInput(
            fields=[
                FieldError(
                    path=f"/original-{missing[0].code}",
                    text=Bilingual(
                        zh=f"未带{missing[0].name.zh}，不能办结。请放回待领取，等申请人带齐再来",
                        en=f"{missing[0].name.en} was not brought. Release the work item until the applicant returns with it",
                    ),
                )
            ]
        )
    if differs and not typed["reason"]:
        raise InvalidInput(
            fields=[
                FieldError(
                    path="/reason", text=Bilingual(zh="请写明哪里不一致，申请人会看到", en="Say what differs; the applicant reads it")
                )
            ]
        )
    if not typed["signed"]:
        raise InvalidInput(fields=[FieldError(path="/signed", text=Bilingual(zh="请勾选签字确认", en="Tick the box to sign"))])
    return "differ" if differs else "match"


def _compare_page(request: Request, detail: WorkItemDetail, typed: dict[str, Any], error: DomainError | None = None) -> HTMLResponse:
    return item_page(request, detail, typed, error, "staff/compare.html", findings=FINDINGS)


@router.get("/{work_item_id}/done", response_class=HTMLResponse)
async def done(request: Request, work_item_id: UUID, clerk: Clerk) -> HTMLResponse:
    detail = await clerking.work_item(request.app.state.office, clerk, work_item_id)
    return page(request, "staff/counter-done.html", row=detail.row, case=detail.application)


@router.get("/{work_item_id}/done/live", response_class=HTMLResponse)
async def done_live(request: Request, work_item_id: UUID, clerk: Clerk) -> HTMLResponse:
    detail = await clerking.work_item(request.app.state.office, clerk, work_item_id)
    return HTMLResponse(fragment(request, "parts/printable.html", row=detail.row, case=detail.application))
