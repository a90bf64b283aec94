"""The fusion policy: which answers let somebody in."""

from typing import get_args

import pytest
from pydantic import ValidationError

from adapters.biometrics.policy import Policy, packaged_policy
from domain.identity import CheckName, CheckResult, Way

WAYS = get_args(Way)


def answers(way: Way, **otherwise: bool | None) -> list[CheckResult]:
    return [CheckResult(name=name, passed=otherwise.get(name, True)) for name in packaged_policy().ways[way]]


@pytest.mark.parametrize("way", WAYS)
def test_every_question_of_a_way_must_be_answered_with_yes(way: Way) -> None:
    policy = packaged_policy()
    assert policy.passes(way, answers(way))
    for name in policy.ways[way]:
        assert not policy.passes(way, answers(way, **{name: False})), name
        assert policy.passes(way, answers(way, **{name: None})) is (name in policy.may_be_absent), name


@pytest.mark.parametrize("way", WAYS)
def test_a_question_that_nobody_answered_is_a_no(way: Way) -> None:
    assert not packaged_policy().passes(way, [])


def test_every_question_is_asked_in_some_way_and_whatever_the_way_who_it_is_and_whether_the_clip_is_new() -> None:
    policy = packaged_policy()
    assert {name for way in WAYS for name in policy.ways[way]} == set(get_args(CheckName))
    for way in WAYS:
        assert {"clip", "fresh", "one_person", "face"} <= set(policy.ways[way])


def test_a_policy_with_a_word_that_nothing_reads_is_refused() -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate(packaged_policy().model_dump() | {"fase": {}})
