"""Tries of the face check: how many a day, and how long to wait between them."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.attempts import PAUSES, TRIES_A_DAY, begin_of_day, pause_after, require_room, tries_made
from domain.errors import TooManyAttempts
from domain.ids import new_id
from domain.records import Try

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # in China


def tries(*outcomes: bool | None, last: datetime = NOON) -> list[Try]:
    """One a second, the last one at `last`."""
    first = last - timedelta(seconds=len(outcomes) - 1)
    return [Try(new_id(), first + timedelta(seconds=n), passed) for n, passed in enumerate(outcomes)]


def test_pauses_grow_with_each_failed_try_of_the_day_up_to_ten_minutes() -> None:
    assert [pause_after(failed).total_seconds() for failed in range(9)] == [0, 0, 10, 30, 120, 300, 600, 600, 600]
    assert list(PAUSES) == sorted(PAUSES)


def test_after_a_first_failure_one_may_try_again_at_once() -> None:
    assert tries_made(tries(False), NOON).wait_until is None


def test_a_pause_begins_when_the_failed_clip_was_handed_in_and_ends_by_itself() -> None:
    made = tries(False, False, False)
    assert tries_made(made, NOON).wait_until == NOON + timedelta(seconds=30)
    assert tries_made(made, NOON + timedelta(seconds=30)).wait_until is None


def test_what_passed_or_has_no_verdict_is_no_try() -> None:
    made = tries_made(tries(True, None, False, True, None), NOON)
    assert (made.today, made.wait_until, made.used_up) == (1, None, False)


def test_ten_failed_tries_use_up_a_day_and_the_next_one_begins_at_midnight_in_china() -> None:
    made = tries_made(tries(*[False] * TRIES_A_DAY), NOON)
    assert made.used_up
    assert made.wait_until == datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


def test_yesterdays_tries_do_not_count() -> None:
    midnight = begin_of_day(NOON)
    made = tries_made(tries(*[False] * TRIES_A_DAY, last=midnight - timedelta(seconds=1)), midnight)
    assert (made.today, made.wait_until) == (0, None)


def test_clips_handed_in_side_by_side_are_no_way_round_the_limit() -> None:
    assert not tries_made(tries(*[None] * (TRIES_A_DAY - 1)), NOON).used_up
    assert tries_made(tries(False, *[None] * (TRIES_A_DAY - 1)), NOON).used_up


def test_who_has_to_wait_reads_until_when_and_that_a_counter_checks_too() -> None:
    with pytest.raises(TooManyAttempts) as refused:
        require_room(tries(*[False] * 4), NOON)
    assert refused.value.until == NOON + timedelta(minutes=2)
    assert refused.value.text.en.startswith("Please wait 2 minutes") and "counter" in refused.value.text.en
    assert "2 分钟" in refused.value.text.zh and "窗口" in refused.value.text.zh


def test_a_clip_that_was_begun_in_time_is_held_to_the_days_limit_alone() -> None:
    require_room(tries(*[False] * 4), NOON, pauses=False)
    with pytest.raises(TooManyAttempts):
        require_room(tries(*[False] * TRIES_A_DAY), NOON, pauses=False)
