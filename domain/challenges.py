"""What a challenge asks: drawn anew each time, from the system's CSPRNG."""

import secrets
from typing import get_args

from domain.identity import Asked, Movement, Way
from domain.text import Language

# A random guess passes one digit in ten and a side in two; docs/identity.md adds up what each way stands up to.
DIGITS: dict[Way, int] = {"code_and_turn": 4, "movements": 0, "digits": 6}
MOVEMENTS: dict[Way, int] = {"code_and_turn": 1, "movements": 5, "digits": 1}
SIDES: tuple[Movement, ...] = ("left", "right")  # one movement alone is to a side; nods come where there are several
# Who cannot turn the head carries the phone (`digits`): from their right it sees the head as if that had turned to the left.
PHONE_GOES: dict[Movement, Movement] = {"left": "right", "right": "left"}


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
