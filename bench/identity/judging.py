"""From the verdicts on what was tried to tables: how many attacks got through, how many honest clips did not, and which check told."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from bench.identity.attacks import ATTACKS, BY_WAY, RESIDUAL
from bench.identity.checking import HONEST, REAL, REAL_TURNED, Outcome
from bench.identity.plots import draw_det, draw_scores
from bench.identity.rates import Rate
from bench.identity.report import Part, mark
from domain.identity import CheckName

MOST_ATTACKS_ACCEPTED, MOST_HONEST_REFUSED = 0.02, 0.05
CAUGHT_HEADINGS = ("", "attack", "accepted", "rate", "95 % interval", "without spoofing weights", "rate", "95 % interval", "caught by")

# Which attacks a check is there to tell from honest clips, and whether a higher score is the more honest one.
_MEANT_FOR: dict[CheckName, tuple[tuple[str, ...], bool]] = {
    "movement": (("photo warped and turned", "print", "screen"), True),
    "lips": (("still photo with sound", "shifted sound"), True),
    "code": (("wrong code", "code with one wrong digit"), True),
    "face": (("another person",), False),
    "spoofing": (("print", "screen", *RESIDUAL), True),
}


def attacks_part(outcomes: Sequence[Outcome], *, performed: bool) -> Part:
    """`performed`: whether the passive spoofing weights were there; without them the first columns say what the others say."""
    part = Part(
        "Attacks",
        "Each kind is one row; accepted means that the whole check let it in. The attacker has the very picture that the portrait was "
        "cut from, so that the face matches; another person is held against one of the claimed person's other pictures. `caught by` "
        "counts every check that refused, so that a clip may count more than once. The last row cannot be told by any question but the "
        "passive one: see the residual risk in [identity.md](../identity.md)."
        + ("" if performed else " The passive spoofing weights were absent: that check was not performed."),
        headings=CAUGHT_HEADINGS,
    )
    for kind in [*ATTACKS, *BY_WAY, *RESIDUAL]:
        tried = [outcome for outcome in outcomes if outcome.kind == kind]
        target = None if kind in RESIDUAL else MOST_ATTACKS_ACCEPTED
        part.rows.append(_attack_row(kind, tried, target))
        for held_out, name in (("held_out_person", "people"), ("held_out_voice", "speakers")):
            among = [outcome for outcome in tried if getattr(outcome, held_out)]
            if among:
                part.rows.append(_attack_row(f"{kind}: held-out {name}", among, target))
    return part


def variants_part(outcomes: Sequence[Outcome]) -> Part:
    """Kinds that were tried in more than one way."""
    part = Part("Attacks, by how they were made", headings=("attack", "variant", "accepted", "95 % interval", "caught by"))
    for kind in [*ATTACKS, *BY_WAY]:
        tried = [outcome for outcome in outcomes if outcome.kind == kind]
        variants = sorted({_variant(outcome) for outcome in tried})
        for variant in variants if len(variants) > 1 else ():
            among = [outcome for outcome in tried if _variant(outcome) == variant]
            rate = Rate(kind, sum(o.passed for o in among), len(among))
            part.rows.append((kind, variant, f"{rate.count} of {rate.total}", rate.between, _caught(among)))
    return part


def honest_part(outcomes: Sequence[Outcome]) -> Part:
    part = Part(
        "Honest clips",
        f"Refused by any question. `{REAL}`: recordings as they are, of people who say no code and turn no head: all other questions. "
        f"`{REAL_TURNED}`: each of their frames rendered over its own mesh; all questions but the code. Their portrait is their own first "
        "frame. `made`: photographs in which nobody moved, with digits of real speakers, against a portrait from another photograph, often "
        "years apart; all moments of such a clip are one photograph, so that their refusals by the face are those of one image a side.",
        headings=("", "clips", "refused", "rate", "95 % interval", "target", "refused by"),
    )
    for kind in (REAL, REAL_TURNED, *HONEST):
        tried = [outcome for outcome in outcomes if outcome.kind == kind]
        groups = [(kind, tried)] + [
            (f"{kind}: held-out {name}", [o for o in tried if getattr(o, field)])
            for field, name in (("held_out_person", "people"), ("held_out_voice", "speakers"))
        ]
        for name, among in groups:
            if among:
                target = MOST_HONEST_REFUSED if kind in (REAL, REAL_TURNED) else None
                rate = Rate(name, sum(not o.passed for o in among), len(among), target)
                share = (rate.percent, rate.between, f"at most {100 * target:g} %" if target else "-")
                part.rows.append(
                    (mark(rate.reached), name, f"{rate.count} of {rate.total}", *share, _caught(o for o in among if not o.passed))
                )
    return part


def draw_outcomes(outcomes: Sequence[Outcome], folder: Path) -> list[tuple[str, str]]:
    """A histogram and a DET curve for each check that has scores on both sides: what each shows, its file."""
    drawings = []
    for name, (kinds, rising) in _MEANT_FOR.items():
        genuine, thresholds = _scores(outcomes, name, HONEST)
        others, more = _scores(outcomes, name, kinds)
        if not genuine or not others:
            continue
        threshold = (thresholds + more)[0] if thresholds + more else None
        draw_scores(folder / f"scores-{name}.svg", f"{name}: honest clips beside {', '.join(kinds)}", genuine, others, threshold, "score")
        drawings.append((f"scores of the check `{name}`", f"scores-{name}.svg"))
        sign = 1 if rising else -1
        curve = {str(name): ([sign * s for s in genuine], [sign * s for s in others])}
        draw_det(folder / f"det-{name}.svg", f"{name}: attacks it is meant for", curve, ("attacks accepted", "honest refused"))
        drawings.append((f"DET curve of the check `{name}`", f"det-{name}.svg"))
    return drawings


def _scores(outcomes: Sequence[Outcome], name: CheckName, kinds: Collection[str]) -> tuple[list[float], list[float]]:
    checks = [c for o in outcomes if o.kind in kinds for c in o.checks if c.name == name and c.score is not None]
    return [c.score for c in checks if c.score is not None], [c.threshold for c in checks if c.threshold is not None]


def _attack_row(name: str, tried: Sequence[Outcome], target: float | None) -> tuple[str, ...]:
    seen = Rate(name, sum(o.passed for o in tried), len(tried), target)
    unseen = Rate(name, sum(o.passed_unperformed for o in tried), len(tried))
    cells = [cell for rate in (seen, unseen) for cell in (f"{rate.count} of {rate.total}", rate.percent, rate.between)]
    return mark(seen.reached), name, *cells, _caught(tried)


def _caught(tried: Iterable[Outcome]) -> str:
    refused = Counter(check.name for outcome in tried for check in outcome.checks if check.passed is False)
    return ", ".join(f"{name} {count}" for name, count in refused.most_common())


def _variant(outcome: Outcome) -> str:
    return "late" if outcome.variant.endswith("s late") else outcome.variant
