"""Real-name accounts: an ID card is read or typed, held against the registers, and proven by an application with a face check."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from casework import applying
from casework.actors import ApplicantActor, ClientActor
from casework.office import Office
from casework.views import ApplicationRow, ApplicationView
from domain.application import DeliveryChoice, Status
from domain.cards import LONG_TERM, CardRead, CardSide
from domain.clock import day_in_china
from domain.errors import FieldError, InvalidInput, TooManyAttempts
from domain.identity_numbers import parse_id_number
from domain.reads import IDENTITY, PersonalRead
from domain.service_item import Delivery
from domain.text import Bilingual, Language
from workflows.prefill import PrefillRequest, PrefillResult

ITEM = "real-name-account"
PHOTOS_AN_HOUR = 30
_HOUR = timedelta(hours=1)
_REGISTER, _CARDS = "resident_population", "id_card_issue"
_ASKED = {
    _REGISTER: ["name", "ethnicity", "address", "status"],
    _CARDS: ["name", "status", "issuer", "issued_on", "valid_until", "long_term"],
}
_CARD_PART = "card"  # the draft's part that says what was read off photographs, and what of it is doubtful

READING = Bilingual(zh="从照片上读取身份证信息", en="Reading an ID card off its photograph")
COMPARING = Bilingual(zh="核对身份证信息与登记是否一致", en="Holding your ID card against the registers")
_OTHER_SIDE = {
    CardSide.FRONT: Bilingual(
        zh="这是国徽面。请翻过来，拍有照片的一面（人像面）。",
        en="This is the side with the emblem. Turn the card over: the portrait is asked for",
    ),
    CardSide.BACK: Bilingual(
        zh="这是人像面。请翻过来，拍有国徽的一面（国徽面）。",
        en="This is the side with the portrait. Turn the card over: the emblem is asked for",
    ),
}


@dataclass(frozen=True)
class Filled:
    """The form as it stands: answers by field, fields that were read but should be looked at, and sides that were photographed."""

    answers: dict[str, Any]
    doubtful: list[str]
    read: list[CardSide]


@dataclass(frozen=True)
class Difference:
    """One field of the card that is not as an authority has it; the authority's own value is never told.

    `hinders`: a person will have to look at it; otherwise it is only said.
    """

    field: str
    text: Bilingual
    hinders: bool = True


@dataclass(frozen=True)
class RealName:
    """Whether an account is proven, since when, and the application that would prove it."""

    proven_at: datetime | None = None
    open_case: UUID | None = None


# --- the account -----------------------------------------------------------------------------------------------------


def real_name(rows: Sequence[ApplicationRow]) -> RealName:
    """What a person's own applications (newest first) say: a completed one of this item proves the account, from then on."""
    own = [row for row in rows if row.service_item == ITEM]
    proven = next((row.updated_at for row in own if row.status is Status.COMPLETED), None)
    return RealName(proven, next((row.id for row in own if not row.status.final), None))


# --- reading ---------------------------------------------------------------------------------------------------------


async def read_card(office: Office, actor: ApplicantActor | ClientActor, photo: bytes, declared: str) -> CardRead:
    """What one side says. The photograph is kept nowhere; whose number it shows is told that it was read.

    Raises:
        TooManyAttempts. InvalidInput, TooLarge, UnsupportedMedia, Unavailable: as `domain.cards.CardReader`.
    """
    reader = f"client:{actor.client_id}" if isinstance(actor, ClientActor) else f"person:{actor.person_id}"
    if isinstance(actor, ApplicantActor):
        subject = f"card:{reader}"
        if await office.accounts.failures(subject, _HOUR, office.now()) >= PHOTOS_AN_HOUR:
            raise TooManyAttempts()
        await office.accounts.note_failure(subject, _HOUR, office.now())
    read = await office.cards.read(photo, declared)
    await _enter_read(office, reader, read)
    return read


