"""What leaves a case and comes back: notices, the fee, parcels, call-backs, visits to a counter."""

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import (
    Index,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from adapters.database.tables.columns import application_column, json_column, moment_column, table_of


class Notice(SQLModel, table=True):
    """The outbox: written with the change that causes it, sent by the `cases` worker, once."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("application_id", "key"),
        Index("notices_unsent", "channel", "next_try_at", postgresql_where=text("sent_at is null and not_sent is null")),
    )
    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(foreign_key="applications.id")
    key: str
    channel: str = Field(default="sms", sa_column_kwargs={"server_default": "sms"})  # sms | email
    subject: dict[str, str] | None = json_column(nullable=True)  # of an e-mail
    text: dict[str, str] = json_column()
    created_at: datetime = moment_column()
    next_try_at: datetime = moment_column()
    attempts: int = 0
    sent_at: datetime | None = moment_column(nullable=True)
    not_sent: str | None = None  # `domain.notices.NotSent`: it never will be


class Payment(SQLModel, table=True):
    """The fee of a case: one order, paid once, refunded once."""

    __tablename__ = "payments"
    order_id: str = Field(primary_key=True)
    application_id: UUID = application_column(unique=True)
    state: str  # `domain.money.PaymentState`
    fen: int
    pay_url: str | None = None
    receipt_number: str | None = None
    ordered_at: datetime = moment_column()
    paid_at: datetime | None = moment_column(nullable=True)
    refunded_at: datetime | None = moment_column(nullable=True)


class Parcel(SQLModel, table=True):
    __tablename__ = "parcels"
    order_id: str = Field(primary_key=True)  # the document's id
    application_id: UUID = application_column()
    tracking_number: str = Field(unique=True)
    state: str  # `domain.parcels.ParcelState`
    at: datetime = moment_column()
    ordered_at: datetime = moment_column()


class ProviderCallback(SQLModel, table=True):
    """Every call-back that came in, believed or refused."""

    __tablename__ = "callbacks"
    __table_args__ = (Index("callbacks_once", "provider", "event_id", unique=True, postgresql_where=text("accepted")),)
    id: UUID = Field(primary_key=True)
    provider: str
    event_id: str | None = None
    order_id: str | None = None
    state: str | None = None
    at: datetime | None = moment_column(nullable=True)
    received_at: datetime = moment_column(index=True)
    accepted: bool
    why: str | None = None
    body_sha256: str


class Appointment(SQLModel, table=True):
    """A time at a counter; `seat` counts those who may come at the same time."""

    __tablename__ = "appointments"
    __table_args__ = (Index("appointments_taken", "station", "starts_at", "seat", unique=True, postgresql_where=text("status = 'booked'")),)
    id: UUID = Field(primary_key=True)
    application_id: UUID = application_column()
    station: str
    starts_at: datetime = moment_column()
    minutes: int
    seat: int
    status: str  # booked | moved | cancelled | no_show | kept
    made_by: str  # applicant | clerk:<id>
    made_at: datetime = moment_column()
    changed_at: datetime = moment_column()


class OfficeHours(SQLModel, table=True):
    """When a counter takes appointments; a station without rows keeps the default hours of `domain/appointments.py`."""

    __tablename__ = "office_hours"
    station: str = Field(primary_key=True)
    weekday: int = Field(primary_key=True)  # 0 Monday … 6 Sunday; make-up days follow Friday
    opens: time = Field(primary_key=True)
    closes: time
    slot_minutes: int
    seats: int


class CalendarDay(SQLModel, table=True):
    """A correction of the working-day calendar, for everybody (`county` empty) or for one county."""

    __tablename__ = "calendar_days"
    day: date = Field(primary_key=True)
    county: str = Field(default="", primary_key=True)
    working: bool
    name: dict[str, str] = json_column()
    set_by: str
    set_at: datetime = moment_column()


class CounterVisit(SQLModel, table=True):
    """Somebody checked in at a counter for a case, which may be decided elsewhere (C2)."""

    __tablename__ = "counter_visits"
    id: UUID = Field(primary_key=True)
    application_id: UUID = application_column()
    station: str
    clerk_id: str
    how: str  # qr | number | id_card
    at: datetime = moment_column()


class Signature(SQLModel, table=True):
    """What somebody signed on a counter's screen; the drawing is an object."""

    __tablename__ = "signatures"
    id: UUID = Field(primary_key=True)
    application_id: UUID = application_column()
    purpose: str  # application | receipt
    sha256: str
    size: int
    at: datetime = moment_column()
    clerk_id: str


notices = table_of(Notice)
payments = table_of(Payment)
parcels = table_of(Parcel)
callbacks = table_of(ProviderCallback)
appointments = table_of(Appointment)
office_hours = table_of(OfficeHours)
calendar_days = table_of(CalendarDay)
counter_visits = table_of(CounterVisit)
signatures = table_of(Signature)
