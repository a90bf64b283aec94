"""One work item: answers beside what registries said, uploads, rules, and the decision."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from casework import clerking, examining, following, queueing
from casework.actors import ClerkActor
from casework.case_views import InvestigationView, ReasonTemplateView
from casework.views import WorkItemDetail
from domain.changes import SupplementRequest
from domain.clock import day_in_china
from domain.errors import DomainError, FieldError, FourEyes
from domain.service_item import StepKind
from domain.text import Language
from domain.work_items import DECIDING, TASK_TEXT
from web.applicant.case import pdf_response
from web.applicant.questions import answer_texts
from web.applicant.uploads import inline_file
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.texts import say
from web.visitor import CheckedForm, Clerk, language_of, text_of

router = APIRouter(route_class=PageRoute, prefix="/staff")
Typed = dict[str, Any]
TASKS_AT_FIRST = 1
_TEMPLATES = {StepKind.INVESTIGATION: "staff/task.html"}


@router.get("/work-items/{work_item_id}", response_class=HTMLResponse)
async def show(request: Request, work_item_id: UUID, clerk: Clerk) -> Response:
    detail = await clerking.work_item(request.app.state.office, clerk, work_item_id)
    if detail.row.kind is StepKind.COUNTER_CHECK:
        return RedirectResponse(f"/staff/counter/{work_item_id}", 303)
    return item_page(request, detail, typed_nothing(), **await _tries(request, clerk, detail))


async def _tries(request: Request, clerk: ClerkActor, detail: WorkItemDetail) -> dict[str, Any]:
    """To who holds an identity check: what the machine made of each clip."""
    if detail.row.kind is not StepKind.IDENTITY_CHECK or not detail.may_complete:
        return {}
    return {"identity": await examining.identity_file(request.app.state.office, clerk, detail.row.id)}


@router.get("/work-items/{work_item_id}/identity/portrait")
async def portrait(request: Request, work_item_id: UUID, clerk: Clerk) -> Response:
    return _face(await examining.portrait(request.app.state.office, clerk, work_item_id))


@router.get("/work-items/{work_item_id}/identity/{clip_id}/frames/{number}")
async def frame(request: Request, work_item_id: UUID, clip_id: UUID, number: int, clerk: Clerk) -> Response:
    return _face(await examining.frame(request.app.state.office, clerk, work_item_id, clip_id, number))


def _face(picture: bytes) -> Response:
    return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


@router.post("/work-items/{work_item_id}/claim")
async def claim(request: Request, work_item_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    return await _act(request, clerk, work_item_id, queueing.claim)


@router.post("/work-items/{work_item_id}/release")
async def release(request: Request, work_item_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    return await _act(request, clerk, work_item_id, queueing.release)


async def _act(request: Request, clerk: ClerkActor, work_item_id: UUID, verb: Any) -> Response:
    office = request.app.state.office
    try:
        await verb(office, clerk, work_item_id)
    except DomainError as error:
        detail = await clerking.work_item(office, clerk, work_item_id)
        return item_page(request, detail, typed_nothing(), error, **await _tries(request, clerk, detail))
    return RedirectResponse(f"/staff/work-items/{work_item_id}", 303)


@router.post("/work-items/{work_item_id}", response_class=HTMLResponse)
async def complete(request: Request, work_item_id: UUID, clerk: Clerk, form: CheckedForm) -> Response:
    office = request.app.state.office
    detail = await clerking.work_item(office, clerk, work_item_id)
    typed = read_decision(form, detail)
    if text_of(form, "insert"):  # without a script: the chosen reason goes into the clerk's own words, and nothing is handed in
        typed["reason"] = "\n".join(text for text in (typed["reason"], text_of(form, "template")) if text)
        return item_page(request, detail, typed, **await _tries(request, clerk, detail))
    supplement = (
        [SupplementRequest(target=target, reason=typed["why"][target]) for target in typed["marked"]]
        if typed["outcome"] == "supplement"
        else []
    )
    try:
        await clerking.complete(
            office,
            clerk,
            work_item_id,
            outcome=typed["outcome"],
            reason=typed["reason"] or None,
            supplement=supplement,
            originals=typed["originals"],
        )
    except DomainError as error:
        return item_page(request, detail, typed, _named_as_drawn(error, typed["marked"]), **await _tries(request, clerk, detail))
    return RedirectResponse(f"/staff?completed={detail.row.acceptance_number}", 303)


def typed_nothing() -> Typed:
    return {"outcome": "", "reason": "", "marked": [], "why": {}, "originals": {}}


def read_decision(form: FormData, detail: WorkItemDetail) -> Typed:
    """What the clerk filled in: outcome, reason, marked targets with their reasons, findings on originals."""
    targets = [target for target, _ in detail.supplement_targets]
    return {
        "outcome": text_of(form, "outcome"),
        "reason": text_of(form, "reason").replace("\r\n", "\n"),
        "marked": [target for target in targets if text_of(form, f"mark:{target}")],
        "why": {target: text_of(form, f"why:{target}") for target in targets},
        "originals": {m.code: finding for m in detail.originals if (finding := text_of(form, f"original:{m.code}"))},
    }


def _named_as_drawn(error: DomainError, marked: list[str]) -> DomainError:
    """`/supplement/0/reason` is the reason beside the first marked target."""
    fields = []
    for field in error.fields:
        parts = field.path.strip("/").split("/")
        if parts[0] == "supplement" and len(parts) > 1 and parts[1].isdigit() and int(parts[1]) < len(marked):
            field = FieldError(path=f"/why-{marked[int(parts[1])].replace('.', '-')}", text=field.text)
        fields.append(field)
    error.fields = tuple(fields)
    return error


def drafts_of_nothing() -> dict[str, Any]:
    """What the page's other forms hold before anybody typed: question, note, finding, and an investigation with one empty task."""
    empty = {"kind": "visit", "clerk": "", "day": "", "text": ""}
    return {"question": "", "note": "", "finding": "", "investigating": False, "why": "", "tasks": [empty] * TASKS_AT_FIRST}


