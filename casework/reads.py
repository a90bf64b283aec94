"""Who read my data: every look is entered before it happens, and shown to the person in plain words."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from casework.access import require_case
from casework.actors import Actor, ApplicantActor, AttendedActor, ClerkActor, ClientActor
from casework.office import Office
from domain.clock import day_in_china
from domain.errors import FieldError, InvalidInput, UnknownServiceItem
from domain.jurisdiction import Role
from domain.reads import IDENTITY, PREFILL, RECUSAL, CaseLook, PersonalRead
from domain.text import Bilingual

PAGE_SIZE = 50
EXPORT_ROWS = 10_000
Who = Literal["machine", "prefill", "identity", "recusal", "clerk", "client", "operator"]

LOOKING_AT_CASE = Bilingual(zh="查看办件", en="Looking at the application")
LOOKING_AT_DOCUMENT = Bilingual(zh="查看证明", en="Looking at the document")
LOOKING_AT_UPLOAD = Bilingual(zh="查看上传的材料", en="Looking at an upload")
SEARCHING = Bilingual(zh="按受理编号或身份证号查找办件", en="Finding the application by its number or by ID number")
LOOKING_AT_RATING = Bilingual(zh="查看评价意见", en="Reading the comment of the rating")
REPLAYING = Bilingual(zh="依记录复核审批结论", en="Making the decision again from the record, to check it")
LOOKING_BACK = Bilingual(zh="办理另一办件时查看以往申请", en="Looking at earlier applications, while handling another one")
CHECKING_IN = Bilingual(zh="您到窗口签到", en="Your check-in at the counter")
POSTING = Bilingual(zh="打印邮件面单", en="Printing the label of the parcel")
FILING = Bilingual(zh="窗口代您填写申请", en="Filling in an application for you at the counter")
ENTERING_PHONE = Bilingual(zh="窗口登记您的手机号", en="Entering your phone at the counter")
COMPARING_FACES = Bilingual(
    zh="窗口核验是否本人：查看核验视频中的画面", en="Identity check at the counter: looking at pictures of the clip"
)
_REGISTER = "resident_population"
FOLLOWING = Bilingual(zh="代您查看办理进度", en="Following the application that it handed in for you")

# What we hold ourselves; the fields of an authority's record have their labels in its file.
_OWN_FIELDS = {
    "name": Bilingual(zh="姓名", en="Name"),
    "id_number": Bilingual(zh="公民身份号码", en="ID number"),
    "answers": Bilingual(zh="填报信息", en="Answers on the form"),
    "evidence": Bilingual(zh="各部门答复的信息", en="What the authorities answered"),
    "decision": Bilingual(zh="审批结论", en="Decision"),
    "progress": Bilingual(zh="办理进度", en="Progress"),
    "document": Bilingual(zh="证明文件", en="The document"),
    "rating": Bilingual(zh="评价", en="Rating"),
    "portrait": Bilingual(zh="照片", en="Portrait"),
    "clip_pictures": Bilingual(zh="核验视频中的画面", en="Pictures of the identity check's clip"),
    "phone": Bilingual(zh="手机号码", en="Phone"),
    "history": Bilingual(zh="办过什么事、何时、结果如何", en="What was applied for, when, and how it ended"),
}
_UPLOAD = Bilingual(zh="上传的材料", en="An upload")
CASE_FIELDS = ("answers", "decision", "progress")
WORK_ITEM_FIELDS = ("name", "id_number", "answers", "evidence", "decision", "progress")
_SYSTEM: Mapping[str, Bilingual] = {
    PREFILL: Bilingual(zh="系统（预填申请表）", en="The system, to fill in the form"),
    IDENTITY: Bilingual(zh="系统（核验身份）", en="The system, to check who you are"),
    RECUSAL: Bilingual(zh="系统（工作人员回避核查）", en="The system, to know whose cases staff may not handle"),
    "operator": Bilingual(zh="系统运维人员", en="The operator of the system"),
}
_MACHINE = Bilingual(zh="系统（办理核验）", en="The system, to handle the application")
_ROLES = {
    Role.PRE_REVIEWER: Bilingual(zh="预审民警", en="pre-review officer"),
    Role.APPROVER: Bilingual(zh="审批民警", en="approving officer"),
    Role.COUNTER: Bilingual(zh="窗口人员", en="counter officer"),
    Role.SUPERVISOR: Bilingual(zh="督办人员", en="supervisor"),
    Role.INVESTIGATOR: Bilingual(zh="调查民警", en="investigator"),
}
_OFFICER = Bilingual(zh="民警", en="officer")


class ReadField(BaseModel):
    name: str
    label: Bilingual


class ReadView(BaseModel):
    """One read. `about_applicant` False: the person was asked about for somebody else's application; None: for no application.

    The case is named only to who may see it. A clerk is shown by office and role.
    """

    id: int
    at: datetime
    who: Who
    by: Bilingual
    source: str | None
    source_name: Bilingual | None
    purpose: Bilingual
    fields: list[ReadField]
    service_item: str | None
    service_item_name: Bilingual | None
    application_id: UUID | None
    acceptance_number: str | None
    about_applicant: bool | None


class ReadPage(BaseModel):
    """`next_cursor` is None on the last page."""

    items: list[ReadView]
    next_cursor: str | None = None


class ReadFilter(BaseModel):
    service_item: str | None = None
    source: str | None = None
    application_id: UUID | None = None


# --- entering --------------------------------------------------------------------------------------------------------


async def enter_case_look(office: Office, actor: Actor, application_id: UUID) -> None:
    """Call these before showing; nobody is shown what could not be entered. Once per reader, purpose and day in China."""
    await _enter(office, actor, application_id, "case", LOOKING_AT_CASE, CASE_FIELDS)


async def enter_document_look(office: Office, actor: Actor, application_id: UUID) -> None:
    await _enter(office, actor, application_id, "document", LOOKING_AT_DOCUMENT, ["document"])


async def enter_upload_look(office: Office, actor: Actor, application_id: UUID, code: str) -> None:
    await _enter(office, actor, application_id, f"material:{code}", LOOKING_AT_UPLOAD, [f"materials.{code}"])


async def enter_work_item_look(office: Office, actor: ClerkActor, application_id: UUID, kind: str, purpose: Bilingual) -> None:
    """A work item shows what registries answered: it is told to everybody whom they were asked about."""
    what = f"work item: {kind}"
    await office.desk.note_read(application_id, f"clerk:{actor.clerk_id}", what, office.now())
    await office.reads.record_look_at_evidence(_look(office, actor, application_id, what, purpose, WORK_ITEM_FIELDS))


async def enter_task_look(office: Office, actor: ClerkActor, application_id: UUID, purpose: Bilingual) -> None:
    """An investigator's task shows whom to visit or call, and what they stated."""
    fields = ("name", "id_number", "phone", "answers", "evidence", "decision")
    await office.desk.note_read(application_id, f"clerk:{actor.clerk_id}", "work item: investigation", office.now())
    await office.reads.record_look_at_evidence(_look(office, actor, application_id, "work item: investigation", purpose, fields))


