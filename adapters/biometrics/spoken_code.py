"""From what a speech engine wrote to the digits that were read aloud. Pure: no engine, no sound."""

import re
import unicodedata

# What a careful transcript writes for a digit. 幺 is how Chinese speakers read 1 in a number, 两 an everyday 2.
_NUMERALS = {
    "0": "零〇○洞", "1": "一壹弌幺么麽", "2": "二贰貳弍两兩俩倆", "3": "三叁參弎", "4": "四肆", "5": "五伍",
    "6": "六陆陸", "7": "七柒", "8": "八捌", "9": "九玖",
}  # fmt: skip
# Characters of the same or nearly the same sound, which an engine writes when it hears a word and not a number.
_HOMOPHONES = {
    "0": "凌领令另灵林邻玲铃零龄岭", "1": "伊医衣依亦以易意义艺亿已邀要腰药咬", "2": "而儿耳尔兒饵", "3": "山伞散姗删",
    "4": "是死思斯司寺似丝私十事", "5": "无吴武午舞务物误屋吾勿唔", "6": "刘流留柳溜榴路绿", "7": "期其起气奇齐妻棋骑旗器汽启",
    "8": "吧把巴爸拔罢叭", "9": "就久酒旧救舅纠",
}  # fmt: skip
_WORDS = {
    "zero": "0", "oh": "0", "nought": "0", "naught": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9", "niner": "9", "ten": "10", "eleven": "11", "twelve": "12",
    "thirteen": "13", "fourteen": "14", "fifteen": "15", "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19",
}  # fmt: skip
_TENS = {
    "twenty": "2", "thirty": "3", "forty": "4", "fourty": "4", "fifty": "5", "sixty": "6", "seventy": "7", "eighty": "8", "ninety": "9",
}  # fmt: skip
_SOUND_ALIKES = {
    "o": "0", "owe": "0", "hero": "0", "won": "1", "wan": "1", "to": "2", "too": "2", "tu": "2", "tree": "3", "free": "3", "for": "4",
    "fore": "4", "far": "4", "fife": "5", "hive": "5", "i": "5", "sicks": "6", "sex": "6", "sevens": "7", "ate": "8", "ait": "8",
    "eights": "8", "hate": "8", "nein": "9", "night": "9", "mine": "9", "fine": "9",
}  # fmt: skip
_REPEATS = {"double": 2, "triple": 3}
_TOKEN = re.compile(r"[a-z]+|\d|○|[^\W\d_a-z]")

CARELESS = {character: digit for digit, characters in _HOMOPHONES.items() for character in characters} | _SOUND_ALIKES
CAREFUL = {character: digit for digit, characters in _NUMERALS.items() for character in characters} | _WORDS


def heard_digits(transcript: str, length: int = 4) -> str:
    """The digits in a transcript, e.g. `3582` from `三五八二`, `Three, five, eight two.` or `伞五吧二`.

    Words that merely sound like a digit (是 for 四, "for" for "four") count only when the plain numerals do not already
    give `length` digits, so that 验证码是三五八二 stays 3582.
    """
    careful = _read(transcript, CAREFUL)
    if len(careful) >= length:
        return careful
    careless = _read(transcript, CAREFUL | CARELESS)
    return careless if abs(len(careless) - length) < abs(len(careful) - length) else careful


def wrong_digits(expected: str, heard: str) -> int:
    """How many digits differ: by position where the lengths agree, else the edit distance (a digit dropped or added is one).

    Whatever was heard, fewer than 50 of 10,000 codes differ from it by one digit or less. None differ when the whole code
    stands in at most three times as many digits: people stumble and begin again, or read twice.
    """
    if expected in heard and len(heard) <= 3 * len(expected):
        return 0
    if len(heard) == len(expected):
        return sum(a != b for a, b in zip(expected, heard, strict=True))
    return _edit_distance(expected, heard)


def chinese_numerals(code: str) -> str:
    """`3582` as 三五八二."""
    return "".join(_NUMERALS[digit][0] for digit in code)


def _read(transcript: str, dictionary: dict[str, str]) -> str:
    tokens: list[str] = _TOKEN.findall(unicodedata.normalize("NFKC", transcript).lower())
    digits = ""
    repeat = 1
    for token, following in zip(tokens, [*tokens, ""][1:], strict=True):
        if token in _REPEATS:
            repeat = _REPEATS[token]
            continue
        digits += _value(token, following, dictionary) * repeat
        repeat = 1
    return digits


def _value(token: str, following: str, dictionary: dict[str, str]) -> str:
    if token in _TENS:  # "thirty-five" is 35, "thirty" alone 30
        unit = _WORDS.get(following, "0")
        return _TENS[token] if len(unit) == 1 and unit != "0" else _TENS[token] + "0"
    return str(unicodedata.decimal(token)) if token.isdecimal() else dictionary.get(token, "")


def _edit_distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]