def item_page(
    request: Request,
    detail: WorkItemDetail,
    typed: Typed,
    error: DomainError | None = None,
    template: str | None = None,
    drafts: dict[str, Any] | None = None,
    **more: Any,
) -> HTMLResponse:
    item = detail.application.item
    language = language_of(request)
    # Differences first, then what agrees, then what has nothing to compare with.
    order = {False: 0, True: 1, None: 2}
    return page(
        request,
        template or _TEMPLATES.get(detail.row.kind, "staff/work-item.html"),
        status_of(error) if error else 200,
        detail=detail,
        row=detail.row,
        case=detail.application,
        item=item,
        typed=typed,
        drafts=drafts_of_nothing() | (drafts or {}),
        decides=detail.row.kind in DECIDING,
        templates=_reasons(detail, language),
        left_open=_left_open(detail, language),
        tasks_left=investigation.tasks_left if (investigation := _under_way(detail)) else 0,
        refused=error.text if isinstance(error, FourEyes) else None,
        task_kinds=TASK_TEXT,
        today=day_in_china(request.app.state.office.now()).isoformat(),
        comparisons=sorted(detail.comparisons, key=lambda c: order[c.agrees]),
        differences=sum(c.agrees is False for c in detail.comparisons),
        lines=answer_texts(item, detail.application.answers, language),
        **more,
        **(error_context(error, language) if error and not isinstance(error, FourEyes) else {}),
    )


def _reasons(detail: WorkItemDetail, language: Language) -> list[tuple[str, list[ReasonTemplateView]]]:
    """Reasons to start from, under the outcome that they fit."""
    if not detail.templates:  # what a county starts with
        return [("", [ReasonTemplateView(outcome="", title=text, text=text) for text in _common_reasons(language)])]
    groups = [(text.in_language(language), [t for t in detail.templates if t.outcome == code]) for code, text in detail.outcomes]
    return [(label, kept) for label, kept in groups if kept]


def _common_reasons(language: Language) -> list[str]:
    return [
        say(language, "template.agree"),
        say(language, "template.proof_unclear"),
        say(language, "template.proof_missing"),
        say(language, "template.reason_weak"),
        say(language, "template.registry_differs"),
        say(language, "template.law"),
    ]


def _left_open(detail: WorkItemDetail, language: Language) -> list[str]:
    """What completing now closes, or what keeps it from being completed."""
    said = [say(language, "casepage.closes_question")] if any(q.state == "open" for q in detail.questions) else []
    if (investigation := _under_way(detail)) is not None:
        left = investigation.tasks_left
        said.append(say(language, "casepage.tasks_left", n=left) if left else say(language, "casepage.closes_investigation"))
    return said


def _under_way(detail: WorkItemDetail) -> InvestigationView | None:
    return next((i for i in detail.investigations if i.closed_at is None), None)


@router.get("/applications/{application_id}/uploads/{upload_id}")
async def upload_file(request: Request, application_id: UUID, upload_id: UUID, clerk: Clerk) -> Response:
    data, media_type = await following.material_file(request.app.state.office, clerk, application_id, upload_id)
    return inline_file(data, media_type)


@router.get("/applications/{application_id}/uploads/{upload_id}/pages/{number}")
async def upload_page(request: Request, application_id: UUID, upload_id: UUID, number: int, clerk: Clerk) -> Response:
    data, media_type = await following.material_page(request.app.state.office, clerk, application_id, upload_id, number)
    return inline_file(data, media_type)


@router.get("/documents/{number}/file")
async def document_file(request: Request, number: str, clerk: Clerk) -> Response:
    data, name = await following.document_file(request.app.state.office, clerk, number)
    return pdf_response(data, name, download="download" in request.query_params)
