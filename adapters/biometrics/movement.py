"""The movement asked for: the head goes to each side in the order asked and returns, and it is a head that turns, not a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adapters.biometrics.mesh import FaceTrack, Points
from adapters.biometrics.policy import MovementPolicy, Policy
from adapters.biometrics.reasons import MOVED_TOO_FAST, NO_RETURN, NOT_A_HEAD, OTHER_MOVEMENT, TOO_LITTLE_MOVEMENT
from adapters.biometrics.relief import chosen_frames, follow_relief
from domain.identity import CheckResult, Movement, Way
from domain.text import Bilingual

Degrees = NDArray[np.float64]

# Points of the mesh; left and right are the person's own.
RIGHT_SIDE, LEFT_SIDE, FOREHEAD, CHIN = 234, 454, 10, 152
# Measured on heads rendered at known angles: the mesh shows 1.12 (yaw) and 1.3 (pitch) degrees for each one turned.
YAW_SCALE, PITCH_SCALE = 1.12, 1.3
# A face looking straight ahead has its forehead this much behind its chin.
LEVEL_PITCH = -8.0

AXES: dict[Movement, tuple[int, int]] = {"left": (0, 1), "right": (0, -1), "up": (1, 1), "down": (1, -1)}
# Where in the picture near points go when yaw or pitch grows: to the right; up, which counts downwards.
_SHIFTS = (1, -1)


@dataclass(frozen=True)
class HeadCourse:
    """`turned`: degrees (n, 2) against the resting position, to the person's left and up; NaN where no face was seen.

    `rest`: that position against the camera, (2,).
    """

    turned: Degrees
    rest: Degrees


@dataclass(frozen=True)
class Turn:
    """One movement away from the middle, in frame numbers; `after` is None when the clip ended before the head was back."""

    movement: Movement
    before: int  # the last frame in the middle
    peak: int
    after: int | None
    degrees: float


@dataclass(frozen=True)
class Relief:
    """`share`: shift of near points against far ones, over what a head of this face's relief would show; 1 a head, 0 a sheet.

    `frames`: how many it rests on, out of those where the pictures could be compared.
    """

    share: float
    frames: int


def check_movement(track: FaceTrack, movements: Sequence[Movement], policy: Policy, way: Way = "code_and_turn") -> CheckResult:
    """`movements`: what was asked, in its order. Empty: drawn before its way asked for one, and so fails."""
    course = head_course(track)
    turns = find_turns(course, policy.movement)
    reliefs = [relief_of(track, course, turn, policy.movement) for turn in turns]
    return judge_movement(course, turns, reliefs, movements, policy.movement, way)


def head_pose(points: Points) -> tuple[float, float]:
    """Yaw to the person's own left and pitch upwards, in degrees against the camera, from the mesh's depth; right to some 3 degrees."""
    across, down = points[LEFT_SIDE] - points[RIGHT_SIDE], points[CHIN] - points[FOREHEAD]
    yaw = np.degrees(np.arctan2(across[2], np.hypot(across[0], across[1])))
    pitch = -np.degrees(np.arctan2(down[2], np.hypot(down[0], down[1])))
    return float(yaw / YAW_SCALE), float((pitch - LEVEL_PITCH) / PITCH_SCALE)


def head_course(track: FaceTrack) -> HeadCourse:
    """The pose in each frame, against that in which the head is most of the time."""
    poses = np.array([head_pose(seen.points) if seen else (np.nan, np.nan) for seen in track.seen], float).reshape(-1, 2)
    known = poses[np.isfinite(poses[:, 0])]
    if not len(known):
        return HeadCourse(poses, np.zeros(2))
    near = np.abs(known[:, None] - known[None]).max(axis=2) < RESTING
    rest = np.median(known[near[int(near.sum(axis=1).argmax())]], axis=0)
    return HeadCourse(_smoothed(poses) - rest, rest)


RESTING = 5.0  # degrees around the resting position that still count as the same


def _smoothed(poses: Degrees) -> Degrees:
    """The median of three, which takes out a single frame's mistake."""
    if len(poses) < 3:
        return poses
    inner = np.median(np.stack([poses[:-2], poses[1:-1], poses[2:]]), axis=0)
    return np.vstack([poses[:1], inner, poses[-1:]])


def find_turns(course: HeadCourse, policy: MovementPolicy) -> list[Turn]:
    """Each movement beyond the policy's degrees, until the head is back in the middle. Frames without a face are passed over."""
    reach = np.array([policy.turn_degrees, policy.nod_degrees])
    turns: list[Turn] = []
    before, open_turn = 0, None
    for n, pose in enumerate(course.turned):
        if not np.isfinite(pose).all():
            continue
        share = pose / reach
        if open_turn is not None:
            axis, side = AXES[open_turn.movement]
            if abs(pose[axis]) > open_turn.degrees and pose[axis] * side > 0:
                open_turn = Turn(open_turn.movement, open_turn.before, n, None, float(abs(pose[axis])))
            if share[axis] * side < policy.middle_share:
                turns.append(Turn(open_turn.movement, open_turn.before, open_turn.peak, n, open_turn.degrees))
                open_turn = None
        if open_turn is None:
            if np.abs(share).max() < policy.middle_share:
                before = n
            elif np.abs(share).max() >= 1:
                open_turn = Turn(_direction(share), before, n, None, float(abs(pose[int(np.abs(share).argmax())])))
    return [*turns, open_turn] if open_turn else turns


