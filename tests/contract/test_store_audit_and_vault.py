"""The audit log and the sealed values, on every implementation of the store."""

from dataclasses import replace

import pytest

from domain.errors import FenbanError, HaltForPerson, Refused, RetryLater
from domain.ids import VaultOwner
from domain.records import AuditEntry
from store.rotation import rewrap_all
from store.unit_of_work import SqlStore
from store.vault import FieldVault
from tests.support.stores import NOW, mark, register

OWNER, OTHER = VaultOwner("owner-a"), VaultOwner("owner-b")
OLD, NEW, INDEX = b"m" * 32, b"n" * 32, b"i" * 32
VAULT = FieldVault({1: OLD}, {1: INDEX})


def entries(count: int, start: int = 0) -> list[AuditEntry]:
    return [
        AuditEntry(NOW, "clerk", "released", f"n-{n}", (("rule", "illegal"), ("n", str(n)))) for n in range(start, start + count)
    ]


def append(store: SqlStore, new: list[AuditEntry]) -> None:
    with store.unit_of_work() as uow:
        uow.audit.append(new)
        uow.commit()


def broken_by(store: SqlStore, statement: str) -> str:
    with store.transaction(write=True) as tx:
        tx.run(statement)
        tx.commit()
    with store.unit_of_work(write=False) as uow:
        return uow.audit.verify()


def test_the_audit_log_comes_back_in_order_and_holds(store: SqlStore) -> None:
    append(store, [])
    append(store, entries(3))
    append(store, entries(2, 3))
    with store.unit_of_work(write=False) as uow:
        assert list(uow.audit.entries()) == list(enumerate(entries(5), start=1))
        assert list(uow.audit.entries("n-3")) == [(4, entries(5)[3])]
        assert uow.audit.verify() == ""


def test_a_rolled_back_entry_leaves_no_gap(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        uow.audit.append(entries(3))
    append(store, entries(1))
    with store.unit_of_work(write=False) as uow:
        assert [position for position, _ in uow.audit.entries()] == [1]
        assert uow.audit.verify() == ""


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit SET detail = '[]' WHERE id = 2", "entry 2 was changed"),
        ("UPDATE audit SET actor = 'another' WHERE id = 1", "entry 1 was changed"),
        ("UPDATE audit SET at = at + 1 WHERE id = 3", "entry 3 was changed"),
        ("DELETE FROM audit WHERE id = 2", "entry 2 is missing"),
        ("DELETE FROM audit WHERE id = 1", "entry 1 is missing"),
        ("DELETE FROM audit WHERE id = 3", "ends at entry 2 but had 3"),
        ("DELETE FROM audit", "ends at entry 0 but had 3"),
        ("UPDATE audit_head SET entries = 2", "ends at entry 3 but had 2"),
        ("UPDATE audit_head SET hash = (SELECT hash FROM audit WHERE id = 2)", "not that of entry 3"),
        ("DELETE FROM audit_head", "lost its head row"),
    ],
)
def test_what_was_done_to_the_audit_log_shows(store: SqlStore, statement: str, found: str) -> None:
    append(store, entries(3))
    assert found in broken_by(store, statement)


def test_sealed_values_come_back_newest_last(store: SqlStore) -> None:
    first = VAULT.seal(OWNER, [("capture", b"bytes"), ("sender", b"name")])
    with store.unit_of_work() as uow:
        uow.vault.put([*first, *VAULT.seal(OTHER, [("capture", b"else")])])
        uow.commit()
    with store.unit_of_work() as uow:
        again = VAULT.seal(OWNER, [("capture", b"more")], existing=uow.vault.get(OWNER))
        uow.vault.put(again)
        uow.commit()
    with store.unit_of_work(write=False) as uow:
        found = uow.vault.get(OWNER, "capture")
        assert [(value.version, VAULT.open(value)) for value in found] == [(1, b"bytes"), (2, b"more")]
        assert len(uow.vault.get(OWNER)) == 3
        assert uow.vault.get(VaultOwner("nobody")) == []
        assert uow.vault.of([OWNER, OTHER, VaultOwner("nobody")]) == {one: uow.vault.get(one) for one in (OWNER, OTHER)}


