"""The fusion policy: thresholds, and which questions must be answered with yes. Read from `policy.yaml`, beside this file."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from domain.identity import CheckName, CheckResult, Way


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Policy(_Section):
    """`face`: the largest distance for each model of DeepFace, in the metric that `faces.METRICS` names."""

    version: str
    ways: dict[Way, list[CheckName]]
    may_be_absent: list[CheckName]
    face: dict[str, float]

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
