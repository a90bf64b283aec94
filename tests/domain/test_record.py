"""The record's format, and an export of a small office that is tampered with in every way we know."""

import hashlib
import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.record import MerkleTree, SignedHead, head_of
from domain.record_checks import Fault, RecordCheck, Verification, check_heads
from tests import tampering
from tests.ledger import Ledger, PlainSeal
from tests.tampering import Lines


@pytest.fixture
def ledger() -> Ledger:
    """Nine chains under three heads; some grow under each."""
    ledger = Ledger()
    for day in range(3):
        for case in range(9):
            for _ in range((case + day) % 4):
                ledger.enter(f"case-{case}")
        ledger.seal()
    return ledger


def verified(heads: Sequence[SignedHead], lines: Sequence[bytes], *, until: int | None = None) -> Verification:
    check = RecordCheck(heads, until=until)
    check.feed(lines)
    return check.finish()


def faults(found: Verification) -> set[Fault]:
    return {finding.fault for finding in found.findings}


# --- what is whole ---------------------------------------------------------------------------------------------------


def test_an_untouched_export_verifies(ledger: Ledger) -> None:
    found = verified(ledger.heads, ledger.export())
    assert found.whole, found.findings
    assert (found.entries, found.chains, found.heads, found.unvouched) == (sum(map(len, ledger.chains.values())), 9, 3, 0)


def test_what_came_after_the_last_head_is_said_to_be_not_yet_vouched_for(ledger: Ledger) -> None:
    ledger.enter("case-1")
    ledger.enter("case-new")
    found = verified(ledger.heads, ledger.export(tail=True))
    assert (found.whole, found.unvouched) == (True, 2)
    assert verified(ledger.heads, ledger.export()).unvouched == 0


def test_heads_kept_from_earlier_vouch_as_far_as_they_go(ledger: Ledger) -> None:
    found = verified(ledger.heads[:2], ledger.export())
    assert found.whole and found.unvouched == ledger.heads[2].head.entries


def test_an_export_that_ends_before_the_published_heads_is_cut_off_unless_that_was_asked_for(ledger: Ledger) -> None:
    early = ledger.export()
    ledger.enter("case-1")
    ledger.seal()
    assert faults(verified(ledger.heads, early)) == {Fault.TRUNCATED, Fault.DELETED}
    assert verified(ledger.heads, early, until=3).whole


# --- what was done to it ---------------------------------------------------------------------------------------------


def test_a_thousand_random_alterations_are_all_found(ledger: Ledger) -> None:
    whole, chance = ledger.export(), random.Random(20261122)
    for _ in range(1000):
        way, changed = tampering.tamper(whole, chance)
        assert not verified(ledger.heads, changed).whole, (way, changed)


@pytest.mark.parametrize("way", tampering.CAREFUL, ids=lambda way: way.__name__)
def test_who_puts_every_hash_right_is_found_by_the_heads(ledger: Ledger, way: Callable[[Lines, random.Random], Lines]) -> None:
    whole, chance = ledger.export(), random.Random(7)
    for _ in range(50):
        found = verified(ledger.heads, way(list(whole), chance))
        assert any(finding.head is not None or finding.chain is not None for finding in found.findings), way


def place_of(lines: Sequence[bytes], chain: str, seq: int) -> int:
    return next(i for i, line in enumerate(lines) if f'"chain":"{chain}","seq":{seq},"at"'.encode() in line)


def test_what_happened_is_said_with_its_place(ledger: Ledger) -> None:
    whole = ledger.export()
    second = place_of(whole, "case-7", 2)

    altered = [line.replace(b"noted", b"moved") if i == second else line for i, line in enumerate(whole)]
    (finding, *_) = verified(ledger.heads, altered).findings
    assert (finding.fault, finding.chain, finding.seq, finding.line) == (Fault.ALTERED, "case-7", 2, second + 1)

    deleted = tampering.closed([line for i, line in enumerate(whole) if i != second])
    assert [(f.fault, f.chain, f.seq) for f in verified(ledger.heads, deleted).findings] == [(Fault.DELETED, "case-7", 2)]

    swapped = list(whole)
    swapped[second - 1], swapped[second] = swapped[second], swapped[second - 1]
    assert Fault.REORDERED in faults(verified(ledger.heads, tampering.closed(swapped)))

    twice = tampering.closed([*whole[:second], whole[second], *whole[second:]])
    assert [(f.fault, f.chain, f.seq) for f in verified(ledger.heads, twice).findings] == [(Fault.INSERTED, "case-7", 2)]

    last = max(i for i, line in enumerate(whole) if tampering.chain_of(line) == b"case-7" and b'"body"' in line)
    cut = tampering.closed([line for i, line in enumerate(whole) if i != last])
    (finding,) = verified(ledger.heads, cut).findings
    assert (finding.fault, finding.chain, finding.seq) == (Fault.TRUNCATED, "case-7", len(ledger.chains["case-7"]))


