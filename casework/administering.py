"""Accounts of staff under three administrators (三员分立): one makes accounts, one gives roles, one reads the record.

Whoever makes an account learns its first password, whoever gives its role the secret of its second factor: neither alone can use it.
"""

import asyncio
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyotp
from pwdlib import PasswordHash

from casework.actors import ClerkActor
from casework.office import Office
from casework.responsible import Administrator, Operator, responsible
from domain.clock import day_in_china
from domain.errors import FieldError, InvalidInput, NotAllowed, WrongState
from domain.identity_numbers import parse_id_number
from domain.ids import new_id
from domain.jurisdiction import ADMINISTRATORS, SEES_NO_CASE, Role
from domain.text import Bilingual

ISSUER = "OneTrip"
PASSWORD_BYTES = 12
REFUSED_SHOWN = 100
GUESSES_SINCE = timedelta(days=1)
_hasher = PasswordHash.recommended()
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")

_NOT_ONESELF = Bilingual(
    zh="不能给自己授予或收回角色，请由另一位安全保密管理员办理",
    en="Nobody gives or takes their own role. Another security administrator must",
)
_UNKNOWN_PERSON = Bilingual(
    zh="请先登记该账号本人的身份证号：三员须为不同的人",
    en="Enter the ID number of the account's owner first: administrators are different people",
)
_HAS_ONE = Bilingual(
    zh="已有这一类管理员。请由系统管理员新建账号，由安全保密管理员授予角色",
    en="There is an administrator of this role. The system administrator makes accounts, the security administrator gives roles",
)


@dataclass(frozen=True)
class Account:
    """One account of staff, without secrets. `role` None: none was given yet; `kin_read_at` None: the household is not known."""

    id: str
    login: str
    name: str
    role: Role | None
    county: str
    station: str | None
    active: bool
    leads: bool
    created_at: datetime
    known: bool
    kin: int
    kin_read_at: datetime | None
    first_password: bool
    held: int


@dataclass(frozen=True)
class NewAccount:
    """`station` None: an officer of the county bureau."""

    login: str
    name: str
    county: str
    station: str | None
    id_number: str


@dataclass(frozen=True)
class Secret:
    """Shown once, to hand over: a first password, or the secret of a second factor with its address for an authenticator."""

    account: Account
    password: str | None = None
    totp_secret: str | None = None

    @property
    def totp_address(self) -> str | None:
        return pyotp.TOTP(self.totp_secret).provisioning_uri(name=self.account.login, issuer_name=ISSUER) if self.totp_secret else None


@dataclass(frozen=True)
class Refused:
    """What was kept out: sign-ins to accounts that exist, guesses elsewhere in the last day, call-backs that no provider signed."""

    sign_ins: list[dict[str, Any]]
    guessed: int
    guesses: int
    callbacks: list[dict[str, Any]]


# --- looking ---------------------------------------------------------------------------------------------------------


def may_administer(actor: ClerkActor) -> bool:
    return actor.scope.role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)


async def accounts(office: Office, actor: Administrator, words: str = "") -> list[Account]:
    """All accounts, or those whose login, name or station has these words.

    Raises:
        NotAllowed: neither a system nor a security administrator.
    """
    _require_administrator(actor)
    return [_account(row) for row in await office.personnel.accounts(words.strip()[:60])]


async def account(office: Office, actor: Administrator, clerk_id: str) -> Account:
    """One account.

    Raises:
        NotAllowed, NotFound.
    """
    _require_administrator(actor)
    return _account(await office.personnel.account(clerk_id))


def _require_administrator(actor: Administrator) -> None:
    if isinstance(actor, ClerkActor) and not may_administer(actor):
        raise NotAllowed()


def _account(row: dict[str, Any]) -> Account:
    read_at = datetime.fromisoformat(row["kin_read_at"]) if row["kin_read_at"] else None
    return Account(**row | {"role": Role(row["role"]) if row["role"] else None, "kin_read_at": read_at})


