"""The identity check: a clip against the registry's portrait and what its challenge asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from domain.text import Bilingual, Language

CheckName = Literal["clip", "fresh", "quality", "one_person", "face", "spoofing", "movement", "code", "lips"]
# Of the head against the camera, to the person's own left or right, and back to the middle each time.
Movement = Literal["left", "right", "up", "down"]
# How a person shows that they are present: by digits and a turn of the head; by movements alone; by more digits and, with the head
# still, a movement of the phone, which the camera cannot tell from a turn to the other side.
Way = Literal["code_and_turn", "movements", "digits"]


class Asked(BaseModel):
    """What a clip must show: `code` aloud in `language` (empty in the way `movements`), then `movements` in their order."""

    way: Way = "code_and_turn"
    code: str
    language: Language
    movements: list[Movement] = []


class Handing(BaseModel):
    """When a clip can have been recorded: after its challenge was shown, before its last byte came."""

    shown_at: datetime
    received_at: datetime
    stated_seconds: float | None = None  # how long it is, as the recording page says


class CheckResult(BaseModel):
    """One question of the check. `passed` None: not performed here, or not asked in this way."""

    name: CheckName
    passed: bool | None
    score: float | None = None
    threshold: float | None = None
    reason: Bilingual | None = None  # what to do better, when it failed
    fault: str | None = None  # for programs: why a clip could not be opened
    note: Bilingual | None = None  # for the clerk who takes over: what was looked at, and why it came out so


class IdentityVerdict(BaseModel):
    passed: bool
    checks: list[CheckResult]
    clip_seconds: float
    frames_compared: int
    face_model: str
    speech_model: str
    milliseconds: dict[str, float] = {}
    way: Way = "code_and_turn"
    policy: str = ""  # which version of the fusion policy judged
    frame_digests: list[str] = []  # of the clearest moments that were kept, for a clerk who takes over: SHA-256, hex

    @property
    def reasons(self) -> list[Bilingual]:
        return what_to_do(self.checks)


# Where one of these failed, the others' failures follow from it, and what they would have the person do is beside the point.
_FIRST: tuple[CheckName, ...] = ("clip", "quality", "one_person", "fresh")


def what_to_do(checks: Sequence[CheckResult]) -> list[Bilingual]:
    """What failed checks tell the person to do better, each once."""
    failed = [check for check in checks if check.passed is False and check.reason]
    first = [check for check in failed if check.name in _FIRST]
    reasons: list[Bilingual] = []
    for check in first or failed:
        if check.reason and check.reason not in reasons:
            reasons.append(check.reason)
    return reasons


@dataclass(frozen=True)
class Prints:
    """What a clip is known by when it is shown again, altered or not: a digest of its bytes, and the courses of its sound and picture.

    `sound` and `picture` are opaque to all but the module that made them. No face can be found or compared by them.
    """

    bytes_digest: str  # SHA-256, hex
    sound: bytes
    picture: bytes


@dataclass(frozen=True)
class Examined:
    """A verdict, JPEGs of the clearest moments, and what the clip is known by (None where it could not be opened)."""

    verdict: IdentityVerdict
    frames: list[bytes]
    prints: Prints | None
