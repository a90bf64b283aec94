"""Which parts this machine runs: everything that no setting points elsewhere."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from settings import PROJECT, Settings
from stack import own
from stack.errors import StackProblem
from stack.part import Part
from stack.postgres import postgres
from stack.seaweed import seaweed
from stack.temporal import temporal

GROUPS = {"infrastructure": own.INFRASTRUCTURE}


def elsewhere(settings: Settings) -> dict[str, str]:
    """Parts that exist already, by the address they have."""
    s = settings
    given = {
        "postgres": settings.database_url and "DATABASE_URL",
        "temporal": settings.temporal_address,
        "seaweedfs": settings.s3_endpoint,
        "simulators": all((s.registries_url, s.sms_url, s.post_url, s.payments_url, s.smtp_url)) and s.registries_url,
    }
    return {name: address for name, address in given.items() if address}


def all_parts(settings: Settings, project: Path = PROJECT) -> list[Part]:
    """Every part we would start, in the order of their start."""
    makers = {
        "postgres": postgres,
        "temporal": temporal,
        "seaweedfs": seaweed,
        "simulators": own.simulators,
    }
    away = elsewhere(settings)
    parts = [make(settings, project) for name, make in makers.items() if name not in away]
    parts.append(own.migrate(settings, project))
    parts += [own.worker(role, settings, project) for role in own.ROLES]
    parts.append(own.api(settings, project))
    if settings.onetrip_demo and not own.is_seeded(settings):
        parts.append(own.seed_demo(settings, project))
    return _without_needs_for_others(parts)


def choose(parts: Sequence[Part], names: Sequence[str]) -> list[Part]:
    """The named parts (or groups) only.

    Raises:
        StackProblem: no such part.
    """
    wanted = {member for name in names for member in GROUPS.get(name, (name,))}
    known = {part.name for part in parts}
    # A part that a setting points elsewhere is nothing to start, yet no mistake.
    unknown = wanted - known - set(own.INFRASTRUCTURE)
    if unknown:
        raise StackProblem(f"There is no part {', '.join(sorted(unknown))}: choose from {', '.join([*GROUPS, *sorted(known)])}.")
    return _without_needs_for_others([part for part in parts if part.name in wanted])


def _without_needs_for_others(parts: Sequence[Part]) -> list[Part]:
    here = {part.name for part in parts}
    return [replace(part, needs=tuple(name for name in part.needs if name in here)) for part in parts]
