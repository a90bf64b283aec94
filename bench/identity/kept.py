"""Outcomes kept in a file as they come, so that a long run may be cut short and gone on with."""

import hashlib
from pathlib import Path

from pydantic import TypeAdapter

from bench.identity.checking import Outcome

PROJECT = Path(__file__).parents[2]
# What an outcome depends on: not how it is counted and shown.
DECIDING = (
    "adapters/biometrics/*.py", "adapters/biometrics/*.yaml", "domain/*.py", "simulators/*.py", "simulators/*.csv",
    *(f"bench/identity/{name}.py" for name in ("attacks", "checking", "making", "material", "recordings", "sheets")),
)  # fmt: skip

_OUTCOME = TypeAdapter(Outcome)


class OtherProgram(ValueError):
    """The outcomes were found by another version of the check or of the bench."""


class Kept:
    """One file of outcomes, a line each, below a line that says which program found them."""

    def __init__(self, file: Path) -> None:
        """Reads what is there; begins the file where it is absent.

        Raises:
            OtherProgram: the program has changed since.
        """
        self._file = file
        self.outcomes: list[Outcome] = []
        if not file.exists():
            file.write_text(f"{program()}\n", encoding="utf-8")
            return
        text = file.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]
        first, *lines = whole.splitlines() or [""]
        if first != program():
            raise OtherProgram(f"What {file} holds was found by another version of the program. Remove it to begin anew.")
        if whole != text:  # cut short in the middle of a line
            file.write_text(whole, encoding="utf-8")
        self.outcomes = [_OUTCOME.validate_json(line) for line in lines]

    def add(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        with self._file.open("ab") as file:
            file.write(_OUTCOME.dump_json(outcome) + b"\n")


def program() -> str:
    """A digest of the sources that decide an outcome."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in DECIDING for path in PROJECT.glob(pattern)):
        digest.update(str(path.relative_to(PROJECT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
