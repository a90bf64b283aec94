"""The face check: consent, aiming and recording in a way that suits the person, its result, and the counter instead."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from casework import applying, demo, following
from casework.actors import ApplicantActor
from casework.views import ApplicationView
from domain.application import Challenge, Status
from domain.challenges import PHONE_GOES
from domain.errors import ChallengeExpired, DomainError, FieldError, InvalidInput, NoConsent, NotFound, TooManyAttempts, WrongState
from domain.guardians import Guardian
from domain.identity import Way
from domain.text import Bilingual
from web.applicant.case import case_facts, live_stream
from web.problems import PageRoute, error_context, problem_page, status_of
from web.rendering import fragment, page
from web.visitor import CheckedForm, Served, case_home, file_of, language_of, text_of

router = APIRouter(route_class=PageRoute)  # mounted under a case, on the applicant's side and at the counter
WAYS: tuple[Way, ...] = ("code_and_turn", "movements", "digits")
# What the camera page's script says.
WORDS = (
    *("open", "record", "anyway", "again", "aim", "good", "dark", "bright", "far", "near", "off_middle", "no_face", "two_faces"),
    *("starting", "look", "read_zh", "read_en", "move_left", "move_right", "move_up", "move_down", "carry_left", "carry_right"),
    *("aloud_digits", "aloud_then", "aloud_moves", "carry_help", "nth", "sending", "going_on", "waiting", "clock", "clock_over"),
    *("denied", "none", "busy", "no_voice", "unsent"),
)
NO_CONSENT = Bilingual(
    zh="请先勾选同意，再继续。不同意刷脸的，可以改到窗口核验",
    en="Tick the box to go on. If you do not agree, have it checked at the counter",
)
_GUARDIAN_PARTS = {
    "name": Bilingual(zh="请填写监护人姓名", en="Give the guardian's name"),
    "id_number": Bilingual(zh="请填写监护人的公民身份号码", en="Give the guardian's ID number"),
    "relation": Bilingual(zh="请选择与申请人的关系", en="Choose the relation to the applicant"),
}
_NO_CLIP = Bilingual(zh="请先录制或选择一段视频", en="Record or choose a video first")
_ANOTHER = Bilingual(
    zh="要录的内容已经换了，请按本页现在的内容重新录制", en="What to record has changed. Record what this page asks for now"
)
_NO_VIDEO = Bilingual(zh="这个文件不是 webm 或 mp4 视频，请重新选择", en="This file is no webm or mp4 video. Choose another one")


def _here(request: Request, application_id: UUID, rest: str = "") -> str:
    return f"{case_home(request, application_id)}/face{rest}"


async def _case(request: Request, actor: ApplicantActor, application_id: UUID) -> ApplicationView:
    return await following.get_application(request.app.state.office, actor, application_id)


def _live_challenge(request: Request, case: ApplicationView) -> Challenge | None:
    challenge = case.challenge
    return challenge if challenge and challenge.expires_at > request.app.state.office.now() else None


def _must_wait(request: Request, case: ApplicationView) -> bool:
    return bool(case.identity.wait_until and case.identity.wait_until > request.app.state.office.now())


# --- consent ---------------------------------------------------------------------------------------------------------


@router.get("", response_class=HTMLResponse)
async def explain(request: Request, application_id: UUID, actor: Served) -> Response:
    case = await _case(request, actor, application_id)
    if case.status is not Status.VERIFYING:
        return RedirectResponse(case_home(request, application_id), 303)
    return page(request, "face.html", typed={}, **case_facts(request, case))


@router.post("", response_class=HTMLResponse)
async def consent(request: Request, application_id: UUID, actor: Served, form: CheckedForm) -> Response:
    case = await _case(request, actor, application_id)
    office = request.app.state.office
    try:
        guardian = _read_consent(form, by_guardian=case.identity.needs_guardian)
        await applying.consent_to_face_check(office, actor, application_id, guardian)
    except (InvalidInput, WrongState) as error:
        return _ask_again(request, case, form, error)
    if _live_challenge(request, case) is None and not _must_wait(request, case):
        await applying.renew_challenge(office, actor, application_id, language_of(request))
    return RedirectResponse(_here(request, application_id, "/record"), 303)


def _read_consent(form: FormData, *, by_guardian: bool) -> Guardian | None:
    """
    Raises:
        InvalidInput: nobody agreed, or the guardian's details lack something.
    """
    problems = list[FieldError]()
    guardian = _read_guardian(form, problems) if by_guardian else None
    if text_of(form, "consent") != "yes":
        problems.append(FieldError(path="/consent", text=NO_CONSENT))
    if problems:
        raise InvalidInput(fields=problems)
    return guardian


def _read_guardian(form: FormData, problems: list[FieldError]) -> Guardian | None:
    typed = {name: text_of(form, f"guardian_{name}") for name in _GUARDIAN_PARTS}
    try:
        return Guardian.model_validate(typed)
    except ValidationError as error:
        parts = {str(one["loc"][0]) for one in error.errors() if one["loc"]}
        problems += [FieldError(path=f"/guardian/{name}", text=text) for name, text in _GUARDIAN_PARTS.items() if name in parts]
        return None


def _ask_again(request: Request, case: ApplicationView, form: FormData, error: DomainError) -> Response:
    if case.status is not Status.VERIFYING:
        return problem_page(request, error)
    if not error.fields:
        error.fields = (FieldError(path="/consent", text=error.text),)
    typed = {name: text_of(form, name) for name in (f"guardian_{part}" for part in _GUARDIAN_PARTS)}
    problems = error_context(error, language_of(request))
    return page(request, "face.html", status_of(error), typed=typed, **case_facts(request, case), **problems)


# --- recording -------------------------------------------------------------------------------------------------------


@router.get("/record", response_class=HTMLResponse)
async def record(request: Request, application_id: UUID, actor: Served) -> Response:
    """The camera page. What is asked for is not on it: its script fetches that when the recording begins."""
    case = await _case(request, actor, application_id)
    if (elsewhere := _not_now(request, case)) is not None:
        return elsewhere
    return page(
        request,
        "record.html",
        challenge=_live_challenge(request, case),
        aloud="aloud" in request.query_params,
        words=WORDS,
        **case_facts(request, case),
    )


def _not_now(request: Request, case: ApplicationView) -> Response | None:
    """Where somebody belongs who cannot record now."""
    if case.status is not Status.VERIFYING:
        return RedirectResponse(case_home(request, case.id), 303)
    if not case.identity.consented:
        return RedirectResponse(_here(request, case.id), 303)
    if case.identity.checking or _must_wait(request, case):
        return RedirectResponse(_here(request, case.id, "/result"), 303)
    return None


@router.get("/file", response_class=HTMLResponse)
async def record_elsewhere(request: Request, application_id: UUID, actor: Served) -> Response:
    """For who records with the phone's own camera app: what is asked for stands on the page, and has been shown from now on."""
    case = await _case(request, actor, application_id)
    return _not_now(request, case) or await _file_page(request, actor, case)


