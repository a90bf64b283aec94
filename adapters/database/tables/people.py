"""Citizens and staff, their sessions and what programs may call."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    text,
)
from sqlmodel import Field, SQLModel

from adapters.database.tables.columns import box_column, moment_column, table_of


class Person(SQLModel, table=True):
    """A citizen who applied or signed in."""

    __tablename__ = "persons"
    id: UUID = Field(primary_key=True)
    id_number_index: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    id_number_box: bytes = box_column()
    name_box: bytes = box_column()
    phone_box: bytes = box_column()
    phone_index: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = moment_column()
    verified_at: datetime | None = moment_column(nullable=True)  # the one-time code was entered
    email_box: bytes | None = box_column(nullable=True)
    seen_at_counter: datetime | None = moment_column(nullable=True)  # a clerk saw the ID card and entered this phone


class Clerk(SQLModel, table=True):
    __tablename__ = "clerks"
    __table_args__ = (
        Index(  # 三员分立: one person holds one of the three at most
            "clerks_one_administrator",
            "person_index",
            unique=True,
            postgresql_where=text("active and role in ('system_admin', 'security_admin', 'audit_admin')"),
        ),
    )
    id: str = Field(primary_key=True)  # a UUIDv7 as text
    login: str = Field(unique=True)
    name: str
    role: str
    county: str
    station: str | None = None
    password_hash: str
    totp_secret_box: bytes = box_column()
    last_totp_step: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    active: bool = True
    created_at: datetime = moment_column()
    leads: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})  # the team of this role here
    person_index: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True, index=True), default=None)  # who the clerk is
    person_box: bytes | None = box_column(nullable=True)  # the ID number


class ClerkKin(SQLModel, table=True):
    """The clerk's own and household's people, by keyed hash: their cases are not for this clerk."""

    __tablename__ = "clerk_kin"
    clerk_id: str = Field(foreign_key="clerks.id", primary_key=True)
    person_index: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    relation: str  # self | household


class Delegation(SQLModel, table=True):
    """While it lasts, `to_clerk` also works as `from_clerk`, who is absent."""

    __tablename__ = "delegations"
    id: UUID = Field(primary_key=True)
    from_clerk: str = Field(foreign_key="clerks.id", index=True)
    to_clerk: str = Field(foreign_key="clerks.id", index=True)
    begins_at: datetime = moment_column()
    ends_at: datetime = moment_column()
    reason: str
    made_by: str
    made_at: datetime = moment_column()
    ended_early_at: datetime | None = moment_column(nullable=True)


class ApiClient(SQLModel, table=True):
    """An integrator: OAuth2 client credentials."""

    __tablename__ = "api_clients"
    id: str = Field(primary_key=True)
    name: str
    secret_hash: str
    created_at: datetime = moment_column()
    active: bool = True


class SignInAttempt(SQLModel, table=True):
    """Failed sign-ins by subject, for slowing down guesses; `subject_index` is a keyed hash."""

    __tablename__ = "sign_in_attempts"
    subject_index: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    failures: int
    first_at: datetime = moment_column()


class OneTimeCode(SQLModel, table=True):
    __tablename__ = "one_time_codes"
    id: UUID = Field(primary_key=True)
    id_number_index: bytes = Field(sa_column=Column(LargeBinary, nullable=False, index=True))
    code_index: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    applicant_box: bytes = box_column()  # id number, name, phone as typed
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    expires_at: datetime = moment_column()
    used_at: datetime | None = moment_column(nullable=True)


class Session(SQLModel, table=True):
    """A browser session; the cookie's SHA-256 is the key."""

    __tablename__ = "sessions"
    token_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    kind: str  # applicant | clerk
    subject: str
    created_at: datetime = moment_column()
    expires_at: datetime = moment_column(index=True)


persons = table_of(Person)
clerks = table_of(Clerk)
clerk_kin = table_of(ClerkKin)
delegations = table_of(Delegation)
api_clients = table_of(ApiClient)
sign_in_attempts = table_of(SignInAttempt)
one_time_codes = table_of(OneTimeCode)
sessions = table_of(Session)
