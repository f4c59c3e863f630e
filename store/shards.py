"""Which relay moves which part of the outbox (``domain.ports.ShardRepository``).

Each of the 64 shards is a lease, each relay that lives another by which the relays count themselves: everybody holds an equal
part, gives back what is more, and takes what nobody holds.
"""

from collections.abc import Sequence
from datetime import datetime

from domain.errors import LeaseLost
from domain.records import Lease
from store.engine import Transaction
from store.outbox import SHARDS
from store.times import from_us, to_us

_NAMES = tuple(f"relay:{shard:02d}" for shard in range(SHARDS))
_MAKE = "INSERT INTO leases (name, owner, token, until) VALUES (?, '', 0, 0) ON CONFLICT DO NOTHING"
_PRESENT = (
    "INSERT INTO leases (name, owner, token, until) VALUES (?, ?, 1, ?) ON CONFLICT (name) DO UPDATE SET until = excluded.until"
)
_GONE = "DELETE FROM leases WHERE name LIKE 'relays/%' AND until <= ?"
_ALIVE = "SELECT count(*) FROM leases WHERE name LIKE 'relays/%'"
_ALL = "SELECT name, owner, token, until FROM leases WHERE name LIKE 'relay:%' ORDER BY name"
_SET = "UPDATE leases SET owner = ?, token = ?, until = ? WHERE name = ?"
_LEAVE = "UPDATE leases SET until = 0 WHERE name = ? AND owner = ? AND token = ?"


def shard_in(lease: Lease) -> int:
    return int(lease.name.removeprefix("relay:"))


class SqlShards:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def share(self, owner: str, now: datetime, until: datetime, *, begin: bool) -> list[Lease]:
        tx, moment, end = self._tx, to_us(now), to_us(until)
        found = tx.fetch(_ALL + tx.hold)
        if len(found) < SHARDS:
            tx.many(_MAKE, [(name,) for name in _NAMES])
            found = tx.fetch(_ALL + tx.hold)
        # Under the shards' locks: relays count themselves one after the other.
        tx.run(_GONE, (moment,))
        tx.run(_PRESENT, (f"relays/{owner}", owner, end))
        fair = -(-SHARDS // int(tx.fetch(_ALIVE)[0][0]))
        mine = [(name, token) for name, holder, token, ends in found if holder == owner and ends > moment]
        free = [(name, token) for name, _, token, ends in found if ends <= moment]
        # A name that a process begins with may have been another's until now, which must not settle any more.
        kept = [(name, token + begin) for name, token in mine[:fair]]
        kept += [(name, token + 1) for name, token in free[: max(0, fair - len(kept))]]
        tx.many(_SET, [(owner, token, end, name) for name, token in kept])
        tx.many(_SET, [(owner, token, 0, name) for name, token in mine[fair:]])
        return [Lease(name, owner, token, from_us(end)) for name, token in sorted(kept)]

    def check(self, leases: Sequence[Lease]) -> None:
        query = "SELECT name, owner, token FROM leases WHERE name IN ({}) ORDER BY name" + self._tx.hold
        found = {row[0]: (row[1], row[2]) for row in self._tx.fetch_in(query, sorted(lease.name for lease in leases))}
        if any(found.get(lease.name) != (lease.owner, lease.token) for lease in leases):
            what = "another relay took over a part of the outbox"
            raise LeaseLost(what, remedy="what was sent meanwhile is sent again and counted once")

    def leave(self, owner: str, leases: Sequence[Lease]) -> None:
        self._tx.many(_LEAVE, [(lease.name, lease.owner, lease.token) for lease in sorted(leases, key=lambda one: one.name)])
        self._tx.run("DELETE FROM leases WHERE name = ?", (f"relays/{owner}",))
