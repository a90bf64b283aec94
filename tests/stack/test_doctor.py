"""`onetrip doctor` tells what is up and what to do about the rest."""

from pathlib import Path

import pytest

from settings import Settings
from stack.doctor import examine, machine
from tests.running import free_base_port


@pytest.mark.stack
async def test_running_servers_are_up_with_their_versions_and_missing_processes_are_down(infrastructure: Settings) -> None:
    findings = {finding.name: finding for finding in await examine(infrastructure)}
    assert findings["postgres"].version.startswith("PostgreSQL 18")
    assert findings["temporal"].version.startswith("Temporal 1.")
    assert all(findings[name].up for name in ("postgres", "temporal", "seaweedfs", "simulators"))
    assert not any(findings[name].up for name in ("api", "worker-cases", "worker-registries", "worker-identity"))
    assert "api.log" in findings["api"].remedy


async def test_each_stopped_part_has_a_remedy_and_one_pointed_elsewhere_names_its_setting(tmp_path: Path) -> None:
    port = free_base_port()
    settings = Settings(onetrip_home=tmp_path, onetrip_port=port, database_url=f"postgresql://onetrip:secret@127.0.0.1:{port}/onetrip")
    findings = {finding.name: finding for finding in await examine(settings)}
    assert "make run" in findings["temporal"].remedy
    assert "DATABASE_URL points there" in findings["postgres"].remedy
    assert "secret" not in str(findings["postgres"])


def test_a_full_disk_is_down_and_a_missing_browser_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.doctor.LEAST_DISK_GIB", 10**9)
    monkeypatch.setattr("stack.doctor.shutil.which", lambda name: None)
    findings = {finding.name: finding for finding in machine(Settings(onetrip_home=tmp_path))}
    assert not findings["disk"].up
    assert findings["disk"].needed
    assert not findings["chromium"].up
    assert not findings["chromium"].needed
