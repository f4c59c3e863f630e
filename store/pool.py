"""Which matters are open for claiming (``domain.ports.PoolRepository``): as the pool's own events say."""

from collections.abc import Sequence

from domain.ids import MatterId
from store.engine import Transaction

_OFFERED = (
    "SELECT m.number FROM messages m JOIN outbox o ON o.key = m.number AND o.topic = 'fenban.pool' AND o.type = 'offered' "
    "WHERE {} AND NOT EXISTS (SELECT 1 FROM outbox later WHERE later.key = o.key AND later.topic = o.topic "
    "AND later.sequence > o.sequence) ORDER BY m.id"
)


class SqlPool:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def offered(self, matters: Sequence[MatterId] | None = None) -> list[MatterId]:
        if matters is None:
            rows = self._tx.fetch(_OFFERED.format("m.state = 'in_review'"))
        else:
            rows = self._tx.fetch_in(_OFFERED.format("m.number IN ({})"), matters)
        return [MatterId(row[0]) for row in rows]
