"""The counter: who stands there, checking in any case that waits for a visit, signing, and ending a visit without a result."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID, uuid5

from pydantic import BaseModel

from casework.actors import ClerkActor
from casework.office import Office
from casework.queueing import worked_by
from casework.reads import enter_check_in, enter_search
from domain.application import clean_name
from domain.clock import day_in_china
from domain.errors import FieldError, InvalidInput, NotAllowed, NotFound, UnsupportedMedia, WorkItemNotClaimed
from domain.identity_numbers import parse_id_number
from domain.ids import new_id
from domain.jurisdiction import Role
from domain.object_keys import material_key, signature_key
from domain.service_item import ServiceItem, StepKind
from domain.text import Bilingual
from domain.work_items import KIND_TEXT, WorkItemStatus

VISITS = frozenset({StepKind.COUNTER_CHECK, StepKind.IDENTITY_CHECK, StepKind.COLLECTION})
PAGE_CODE_LIFE = timedelta(hours=24)
DRAWING_MAX_BYTES = 400_000
_LIVE = (WorkItemStatus.OPEN.value, WorkItemStatus.CLAIMED.value)
_CODE = re.compile(r"([0-9]{20})-([0-9A-F]{1,12})-([A-Z2-7]{16})")
_WHICH = Bilingual(zh="请选择是哪一份原件", en="Choose which original this is")
_DATA_URL = "data:image/png;base64,"

_NEEDS_PERSON = Bilingual(
    zh="这件由别的窗口等待。请扫申请人手机上的二维码，或核对身份证后输入完整身份证号，即可在本窗口办理。",
    en="Another counter awaits this case. Scan the code on the applicant's phone, or see the ID card and enter its full number, "
    "to handle it here.",
)
_OLD_CODE = Bilingual(
    zh="二维码已过期，请申请人刷新页面后再扫", en="This code has expired. Ask the applicant to reload the page, and scan again"
)
_SIGN = Bilingual(zh="请签名，或输入完整姓名作为签名", en="Sign on the screen, or type the full name as a signature")
_OTHER_NAME = Bilingual(zh="输入的姓名与申请人不一致", en="This is not the applicant's name")
_BAD_DRAWING = Bilingual(zh="签名没有收到，请重新签名", en="The signature did not arrive. Sign again")


@dataclass(frozen=True)
class Proof:
    """What a clerk scanned or typed: `qr` and `id_card` are had only from somebody who is there; a `number` from anywhere."""

    kind: Literal["qr", "id_card", "number"]
    number: str  # acceptance number or ID number

    @property
    def of_presence(self) -> bool:
        return self.kind != "number"


class VisitRow(BaseModel):
    """A case that waits at some counter. Of one that waits elsewhere, nothing is said before the person is there."""

    application_id: UUID
    acceptance_number: str
    work_item_id: UUID
    kind: StepKind
    kind_text: Bilingual
    service_item_name: Bilingual | None
    applicant_name: str | None
    here: bool
    mine: bool
    served_by: str | None  # a colleague's name
    may_check_in: bool
    due_at: datetime


# --- who is there ----------------------------------------------------------------------------------------------------


def visit_code(office: Office, acceptance_number: str, life: timedelta = PAGE_CODE_LIFE) -> str:
    """What the applicant's QR code says: the acceptance number, until when it proves presence (hours, hex), and our mark.

    Capitals, digits and hyphens only, so that the code stays small and any scanner types it.
    """
    expires = f"{int((office.now() + life).timestamp()) // 3600:X}"
    return f"{acceptance_number}-{expires}-{_mark(office, acceptance_number, expires)}"


def _mark(office: Office, acceptance_number: str, expires: str) -> str:
    digest = hmac.new(office.token_key, f"visit:{acceptance_number}:{expires}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:10]).decode()


def read_proof(office: Office, typed: str) -> Proof:
    """What was scanned or typed.

    Raises:
        InvalidInput: one of our codes, but too old or altered.
    """
    text = re.sub(r"\s", "", typed).upper()
    if (code := _CODE.fullmatch(text)) is not None:
        number, expires, mark = code.groups()
        ours = hmac.compare_digest(mark, _mark(office, number, expires))
        if not ours or datetime.fromtimestamp((int(expires, 16) + 1) * 3600, UTC) <= office.now():
            raise InvalidInput(fields=[FieldError(path="/q", text=_OLD_CODE)])
        return Proof("qr", number)
    try:
        return Proof("id_card", parse_id_number(text, today=day_in_china(office.now())).value)
    except InvalidInput:
        return Proof("number", text)


def require_counter(actor: ClerkActor) -> str:
    """The station of a counter clerk.

    Raises:
        NotAllowed: another role, or no station.
    """
    if actor.scope.role is not Role.COUNTER or actor.scope.station is None:
        raise NotAllowed()
    return actor.scope.station


async def counter_name(office: Office, actor: ClerkActor) -> str:
    """The clerk's counter as the registries call it; its code where no case has told."""
    station = require_counter(actor)
    return await office.counter.station_name(station) or station


