"""The one place where adapters are built and handed to those who take ports."""

import asyncio
import base64
import logging
import os
from contextlib import AsyncExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from temporalio.client import Client
from temporalio.service import RPCError

from activities.cases import CaseActivities
from activities.documents import DocumentActivities
from activities.identity import IdentityActivities
from activities.payments import PaymentActivities
from activities.portraits import PortraitActivities
from activities.registries import RegistryActivities
from adapters.database.calendar import CalendarStore
from adapters.database.cases import CaseStore
from adapters.database.desk import DeskStore
from adapters.database.engine import Database
from adapters.database.identity import IdentityStore
from adapters.database.outbox import Outbox
from adapters.database.papers import PaperStore
from adapters.database.reads import ReadStore
from adapters.keyring import Keyring
from adapters.payloads import encrypted_converter
from domain.ports import IdentityVerifier
from domain.text import Bilingual
from settings import PROJECT, Settings

if TYPE_CHECKING:
    from adapters.calendar import OfficeWorkingDays
    from adapters.callbacks import SignedCallbacks
    from adapters.cards.reader import CardReadingProcess
    from adapters.database.inquiry_desk import InquiryStore
    from adapters.database.patterns import PatternStore
    from adapters.database.personnel import PersonnelStore
    from adapters.database.publications import PublicationStore
    from adapters.database.record import RecordStore
    from adapters.documents.office import OfficeDocuments
    from adapters.heads import OfficeHeads
    from adapters.notices.email import SmtpEmail
    from adapters.notices.sms import HttpSms
    from adapters.objects.s3 import S3Objects
    from adapters.payments.http import HttpCashier
    from adapters.post.http import HttpPost
    from adapters.registries.http import HttpRegistries
    from casework.office import DemoWorld, Office
    from catalogue.loader import Catalogue
    from domain.source import Source

log = logging.getLogger("onetrip.wiring")
FONTS = PROJECT / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"


