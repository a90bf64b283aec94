"""The fusion policy: thresholds, and which questions must be answered with yes. Read from `policy.yaml`, beside this file."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from domain.identity import CheckName, CheckResult, Way


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CodePolicy(_Section):
    """When a code counts as said; see `code_scoring.check_code`. Shortfall and gain are natural logarithms, a digit.

    `quiet`: root mean square of the loudest tenth under which nothing was said, 0..1. `wrong_digits`: so many are let pass in a transcript.
    """

    quiet: float
    wrong_digits: int
    least_shortfall: float
    least_gain: float


class MovementPolicy(_Section):
    """Degrees are of the head, against its resting position. `relief`: see `relief.py`; 1 a head, 0 a flat or bent sheet."""

    turn_degrees: float  # from which on a turn to the left or right counts
    nod_degrees: float  # likewise up or down
    middle_share: float  # of these, under which the head is back
    rest_degrees: float  # how far the resting position may look past the camera
    least_relief: float
    relief_degrees: float  # frames turned less tell nothing of the relief
    relief_frames: int  # that it must rest on, for each movement
    least_agreement: float  # of two pictures laid over each other, for a frame to count


class Freshness(_Section):
    """Likenesses: correlations, 0..1, above which a clip is an earlier one. The rest: how far its times may part."""

    sound_likeness: float
    picture_likeness: float
    slack_seconds: float
    clock_slack_minutes: float
    stated_seconds_differ: float
    lengths_differ_seconds: float
    lengths_differ_share: float
    lengths_differ_least_seconds: float
    gap_seconds: float


class QualityPolicy(_Section):
    """What a face must look like in the middling frame; see `quality.py`. Light is 0..255, widths are of the frame's shorter side."""

    least_seen: float  # share of the clip in which the face is seen
    longest_lost_seconds: float
    least_width: float
    largest_cut_off: float  # share of the mesh's points outside the picture
    least_light: float
    largest_burnt: float  # share of the face that is all white
    largest_shadow: float  # lighter half over darker half
    least_sharpness: float
    least_eye_light: float  # of the eyes over that of the cheeks: dark glasses


class SpoofingPolicy(_Section):
    least_real: float  # median over the clip's moments of how surely they show a person, 0..1


class LipsPolicy(_Section):
    """`least_score`: see `lips.fit_lips`."""

    least_score: float
    least_opening: float  # standard deviation of the gap's height over its width: less is a still mouth
    sync_seconds: float  # by which a phone's sound and picture may be apart
    rival_seconds: float  # shifts from here on are compared with
    front_degrees: float  # a frame turned so far counts half
    least_frames: float  # each as much as it counts


class Policy(_Section):
    """Largest distances for each model of DeepFace, in the metric that `faces.METRICS` names.

    `face`: between portrait and clip. `one_person`: between two moments of a clip.
    """

    version: str
    ways: dict[Way, list[CheckName]]
    may_be_absent: list[CheckName]
    fresh: Freshness
    face: dict[str, float]
    one_person: dict[str, float]
    quality: QualityPolicy
    spoofing: SpoofingPolicy
    movement: MovementPolicy
    lips: LipsPolicy
    code: CodePolicy

    def asks(self, way: Way, name: CheckName) -> bool:
        return name in self.ways[way]

    def passes(self, way: Way, checks: Sequence[CheckResult]) -> bool:
        """Whether these answers let a person in. A question without an answer is a no, unless it may be absent."""
        answers = {check.name: check.passed for check in checks}
        return all(answers.get(name) is True or (name in self.may_be_absent and answers.get(name) is None) for name in self.ways[way])


@cache
def packaged_policy() -> Policy:
    """The one that this version of the program comes with."""
    return Policy.model_validate(yaml.safe_load(Path(__file__).with_name("policy.yaml").read_text(encoding="utf-8")))
