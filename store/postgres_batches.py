"""Statements for many rows as one, which costs PostgreSQL and its driver a fraction of one for each row: plain inserts become
COPY, others take their rows from arrays."""

import re
from collections.abc import Sequence
from functools import cache
from types import NoneType
from typing import Any

from sqlalchemy import BigInteger, Double, Integer, LargeBinary, SmallInteger, Table, Text

from store.schema import metadata

LEAST_ROWS = 8

_PLAIN = re.compile(r"INSERT INTO (\w+) \(([\w, ]+)\) VALUES \([?, ]+\)")
_CAREFUL = re.compile(rf"{_PLAIN.pattern} (ON CONFLICT.*)")
_CHANGE = re.compile(r"UPDATE (\w+) SET (.*) WHERE (.*)", re.DOTALL)
_COMPARED = re.compile(r"(\w+) (?:=|<=|>=|<>) \?")
# Integer and SmallInteger are no kinds of BigInteger here, so the order does not matter.
_TYPES = (
    (BigInteger, "int8"),
    (SmallInteger, "int2"),
    (Integer, "int4"),
    (Text, "text"),
    (LargeBinary, "bytea"),
    (Double, "float8"),
)


@cache
def as_copy(sql: str) -> str | None:
    """COPY for an INSERT without a conflict clause, else None."""
    found = _PLAIN.fullmatch(sql)
    return f"COPY {found[1]} ({found[2]}) FROM STDIN" if found else None


@cache
def as_arrays(sql: str) -> str | None:
    """The statement with an array for each parameter, None where that cannot be said. Its rows must be distinct: a row of the
    store is inserted or changed once only."""
    found = _CAREFUL.fullmatch(sql)
    if found is not None:
        table = metadata.tables[found[1]]
        arrays = ", ".join(f"%s::{_type(table, name)}[]" for name in found[2].split(", "))
        return f"INSERT INTO {found[1]} ({found[2]}) SELECT * FROM unnest({arrays}) {found[3]}"
    found = _CHANGE.fullmatch(sql)
    compared = _COMPARED.findall(sql) if found else []
    if found is None or len(compared) != sql.count("?"):
        return None
    table = metadata.tables[found[1]]
    arrays = ", ".join(f"%s::{_type(table, name)}[]" for name in compared)
    names = ", ".join(f"given_{n}" for n in range(len(compared)))
    head, *tail = f"SET {found[2]} FROM unnest({{}}) AS given ({names}) WHERE {found[3]}".split("?")
    body = head + "".join(f"given_{n}{part}" for n, part in enumerate(tail))
    return f"UPDATE {found[1]} {body.replace('%', '%%').format(arrays)}"


def _type(table: Table, column: str) -> str:
    kind = table.c[column].type
    return next(name for known, name in _TYPES if isinstance(kind, known))


def array_of(values: Sequence[Any]) -> str | list[Any]:
    """The values as PostgreSQL writes an array, made at once, which psycopg does value by value; a list where it must."""
    kinds = set(map(type, values))
    if kinds and kinds <= {int, NoneType}:
        return f"{{{','.join(['NULL' if value is None else str(value) for value in values])}}}"
    if kinds == {bytes}:
        # The array's own quoting takes one of the two backslashes.
        return '{"\\\\x' + '","\\\\x'.join([value.hex() for value in values]) + '"}'
    if kinds != {str}:
        return list(values)
    joined = '","'.join(values)
    if "\\" in joined or joined.count('"') != 2 * (len(values) - 1):
        joined = '","'.join([value.replace("\\", "\\\\").replace('"', '\\"') for value in values])
    return f'{{"{joined}"}}'
