"""A real SeaweedFS for tests: on free ports of 127.0.0.1, with its state in a folder of the test run."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import urllib3

READY_SECONDS = 40
PARTS = ("master", "master.port.grpc", "volume", "volume.port.grpc", "filer", "filer.port.grpc", "s3", "s3.port.grpc")


@dataclass(frozen=True)
class Seaweed:
    endpoint: str
    access_key: str
    secret_key: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """By its own id; a store of a test has nothing worth the ten seconds that a clean end takes."""
        self.process.kill()
        self.process.wait(10)


def start_seaweed(folder: Path) -> Seaweed:
    """Raises TimeoutError with the end of its log when it is not up in time."""
    access_key, secret_key = secrets.token_hex(8), secrets.token_hex(16)
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": access_key, "secretKey": secret_key}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = dict(zip(PARTS, _free_ports(len(PARTS)), strict=True))
    flags = [f"-{part if '.' in part else part + '.port'}={port}" for part, port in ports.items()]
    keys = ("WEED_JWT_SIGNING_KEY", "WEED_JWT_SIGNING_READ_KEY", "WEED_JWT_FILER_SIGNING_KEY", "WEED_JWT_FILER_SIGNING_READ_KEY")
    log = (folder / "weed.log").open("wb")
    process = subprocess.Popen(
        [
            _weed(), "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false",
            "-master.volumeSizeLimitMB=64", "-volume.max=200", "-filer", "-s3", f"-s3.config={folder / 's3.json'}", *flags,
        ],
        stdout=log, stderr=subprocess.STDOUT, env=os.environ | {key: secrets.token_hex(16) for key in keys},
    )  # fmt: skip
    seaweed = Seaweed(f"127.0.0.1:{ports['s3']}", access_key, secret_key, process)
    try:
        _wait_until_ready(seaweed, folder / "weed.log")
    except BaseException:
        seaweed.stop()
        raise
    return seaweed


def _wait_until_ready(seaweed: Seaweed, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and seaweed.process.poll() is None:
        try:
            if urllib3.request("GET", f"http://{seaweed.endpoint}/healthz", timeout=1, retries=False).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.2)
    raise TimeoutError(f"SeaweedFS is not up:\n{log.read_text(errors='replace')[-2000:]}")


def _weed() -> str:
    beside_python = Path(sys.executable).parent / "weed"
    return str(beside_python) if beside_python.exists() else shutil.which("weed") or "weed"


def _free_ports(count: int) -> list[int]:
    """Held open together, so that they differ."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
