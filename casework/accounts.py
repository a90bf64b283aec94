"""Signing in: citizens by number, name and a code on their phone; clerks by password and TOTP; integrators by client credentials."""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pyotp
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pwdlib import PasswordHash
from pydantic import ValidationError

from activities.cases import CHINA
from casework.actors import Actor, ApplicantActor, ClerkActor, ClientActor
from casework.office import Office
from casework.record import enter_sign_in
from domain.admission import invalid_request
from domain.application import Applicant
from domain.errors import FieldError, InvalidInput, NotSignedIn, TooManyAttempts, WrongState
from domain.identity_numbers import IdNumber, parse_id_number
from domain.ids import new_id
from domain.jurisdiction import ClerkScope, Role, StationCode
from domain.text import Bilingual

CODE_MINUTES = 5
CODE_TRIES = 5
APPLICANT_HOURS = 2
CLERK_HOURS = 10
TOKEN_SECONDS = 3600
FAILURES_ALLOWED = 8
FAILURE_WINDOW = timedelta(minutes=15)
TOTP_SECONDS = 30
SHORTEST_PASSWORD = 10
_FORM_TEXTS = {
    "/phone": Bilingual(zh="请填写 11 位手机号", en="Enter a mobile number of 11 digits"),
    "/name": Bilingual(zh="请填写姓名", en="Enter your name"),
}
_hasher = PasswordHash.recommended()
# Checked when a login does not exist, so that the answer takes as long as when it does.
_NOBODY = _hasher.hash(secrets.token_hex(8))
_ISSUER = "onetrip"

_WRONG_CLERK = Bilingual(
    zh="用户名、密码或动态口令不对，请核对后重试", en="User name, password or one-time password is not right. Please check and try again"
)
FIRST_PASSWORD = Bilingual(
    zh="这是初始密码，请先到“首次登录”设置自己的密码",
    en="This is a first password. Choose your own under “First sign-in” before you sign in",
)
_PASSWORD_RULE = Bilingual(
    zh="新密码至少 10 个字符，不能含有登录名，也不能与初始密码相同",
    en="A new password has at least 10 characters, does not contain the login and differs from the first one",
)
_WRONG_CODE = Bilingual(
    zh="验证码不对或已过期，请核对或重新获取", en="The code is not right or has expired. Check it, or ask for a new one"
)
_OTHER_PHONE = Bilingual(
    zh="该身份证号已登记了另一个手机号，请使用原手机号登录；需更换请到派出所窗口。",
    en="Another phone is registered for this ID number. Sign in with that phone; to change it, please come to a police station's counter.",
)


# --- citizens --------------------------------------------------------------------------------------------------------


async def request_code(office: Office, *, id_number: str, name: str, phone: str) -> UUID:
    """Send a 6-digit code to the phone; the answer names the request that the code belongs to.

    Raises:
        InvalidInput: field by field. TooManyAttempts. Unavailable: the SMS gateway does not answer.
        WrongState: this person has proved another phone.
    """
    applicant = _applicant(office, id_number, name, phone)
    assert applicant.phone is not None  # the form asks for it
    subjects = (f"sms:{applicant.phone}", f"sms:{applicant.id_number}")
    for subject in subjects:
        if await office.accounts.failures(subject, FAILURE_WINDOW, office.now()) >= FAILURES_ALLOWED:
            raise TooManyAttempts()
    proven = await office.accounts.proven_phone_index(applicant.id_number)
    if proven is not None and proven != office.accounts.index(applicant.phone):
        raise WrongState(_OTHER_PHONE)
    code_id, code = new_id(), f"{secrets.randbelow(1_000_000):06d}"
    await office.accounts.save_one_time_code(code_id, applicant, code, office.now() + timedelta(minutes=CODE_MINUTES))
    for subject in subjects:
        await office.accounts.note_failure(subject, FAILURE_WINDOW, office.now())
    text = f"【最多跑一次】登录验证码 {code}，{CODE_MINUTES} 分钟内有效，请勿告诉他人。OneTrip sign-in code: {code}"
    await office.sms.send(message_id=str(code_id), phone=applicant.phone, text=text)
    return code_id


def _applicant(office: Office, id_number: str, name: str, phone: str) -> Applicant:
    """What was typed, normalised; all that is wrong is said at once."""
    problems: list[FieldError] = []
    try:
        id_number = parse_id_number(id_number, today=office.now().astimezone(CHINA).date()).value
    except InvalidInput as error:
        problems += error.fields
        id_number = "0" * 18  # so that name and phone are looked at too
    try:
        applicant = Applicant(id_number=id_number, name=name.strip(), phone=phone.strip().replace(" ", ""))
    except ValidationError as error:
        raise InvalidInput(fields=problems + _form_problems(error)) from error
    if problems:
        raise InvalidInput(fields=problems)
    return applicant


