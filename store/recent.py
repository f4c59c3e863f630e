"""How much came lately, without an index on time: rows have rising ids, so the first of the last minutes is found by a search
on the primary key, from the newest backwards. What one transaction stored early and committed late may be off by a few."""

from store.engine import Transaction

COUNTED = 5000
"""Up to so many rows are counted, between two ids, which every planner takes for few; of more, the ids say how many were given."""


def since(tx: Transaction, table: str, time: str, moments: list[int], key: str = "id") -> list[int]:
    """For each moment (microseconds, the latest first) how many rows of ``table`` have ``time`` at or after it."""
    found: list[int] = []
    for first, after in _starts(tx, table, time, moments, key):
        if 0 < after - first <= COUNTED:
            query = f"SELECT count(*) FROM {table} WHERE {key} >= ? AND {key} < ?"
            found.append(int(tx.fetch(query, (first, after))[0][0]))
        else:
            found.append(after - first)
    return found


def delivered_since(tx: Transaction, moments: list[int]) -> list[int]:
    """As ``since`` for records that reached their topic."""
    found: list[int] = []
    for first, after in _starts(tx, "outbox", "settled_at", moments, "id"):
        if 0 < after - first <= COUNTED:
            query = "SELECT count(*) FROM outbox WHERE id >= ? AND id < ? AND state = 'delivered' AND settled_at >= ?"
            found.append(int(tx.fetch(query, (first, after, moments[len(found)]))[0][0]))
        else:
            waiting = tx.fetch("SELECT count(*) FROM outbox WHERE state = 'pending' AND id >= ?", (first,))[0][0]
            found.append(max(0, after - first - int(waiting)))
    return found


def _starts(tx: Transaction, table: str, time: str, moments: list[int], key: str) -> list[tuple[int, int]]:
    """(first id from which on rows are of the moment or later, the id after the last) for each. No time yet is later."""
    top = tx.fetch(f"SELECT max({key}) FROM {table}")[0][0] or 0
    probe = f"SELECT {key}, {time} FROM {table} WHERE {key} >= ? ORDER BY {key} LIMIT 1"
    found: list[tuple[int, int]] = []
    first = top + 1
    for moment in moments:
        first = _first(tx, probe, moment, first)
        found.append((first, top + 1))
    return found


def _first(tx: Transaction, probe: str, moment: int, high: int) -> int:
    """The least id from which on rows are of the moment or later; ``high`` is known to be one such, or past the last."""

    def earlier(place: int) -> bool:
        row = tx.fetch(probe, (place,))
        return bool(row) and row[0][0] < high and row[0][1] is not None and row[0][1] < moment

    step, low = 1, high - 1
    while low >= 1 and not earlier(low):
        high, step = low, step * 2
        low = high - step
    low = max(low, 0)
    while high - low > 1:
        middle = (low + high) // 2
        if earlier(middle):
            low = middle
        else:
            high = middle
    return high