async def refused(office: Office, actor: Administrator) -> Refused:
    """Refused sign-ins and call-backs, the newest first.

    Raises:
        NotAllowed: no security administrator.
    """
    responsible(actor, Role.SECURITY_ADMIN)
    guessed, guesses = await office.personnel.guesses(office.now() - GUESSES_SINCE)
    return Refused(
        sign_ins=await office.personnel.refused_sign_ins(REFUSED_SHOWN),
        guessed=guessed,
        guesses=guesses,
        callbacks=await office.personnel.refused_callbacks(REFUSED_SHOWN),
    )


# --- the system administrator: accounts ------------------------------------------------------------------------------


async def make_account(office: Office, actor: Administrator, new: NewAccount) -> Secret:
    """A new account that can do nothing until a security administrator gives it a role. Its first password is shown this once.

    Raises:
        NotAllowed. InvalidInput: all that is wrong at once. WrongState: the login is taken.
    """
    by = responsible(actor, Role.SYSTEM_ADMIN)
    id_number = _checked(office, new)
    clerk_id, password = str(new_id()), secrets.token_urlsafe(PASSWORD_BYTES)
    row = {
        "id": clerk_id,
        "login": new.login,
        "name": new.name.strip(),
        "county": new.county,
        "station": new.station,
        "password_hash": await asyncio.to_thread(_hasher.hash, password),
        "created_at": office.now(),
    }
    # A secret that nobody has seen: the one for use is made with the role.
    await office.personnel.make(row, id_number=id_number, totp_secret=pyotp.random_base32(), by=by)
    return Secret(_account(await office.personnel.account(clerk_id)), password=password)


async def move_account(office: Office, actor: Administrator, clerk_id: str, *, name: str, county: str, station: str | None) -> None:
    """Another name or place. What the clerk holds in the old place goes back into its queue.

    Raises:
        NotAllowed, NotFound. InvalidInput.
    """
    by = responsible(actor, Role.SYSTEM_ADMIN)
    if problems := [*_problems_of_name(name), *_problems_of_place(county, station)]:
        raise InvalidInput(fields=problems)
    await office.personnel.move(clerk_id, name=name.strip(), county=county, station=station, by=by)


async def renew_password(office: Office, actor: Administrator, clerk_id: str) -> Secret:
    """A first password again, for somebody who forgot theirs; shown this once.

    Raises:
        NotAllowed, NotFound.
    """
    by = responsible(actor, Role.SYSTEM_ADMIN)
    found, password = _account(await office.personnel.account(clerk_id)), secrets.token_urlsafe(PASSWORD_BYTES)
    await office.personnel.set_password(clerk_id, await asyncio.to_thread(_hasher.hash, password), by=by)
    return Secret(found, password=password)


# --- the security administrator: roles -------------------------------------------------------------------------------


async def appoint(office: Office, actor: Administrator, clerk_id: str, role: Role, *, leads: bool) -> Secret:
    """Give an account its role and activate it; with the first one, the secret of the second factor is made and shown this once.

    Raises:
        NotAllowed: not a security administrator's act, or one's own account.
        WrongState: the person has another active account, or is not known where they must be.
    """
    by = responsible(actor, Role.SECURITY_ADMIN)
    found = await _of_another(office, actor, clerk_id)
    if role in ADMINISTRATORS and not found.known:
        raise WrongState(_UNKNOWN_PERSON)
    await office.personnel.appoint(clerk_id, role, leads=leads and role not in SEES_NO_CASE, by=by)
    if found.role is not None:
        return Secret(_account(await office.personnel.account(clerk_id)))
    return await _new_second_factor(office, clerk_id, by)


