"""What a challenge asks: drawn anew each time, from the system's CSPRNG."""

import secrets
from typing import get_args

from domain.identity import Asked, Movement, Way
from domain.text import Language

# A random guess passes one digit of `code_and_turn` in ten and its side in two; the other ways are at least as strong by
# themselves, see docs/identity.md.
DIGITS: dict[Way, int] = {"code_and_turn": 4, "movements": 0, "digits": 6}
MOVEMENTS: dict[Way, int] = {"code_and_turn": 1, "movements": 5, "digits": 0}
SIDES: tuple[Movement, ...] = ("left", "right")  # one movement alone is a turn; nods come where there are several


def draw(way: Way, language: Language) -> Asked:
    """A new code and new movements."""
    digits, movements = DIGITS[way], MOVEMENTS[way]
    choices = SIDES if movements == 1 else get_args(Movement)
    return Asked(
        way=way,
        code=f"{secrets.randbelow(10**digits):0{digits}d}" if digits else "",
        language=language,
        movements=[secrets.choice(choices) for _ in range(movements)],
    )
