"""A simulation and a difference as a terminal shows them: the path as a tree, each rule with what it read."""

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from catalogue.difference import Change, Difference, as_text
from catalogue.simulation import Simulation, Stop
from domain.decision import PointsTally, RuleResult
from domain.documents import DocumentText
from domain.redeciding import Trial
from domain.service_item import ServiceItem, Step
from domain.text import Bilingual, Language

WIDTH = 110  # where no terminal says otherwise
_NOTES: dict[str, Bilingual] = {
    "found": Bilingual(zh="有记录", en="has a record"),
    "none": Bilingual(zh="无记录", en="has no record"),
    "down": Bilingual(zh="没有答复", en="does not answer"),
    "approved": Bilingual(zh="系统审批通过", en="the machine approves"),
    "referred": Bilingual(zh="系统转人工", en="the machine refers it to people"),
}
_ENDS: dict[str, Bilingual] = {
    "online": Bilingual(zh="发到手机", en="delivered to the phone"),
    "counter": Bilingual(zh="到窗口办结", en="ends at the counter"),
    "post": Bilingual(zh="邮寄", en="sent by post"),
}
_TRUTH: dict[bool | None, tuple[str, Bilingual]] = {
    True: ("✓", Bilingual(zh="成立", en="true")),
    False: ("✗", Bilingual(zh="不成立", en="false")),
    None: ("?", Bilingual(zh="无法判断", en="cannot be told")),
}


def console() -> Console:
    plain = Console()
    return plain if plain.is_terminal else Console(width=WIDTH, highlight=False)


def draw_simulation(item: ServiceItem, name: str, simulated: Simulation, language: Language) -> Tree:
    """The path of one case from identity to delivery, then the words of its document."""
    outcome = _note("approved" if simulated.decision.value == "approved" else "referred", language)
    tree = Tree(f"[bold]{escape(name)}[/]  {outcome}  ({' → '.join(simulated.path)})")
    for stop in simulated.stops:
        if stop.kind == "machine":
            _draw_machine(tree.add(f"[bold]{_note(stop.note, language)}[/]"), simulated, language)
        else:
            tree.add(_stop(item, stop, language))
    if simulated.station:
        tree.add(f"{_either(language, '管辖', 'jurisdiction')}: {simulated.station}")
    if simulated.document is not None:
        _draw_document(tree, item, simulated.document, language)
    return tree


def _stop(item: ServiceItem, stop: Stop, language: Language) -> str:
    if stop.kind == "identity":
        return _either(language, "身份核验：人脸和读数字", "identity check: face and code")
    if stop.kind == "registry":
        wanted = item.evidence_for(stop.code)
        label = wanted.label.in_language(language) if wanted and wanted.label else stop.code
        return f"{escape(label)} [dim]{stop.code}[/]: {_note(stop.note, language)}"
    if stop.kind == "person":
        step = next(step for step in item.steps if step.kind.value == stop.code)
        return _person(step, language)
    return _ENDS[stop.code].in_language(language)


def _person(step: Step, language: Language) -> str:
    level = {"station": ("派出所", "station"), "county": ("县级", "county")}[step.level]
    days = _either(language, f"{step.working_days} 个工作日", f"{step.working_days} working days")
    return f"{escape(step.name.in_language(language))} [dim]{step.role.value}, {_either(language, *level)}, {days}[/]"


def _draw_machine(branch: Tree, simulated: Simulation, language: Language) -> None:
    for result in simulated.finding.results:
        _draw_rule(branch, result, language)
    if simulated.finding.points is not None:
        _draw_points(branch, simulated.finding.points, language)


