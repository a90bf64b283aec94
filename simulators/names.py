"""Names and ID numbers for simulated people; faker's zh_CN lists give the names, nothing else."""

from datetime import date
from itertools import accumulate
from random import Random

from faker.providers.person.zh_CN import Provider
from stdnum.cn import ric

from simulators.people import Sex
from simulators.quick_random import weighted

_SURNAMES = list(Provider.last_names)
_SURNAME_WEIGHTS = list(accumulate(Provider.last_names.values()))
_COMPOUND = frozenset(surname for surname in _SURNAMES if len(surname) == 2)
_COMPLETING = frozenset(surname[1] for surname in _COMPOUND if surname[0] in _SURNAMES)  # 欧 and 阳楠 would be read as 欧阳 and 楠
_GIVEN: dict[Sex, list[str]] = {"male": list(Provider.first_names_male), "female": list(Provider.first_names_female)}
_LOOKALIKES = {"伟": "玮", "芳": "方", "娜": "那", "敏": "闽", "静": "靖", "丽": "莉", "军": "均", "明": "鸣", "英": "瑛"}


def surname(random: Random) -> str:
    return weighted(random, _SURNAMES, _SURNAME_WEIGHTS)


def given_name(random: Random, sex: Sex) -> str:
    """One or two characters; two single characters are joined at times, as people's names are."""
    names = _GIVEN[sex]
    first = random.choice(names)
    if len(first) > 1 or random.random() < 0.35:
        return first
    second = random.choice(names)
    if len(second) > 1 or second == first:
        return first
    return second + first if first in _COMPLETING else first + second


def surname_of(name: str) -> str:
    """The surname a full name begins with; compound ones (欧阳) have two characters."""
    return name[:2] if len(name) > 2 and name[:2] in _COMPOUND else name[0]


def misspelt(random: Random, name: str) -> str:
    """The same name with its last character written wrongly, as a clerk may have typed it."""
    last = name[-1]
    wrong = _LOOKALIKES.get(last) or random.choice([c for c in "珍佳宁晨欣宇轩" if c != last])
    return name[:-1] + wrong


def birth_date(random: Random, earliest: date, latest: date) -> date:
    first = earliest.toordinal()
    return date.fromordinal(first + random.randrange(latest.toordinal() - first + 1))


class IdNumbers:
    """Gives out ID numbers (GB 11643-1999), each one once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def reserve(self, id_number: str) -> None:
        self._given.add(id_number[:17])

    def give(self, random: Random, division: str, born: date, sex: Sex) -> str:
        """Raises ValueError when a county has no number left for that day and sex."""
        prefix = f"{division}{born.year:04d}{born.month:02d}{born.day:02d}"
        first = random.randrange(500)
        for step in range(500):
            order = (first + step) % 500 * 2 + (sex == "male")
            stem = f"{prefix}{order:03d}"
            if stem not in self._given:
                break
        else:
            raise ValueError(f"no order code left for {division} on that day")
        self._given.add(stem)
        return stem + ric.calc_check_digit(stem + "0")
