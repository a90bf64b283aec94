"""`onetrip bench catalogue` with small numbers: that it finds what it planted. How long it takes is for the bench to judge."""

import asyncio
from pathlib import Path

import pytest
from rich.console import Console

from bench.deciding import deciding, load, multiply
from bench.session import stack_for_bench
from bench.trying import trying
from catalogue.loader import SERVICES


def test_copies_of_the_packaged_files_load_under_codes_of_their_own_and_again_from_what_was_kept(tmp_path: Path) -> None:
    packaged = len(list(SERVICES.rglob("*.yaml")))
    multiply(tmp_path / "services", packaged + 5)
    first = load(tmp_path / "services", tmp_path / "kept")
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").rglob("*") if path.is_file()}
    again = load(tmp_path / "services", tmp_path / "kept")
    assert first.items == again.items == packaged + 5
    assert kept and kept == {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").rglob("*") if path.is_file()}


def test_decisions_with_ten_rules_and_with_points_are_told_and_approved_on_real_records() -> None:
    ten, points = deciding(decisions=50, people=5000)
    assert "10 rules" in ten.what
    assert "6 point lines" in points.what


@pytest.mark.stack
def test_a_changed_rule_tried_on_past_cases_turns_exactly_those_that_were_planted() -> None:
    """More than a page of them, so that the processes beside ours decide too."""
    with stack_for_bench(parts=("postgres",), people=4000) as (stack, settings):
        exactly, _ = asyncio.run(trying(stack, settings, 2500, Console(quiet=True)))
    assert exactly.reached, exactly.found
