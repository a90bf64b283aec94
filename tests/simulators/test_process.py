"""The simulators as one process: ready in seconds, gone in seconds, and nothing without a token."""

import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from settings import PROJECT

PAGES = ("/registries/", "/sms/", "/mail/", "/post/", "/payments/")


def start(port: int, state: Path, token: str, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "simulators", "--port", str(port), "--state", str(state), "--population", "10000", *more]
    return subprocess.Popen(command, cwd=PROJECT, env={**os.environ, "REGISTRIES_TOKEN": token}, stderr=subprocess.PIPE)


def wait_until_healthy(base: str, process: subprocess.Popen[bytes]) -> dict[str, object]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            found: dict[str, object] = httpx.get(f"{base}/healthz").json()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return found
    raise AssertionError("the simulators did not get ready")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.stack
def test_one_process_serves_all_and_ends_soon_after_sigterm(tmp_path: Path) -> None:
    port, smtp_port = free_port(), free_port()
    process = start(port, tmp_path, "t", "--smtp-port", str(smtp_port))
    try:
        base = f"http://127.0.0.1:{port}"
        assert wait_until_healthy(base, process)["people"] == 10_000
        assert [httpx.get(f"{base}{path}").status_code for path in PAGES] == [200] * len(PAGES)
        with smtplib.SMTP("127.0.0.1", smtp_port, timeout=10) as mail:
            assert mail.noop()[0] == 250
        with httpx.Client(base_url=base) as held_open:
            held_open.get("/healthz")
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
    finally:
        process.kill()
        _, errors = process.communicate()
    assert process.returncode in (0, -signal.SIGTERM)
    assert errors == b""


@pytest.mark.stack
def test_authorities_and_companies_can_be_served_apart(tmp_path: Path) -> None:
    for only, served in (("registries", {"/registries/"}), ("companies", set(PAGES) - {"/registries/"})):
        port = free_port()
        process = start(port, tmp_path, "t", "--only", only)
        try:
            assert ("people" in wait_until_healthy(f"http://127.0.0.1:{port}", process)) is (only == "registries")
            assert {path for path in PAGES if httpx.get(f"http://127.0.0.1:{port}{path}").status_code == 200} == served
        finally:
            process.kill()
            process.communicate()


def test_without_a_token_it_says_what_to_set(tmp_path: Path) -> None:
    process = start(1, tmp_path, "")
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"set REGISTRIES_TOKEN" in errors