def _direction(share: Degrees) -> Movement:
    axis = int(np.abs(share).argmax())
    side = 1 if share[axis] > 0 else -1
    return next(movement for movement, where in AXES.items() if where == (axis, side))


def relief_of(track: FaceTrack, course: HeadCourse, turn: Turn, policy: MovementPolicy) -> Relief:
    """Compares pictures of the way there with the last one before it, and of the way back with the first one after it."""
    axis, _ = AXES[turn.movement]
    shown, expected = [], []
    for reference in (turn.before, turn.after):
        if reference is None:
            continue
        for seen in follow_relief(track, reference, chosen_frames(reference, turn.peak)):
            angle = np.radians(course.turned[seen.frame, axis] - course.turned[reference, axis])
            if seen.agreement >= policy.least_agreement and abs(angle) >= np.radians(policy.relief_degrees):
                shown.append(_SHIFTS[axis] * float(seen.slope[axis]))
                expected.append(float(np.sin(angle)))
    if not shown:
        return Relief(0.0, 0)
    return Relief(float(np.dot(shown, expected) / np.dot(expected, expected)), len(shown))


def judge_movement(
    course: HeadCourse, turns: Sequence[Turn], reliefs: Sequence[Relief], movements: Sequence[Movement], policy: MovementPolicy,
    way: Way = "code_and_turn",
) -> CheckResult:  # fmt: skip
    """`reliefs`: one for each turn."""
    note = _note(turns, reliefs, way)
    if not movements:
        return _failed(TOO_LITTLE_MOVEMENT, note)
    if np.abs(course.rest[0]) > policy.rest_degrees or not _as_asked([turn.movement for turn in turns], movements):
        return _failed(OTHER_MOVEMENT if turns else TOO_LITTLE_MOVEMENT, note)
    if turns[-1].after is None:
        return _failed(NO_RETURN, note)
    if min(relief.frames for relief in reliefs) < policy.relief_frames:
        return _failed(MOVED_TOO_FAST, note)
    share = min(relief.share for relief in reliefs)
    passed = policy.least_relief <= share
    return CheckResult(
        name="movement",
        passed=passed,
        score=round(share, 3),
        threshold=policy.least_relief,
        reason=None if passed else NOT_A_HEAD,
        note=note,
    )


def _as_asked(seen: Sequence[Movement], asked: Sequence[Movement]) -> bool:
    """In the same order; a movement made twice in a row where one was asked for does no harm."""
    if len(seen) < len(asked):
        return False
    return list(seen) == list(asked) or _without_repeats(seen) == list(asked)


def _without_repeats(movements: Sequence[Movement]) -> list[Movement]:
    return [movement for n, movement in enumerate(movements) if n == 0 or movements[n - 1] != movement]


def _failed(reason: Bilingual, note: Bilingual) -> CheckResult:
    return CheckResult(name="movement", passed=False, reason=reason, note=note)


@dataclass(frozen=True)
class _Told:
    """What a clerk reads of the movements that were seen: `seen` has a place for them."""

    nothing: Bilingual
    seen: Bilingual
    movements: dict[Movement, Bilingual]


_OF_HEAD = _Told(
    nothing=Bilingual(zh="未见明显的头部动作。", en="No clear movement of the head was seen."),
    seen=Bilingual(zh="看到的头部动作：{}。", en="Movements seen: {}."),
    movements={
        "left": Bilingual(zh="向左", en="left"), "right": Bilingual(zh="向右", en="right"),
        "up": Bilingual(zh="抬头", en="up"), "down": Bilingual(zh="低头", en="down"),
    },
)  # fmt: skip
# A head that stays still is seen to turn left by a phone that is carried to its right, and to look up by one below it.
_OF_PHONE = _Told(
    nothing=Bilingual(zh="未见手机明显移动。", en="No clear movement of the phone was seen."),
    seen=Bilingual(zh="看到的手机移动：{}。", en="Movements of the phone seen: {}."),
    movements={
        "left": Bilingual(zh="向右", en="right"), "right": Bilingual(zh="向左", en="left"),
        "up": Bilingual(zh="向下", en="down"), "down": Bilingual(zh="向上", en="up"),
    },
)  # fmt: skip


def _note(turns: Sequence[Turn], reliefs: Sequence[Relief], way: Way) -> Bilingual:
    """Who cannot turn the head was asked to carry the phone around it."""
    told = _OF_PHONE if way == "digits" else _OF_HEAD
    if not turns:
        return told.nothing
    seen = [(told.movements[turn.movement], turn.degrees, relief.share) for turn, relief in zip(turns, reliefs, strict=True)]
    zh = "、".join(f"{movement.zh} {degrees:.0f}°（立体感 {share:.2f}）" for movement, degrees, share in seen)
    en = ", ".join(f"{movement.en} {degrees:.0f}° (relief {share:.2f})" for movement, degrees, share in seen)
    return Bilingual(
        zh=f"{told.seen.zh.format(zh)}立体感 1 为真实头部，0 为平面。",
        en=f"{told.seen.en.format(en)} Relief 1 is a head, 0 a flat picture.",
    )
