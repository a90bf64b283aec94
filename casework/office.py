"""The office: everything that use cases stand on, in one value that pages and API carry."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

from casework.administration_ports import CalendarBook, CalendarOnShow, Personnel
from casework.callback_ports import CallbackRecords
from casework.counter_ports import Appointments, Counter, Parcels
from casework.engine import CaseEngine
from casework.identity_ports import IdentityDesk
from casework.investigation_ports import Investigations
from casework.ports import Accounts, Desk, Past, PublishedKeys, Publishing, Reads, RecordKeeping
from casework.queue_ports import Staff
from casework.supervision_ports import Boards, FigureRecords, Inquiries, Ratings
from domain.cards import CardReader, CardSide
from domain.documents import SealVerdict
from domain.identity import Asked
from domain.notices import NoticeRecords
from domain.ports import CallbackReader, ObjectStore, PostOffice, ServiceItems, SmsGateway
from domain.records import PaperRecords
from domain.service_item import ServiceItem
from domain.source import Source
from domain.standing import Standings
from domain.text import Bilingual, Language


class CatalogueOnShow(ServiceItems, Protocol):
    """The catalogue, as those see it who walk in."""

    @property
    def sources(self) -> Mapping[str, Source]: ...

    async def refresh(self, *, at_most_every: float = 0.0) -> None:
        """Take in what was published since the last look, unless that was less than so many seconds ago."""
        ...

    def all(self, on: date | None = None) -> list[ServiceItem]: ...

    @property
    def folder(self) -> Path:
        """Where the files are that came with the system."""
        ...

    def codes(self) -> list[str]:
        """Every code that some version is known of, in force or not."""
        ...

    def versions(self, code: str) -> list[ServiceItem]:
        """Every version known, the oldest first; empty for an unknown code."""
        ...

    def name_of(self, code: str) -> Bilingual:
        """What an item is or was called, in force or not.

        Raises:
            UnknownServiceItem: no version of it is known.
        """
        ...


class Upload(Protocol):
    """An upload redrawn: `data` is what is kept."""

    @property
    def data(self) -> bytes: ...
    @property
    def media_type(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def pages(self) -> int: ...


class SealVerifier(Protocol):
    def verify(self, pdf: bytes) -> SealVerdict: ...

    def verify_token(self, token: str) -> SealVerdict: ...


class DemoWorld(Protocol):
    """What only a demonstration has; None in production."""

    async def people(self) -> list[dict[str, Any]]: ...

    async def staff(self) -> list[dict[str, Any]]:
        """`id_number` and `name` of people who may be its members of staff."""
        ...

    @property
    def clip_language(self) -> Language: ...

    async def clip(self, asked: Asked) -> bytes:
        """webm of the demo person doing what is asked; codes are read well in `clip_language`."""
        ...

    async def card(self, id_number: str, side: CardSide) -> bytes:
        """A JPEG of a side of this person's ID card, drawn and marked as a sample.

        Raises:
            NotFound: nobody of the population, or without a card. Unavailable.
        """
        ...

    def clerks(self) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class SettingsView:
    """The settings that pages show."""

    demo: bool
    site_url: str
    office_name: Bilingual
    sms_page_url: str
    division: str
    default_county: str = ""  # looks after cases whose territory no registry has told yet


@dataclass(frozen=True)
class Office:
    settings_view: SettingsView
    catalogue: CatalogueOnShow
    engine: CaseEngine
    desk: Desk
    identity: IdentityDesk
    accounts: Accounts
    papers: PaperRecords
    reads: Reads
    staff: Staff
    record: RecordKeeping
    heads: PublishedKeys
    notices: NoticeRecords
    standings: Standings
    investigations: Investigations
    appointments: Appointments
    counter: Counter
    parcels: Parcels
    post: PostOffice
    inquiries: Inquiries
    boards: Boards
    ratings: Ratings
    figures: FigureRecords
    publications: Publishing
    past: Past
    calendar: CalendarBook
    working_days: CalendarOnShow
    personnel: Personnel
    objects: ObjectStore
    seals: SealVerifier
    sms: SmsGateway
    callbacks: CallbackRecords
    callback_reader: CallbackReader
    clean_upload: Callable[[bytes, str], Awaitable[Upload]]
    page_of: Callable[[bytes, int], bytes]  # one page of an upload that is a PDF, as a JPEG
    cards: CardReader
    token_key: bytes
    demo_world: DemoWorld | None = None

    def now(self) -> datetime:
        return datetime.now(UTC)
