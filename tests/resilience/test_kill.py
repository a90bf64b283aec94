"""Every part is killed with -9 while applications are in flight."""

from pathlib import Path

import pytest

from bench.resilience import run

pytestmark = [pytest.mark.resilience, pytest.mark.stack, pytest.mark.long]


def test_no_application_certificate_or_sms_is_lost_or_doubled_when_every_part_is_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code = run(40, tmp_path / "home")
    assert exit_code == 0, capsys.readouterr().out
