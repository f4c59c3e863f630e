"""What is written as one statement for many rows is what was asked for row by row."""

import pytest

from store import captures, matters, messages, outbox, sameness, vault_rows
from store.postgres_batches import array_of, as_arrays, as_copy


def test_plain_inserts_are_copied_and_careful_ones_are_not() -> None:
    assert as_copy("INSERT INTO notes (id, text) VALUES (?, ?)") == "COPY notes (id, text) FROM STDIN"
    assert as_copy(messages._INSERT_MARK) is None
    assert as_arrays(messages._INSERT_MARK) == (
        "INSERT INTO marks (hash, message_id) SELECT * FROM unnest(%s::bytea[], %s::int8[]) ON CONFLICT DO NOTHING"
    )


def test_a_change_takes_its_values_from_arrays() -> None:
    assert as_arrays("UPDATE outbox SET settled_at = ?, reason = '100 %' WHERE id = ? AND state = 'pending'") == (
        "UPDATE outbox SET settled_at = given_0, reason = '100 %%' FROM unnest(%s::int8[], %s::int8[]) "
        "AS given (given_0, given_1) WHERE id = given_1 AND state = 'pending'"
    )


@pytest.mark.parametrize(
    "sql",
    [
        messages._CLAIM,
        messages._SETTLE_OWN,
        messages._INSERT_ITEM,
        outbox._DELIVERED,
        sameness._CLAIM_SLOT,
        vault_rows._INSERT_KEY,
        *matters._UPDATE.values(),
    ],
)
def test_every_hot_statement_has_its_form_for_arrays(sql: str) -> None:
    found = as_arrays(sql)
    assert found is not None
    assert found.replace("%%", "").count("%s") == sql.count("?")


def test_what_cannot_be_said_with_arrays_is_left_as_it_is() -> None:
    assert as_arrays(captures._COUNT_DIRECT) is not None
    assert as_arrays(outbox._RETRY) is None
    assert as_arrays("DELETE FROM marks WHERE hash = ?") is None


def test_an_array_is_written_as_postgresql_reads_it() -> None:
    assert array_of([1, -5]) == "{1,-5}"
    assert array_of([None, 2]) == "{NULL,2}"
    assert array_of(["a", "b,c"]) == '{"a","b,c"}'
    assert array_of(['"', "\\"]) == '{"\\"","\\\\"}'
    assert array_of([b"\0\xff", b""]) == '{"\\\\x00ff","\\\\x"}'


def test_of_mixed_kinds_the_driver_makes_the_array() -> None:
    assert array_of(["a", None]) == ["a", None]
    assert array_of([True, 1]) == [True, 1]
    assert array_of([]) == []
