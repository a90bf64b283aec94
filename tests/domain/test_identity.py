"""What failed checks tell a person to do."""

from domain.identity import CheckName, CheckResult, what_to_do
from domain.text import Bilingual

DARK, TURN, SPEAK = (Bilingual(zh=text, en=text) for text in ("more light", "turn the head", "speak up"))


def failed(name: CheckName, reason: Bilingual | None) -> CheckResult:
    return CheckResult(name=name, passed=False, reason=reason)


def test_what_failed_is_told_once_and_what_passed_not_at_all() -> None:
    passed = CheckResult(name="face", passed=True, reason=DARK)
    assert what_to_do([passed, failed("movement", TURN), failed("code", SPEAK), failed("lips", SPEAK)]) == [TURN, SPEAK]


def test_where_the_picture_is_no_good_only_that_is_told() -> None:
    assert what_to_do([failed("quality", DARK), failed("movement", TURN), failed("code", SPEAK)]) == [DARK]


def test_a_failure_that_says_nothing_hides_nothing() -> None:
    assert what_to_do([failed("one_person", None), failed("code", SPEAK)]) == [SPEAK]
