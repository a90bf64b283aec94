"""An export of the record held against the published heads: what was altered, deleted, reordered, inserted or cut off."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from domain.record import ENTRY_LINE, MARK_LINE, NOTHING, Head, HeadReader, MerkleTree, SignedHead, head_of, member_leaf, said_by
from domain.text import Bilingual

FINDINGS_KEPT = 200


class Fault(StrEnum):
    ALTERED = "altered"
    DELETED = "deleted"
    REORDERED = "reordered"
    INSERTED = "inserted"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where: a chain with the number of an entry in it, a head, a line of the file."""

    fault: Fault
    text: Bilingual
    chain: str | None = None
    seq: int | None = None
    head: int | None = None
    line: int | None = None


@dataclass(slots=True)
class Verification:
    """`unvouched` entries stand after what the last head vouches for. `found` counts all findings; the first ones are kept."""

    entries: int = 0
    chains: int = 0
    heads: int = 0
    unvouched: int = 0
    found: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return self.found == 0

    def add(self, finding: Finding) -> None:
        self.found += 1
        if len(self.findings) < FINDINGS_KEPT:
            self.findings.append(finding)


def check_heads(tokens: Sequence[str], reader: HeadReader) -> tuple[list[SignedHead], list[Finding]]:
    """The published heads in order. Each must bear the office's signature and name the one before; reading ends where one does not."""
    heads: list[SignedHead] = []
    before = NOTHING
    for place, token in enumerate(tokens, 1):
        payload = reader.read(token)
        head = head_of(payload) if payload is not None else None
        if head is None:
            return heads, [_forged(place)]
        if head.number != place or head.prev != before:
            return heads, [_unlinked(place, head.number)]
        heads.append(SignedHead(head, token))
        before = heads[-1].hash
    return heads, []


class _Entry(NamedTuple):
    seq: int
    prev: bytes
    hash: bytes
    line: int


class _Mark(NamedTuple):
    head: int
    seq: int
    hash: bytes
    line: int


class _Vouched:
    """What the file says that one head vouches for."""

    __slots__ = ("entries", "tree")

    def __init__(self) -> None:
        self.tree = MerkleTree()
        self.entries = 0


