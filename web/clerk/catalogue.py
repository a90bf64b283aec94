"""The catalogue's pages for editors: one file, checked, tried, compared, published. Supervisors read them."""

import hashlib
import hmac
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.datastructures import FormData

from casework import editing, redeciding
from casework.actors import ClerkActor
from casework.editing import Checked, OpenFile
from casework.office import Office
from casework.views import PrefilledForm
from catalogue.refusals import CatalogueError
from catalogue.simulation import sample_person
from catalogue.skeleton import KINDS
from domain.errors import DomainError, FieldError, InvalidInput, NotAllowed, NotFound
from domain.service_item import ServiceItem
from domain.text import Bilingual, Language
from web.applicant.known import fitting_values
from web.applicant.questions import questions, read_answers
from web.problems import PageRoute, error_context, status_of
from web.rendering import masked_id, page
from web.texts import LANGUAGES
from web.visitor import CheckedForm, Clerk, language_of, text_of

router = APIRouter(route_class=PageRoute, prefix="/staff")
CHINA = ZoneInfo("Asia/Shanghai")
TRIED_DAYS = 90  # how far back past cases are tried when nobody says otherwise
REGISTRY = "registry:"  # a colon keeps the editor's own fields apart from the item's questions
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
SAID = ("sample", "none", "down")


# --- the list, a new file --------------------------------------------------------------------------------------------


@router.get("/catalogue", response_class=HTMLResponse)
async def overview(request: Request, clerk: Clerk, q: str = "") -> HTMLResponse:
    listed = await editing.overview(request.app.state.office, clerk)
    asked = q.strip()[:60]
    words = asked.lower().split()
    found = [line for line in listed if all(word in _words_of(line) for word in words)]
    return page(request, "staff/catalogue.html", listed=found, asked=asked, may_edit=editing.may_edit(clerk))


def _words_of(line: editing.Listed) -> str:
    return " ".join((line.code, *((line.name.zh, line.name.en) if line.name else ()))).lower()


@router.get("/catalogue-new", response_class=HTMLResponse)
async def new_form(request: Request, clerk: Clerk) -> HTMLResponse:
    if not editing.may_edit(clerk):
        raise NotAllowed()
    return page(request, "staff/catalogue-new.html", kinds=KINDS, code="", kind="")


@router.post("/catalogue-new", response_class=HTMLResponse)
async def begin(request: Request, clerk: Clerk, form: CheckedForm) -> Response:
    code, kind = text_of(form, "code"), text_of(form, "kind")
    try:
        await editing.begin(request.app.state.office, clerk, code, kind)
    except InvalidInput as error:
        context = error_context(error, language_of(request))
        return page(request, "staff/catalogue-new.html", status_of(error), kinds=KINDS, code=code, kind=kind, **context)
    return RedirectResponse(f"/staff/catalogue/{code}", 303)


# --- the editor ------------------------------------------------------------------------------------------------------


@router.get("/catalogue/{code}", response_class=HTMLResponse)
async def edit(request: Request, code: str, clerk: Clerk) -> HTMLResponse:
    file = await editing.open_file(request.app.state.office, clerk, code)
    return await _editor(request, clerk, file, file.text, published=request.query_params.get("published"))


@router.post("/catalogue/{code}", response_class=HTMLResponse)
async def act(request: Request, code: str, clerk: Clerk, form: CheckedForm) -> Response:
    """Keep the text, then do what the button says; a file that cannot be is told so, whichever button it was."""
    office = request.app.state.office
    file = await editing.open_file(office, clerk, code)
    text = _text(form, file) if editing.may_edit(clerk) else file.text
    try:
        if text != file.text:
            await editing.save(office, clerk, code, text)
    except InvalidInput as error:
        return await _editor(request, clerk, file, text, error=error)
    file = await editing.open_file(office, clerk, code)
    action = text_of(form, "editor:action")
    if action == "save":
        return await _editor(request, clerk, file, text, result="saved")
    checked = await editing.check_file(office, clerk, code, text)
    if action == "publish" and checked.may_be_published:
        return RedirectResponse(f"/staff/catalogue/{code}/publish#main", 303)  # or the form's own `#result` would stay
    if checked.item is None or action in ("check", "publish"):
        return await _editor(request, clerk, file, text, result="check", checked=checked)
    try:
        found = await _result(request, action, checked.item, form)
    except DomainError as error:
        context = _hand(request, checked.item, form) if action == "by-hand" else {}
        return await _editor(request, clerk, file, text, error=error, result=action, checked=checked, item=checked.item, **context)
    return await _editor(request, clerk, file, text, result=action, checked=checked, item=checked.item, **found)


def _text(form: FormData, file: OpenFile) -> str:
    """What the editor wrote, with the line ends of a file; what stood there when nothing was sent."""
    sent = form.get("editor:text")
    return sent.replace("\r\n", "\n").replace("\r", "\n") if isinstance(sent, str) else file.text


async def _result(request: Request, action: str, item: ServiceItem, form: FormData) -> dict[str, Any]:
    """What the page shows for one button."""
    office = request.app.state.office
    match action:
        case "simulate":
            return {"examples": editing.run_examples(item, office.catalogue.sources)} | _hand(request, item)
        case "by-hand":
            hand = _hand(request, item, form)
            today = office.now().astimezone(CHINA).date()
            simulated = editing.run_by_hand(item, hand["answers"], hand["said"], today, office.catalogue.sources)
            return hand | {"simulated": simulated}
        case "guide":
            return {"guides": [(language, _guide(office, item, language)) for language in LANGUAGES]}
        case "diff":
            return {"difference": editing.changes_of(office, item)}
        case "try":
            since = _since(form)
            trial = await redeciding.try_service_item(office, item, datetime.combine(since, datetime.min.time(), CHINA))
            return {"trial": trial, "since": since}
        case _:
            raise NotFound()


