"""Ways to tamper with an export of the record: clumsily, and by somebody who puts every hash in the file right again."""

import hashlib
import io
import json
import random
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from domain.record import ENTRY_LINE, MARK_LINE, entry_line, last_line, mark_line

Lines = list[bytes]


def entry_places(lines: Sequence[bytes]) -> list[int]:
    return [place for place, line in enumerate(lines) if ENTRY_LINE.fullmatch(line)]


def mark_places(lines: Sequence[bytes]) -> list[int]:
    return [place for place, line in enumerate(lines) if MARK_LINE.fullmatch(line)]


def chain_of(line: bytes) -> bytes | None:
    entry, mark = ENTRY_LINE.fullmatch(line), MARK_LINE.fullmatch(line)
    return entry[4] if entry else mark[2] if mark else None


# --- clumsily --------------------------------------------------------------------------------------------------------


def change_a_byte(lines: Lines, chance: random.Random) -> Lines:
    place = chance.randrange(len(lines))
    line = bytearray(lines[place])
    where = chance.randrange(len(line))
    line[where] = chance.choice([b for b in range(256) if b != line[where]])
    return _split_again([*lines[:place], bytes(line), *lines[place + 1 :]])


def delete_a_line(lines: Lines, chance: random.Random) -> Lines:
    place = chance.randrange(len(lines))
    return [*lines[:place], *lines[place + 1 :]]


def swap_two_lines(lines: Lines, chance: random.Random) -> Lines:
    one, other = chance.sample(range(len(lines)), 2)
    changed = list(lines)
    changed[one], changed[other] = changed[other], changed[one]
    return changed


def repeat_a_line(lines: Lines, chance: random.Random) -> Lines:
    return _with_inserted(lines, chance.randrange(len(lines)), chance.choice(lines))


def cut_the_file(lines: Lines, chance: random.Random) -> Lines:
    whole = b"".join(lines)
    return _split_again([whole[: chance.randrange(len(whole))]])


# --- with care: the file fits together again, and only the heads can tell ------------------------------------------------


def rewrite_an_entry(lines: Lines, chance: random.Random) -> Lines:
    place = chance.choice(entry_places(lines))
    return chained(_replaced(lines, place, lambda raw: raw["entry"].update(by="nobody")))


def move_an_entry_in_time(lines: Lines, chance: random.Random) -> Lines:
    place = chance.choice(entry_places(lines))
    return chained(_replaced(lines, place, lambda raw: raw.update(at="2020-01-01T00:00:00.000000Z")))


def delete_an_entry(lines: Lines, chance: random.Random) -> Lines:
    place = chance.choice(entry_places(lines))
    return chained([*lines[:place], *lines[place + 1 :]])


def insert_an_entry(lines: Lines, chance: random.Random) -> Lines:
    place = chance.choice(entry_places(lines))
    return chained(_with_inserted(lines, place, lines[place]))


def swap_two_entries(lines: Lines, chance: random.Random) -> Lines:
    places = entry_places(lines)
    pairs = [(a, b) for a, b in pairwise(places) if chain_of(lines[a]) == chain_of(lines[b])]
    one, other = chance.choice(pairs)
    changed = list(lines)
    changed[one], changed[other] = changed[other], changed[one]
    return chained(changed)


def cut_a_chain(lines: Lines, chance: random.Random) -> Lines:
    """Its last entry goes, with the mark after it."""
    chain = chain_of(lines[chance.choice(entry_places(lines))])
    last = max(place for place in entry_places(lines) if chain_of(lines[place]) == chain)
    return closed([line for place, line in enumerate(lines) if place < last or chain_of(line) != chain])


def cut_a_chain_and_move_its_mark(lines: Lines, chance: random.Random) -> Lines:
    """The mark then says that the chain ended earlier."""
    chain = chain_of(lines[chance.choice(entry_places(lines))])
    places = [place for place in entry_places(lines) if chain_of(lines[place]) == chain]
    if len(places) < 2:
        return drop_a_chain(lines, chance)
    return chained([*lines[: places[-1]], *lines[places[-1] + 1 :]])


def drop_a_chain(lines: Lines, chance: random.Random) -> Lines:
    chain = chain_of(lines[chance.choice(entry_places(lines))])
    return closed([line for line in lines if chain_of(line) != chain])


def rename_a_chain(lines: Lines, chance: random.Random) -> Lines:
    chain = chain_of(lines[chance.choice(entry_places(lines))])
    assert chain is not None
    renamed = [line.replace(b'"chain":"%b"' % chain, b'"chain":"%b0"' % chain[:-1]) if chain_of(line) == chain else line for line in lines]
    return chained(renamed) if renamed != lines else drop_a_chain(lines, chance)


