"""The movement asked for, in the order asked, by a head and not by a picture of one."""

from collections.abc import Sequence

import numpy as np
import pytest

from adapters.biometrics.mesh import FaceMesh, FaceTrack
from adapters.biometrics.movement import HeadCourse, Relief, Turn, check_movement, find_turns, head_course, judge_movement, relief_of
from adapters.biometrics.policy import packaged_policy
from adapters.biometrics.reasons import MOVED_TOO_FAST, NO_RETURN, NOT_A_HEAD, OTHER_MOVEMENT, TOO_LITTLE_MOVEMENT
from bench.identity.sheets import Held
from domain.identity import CheckResult, Movement
from simulators.turning_head import Pose, TurningHead
from tests.adapters.biometrics.made_tracks import carried_around, head_track, made_head, sheet_track, there_and_back

POLICY = packaged_policy()
HEAD, SHEET = Relief(1.0, 8), Relief(0.02, 8)


def course(*turns: tuple[float, float], rest: tuple[float, float] = (0, 0)) -> HeadCourse:
    """Yaw and pitch at each turn's furthest, one after the other."""
    parts = [np.outer(there_and_back(1.0), turn) for turn in turns] or [np.zeros((30, 2))]
    return HeadCourse(np.vstack(parts), np.array(rest, float))


def judged(seen: HeadCourse, asked: Sequence[Movement], relief: Relief = HEAD) -> CheckResult:
    turns = find_turns(seen, POLICY.movement)
    return judge_movement(seen, turns, [relief] * len(turns), asked, POLICY.movement)


@pytest.mark.parametrize(("asked", "furthest"), [("left", (22, 2)), ("right", (-22, -2)), ("up", (2, 16)), ("down", (-3, -16))])
def test_each_movement_is_recognised_and_no_other_taken_for_it(asked: Movement, furthest: tuple[float, float]) -> None:
    assert judged(course(furthest), [asked]).passed is True
    others: list[Movement] = [other for other in ("left", "right", "up", "down") if other != asked]
    for other in others:
        answer = judged(course(furthest), [other])
        assert answer.passed is False and answer.reason == OTHER_MOVEMENT


def test_several_movements_count_in_their_order_alone() -> None:
    seen = course((22, 0), (-22, 0), (0, 15))
    assert judged(seen, ["left", "right", "up"]).passed is True
    assert judged(seen, ["right", "left", "up"]).passed is False
    assert judged(seen, ["left", "right"]).passed is False, "one more than was asked for"
    assert judged(seen, ["left", "right", "up", "down"]).passed is False, "one less than was asked for"


def test_whoever_turns_both_ways_has_not_turned_to_one() -> None:
    assert judged(course((-22, 0), (22, 0)), ["left"]).passed is False


def test_a_swing_through_the_middle_within_one_frame_is_two_movements() -> None:
    yaw = np.array([0, 0, 0, 10, 20, 22, -20, -22, -10, 0, 0, 0], float)
    turns = find_turns(HeadCourse(np.column_stack([yaw, 0 * yaw]), np.zeros(2)), POLICY.movement)
    assert [turn.movement for turn in turns] == ["left", "right"]


def test_a_second_go_at_the_same_side_does_no_harm() -> None:
    assert judged(course((22, 0), (20, 0)), ["left"]).passed is True
    assert judged(course((22, 0)), ["left", "left"]).passed is False


def test_a_small_movement_is_none() -> None:
    answer = judged(course((8, 4)), ["left"])
    assert answer.passed is False and answer.reason == TOO_LITTLE_MOVEMENT


def test_the_clerk_reads_of_the_head_or_of_the_phone_whichever_was_to_move() -> None:
    seen = course((22, 0))
    turns = find_turns(seen, POLICY.movement)
    of_head, of_phone = (judge_movement(seen, turns, [HEAD], ["left"], POLICY.movement, way).note for way in ("code_and_turn", "digits"))
    assert of_head and "头部动作：向左 22°" in of_head.zh and "left 22°" in of_head.en
    assert of_phone and "手机移动：向右 22°" in of_phone.zh and "phone seen: right 22°" in of_phone.en
    nothing = judge_movement(seen, [], [], ["left"], POLICY.movement, "digits").note
    assert nothing and "手机" in nothing.zh and "phone" in nothing.en


def test_the_head_must_come_back() -> None:
    away = course((22, 0))
    answer = judged(HeadCourse(away.turned[:13], away.rest), ["left"])
    assert answer.passed is False and answer.reason == NO_RETURN


def test_somebody_who_looks_past_the_camera_all_the_time_has_not_turned() -> None:
    assert judged(course((22, 0), rest=(35, 0)), ["left"]).passed is False


