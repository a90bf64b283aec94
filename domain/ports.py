"""What the outside world must offer; `adapters/` implements each, `wiring.py` puts them together."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from domain.callbacks import Callback, Provider
from domain.decision import Finding
from domain.documents import DocumentContent, DocumentText, SealedDocument, SealVerdict
from domain.evidence import RegistryAnswer, RegistryQuery
from domain.identity import Asked, Examined, Handing, Prints
from domain.money import Payment
from domain.parcels import Parcel
from domain.service_item import ServiceItem
from domain.text import Bilingual


class RegistryConnector(Protocol):
    async def look_up(self, query: RegistryQuery) -> RegistryAnswer:
        """Ask one source.

        Raises:
            RegistryUnavailable: no answer, an error, or an answer whose signature does not verify.
        """
        ...

    async def portrait(self, query: RegistryQuery) -> bytes | None:
        """The JPEG that the population registry holds of this person; None when it has none.

        Raises:
            RegistryUnavailable: as above.
        """
        ...


class IdentityVerifier(Protocol):
    async def verify(self, clip: bytes, portrait: bytes, asked: Asked, handing: Handing, earlier: Sequence[Prints]) -> Examined:
        """Compare a webm or mp4 clip with a JPEG portrait, with what was asked, and with the person's `earlier` clips.

        An unreadable or overlong clip is a verdict that failed, not an error.
        """
        ...


class ObjectStore(Protocol):
    async def put(self, key: str, data: bytes, media_type: str) -> str:
        """Store, encrypted; idempotent per key. Returns the SHA-256 of `data`, hex."""
        ...

    async def get(self, key: str, sha256: str) -> bytes:
        """Fetch and check the digest.

        Raises:
            NotFound: no such object.
            ObjectDamaged: what is stored has another digest.
            Unavailable: the store does not answer.
        """
        ...

    async def delete(self, key: str) -> None: ...


class DocumentMaker(Protocol):
    async def make(self, content: DocumentContent) -> SealedDocument:
        """Typeset and seal. May differ by bytes from call to call (signing time)."""
        ...

    def verify(self, pdf: bytes) -> SealVerdict: ...


class SmsGateway(Protocol):
    async def send(self, *, message_id: str, phone: str, text: str) -> None:
        """Hand over one message; the gateway drops a second one with the same `message_id`.

        Raises:
            Unavailable: not handed over, try again.
        """
        ...


class EmailGateway(Protocol):
    async def send(self, *, message_id: str, address: str, subject: str, text: str) -> None:
        """Hand over one message, plain text; `message_id` becomes its Message-ID.

        Raises:
            Unavailable: not handed over, try again.
        """
        ...


class PostOffice(Protocol):
    async def order(self, *, order_id: str, name: str, phone: str | None, address: str, document: bytes, notify_url: str) -> Parcel:
        """Have a document printed and posted; idempotent by `order_id`. Changes are told to `notify_url`, signed.

        Raises:
            Unavailable: not ordered, try again.
        """
        ...

    async def look(self, tracking_number: str) -> Parcel:
        """Where a parcel is now.

        Raises:
            NotFound: the post knows no such parcel. Unavailable: no answer, try again.
        """
        ...

    async def label(self, tracking_number: str) -> bytes:
        """The label to stick on it, PDF.

        Raises:
            NotFound, Unavailable: as above.
        """
        ...


class Cashier(Protocol):
    """The payment provider. Every call is idempotent by our order id."""

    async def order(self, *, order_id: str, fen: int, subject: Bilingual, return_url: str, notify_url: str) -> Payment:
        """Place an order, or read the one of this id. Changes are told to `notify_url`, signed.

        Raises:
            Unavailable: not ordered, try again.
        """
        ...

    async def look(self, order_id: str) -> Payment:
        """How an order stands.

        Raises:
            NotFound: there is no such order. Unavailable: no answer, try again.
        """
        ...

    async def close(self, order_id: str) -> Payment:
        """Make an open order unpayable. One that was paid meanwhile stays paid, and the answer says so.

        Raises:
            NotFound, Unavailable: as above.
        """
        ...

    async def refund(self, order_id: str) -> Payment:
        """Give all of it back; a second time changes nothing.

        Raises:
            WrongState: it was never paid. NotFound, Unavailable: as above.
        """
        ...


class CallbackReader(Protocol):
    """Tells a provider's call-back from a forged one."""

    async def read(self, provider: Provider, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Callback:
        """Check the signature and read it. `headers` are looked up in lower case.

        Raises:
            ForgedCallback: not signed by this provider, too old, or unreadable.
            Unavailable: the provider's keys cannot be fetched now.
        """
        ...


class WorkingDays(Protocol):
    def add(self, day: date, working_days: int) -> date:
        """The last day of a limit of so many working days that begins the day after `day`."""
        ...

    async def working_day_test(self, county: str | None) -> Callable[[date], bool]:
        """Whether a day is a working day, by the calendar as the offices have corrected it by now; `county`: 6 digits.

        Raises:
            Unavailable: the corrections cannot be read now.
        """
        ...


class Publications(Protocol):
    """Versions of service items that were published while processes ran."""

    async def newest(self) -> int:
        """A number that grows with every publication; 0 when there is none.

        Raises:
            Unavailable: it cannot be told now.
        """
        ...

    async def all(self) -> list[ServiceItem]: ...


class ServiceItems(Protocol):
    """The catalogue, as those see it who decide."""

    async def refresh(self) -> None:
        """Take in what was published since the last look. When that cannot be told, what was known stays."""
        ...

    def get(self, code: str, on: date | None = None) -> ServiceItem:
        """The version in force on a day; today's when left out.

        Raises:
            UnknownServiceItem: no such code.
        """
        ...

    def check_answers(self, item: ServiceItem, answers: Mapping[str, Any]) -> None:
        """Hold answers against the form.

        Raises:
            InvalidInput: one entry per field.
        """
        ...

    def decide(self, item: ServiceItem, facts: Mapping[str, Any]) -> Finding: ...

    def document_text(self, item: ServiceItem, facts: Mapping[str, Any]) -> DocumentText:
        """What the document says at the end; what no fact fills in is left out."""
        ...

    def station_of(self, item: ServiceItem, facts: Mapping[str, Any], default: str) -> str: ...

    def source_name(self, source: str) -> Bilingual: ...
