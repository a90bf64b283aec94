"""Call-backs of payments and post that are lost, repeated, late, out of order and forged."""

import pytest

from bench.callbacks import run

pytestmark = [pytest.mark.resilience, pytest.mark.stack, pytest.mark.long]


def test_no_money_and_no_parcel_moves_twice_and_every_case_ends_right_whatever_call_backs_do(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code = run(40, people=4000)
    assert exit_code == 0, capsys.readouterr().out
