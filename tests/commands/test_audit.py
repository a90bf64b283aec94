"""`onetrip audit` as an auditor uses it: heads kept elsewhere, an export, and no database to verify with."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from adapters.database.migrate import migrate
from adapters.documents.authority import open_authority
from commands.published import HeadsUnreadable, read_heads
from domain.ids import new_id
from domain.text import Bilingual
from settings import PROJECT, Settings
from tests import tampering
from tests.driving import TestWiring
from tests.running import environment, run_stack

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A server that no other test writes to."""
    for settings in run_stack(tmp_path_factory.mktemp("audit") / "home", ("postgres",)):
        asyncio.run(migrate(settings.database_owner, settings.database))
        asyncio.run(enter(settings, 5))
        yield settings


async def enter(settings: Settings, times: int) -> None:
    wiring = TestWiring(settings)
    for number in range(times):
        await wiring.record.append("noted", {"number": number}, str(new_id()))
    await wiring.close()


def onetrip(folder: Path, *words: str, settings: Settings | None = None) -> tuple[int, str]:
    """Exit code and everything that was said; without settings on a machine that has no installation."""
    home, port = (settings.onetrip_home, settings.onetrip_port) if settings else (folder / "no-home", 1)
    variables = environment(home, port) | {"PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "cli", "audit", *words]
    done = subprocess.run(command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_an_export_is_verified_with_the_heads_and_the_key_alone(own: Settings, tmp_path: Path) -> None:
    code, said = onetrip(tmp_path, "seal", settings=own)
    assert (code, said.count("head 1 of ")) == (0, 1)
    assert onetrip(tmp_path, "heads", "heads.txt", settings=own)[0] == 0
    assert onetrip(tmp_path, "export", "record.jsonl", settings=own)[0] == 0
    key = tmp_path / "key.json"
    key.write_bytes((own.home / "authority" / "public" / "token-key.json").read_bytes())
    verify = ("verify", "record.jsonl", "--heads", "heads.txt", "--key", "key.json")

    code, said = onetrip(tmp_path, *verify)
    assert (code, "whole: nothing was altered" in said, "6 entries in 6 chains, 1 heads" in said) == (0, True, True), said

    file = tmp_path / "record.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(tampering.closed([*lines[:3], *lines[5:]])))
    code, said = onetrip(tmp_path, *verify)
    assert code == 1 and "DELETED" in said and "删除" in said and "NOT what was published" in said

    file.write_bytes(b"".join(lines))
    heads = tmp_path / "heads.txt"
    heads.write_text(heads.read_text()[:-8] + "AAAAAAA\n")
    code, said = onetrip(tmp_path, *verify)
    assert code == 1 and "does not bear the office's signature" in said

    stranger = open_authority(tmp_path / "other", Bilingual(zh="别处", en="Elsewhere")).public / "token-key.json"
    assert onetrip(tmp_path, *verify[:-1], str(stranger))[0] == 1
    assert onetrip(tmp_path, *verify[:-1], "no-such-key.json")[0] == 2
    assert onetrip(tmp_path, "verify", "no-such-file", *verify[2:])[0] == 2


def test_what_no_head_vouches_for_yet_is_exported_on_request_and_said(own: Settings, tmp_path: Path) -> None:
    onetrip(tmp_path, "seal", settings=own)
    asyncio.run(enter(own, 3))
    onetrip(tmp_path, "heads", "heads.txt", settings=own)
    onetrip(tmp_path, "export", "--tail", "record.jsonl", settings=own)
    key = str(own.home / "authority" / "public" / "token-key.json")
    code, said = onetrip(tmp_path, "verify", "record.jsonl", "--heads", "heads.txt", "--key", key)
    assert (code, "4 of them came after the last head: not yet vouched for" in said) == (0, True), said


def test_tables_that_agree_with_the_record_are_said_to(own: Settings, tmp_path: Path) -> None:
    code, said = onetrip(tmp_path, "check", settings=own)
    assert (code, "they agree" in said) == (0, True), said


def test_heads_are_read_from_an_address_page_by_page() -> None:
    pages = {"/heads": (["a", "b"], "2"), "/heads?cursor=2": (["c"], None)}

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            tokens, cursor = pages[self.path]
            body = json.dumps({"items": [{"jws": token} for token in tokens], "next_cursor": cursor}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        assert read_heads(f"http://127.0.0.1:{server.server_port}/heads") == ["a", "b", "c"]
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(HeadsUnreadable):
        read_heads(f"http://127.0.0.1:{server.server_port}/heads")


def test_a_saved_answer_of_the_api_will_do_too(tmp_path: Path) -> None:
    file = tmp_path / "heads.json"
    file.write_text(json.dumps({"items": [{"jws": "a", "number": 1, "sealed_at": str(datetime.now(UTC))}], "next_cursor": None}))
    assert read_heads(str(file)) == ["a"]
    for nothing in ("", '{"items": [], "next_cursor": null}'):
        file.write_text(nothing)
        with pytest.raises(HeadsUnreadable, match="nothing vouches"):
            read_heads(str(file))
    file.write_text("{}")
    with pytest.raises(HeadsUnreadable):
        read_heads(str(file))
