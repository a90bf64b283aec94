"""A question to the applicant inside a case: asked by whoever holds the step, answered by whoever applied."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from casework.access import require_own_case
from casework.actors import Actor, ClerkActor
from casework.case_views import QuestionView
from casework.holding import held_step
from casework.office import Office
from casework.views import ApplicationView
from domain.changes import AnswerQuestion, AskQuestion
from domain.errors import FieldError, InvalidInput, WrongState
from domain.text import Bilingual

LONGEST = 2000

_NOTHING_ASKED = Bilingual(zh="请写明要问申请人什么", en="Say what you want to know from the applicant")
_NOTHING_ANSWERED = Bilingual(zh="请填写答复", en="Write your answer")
_TOO_LONG = Bilingual(zh=f"最多 {LONGEST} 个字", en=f"At most {LONGEST} characters")
_CLOSED = Bilingual(
    zh="这个询问已经结束，不能再答复。请查看办件的最新进度。",
    en="This question is closed and takes no more answers. Look at where your application is.",
)


async def ask(office: Office, actor: ClerkActor, work_item_id: UUID, text: str, *, command_id: str | None = None) -> None:
    """Ask the applicant; the clock of the step stands still until they answer or the time to answer has run out.

    Raises:
        InvalidInput: nothing to ask, or too long. NotAllowed, WorkItemNotClaimed: not this clerk's step.
        WrongState: a question is still open, or the step takes none.
    """
    said = _checked(text, _NOTHING_ASKED)
    record = await held_step(office, actor, work_item_id)
    command = AskQuestion(work_item_id=work_item_id, clerk_id=actor.clerk_id, role=actor.scope.role, text=said)
    await office.engine.command(record["application_id"], "ask_question", command, command_id=command_id)


async def answer(office: Office, actor: Actor, application_id: UUID, question_id: UUID, text: str) -> None:
    """Answer the open question, as the applicant or the integrator that applied for them; answered once.

    Raises:
        NotFound: not their case. InvalidInput: at `/answer`. WrongState: it was answered or has lapsed.
    """
    await require_own_case(office, actor, application_id)
    said = _checked(text, _NOTHING_ANSWERED, "/answer")
    asked = next((q for q in await office.investigations.questions_of(application_id) if q["id"] == question_id), None)
    if asked is not None and asked["answer"] == said:
        return  # the same answer again
    if asked is None or asked["closed_at"] is not None:
        raise WrongState(_CLOSED)
    command = AnswerQuestion(question_id=question_id, text=said)
    await office.engine.command(application_id, "answer_question", command, command_id=f"answer-{question_id}")


def _checked(text: str, nothing: Bilingual, path: str = "/question") -> str:
    said = text.strip()
    if not said:
        raise InvalidInput(fields=[FieldError(path=path, text=nothing)])
    if len(said) > LONGEST:
        raise InvalidInput(fields=[FieldError(path=path, text=_TOO_LONG)])
    return said


def open_question(case: ApplicationView) -> QuestionView | None:
    """The question that the applicant is to answer now."""
    return next((q for q in case.questions if q.state == "open"), None)


async def questions_of(office: Office, application_id: UUID, *, for_staff: bool) -> list[QuestionView]:
    """Every question of a case, the newest first; who asked is told to staff alone."""
    return [question_view(record, for_staff=for_staff) for record in await office.investigations.questions_of(application_id)]


def question_view(record: Mapping[str, Any], *, for_staff: bool) -> QuestionView:
    return QuestionView(
        id=record["id"],
        text=record["text"],
        asked_at=record["asked_at"],
        asked_by=record["asked_by_name"] if for_staff else None,
        until=record["until"],
        state=_state(record),
        answer=record["answer"],
        answered_at=record["answered_at"],
    )


def _state(record: Mapping[str, Any]) -> Any:
    if record["answered_at"] is not None:
        return "answered"
    if record["closed_at"] is None:
        return "open"
    return "lapsed" if record["closed_at"] >= record["until"] else "closed"