def test_frames_without_a_face_do_not_end_a_movement() -> None:
    seen = course((24, 0))
    seen.turned[12:14] = np.nan
    assert judged(seen, ["left"]).passed is True


def test_a_sheet_fails_whatever_it_shows_and_the_weakest_movement_counts() -> None:
    answer = judged(course((22, 0)), ["left"], SHEET)
    assert answer.passed is False and answer.reason == NOT_A_HEAD and answer.score == 0.02
    seen = course((22, 0), (-22, 0))
    turns = find_turns(seen, POLICY.movement)
    assert judge_movement(seen, turns, [HEAD, SHEET], ["left", "right"], POLICY.movement).passed is False


def test_a_relief_that_rests_on_too_little_is_no_proof() -> None:
    answer = judged(course((22, 0)), ["left"], Relief(1.0, POLICY.movement.relief_frames - 1))
    assert answer.passed is False and answer.reason == MOVED_TOO_FAST


def test_no_face_at_all_is_no_movement() -> None:
    frames = [np.zeros((240, 320, 3), np.uint8)] * 5
    answer = check_movement(FaceTrack(frames, [0.0, 0.1, 0.2, 0.3, 0.4], [None] * 5, [0]), ["left"], POLICY)
    assert answer.passed is False and answer.reason == TOO_LITTLE_MOVEMENT


@pytest.mark.parametrize("seen", [course(), course((22, 0))], ids=["still", "moved"])
def test_where_no_movement_was_asked_for_none_is_shown(seen: HeadCourse) -> None:
    answer = judged(seen, [])
    assert answer.passed is False and answer.reason == TOO_LITTLE_MOVEMENT


# From here on the models run, on made clips.


@pytest.fixture(scope="module")
def head(mesh: FaceMesh) -> TurningHead:
    return made_head(mesh)


@pytest.mark.identity
@pytest.mark.parametrize(("movement", "yaw", "pitch"), [("left", 24, 1), ("right", -24, 1), ("up", 1, 17), ("down", -1, -17)])
def test_a_head_that_moves_as_asked_passes(mesh: FaceMesh, head: TurningHead, movement: Movement, yaw: float, pitch: float) -> None:
    poses = [Pose(yaw * s, pitch * s, shift=(6 * np.sin(n / 4), 3 * np.cos(n / 5)), roll=2 * s) for n, s in enumerate(there_and_back(1))]
    track = head_track(mesh, head, poses)
    answer = check_movement(track, [movement], POLICY)
    assert answer.passed is True, answer
    assert answer.score is not None and answer.score > 2 * POLICY.movement.least_relief
    (turn,) = find_turns(head_course(track), POLICY.movement)
    assert turn.degrees == pytest.approx(max(abs(yaw), abs(pitch)), rel=0.3)


@pytest.mark.identity
@pytest.mark.parametrize(("movement", "yaw"), [("left", 24), ("right", -24)])
def test_a_phone_that_is_carried_around_a_still_head_shows_the_same_movement(
    mesh: FaceMesh, head: TurningHead, movement: Movement, yaw: float
) -> None:
    """Slowly, and as a hand does it: off the middle, a little nearer, not level."""
    shares = there_and_back(1, frames=22)
    poses = [Pose(yaw * s, 2 * s, shift=(40 * s + 5 * np.sin(n / 4), 12 * s), roll=4 * s, zoom=1 + 0.08 * s) for n, s in enumerate(shares)]
    answer = check_movement(head_track(mesh, carried_around(head), poses), [movement], POLICY)
    assert answer.passed is True, answer
    assert answer.score is not None and answer.score > 2 * POLICY.movement.least_relief


@pytest.mark.identity
@pytest.mark.parametrize(
    ("held", "asked"),
    [
        (Held(yaw=50), "left"),
        (Held(pitch=45), "up"),
        (Held(yaw=45, bend=-110), "left"),
        (Held(yaw=45, bend=110), "right"),
    ],
)
def test_a_photo_turned_or_bent_fails(mesh: FaceMesh, held: Held, asked: Movement) -> None:
    shares = there_and_back(1.0)
    track = sheet_track(mesh, [Held(held.yaw * s, held.pitch * s, bend=held.bend) for s in shares])
    assert check_movement(track, [asked], POLICY).passed is False
    # Even if the mesh is taken in by it, the pictures themselves show no relief.
    seen = head_course(track)
    peak = int(np.argmax(shares))
    angle = np.where(shares > 0, shares, 0)[:, None] * ((25, 0) if held.yaw else (0, 18))
    believed = HeadCourse(np.asarray(angle, float), seen.rest)
    relief = relief_of(track, believed, Turn("left" if held.yaw else "up", 4, peak, len(shares) - 5, 25), POLICY.movement)
    assert abs(relief.share) < POLICY.movement.least_relief / 2, relief
