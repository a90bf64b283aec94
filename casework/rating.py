"""好差评: an applicant rates an ended case once; supervision reads the words, which is recorded."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from casework.access import require_case, require_own_case
from casework.actors import Actor, ApplicantActor, ClerkActor
from casework.inquiries import require_supervisor
from casework.office import Office
from casework.reads import enter_rating_look
from domain.errors import FieldError, InvalidInput, NotFound
from domain.ratings import GRADE_TEXT, LONGEST_COMMENT, REASON_TEXT, Grade, NewRating, RatingReason
from domain.text import Bilingual


class RatingView(BaseModel):
    grade: Grade
    grade_text: Bilingual
    reasons: list[Bilingual]
    comment: str | None
    at: datetime


async def rate(office: Office, actor: Actor, application_id: UUID, rating: NewRating) -> RatingView:
    """Rate an ended case, once; grade 1 or 2 opens an inquiry.

    Raises:
        NotFound, NotAllowed: not theirs. WrongState: it has not ended, or was rated before.
    """
    access = await require_own_case(office, actor, application_id)
    at = office.now()
    county = access["station"][:6] if access["station"] else office.settings_view.default_county
    await office.ratings.rate(
        application_id,
        rating,
        at,
        by="applicant" if isinstance(actor, ApplicantActor) else "client",
        default_county=office.settings_view.default_county,
        inquiry_due_at=await office.inquiries.limit_from(county, at),
    )
    return _view(rating.model_dump() | {"at": at})


async def my_rating(office: Office, actor: Actor, application_id: UUID) -> RatingView | None:
    """What the applicant said of their case; None before.

    Raises:
        NotFound, NotAllowed: not theirs.
    """
    await require_own_case(office, actor, application_id)
    row = await office.ratings.rating_of(application_id)
    return _view(row) if row else None


async def read_rating(office: Office, actor: ClerkActor, application_id: UUID) -> RatingView:
    """The rating with the applicant's words, for a supervisor; that they were read is entered first.

    Raises:
        NotAllowed: not a supervisor of this case's territory. NotFound: it was not rated.
    """
    require_supervisor(actor)
    await require_case(office, actor, application_id)
    await enter_rating_look(office, actor, application_id)
    row = await office.ratings.rating_of(application_id)
    if row is None:
        raise NotFound()
    return _view(row)


def typed_rating(grade: str, reasons: Sequence[str], comment: str) -> NewRating:
    """What a form sent.

    Raises:
        InvalidInput: no grade was chosen, or the comment is too long.
    """
    if grade not in {str(g.value) for g in Grade}:
        text = Bilingual(zh="请选择满意程度", en="Choose how satisfied you are")
        raise InvalidInput(fields=[FieldError(path="/grade", text=text)])
    known = [RatingReason(reason) for reason in dict.fromkeys(reasons) if reason in set(RatingReason)]
    try:
        return NewRating(grade=Grade(int(grade)), reasons=known, comment=comment or None)
    except ValidationError as error:
        text = Bilingual(zh=f"意见最多 {LONGEST_COMMENT} 字", en=f"The comment has at most {LONGEST_COMMENT} characters")
        raise InvalidInput(fields=[FieldError(path="/comment", text=text)]) from error


def _view(row: Mapping[str, Any]) -> RatingView:
    grade = Grade(row["grade"])
    return RatingView(
        grade=grade,
        grade_text=GRADE_TEXT[grade],
        reasons=[REASON_TEXT[RatingReason(reason)] for reason in row["reasons"]],
        comment=row["comment"],
        at=row["at"],
    )