async def enter_history_look(office: Office, actor: ClerkActor, application_ids: Sequence[UUID]) -> None:
    """Other cases' number, item, day and state are shown beside a case: told to whoever applied for each of them."""
    await office.investigations.record_history_look(application_ids, f"clerk:{actor.clerk_id}", LOOKING_BACK.model_dump(), office.now())


async def enter_replay(office: Office, actor: ClerkActor | None, application_id: UUID) -> None:
    """A decision is made again and shown with what its rules read; without an actor it is the operator, at the command line."""
    by, at = f"clerk:{actor.clerk_id}" if actor else "operator", office.now()
    key = f"look:{application_id}:{by}:decision-replay:{day_in_china(at)}"
    fields = ["decision", "answers", "evidence"]
    await office.desk.note_read(application_id, by, "decision-replay", at)
    look = CaseLook(key=key, application_id=application_id, at=at, by=by, purpose=REPLAYING, fields=fields)
    await office.reads.record_look_at_evidence(look)


async def enter_inquiry_look(office: Office, actor: ClerkActor, application_id: UUID, number: str) -> None:
    """A supervisor reads an inquiry (一事一查) that names the case."""
    purpose = Bilingual(zh=f"督查事项 {number}", en=f"Inquiry {number} of the supervision")
    await office.reads.record_look(_look(office, actor, application_id, f"inquiry:{number}", purpose, ["progress"]))


