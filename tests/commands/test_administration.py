"""`onetrip clerk` and `onetrip calendar` on a real database."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from domain.clock import day_in_china
from settings import PROJECT, Settings
from tests.builders import make_id_number
from tests.filing import some_station
from tests.running import environment

pytestmark = pytest.mark.stack


def onetrip(settings: Settings, *words: str, typed: str = "") -> tuple[int, str]:
    """Exit code and everything that was said, in English."""
    variables = environment(settings.onetrip_home, settings.onetrip_port) | {"LC_ALL": "en_GB.UTF-8", "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-m", "cli", *words],
        cwd=PROJECT,
        env=os.environ | variables,
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_first_administrator_is_made_once_and_their_id_number_is_not_said(migrated: Settings) -> None:
    number, login = make_id_number(int(uuid4().int % 999), born="19660606"), f"first-{uuid4().hex[:8]}"
    words = ("clerk", "first", "--role", "audit_admin", "--login", login, "--name", "吴敏", "--county", "330302")
    code, said = onetrip(migrated, *words, typed=f"{number}\n")
    there_is = "There is an administrator of this role" in said
    assert there_is or (code == 0 and f"login {login}  first password " in said and "TOTP secret" in said)
    assert number not in said
    code, said = onetrip(migrated, *words, typed=f"{number}\n")
    assert code == 1 and "There is an administrator of this role" in said
    assert any("audit_admin" in line and "active" in line for line in onetrip(migrated, "clerk", "list")[1].splitlines())


def test_a_day_is_corrected_shown_and_taken_back(migrated: Settings) -> None:
    county, day = some_station()[:6], day_in_china(datetime.now(UTC)) + timedelta(days=45)
    words = (str(day), "--off", "--county", county, "--zh", "台风停办", "--en", "Closed for a typhoon")
    assert onetrip(migrated, "calendar", "correct", *words) == (0, "Saved. Running cases count their limits again\n")
    code, said = onetrip(migrated, "calendar", "show", f"{day:%Y-%m}", "--county", county)
    line = next(line for line in said.splitlines() if line.startswith(str(day)))
    assert code == 0 and "off" in line and "corrected_here" in line and line.endswith("Closed for a typhoon")
    assert onetrip(migrated, "calendar", "take-back", str(day), "--county", county)[0] == 0
    assert onetrip(migrated, "calendar", "take-back", str(day), "--county", county)[0] == 1