class Wiring:
    """Adapters of one process, each imported and built when first asked for, closed together.

    A process pays for what its role needs: the registries' worker loads no typesetter, and only one loads face models.
    """

    def __init__(self, settings: Settings, *, pool_size: int = 10) -> None:
        self.settings = settings
        self._pool_size = pool_size
        self._exit = AsyncExitStack()

    async def close(self) -> None:
        await self._exit.aclose()

    @cached_property
    def keyring(self) -> Keyring:
        return Keyring.from_setting(self.settings.data_keys)

    @cached_property
    def database(self) -> Database:
        database = Database(self.settings.database, self.keyring, base64.b64decode(self.settings.index_key), pool_size=self._pool_size)
        self._exit.push_async_callback(database.close)
        return database

    @cached_property
    def cases(self) -> CaseStore:
        return CaseStore(self.database, quiet_hours=self.settings.quiet_hours)

    @cached_property
    def identity(self) -> IdentityStore:
        return IdentityStore(self.database)

    @cached_property
    def desk(self) -> DeskStore:
        return DeskStore(self.database)

    @cached_property
    def papers(self) -> PaperStore:
        return PaperStore(self.database)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self.database)

    @cached_property
    def reads(self) -> ReadStore:
        return ReadStore(self.database)

    @cached_property
    def heads(self) -> "OfficeHeads":
        from adapters.documents.authority import open_authority
        from adapters.heads import OfficeHeads

        return OfficeHeads(open_authority(self.settings.home, self.office_name).token_key)

    @cached_property
    def record(self) -> "RecordStore":
        from adapters.database.record import RecordStore

        return RecordStore(self.database, self.heads)

    @cached_property
    def calendar(self) -> CalendarStore:
        return CalendarStore(self.database)

    @cached_property
    def personnel(self) -> "PersonnelStore":
        from adapters.database.personnel import PersonnelStore

        return PersonnelStore(self.database)

    @cached_property
    def working_days(self) -> "OfficeWorkingDays":
        from adapters.calendar import OfficeWorkingDays

        return OfficeWorkingDays(self.calendar)

    @cached_property
    def inquiries(self) -> "InquiryStore":
        from adapters.database.inquiry_desk import InquiryStore

        return InquiryStore(self.database, self.working_days)

    @cached_property
    def patterns(self) -> "PatternStore":
        from adapters.database.patterns import PatternStore
        from domain.inquiries import Thresholds

        return PatternStore(self.database, Thresholds(**{name: getattr(self.settings, name) for name in Thresholds.model_fields}))

    @cached_property
    def publications(self) -> "PublicationStore":
        from adapters.database.publications import PublicationStore

        return PublicationStore(self.database)

    @cached_property
    def catalogue(self) -> "Catalogue":
        from catalogue.loader import Catalogue

        return Catalogue(sources=self.sources, publications=self.publications, kept_in=self.settings.home / "cache")

    @cached_property
    def objects(self) -> "S3Objects":
        from adapters.objects.s3 import S3Objects

        s = self.settings
        objects = S3Objects(s.s3, s.s3_access_key, s.s3_secret_key, s.s3_bucket, self.keyring)
        self._exit.callback(objects.close)
        return objects

    @cached_property
    def sources(self) -> "dict[str, Source]":
        """The authorities' data sources: ours, then the installation's own in `$ONETRIP_HOME/sources`, which add or override.

        Raises:
            SourceError: a file that cannot be, with what to do.
        """
        from catalogue.sources import SOURCES, load_sources

        return load_sources((SOURCES, self.settings.home / "sources"))

    @cached_property
    def registries(self) -> "HttpRegistries":
        from adapters.registries.http import HttpRegistries

        s = self.settings
        variables = {**os.environ, "REGISTRIES": s.registries, "REGISTRIES_TOKEN": s.registries_token}
        registries = HttpRegistries(self.sources, variables, longest_seconds=s.registry_timeout_seconds)
        self._exit.push_async_callback(registries.aclose)
        return registries

    @cached_property
    def sms(self) -> "HttpSms":
        from adapters.notices.sms import HttpSms

        sms = HttpSms(self.settings.sms, self.settings.company_token)
        self._exit.push_async_callback(sms.aclose)
        return sms

    @cached_property
    def post(self) -> "HttpPost":
        from adapters.post.http import HttpPost

        post = HttpPost(self.settings.post, self.settings.company_token)
        self._exit.push_async_callback(post.aclose)
        return post

    @cached_property
    def cashier(self) -> "HttpCashier":
        from adapters.payments.http import HttpCashier

        cashier = HttpCashier(self.settings.payments, self.settings.company_token)
        self._exit.push_async_callback(cashier.aclose)
        return cashier

    @cached_property
    def email(self) -> "SmtpEmail":
        from adapters.notices.email import SmtpEmail

        return SmtpEmail(self.settings.smtp, self.settings.email_from)

    @cached_property
    def callback_reader(self) -> "SignedCallbacks":
        from adapters.callbacks import SignedCallbacks

        reader = SignedCallbacks({"payments": self.settings.payments, "post": self.settings.post})
        self._exit.push_async_callback(reader.aclose)
        return reader

    @cached_property
    def cards(self) -> "CardReadingProcess":
        from adapters.cards.reader import CardReadingProcess

        reader = CardReadingProcess()
        self._exit.push_async_callback(reader.aclose)
        return reader

    @cached_property
    def office_name(self) -> Bilingual:
        return Bilingual(zh=self.settings.office_name_zh, en=self.settings.office_name_en)

    @cached_property
    def documents(self) -> "OfficeDocuments":
        from adapters.documents.office import OfficeDocuments

        return OfficeDocuments(self.settings.home, self.office_name, FONTS, self.settings.site_url)

    @cached_property
    def verifier(self) -> IdentityVerifier:
        """The identity check; under `onetrip bench` one that passes without looking.

        Raises:
            RuntimeError: BENCH_IDENTITY is set outside `onetrip bench`.
        """
        if self.settings.bench_identity:
            return self._bench_verifier()
        from adapters.biometrics.packaged_models import mesh_folder
        from adapters.biometrics.verifier import ClipVerifier

        s = self.settings
        deepface_home = Path(s.deepface_home) if s.deepface_home else s.home / "models"
        required = not s.onetrip_demo if s.spoofing_required is None else s.spoofing_required
        folder = mesh_folder(PROJECT / "node_modules")
        threads = max(2, len(os.sched_getaffinity(0)))
        return ClipVerifier(deepface_home, folder, s.face_model, s.speech_model, spoofing_required=required, threads=threads)

    def _bench_verifier(self) -> IdentityVerifier:
        if os.environ.get("ONETRIP_BENCH") != "1":
            raise RuntimeError(
                "BENCH_IDENTITY lets every clip pass unseen. It is for `onetrip bench`, which starts a stack of its own: unset it here."
            )
        from adapters.biometrics.bench import PassingVerifier

        log.warning("bench only: every identity check passes without looking at the clip")
        return PassingVerifier()

    async def temporal(self) -> Client:
        """A client whose payloads are encrypted; it connects at its first call, so the API starts without the engine."""
        return await self._connect(lazy=True)

    async def connected_temporal(self) -> Client:
        """The same for a worker, which waits for the engine rather than die."""
        while True:
            try:
                return await self._connect(lazy=False)
            except (RPCError, RuntimeError):  # the transport raises RuntimeError while nothing listens
                log.info("waiting for the engine")
                await asyncio.sleep(0.3)

    async def _connect(self, *, lazy: bool) -> Client:
        s = self.settings
        return await Client.connect(
            s.temporal, namespace=s.temporal_namespace, data_converter=encrypted_converter(s.payload_keys), lazy=lazy
        )

    async def office(self) -> "Office":
        """What pages and API carry."""
        from adapters.database.accounts import AccountStore
        from adapters.database.appointments import AppointmentStore
        from adapters.database.callbacks import CallbackStore
        from adapters.database.counter import CounterStore
        from adapters.database.desks import StaffStore
        from adapters.database.figures import FigureStore
        from adapters.database.investigations import InvestigationStore
        from adapters.database.past import PastDecisions
        from adapters.database.posting import ParcelStore
        from adapters.database.ratings import RatingStore
        from adapters.database.standing import StandingStore
        from adapters.database.supervision import SupervisionStore
        from adapters.uploads import clean_upload_apart, page_of
        from casework.engine import CaseEngine
        from casework.office import Office, SettingsView

        s = self.settings
        return Office(
            settings_view=SettingsView(
                demo=s.onetrip_demo,
                site_url=s.site_url,
                office_name=self.office_name,
                sms_page_url=f"{s.sms}/",
                division=s.office_division,
                default_county=s.default_station[:6],
            ),
            catalogue=self.catalogue,
            engine=CaseEngine(await self.temporal()),
            desk=self.desk,
            identity=self.identity,
            accounts=AccountStore(self.database),
            papers=self.papers,
            calendar=self.calendar,
            working_days=self.working_days,
            personnel=self.personnel,
            past=PastDecisions(self.database, s.data_keys),
            reads=self.reads,
            staff=StaffStore(self.database),
            record=self.record,
            heads=self.heads,
            appointments=AppointmentStore(self.database),
            counter=CounterStore(self.database),
            parcels=ParcelStore(self.database),
            post=self.post,
            investigations=InvestigationStore(self.database),
            notices=self.outbox,
            standings=StandingStore(self.database),
            inquiries=self.inquiries,
            boards=SupervisionStore(self.database),
            ratings=RatingStore(self.database),
            figures=FigureStore(self.database),
            publications=self.publications,
            objects=self.objects,
            seals=self.documents,
            sms=self.sms,
            callbacks=CallbackStore(self.database),
            callback_reader=self.callback_reader,
            clean_upload=clean_upload_apart,
            page_of=page_of,
            cards=self.cards,
            token_key=base64.b64decode(s.token_key),
            demo_world=self._demo_world() if s.onetrip_demo else None,
        )

    def _demo_world(self) -> "DemoWorld":
        # Imported here: nothing of a simulator is loaded in production.
        from simulators.demo_world import DemoWorld as SimulatedWorld

        return SimulatedWorld(self.settings.registries, self.settings.registries_token)

    # --- activities, by role -------------------------------------------------------------------------------------

    def case_activities(self) -> CaseActivities:
        return CaseActivities(
            records=self.cases,
            papers=self.papers,
            service_items=self.catalogue,
            working_days=self.working_days,
            division=self.settings.office_division,
            default_station=self.settings.default_station,
        )

    def document_activities(self) -> DocumentActivities:
        return DocumentActivities(
            records=self.cases,
            papers=self.papers,
            objects=self.objects,
            service_items=self.catalogue,
            maker=self.documents,
            post=self.post,
            office=self.office_name,
            site_url=self.settings.site_url,
            callbacks_url=self.settings.callbacks,
        )

    def payment_activities(self) -> PaymentActivities:
        return PaymentActivities(
            records=self.cases, cashier=self.cashier, site_url=self.settings.site_url, callbacks_url=self.settings.callbacks
        )

    def registry_activities(self) -> RegistryActivities:
        return RegistryActivities(
            records=self.cases,
            papers=self.papers,
            registries=self.registries,
            service_items=self.catalogue,
            reads=self.reads,
            sources=self.catalogue.sources,
        )

    def portrait_activities(self) -> PortraitActivities:
        return PortraitActivities(registries=self.registries, reads=self.reads)

    def identity_activities(self) -> IdentityActivities:
        return IdentityActivities(
            records=self.cases,
            identity=self.identity,
            objects=self.objects,
            registries=self.registries,
            verifier=self.verifier,
            reads=self.reads,
            keep_clips=self.settings.clips_kept == "until_decision",
        )
