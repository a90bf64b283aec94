"""Every setting, in one place: from the environment, then from `$ONETRIP_HOME/config.env`, written at first start."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent


def home() -> Path:
    """The one folder that holds all state."""
    return Path(os.environ.get("ONETRIP_HOME") or PROJECT / ".onetrip").expanduser().resolve()


# Ports of the embedded parts follow ONETRIP_PORT, so that one variable moves the whole stack.
PORT_OFFSETS = {
    "temporal": 1, "temporal_ui": 2, "simulators": 3, "postgres": 4, "s3": 5, "weed_master": 6, "weed_volume": 7, "weed_filer": 8,
    "temporal_metrics": 9, "weed_master_grpc": 10, "weed_volume_grpc": 11, "weed_filer_grpc": 12, "weed_s3_grpc": 13, "temporal_http": 14,
    "smtp": 15,
}  # fmt: skip


class Settings(BaseSettings):
    """Field names are the environment variables' names in lower case."""

    model_config = SettingsConfigDict(extra="ignore", env_file_encoding="utf-8")

    onetrip_host: str = "127.0.0.1"  # where the API listens; 0.0.0.0 inside a container
    onetrip_port: int = 8080
    onetrip_demo: bool = True  # demo people, clerks and clips; `onetrip up` in production sets it to false
    public_url: str = ""  # where certificates point; default http://127.0.0.1:<port>

    # Existing servers; empty means the embedded part
    database_url: str = ""  # postgresql://user:password@host:port/name
    database_owner_url: str = ""  # the same database as the role that owns its tables, for migrations alone
    temporal_address: str = ""
    temporal_namespace: str = "default"
    s3_endpoint: str = ""  # host:port, or with scheme
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_bucket: str = "onetrip"
    registries_url: str = ""  # each authority answers under <url>/<source>
    sms_url: str = ""
    post_url: str = ""
    payments_url: str = ""
    smtp_url: str = ""  # smtp://host:port, smtp+starttls:// or smtps://, with user:password@ where it asks for one
    email_from: str = "OneTrip <no-reply@onetrip.example>"
    callback_url: str = ""  # where payments and post reach this site, if not under its public address

    # Secrets, made at first start. Keyrings read `key-id:base64,key-id:base64`; the first one encrypts.
    data_keys: str = ""  # AES-256-GCM, personal columns and objects
    payload_keys: str = ""  # AES-256-GCM, Temporal payloads
    index_key: str = ""  # base64, HMAC-SHA-256 of ID numbers and phones
    token_key: str = ""  # base64, signs access tokens (HS256)
    registries_token: str = ""  # bearer token towards the registries
    companies_token: str = ""  # towards SMS, post and payments; the registries' one where it is empty
    database_password: str = ""  # of the embedded PostgreSQL's role `onetrip`
    database_owner_password: str = ""  # of its role `onetrip_owner`, which owns the tables; only migrations use it
    registries_seed: int = 2026  # of the simulated population
    registries_population: int = 100_000  # how many people the simulated authorities know

    office_division: str = "330300"
    default_station: str = "330302000000"  # where a case goes whose territory no registry tells
    office_name_zh: str = "温州市公安局（演示）"
    office_name_en: str = "Wenzhou Public Security Bureau (demonstration)"

    registry_timeout_seconds: float = 10.0  # for one look-up; the source's own file may say less
    quiet_hours: bool = True  # no SMS or e-mail between 21:00 and 08:00 in China, but for sign-in codes
    deepface_home: str = ""
    face_model: str = "Dlib"
    speech_model: str = "packaged"  # or a faster-whisper size where there is a network
    clips_kept: Literal["until_decision", "until_verdict"] = "until_decision"  # how long a face clip is stored, encrypted
    clip_prints_days: int = 180  # how long a clip is known again by its fingerprints
    spoofing_required: bool | None = None  # refuse to start without the models that tell a person from a picture; default: unless demo
    bench_identity: bool = False  # `onetrip bench` only: identity passes without a clip, and says so

    # Supervision: from when on something is odd, see `domain.inquiries.Thresholds`
    hasty_approvals: int = 5
    hasty_seconds: int = 20
    hasty_minutes: int = 60
    crowded_movers: int = 10
    crowded_days: int = 90
    face_failures: int = 6
    face_hours: int = 24
    forged_callbacks: int = 3
    forged_minutes: int = 60
    stuck_hours: int = 24
    stuck_document_minutes: int = 60
    unstaffed_minutes: int = 60

    # Not `home`: that would read the variable HOME.
    onetrip_home: Path = Field(default_factory=home)

    @property
    def home(self) -> Path:
        return self.onetrip_home.expanduser().resolve()

    def port(self, part: str) -> int:
        return self.onetrip_port + PORT_OFFSETS[part]

    @property
    def site_url(self) -> str:
        return self.public_url or f"http://127.0.0.1:{self.onetrip_port}"

    @property
    def temporal(self) -> str:
        return self.temporal_address or f"127.0.0.1:{self.port('temporal')}"

    @property
    def database(self) -> str:
        return self.database_url or f"postgresql://onetrip:{self.database_password}@127.0.0.1:{self.port('postgres')}/onetrip"

    @property
    def database_owner(self) -> str:
        if self.database_url:
            return self.database_owner_url or self.database_url
        return f"postgresql://onetrip_owner:{self.database_owner_password}@127.0.0.1:{self.port('postgres')}/onetrip"

    @property
    def s3(self) -> str:
        return self.s3_endpoint or f"127.0.0.1:{self.port('s3')}"

    @property
    def registries(self) -> str:
        return self.registries_url or f"http://127.0.0.1:{self.port('simulators')}/registries"

    @property
    def sms(self) -> str:
        return self.sms_url or f"http://127.0.0.1:{self.port('simulators')}/sms"

    @property
    def company_token(self) -> str:
        return self.companies_token or self.registries_token

    @property
    def post(self) -> str:
        return self.post_url or f"http://127.0.0.1:{self.port('simulators')}/post"

    @property
    def payments(self) -> str:
        return self.payments_url or f"http://127.0.0.1:{self.port('simulators')}/payments"

    @property
    def smtp(self) -> str:
        return self.smtp_url or f"smtp://127.0.0.1:{self.port('smtp')}"

    @property
    def callbacks(self) -> str:
        """Call-backs go to `<this>/<provider>`."""
        return f"{(self.callback_url or self.site_url).rstrip('/')}/v1/callbacks"


def load_settings() -> Settings:
    return Settings(_env_file=home() / "config.env")
