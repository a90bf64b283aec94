"""Sources that err, are slow or are down while people apply."""

import pytest

from bench.sources import run

pytestmark = [pytest.mark.resilience, pytest.mark.stack, pytest.mark.long]


def test_every_application_ends_and_none_wrongly_while_one_source_errs_one_is_slow_and_one_is_down(
    capsys: pytest.CaptureFixture[str],
) -> None:
    exit_code = run(20, down_seconds=0, people=4000)
    assert exit_code == 0, capsys.readouterr().out