def _form_problems(error: ValidationError) -> list[FieldError]:
    fields = []
    for field in invalid_request(error).fields:
        text = _FORM_TEXTS.get(field.path, field.text)
        fields.append(FieldError(path=f"/applicant{field.path}", text=text))
    return fields


async def confirm_code(office: Office, request_id: UUID, code: str) -> str:
    """The session token of the person whose phone received the code.

    Raises:
        InvalidInput: wrong, used, expired, or tried too often. NotFound: no such request.
    """
    applicant = await office.accounts.try_one_time_code(request_id, code.strip(), office.now(), at_most=CODE_TRIES)
    if applicant is None:
        raise InvalidInput(fields=[FieldError(path="/code", text=_WRONG_CODE)])
    person_id = await office.accounts.prove_person(applicant, office.now())
    return await _open_session(office, "applicant", str(person_id), timedelta(hours=APPLICANT_HOURS))


async def applicant_of(office: Office, token: str) -> ApplicantActor | None:
    subject = await office.accounts.session(_hashed(token), "applicant", office.now())
    if subject is None:
        return None
    person = await office.accounts.person(UUID(subject))
    return ApplicantActor(
        person_id=UUID(subject),
        phone_index=person["phone_index"],
        name=person["name"],
        masked_id_number=IdNumber(person["id_number"]).masked(),
        masked_phone=f"{person['phone'][:3]}****{person['phone'][-4:]}",
    )


# --- clerks ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NewClerk:
    """`station` None: an officer of the county bureau. `id_number`: whose own and household's cases are not for this clerk."""

    login: str
    name: str
    role: Role
    county: str
    station: StationCode | None = None
    leads: bool = False
    id_number: str | None = None


async def add_clerk(office: Office, clerk: NewClerk, *, password: str, totp_secret: str) -> str:
    """Add a clerk, or renew the one of this login. Returns the clerk id."""
    row = {
        "login": clerk.login,
        "name": clerk.name,
        "role": clerk.role.value,
        "county": clerk.county,
        "station": clerk.station,
        "password_hash": await asyncio.to_thread(_hasher.hash, password),
        "leads": clerk.leads,
        "created_at": office.now(),
    }
    clerk_id = await office.accounts.add_clerk(row, totp_secret)
    if clerk.id_number is not None:
        await office.personnel.set_person(clerk_id, clerk.id_number)
    return clerk_id


async def check_clerk(office: Office, login: str, password: str, totp: str) -> ClerkActor:
    """Password and one-time password; a one-time password works once.

    Raises:
        InvalidInput: one of the three is wrong; which, is not said. Or the password is a first one, see `choose_password`.
        TooManyAttempts.
    """
    clerk, step = await _known_clerk(office, login, password, totp)
    if await office.personnel.has_first_password(clerk["id"]):
        raise InvalidInput(fields=[FieldError(path="/login", text=FIRST_PASSWORD)])
    if not await office.accounts.use_totp_step(clerk["id"], step):
        raise await _refused(office, login, clerk)
    return await _clerk_actor(office, clerk)


async def choose_password(office: Office, login: str, first: str, totp: str, chosen: str) -> None:
    """Replace a first password by one that only its owner knows; sign-in comes after, with the next one-time password.

    Raises:
        InvalidInput: as above, or the new one will not do. TooManyAttempts.
    """
    clerk, step = await _known_clerk(office, login.strip(), first, totp)
    if len(chosen) < SHORTEST_PASSWORD or chosen == first or clerk["login"] in chosen.lower():
        raise InvalidInput(fields=[FieldError(path="/chosen", text=_PASSWORD_RULE)])
    if not await office.accounts.use_totp_step(clerk["id"], step):
        raise await _refused(office, login, clerk)
    await office.personnel.set_password(clerk["id"], await asyncio.to_thread(_hasher.hash, chosen), by=None)


async def _known_clerk(office: Office, login: str, password: str, totp: str) -> tuple[dict[str, Any], int]:
    """The active clerk whose password and one-time password these are, and the step of the latter."""
    if await office.accounts.failures(f"clerk:{login}", FAILURE_WINDOW, office.now()) >= FAILURES_ALLOWED:
        raise TooManyAttempts()
    clerk = await office.accounts.clerk_by_login(login)
    right = await asyncio.to_thread(_hasher.verify, password, clerk["password_hash"] if clerk else _NOBODY)
    step = _totp_step(clerk["totp_secret"], totp) if clerk else None
    if clerk is None or not right or step is None:
        raise await _refused(office, login, clerk)
    return clerk, step


async def _refused(office: Office, login: str, clerk: Mapping[str, Any] | None) -> InvalidInput:
    """Counted, and for an account that exists entered in the record; what was wrong is not said."""
    await office.accounts.note_failure(f"clerk:{login}", FAILURE_WINDOW, office.now())
    if clerk is not None:
        await office.personnel.note_refused_sign_in(clerk["id"])
    return InvalidInput(fields=[FieldError(path="/login", text=_WRONG_CLERK)])


