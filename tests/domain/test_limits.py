"""Limits in working days: what a pause does, what a day off does, and in which order somebody is told."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapters.calendar import is_working_day
from domain.clock import CHINA, day_in_china
from domain.limits import Clock, Clocks, MarkKind, Pause, case_marks, due_at, end_of, marks_of

# As hypothesis wants them: the zone comes apart.
moments = st.datetimes(datetime(2025, 11, 1), datetime(2026, 10, 1), timezones=st.just(UTC))  # noqa: DTZ001
hours = st.integers(1, 24 * 40).map(lambda n: timedelta(hours=n))
limits = st.integers(1, 45)


@st.composite
def paused_clocks(draw: st.DrawFn) -> Clock:
    """A clock over announced days that stood still up to four times, one time after another."""
    started_at = draw(moments)
    pauses, moment = [], started_at
    for _ in range(draw(st.integers(0, 4))):
        since = moment + draw(hours)
        moment = since + draw(hours)
        pauses.append(Pause(why="question", since=since, until=moment))
    return Clock(working_days=draw(limits), started_at=started_at, pauses=pauses)


def at(day: str, clock: str = "10:00") -> datetime:
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), CHINA)


def due(clock: Clock) -> datetime:
    found = due_at(clock, is_working_day)
    assert found is not None
    return found


def limit(begins: str, working_days: int, *pauses: tuple[str, str]) -> date:
    """The last day of a limit; pauses are given by their first and last day."""
    stops = [Pause(why="question", since=at(first), until=at(last)) for first, last in pauses]
    return day_in_china(due(Clock(working_days=working_days, started_at=at(begins), pauses=stops)))


def days_after(first: date, last: date) -> Sequence[date]:
    return [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]


# --- holidays of 2026 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begins", "working_days", "ends"),
    [
        ("2026-02-13", 1, "2026-02-14"),  # a Saturday that is worked for the Spring Festival
        ("2026-02-14", 1, "2026-02-24"),  # nine days off
        ("2026-02-13", 5, "2026-02-27"),
        ("2026-02-27", 1, "2026-02-28"),  # the Saturday after is worked too
        ("2026-02-28", 1, "2026-03-02"),
        ("2026-04-03", 1, "2026-04-07"),  # Tomb-sweeping Day
        ("2026-04-30", 1, "2026-05-06"),  # Labour Day
        ("2026-05-08", 1, "2026-05-09"),  # worked for it
        ("2026-06-18", 1, "2026-06-22"),  # Dragon Boat Festival
        ("2026-09-18", 1, "2026-09-20"),  # a Sunday that is worked for National Day
        ("2026-09-24", 1, "2026-09-28"),  # Mid-autumn Festival
        ("2026-09-30", 1, "2026-10-08"),  # National Day
        ("2026-10-09", 1, "2026-10-10"),  # worked for it
        ("2026-12-30", 2, "2027-01-04"),  # into the year that is not announced: New Year's Day is off all the same
        ("2026-01-01", 248, "2026-12-31"),  # as many as the year has
    ],
)
def test_a_limit_ends_on_the_last_of_its_working_days(begins: str, working_days: int, ends: str) -> None:
    assert limit(begins, working_days) == date.fromisoformat(ends)


def test_the_day_is_chinas_and_not_the_servers() -> None:
    late = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)  # half past midnight of the 3rd in China
    assert due(Clock(working_days=1, started_at=late)) == end_of(date(2026, 3, 4))


def test_a_question_over_the_spring_festival_costs_only_the_working_days_that_it_took() -> None:
    assert limit("2026-02-12", 3) == date(2026, 2, 24)
    assert limit("2026-02-12", 3, ("2026-02-13", "2026-02-24")) == date(2026, 2, 26)  # the 13th and the 14th were lost


# --- pauses -----------------------------------------------------------------------------------------------------------


@given(paused_clocks())
def test_a_limit_never_ends_on_a_day_off(clock: Clock) -> None:
    assert is_working_day(day_in_china(due(clock)))


@given(paused_clocks())
def test_between_start_and_end_lie_as_many_working_days_as_the_limit_has_but_for_those_that_stood_still(clock: Clock) -> None:
    last = day_in_china(due(clock))
    counted = [day for day in days_after(day_in_china(clock.started_at), last) if is_working_day(day)]
    still = {day for pause in clock.pauses for day in counted if pause.covers_end_of(day)}
    assert len(counted) - len(still) == clock.working_days
    assert last not in still


@given(paused_clocks(), hours, hours)
def test_one_more_pause_only_ever_moves_a_limit_later(clock: Clock, after: timedelta, length: timedelta) -> None:
    since = clock.started_at + after
    more = Pause(why="supplement", since=since, until=since + length)
    assert due(clock.model_copy(update={"pauses": [*clock.pauses, more]})) >= due(clock)


@given(paused_clocks(), st.integers(0, 60), st.integers(0, 23), st.integers(0, 23))
def test_a_pause_that_begins_and_ends_on_one_day_changes_nothing(clock: Clock, days: int, first: int, last: int) -> None:
    day = day_in_china(clock.started_at) + timedelta(days=days)
    since, until = (datetime.combine(day, time(hour), CHINA) for hour in sorted((first, last)))
    brief = Pause(why="question", since=since, until=until)
    assert due(clock.model_copy(update={"pauses": [*clock.pauses, brief]})) == due(clock)


@given(moments, limits, hours, hours, hours)
def test_two_pauses_on_end_are_one(started_at: datetime, working_days: int, after: timedelta, first: timedelta, second: timedelta) -> None:
    since = started_at + after
    middle, until = since + first, since + first + second
    one = Clock(working_days=working_days, started_at=started_at, pauses=[Pause(why="question", since=since, until=until)])
    two = [Pause(why="question", since=since, until=middle), Pause(why="supplement", since=middle, until=until)]
    assert due(one.model_copy(update={"pauses": two})) == due(one)


@given(paused_clocks())
def test_days_that_stood_still_are_like_days_off(clock: Clock) -> None:
    still = due(clock)
    assert still == due_at(
        clock.model_copy(update={"pauses": []}),
        lambda day: is_working_day(day) and not any(pause.covers_end_of(day) for pause in clock.pauses),
    )


@given(paused_clocks())
def test_while_a_clock_stands_still_nothing_is_due_and_nobody_is_told(clock: Clock) -> None:
    last = clock.pauses[-1].until if clock.pauses else clock.started_at
    assert last is not None
    open_pause = Pause(why="supplement", since=last)
    waiting = clock.model_copy(update={"pauses": [*clock.pauses, open_pause]})
    assert due_at(waiting, is_working_day) is None
    assert marks_of(waiting, is_working_day) == []


# --- corrections of the calendar --------------------------------------------------------------------------------------


@given(paused_clocks(), st.integers(1, 90))
def test_a_day_that_closes_moves_a_limit_later_and_a_day_that_opens_moves_it_earlier(clock: Clock, days: int) -> None:
    corrected = day_in_china(clock.started_at) + timedelta(days=days)
    moved = due_at(clock, lambda day: is_working_day(day) ^ (day == corrected))
    assert moved is not None
    if is_working_day(corrected):
        assert moved >= due(clock)
    else:
        assert moved <= due(clock)
    if corrected > day_in_china(max(moved, due(clock))):
        assert moved == due(clock), "a day after the limit changes nothing"


# --- marks ------------------------------------------------------------------------------------------------------------


@given(paused_clocks())
def test_half_used_comes_before_due_tomorrow_and_that_before_overdue(clock: Clock) -> None:
    marks = marks_of(clock, is_working_day)
    order = [MarkKind.HALF_USED, MarkKind.DUE_TOMORROW, MarkKind.OVERDUE]
    assert [mark.kind for mark in marks] == [kind for kind in order if kind in {mark.kind for mark in marks}]
    assert all(one.at < next_one.at for one, next_one in pairwise(marks))
    assert all(mark.at > clock.started_at for mark in marks)
    assert marks[-1].kind is MarkKind.OVERDUE and marks[-1].at == due(clock)


@given(paused_clocks())
def test_due_tomorrow_is_said_on_the_morning_of_a_working_day_with_one_left(clock: Clock) -> None:
    warned = next((mark.at for mark in marks_of(clock, is_working_day) if mark.kind is MarkKind.DUE_TOMORROW), None)
    assume(warned is not None)
    assert warned is not None
    eve, last = day_in_china(warned), day_in_china(due(clock))
    assert is_working_day(eve) and warned.astimezone(CHINA).time() == time(9)
    assert [day for day in days_after(eve, last) if is_working_day(day)] == [last]


@given(moments, st.integers(2, 45))
def test_at_half_time_half_of_the_working_days_are_gone(started_at: datetime, working_days: int) -> None:
    clock = Clock(working_days=working_days, started_at=started_at)
    half = next((mark.at for mark in marks_of(clock, is_working_day) if mark.kind is MarkKind.HALF_USED), None)
    assume(half is not None)
    assert half is not None
    assert sum(map(is_working_day, days_after(day_in_china(started_at), day_in_china(half)))) == working_days // 2


@given(paused_clocks(), limits, limits)
def test_a_case_is_told_of_its_own_limits_too_in_order(clock: Clock, promised: int, legal: int) -> None:
    clocks = Clocks(
        work_item=clock,
        promised=clock.model_copy(update={"working_days": promised}),
        legal=clock.model_copy(update={"working_days": legal}),
    )
    marks = case_marks(clocks, None, is_working_day)
    assert [mark.at for mark in marks] == sorted(mark.at for mark in marks)
    kinds = {mark.kind: mark.at for mark in marks}
    assert (kinds[MarkKind.PROMISED_PASSED] <= kinds[MarkKind.LEGAL_PASSED]) is (
        due(clock.model_copy(update={"working_days": promised})) <= due(clock.model_copy(update={"working_days": legal}))
    )