# --- checking in -----------------------------------------------------------------------------------------------------


async def visits(office: Office, actor: ClerkActor, proof: Proof) -> list[VisitRow]:
    """Cases that wait at any counter, by what was scanned or typed; named only where the clerk may check them in."""
    station = require_counter(actor)
    cases = await office.desk.find_cases(proof.number)
    records = await office.desk.work_items_of([case["id"] for case in cases]) if cases else []
    waiting = [r for r in records if StepKind(r["kind"]) in VISITS and r["status"] in _LIVE]
    rows = []
    for record in waiting:
        here = actor.scope.covers(record["jurisdiction"]) or record["jurisdiction"] == station
        known = here or proof.of_presence
        if known:
            await enter_search(office, actor, record["application_id"])
        mine = record["claimed_by"] == actor.clerk_id
        rows.append(
            VisitRow(
                application_id=record["application_id"],
                acceptance_number=record["acceptance_number"],
                work_item_id=record["id"],
                kind=StepKind(record["kind"]),
                kind_text=KIND_TEXT[StepKind(record["kind"])],
                service_item_name=office.catalogue.name_of(record["service_item"]) if known else None,
                applicant_name=record["applicant_name"] if known else None,
                here=here,
                mine=mine,
                served_by=None if mine or not known else record["claimed_by_name"],
                may_check_in=known and (mine or record["claimed_by"] is None),
                due_at=record["due_at"],
            )
        )
    return rows


async def check_in(office: Office, actor: ClerkActor, application_id: UUID, typed: str) -> tuple[UUID, StepKind]:
    """Take up the visit of a case at this counter, whichever counter awaited it; a second time changes nothing.

    Returns the work item, which the clerk now holds, and its kind.

    Raises:
        NotAllowed: the person is not shown to be there, and the case is another counter's. NotFound: the number names another case.
        WrongState: the case waits for no visit. WorkItemAlreadyClaimed, FourEyes: a colleague must serve it.
    """
    proof = read_proof(office, typed)
    rows = await visits(office, actor, proof)
    row = next((row for row in rows if row.application_id == application_id), None)
    if row is None:
        raise NotFound()
    if not row.here and not proof.of_presence:
        raise NotAllowed(_NEEDS_PERSON)
    return await take_up(office, actor, application_id, proof.kind), row.kind


async def take_up(office: Office, actor: ClerkActor, application_id: UUID, how: str) -> UUID:
    """The visit is this clerk's from now on; the caller has seen to it that the person is there."""
    station = require_counter(actor)
    await enter_check_in(office, actor, application_id)
    name = await counter_name(office, actor)
    text = Bilingual(zh=f"已在{name}窗口签到", en=f"Checked in at the counter of {name}")
    return await office.counter.check_in(application_id, station=station, clerk_id=actor.clerk_id, how=how, text=text, at=office.now())


