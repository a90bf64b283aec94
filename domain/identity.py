"""The identity check: a clip against the registry's portrait and the code that was asked for."""

from typing import Literal

from pydantic import BaseModel

from domain.text import Bilingual

CheckName = Literal["clip", "face", "one_person", "code", "lips", "spoofing", "movement"]


class CheckResult(BaseModel):
    """One question of the check. `passed` None: not asked in this installation."""

    name: CheckName
    passed: bool | None
    score: float | None = None
    threshold: float | None = None
    reason: Bilingual | None = None  # what to do better, when it failed


class IdentityVerdict(BaseModel):
    passed: bool
    checks: list[CheckResult]
    clip_seconds: float
    frames_compared: int
    face_model: str
    speech_model: str
    milliseconds: dict[str, float] = {}

    @property
    def reasons(self) -> list[Bilingual]:
        return [c.reason for c in self.checks if c.passed is False and c.reason]
