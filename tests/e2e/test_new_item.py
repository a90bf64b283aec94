"""A service item that the project does not know: from a file of 40 lines to a finished application, and nothing is restarted."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from settings import PROJECT, Settings
from tests.e2e.program import DemoAccess, Integrator
from tests.running import environment

pytestmark = [pytest.mark.stack, pytest.mark.identity]
FILE = Path(__file__).parent / "address-letter.yaml"
ANSWERS = {"reason": "other", "recipient": "市图书馆"}
ONLINE = {"method": "online"}


def onetrip(settings: Settings, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "cli", *words],
        cwd=PROJECT,
        env=environment(settings.onetrip_home, settings.onetrip_port),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def processes(settings: Settings) -> set[int]:
    """Everything that runs under this installation's home or port."""
    home, found = str(settings.onetrip_home), set()
    for process in psutil.process_iter():
        try:
            if process.environ().get("ONETRIP_HOME") == home and "service" not in process.cmdline():
                found.add(process.pid)
        except psutil.Error:
            continue
    return found


def test_a_new_file_is_checked_published_and_applied_for_while_everything_keeps_running(
    running_stack: Settings, integrator: Integrator, access: DemoAccess, tmp_path: Path
) -> None:
    assert len(FILE.read_text(encoding="utf-8").splitlines()) <= 40
    before = processes(running_stack)
    assert len(before) >= 4, "API and three workers"
    assert integrator.http.get("/v1/service-items/address-letter").status_code == 404

    onetrip(running_stack, "service", "check", str(FILE))
    onetrip(running_stack, "service", "publish", str(FILE))
    time.sleep(0.3)  # what a page may be behind
    shown = integrator.ok(integrator.http.get("/v1/service-items/address-letter"))
    assert shown["version"] == 1
    assert "Letter of address" in integrator.http.get("/items/address-letter?lang=en").text

    under_the_first = integrator.apply("address-letter", "no-record", ANSWERS, ONLINE)
    stricter = tmp_path / "address-letter.yaml"
    text = FILE.read_text(encoding="utf-8")
    text = text.replace("version: 1", "version: 2").replace("effective_from: 2026-01-01", "effective_from: 2026-01-02")
    text = text.replace("household_members.size() > 0", "household_members.size() > 99").replace(
        "path: [machine, online]", "decision: referred, path: [review, online]"
    )
    stricter.write_text(text, encoding="utf-8")
    onetrip(running_stack, "service", "publish", str(stricter))
    under_the_second = integrator.apply("address-letter", "with-record", ANSWERS, ONLINE)

    integrator.record_clip(under_the_first)
    first = integrator.wait_for(under_the_first, "completed")
    assert (first["version"], first["decision"]["by"]) == (1, "machine")
    pdf = integrator.http.get(first["documents"][0]["url"]).content
    verdict = integrator.ok(integrator.http.post("/v1/certificates/verify", content=pdf, headers={"Content-Type": "application/pdf"}))
    assert verdict["result"] == "genuine"

    integrator.record_clip(under_the_second)
    second = integrator.wait_for(under_the_second, "reviewing")
    assert second["version"] == 2
    assert [reason["rule"] for reason in second["decision"]["reasons"] if reason["holds"] is not True] == ["has-an-address"]

    tried = onetrip(running_stack, "service", "try", str(stricter), "--since", "2026-01-01")
    assert first["acceptance_number"] in tried
    assert "has-an-address" in tried
    replayed = onetrip(running_stack, "decision", "replay", first["acceptance_number"])
    assert "identical to the byte" in replayed
    assert processes(running_stack) == before, "nothing was restarted"