def _draw_rule(branch: Tree, result: RuleResult, language: Language) -> None:
    mark, truth = _TRUTH[result.holds]
    against = "" if result.speaks_for_approval else _either(language, "，反对系统审批", ", stands against approval")
    law = result.legal_basis.title.in_language(language)
    article = f" {result.legal_basis.article.in_language(language)}" if result.legal_basis.article else ""
    words = "" if result.holds is None else f": {escape(result.text.in_language(language))}"
    leaf = branch.add(f"{mark} [bold]{result.rule}[/] {truth.in_language(language)}{against}{words}")
    for path, value in result.inputs.items():
        leaf.add(f"[dim]{escape(path)} = {escape(as_text(value))}[/]")
    if result.error:
        missing = _either(language, "条件要读的内容没有答复", "what the condition reads was not answered")
        broken = _either(language, f"条件出错（{result.error}）", f"the condition failed ({result.error})")
        leaf.add(f"[dim]{missing if result.error == 'MissingFact' else broken}[/]")
    leaf.add(f"[dim]{escape(law + article)}[/]")


def _draw_points(branch: Tree, tally: PointsTally, language: Language) -> None:
    total = "?" if tally.total is None else str(tally.total)
    note = _either(language, "（示例积分表）", " (an example's table)") if tally.illustrative else ""
    points = branch.add(f"{_either(language, '积分', 'points')} {total} / {tally.needed}{note}")
    for line in tally.lines:
        amount = "?" if line.amount is None else f"{line.amount:+d}"
        points.add(f"{amount}  {escape(line.label.in_language(language))} [dim]{escape(line.how.in_language(language))}[/]")


def _draw_document(tree: Tree, item: ServiceItem, text: DocumentText, language: Language) -> None:
    document = tree.add(f"[bold]{escape(item.document.title.in_language(language))}[/]")
    for line in text.statement:
        document.add(escape(line.in_language(language)))
    for field in text.fields:
        value = field.value_en if language == "en" and field.value_en else field.value
        document.add(f"{escape(field.label.in_language(language))}: {escape(value)}")
    if text.table is not None:
        document.add(" | ".join(escape(column.in_language(language)) for column in text.table.columns))
        for row in text.table.rows:
            document.add(" | ".join(escape(cell) for cell in row))
    if text.unfilled:
        unfilled = _either(language, f"{text.unfilled} 句缺少依据，没有写入", f"{text.unfilled} sentences left out: a fact is missing")
        document.add(f"[dim]{unfilled}[/]")


def draw_difference(found: Difference, language: Language) -> Tree:
    """The summary's lines, then every place with what stood there and what stands there now."""
    versions = f"v{found.before} → v{found.after}" if found.before else f"v{found.after}"
    tree = Tree(f"[bold]{found.code}[/] {versions}")
    for line in found.summary:
        tree.add(escape(line.in_language(language)))
    if found.changes:
        places = tree.add(f"[bold]{_either(language, '逐处', 'place by place')}[/]")
        for change in found.changes:
            _draw_change(places, change)
    return tree


def _draw_change(places: Tree, change: Change) -> None:
    mark = {"added": "+", "removed": "-", "changed": "~", "reordered": "↕"}[change.kind]
    leaf = places.add(f"{mark} [bold]{escape(change.path)}[/]")
    if change.kind != "added":
        leaf.add(f"- {escape(as_text(change.before))}")
    if change.kind != "removed":
        leaf.add(f"+ {escape(as_text(change.after))}")


def draw_trial(trial: Trial, language: Language) -> Tree:
    """Of how many cases, how many fare the same, and each that would not, with the rules that turn it."""
    tree = Tree(
        _either(
            language,
            f"重新判定 {trial.cases} 件：{trial.same} 件结果相同，{len(trial.otherwise)} 件不同，{trial.skipped} 件无法判定",
            f"{trial.cases} cases decided again: {trial.same} the same, {len(trial.otherwise)} otherwise, {trial.skipped} cannot be told",
        )
    )
    for rule, cases in trial.by_rule().items():
        tree.add(f"[bold]{escape(rule)}[/] {_either(language, f'{cases} 件', f'{cases} cases')}")
    for changed in trial.otherwise:
        tree.add(f"{changed.acceptance_number}  {changed.was} → {changed.now}  [dim]{escape(', '.join(changed.rules))}[/]")
    return tree


def _note(note: str, language: Language) -> str:
    return _NOTES[note].in_language(language)


def _either(language: Language, zh: str, en: str) -> str:
    return zh if language == "zh" else en