async def scan_original(office: Office, actor: ClerkActor, work_item_id: UUID, code: str, data: bytes, media_type: str) -> UUID:
    """Keep a picture of the original as it was shown at the counter. Returns its id.

    Raises:
        NotFound, NotAllowed: not this counter's. WorkItemNotClaimed: another clerk's. InvalidInput: no such original.
        TooLarge, UnsupportedMedia: with what to do.
    """
    require_counter(actor)
    record = await worked_by(office, actor, work_item_id)
    if record["claimed_by"] != actor.clerk_id or record["status"] != WorkItemStatus.CLAIMED.value:
        raise WorkItemNotClaimed()
    case = await office.desk.case_file(record["application_id"])
    if code not in {m.code for m in ServiceItem.model_validate(case["item"]).originals}:
        raise InvalidInput(fields=[FieldError(path="/scan_code", text=_WHICH)])
    clean = await office.clean_upload(data, media_type)
    scan_id = new_id()
    await office.objects.put(material_key(scan_id), clean.data, clean.media_type)
    await office.desk.add_material(
        {
            "id": scan_id,
            "application_id": record["application_id"],
            "code": code,
            "sha256": clean.sha256,
            "media_type": clean.media_type,
            "size": len(clean.data),
            "pages": clean.pages,
            "round": case["supplement_round"],
            "uploaded_at": office.now(),
            "origin": "counter",
        }
    )
    return scan_id


async def end_visit(office: Office, actor: ClerkActor, work_item_id: UUID, missing: Sequence[tuple[str, Bilingual]]) -> None:
    """Something was not brought: the case stays in its window, and its timeline says what to bring. `missing`: code and name.

    Raises:
        WrongState: this clerk does not hold the work item.
    """
    require_counter(actor)
    zh, en = "、".join(name.zh for _, name in missing), ", ".join(name.en for _, name in missing)
    text = Bilingual(
        zh=f"已到窗口，还缺：{zh}。请在期限内带来", en=f"You came to the counter; still to bring within the time allowed: {en}"
    )
    await office.counter.end_visit(
        work_item_id, clerk_id=actor.clerk_id, text=text, data={"missing": [code for code, _ in missing]}, at=office.now()
    )


async def inquiry_number(office: Office, actor: ClerkActor, application_id: UUID) -> str | None:
    """The inquiry that opened because the originals differed. The caller has seen to it that the clerk may see the case."""
    require_counter(actor)
    return await office.counter.inquiry_number(application_id)


# --- signing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SignatureInput:
    """A drawing (PNG as a data URL), or the full name typed by who cannot draw."""

    drawing: str = ""
    typed: str = ""


@dataclass(frozen=True)
class CheckedSignature:
    data: bytes
    media_type: str


async def check_signature(office: Office, given: SignatureInput, name: str) -> CheckedSignature:
    """A signature that can be kept, a drawing redrawn.

    Raises:
        InvalidInput: there is none, the name is another one, or the drawing is unreadable. At `/signature`.
    """
    if given.drawing:
        return await _redrawn(office, given.drawing)
    if not given.typed:
        raise _refuse(_SIGN)
    if _plain(given.typed) != _plain(name):
        raise _refuse(_OTHER_NAME)
    return CheckedSignature(clean_name(given.typed).encode(), "text/plain")


async def _redrawn(office: Office, url: str) -> CheckedSignature:
    try:
        clean = await office.clean_upload(_drawing(url), "image/png")
    except UnsupportedMedia as error:
        raise _refuse(_BAD_DRAWING) from error
    return CheckedSignature(clean.data, clean.media_type)


def _drawing(url: str) -> bytes:
    try:
        data = base64.b64decode(url.removeprefix(_DATA_URL), validate=True) if url.startswith(_DATA_URL) else b""
    except binascii.Error:
        data = b""
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or len(data) > DRAWING_MAX_BYTES:
        raise _refuse(_BAD_DRAWING)
    return data


def _plain(name: str) -> str:
    return re.sub(r"[\s·•]", "", clean_name(name)).casefold()


def _refuse(text: Bilingual) -> InvalidInput:
    return InvalidInput(fields=[FieldError(path="/signature", text=text)])


async def keep_signature(
    office: Office, actor: ClerkActor, application_id: UUID, purpose: Literal["application", "receipt"], signature: CheckedSignature
) -> None:
    """Store a signature; once per case and purpose, whatever is sent again."""
    if await office.counter.signature_of(application_id, purpose) is not None:
        return
    signature_id = uuid5(application_id, purpose)
    sha256 = await office.objects.put(signature_key(signature_id), signature.data, signature.media_type)
    await office.counter.keep_signature(
        {
            "id": signature_id,
            "application_id": application_id,
            "purpose": purpose,
            "sha256": sha256,
            "size": len(signature.data),
            "at": office.now(),
            "clerk_id": actor.clerk_id,
        }
    )
