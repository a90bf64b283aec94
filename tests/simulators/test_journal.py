"""The journal keeps whole lines, and only those."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from simulators.journal import Journal

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
ENTRIES = st.lists(st.dictionaries(TEXT, TEXT, max_size=3), max_size=6)


@given(ENTRIES, st.integers(0, 200))
def test_a_journal_cut_anywhere_gives_its_whole_lines_and_goes_on(entries: list[dict[str, str]], cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        journal = Journal(path)
        for entry in entries:
            journal.append(entry)
        journal.close()
        content = path.read_bytes()
        path.write_bytes(content[:cut])
        whole = content[:cut].count(b"\n")

        again = Journal(path)
        assert again.entries == entries[:whole]
        again.append({"after": "the cut"})
        again.close()
        last = Journal(path)
        last.close()
        assert last.entries == [*entries[:whole], {"after": "the cut"}]