async def _enter_read(office: Office, reader: str, read: CardRead) -> None:
    """Before anybody is shown it; once per reader, person and day."""
    number = read.fields.get("id_number")
    if number is None or not _is_number(office, number.value):
        return
    at = office.now()
    digest = hashlib.sha256(f"{reader}:{day_in_china(at)}:".encode() + office.accounts.index(number.value)).hexdigest()
    await office.reads.record(
        PersonalRead(
            key=f"card:{digest}",
            subject=number.value,
            at=at,
            by=reader if reader.startswith("client:") else IDENTITY,
            source=_REGISTER,
            purpose=READING,
            fields=sorted({"name", "sex", "ethnicity", "birth_date", "address", "id_number"} & read.fields.keys()),
            service_item=ITEM,
        )
    )


def _is_number(office: Office, text: str) -> bool:
    try:
        parse_id_number(text, today=day_in_china(office.now()))
    except InvalidInput:
        return False
    return True


async def photograph(office: Office, actor: ApplicantActor, side: CardSide, photo: bytes, declared: str) -> CardRead:
    """Read a side and put what it says into the form.

    Raises:
        InvalidInput: it is the other side, or no card, path `/photo`. The others as `read_card`.
    """
    read = await read_card(office, actor, photo, declared)
    if read.side is not side:
        raise InvalidInput(fields=[FieldError(path="/photo", text=_OTHER_SIDE[side])])
    draft = await applying.load_draft(office, actor, ITEM) or {}
    answers = {**draft.get("answers", {}), **_answers_of(read)}
    card = {**draft.get(_CARD_PART, {}), side.value: _as_asked(read.unsure)}
    await applying.save_draft(office, actor, ITEM, {**draft, "answers": answers, _CARD_PART: card})
    return read


def _answers_of(read: CardRead) -> dict[str, Any]:
    """Card fields as the form asks for them: sex and birth date are in the number."""
    values = read.values
    answers: dict[str, Any] = {
        name: values[name] for name in ("name", "id_number", "ethnicity", "address", "issuer", "valid_from") if name in values
    }
    if (until := values.get("valid_until")) is not None:
        answers |= {"term": "long_term"} if until == LONG_TERM else {"term": "until", "valid_until": until}
    return answers


def _as_asked(unsure: Sequence[str]) -> list[str]:
    """A doubtful birth date or sex is a doubtful number."""
    within = {"sex": "id_number", "birth_date": "id_number"}
    return sorted({within.get(name, name) for name in unsure})


async def filled(office: Office, actor: ApplicantActor) -> Filled:
    """The form as photographs and the person left it."""
    draft = await applying.load_draft(office, actor, ITEM) or {}
    card: Mapping[str, list[str]] = draft.get(_CARD_PART, {})
    return Filled(
        answers=draft.get("answers", {}),
        doubtful=[name for side in CardSide for name in card.get(side.value, [])],
        read=[side for side in CardSide if side.value in card],
    )


# --- applying --------------------------------------------------------------------------------------------------------


async def keep(office: Office, actor: ApplicantActor, answers: Mapping[str, Any]) -> None:
    """Keep what was typed or corrected."""
    draft = await applying.load_draft(office, actor, ITEM) or {}
    await applying.save_draft(office, actor, ITEM, {**draft, "answers": dict(answers)})


async def differences(office: Office, actor: ApplicantActor, answers: Mapping[str, Any]) -> list[Difference]:
    """Where the card and the registers do not agree; a registry that is late says nothing, and is asked again for the decision.

    Raises:
        InvalidInput: an answer is not what the form accepts.
    """
    office.catalogue.check_answers(office.catalogue.get(ITEM), dict(answers))
    number = await office.desk.id_number_of(actor.person_id)
    found = _of_the_account(actor, number, answers)
    if found:
        return found  # nothing is asked about somebody else's card
    asked = PrefillRequest(service_item=ITEM, id_number=number, sources=list(_ASKED), fields=_ASKED, by=IDENTITY, purpose=COMPARING)
    return _against(await office.engine.prefill(asked), answers, day_in_china(office.now()).isoformat())


def _of_the_account(actor: ApplicantActor, number: str, answers: Mapping[str, Any]) -> list[Difference]:
    found = []
    if answers["id_number"] != number:
        text = Bilingual(
            zh="身份证号与您登录时填写的不一致：请核对；实名认证只能用本人的身份证",
            en="This is not the number that you signed in with. Check it: only your own card proves your account",
        )
        found.append(Difference("id_number", text))
    if answers["name"] != actor.name:
        text = Bilingual(
            zh="姓名与您登录时填写的不一致：请核对；登录时写错了的，请退出后用身份证上的姓名重新登录",
            en="This is not the name that you signed in with. Check it; if that one was wrong, sign out and sign in with the card's",
        )
        found.append(Difference("name", text))
    return found