def _guide(office: Office, item: ServiceItem, language: Language) -> Markup:
    """The guide's Markdown as part of a page: nothing in it is taken for HTML, and its headings come under the page's."""
    tokens = _MARKDOWN.parse(editing.guide_text(item, office.catalogue.sources, office.catalogue.all(), language))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704 (made by the renderer, which escapes)


def _hand(request: Request, item: ServiceItem, form: FormData | None = None) -> dict[str, Any]:
    """The item's own questions, as they were answered if they were, and what each registry shall say."""
    sources, language = request.app.state.office.catalogue.sources, language_of(request)
    prefilled = _from_samples(request, item)
    answers = read_answers(item, form, known=fitting_values(item, prefilled)) if form is not None else None
    said = {e.name: choice for e in item.evidence if form is not None and (choice := text_of(form, REGISTRY + e.name)) in SAID}
    person = sample_person(sources)
    asked = questions(item, prefilled, answers, language, myself=masked_id(person["id_number"]))
    return {"questions": asked, "answers": answers or {}, "said": said, "choices": SAID, "person": person}


def _from_samples(request: Request, item: ServiceItem) -> PrefilledForm:
    """What registries would fill in for the sample person."""
    office, values = request.app.state.office, dict[str, Any]()
    for fill in item.prefill:
        value: Any = office.catalogue.sources[fill.source].sample
        for part in fill.path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        values[fill.field] = value
    return PrefilledForm(values=values, sources={fill.field: fill.source for fill in item.prefill}, read_at=office.now(), failed=[])


def _since(form: FormData) -> date:
    try:
        return date.fromisoformat(text_of(form, "editor:since"))
    except ValueError as error:
        text = Bilingual(zh="请写成 2026-01-01 这样的日期", en="Write the date as 2026-01-01")
        raise InvalidInput(fields=[FieldError(path="/since", text=text)]) from error


async def _editor(
    request: Request,
    clerk: ClerkActor,
    file: OpenFile,
    text: str,
    *,
    error: DomainError | None = None,
    result: str = "",
    checked: Checked | None = None,
    **context: Any,
) -> HTMLResponse:
    office = request.app.state.office
    problems = error_context(error, language_of(request)) if error else {}
    refused = result == "check" and checked is not None and checked.item is None
    since = office.now().astimezone(CHINA).date() - timedelta(days=TRIED_DAYS)
    return page(
        request,
        "staff/catalogue-item.html",
        status_of(error) if error else 422 if refused else 200,
        **(
            {
                "file": file,
                "text": text,
                "lines": text.split("\n"),
                "may_edit": editing.may_edit(clerk),
                "history": await editing.history(office, clerk, file.code),
                "result": result,
                "checked": checked,
                "since": since,
            }
            | context
            | problems
        ),
    )


# --- making it live --------------------------------------------------------------------------------------------------


@router.get("/catalogue/{code}/publish", response_class=HTMLResponse)
async def confirm(request: Request, code: str, clerk: Clerk) -> HTMLResponse:
    """What exactly changes and from when, before it does."""
    office = request.app.state.office
    if not editing.may_edit(clerk):
        raise NotAllowed()
    file = await editing.open_file(office, clerk, code)
    checked = await editing.check_file(office, clerk, code, file.text)
    if checked.item is None or not checked.may_be_published:
        return await _editor(request, clerk, file, file.text, result="check", checked=checked)
    item = checked.item
    return page(
        request,
        "staff/catalogue-publish.html",
        item=item,
        file=file,
        digest=_digest(file.text),
        difference=editing.changes_of(office, item),
        live_now=item.in_force_on(office.now().astimezone(CHINA).date()),
    )


@router.post("/catalogue/{code}/publish", response_class=HTMLResponse)
async def publish(request: Request, code: str, clerk: Clerk, form: CheckedForm) -> Response:
    office = request.app.state.office
    file = await editing.open_file(office, clerk, code)
    if not hmac.compare_digest(_digest(file.text), text_of(form, "editor:digest")):
        return await _published_or_changed(request, clerk, file)
    try:
        published = await editing.publish_draft(office, clerk, code, file.text)
    except CatalogueError:
        checked = await editing.check_file(office, clerk, code, file.text)
        return await _editor(request, clerk, file, file.text, result="check", checked=checked)
    return RedirectResponse(f"/staff/catalogue/{code}?published={published.item.version}", 303)


async def _published_or_changed(request: Request, clerk: ClerkActor, file: OpenFile) -> HTMLResponse:
    text = Bilingual(
        zh="确认之后文件又有改动，没有发布。请核对后再发布。",
        en="The file changed after you confirmed it, so nothing was published. Look at it, then publish again.",
    )
    error = InvalidInput(fields=[FieldError(path="/file-text", text=text)])
    return await _editor(request, clerk, file, file.text, error=error)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@router.post("/catalogue/{code}/discard")
async def discard(request: Request, code: str, clerk: Clerk, form: CheckedForm) -> Response:
    await editing.discard(request.app.state.office, clerk, code)
    known = request.app.state.office.catalogue.versions(code)
    return RedirectResponse(f"/staff/catalogue/{code}" if known else "/staff/catalogue", 303)


@router.get("/catalogue/{code}/file")
async def download(request: Request, code: str, clerk: Clerk, version: int | None = None) -> Response:
    """The file as it stands now, or as a version was published."""
    text = await editing.text_of_version(request.app.state.office, clerk, code, version)
    name = f"{code}.yaml" if version is None else f"{code}-v{version}.yaml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="application/yaml; charset=utf-8", headers=headers)