class RecordCheck:
    """Takes an export line by line, in constant memory but for the chain at hand; `finish` says what was found.

    Without `until`, the export must reach as far as the last published head.
    """

    def __init__(self, heads: Sequence[SignedHead], *, until: int | None = None) -> None:
        self._heads: list[Head] = [signed.head for signed in heads][: until if until is not None else len(heads)]
        self._vouched = [_Vouched() for _ in self._heads]
        self._result = Verification(heads=len(self._heads))
        self._digest = hashlib.sha256()
        self._line = 0
        self._marks_read = 0
        self._tail = True
        self._ended = False
        self._chain = b""
        self._last_chain = b""
        self._entries: list[_Entry] = []
        self._marks: list[_Mark] = []
        self._broken = False

    # --- reading -------------------------------------------------------------------------------------------------

    def feed(self, lines: Iterable[bytes]) -> None:
        """Each line with its line end."""
        for line in lines:
            self._line += 1
            if (entry := ENTRY_LINE.fullmatch(line)) is not None:
                self._digest.update(line)
                self._entry(entry[1], entry[2], entry[3], entry[4], int(entry[5]))
            elif (mark := MARK_LINE.fullmatch(line)) is not None:
                self._digest.update(line)
                self._mark(int(mark[1]), mark[2], int(mark[3]), mark[4])
            else:
                self._other(line)

    def finish(self) -> Verification:
        self._close_chain()
        if not self._ended:
            self._say(Fault.TRUNCATED, "文件没有结尾：末尾被截去", "The file has no end: its last lines were cut off", line=self._line)
        for head, vouched in zip(self._heads, self._vouched, strict=True):
            self._compare(head, vouched)
        return self._result

    def _entry(self, hash_: bytes, body: bytes, prev: bytes, chain: bytes, seq: int) -> None:
        if chain != self._chain:
            self._open_chain(chain)
        self._result.entries += 1
        if hashlib.sha256(body).hexdigest().encode() != hash_:
            self._say(Fault.ALTERED, "内容与其散列不符", "does not read as its hash says", chain, seq)
        last = self._entries[-1] if self._entries else None
        if seq != (last.seq + 1 if last else 1) or prev != (last.hash if last else NOTHING.encode()):
            self._broken = True
        self._entries.append(_Entry(seq, prev, hash_, self._line))

    def _mark(self, head: int, chain: bytes, seq: int, hash_: bytes) -> None:
        if chain != self._chain:
            self._open_chain(chain)
        self._marks_read += 1
        if head > len(self._heads):
            return  # vouched for by a head that we were not given
        follows = self._entries[-1].seq if self._entries else 0
        self._marks.append(_Mark(head, seq, hash_, self._line))
        if follows != seq or self._entries[-1].hash != hash_:
            self._broken = True
        self._vouched[head - 1].tree.add(member_leaf(chain, seq, hash_))

    def _other(self, line: bytes) -> None:
        said = said_by(line)
        if self._line == 1 and said is not None and set(said) == {"record", "until", "tail", "exported_at"}:
            self._first(said["until"], said["tail"])
        elif said is not None and set(said) == {"end"} and not self._ended:
            self._end(said["end"])
            return
        else:
            self._say(Fault.ALTERED, "不是导出文件的写法", "is not written as an export writes", line=self._line)
        self._digest.update(line)

    def _first(self, until: object, tail: object) -> None:
        self._tail = tail is True or (isinstance(until, int) and until > len(self._heads))
        if not isinstance(until, int) or until < len(self._heads):
            self._say(
                Fault.TRUNCATED,
                f"导出止于第 {until} 期日签，而日签已发布到第 {len(self._heads)} 期",
                f"the export ends with head {until}, but the published heads go on to {len(self._heads)}",
            )

    def _end(self, said: object) -> None:
        self._ended = True
        written = {"entries": self._result.entries, "marks": self._marks_read, "sha256": self._digest.hexdigest()}
        if said != written:
            self._say(Fault.ALTERED, "文件导出后有改动：与其末行不符", "The file was changed after it was exported: its last line differs")

    # --- one chain -----------------------------------------------------------------------------------------------

    def _open_chain(self, chain: bytes) -> None:
        self._close_chain()
        if self._ended:
            self._say(Fault.INSERTED, "出现在文件结尾之后", "stands after the end of the file", chain)
        if chain <= self._last_chain:
            self._say(Fault.REORDERED, "不在其应在的位置", "does not stand in its place", chain)
        self._chain = self._last_chain = chain
        self._result.chains += 1

    def _close_chain(self) -> None:
        if not self._chain:
            return
        if self._broken:
            self._diagnose()
        vouched_to = 0
        for mark in self._marks:
            self._vouched[mark.head - 1].entries += max(0, mark.seq - vouched_to)
            vouched_to = max(vouched_to, mark.seq)
        after = len(self._entries) - vouched_to if not self._broken else sum(e.seq > vouched_to for e in self._entries)
        self._result.unvouched += after
        if after and not self._tail:
            self._say(Fault.INSERTED, "含有日签未及的条目", "holds entries that no head vouches for", self._chain, vouched_to + 1)
        self._chain, self._entries, self._marks, self._broken = b"", [], [], False

    def _diagnose(self) -> None:
        """What happened to a chain that does not hold together."""
        chain, found = self._chain, self._result.found
        by_seq: dict[int, _Entry] = {}
        highest = 0
        for entry in self._entries:
            if entry.seq in by_seq:
                self._say(Fault.INSERTED, "出现两次", "stands there twice", chain, entry.seq, line=entry.line)
                continue
            if entry.seq < highest:
                self._say(Fault.REORDERED, "不在其应在的位置", "does not stand in its place", chain, entry.seq, line=entry.line)
            highest = max(highest, entry.seq)
            by_seq[entry.seq] = entry
        self._find_gaps_and_breaks([by_seq[seq] for seq in sorted(by_seq)])
        for mark in self._marks:
            self._find_unkept(mark, by_seq.get(mark.seq), highest)
        if self._result.found == found:
            self._say(Fault.REORDERED, "日签标记不在其应在的位置", "a mark does not stand in its place", chain)

    def _find_gaps_and_breaks(self, entries: Sequence[_Entry]) -> None:
        chain, start = self._chain, _Entry(0, b"", NOTHING.encode(), 0)
        for earlier, later in pairwise([start, *entries]):
            if later.seq != earlier.seq + 1:
                first, last = earlier.seq + 1, later.seq - 1
                self._say(Fault.DELETED, f"缺第 {first} 至 {last} 个条目", f"entries {first} to {last} are missing", chain, first)
            elif later.prev != earlier.hash:
                which = max(earlier.seq, 1)
                self._say(
                    Fault.ALTERED,
                    f"第 {later.seq} 个条目所指的上一个条目不是它",
                    f"is not what entry {later.seq} says stood before it",
                    chain,
                    which,
                    line=later.line,
                )

    def _find_unkept(self, mark: _Mark, entry: _Entry | None, highest: int) -> None:
        if entry is None and mark.seq > highest:
            lost = f"{highest + 1}–{mark.seq}"
            self._say(
                Fault.TRUNCATED,
                f"第 {mark.head} 期日签所及的末尾条目（{lost}）被截去",
                f"its last entries ({lost}), which head {mark.head} vouches for, were cut off",
                self._chain,
                highest + 1,
                head=mark.head,
                line=mark.line,
            )
        elif entry is not None and entry.hash != mark.hash:
            self._say(
                Fault.ALTERED,
                f"与第 {mark.head} 期日签不符",
                f"is not what head {mark.head} vouches for",
                self._chain,
                mark.seq,
                head=mark.head,
                line=mark.line,
            )

    # --- the heads -----------------------------------------------------------------------------------------------

    def _compare(self, head: Head, vouched: _Vouched) -> None:
        chains, entries = vouched.tree.leaves, vouched.entries
        if vouched.tree.root() == head.root and chains == head.chains and entries == head.entries:
            return
        fault = Fault.DELETED if chains < head.chains else Fault.INSERTED if chains > head.chains else Fault.ALTERED
        self._say(
            fault,
            f"第 {head.number} 期日签（{head.day}）所及 {head.chains} 条链、{head.entries} 个条目；"
            f"文件中为 {chains} 条链、{entries} 个条目，或内容不同",
            f"head {head.number} of {head.day} vouches for {head.chains} chains with {head.entries} entries;"
            f" this file holds {chains} with {entries} for it, or others",
            head=head.number,
        )

    def _say(
        self,
        fault: Fault,
        zh: str,
        en: str,
        chain: bytes | None = None,
        seq: int | None = None,
        *,
        head: int | None = None,
        line: int | None = None,
    ) -> None:
        named = chain.decode() if chain is not None else None
        self._result.add(Finding(fault, Bilingual(zh=zh, en=en), named, seq, head, line if line is not None else self._line))


def _forged(place: int) -> Finding:
    text = Bilingual(zh="日签没有本机关的有效签名", en="the published head does not bear the office's signature")
    return Finding(Fault.ALTERED, text, head=place)


def _unlinked(place: int, number: int) -> Finding:
    if number > place:
        text = Bilingual(zh=f"缺第 {place} 至 {number - 1} 期日签", en=f"the published heads {place} to {number - 1} are missing")
        return Finding(Fault.DELETED, text, head=place)
    text = Bilingual(zh="日签与其上一期不相接", en="the published head does not name the one before it")
    return Finding(Fault.REORDERED, text, head=place)
