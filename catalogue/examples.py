"""An item's own examples, run through the real evaluator: one that does not come out is refused."""

from collections.abc import Mapping

from catalogue.forms import check_answers
from catalogue.refusals import Refusals
from catalogue.rules import decide
from catalogue.simulation import example_facts, path_of
from domain.errors import InvalidInput
from domain.service_item import Example, ServiceItem
from domain.source import Source


def check_examples(item: ServiceItem, sources: Mapping[str, Source], refusals: Refusals) -> None:
    for example in item.examples:
        _check(item, example, sources, refusals)


def _check(item: ServiceItem, example: Example, sources: Mapping[str, Source], refusals: Refusals) -> None:
    place = ("examples", example.name)
    if strange := sorted(example.registries.keys() - item.fact_names):
        known = ", ".join(sorted(item.fact_names))
        refusals.say(
            (*place, "registries"), f"没有依据 {strange}", f"no evidence is called {strange}", f"可用：{known}", f"there are: {known}"
        )
        return
    try:
        check_answers(item, example.answers)
    except InvalidInput as error:
        for field in error.fields:
            cure = ("改正示例或表单", "correct the example or the form")
            refusals.say((*place, "answers"), f"{field.path}：{field.text.zh}", f"{field.path}: {field.text.en}", *cure)
        return
    try:
        facts = example_facts(item, example, sources)
        finding = decide(item, facts)
    except ValueError as error:
        refusals.say(place, f"无法推演：{error}", f"cannot be simulated: {error}", "改正示例", "correct the example")
        return
    for fact in (name for name, said in example.registries.items() if said == "down" and name in facts):
        refusals.say((*place, "registries", fact), f"“{fact}”在此不会被查询", f"{fact} is not asked here at all", "去掉这一项", "drop it")
    against, outcome = finding.against, finding.outcome.value
    expected = example.reasons if example.reasons is not None else ([] if example.decision == "approved" else None)
    total = finding.points.total if finding.points else None
    _compare(refusals, (*place, "decision"), example.decision, f"{outcome} {against or ''}".strip(), outcome)
    if expected is not None:
        _compare(refusals, (*place, "reasons"), sorted(expected), sorted(against), sorted(against))
    if example.path is not None:
        path = path_of(item, finding.outcome, item.delivery[0])
        _compare(refusals, (*place, "path"), example.path, path, path)
    if example.points is not None:
        _compare(refusals, (*place, "points"), example.points, total, total)


def _compare(refusals: Refusals, place: tuple[str, ...], expected: object, told: object, came_out: object) -> None:
    if expected != came_out:
        refusals.say(
            place,
            f"示例应为 {expected}，实际为 {told}",
            f"the example says {expected}, but it comes out as {told}",
            "改正规则或示例",
            "correct the rules or the example",
        )