async def dismiss(office: Office, actor: Administrator, clerk_id: str) -> int:
    """Take the role: the account can do nothing, is signed out, and what it held is everybody's again. Returns how much that was.

    Raises:
        NotAllowed, NotFound: as above.
    """
    by = responsible(actor, Role.SECURITY_ADMIN)
    await _of_another(office, actor, clerk_id)
    return await office.personnel.dismiss(clerk_id, by=by)


async def renew_second_factor(office: Office, actor: Administrator, clerk_id: str) -> Secret:
    """A new secret for somebody who lost their authenticator; shown this once, the old one is void.

    Raises:
        NotAllowed, NotFound: as above.
    """
    by = responsible(actor, Role.SECURITY_ADMIN)
    await _of_another(office, actor, clerk_id)
    return await _new_second_factor(office, clerk_id, by)


async def _new_second_factor(office: Office, clerk_id: str, by: str) -> Secret:
    secret = pyotp.random_base32()
    await office.personnel.set_second_factor(clerk_id, secret, by=by)
    return Secret(_account(await office.personnel.account(clerk_id)), totp_secret=secret)


async def _of_another(office: Office, actor: Administrator, clerk_id: str) -> Account:
    found = _account(await office.personnel.account(clerk_id))
    if isinstance(actor, ClerkActor) and await office.personnel.same_person(actor.clerk_id, clerk_id):
        raise NotAllowed(_NOT_ONESELF)
    return found


# --- the first of them -----------------------------------------------------------------------------------------------


async def first_administrator(office: Office, operator: Operator, role: Role, new: NewAccount) -> Secret:
    """The first administrator of a role, made at the machine itself. Password and second factor are shown this once.

    Raises:
        WrongState: there is one of this role, or the person holds another office. InvalidInput: all that is wrong at once.
    """
    if role not in ADMINISTRATORS:
        raise InvalidInput(fields=[_problem("/role", "只用于三类管理员", "Only for the three administrators")])
    if await office.personnel.holders_of(role):
        raise WrongState(_HAS_ONE)
    made = await make_account(office, operator, new)
    by = responsible(operator, Role.SECURITY_ADMIN)
    try:
        await office.personnel.appoint_first(made.account.id, role, by=by)
    except WrongState:
        await office.personnel.drop_unused(made.account.id)
        raise
    secret = await _new_second_factor(office, made.account.id, by)
    return Secret(secret.account, password=made.password, totp_secret=secret.totp_secret)


# --- what was typed --------------------------------------------------------------------------------------------------


def _checked(office: Office, new: NewAccount) -> str:
    """The ID number, normalised."""
    problems = [*_problems_of_name(new.name), *_problems_of_place(new.county, new.station)]
    if not _LOGIN.fullmatch(new.login):
        problems.insert(
            0,
            _problem("/login", "登录名为 3 至 40 个小写字母、数字、点或短横", "A login has 3 to 40 small letters, digits, dots or hyphens"),
        )
    id_number = ""
    try:
        id_number = parse_id_number(new.id_number, today=day_in_china(office.now()), path="/id_number").value
    except InvalidInput as error:
        problems += error.fields
    if problems:
        raise InvalidInput(fields=problems)
    return id_number


def _problems_of_name(name: str) -> list[FieldError]:
    return [] if 1 <= len(name.strip()) <= 60 else [_problem("/name", "请填写姓名，不超过 60 个字", "Enter a name of up to 60 characters")]


def _problems_of_place(county: str, station: str | None) -> list[FieldError]:
    if not re.fullmatch(r"[0-9]{6}", county):
        return [_problem("/county", "区县代码为 6 位数字", "A county code has 6 digits")]
    if station is not None and not re.fullmatch(rf"{county}[0-9]{{6}}", station):
        return [_problem("/station", "派出所代码为 12 位数字，前 6 位是区县", "A station code has 12 digits and begins with its county")]
    return []


def _problem(path: str, zh: str, en: str) -> FieldError:
    return FieldError(path=path, text=Bilingual(zh=zh, en=en))