async def _file_page(request: Request, actor: ApplicantActor, case: ApplicationView, error: DomainError | None = None) -> Response:
    try:
        challenge = await applying.show_challenge(request.app.state.office, actor, case.id)
    except ChallengeExpired:
        challenge = None
    problems = error_context(error, language_of(request)) if error else {}
    shown = {"challenge": challenge, "acts": _acts(challenge) if challenge else []}
    return page(request, "face-file.html", status_of(error) if error else 200, **shown, **case_facts(request, case), **problems)


def _acts(challenge: Challenge) -> list[dict[str, str]]:
    """What the person does for each movement: moves the head, or carries the phone to the side from which it sees the same."""
    if challenge.way == "digits":
        return [{"kind": "carry", "to": PHONE_GOES[movement]} for movement in challenge.movements]
    return [{"kind": "move", "to": movement} for movement in challenge.movements]


@router.post("/show")
async def show(request: Request, application_id: UUID, actor: Served, form: CheckedForm) -> Response:
    """To the camera page's script, when the recording begins: what to read, and what to do after it."""
    try:
        challenge = await applying.show_challenge(request.app.state.office, actor, application_id)
    except DomainError as error:
        return _said(request, error)
    return JSONResponse({"challenge": str(challenge.id), "code": challenge.code, "language": challenge.language, "acts": _acts(challenge)})


