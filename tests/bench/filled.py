"""Many messages without the time they would take: what the pipeline made, copied inside PostgreSQL.

Each copy moves a whole day's messages to a day before: the date in every number, every time, every id; their external ids,
their owners and all keyed hashes are others. So each message of a copy has its matter, version, marks, text claims, item, capture,
data key, sealed values, decision, assignments, outbox record and payload, in the proportions and sizes of real ones. What
does not hold: sealed values of copies cannot be opened (they are bound to their owner), the audit log is not copied. VACUUM
ANALYZE follows, as autovacuum would.
"""

from collections.abc import Iterator

import psycopg
from psycopg import sql

from store.schema import SEQUENCES, metadata

_TABLES = [
    "polls",
    "items",
    "captures",
    "matters",
    "messages",
    "versions",
    "marks",
    "text_claims",
    "decisions",
    "assignments",
    "outbox",
    "outbox_payloads",
    "data_keys",
    "sealed_values",
]
_ROW_IDS = {
    "polls": {"id": "polls"},
    "items": {"id": "items"},
    "captures": {"id": "captures", "poll": "polls"},
    "messages": {"id": "messages"},
    "versions": {"message_id": "messages"},
    "marks": {"message_id": "messages"},
    "decisions": {"id": "decisions"},
    "assignments": {"position": "assignments"},
    "outbox": {"id": "outbox"},
    "outbox_payloads": {"outbox_id": "outbox"},
    "data_keys": {"id": "data_keys"},
    "sealed_values": {"key_id": "data_keys"},
}
_COUNTERS = (
    "INSERT INTO number_counters (channel, day, value) "
    "SELECT channel, to_char(to_date(day, 'YYYYMMDD') - n, 'YYYYMMDD'), value FROM number_counters, generate_series(1, %s) n"
)
_MARKS = (
    "(SELECT coalesce(string_agg(split_part(one, ':', 1) || ':' || split_part(one, ':', 2) || ':' || "
    "encode(substr(sha256(decode(split_part(one, ':', 3), 'hex') || n::text::bytea), 1, 16), 'hex'), ' '), '') "
    "FROM unnest(string_to_array(t.marks, ' ')) one)"
)
_NUMBERED = {"number", "matter", "id", "key", "event_id", "repeat_of", "merged_into", "headers", "value"}
_NAMED = {"external_id", "owner"}
_HASHES = {"hash", "person", "text_hash"}
_TIMES = {
    "at",
    "opened_at",
    "answered_at",
    "closed_at",
    "promised",
    "registered_at",
    "submitted_at",
    "fetched_at",
    "decided_at",
    "due",
    "sent_at",
    "signed_at",
    "completed_at",
    "returned_at",
    "withdrawn_at",
    "created_at",
    "settled_at",
}


def fill(url: str, stored: int, wanted: int) -> None:
    """Copies the ``stored`` messages of a database, all registered on one day, until there are ``wanted``."""
    with psycopg.connect(url, autocommit=True) as connection:
        # Foreign keys hold by construction; checking them row by row is what takes the time.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '256MB'")
        tops = {table: _one(connection, f"SELECT coalesce(max({column}), 0) FROM {table}") for table, column in SEQUENCES.items()}
        day = str(_one(connection, "SELECT substr(min(number), 1, 9) FROM messages"))
        copies = -(-wanted // stored) - 1
        for table in _TABLES:
            for part in range(1, copies + 1, 10):
                _copy(connection, table, tops, day, part, min(part + 9, copies))
        connection.execute(_COUNTERS, (copies,))
        for table, column in SEQUENCES.items():
            connection.execute(f"SELECT setval('{table}_{column}_seq', (SELECT coalesce(max({column}), 0) + 1 FROM {table}))")
        connection.execute("VACUUM ANALYZE")


def _copy(connection: psycopg.Connection, table: str, tops: dict[str, int], day: str, first: int, last: int) -> None:
    columns = [column.name for column in metadata.tables[table].columns]
    values = ", ".join(_value(table, column, tops) for column in columns)
    old = sql.Literal(day)
    new = "to_char(to_date(left({0}, 8), 'YYYYMMDD') - n, 'YYYYMMDD') || '-'"
    query = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} t, generate_series({first}, {last}) n"
    if table in tops:
        query += f" WHERE t.{SEQUENCES[table]} <= {tops[table]}"
    else:
        query += f" WHERE {_original(table, tops)}"
    connection.execute(sql.SQL(query.replace("{new}", new.replace("{0}", "{old}"))).format(old=old))


def _original(table: str, tops: dict[str, int]) -> str:
    """Which rows are the pipeline's own."""
    for column, of in _ROW_IDS.get(table, {}).items():
        return f"t.{column} <= {tops[of]}"
    return f"left(t.{'number' if table == 'text_claims' else 'id'}, 9) = {{old}}"


def _value(table: str, column: str, tops: dict[str, int]) -> str:
    if of := _ROW_IDS.get(table, {}).get(column):
        return f"t.{column} + n * {tops[of]}::int8"
    if column in _HASHES:
        return f"substr(sha256(t.{column} || n::text::bytea), 1, 16)"
    if column in _NAMED:
        return f"md5(t.{column} || n::text)"
    if column == "marks":
        return _MARKS
    if column in _TIMES:
        return f"t.{column} - n * 86400000000"
    if column in _NUMBERED:
        return f"replace(t.{column}, {{old}}, {{new}})"
    return f"t.{column}"


def _one(connection: psycopg.Connection, query: str) -> int:
    found = connection.execute(query).fetchone()
    assert found is not None
    return found[0]  # type: ignore[no-any-return]


def sizes(url: str) -> Iterator[tuple[str, int]]:
    """How many rows each table has."""
    with psycopg.connect(url) as connection:
        for table in _TABLES:
            yield table, _one(connection, f"SELECT count(*) FROM {table}")
