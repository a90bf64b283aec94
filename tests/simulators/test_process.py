"""The simulators as one process: ready in seconds, gone in seconds, and nothing without a token."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from settings import PROJECT


def start(port: int, state: Path, token: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "simulators", "--port", str(port), "--state", str(state), "--population", "10000"]
    return subprocess.Popen(command, cwd=PROJECT, env={**os.environ, "REGISTRIES_TOKEN": token}, stderr=subprocess.PIPE)


def wait_until_healthy(base: str, process: subprocess.Popen[bytes]) -> dict[str, object]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            found: dict[str, object] = httpx.get(f"{base}/healthz").json()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return found
    raise AssertionError("the simulators did not get ready")


@pytest.mark.stack
def test_one_process_serves_all_and_ends_soon_after_sigterm(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = start(port, tmp_path, "t")
    try:
        base = f"http://127.0.0.1:{port}"
        assert wait_until_healthy(base, process)["people"] == 10_000
        assert [httpx.get(f"{base}{path}").status_code for path in ("/registries/", "/sms/", "/post/")] == [200, 200, 200]
        with httpx.Client(base_url=base) as held_open:
            held_open.get("/healthz")
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=5)
    finally:
        process.kill()
        _, errors = process.communicate()
    assert process.returncode in (0, -signal.SIGTERM)
    assert errors == b""


def test_without_a_token_it_says_what_to_set(tmp_path: Path) -> None:
    process = start(1, tmp_path, "")
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"set REGISTRIES_TOKEN" in errors