@router.post("/code", response_class=HTMLResponse)
async def new_code(request: Request, application_id: UUID, actor: Served, form: CheckedForm) -> Response:
    """Something new to read and do, in another way where one was chosen."""
    way: Any = text_of(form, "way")
    try:
        await applying.renew_challenge(request.app.state.office, actor, application_id, language_of(request), way if way in WAYS else None)
    except TooManyAttempts:
        return RedirectResponse(_here(request, application_id, "/result"), 303)
    if text_of(form, "onward") == "file":
        return RedirectResponse(_here(request, application_id, "/file"), 303)
    return RedirectResponse(_here(request, application_id, "/record?aloud=1" if text_of(form, "aloud") == "yes" else "/record"), 303)


@router.post("/counter")
async def to_counter(request: Request, application_id: UUID, actor: Served, form: CheckedForm) -> Response:
    """The other way: a clerk compares the person with the ID card."""
    await applying.choose_counter(request.app.state.office, actor, application_id)
    return RedirectResponse(case_home(request, application_id), 303)


@router.post("/clip", response_class=HTMLResponse)
async def hand_in(request: Request, application_id: UUID, actor: Served, form: CheckedForm) -> Response:
    """A whole clip at once: from the plain form, which needs no script."""
    try:
        sent = await file_of(form, "clip")
        if sent is None:
            raise InvalidInput(fields=[FieldError(path="/clip", text=_NO_CLIP)])
        if not _begins_like_a_video(sent[0]):
            raise InvalidInput(fields=[FieldError(path="/clip", text=_NO_VIDEO)])
        await applying.hand_in_clip(request.app.state.office, actor, application_id, *sent, challenge_id=_shown(form))
    except TooManyAttempts:
        return RedirectResponse(_here(request, application_id, "/result"), 303)
    except NoConsent:
        return RedirectResponse(_here(request, application_id), 303)
    except DomainError as error:
        return await _not_taken(request, actor, application_id, error)
    return RedirectResponse(_here(request, application_id, "/result"), 303)


def _shown(form: FormData) -> UUID | None:
    """Which challenge stood on the page; another tab may have asked for a new one since."""
    try:
        return UUID(text_of(form, "challenge"))
    except ValueError:
        return None


def _begins_like_a_video(data: bytes) -> bool:
    """Whether it may be webm (EBML) or mp4 (ISO/IEC 14496-12): a wrong file that was picked is no try."""
    return data[:4] == b"\x1a\x45\xdf\xa3" or data[4:8] == b"ftyp"


def _said(request: Request, error: DomainError) -> Response:
    text = (error.fields[0].text if error.fields else error.text).in_language(language_of(request))
    return JSONResponse({"text": text}, status_of(error))


async def _not_taken(request: Request, actor: ApplicantActor, application_id: UUID, error: DomainError) -> Response:
    case = await _case(request, actor, application_id)
    if case.status is not Status.VERIFYING:
        return problem_page(request, error)
    if isinstance(error, ChallengeExpired) and _live_challenge(request, case):
        error.fields = (FieldError(path="/clip", text=_ANOTHER),)
    elif not error.fields:
        error.fields = (FieldError(path="/clip", text=error.text),)
    return await _file_page(request, actor, case, error)


@router.post("/demo", response_class=HTMLResponse)
async def demo_clip(request: Request, application_id: UUID, actor: Served, form: CheckedForm) -> Response:
    office = request.app.state.office
    if not office.settings_view.demo:
        raise NotFound()
    case = await _case(request, actor, application_id)
    if (elsewhere := _not_now(request, case)) is not None:
        return elsewhere
    data, media_type = await demo.demo_clip(office, actor, application_id)
    await applying.hand_in_clip(office, actor, application_id, data, media_type)
    return RedirectResponse(_here(request, application_id, "/result"), 303)


# --- the result ------------------------------------------------------------------------------------------------------


@router.get("/result", response_class=HTMLResponse)
async def result(request: Request, application_id: UUID, actor: Served) -> Response:
    case = await _case(request, actor, application_id)
    if case.status.final and not case.identity.passed:  # withdrawn, or decided at the counter: nothing waits for a result
        return RedirectResponse(case_home(request, application_id), 303)
    return page(request, "face-result.html", **case_facts(request, case))


@router.get("/live")
async def result_live(request: Request, application_id: UUID, actor: Served) -> Response:
    await _case(request, actor, application_id)

    async def draw() -> tuple[str, bool]:
        case = await _case(request, actor, application_id)
        ended = case.status.final or case.identity.passed
        return fragment(request, "parts/face-live.html", **case_facts(request, case)), ended

    return live_stream(request, actor, application_id, draw)