def add_a_chain(lines: Lines, chance: random.Random) -> Lines:
    """A copy of another chain under a name of its own, in its place."""
    chain = chain_of(lines[chance.choice(entry_places(lines))])
    assert chain is not None
    copies = [line.replace(b'"chain":"%b"' % chain, b'"chain":"%b-"' % chain) for line in lines if chain_of(line) == chain]
    end = max(place for place, line in enumerate(lines) if chain_of(line) == chain) + 1
    return chained([*lines[:end], *copies, *lines[end:]])


def drop_a_mark(lines: Lines, chance: random.Random) -> Lines:
    place = chance.choice(mark_places(lines))
    return closed([*lines[:place], *lines[place + 1 :]])


def give_a_mark_to_another_head(lines: Lines, chance: random.Random) -> Lines:
    place = chance.choice(mark_places(lines))
    changed = re.sub(rb'"head":(\d+)', lambda found: b'"head":%d' % (int(found[1]) + chance.choice([1, 2])), lines[place])
    return closed([*lines[:place], changed, *lines[place + 1 :]])


CLUMSY: tuple[Callable[[Lines, random.Random], Lines], ...] = (
    change_a_byte,
    change_a_byte,  # the likeliest accident
    delete_a_line,
    swap_two_lines,
    repeat_a_line,
    cut_the_file,
)
CAREFUL: tuple[Callable[[Lines, random.Random], Lines], ...] = (
    rewrite_an_entry,
    move_an_entry_in_time,
    delete_an_entry,
    insert_an_entry,
    swap_two_entries,
    cut_a_chain,
    cut_a_chain_and_move_its_mark,
    drop_a_chain,
    rename_a_chain,
    add_a_chain,
    drop_a_mark,
    give_a_mark_to_another_head,
)


def tamper(lines: Lines, chance: random.Random) -> tuple[str, Lines]:
    """One of all ways, and the lines that really differ."""
    while True:
        way = chance.choice((*CLUMSY, *CAREFUL))
        if (changed := way(list(lines), chance)) != lines:
            return way.__name__, changed


# --- putting hashes right ----------------------------------------------------------------------------------------------


def chained(lines: Sequence[bytes]) -> Lines:
    """Numbers, hashes and marks of every chain as if the entries had always stood so."""
    last: dict[bytes, tuple[int, str]] = {}
    again: Lines = []
    for line in lines:
        entry, mark = ENTRY_LINE.fullmatch(line), MARK_LINE.fullmatch(line)
        if entry:
            seq, prev = last.get(entry[4], (0, "0" * 64))
            body = re.sub(rb'^\{"prev":"[0-9a-f]{64}"', b'{"prev":"%b"' % prev.encode(), entry[2])
            body = re.sub(rb'"seq":\d+', b'"seq":%d' % (seq + 1), body, count=1)
            last[entry[4]] = (seq + 1, hashlib.sha256(body).hexdigest())
            again.append(entry_line(last[entry[4]][1], body.decode()))
        elif mark and mark[2] in last:
            again.append(mark_line(int(mark[1]), mark[2].decode(), *last[mark[2]]))
        else:
            again.append(line)
    return closed(again)


def closed(lines: Sequence[bytes]) -> Lines:
    """With a last line that fits."""
    inner = list(lines[:-1])
    digest = hashlib.sha256(b"".join(inner)).hexdigest()
    return [*inner, last_line(len(entry_places(inner)), len(mark_places(inner)), digest)]


def _replaced(lines: Sequence[bytes], place: int, change: Callable[[dict[str, Any]], object]) -> Lines:
    entry = ENTRY_LINE.fullmatch(lines[place])
    assert entry
    raw = json.loads(entry[2])
    change(raw)
    body = json.dumps({k: v for k, v in raw.items() if k != "entry"}, separators=(",", ":"))[:-1]
    told = json.dumps(raw["entry"], ensure_ascii=False)
    return [*lines[:place], entry_line("0" * 64, f'{body},"entry":{told}}}'), *lines[place + 1 :]]


def _with_inserted(lines: Sequence[bytes], place: int, line: bytes) -> Lines:
    return [*lines[:place], line, *lines[place:]]


def _split_again(parts: Sequence[bytes]) -> Lines:
    """As a file is read: a byte that became a line end makes two lines."""
    return io.BytesIO(b"".join(parts)).readlines()
