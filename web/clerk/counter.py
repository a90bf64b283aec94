"""The counter: who is there, what they brought, what they sign, what is printed; or what they bring next time."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import appointments, clerking, counter
from casework.access import require_case_staff
from casework.actors import ClerkActor
from casework.counter import Proof, SignatureInput, VisitRow
from casework.views import MaterialView, WorkItemDetail
from domain.clock import day_in_china
from domain.errors import DomainError, FieldError, InvalidInput
from domain.jurisdiction import Role
from domain.service_item import StepKind
from domain.text import Bilingual
from web.applicant.appointment import chosen_time, slot_facts
from web.clerk.work_item import item_page, read_decision
from web.problems import PageRoute, error_context, status_of
from web.rendering import fragment, page
from web.visitor import CheckedForm, Clerk, file_of, language_of, text_of

router = APIRouter(route_class=PageRoute, prefix="/staff/counter")
FINDINGS = ("same", "different", "missing")
_AT_COUNTER = (StepKind.COUNTER_CHECK, StepKind.COLLECTION)


# --- finding and checking in -----------------------------------------------------------------------------------------


@router.get("", response_class=HTMLResponse)
async def find(request: Request, clerk: Clerk, q: str | None = None) -> HTMLResponse:
    require_case_staff(clerk)
    if q is None:
        return page(request, "staff/counter.html", **await _found_nothing(request, clerk, ""))
    asked = _scanned(q)
    try:
        return page(request, "staff/counter.html", asked=asked, **await _found(request, clerk, asked))
    except DomainError as error:
        empty = await _found_nothing(request, clerk, asked)
        return page(request, "staff/counter.html", status_of(error), **empty, **error_context(error, language_of(request)))


async def _found(request: Request, clerk: ClerkActor, asked: str) -> dict[str, Any]:
    if not asked:
        nothing = Bilingual(zh="请扫码，或输入受理编号、身份证号", en="Scan a code, or enter an acceptance number or ID number")
        raise InvalidInput(fields=[FieldError(path="/q", text=nothing)])
    office = request.app.state.office
    proof = counter.read_proof(office, asked)
    visits = await counter.visits(office, clerk, proof) if _serves(clerk) else []
    waiting = {row.work_item_id for row in visits}
    rows = [row for row in await clerking.find(office, clerk, proof.number) if row.id not in waiting]
    shown = {row.application_id for row in rows} | {row.application_id for row in visits}
    others = [case for case in await clerking.find_cases(office, clerk, proof.number) if case.id not in shown]
    return {"visits": visits, "rows": rows, "others": others, "proof": proof, "serves": _serves(clerk)}


async def _found_nothing(request: Request, clerk: ClerkActor, asked: str) -> dict[str, Any]:
    return {
        "asked": asked,
        "visits": list[VisitRow](),
        "rows": None,
        "others": [],
        "proof": Proof("number", asked),
        "serves": _serves(clerk),
    }


def _serves(clerk: ClerkActor) -> bool:
    return clerk.scope.role is Role.COUNTER and clerk.scope.station is not None


def _scanned(text: str) -> str:
    """A scanner types what a QR code holds: a code of ours, a number, or an address that carries one in `number` or `c`."""
    text = text.strip()
    if not text.startswith(("http://", "https://")):
        return text.replace(" ", "")
    carried = parse_qs(urlsplit(text).query)
    return next((carried[name][0] for name in ("number", "c") if name in carried), text)


@router.post("/check-in", response_class=HTMLResponse)
async def check_in(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    office, asked = request.app.state.office, text_of(form, "proof")
    try:
        work_item_id, kind = await counter.check_in(office, clerk, _uuid(text_of(form, "application")), asked)
    except DomainError as error:
        found = await _found_nothing(request, clerk, asked)
        return page(request, "staff/counter.html", status_of(error), **found, **error_context(error, language_of(request)))
    return RedirectResponse(_work_page(work_item_id, kind), 303)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput() from None


def _work_page(work_item_id: UUID, kind: StepKind) -> str:
    return f"/staff/counter/{work_item_id}" if kind in _AT_COUNTER else f"/staff/work-items/{work_item_id}"


@router.get("/today", response_class=HTMLResponse)
async def today(request: Request, clerk: Clerk) -> HTMLResponse:
    office = request.app.state.office
    arrivals = await appointments.arrivals(office, clerk)
    return page(request, "staff/counter-today.html", arrivals=arrivals, day=day_in_china(office.now()))


# --- the visit -------------------------------------------------------------------------------------------------------


@dataclass
class _Typed:
    """What the clerk filled in so far."""

    originals: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    signed: bool = False
    signature: str = ""  # a data URL
    signed_name: str = ""
    scan_code: str = ""


@router.get("/{work_item_id}", response_class=HTMLResponse)
async def compare_form(request: Request, work_item_id: UUID, clerk: Clerk) -> Response:
    detail = await clerking.work_item(request.app.state.office, clerk, work_item_id)
    if detail.row.kind not in _AT_COUNTER:
        return RedirectResponse(f"/staff/work-items/{work_item_id}", 303)
    if detail.row.status == "completed":
        return RedirectResponse(f"/staff/counter/{work_item_id}/done", 303)
    return _compare_page(request, detail, _Typed())


@router.post("/{work_item_id}/scan", response_class=HTMLResponse)
async def scan(request: Request, work_item_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    """The original, photographed at the counter, goes beside its upload; what was filled in stays."""
    office = request.app.state.office
    detail = await clerking.work_item(office, clerk, work_item_id)
    typed = _typed(form, detail)
    try:
        sent = await file_of(form, "scan")
        if sent is None:
            raise _refuse("/scan", Bilingual(zh="请选择或拍摄一张原件照片", en="Choose or take a picture of the original"))
        await counter.scan_original(office, clerk, work_item_id, typed.scan_code, *sent)
    except DomainError as error:
        if not error.fields:
            error.fields = (FieldError(path="/scan", text=error.text),)
        return _compare_page(request, detail, typed, error)
    return _compare_page(request, await clerking.work_item(office, clerk, work_item_id), typed)


@router.post("/{work_item_id}", response_class=HTMLResponse)
async def sign(request: Request, work_item_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    """The findings decide: all the same completes, one that differs voids; a missing one sends the person home to fetch it."""
    office = request.app.state.office
    detail = await clerking.work_item(office, clerk, work_item_id)
    typed = _typed(form, detail)
    try:
        missing = _missing(detail, typed)
        if missing:
            return await _end_visit(request, clerk, detail, missing)
        outcome = _outcome_of(detail, typed)
        if outcome != "differ":
            signature = await counter.check_signature(office, SignatureInput(typed.signature, typed.signed_name), detail.applicant_name)
            await counter.keep_signature(office, clerk, detail.row.application_id, "receipt", signature)
        await clerking.complete(
            office, clerk, work_item_id, outcome=outcome, reason=typed.reason or None, supplement=[], originals=typed.originals
        )
    except DomainError as error:
        return _compare_page(request, detail, typed, error)
    return RedirectResponse(f"/staff/counter/{work_item_id}/done", 303)


def _typed(form: Any, detail: WorkItemDetail) -> _Typed:
    decision = read_decision(form, detail)
    return _Typed(
        originals=decision["originals"],
        reason=decision["reason"],
        signed=text_of(form, "signed") == "yes",
        signature=text_of(form, "signature"),
        signed_name=text_of(form, "signed_name"),
        scan_code=text_of(form, "scan_code"),
    )


def _missing(detail: WorkItemDetail, typed: _Typed) -> list[MaterialView]:
    """What was not brought, once everything is looked at; nothing where something differs, which goes before.

    Raises:
        InvalidInput: an original was not looked at.
    """
    found = typed.originals
    unseen = [m for m in detail.originals if m.required and found.get(m.code) not in FINDINGS]
    if unseen:
        texts = [Bilingual(zh=f"请核对：{m.name.zh}", en=f"Compare this one: {m.name.en}") for m in unseen]
        raise InvalidInput(fields=[FieldError(path=f"/original-{m.code}", text=text) for m, text in zip(unseen, texts, strict=True)])
    if "different" in found.values():
        return []
    return [m for m in detail.originals if m.required and found[m.code] == "missing"]


def _outcome_of(detail: WorkItemDetail, typed: _Typed) -> str:
    differs = "different" in typed.originals.values()
    if differs and not typed.reason:
        raise _refuse("/reason", Bilingual(zh="请写明哪里不一致，申请人会看到", en="Say what differs; the applicant reads it"))
    if not typed.signed:
        raise _refuse("/signed", Bilingual(zh="请勾选签字确认", en="Tick the box to sign"))
    if detail.row.kind is StepKind.COLLECTION:
        return "handed_over"
    return "differ" if differs else "match"


def _refuse(path: str, text: Bilingual) -> InvalidInput:
    return InvalidInput(fields=[FieldError(path=path, text=text)])


async def _end_visit(request: Request, clerk: ClerkActor, detail: WorkItemDetail, missing: list[MaterialView]) -> HTMLResponse:
    await counter.end_visit(request.app.state.office, clerk, detail.row.id, [(m.code, m.name) for m in missing])
    return page(request, "staff/counter-missing.html", row=detail.row, case=detail.application, missing=missing)


def _compare_page(request: Request, detail: WorkItemDetail, typed: _Typed, error: DomainError | None = None) -> HTMLResponse:
    return item_page(request, detail, vars(typed), error, "staff/compare.html", findings=FINDINGS)


@router.get("/{work_item_id}/done", response_class=HTMLResponse)
async def done(request: Request, work_item_id: UUID, clerk: Clerk) -> HTMLResponse:
    return page(request, "staff/counter-done.html", **await _printable(request, clerk, work_item_id))


@router.get("/{work_item_id}/done/live", response_class=HTMLResponse)
async def done_live(request: Request, work_item_id: UUID, clerk: Clerk) -> HTMLResponse:
    return HTMLResponse(fragment(request, "parts/printable.html", **await _printable(request, clerk, work_item_id)))


async def _printable(request: Request, clerk: ClerkActor, work_item_id: UUID) -> dict[str, Any]:
    office = request.app.state.office
    detail = await clerking.work_item(office, clerk, work_item_id)
    void = detail.application.status.value == "void"
    inquiry = await counter.inquiry_number(office, clerk, detail.row.application_id) if void else None
    return {"row": detail.row, "case": detail.application, "inquiry": inquiry}


# --- appointments on request -----------------------------------------------------------------------------------------


@router.get("/cases/{application_id}/appointment", response_class=HTMLResponse)
async def choose_time(request: Request, application_id: UUID, clerk: Clerk, day: str = "") -> HTMLResponse:
    offer = await appointments.booking(request.app.state.office, clerk, application_id)
    saved = "saved" in request.query_params
    return page(request, "staff/counter-appointment.html", here=_here(application_id), saved=saved, **slot_facts(offer, day))


@router.post("/cases/{application_id}/appointment", response_class=HTMLResponse)
async def book_time(request: Request, application_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    office = request.app.state.office
    try:
        await appointments.book(office, clerk, application_id, chosen_time(form))
    except DomainError as error:
        offer = await appointments.booking(office, clerk, application_id)
        facts = slot_facts(offer, text_of(form, "day"), error, request)
        return page(request, "staff/counter-appointment.html", status_of(error), here=_here(application_id), saved=False, **facts)
    return RedirectResponse(f"{_here(application_id)}?saved=1", 303)


@router.post("/cases/{application_id}/appointment/cancel")
async def give_back_time(request: Request, application_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    await appointments.cancel(request.app.state.office, clerk, application_id)
    return RedirectResponse(_here(application_id), 303)


def _here(application_id: UUID) -> str:
    return f"/staff/counter/cases/{application_id}/appointment"
