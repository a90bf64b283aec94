"""Faults that can be set while a simulator runs: slowness, errors, outage, bad signatures."""

import asyncio
import math
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

ALL = "*"
MAX_LATENCY_MS = 600_000
OUTAGE = 503


@dataclass(frozen=True, slots=True)
class Fault:
    """`latency_ms` is added to every answer; rates are from 0 to 1; an outage answers everything with 503."""

    latency_ms: float = 0
    error_rate: float = 0
    outage: bool = False
    bad_signature_rate: float = 0

    def changed(self, values: Mapping[str, Any]) -> "Fault":
        """The same fault with some values replaced.

        Raises:
            ValueError: an unknown name, or a value out of its range.
        """
        checked: dict[str, Any] = {name: _checked(name, value) for name, value in values.items()}
        return replace(self, **checked)

    @property
    def still(self) -> bool:
        return self == _NONE


_NONE = Fault()
_LIMITS = {"latency_ms": MAX_LATENCY_MS, "error_rate": 1, "bad_signature_rate": 1}


def _checked(name: str, value: object) -> float | bool:
    if name not in {f.name for f in fields(Fault)}:
        raise ValueError(f"there is no fault named {name}")
    if name == "outage":
        if not isinstance(value, bool):
            raise ValueError("outage is true or false")
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or not 0 <= value <= _LIMITS[name]:
        raise ValueError(f"{name} is a number from 0 to {_LIMITS[name]}")
    return value


class Faults:
    """One fault per source; `*` counts for every source without one of its own."""

    def __init__(self, sources: tuple[str, ...]) -> None:
        self.sources = sources
        self._set: dict[str, Fault] = {}

    def of(self, source: str) -> Fault:
        return self._set.get(source) or self._set.get(ALL) or _NONE

    def change(self, changes: Mapping[str, Any]) -> None:
        """Apply `{source: {name: value}}`, all or nothing. Setting `*` ends what single sources had.

        Raises:
            ValueError: an unknown source or name, or a value out of its range.
        """
        if not all(isinstance(values, Mapping) for values in changes.values()):
            raise ValueError("a fault is an object of names and values")
        changed: dict[str, Fault] = {}
        for source, values in sorted(changes.items()):
            if source != ALL and source not in self.sources:
                raise ValueError(f"there is no source named {source}")
            before = changed.get(ALL) if source != ALL and ALL in changed else self.of(source)
            changed[source] = (before or _NONE).changed(values)
        if ALL in changed:
            self._set.clear()
        self._set.update(changed)

    def as_json(self) -> dict[str, dict[str, Any]]:
        return {source: asdict(self.of(source)) for source in (ALL, *self.sources)}

    async def strike(self, source: str) -> int | None:
        """Wait as long as this source is slow now; then the status of the error to answer with, if any."""
        fault = self.of(source)
        if fault.still:
            return None
        if fault.latency_ms:
            await asyncio.sleep(fault.latency_ms / 1000)
        if fault.outage:
            return OUTAGE
        if fault.error_rate and random.random() < fault.error_rate:
            return 500
        return None

    def spoils_signature(self, source: str) -> bool:
        rate = self.of(source).bad_signature_rate
        return bool(rate) and random.random() < rate