def _totp_step(secret: str, totp: str) -> int | None:
    """The time step (RFC 6238) that this password belongs to: now, or one step either side for clocks that differ."""
    now = int(time.time()) // TOTP_SECONDS
    generator = pyotp.TOTP(secret, interval=TOTP_SECONDS)
    typed = totp.strip().replace(" ", "")
    return next(
        (step for step in (now, now - 1, now + 1) if hmac.compare_digest(generator.generate_otp(step).encode(), typed.encode())), None
    )


async def clerk_sign_in(office: Office, login: str, password: str, totp: str) -> str:
    """The session token of a clerk. Raises as `check_clerk`."""
    clerk = await check_clerk(office, login.strip(), password, totp)
    return await _open_session(office, "clerk", clerk.clerk_id, timedelta(hours=CLERK_HOURS))


async def clerk_of(office: Office, token: str) -> ClerkActor | None:
    subject = await office.accounts.session(_hashed(token), "clerk", office.now())
    clerk = await office.accounts.clerk(subject) if subject else None
    return await _clerk_actor(office, clerk) if clerk else None


async def _clerk_actor(office: Office, clerk: Mapping[str, Any]) -> ClerkActor:
    """With the territories of absent colleagues, for as long as they are delegated."""
    absent = await office.staff.absent_colleagues(clerk["id"], clerk["role"], office.now())
    return ClerkActor(scope=_scope(clerk, tuple(_scope(a) for a in absent)), login=clerk["login"], name=clerk["name"])


def _scope(clerk: Mapping[str, Any], stands_in_for: tuple[ClerkScope, ...] = ()) -> ClerkScope:
    return ClerkScope(
        clerk_id=clerk["id"],
        role=Role(clerk["role"]),
        county=clerk["county"],
        station=clerk["station"],
        leads=clerk["leads"],
        stands_in_for=stands_in_for,
    )


# --- sessions --------------------------------------------------------------------------------------------------------


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def _open_session(office: Office, kind: str, subject: str, life: timedelta) -> str:
    token = secrets.token_urlsafe(32)
    await office.accounts.open_session(_hashed(token), kind, subject, office.now(), office.now() + life)
    return token


async def sign_out(office: Office, token: str) -> None:
    await office.accounts.close_session(_hashed(token))


async def csrf_of(office: Office, token: str) -> str:
    """What a form of this session must carry."""
    return hmac.new(office.token_key, b"csrf:" + token.encode(), hashlib.sha256).hexdigest()


# --- the API ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClientCredentials:
    client_id: str
    client_secret: str


async def add_client(office: Office, name: str) -> ClientCredentials:
    """A new integrator; the secret is shown this once."""
    credentials = ClientCredentials(client_id=f"client-{new_id()}", client_secret=secrets.token_urlsafe(32))
    digest = hashlib.sha256(credentials.client_secret.encode()).hexdigest()  # 256 random bits need no slow hash
    await office.accounts.add_client(credentials.client_id, name, digest, office.now())
    return credentials


async def client_token(office: Office, client_id: str, client_secret: str) -> str:
    """An access token for client credentials (RFC 6749, 4.4).

    Raises:
        NotSignedIn: unknown client or wrong secret.
    """
    client = await office.accounts.client(client_id)
    given = hashlib.sha256(client_secret.encode()).hexdigest()
    if client is None or not hmac.compare_digest(client["secret_hash"], given):
        raise NotSignedIn()
    await enter_sign_in(office, "client", client_id)
    return _token(office, f"client:{client_id}")


async def clerk_token(office: Office, login: str, password: str, totp: str) -> str:
    """An access token for a clerk's program. Raises as `check_clerk`."""
    clerk = await check_clerk(office, login, password, totp)
    await enter_sign_in(office, "clerk", clerk.clerk_id)
    return _token(office, f"clerk:{clerk.clerk_id}")


def _token(office: Office, subject: str) -> str:
    now = int(time.time())
    claims = {"iss": _ISSUER, "sub": subject, "iat": now, "exp": now + TOKEN_SECONDS}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(office.token_key))


async def actor_of_token(office: Office, token: str) -> Actor:
    """Who an access token speaks for, as of now.

    Raises:
        NotSignedIn: not ours, expired, or no longer active.
    """
    try:
        claims = jwt.decode(token, OctKey.import_key(office.token_key), algorithms=["HS256"]).claims
        jwt.JWTClaimsRegistry(iss={"essential": True, "value": _ISSUER}, exp={"essential": True}).validate(claims)
    except (JoseError, ValueError) as error:
        raise NotSignedIn() from error
    kind, _, subject = str(claims.get("sub", "")).partition(":")
    if kind == "client" and await office.accounts.client(subject) is not None:
        return ClientActor(client_id=subject)
    if kind == "clerk" and (clerk := await office.accounts.clerk(subject)) is not None:
        return await _clerk_actor(office, clerk)
    raise NotSignedIn()