def _against(said: PrefillResult, answers: Mapping[str, Any], today: str) -> list[Difference]:
    records = {answer.source: answer.record if answer.found else None for answer in said.answers}
    person, card = records.get(_REGISTER, {}), records.get(_CARDS, {})
    if person is None:
        return [Difference("id_number", _TEXTS["elsewhere"])]
    if person and (person.get("name") != answers["name"] or person.get("status") != "normal"):
        return [Difference("name", _TEXTS["name"])]  # whoever does not know the name learns no more
    return [*_of_the_register(person, answers), *_of_the_card(card, answers, today)]


def _of_the_register(person: Mapping[str, Any], answers: Mapping[str, Any]) -> list[Difference]:
    found = []
    if (
        (group := answers.get("ethnicity"))
        and person.get("ethnicity")
        and str(person["ethnicity"]).removesuffix("族") != group.removesuffix("族")
    ):
        found.append(Difference("ethnicity", _TEXTS["ethnicity"], hinders=False))
    if person.get("address") and person["address"] != answers["address"]:
        found.append(Difference("address", _TEXTS["address"], hinders=False))
    return found


def _of_the_card(card: Mapping[str, Any] | None, answers: Mapping[str, Any], today: str) -> list[Difference]:
    if card is None:
        return [Difference("valid_from", _TEXTS["no_card"])]
    if not card:
        return []  # the registry is late
    found = []
    if card.get("status") != "valid":
        found.append(Difference("valid_until", _TEXTS["not_valid"]))
    elif answers.get("valid_until", today) < today:
        found.append(Difference("valid_until", _TEXTS["expired"]))
    if card.get("issued_on") != answers["valid_from"]:
        found.append(Difference("valid_from", _TEXTS["term"]))
    elif card.get("valid_until") != answers.get("valid_until"):
        found.append(Difference("valid_until", _TEXTS["term"]))
    if card.get("issuer") and card["issuer"] != answers["issuer"]:
        found.append(Difference("issuer", _TEXTS["issuer"], hinders=False))
    return found


_TEXTS = {
    "elsewhere": Bilingual(
        zh="本市常住人口信息中没有这个号码：户籍在外地的，由民警核实",
        en="The city's register does not hold this number: an officer looks at it",
    ),
    "name": Bilingual(
        zh="姓名或户籍状态与常住人口信息不一致：请核对身份证上的姓名",
        en="Name or registration is not as in the register: check the name on the card",
    ),
    "ethnicity": Bilingual(zh="民族与常住人口信息不一致：请核对", en="The ethnic group is not as in the register: please check"),
    "address": Bilingual(
        zh="住址与现在的户籍地址不同：照身份证填写的，不影响认证",
        en="The address is not where you are registered now: no matter, if it is the card's",
    ),
    "no_card": Bilingual(
        zh="居民身份证制发信息中没有您的证件：由民警核实", en="No card of yours is on record with the card issue: an officer looks at it"
    ),
    "not_valid": Bilingual(
        zh="您的身份证已过期、挂失或注销：请用现在有效的身份证",
        en="Your card has expired, or was reported lost or cancelled: use the one that counts now",
    ),
    "expired": Bilingual(zh="身份证已过有效期：请用现在有效的身份证", en="This card has expired: use the one that counts now"),
    "term": Bilingual(
        zh="有效期限与制发记录不一致：请核对日期；有几张身份证的，请用最新的一张",
        en="The term is not the one on record: check the dates; if you have several cards, use the newest",
    ),
    "issuer": Bilingual(zh="签发机关与制发记录不一致：请核对", en="The issuing authority is not the one on record: please check"),
}


async def begin(
    office: Office, actor: ApplicantActor, answers: Mapping[str, Any], key: str, language: Language, channel: Literal["phone", "pc"]
) -> ApplicationView:
    """The application that proves the account; its face check comes next. Raises as `applying.submit`."""
    request = await applying.request_of(office, actor, ITEM, answers, DeliveryChoice(method=Delivery.ONLINE), language, channel)
    return await applying.submit(office, actor, request, key)
