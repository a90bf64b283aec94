"""Inquiries (一事一查): what opens one, and how one ends."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from domain.text import Bilingual


class Pattern(StrEnum):
    OVERDUE = "overdue"  # a work item passed its limit
    LEGAL_LIMIT = "legal_limit"  # the case passed the legal limit
    ORIGINALS_DIFFER = "originals_differ"  # D6: different or forged at the counter
    BAD_RATING = "bad_rating"
    UNDOABLE = "undoable"  # the machine cannot go on, and nobody awaits it
    HASTY_APPROVALS = "hasty_approvals"  # one clerk approving in seconds
    CROWDED_ADDRESS = "crowded_address"  # one address with many movers
    FACE_RETRIES = "face_retries"  # many tries of one face check
    FORGED_CALLBACKS = "forged_callbacks"
    BY_HAND = "by_hand"  # a supervisor opened it


class Finding(StrEnum):
    IN_ORDER = "in_order"
    PUT_RIGHT = "put_right"
    MISTAKE = "mistake"
    MISCONDUCT = "misconduct"
    SYSTEM_FAULT = "system_fault"


PATTERN_TEXT: dict[Pattern, Bilingual] = {
    Pattern.OVERDUE: Bilingual(zh="待办超期", en="Work item overdue"),
    Pattern.LEGAL_LIMIT: Bilingual(zh="超过法定办结时限", en="Legal limit passed"),
    Pattern.ORIGINALS_DIFFER: Bilingual(zh="原件与上传材料不一致", en="Originals differ from the uploads"),
    Pattern.BAD_RATING: Bilingual(zh="差评", en="Bad rating"),
    Pattern.UNDOABLE: Bilingual(zh="办件无法继续", en="Case cannot go on"),
    Pattern.HASTY_APPROVALS: Bilingual(zh="审批过快", en="Approvals within seconds"),
    Pattern.CROWDED_ADDRESS: Bilingual(zh="同一地址多人迁入", en="Many movers to one address"),
    Pattern.FACE_RETRIES: Bilingual(zh="同一人多次人脸核验失败", en="Many failed face checks of one person"),
    Pattern.FORGED_CALLBACKS: Bilingual(zh="伪造的支付或邮政回调", en="Forged call-backs"),
    Pattern.BY_HAND: Bilingual(zh="督查发起", en="Opened by supervision"),
}

FINDING_TEXT: dict[Finding, Bilingual] = {
    Finding.IN_ORDER: Bilingual(zh="情况属实、办理无误", en="All in order"),
    Finding.PUT_RIGHT: Bilingual(zh="已整改", en="Put right"),
    Finding.MISTAKE: Bilingual(zh="工作差错", en="A mistake"),
    Finding.MISCONDUCT: Bilingual(zh="违规，移交处理", en="Misconduct, handed on"),
    Finding.SYSTEM_FAULT: Bilingual(zh="系统故障", en="A fault of the system"),
}
INQUIRY_WORKING_DAYS = 5
TAKEN_OVER = Bilingual(zh="接手督办", en="Took it over")

# Half used, due tomorrow, overdue: whoever is told by the case's own marks is not told again by the inquiry.
TOLD_BY_THE_CASE = frozenset({Pattern.OVERDUE, Pattern.LEGAL_LIMIT})


def inquiry_number(county: str, day: date, serial: int) -> str:
    """`DC330302-20261122-0007`: county (6 digits), the day in China it was opened, serial of county and day."""
    return f"DC{county}-{day:%Y%m%d}-{serial:04d}"


Figure = Annotated[int, Field(ge=1)]


class Thresholds(BaseModel):
    """From when on something is odd. Each is a setting of the same name."""

    hasty_approvals: Figure = 5  # so many approvals by one clerk …
    hasty_seconds: Figure = 20  # … each within so many seconds of taking the work item …
    hasty_minutes: Figure = 60  # … in such a time
    crowded_movers: Figure = 10  # so many applicants move to one address …
    crowded_days: Figure = 90  # … in so many days
    face_failures: Figure = 6  # so many failed clips of one person, over all cases …
    face_hours: Figure = 24
    forged_callbacks: Figure = 3  # so many from one sender …
    forged_minutes: Figure = 60
    stuck_hours: Figure = 24  # a registry or a system is awaited, and nothing has moved
    stuck_document_minutes: Figure = 60  # a document is being made, and nothing has moved
    unstaffed_minutes: Figure = 60  # work is open that nobody may do


class Oddity(BaseModel):
    """Something that supervision should look into. `key` opens one inquiry; `facts` are figures and ids of cases."""

    pattern: Pattern
    key: str
    county: str | None  # None: of no county yet
    station: str | None = None
    application_id: UUID | None = None
    clerk_id: str | None = None
    facts: dict[str, Any] = {}


# What keeps a case from going on, by the facts' `what`.
STUCK_TEXT: dict[str, Bilingual] = {
    "registry": Bilingual(zh="数据源长时间未答复", en="A registry has not answered for long"),
    "system": Bilingual(zh="系统长时间没有进展", en="The system has not moved for long"),
    "document": Bilingual(zh="证明长时间未能制作", en="The document could not be made for long"),
    "unstaffed": Bilingual(zh="没有可以办理的人员", en="There is nobody who may do this work"),
    "barred": Bilingual(zh="可以办理的人员均应回避", en="Everybody who could do this work is barred from it"),
}


def stuck_for(thresholds: Thresholds, what: str) -> timedelta:
    """How long a case may stand still while this is awaited."""
    return timedelta(minutes=thresholds.stuck_document_minutes) if what == "document" else timedelta(hours=thresholds.stuck_hours)
