"""One reading or writing transaction of the store, for steps that need no whole unit of work."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from app.retry import transact
from domain.ports import Clock
from domain.records import AuditEntry
from store.engine import Transaction
from store.unit_of_work import SqlStore

T = TypeVar("T")


def reading(store: SqlStore, work: Callable[[Transaction], T]) -> T:
    with store.transaction(write=False) as tx:
        return work(tx)


def writing(store: SqlStore, clock: Clock, work: Callable[[Transaction, datetime], T], *, lasting: bool = True) -> T:
    """``work(tx, now)``, committed, tried again as ``transact`` does: it must be safe to repeat."""

    def once() -> T:
        with store.transaction(write=True, lasting=lasting) as tx:
            result = work(tx, clock.now())
            tx.commit()
        return result

    return transact(clock, once)


def audit_entry(at: datetime, actor: str, action: str, subject: str, **detail: object) -> AuditEntry:
    """What is empty is left out. Holds no personal data: the caller has masked what people wrote."""
    flat = tuple((name, str(value)) for name, value in detail.items() if value not in (None, ""))
    return AuditEntry(at, actor, action, subject, flat)