async def enter_rating_look(office: Office, actor: ClerkActor, application_id: UUID) -> None:
    await office.desk.note_read(application_id, f"clerk:{actor.clerk_id}", "rating", office.now())
    await office.reads.record_look(_look(office, actor, application_id, "rating", LOOKING_AT_RATING, ["rating"]))


async def enter_search(office: Office, actor: ClerkActor, application_id: UUID) -> None:
    await office.reads.record_look(_look(office, actor, application_id, "search", SEARCHING, ["name", "progress"]))


async def enter_check_in(office: Office, actor: ClerkActor, application_id: UUID) -> None:
    await office.reads.record_look(_look(office, actor, application_id, "check-in", CHECKING_IN, ["name", "progress"]))


async def enter_identity_look(office: Office, actor: ClerkActor, application_id: UUID) -> None:
    """A clerk who takes an identity check over sees the person's face, and what the machine made of it."""
    await office.desk.note_read(application_id, f"clerk:{actor.clerk_id}", "identity-check", office.now())
    await office.reads.record_look(_look(office, actor, application_id, "identity-check", COMPARING_FACES, ["clip_pictures"]))


async def enter_label_look(office: Office, actor: ClerkActor, application_id: UUID) -> None:
    await office.reads.record_look(_look(office, actor, application_id, "label", POSTING, ["name", "phone", "address"]))


async def enter_filing(
    office: Office, actor: ClerkActor, id_number: str, service_item: str | None, what: str, fields: Sequence[str]
) -> None:
    """A clerk enters a person who stands at the counter, before there is a case. Once per clerk, purpose, item and day."""
    at = office.now()
    key = hashlib.sha256(
        f"{what}:{actor.clerk_id}:{service_item}:{day_in_china(at)}:".encode() + office.accounts.index(id_number)
    ).hexdigest()
    await office.reads.record(
        PersonalRead(
            key=f"{what}:{key}",
            subject=id_number,
            at=at,
            by=f"clerk:{actor.clerk_id}",
            source=_REGISTER,
            purpose=FILING if what == "filing" else ENTERING_PHONE,
            fields=list(fields),
            service_item=service_item,
        )
    )


async def _enter(office: Office, actor: Actor, application_id: UUID, what: str, purpose: Bilingual, fields: Sequence[str]) -> None:
    match actor:
        case ClerkActor():
            await office.desk.note_read(application_id, f"clerk:{actor.clerk_id}", what, office.now())
            await office.reads.record_look(_look(office, actor, application_id, what, purpose, fields))
        case ClientActor():
            shown = FOLLOWING if what == "case" else purpose
            await office.reads.record_look(_look(office, actor, application_id, what, shown, fields))
        case AttendedActor():
            await _enter(office, actor.clerk, application_id, what, purpose, fields)
        case ApplicantActor():
            pass  # their own


def _look(
    office: Office, actor: ClerkActor | ClientActor, application_id: UUID, what: str, purpose: Bilingual, fields: Sequence[str]
) -> CaseLook:
    by, at = f"clerk:{actor.clerk_id}" if isinstance(actor, ClerkActor) else f"client:{actor.client_id}", office.now()
    key = f"look:{application_id}:{by}:{what}:{day_in_china(at)}"
    return CaseLook(key=key, application_id=application_id, at=at, by=by, purpose=purpose, fields=list(fields))


# --- showing ---------------------------------------------------------------------------------------------------------


async def my_reads(
    office: Office, actor: ApplicantActor, wanted: ReadFilter, cursor: str | None = None, *, limit: int = PAGE_SIZE
) -> ReadPage:
    """Who read this person's data, newest first; by the rule of cases: only for the phone that they proved.

    Raises:
        InvalidInput: a cursor that is not ours.
    """
    rows = await office.reads.reads_about(
        actor.person_id, actor.phone_index, **wanted.model_dump(), before=_position(cursor), limit=limit + 1
    )
    return _page(office, rows, limit, lambda row: bool(row["own"]))


