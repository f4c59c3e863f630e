"""The audit chain holds for whatever was appended however, and for nothing else."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.records import AuditEntry
from store.audit import START, link
from store.unit_of_work import SqlStore
from tests.support.stores import NOW, sqlite_url

words = st.text(alphabet=st.characters(codec="utf-8"), max_size=8)
entries = st.builds(
    AuditEntry,
    at=st.just(NOW),
    actor=words,
    action=words,
    subject=words,
    detail=st.lists(st.tuples(words, words), max_size=3).map(tuple),
)
COLUMNS = ("actor", "action", "subject", "detail", "at", "hash")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(entries, max_size=4), min_size=1, max_size=4), st.data())
def test_a_change_of_any_entry_shows(batches: list[list[AuditEntry]], data: st.DataObject) -> None:
    flat = [entry for batch in batches for entry in batch]
    with tempfile.TemporaryDirectory() as folder:
        store = SqlStore(sqlite_url(Path(folder)))
        for batch in batches:
            with store.unit_of_work() as uow:
                uow.audit.append(batch)
                uow.commit()
        with store.unit_of_work(write=False) as uow:
            assert [entry for _, entry in uow.audit.entries()] == flat
            assert uow.audit.verify() == ""
        if flat:
            row, column = data.draw(st.integers(1, len(flat))), data.draw(st.sampled_from(COLUMNS))
            other = "at + 1" if column == "at" else "x'00'" if column == "hash" else f"{column} || 'x'"
            with store.transaction(write=True) as tx:
                tx.run(f"UPDATE audit SET {column} = {other} WHERE id = ?", (row,))
                tx.commit()
            with store.unit_of_work(write=False) as uow:
                assert f"entry {row} " in uow.audit.verify()
        store.close()


@given(st.tuples(words, words, words, words), st.tuples(words, words, words, words))
def test_different_entries_have_different_hashes(one: tuple[str, str, str, str], other: tuple[str, str, str, str]) -> None:
    hashes = {link(START, 1, 0, *one), link(START, 1, 0, *other), link(bytes(31) + b"1", 1, 0, *one), link(START, 2, 0, *one)}
    assert len(hashes) == (4 if one != other else 3)