def test_a_chain_that_is_gone_is_missed_by_its_head(ledger: Ledger) -> None:
    gone = tampering.closed([line for line in ledger.export() if tampering.chain_of(line) != b"case-4"])
    found = verified(ledger.heads, gone)
    assert faults(found) == {Fault.DELETED}
    assert "vouches for" in found.findings[0].text.en


def test_a_number_out_of_this_world_is_no_burden(ledger: Ledger) -> None:
    ledger.enter("case-1")
    last = f'"seq":{len(ledger.chains["case-1"])},"at"'.encode()
    whole = ledger.export(tail=True)
    huge = [line.replace(last, b'"seq":9999999999999999999,"at"') if b"case-1" in line else line for line in whole]
    assert not verified(ledger.heads, huge).whole


def test_findings_are_counted_when_they_are_too_many_to_keep(ledger: Ledger) -> None:
    found = verified(ledger.heads, [b"rubbish\n"] * 1000)
    assert found.found > 1000 and len(found.findings) == 200


def test_no_file_at_all_is_not_whole(ledger: Ledger) -> None:
    assert not verified(ledger.heads, []).whole
    assert not verified([], []).whole


# --- heads -----------------------------------------------------------------------------------------------------------


def test_heads_follow_one_another(ledger: Ledger) -> None:
    tokens = [head.token for head in ledger.heads]
    assert check_heads(tokens, PlainSeal()) == (ledger.heads, [])
    for changed, fault, read in (
        (tokens[1:], Fault.DELETED, 0),
        ([tokens[0], tokens[2]], Fault.DELETED, 1),
        ([tokens[0], tokens[0]], Fault.REORDERED, 1),
        ([tokens[0], "other.00", tokens[2]], Fault.ALTERED, 1),
    ):
        heads, found = check_heads(changed, PlainSeal())
        assert (len(heads), [finding.fault for finding in found]) == (read, [fault])


def test_a_head_that_was_made_again_does_not_fit_the_next(ledger: Ledger) -> None:
    other = ledger.heads[1].head.model_copy(update={"root": "ab" * 32})
    tokens = [ledger.heads[0].token, PlainSeal().sign(other.payload()), ledger.heads[2].token]
    heads, found = check_heads(tokens, PlainSeal())
    assert len(heads) == 2 and [finding.fault for finding in found] == [Fault.REORDERED]


def test_a_head_reads_only_as_it_is_written(ledger: Ledger) -> None:
    payload = ledger.heads[0].head.payload()
    assert head_of(payload) == ledger.heads[0].head
    for changed in (
        payload + b" ",
        payload.replace(b":1", b": 1"),
        payload.replace(b"onetrip-record-1", b"onetrip-record-2"),
        b"[]",
        b"\xff",
    ):
        assert head_of(changed) is None


@given(st.lists(st.binary(max_size=8), max_size=40))
def test_the_tree_is_that_of_rfc_9162(leaves: list[bytes]) -> None:
    def tree_hash(part: Sequence[bytes]) -> bytes:
        if not part:
            return hashlib.sha256(b"").digest()
        if len(part) == 1:
            return hashlib.sha256(b"\x00" + part[0]).digest()
        split = 1 << ((len(part) - 1).bit_length() - 1)
        return hashlib.sha256(b"\x01" + tree_hash(part[:split]) + tree_hash(part[split:])).digest()

    tree = MerkleTree()
    for leaf in leaves:
        tree.add(leaf)
    assert tree.root() == tree_hash(leaves).hex()
