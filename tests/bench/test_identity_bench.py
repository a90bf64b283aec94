"""What the identity bench makes, counts and writes; the models themselves are for the bench to judge."""

from datetime import date
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from bench.identity import kept
from bench.identity.checking import Outcome
from bench.identity.judging import attacks_part
from bench.identity.material import people_of
from bench.identity.plots import draw_det, draw_scores
from bench.identity.rates import Rate
from bench.identity.report import Part, write_report
from bench.identity.sheets import Held, show
from domain.identity import CheckResult


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (1, 1000, 0.0002, 0.0056)],
)
def test_wilson_intervals_agree_with_published_values(count: int, total: int, low: float, high: float) -> None:
    assert Rate("x", count, total).interval == pytest.approx((low, high), abs=5e-4)


def test_a_rate_without_cases_neither_reaches_nor_misses_its_target() -> None:
    assert Rate("x", 0, 0, 0.02).reached is None
    assert Rate("x", 1, 50, 0.02).reached
    assert not Rate("x", 2, 50, 0.02).reached
    assert Rate("x", 49, 50, 0.97, at_most=False).reached


def test_people_are_those_who_share_a_label_and_the_held_out_ones_are_marked(tmp_path: Path) -> None:
    rows = ["file1,file2,same", "deepface/b.jpg,deepface/a.jpg,1", "deepface/b.jpg,deepface/c.jpg,1", "lfw/x.jpg,lfw/y.jpg,1"]
    (tmp_path / "labels.csv").write_text("\n".join([*rows, "deepface/a.jpg,lfw/x.jpg,0", "deepface/d.jpg,lfw/y.jpg,0"]))
    found = {(person.name, len(person.pictures), person.held_out) for person in people_of(tmp_path)}
    assert found == {("deepface/a.jpg", 3, False), ("lfw/x.jpg", 2, True)}


def test_a_flat_sheet_held_straight_is_the_picture_and_a_turned_one_is_narrower_and_shows_what_is_behind() -> None:
    picture = np.full((640, 480, 3), 200, np.uint8)
    behind = np.zeros((640, 480, 3), np.uint8)
    straight = show(picture, 640, Held(), behind)
    turned = show(picture, 640, Held(yaw=40), behind)
    bent = show(picture, 640, Held(bend=120), behind)
    assert (straight > 190).mean() > 0.98
    widths = [int((shown[320, :, 0] > 100).sum()) for shown in (turned, bent)]
    assert all(300 < width < 430 for width in widths)
    assert turned[:, 240].min() > 0  # its middle stays in the middle


def test_a_sheet_turned_to_the_left_shows_its_right_side_farther_away() -> None:
    """As the head of a person who turns to their own left, which is the right of the picture."""
    shown = show(np.full((640, 480, 3), 200, np.uint8), 500, Held(yaw=35), np.zeros((640, 480, 3), np.uint8))
    columns = np.flatnonzero((shown[:, :, 0] > 100).any(axis=0))
    near, far = ((shown[:, column, 0] > 100).sum() for column in (columns[3], columns[-4]))
    assert near > 1.15 * far


def _outcome(kind: str, **failed: bool) -> Outcome:
    checks = tuple(CheckResult(name=cast(Any, name), passed=passed) for name, passed in failed.items())
    refused = {check.name for check in checks if check.passed is False}
    return Outcome(kind, 0, "", "zh", False, True, not refused, not refused - {"spoofing"}, checks, 1.0)


def test_attacks_are_counted_with_and_without_the_spoofing_weights_and_by_what_caught_them() -> None:
    tried = [_outcome("print", spoofing=False), _outcome("print", spoofing=False, movement=False), _outcome("print", spoofing=True)]
    row = next(row for row in attacks_part(tried, performed=True).rows if row[1] == "print")
    assert row[2] == "1 of 3"
    assert row[5] == "2 of 3"
    assert row[-1] == "spoofing 2, movement 1"


def test_a_report_holds_every_table_and_drawing(tmp_path: Path) -> None:
    part = Part("Same person", "About it.", rates=[Rate("false match", 0, 100, 0.0)], drawings=[("a curve", "det.svg")])
    text = write_report(tmp_path, [part], "onetrip bench identity", date(2026, 1, 2)).read_text(encoding="utf-8")
    assert "| ✓ | false match | 0 of 100 | 0.0 % | 0.0 to 3.7 % | at most 0 % |" in text
    assert "![a curve](det.svg)" in text


def test_curves_are_drawn_the_same_at_every_run(tmp_path: Path) -> None:
    for name in ("one", "two"):
        draw_det(tmp_path / f"{name}.svg", "t", {"c": ([0.9, 0.8, 0.4], [0.1, 0.5])}, ("a", "b"))
        draw_scores(tmp_path / f"{name}-scores.svg", "t", [0.9, 0.8], [0.1, float("inf")], 0.5, "score")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert (tmp_path / "one-scores.svg").read_bytes() == (tmp_path / "two-scores.svg").read_bytes()


def test_a_run_that_was_cut_short_goes_on_from_what_was_kept(tmp_path: Path) -> None:
    file, found = tmp_path / "outcomes", _outcome("print", spoofing=False)
    kept.Kept(file).add(found)
    with file.open("a") as opened:
        opened.write('{"kind": "pri')  # killed while it wrote
    again = kept.Kept(file)
    assert again.outcomes == [found]
    again.add(found)
    assert kept.Kept(file).outcomes == [found, found]


def test_outcomes_of_another_version_of_the_check_are_not_taken_for_this_one_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "outcomes"
    kept.Kept(file)
    (tmp_path / "domain").mkdir()
    (tmp_path / "domain" / "identity.py").write_text("changed")
    monkeypatch.setattr(kept, "PROJECT", tmp_path)
    with pytest.raises(kept.OtherProgram, match="Remove it"):
        kept.Kept(file)
