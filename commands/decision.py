"""`onetrip decision`: a machine decision made again from its record, and explained."""

import json
from typing import Annotated, Any

import typer

from domain.decision import Decision, PointsTally, RuleResult
from domain.redeciding import Replay

app = typer.Typer(no_args_is_help=True, help="Machine decisions: made again from the record, and explained.")


@app.callback()
def decision() -> None:
    """Keeps `replay` a command of its own."""


@app.command()
def replay(number: Annotated[str, typer.Argument(help="The acceptance number")]) -> None:
    """Decide a case again from its record, compare to the byte, and explain it in both languages; 1 when anything differs."""
    from casework.office import Office
    from casework.redeciding import replay_decision
    from commands.running import with_office

    async def use(office: Office) -> int:
        again = await replay_decision(office, number.strip(), None)
        print("\n".join(explained(again)))
        return 0 if again.identical else 1

    with_office(use)


_OUTCOME = {"approved": ("系统审批通过", "Approved by the machine"), "referred": ("转人工审核", "Passed to a person")}
_TRUTH = {True: ("成立", "true"), False: ("不成立", "false"), None: ("无法判断", "cannot be told")}


def explained(replay: Replay) -> list[str]:
    """The decision in lines, Chinese and English; what a rule read stands below it as JSON."""
    stored = replay.stored
    zh, en = _OUTCOME[stored.outcome.value]
    lines = [
        f"{replay.acceptance_number}  {stored.service_item} v{stored.version}  {stored.decided_at.isoformat()}",
        f"{zh} / {en}",
        *(line for result in stored.results for line in _rule(result)),
        *(_points(stored.points) if stored.points else []),
        *_evidence(stored),
    ]
    if replay.identical:
        return [*lines, "依记录重新判定：逐字节一致 / Decided again from the record: identical to the byte"]
    lines += [f"依据已损坏 / evidence damaged: {source}" for source in replay.damaged]
    return [*lines, f"依记录重新判定：不一致 / Decided again from the record: it differs in {', '.join(replay.differs) or 'evidence'}"]


def _rule(result: RuleResult) -> list[str]:
    zh, en = _TRUTH[result.holds]
    law = result.legal_basis
    article = f" {law.article.zh}" if law.article else ""
    return [
        f"  {'+' if result.speaks_for_approval else '-'} {result.rule}: {zh} / {en}{f' ({result.error})' if result.error else ''}",
        f"      {result.said.zh} / {result.said.en}",
        f"      依据 / by: {law.title.zh}{article} / {law.title.en}",
        *(f"      {path} = {_json(value)}" for path, value in result.inputs.items()),
    ]


def _points(tally: PointsTally) -> list[str]:
    lines = [f"  积分 / points: {tally.total if tally.total is not None else '?'} ({tally.needed})"]
    return lines + [
        f"      {line.amount if line.amount is not None else '?':>5}  {line.label.zh} / {line.label.en}" for line in tally.lines
    ]


def _evidence(decision: Decision) -> list[str]:
    return [f"  {source}: SHA-256 {digest}" for source, digest in decision.evidence.items()]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