def test_a_version_is_stored_once(store: SqlStore) -> None:
    sealed = VAULT.seal(OWNER, [("capture", b"bytes")])
    with store.unit_of_work() as uow:
        uow.vault.put(sealed)
        uow.commit()
    with store.unit_of_work() as uow, pytest.raises(RetryLater):
        uow.vault.put(sealed)


def test_an_owner_has_one_data_key(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        uow.vault.put(VAULT.seal(OWNER, [("capture", b"bytes")]))
        with pytest.raises(Refused, match="second data key"):
            uow.vault.put(VAULT.seal(OWNER, [("sender", b"name")]))
    mixed = [*VAULT.seal(OTHER, [("capture", b"1")]), *VAULT.seal(OTHER, [("sender", b"2")])]
    with store.unit_of_work() as uow, pytest.raises(Refused, match="second data key"):
        uow.vault.put(mixed)


def test_what_is_shredded_is_never_read_again(store: SqlStore) -> None:
    (number,) = register(store, "a", marks=(mark("one"),))
    with store.unit_of_work() as uow:
        sealed = VAULT.seal(OWNER, [("capture", b"bytes")])
        uow.vault.put(sealed)
        uow.sameness.claim_text(mark("one").hash, b"text", number, NOW, 24)
        uow.vault.shred(OWNER)
        uow.commit()
    with store.unit_of_work() as uow:
        with pytest.raises(HaltForPerson, match="shredded"):
            uow.vault.get(OWNER)
        assert uow.vault.of([OWNER]) == {}
        with pytest.raises(HaltForPerson, match="shredded"):
            uow.vault.put(VAULT.seal(OWNER, [("capture", b"again")]))
        assert uow.sameness.by_marks([mark("one")], NOW) == []
        assert uow.reads.messages([number])[number].marks == ()
    with store.transaction(write=False) as tx:
        (left,) = tx.fetch("SELECT wrapped_key FROM data_keys")
        assert set(bytes(left[0])) == {0}
        assert tx.fetch("SELECT count(*) FROM text_claims") == [(0,)]
    with pytest.raises(HaltForPerson):
        VAULT.open(replace(sealed[0], wrapped_key=bytes(left[0])))


def test_a_rotation_that_is_killed_midway_leaves_everything_readable_and_goes_on(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        uow.vault.put([value for n in range(10) for value in VAULT.seal(VaultOwner(str(n)), [("capture", b"bytes %d" % n)])])
        uow.commit()
    both = FieldVault({1: OLD, 2: NEW}, {1: INDEX})

    def killed(done: int) -> None:
        if done >= 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rewrap_all(store, both, batch=3, progress=killed)
    assert opened(store, both) == 10
    assert rewrap_all(store, both, batch=3) == 4
    assert rewrap_all(store, both) == 0
    assert opened(store, FieldVault({2: NEW}, {1: INDEX})) == 10
    # Whoever still runs with the older key alone is told so, and does not turn the wrapping back.
    assert rewrap_all(store, VAULT) == 0
    with pytest.raises(HaltForPerson, match="master key 2 is missing"):
        opened(store, VAULT)


def opened(store: SqlStore, vault: FieldVault) -> int:
    with store.unit_of_work(write=False) as uow:
        values = [uow.vault.get(VaultOwner(str(n)))[0] for n in range(10)]
    assert [vault.open(value) for value in values] == [b"bytes %d" % n for n in range(10)]
    return len(values)


def test_an_error_names_no_value(store: SqlStore) -> None:
    secret = VaultOwner("19900001234")
    with store.unit_of_work() as uow, pytest.raises(FenbanError) as caught:
        uow.vault.put(VAULT.seal(secret, [("capture", b"x")]) * 2)
    assert secret not in str(caught.value)
