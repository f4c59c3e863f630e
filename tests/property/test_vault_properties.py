"""A sealed value opens in its own place with its own key, and nowhere else."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.errors import BadSettings, HaltForPerson
from domain.ids import VaultOwner
from domain.records import SealedValue
from store.vault import FieldVault

MASTER, INDEX = b"m" * 32, b"i" * 32
VAULT = FieldVault({1: MASTER}, {1: INDEX})
names = st.text(min_size=1, max_size=12)
owners = st.text(min_size=1, max_size=40).map(VaultOwner)
values = st.one_of(
    st.binary(max_size=600), st.text(max_size=300).map(str.encode), st.binary(max_size=9).map(lambda part: part * 2000)
)


@given(owners, st.lists(st.tuples(names, values), max_size=5))
def test_what_is_sealed_opens(owner: VaultOwner, given_values: list[tuple[str, bytes]]) -> None:
    sealed = VAULT.seal(owner, given_values)
    assert [VAULT.open(value) for value in sealed] == [value for _, value in given_values]
    assert [(value.owner, value.name) for value in sealed] == [(owner, name) for name, _ in given_values]
    assert len({value.wrapped_key for value in sealed}) <= 1
    places = [(value.name, value.version) for value in sealed]
    assert len(set(places)) == len(places)


@given(owners, names, names, values, values)
def test_later_versions_go_on_under_the_same_key(owner: VaultOwner, name: str, other: str, one: bytes, two: bytes) -> None:
    first = VAULT.seal(owner, [(name, one)])
    (second, third) = VAULT.seal(owner, [(name, two), (other, two)], existing=first)
    assert second.version == 2
    assert third.version == (3 if other == name else 1)
    assert second.wrapped_key == first[0].wrapped_key
    assert second.cipher != first[0].cipher
    assert [VAULT.open(value) for value in (*first, second, third)] == [one, two, two]


@given(owners, owners, names, names, values, st.integers(1, 9))
def test_out_of_its_place_nothing_opens(
    owner: VaultOwner, stranger: VaultOwner, name: str, other: str, value: bytes, version: int
) -> None:
    assume(owner != stranger and name != other)
    (sealed,) = VAULT.seal(owner, [(name, value)])
    (theirs,) = VAULT.seal(stranger, [(name, value)])
    for moved in (
        replace(sealed, owner=stranger),
        replace(sealed, name=other),
        replace(sealed, version=sealed.version + version),
        replace(sealed, wrapped_key=theirs.wrapped_key),
        replace(sealed, owner=stranger, wrapped_key=theirs.wrapped_key),
        replace(sealed, cipher=theirs.cipher),
    ):
        with pytest.raises(HaltForPerson):
            VAULT.open(moved)


@given(values, st.data())
def test_no_bit_can_be_changed(value: bytes, data: st.DataObject) -> None:
    (sealed,) = VAULT.seal(VaultOwner("owner"), [("name", value)])
    for held in (sealed.cipher, sealed.wrapped_key):
        at = data.draw(st.integers(0, len(held) * 8 - 1))
        changed = bytearray(held)
        changed[at // 8] ^= 1 << at % 8
        with pytest.raises(HaltForPerson):
            VAULT.open(_with(sealed, held, bytes(changed)))
        with pytest.raises(HaltForPerson):
            VAULT.open(_with(sealed, held, held[: data.draw(st.integers(0, len(held) - 1))]))


def _with(sealed: SealedValue, held: bytes, changed: bytes) -> SealedValue:
    return replace(sealed, cipher=changed) if held is sealed.cipher else replace(sealed, wrapped_key=changed)


@given(owners, values)
def test_rewrapping_keeps_the_value_and_frees_the_old_key(owner: VaultOwner, value: bytes) -> None:
    both = FieldVault({1: MASTER, 2: b"n" * 32}, {1: INDEX})
    (sealed,) = VAULT.seal(owner, [("name", value)])
    again = both.rewrap(sealed)
    assert (again.cipher, again.master_version) == (sealed.cipher, 2)
    assert both.rewrap(again) == again
    new = FieldVault({2: b"n" * 32}, {1: INDEX})
    assert new.open(again) == both.open(sealed) == value
    with pytest.raises(HaltForPerson, match="master key 2 is missing"):
        VAULT.open(again)
    with pytest.raises(HaltForPerson, match="data key does not open"):
        FieldVault({1: b"x" * 32}, {1: INDEX}).open(sealed)
    with pytest.raises(HaltForPerson):
        both.open(replace(sealed, master_version=2))


def test_the_plain_text_is_nowhere_and_equal_values_look_different() -> None:
    one, two = VAULT.seal(VaultOwner("owner"), [("name", b"19900001234"), ("name", b"19900001234")])
    assert b"19900001234" not in one.cipher
    assert one.cipher[:13] != two.cipher[:13]


def test_an_unknown_format_is_said_so() -> None:
    (sealed,) = VAULT.seal(VaultOwner("owner"), [("name", b"value")])
    with pytest.raises(HaltForPerson, match="format"):
        VAULT.open(replace(sealed, cipher=b"\x09" + sealed.cipher[1:]))


def test_keys_of_another_length_are_refused() -> None:
    with pytest.raises(BadSettings, match="index key"):
        FieldVault({1: MASTER}, {1: b"short"})
    with pytest.raises(BadSettings, match="master key"):
        FieldVault({}, {1: INDEX})