async def my_choices(office: Office, actor: ApplicantActor) -> tuple[list[tuple[str, Bilingual]], list[tuple[str, Bilingual]]]:
    """Service items and sources that this person's list can be narrowed to, with their names."""
    items, sources = await office.reads.choices(actor.person_id, actor.phone_index)
    named = [(code, _item_name(office, code) or _plain(code)) for code in items]
    return named, [(code, _source_name(office, code) or _plain(code)) for code in sources]


async def reads_of_case(office: Office, actor: Actor, application_id: UUID, cursor: str | None = None) -> ReadPage:
    """Who read what for one case, newest first.

    Raises:
        NotFound, NotAllowed: not theirs to see. InvalidInput: a cursor that is not ours.
    """
    await require_case(office, actor, application_id)
    rows = await office.reads.reads_of_case(application_id, before=_position(cursor), limit=PAGE_SIZE + 1)
    return _page(office, rows, PAGE_SIZE, lambda row: True)


def _position(cursor: str | None) -> int | None:
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):
        text = Bilingual(zh="翻页标记无效，请从第一页开始", en="This cursor is not one of ours. Begin with the first page")
        raise InvalidInput(fields=[FieldError(path="/cursor", text=text)])
    return int(cursor)


def _page(office: Office, rows: Sequence[Mapping[str, Any]], limit: int, names_case: Callable[[Mapping[str, Any]], bool]) -> ReadPage:
    items = [_view(office, row, names_case=names_case(row)) for row in rows[:limit]]
    return ReadPage(items=items, next_cursor=str(items[-1].id) if len(rows) > limit else None)


def _view(office: Office, row: Mapping[str, Any], *, names_case: bool) -> ReadView:
    who, _, _ = row["by"].partition(":")
    return ReadView(
        id=row["id"],
        at=row["at"],
        who=who,
        by=_reader(row),
        source=row["source"],
        source_name=_source_name(office, row["source"]) if row["source"] else None,
        purpose=Bilingual.model_validate(row["purpose"]),
        fields=[ReadField(name=name, label=_label(office, row, name)) for name in row["fields"]],
        service_item=row["service_item"],
        service_item_name=_item_name(office, row["service_item"]) if row["service_item"] else None,
        application_id=row["application_id"] if names_case else None,
        acceptance_number=row["acceptance_number"] if names_case else None,
        about_applicant=row["about_applicant"],
    )


def _reader(row: Mapping[str, Any]) -> Bilingual:
    who, _, which = row["by"].partition(":")
    if who == "clerk":
        return _clerk(row)
    if who == "client":
        name = row["client_name"] or which
        return Bilingual(zh=f"代办程序“{name}”", en=f"The program “{name}”")
    return _SYSTEM.get(who, _MACHINE)


def _clerk(row: Mapping[str, Any]) -> Bilingual:
    """Office and role, never the name."""
    if row["clerk_role"] is None:
        return _OFFICER
    role = _ROLES.get(row["clerk_role"], _OFFICER)
    if row["clerk_station"] is None:
        return Bilingual(zh=f"县级公安机关（{row['clerk_county']}）{role.zh}", en=f"County bureau {row['clerk_county']}, {role.en}")
    station = row["clerk_office"] or row["clerk_station"]
    return Bilingual(zh=f"{station}{role.zh}", en=f"{station}, {role.en}")


def _label(office: Office, row: Mapping[str, Any], name: str) -> Bilingual:
    source = office.catalogue.sources.get(row["source"] or "")
    schema = source.record.get("properties", {}).get(name) if source else None
    if schema is not None and "x-label" in schema:
        return Bilingual.model_validate(schema["x-label"])
    if name.startswith("materials."):
        return _material_name(office, row["service_item"], name.removeprefix("materials."))
    return _OWN_FIELDS.get(name) or _plain(name)


def _material_name(office: Office, service_item: str, code: str) -> Bilingual:
    try:
        materials = office.catalogue.get(service_item).materials
    except UnknownServiceItem:
        return _UPLOAD
    return next((m.name for m in materials if m.code == code), _UPLOAD)


def _item_name(office: Office, code: str) -> Bilingual | None:
    try:
        return office.catalogue.name_of(code)
    except UnknownServiceItem:
        return None


def _source_name(office: Office, code: str) -> Bilingual | None:
    source = office.catalogue.sources.get(code)
    return source.name if source else None


def _plain(code: str) -> Bilingual:
    return Bilingual(zh=code, en=code)
